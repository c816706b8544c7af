"""Gas of a job, call by call: what the job itself takes, and what stands on lines of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["JOB_CALLS", "GasLine", "gas_lines", "job_gas"]

JOB_CALLS: Final = (
    "TaskRegistry.createCampaign",
    "TaskRegistry.accept",
    "TaskRegistry.postRoster",
    "TaskRegistry.armSeed",
    "TaskRegistry.drawSeed",
    "TaskRegistry.commitAggregate",
    "TaskRegistry.propose",
    "TaskRegistry.finalize",
    "TaskRegistry.claimMany",
)


@dataclass(frozen=True, slots=True)
class GasLine:
    """Gas of one kind of call: how many there were, mean and total, and whether the job counts it."""

    call: str
    count: int
    mean: int
    in_job: bool
    total: int


def gas_lines(book: Mapping[str, Sequence[int]]) -> list[GasLine]:
    """The gas book line by line: the job's calls in their order, then all others."""
    order = {call: place for place, call in enumerate(JOB_CALLS)}
    names = sorted(book, key=lambda call: (order.get(call, len(order)), call))
    return [_line(call, book[call], in_job=call in order) for call in names]


def _line(call: str, used: Sequence[int], *, in_job: bool) -> GasLine:
    return GasLine(call, len(used), sum(used) // len(used), in_job, sum(used))


def job_gas(book: Mapping[str, Sequence[int]]) -> int:
    """Gas of the whole job: funding, acceptance, enrolment, seed, commitments, settlement, pay and shares."""
    return sum(sum(book.get(call, ())) for call in JOB_CALLS)
