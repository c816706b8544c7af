"""What is due for a campaign of ours: a function of its schedule, the chain's clock and what has happened.

Nothing here asks anybody. So whoever decides what to do, and whoever is about to do it, decide alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from labelshare.chain.state import CampaignState, Contest, Status
from labelshare.types import ZERO_HASH, Address, CampaignParams, Hash32

__all__ = [
    "ONCE",
    "Kind",
    "Receipt",
    "Situation",
    "Task",
    "closing",
    "deadline",
    "due",
    "margin",
    "next_change",
]

DAY: Final = 86_400
# How long before the contract's limit the oracle's root goes out: time for its block, with replaced fees.
MOST_MARGIN: Final = 900
_MARGIN_PART: Final = 8
_LATE_DAYS: Final = 99
"""From the hundredth day on a late proposal would cost the whole bond."""


class Kind(StrEnum):
    """What can be due."""

    ACCEPT = "accept"
    ROSTER = "roster"
    SEED = "seed"
    BEGIN = "begin"
    CLOSE = "close"
    MISSED = "missed"
    ANSWER = "answer"
    PROPOSE = "propose"
    PROPOSE_LATE = "propose-late"
    RESOLVE = "resolve"
    FINALIZE = "finalize"
    SLASH = "slash"
    PAY = "pay"
    FREE = "free"
    CANCEL = "cancel"
    EXPIRE = "expire"


ONCE: Final = frozenset({Kind.MISSED, Kind.SLASH})
"""What is done once for all, and not begun again for looking due still."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do; `about` says which round or receipt, where there are several."""

    kind: Kind
    about: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt of ours that somebody posted on chain, and until when it must be answered."""

    annotator: Address
    commit: Hash32
    answer_end: int

    @property
    def name(self) -> str:
        """What a task about it is about."""
        return f"{self.annotator}/{self.commit}"


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a campaign stands. Times are Unix seconds by the chain's clock.

    Attributes:
        state, contest: As the contract has them.
        now, block: The chain's head.
        final_time: When the latest block was made that cannot be replaced.
        is_seed_final: Whether the seed was drawn by then, so that it stays the seed.
        roots: Rounds whose root is posted.
        receipts: Receipts that are held against the oracle.
        enrolled: Whether anybody has enrolled with the oracle.
        round: The round whose batches are taken.
        received: Rounds of which batches were received.
        outstanding: Whether an opening could still turn up that a settlement must hold.
        is_bundle_here: Whether the bundle of the settlement at hand is in the store.
        unclaimed: Whether the final settlement has anything left to hand out.
        is_over: Whether it ended, place and payouts included, in blocks that cannot be replaced.
    """

    state: CampaignState
    contest: Contest
    now: int
    block: int
    final_time: int
    is_seed_final: bool = False
    roots: frozenset[int] = frozenset()
    receipts: tuple[Receipt, ...] = ()
    enrolled: bool = False
    round: int | None = None
    received: frozenset[int] = frozenset()
    outstanding: bool = True
    is_bundle_here: bool = False
    unclaimed: bool = False
    is_over: bool = False


def margin(period: int) -> int:
    """How many seconds before its end a period is over for the oracle: an eighth of it, at most 15 min."""
    return min(MOST_MARGIN, period // _MARGIN_PART)


def due(params: CampaignParams, at: Situation) -> list[Task]:
    """What is to be done now, in the order of urgency."""
    match at.state.status:
        case Status.CREATED:
            return [Task(Kind.ACCEPT)] if at.now < params.schedule.accept_end else []
        case Status.OPEN:
            return [*_answers(at), *_before_work(params, at), *_rounds(params, at), *_ending(params, at)]
        case Status.PROPOSED:
            over = at.now >= at.state.since + params.schedule.window
            return [*_answers(at), *([Task(Kind.FINALIZE)] if over else [])]
        case Status.DISPUTED:
            ruled = at.contest.ruling != 0 or at.now >= at.contest.ruling_end
            return [*_answers(at), *([Task(Kind.RESOLVE)] if ruled else [])]
        case Status.FINAL:
            return list(_after(params, at))
        case _:
            return []


def deadline(
    params: CampaignParams, task: Task, receipts: Iterable[Receipt] = (), since: int | None = None
) -> int | None:
    """Before which second a task must be done, or something is lost; None where nothing is.

    Args:
        params: The campaign's.
        task: What is to be done.
        receipts: Those held against the oracle, for an answer.
        since: Since when the campaign is final, for slashes.
    """
    schedule = params.schedule
    match task.kind:
        case Kind.ACCEPT:
            return schedule.accept_end
        case Kind.ROSTER:
            return schedule.enrol_end - schedule.grace
        case Kind.SEED:
            return schedule.commit_end
        case Kind.BEGIN:
            return closing(params, int(task.about))
        case Kind.CLOSE:
            return schedule.aggregate_close(int(task.about))
        case Kind.ANSWER:
            return next((each.answer_end for each in receipts if each.name == task.about), None)
        case Kind.PROPOSE:
            return schedule.settle_end
        case Kind.SLASH:
            return None if since is None else schedule.slash_end(since)
        case _:
            return None


def _answers(at: Situation) -> list[Task]:
    return [Task(Kind.ANSWER, each.name) for each in at.receipts if at.now < each.answer_end]


def _before_work(params: CampaignParams, at: Situation) -> Iterator[Task]:
    schedule, state = params.schedule, at.state
    end = schedule.enrol_end - schedule.grace
    if (
        state.roster_root == ZERO_HASH
        and at.enrolled
        and end - margin(max(0, end - state.since)) <= at.now < end
    ):
        yield Task(Kind.ROSTER)
    is_time = schedule.enrol_end <= at.now < schedule.commit_end
    if state.seed == ZERO_HASH and is_time and (state.seed_block == 0 or at.block > state.seed_block):
        yield Task(Kind.SEED)


def closing(params: CampaignParams, number: int) -> int:
    """When the oracle takes no more batches of a round, and posts its root."""
    schedule = params.schedule
    close = schedule.aggregate_close(number)
    return close - margin(close - schedule.round_start(number))


def _rounds(params: CampaignParams, at: Situation) -> Iterator[Task]:
    if at.state.seed == ZERO_HASH:
        return
    for number in range(params.schedule.rounds):
        if number in at.roots:
            if at.round == number:
                yield Task(Kind.CLOSE, str(number))
        elif at.now >= closing(params, number):
            yield from _closed(params, at, number)
        elif at.round != number and _may_begin(params, at, number):
            yield Task(Kind.BEGIN, str(number))


def _may_begin(params: CampaignParams, at: Situation, number: int) -> bool:
    """What decides who labels what must not change any more: the seed, and all of the earlier rounds."""
    start = params.schedule.round_start(number)
    return at.now >= start and at.is_seed_final and (number == 0 or at.final_time >= start)


def _closed(params: CampaignParams, at: Situation, number: int) -> Iterator[Task]:
    if at.round != number and number not in at.received:
        return
    in_time = at.now < params.schedule.aggregate_close(number)
    yield Task(Kind.CLOSE if in_time else Kind.MISSED, str(number))


def _ending(params: CampaignParams, at: Situation) -> Iterator[Task]:
    schedule = params.schedule
    open_receipts = at.contest.receipts or at.receipts
    if not at.state.committed:
        if at.now >= schedule.reveal_end and not open_receipts:
            yield Task(Kind.CANCEL)
        return
    used_up = at.contest.rejections > schedule.tries
    if used_up or at.now >= schedule.propose_end:
        yield Task(Kind.EXPIRE)
    elif open_receipts or not at.state.bond:
        return
    elif not at.contest.rejections and at.now < schedule.settle_end:
        # The record is whole once a block behind the reveals cannot be replaced.
        if at.final_time >= schedule.reveal_end:
            yield Task(Kind.PROPOSE)
    elif _is_late_possible(params, at):
        yield Task(Kind.PROPOSE_LATE)


def _is_late_possible(params: CampaignParams, at: Situation) -> bool:
    """Late, and safe: no opening that turns up between record and proposal can put it at fault."""
    schedule = params.schedule
    start = at.state.since if at.contest.rejections else schedule.settle_end
    if at.now < start or at.now >= start + _LATE_DAYS * DAY:
        return False
    return at.final_time >= (start + schedule.rescue_period if at.outstanding else start)


def _after(params: CampaignParams, at: Situation) -> Iterator[Task]:
    end = params.schedule.slash_end(at.state.since)
    if at.is_bundle_here and at.now < end:
        yield Task(Kind.SLASH)
    if at.is_bundle_here and at.unclaimed:
        yield Task(Kind.PAY)
    if at.now >= end and not at.state.place_freed:
        yield Task(Kind.FREE)


def next_change(params: CampaignParams, at: Situation) -> int | None:
    """The next second by the chain's clock at which time alone may make something due; None if none does."""
    schedule, since = params.schedule, at.state.since
    times = [schedule.accept_end, schedule.enrol_end, schedule.commit_end, schedule.reveal_end]
    times += [schedule.settle_end, schedule.settle_end + schedule.rescue_period, schedule.propose_end]
    times += [since + schedule.window, since + schedule.rescue_period, schedule.slash_end(since)]
    times += [at.contest.ruling_end, schedule.enrol_end - schedule.grace - MOST_MARGIN]
    for number in range(schedule.rounds):
        times += [schedule.round_start(number), closing(params, number)]
    return min((each for each in times if each > at.now), default=None)
