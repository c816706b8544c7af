"""What our calls may cost, and the table that shows which ones cost more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CALLS", "WHOLE_JOB", "WHOLE_JOB_SIZE", "Limit", "Measured", "as_table"]


@dataclass(frozen=True)
class Limit:
    """The most gas a call may use; None where nothing is said.

    Attributes:
        call: Its name in our job.
        new: For annotators who hold nothing before.
        held: For those who do.
        each: Whether this is per annotator, not per transaction.
        at_least: The smallest job it is meant for, in annotators.
    """

    call: str
    new: int | None
    held: int | None
    each: bool = False
    at_least: int = 1

    def of(self, size: int, held: bool) -> int | None:
        """The limit for one job, None if there is none."""
        if size < self.at_least:
            return None
        return self.held if held else self.new

    def measured(self, gas: Mapping[str, int], size: int) -> int:
        """What the call took in a job of `size` annotators; rounded up where it is per annotator."""
        return -(-gas[self.call] // size) if self.each else gas[self.call]


def _same(call: str, limit: int, *, each: bool = False) -> Limit:
    return Limit(call, limit, limit, each)


CALLS: Final = (
    _same("createDataset", 290_000),
    _same("createCampaign", 160_000),
    _same("accept (bond from credit)", 75_000),
    _same("accept (bond from the wallet)", 75_000),
    _same("postRoster", 60_000),
    _same("armSeed", 55_000),
    _same("drawSeed", 55_000),
    _same("join", 75_000, each=True),
    _same("commitAggregate", 62_000),
    _same("commitAggregate (further round)", 62_000),
    _same("commit (alone)", 65_000),
    _same("propose", 100_000),
    _same("finalize", 135_000),
    Limit("claim (pay and shares)", 155_000, None),
    Limit("claimMany (payout)", 30_000, 13_000, each=True, at_least=100),
    Limit("claimMany (shares)", 30_000, 12_000, each=True, at_least=100),
    _same("payRevenue (later)", 85_000),
    _same("claimRevenue (later)", 65_000),
    _same("share transfer (later)", 60_000),
)

# Everything that is not aside, for this many annotators.
WHOLE_JOB: Final = Limit("whole job", 4_000_000, 2_200_000)
WHOLE_JOB_SIZE: Final = 100


@dataclass(frozen=True)
class Measured:
    """Gas of one job by call, and in total without what is aside."""

    size: int
    held: bool
    gas: Mapping[str, int]
    total: int


def as_table(jobs: Sequence[Measured]) -> str:
    """A line for each limit with a column for each job; what is over shows by how much."""
    head = ("gas (+ over the limit)", "limit", *(f"{job.size} {_variant(job)}" for job in jobs))
    lines = [head, *(_line(limit, jobs) for limit in CALLS), _whole(jobs)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "".join(_aligned(line, widths) for line in lines)


def _line(limit: Limit, jobs: Sequence[Measured]) -> tuple[str, ...]:
    name = f"{limit.call}, each annotator" if limit.each else limit.call
    cells = (_cell(limit.measured(job.gas, job.size), limit.of(job.size, job.held)) for job in jobs)
    return (name, _limits(limit), *cells)


def _whole(jobs: Sequence[Measured]) -> tuple[str, ...]:
    cells = (
        _cell(job.total, WHOLE_JOB.of(job.size, job.held) if job.size == WHOLE_JOB_SIZE else None)
        for job in jobs
    )
    return (f"{WHOLE_JOB.call} (limit at {WHOLE_JOB_SIZE})", _limits(WHOLE_JOB), *cells)


def _limits(limit: Limit) -> str:
    both = dict.fromkeys((limit.new, limit.held))
    return " / ".join("–" if each is None else f"{each:,}" for each in both)


def _cell(gas: int, limit: int | None) -> str:
    over = gas - limit if limit is not None else 0
    return f"{gas:,} (+{over:,})" if over > 0 else f"{gas:,}"


def _variant(job: Measured) -> str:
    return "held" if job.held else "new"


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    name, *cells = (
        cell.ljust(width) if not column else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join((name, *cells)).rstrip() + "\n"
