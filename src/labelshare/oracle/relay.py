"""The oracle's work up to the reveals: accept, roster, seed, rounds, and answers to receipts."""

from __future__ import annotations

from typing import Final

from labelshare.chain.state import Status
from labelshare.errors import NotFoundError, RevertError
from labelshare.oracle.acceptance import Acceptance
from labelshare.oracle.case import Case, Cases
from labelshare.oracle.jobs import LONGEST_PAUSE, Later
from labelshare.types import ZERO_HASH, Address, CampaignId, Hash32, PoolParams

__all__ = [
    "accept",
    "answer",
    "await_place",
    "await_spec",
    "begin",
    "close",
    "draw_seed",
    "missed",
    "post_roster",
]

_BLOCK_SECONDS: Final = 12.0
_PLACE_SECONDS: Final = 60.0


def await_spec(cases: Cases, campaign: CampaignId) -> None:
    """Wait for somebody to hand in a campaign's spec, as long as the campaign can be accepted.

    Raises:
        Later: Nobody has yet, which is no fault of this service.
    """
    params = cases.catalogue.created(campaign).params
    registry = cases.catalogue.contracts.registry
    left = params.schedule.accept_end - cases.chain.now()
    if left <= 0 or registry.campaign(campaign).status is not Status.CREATED:
        return
    try:
        cases.catalogue.spec(params.spec_hash)
    except NotFoundError:
        raise Later(min(left, LONGEST_PAUSE)) from None


def await_place(case: Case, acceptance: Acceptance) -> None:
    """Wait until a campaign is one that the operator takes on, and its pool has a place.

    Raises:
        Later: It is not, or has none. More may be locked in it meanwhile, and places are freed.
    """
    registry, pool = case.contracts.registry, case.campaign.pool
    escrow, now = registry.campaign(case.id).escrow, registry.chain.now()
    refusal = acceptance.refusal(pool, case.params, case.campaign.spec, escrow, now)
    if refusal is not None:
        raise Later(_PLACE_SECONDS, f"not accepted: {refusal}")
    if registry.pool(case.params.pool).open >= pool.max_open:
        raise _full(pool)


def _full(pool: PoolParams) -> Later:
    number = "1 open campaign" if pool.max_open == 1 else f"{pool.max_open} open campaigns"
    return Later(_PLACE_SECONDS, f"the pool has {number}, as many as it may; accepted once one ends")


def accept(case: Case, _about: str) -> None:
    """Accept; raises as the engine does where the oracle's own money does not suffice.

    Raises:
        Later: Somebody else has just taken the pool's last place.
    """
    try:
        case.engine.accept()
    except RevertError as refusal:
        if refusal.name == "PoolFull":
            raise _full(case.campaign.pool) from None
        raise


def post_roster(case: Case, _about: str) -> None:
    """Post the roster."""
    case.engine.post_roster()


def draw_seed(case: Case, _about: str) -> None:
    """Name the seed's block, then draw the seed once that block is there."""
    case.engine.arm_seed()
    state, chain = case.engine.state(), case.contracts.registry.chain
    if state.seed != ZERO_HASH:
        return
    if chain.block_number <= state.seed_block:
        raise Later(_BLOCK_SECONDS)
    case.engine.draw_seed()


def begin(case: Case, about: str) -> None:
    """Take batches of a round."""
    case.engine.begin_round(int(about))


def close(case: Case, about: str) -> None:
    """Take no more batches of a round, and post its root."""
    case.engine.post_commits(int(about))


def missed(case: Case, about: str) -> str | None:
    """Take no more batches of a round whose root can no longer be posted; says whom that fails."""
    number, book = int(about), case.engine.book
    book.close_round(number)
    batches = book.commits_of(number)
    if not batches or case.contracts.registry.round_root(case.id, number) != ZERO_HASH:
        return None
    return f"the root of round {number} was not posted in time: {len(batches)} receipts cannot be kept"


def answer(case: Case, about: str) -> None:
    """Answer a receipt that somebody posted against the oracle.

    Raises:
        CommitmentError: The commitment is in no round: the bond is lost once its time is over.
    """
    annotator, _, name = about.partition("/")
    case.engine.answer_receipt(Address(annotator), Hash32(name))
