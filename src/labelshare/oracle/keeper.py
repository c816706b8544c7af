"""The keeper: ends what has come to its end, and hands out what is owed. Anyone may make these calls."""

from __future__ import annotations

from labelshare.chain.contracts import Parts
from labelshare.chain.node import Call
from labelshare.errors import LabelshareError, RevertError
from labelshare.oracle.case import Case
from labelshare.oracle.jobs import Later
from labelshare.protocol.executions import Slash, read_slashes

__all__ = ["cancel", "expire", "finalize", "free_place", "pay", "resolve", "slash"]

_FINALITY_PAUSE = 30.0


def finalize(case: Case, _about: str) -> None:
    """End a campaign whose proposal stood for its window, whoever proposed."""
    case.engine.finalize()


def pay(case: Case, _about: str) -> None:
    """Claim for everyone who has not claimed yet: payouts into wallets, and shares."""
    case.engine.pay_everyone(Parts.BOTH)


def slash(case: Case, _about: str) -> None:
    """Take every slash of the settlement, and stay with it until they stand in blocks that are final.

    Raises:
        RevertError: The contract refused one of them; all others were taken.
        EvidenceError: The stored bundle cannot be read.
    """
    bundle = case.settlement_bundle()
    slashes = () if bundle is None else read_slashes([bundle])
    if not slashes:
        return
    refusals = [refusal for each in slashes if (refusal := _taken(case, each)) is not None]
    if refusals:
        raise refusals[0]
    if not _are_final(case, slashes):
        raise Later(_FINALITY_PAUSE)


def _taken(case: Case, each: Slash) -> LabelshareError | None:
    """Take one slash, unless somebody has; why the contract refused it."""
    registry = case.contracts.registry
    if registry.is_slashed(case.id, each.leaf.account):
        return None
    call = registry.slash(case.campaign.pool, case.params, each.leaf, each.proof, each.inclusion)
    try:
        _send(case, call)
    except RevertError as refusal:
        # Somebody may have taken it a moment before.
        return None if registry.is_slashed(case.id, each.leaf.account) else refusal
    return None


def _are_final(case: Case, slashes: tuple[Slash, ...]) -> bool:
    done = {each.annotator for each in case.slashed(case.indexer.position().final)}
    return {each.leaf.account for each in slashes} <= done


def _send(case: Case, call: Call) -> None:
    case.engine.sender.send(case.engine.signer, call)


def free_place(case: Case, _about: str) -> None:
    """Give the pool its place back."""
    case.engine.free_place()


def resolve(case: Case, _about: str) -> None:
    """Apply a ruling, or the lack of one."""
    _send(case, case.contracts.registry.resolve(case.campaign.pool, case.params))


def cancel(case: Case, _about: str) -> None:
    """Refund a campaign in which nobody worked; the oracle's bond comes back."""
    _send(case, case.contracts.registry.cancel(case.params))


def expire(case: Case, _about: str) -> None:
    """End a campaign that came to nothing after work was committed."""
    _send(case, case.contracts.registry.expire(case.params))
