"""The oracle's steps that are in the figure, timed.

`python -m benchmarks.lifecycle.steps FOLDER URL NODE commit` posts the round's root; with `settle` in its
place it makes the settlement, has it finalized, and claims for everybody.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.lifecycle.scene import opened
from benchmarks.lifecycle.watch import Watch
from labelshare.chain.contracts import Parts
from labelshare.chain.transactions import Sender
from labelshare.store.journal import TransactionJournal

if TYPE_CHECKING:
    from labelshare.chain.keys import Signer
    from labelshare.chain.node import Call, Receipt
    from labelshare.oracle.engine import Oracle


class _Settling(Sender):
    """Tells where proposing begins: the settlement is made and its bundle is stored."""

    watch: Watch

    def send(self, signer: Signer, call: Call) -> Receipt:
        if call.label == "TaskRegistry.propose":
            self.watch.begin("settle")
        return super().send(signer, call)


def commit(oracle: Oracle, watch: Watch) -> None:
    """From batches in the store to their root on chain."""
    watch.begin("commit")
    oracle.post_commits(0)
    watch.end()


def settle(oracle: Oracle, watch: Watch) -> None:
    """From openings in the store to a settlement that is final."""
    sender = _Settling(oracle.sender.chain, TransactionJournal(oracle.database))
    sender.watch, oracle.sender = watch, sender
    watch.begin("aggregate")
    oracle.propose()
    state = oracle.state()
    sender.chain.advance_to(state.since + oracle.params.schedule.window)
    oracle.finalize()
    watch.end()


def claim(oracle: Oracle, watch: Watch) -> str:
    """Payouts and shares of everybody; returns the node's mark of the chain before."""
    mark = str(oracle.sender.chain.snapshot())
    watch.begin("claim")
    oracle.pay_everyone(Parts.BOTH)
    watch.end()
    return mark


def main(folder: Path, url: str, node: int, what: str) -> None:
    """Times one process's steps."""
    _, oracle = opened(folder, url)
    watch = Watch(node)
    if what == "commit":
        commit(oracle, watch)
        watch.report(python=platform.python_version(), numpy=version("numpy"))
        return
    settle(oracle, watch)
    watch.report(mark=claim(oracle, watch))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
