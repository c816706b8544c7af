"""Answers of regions as a report counts them: together with the winner where they are alike to it.

A bundle names neither the seed that ties between centres go by nor all labels that count. So the winner's
group is taken as whatever is alike to the winner; that is the group itself unless another one of as many
labels was found before it. The other answers are put into groups among themselves, their ties by no seed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from labelshare.protocol.alike import Shapes, alike
from labelshare.protocol.evidence import TruthRow
from labelshare.protocol.groups import NOTHING, gather
from labelshare.protocol.spec import RegionTask
from labelshare.types import ZERO_HASH, Address

__all__ = ["agreeing", "by_group", "counted_truths"]


def agreeing(task: RegionTask, pairs: Sequence[tuple[bytes, bytes]]) -> list[bool]:
    """Of each pair of canonical labels whether they are alike."""
    numbers = _numbered(label for pair in pairs for label in pair)
    ones, others = (np.array([numbers[pair[side]] for pair in pairs], dtype=np.int64) for side in (0, 1))
    shapes = Shapes.of(task.form, list(numbers))
    found: list[bool] = alike(shapes, ones, others, task.overlap_bps, task.alike_bps).tolist()
    return found


def by_group(
    task: RegionTask, truths: Iterable[TruthRow], said: Mapping[Address, Mapping[int, int]]
) -> dict[Address, dict[int, int]]:
    """The number of the label that each answer counts for, by item, of each annotator.

    Args:
        task: What is asked, and what is near enough.
        truths: The winners.
        said: The number of each answer.
    """
    form, winners = task.form, {row.item: row.winner for row in truths}
    rows = [(who, item, form.encode(answer)) for who, own in said.items() for item, answer in own.items()]
    won = agreeing(task, [(label, winners.get(item, b"")) for _, item, label in rows])
    rest = _among_themselves(task, [row for row, wins in zip(rows, won, strict=True) if not wins])
    counted: dict[Address, dict[int, int]] = {who: {} for who in said}
    for (who, item, label), wins in zip(rows, won, strict=True):
        stands = winners[item] if wins and item in winners else rest.get((item, label), label)
        counted[who][item] = form.decode(stands)
    return counted


def counted_truths(
    task: RegionTask,
    winners: Mapping[int, int],
    counted: Iterable[Mapping[int, int]],
    truths: Mapping[int, int],
) -> dict[int, int]:
    """The number of the label that each truth counts for, as gold does: that of a group it is alike to.

    The winner's group is tried first, then the others, those of most labels first; a truth that nobody came
    near stands for itself.

    Args:
        task: What is asked, and what is near enough.
        winners: The number of each item's winner.
        counted: What each annotator's answers count for, of `by_group`.
        truths: The number of the true answer, by item.
    """
    form, votes = task.form, defaultdict[int, Counter[int]](Counter)
    for own in counted:
        for item, answer in own.items():
            votes[item][answer] += 1
    tried = [(item, label) for item in truths for label in _by_weight(votes[item], winners.get(item))]
    same = agreeing(task, [(form.encode(truths[item]), form.encode(label)) for item, label in tried])
    found: dict[int, int] = {}
    for (item, label), is_alike in zip(tried, same, strict=True):
        if is_alike:
            found.setdefault(item, label)
    return {item: found.get(item, truth) for item, truth in truths.items()}


def _by_weight(votes: Counter[int], winner: int | None) -> list[int]:
    """Numbers of labels, the winner's first."""
    return sorted(votes, key=lambda label: (label != winner, -votes[label], label))


def _among_themselves(
    task: RegionTask, rows: Sequence[tuple[Address, int, bytes]]
) -> dict[tuple[int, bytes], bytes]:
    """The centre of the group of each answer to an item."""
    numbers = _numbered(label for _, _, label in rows)
    labels = list(numbers)
    items = np.array([item for _, item, _ in rows], dtype=np.int64)
    given = np.array([numbers[label] for _, _, label in rows], dtype=np.int64)
    groups = gather(task, ZERO_HASH, labels, items, given)
    return {
        (item, label): label if found == NOTHING else labels[groups.centres[found]]
        for (_, item, label), found in zip(rows, groups.classes.tolist(), strict=True)
    }


def _numbered(labels: Iterable[bytes]) -> dict[bytes, int]:
    return {label: number for number, label in enumerate(dict.fromkeys(labels))}
