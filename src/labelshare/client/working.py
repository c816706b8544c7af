"""Handing in answers whatever the oracle does, and who may label what where it says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from labelshare.client.annotator import Annotator, Batch
from labelshare.errors import ProtocolError, ServiceError, SignatureError
from labelshare.protocol import assignment
from labelshare.protocol.commitments import label_bytes
from labelshare.protocol.record import Record
from labelshare.protocol.rounds import facts
from labelshare.protocol.spec import Given
from labelshare.types import PoolParams, Schedule

__all__ = ["MOST_POSTED", "assigned_alone", "hand_in", "parts", "round_at"]

MOST_POSTED: Final = 120 * 1024
"""Bytes of labels that are posted at once: nodes take no transaction of more than 128 KiB.

What a batch or the gold has more of could not be opened on chain, where the oracle does not take it.
"""


def hand_in(annotator: Annotator, number: int, choices: Mapping[int, int]) -> tuple[Batch, str]:
    """Seal answers and hand them in; they are kept in any case, and the watch does the rest.

    Args:
        annotator: Whose.
        number: The round at hand.
        choices: Answer by item.

    Returns:
        The batch, and what went wrong, empty for nothing.

    Raises:
        LabelError: An answer that the task does not have.
        ProtocolError: The oracle refuses. The answers are kept; the watch commits them alone before the round
            is over, unless a later batch takes their number.
    """
    if any(each.alone for each in annotator.batches):
        return annotator.keep(number, choices), "an earlier batch was committed alone, so this one goes alone"
    before = len(annotator.batches)
    try:
        return annotator.submit(number, choices), ""
    except (ServiceError, SignatureError, OSError) as error:
        told = f"{error}" or type(error).__name__
    batches = annotator.batches
    if len(batches) == before:  # one sealed before could not be delivered: this one follows it
        return annotator.keep(number, choices), told
    return batches[-1], told


def parts(labels: Mapping[int, bytes], most: int) -> Iterator[list[int]]:
    """Items in batches that the oracle and, should it fail, the chain takes whole.

    Args:
        labels: Canonical labels by item.
        most: Labels in a batch at most.
    """
    part, size = list[int](), 0
    for item, label in labels.items():
        more = len(label_bytes([item], [label]))
        if part and (len(part) == most or size + more > MOST_POSTED):
            yield part
            part, size = [], 0
        part.append(item)
        size += more
    if part:
        yield part


def assigned_alone(annotator: Annotator, record: Record, pool: PoolParams, number: int) -> list[int] | None:
    """What an annotator may label in a round, worked out from the chain; None for anything.

    Only where nobody has posted a root for an earlier round: its lists, which the oracle alone shows, decide
    which places have passed on. In the first round the places are certain.

    Raises:
        ProtocolError: An earlier round has a root, so that the oracle's lists are needed; or the roster was
            not kept.
    """
    spec = annotator.spec
    if isinstance(spec.assignment, Given):
        return None
    if any(each.round < number for each in record.rounds):
        raise ProtocolError("who labels what now follows from the oracle's lists, which it does not show")
    signed = annotator.book.roster() if record.roster_count else ()
    if len(signed) != record.roster_count:
        raise ProtocolError("who is on the roster was not kept, and the oracle does not show it")
    roster = tuple(sorted(record.roster(signed)))
    limit = spec.label_limit(pool.campaign_slice, annotator.params.stake_per_label)
    plan = assignment.Plan(record.seed, roster, len(spec.items), spec.redundancy.k, limit)
    own = ((each.annotator, each.commit) for each in record.own_commits if each.commit.round < number)
    places = assignment.places(plan, facts(number, (), own))
    return places.get(annotator.address, [])


def round_at(schedule: Schedule, now: int) -> int | None:
    """The round at a time, its grace included; None before the first and after the last."""
    if not schedule.work_start <= now < schedule.commit_end:
        return None
    return (now - schedule.work_start) // schedule.round_length
