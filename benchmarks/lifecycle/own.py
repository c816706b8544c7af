"""The other way to be paid: everybody claims alone.

`python -m benchmarks.lifecycle.own FOLDER URL NODE MARK` puts the chain back to where nothing was claimed,
and times everybody's own transaction: proofs, signatures, sending. Who claims alone holds the bundle and has
read it; that is not in the time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.lifecycle.check import check_money, node_view
from benchmarks.lifecycle.scene import annotators, opened
from benchmarks.lifecycle.watch import Watch
from labelshare.chain.transactions import Sender


def main(folder: Path, url: str, node: int, mark: str) -> None:
    """Claims, and checks that everybody was paid."""
    scene, oracle = opened(folder, url)
    chain, built = oracle.sender.chain, oracle.settled()
    chain.restore(mark)
    people = {each.address: each for each in annotators(scene.n_people)}
    sender, watch = Sender(chain), Watch(node)
    watch.begin("claim alone")
    tree = built.payout_tree()
    sender.send_many(
        (people[row.account], oracle.registry.claim(scene.params, row, tree.proof(row.index)))
        for row in built.payouts
    )
    watch.end()
    check_money(scene, oracle, built.payouts, node_view(url))
    watch.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
