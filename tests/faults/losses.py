"""What a campaign in which something failed has lost: labels with a receipt, pay, shares, stakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labelshare.chain import events as ev
from labelshare.client.annotator import Annotator
from labelshare.protocol.evidence import OpeningRow
from labelshare.protocol.settlement import reread
from labelshare.protocol.verify import verify
from labelshare.types import Address
from tests.faults.table import Fault
from tests.oracle.play import GOLDEN, Play
from tests.oracle.stage import Stage

__all__ = ["check_campaign", "check_life"]


def check_life(fault: Fault, play: Play, expected: Mapping[str, int]) -> None:
    """A life that services led: nothing is left to do, and all that `check_campaign` says."""
    stage = play.stage
    posted = stage.record().posted
    assert posted is not None
    bundle = play.services[0].cases.case(stage.scope.campaign_id).settlement_bundle() or b""
    check_campaign(fault, stage, play.people.values(), bundle, expected)
    fault.check(play.unfinished() == [], f"not done: {play.unfinished()}")


def check_campaign(
    fault: Fault,
    stage: Stage,
    annotators: Iterable[Annotator],
    bundle: bytes,
    expected: Mapping[str, int] | None = None,
) -> None:
    """The bundle holds under verification, with every label that has a receipt; all is paid, and once.

    Args:
        fault: Where it is counted.
        stage: The campaign, which has ended.
        annotators: What they have receipts for is in their stores.
        bundle: The evidence of the settlement.
        expected: What everybody has after the same campaign where nothing failed.
    """
    report = verify(stage.record(), bundle)
    fault.check(report.ok, f"the settlement does not hold: {report.difference}")
    _check_labels(fault, annotators, bundle)
    _check_pay(fault, stage, bundle)
    if expected is not None:
        fault.compare(stage.balances(), dict(expected))


def _check_labels(fault: Fault, annotators: Iterable[Annotator], bundle: bytes) -> None:
    rows = {
        (row.annotator, row.commit_hash): dict(zip(row.items, row.labels, strict=True))
        for row in reread(bundle).rows
        if isinstance(row, OpeningRow)
    }
    for each in annotators:
        for batch in each.batches:
            if not (batch.receipt or batch.opening_receipt):
                continue
            found = rows.get((each.address, batch.opening.commit_hash), {})
            for item, label in zip(batch.opening.items, batch.opening.labels, strict=True):
                fault.check(found.get(item) == label, f"label {item} of {each.address}")


def _check_pay(fault: Fault, stage: Stage, bundle: bytes) -> None:
    """Each leaf was claimed, slashed and minted for once, as the chain's events have it."""
    claimed: dict[int, int] = {}
    slashed: dict[Address, int] = {}
    once: dict[str, int] = {}
    for event in _events(stage):
        name = type(event).__name__
        once[name] = once.get(name, 0) + 1
        match event:
            case ev.Claimed():
                for index in event.indices:
                    before = claimed.get(index, 0)
                    fault.check(not before & event.parts, f"leaf {index} was handed out twice")
                    claimed[index] = before | event.parts
            case ev.Slashed():
                slashed[event.annotator] = slashed.get(event.annotator, 0) + 1
            case _:
                pass
    token = stage.contracts.development_token
    for leaf in reread(bundle).payouts:
        paid = token.balance_of(leaf.account)
        fault.check(paid == leaf.payout, f"{leaf.account} has {paid} of {leaf.payout}")
        fault.check(
            slashed.get(leaf.account, 0) == bool(leaf.slash),
            f"{leaf.account} was slashed {slashed.get(leaf.account, 0)} times",
        )
    for name in ("Accepted", "SeedDrawn", "Proposed", "Finalized", "PlaceFreed"):
        fault.check(once.get(name) == GOLDEN[name], f"{name} {once.get(name)} times")


def _events(stage: Stage) -> list[ev.Event]:
    chain, registry = stage.chain, stage.contracts.registry.address
    topics = (None, stage.scope.campaign_id)
    return list(ev.events(chain, registry, stage.deployment.block, chain.block_number, topics))
