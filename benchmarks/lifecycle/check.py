"""What must hold at the end: `python -m benchmarks.lifecycle.check FOLDER URL` fails unless it does.

The settlement verifies from chain and bundle, every annotator's wallet has its payout and its shares, and
every token and share is where it is owed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from benchmarks.lifecycle.scene import DEPLOYER, ORACLE, REQUESTER, Scene, annotators, opened
from labelshare.chain.abi import function
from labelshare.chain.jsonrpc import JsonRpc, Request, hex_bytes
from labelshare.chain.state import Status
from labelshare.errors import VerificationError
from labelshare.oracle.engine import runs
from labelshare.protocol.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from labelshare.chain.contracts import Contract
    from labelshare.oracle.engine import Oracle
    from labelshare.protocol.leaves import Payout
    from labelshare.types import Address

__all__ = ["View", "check_money", "labels_verified", "node_view"]

View: TypeAlias = "Callable[[Contract, str, Sequence[Sequence[object]]], list[int]]"
"""The first word of a view's answer, for each of many arguments."""

_AT_ONCE: Final = 500
_SECONDS: Final = 60.0


def labels_verified(oracle: Oracle) -> int:
    """How many labels the verifier counts.

    Raises:
        VerificationError: It finds a difference, or the campaign is not final.
    """
    record = oracle.record()
    bundle = oracle.book.bundle(oracle.settled().settlement.bundle_hash)
    _require(oracle.state().status is Status.FINAL and bundle is not None, "the campaign is not final")
    found = verify(record, bundle or b"")
    _require(found.ok, found.difference)
    return found.labels


def check_money(scene: Scene, oracle: Oracle, payouts: Sequence[Payout], view: View) -> None:
    """Every token and every share is where the settlement says.

    Raises:
        VerificationError: Some are not.
    """
    rows = {row.account: row for row in payouts}
    people = [each.address for each in annotators(scene.n_people)]
    _require(rows.keys() <= set(people), "somebody else is paid")
    _check_wallets(scene, oracle, people, rows, view)
    _check_registry(oracle, people, view)


def _check_wallets(
    scene: Scene, oracle: Oracle, people: Sequence[Address], rows: Mapping[Address, Payout], view: View
) -> None:
    token, share = oracle.contracts.development_token, oracle.contracts.share(scene.dataset)
    holders = [*people, DEPLOYER.address, REQUESTER.address, ORACLE.address, oracle.registry.address]
    tokens = view(token, "balanceOf", [[each] for each in holders])
    shares = view(share, "balanceOf", [[each] for each in people])
    for account, held in zip(people, zip(tokens, shares, strict=False), strict=True):
        row = rows.get(account)
        owed = (row.payout, row.shares) if row else (0, 0)
        _require(held == owed, f"{account} holds {held} and earned {owed}")
    _require(share.total_supply() == sum(shares), "shares exist that nobody earned")
    _require(token.total_supply() == sum(tokens), "tokens are lost")


def _check_registry(oracle: Oracle, people: Sequence[Address], view: View) -> None:
    """The registry holds exactly what it owes; of the escrow nothing is left."""
    token, registry, pool = oracle.contracts.development_token, oracle.registry, oracle.params.pool
    state = oracle.state()
    _require(state.escrow == 0, f"{state.escrow} of the escrow is left")
    accounts = [*people, REQUESTER.address, ORACLE.address]
    stakes = view(registry, "seatOf", [[pool, each] for each in people])
    credit = view(registry, "creditOf", [[token.address, each] for each in accounts])
    owed = state.bond + registry.burned_of(token.address) + sum(stakes) + sum(credit)
    held = token.balance_of(registry.address)
    _require(held == owed, f"the registry holds {held} and owes {owed}")


def node_view(url: str) -> View:
    """Asks a node, many at a time."""
    rpc = JsonRpc(url, _SECONDS)

    def words(contract: Contract, name: str, arguments: Sequence[Sequence[object]]) -> list[int]:
        entry, to = function(contract.ARTIFACT, name), str(contract.address)
        asked: list[Request] = [
            ("eth_call", [{"to": to, "data": "0x" + entry.encode_call(each).hex()}]) for each in arguments
        ]
        answers = [answer for some in runs(asked, _AT_ONCE) for answer in rpc.answers(some)]
        return [int.from_bytes(hex_bytes(each)[:32], "big") for each in answers]

    return words


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise VerificationError(otherwise)


def main(folder: Path, url: str) -> None:
    """Checks it all, and prints how many labels counted."""
    scene, oracle = opened(folder, url)
    labels = labels_verified(oracle)
    check_money(scene, oracle, oracle.settled().payouts, node_view(url))
    sys.stdout.write(json.dumps({"labels": labels}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
