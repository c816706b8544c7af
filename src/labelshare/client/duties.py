"""What an annotator has to do in a campaign, and by when: a function of the chain and of what it has kept.

Nothing here asks anybody. Whoever shows what will have to be done, and whoever does it, decide alike. A duty
of which the oracle could relieve the annotator waits a while, so that nobody pays for what comes by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from labelshare.chain.state import CampaignState, Contest, Status
from labelshare.client.annotator import Batch
from labelshare.types import NOBODY, ZERO_HASH, Address, CampaignParams

__all__ = ["Duty", "Kind", "OnChain", "Policy", "Situation", "duties", "patience"]

LONGEST_PATIENCE: Final = 3_600
MOST_CHALLENGES: Final = 3
_TURNS: Final = 16


class Kind(StrEnum):
    """What can have to be done."""

    ENROL = "enrol"
    KEEP_PLACE = "keep-place"
    ENROL_ALONE = "enrol-alone"
    ARM_SEED = "arm-seed"
    DRAW_SEED = "draw-seed"
    HAND_IN = "hand-in"
    KEEP_PROOF = "keep-proof"
    TAKE_UP = "take-up"
    COMMIT_ALONE = "commit-alone"
    OPEN = "open"
    REVEAL = "reveal"
    POST_RECEIPT = "post-receipt"
    FORFEIT = "forfeit"
    PROPOSE = "propose"
    CHECK = "check"
    CHALLENGE = "challenge"
    ASK_RULING = "ask-ruling"
    RESOLVE = "resolve"
    FINALIZE = "finalize"
    CLAIM = "claim"
    WITHDRAW = "withdraw"
    TAKE_STAKE = "take-stake"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do.

    Attributes:
        kind: What.
        at: From when on, Unix seconds by the chain's clock.
        until: Before when; None for no end.
        about: The number of a batch, or of a round for its proofs; None where there is one thing alone.
    """

    kind: Kind
    at: int
    until: int | None = None
    about: int | None = None

    def is_due(self, now: int) -> bool:
        """Whether it is its time."""
        return self.at <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Policy:
    """How far the annotator goes.

    Attributes:
        most_locked: What it may lock in bonds of its own in one campaign, in base units: to propose in the
            oracle's place, or to contest a settlement that wrongs it. 0 for never.
        open_on_chain: Open every batch on chain, also where the oracle signs for the opening.
        withdraw: Pay credit out to the wallet once all is over.
    """

    most_locked: int = 0
    open_on_chain: bool = False
    withdraw: bool = True


@dataclass(frozen=True, slots=True)
class OnChain:
    """What the chain has of a batch.

    Attributes:
        root: Whether its round has a root.
        included: Whether the proof that is kept holds under it.
        alone: Whether the annotator committed it.
        revealed: Whether an opening that holds is there.
        receipt_end: By when the oracle must answer its receipt; 0 if it was not posted, None once it is
            settled.
    """

    root: bool = False
    included: bool = False
    alone: bool = False
    revealed: bool = False
    receipt_end: int | None = 0

    @property
    def committed(self) -> bool:
        """Whether it can be opened and paid."""
        return self.included or self.alone


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a campaign stands for one annotator. Times are Unix seconds by the chain's clock.

    Attributes:
        account: The annotator.
        params: The campaign.
        state, contest: As the contract has them.
        now, block: The chain's head.
        policy: How far the annotator goes.
        batches: What it has sealed, by number.
        refused: Those that the oracle refused and that no later one has replaced.
        on_chain: What the chain has of each, by number.
        left_out: Batches that the oracle's lists, once checked, lack.
        enrolled: Whether the oracle has taken the enrolment.
        placed: Whether its place on the roster is kept, or it enrolled alone.
        proposed: Whether a settlement is at hand.
        own: Whether that is the annotator's own proposal.
        bundle: Whether its evidence is kept.
        fault: What is wrong with it, or nothing, as far as it was checked.
        unpaid: Whether the final settlement pays the account something that nobody has claimed; None while
            that is not known.
        credit: What the registry owes the account, in base units of the campaign's token.
    """

    account: Address
    params: CampaignParams
    state: CampaignState
    contest: Contest
    now: int
    block: int
    policy: Policy = Policy()
    batches: tuple[Batch, ...] = ()
    refused: tuple[Batch, ...] = ()
    on_chain: dict[int, OnChain] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()
    enrolled: bool = False
    placed: bool = False
    proposed: bool = False
    own: bool = False
    bundle: bool = False
    fault: str = ""
    unpaid: bool | None = None
    credit: int = 0

    @property
    def rescue_start(self) -> int:
        """When the rescue at hand began, or will begin if nothing is proposed."""
        return self.state.since if self.contest.rejections else self.params.schedule.settle_end


def patience(period: int) -> int:
    """How long the oracle's delay is borne with: a quarter of the period, an hour at most; in seconds."""
    return min(LONGEST_PATIENCE, period // 4)


def duties(at: Situation) -> list[Duty]:
    """What has to be done, now or later as things stand; in the order in which it is to be done."""
    match at.state.status:
        case Status.OPEN:
            found = [*_before_work(at), *_committing(at), *_opening(at), *_receipts(at), *_proposing(at)]
        case Status.PROPOSED:
            found = [*_receipts(at), *_judging(at)]
        case Status.DISPUTED:
            found = [*_receipts(at), *_contesting(at)]
        case Status.FINAL:
            found = [*_claiming(at), *_withdrawing(at)]
        case Status.CANCELLED | Status.EXPIRED:
            found = list(_withdrawing(at))
        case _:
            found = []
    return [each for each in found if each.until is None or at.now < each.until]


def _before_work(at: Situation) -> Iterator[Duty]:
    schedule, state = at.params.schedule, at.state
    close = schedule.enrol_end - schedule.grace
    if state.seed != ZERO_HASH and at.placed:
        return
    if not at.enrolled and not at.placed:
        yield Duty(Kind.ENROL, state.since, close)
    if not at.placed:
        posted = state.roster_root != ZERO_HASH
        if posted or at.now < close:
            yield Duty(Kind.KEEP_PLACE, at.now if posted else close, schedule.commit_end)
        yield Duty(Kind.ENROL_ALONE, close + patience(schedule.grace), schedule.enrol_end)
    elif state.seed_block == 0:
        wait = patience(schedule.work_start - schedule.enrol_end)
        yield Duty(Kind.ARM_SEED, schedule.enrol_end + wait, schedule.commit_end)
    elif at.block > state.seed_block:
        wait = patience(schedule.work_start - schedule.enrol_end)
        yield Duty(Kind.DRAW_SEED, schedule.enrol_end + 2 * wait, schedule.commit_end)


def _committing(at: Situation) -> Iterator[Duty]:
    """By number: a batch counts only if those before it stand."""
    schedule = at.params.schedule
    if at.state.seed == ZERO_HASH:
        return
    for batch in at.batches:
        number, known = batch.commit.batch, at.on_chain[batch.commit.batch]
        start, end = schedule.round_start(batch.commit.round), schedule.round_end(batch.commit.round)
        close = schedule.aggregate_close(batch.commit.round)
        if known.committed:
            continue
        if batch.alone:
            yield Duty(Kind.COMMIT_ALONE, start, end, number)
            continue
        if not batch.receipt and not known.root:
            yield Duty(Kind.HAND_IN, start, close, number)
        if known.root or at.now < close:
            yield Duty(Kind.KEEP_PROOF, at.now if known.root else close, schedule.propose_end, number)
        left_out = number in at.left_out or (not known.root and at.now >= close)
        alone = at.now if left_out else close + patience(schedule.grace)
        yield Duty(Kind.COMMIT_ALONE, alone, end, number)
    for batch in at.refused:
        close, end = (each(batch.commit.round) for each in (schedule.aggregate_close, schedule.round_end))
        yield Duty(Kind.TAKE_UP, close, end, batch.commit.batch)


def _opening(at: Situation) -> Iterator[Duty]:
    schedule, rescue = at.params.schedule, at.rescue_start
    half = schedule.commit_end + schedule.reveal_period // 2
    wait = patience(schedule.rescue_period)
    for batch in at.batches:
        number, known = batch.commit.batch, at.on_chain[batch.commit.batch]
        if known.revealed or not (known.committed or at.now < schedule.commit_end):
            continue
        at_once = batch.alone or at.policy.open_on_chain
        if not batch.opening_receipt and not batch.alone:
            yield Duty(Kind.OPEN, schedule.commit_end, schedule.reveal_end, number)
        if at_once or not batch.opening_receipt:
            start = schedule.commit_end if at_once else half
            yield Duty(Kind.REVEAL, start, schedule.reveal_end, number)
        yield Duty(Kind.REVEAL, rescue + wait, rescue + schedule.rescue_period, number)


def _receipts(at: Situation) -> Iterator[Duty]:
    """The oracle's word for a batch that it has not kept, held against its bond."""
    schedule = at.params.schedule
    start = schedule.commit_end + patience(schedule.reveal_period)
    for batch in at.batches:
        number, known = batch.commit.batch, at.on_chain[batch.commit.batch]
        if known.receipt_end:
            yield Duty(Kind.FORFEIT, known.receipt_end, None, number)
        elif (
            known.receipt_end == 0
            and batch.receipt
            and not known.committed
            and at.state.status is Status.OPEN
            and at.now >= schedule.round_end(batch.commit.round)
        ):
            yield Duty(Kind.POST_RECEIPT, start, schedule.reveal_end, number)


def _proposing(at: Situation) -> Iterator[Duty]:
    schedule = at.params.schedule
    worth = any(known.committed or at.now < schedule.commit_end for known in at.on_chain.values())
    if not at.policy.most_locked or not worth or at.contest.rejections > schedule.tries:
        return
    # Not all at the same moment: one proposal is enough, and the others' would be refused.
    turn = patience(schedule.public_period) * (at.account[-1] % _TURNS) // _TURNS
    yield Duty(Kind.PROPOSE, at.rescue_start + schedule.rescue_period + turn, schedule.propose_end)


def _judging(at: Situation) -> Iterator[Duty]:
    schedule, since = at.params.schedule, at.state.since
    end = since + schedule.window
    if not at.bundle:
        yield Duty(Kind.CHECK, since, None)
    may = at.policy.most_locked and not at.own and at.contest.withstood < MOST_CHALLENGES
    if may and at.batches:
        if at.fault:
            yield Duty(Kind.CHALLENGE, at.now, end)
        elif not at.bundle:
            yield Duty(Kind.CHALLENGE, end - schedule.window // 4, end)
    if not at.fault or at.now >= end:
        yield Duty(Kind.FINALIZE, end + (0 if at.own else patience(schedule.window)), None)


def _contesting(at: Situation) -> Iterator[Duty]:
    contest = at.contest
    if not at.bundle and at.proposed:
        yield Duty(Kind.CHECK, at.now, None)
    concerned = at.account in (contest.challenger, contest.proposer)
    if concerned and contest.payer == NOBODY and not contest.ruling:
        yield Duty(Kind.ASK_RULING, at.now, contest.ruling_end)
    yield Duty(Kind.RESOLVE, at.now if contest.ruling else contest.ruling_end, None)


def _claiming(at: Situation) -> Iterator[Duty]:
    if not at.bundle and at.unpaid is None:
        yield Duty(Kind.CHECK, at.state.since, None)
    if at.unpaid or at.unpaid is None:
        wait = patience(at.params.schedule.slash_window)
        yield Duty(Kind.CLAIM, at.state.since + (0 if at.own else wait), None)


def _withdrawing(at: Situation) -> Iterator[Duty]:
    if at.credit and at.policy.withdraw and not at.unpaid:
        yield Duty(Kind.WITHDRAW, at.now, None)
