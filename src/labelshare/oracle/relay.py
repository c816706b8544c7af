"""The oracle's work up to the reveals: accept, roster, seed, rounds, and answers to receipts."""

from __future__ import annotations

from typing import Final

from labelshare.chain.state import Status
from labelshare.errors import NotFoundError
from labelshare.oracle.case import Case, Cases
from labelshare.oracle.jobs import LONGEST_PAUSE, Later
from labelshare.types import ZERO_HASH, Address, CampaignId, Hash32

__all__ = ["accept", "answer", "await_spec", "begin", "close", "draw_seed", "missed", "post_roster"]

_BLOCK_SECONDS: Final = 12.0


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


def accept(case: Case, _about: str) -> None:
    """Accept; raises as the engine does where the escrow or the oracle's own money does not suffice."""
    case.engine.accept()


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
