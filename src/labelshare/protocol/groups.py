"""Groups: answers of regions that are alike, found in one way that all can follow.

Nobody can count votes for boxes, as hardly two are equal; so the answers of an item are put into groups, and
a group is a class. Of the answers left, each weighs as many labels as are left that it is alike to; the
heaviest is the centre of the next group, and those left that are alike to it are in it. Ties go to the answer
of the largest keccak256(seed 32 ‖ item 8 ‖ labelDigest 32), so that no order of the labels decides.

The answer without a region is class 0 for every item: "nothing there" is one answer, and whoever always gives
it is measured by chance. All other groups are of one item each, and numbered through the campaign: what hits
one by chance is next to nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sha3 import keccak_256

from labelshare.protocol.aggregation.base import Integers
from labelshare.protocol.alike import Shapes, alike
from labelshare.protocol.spec import RegionTask
from labelshare.types import Hash32

__all__ = ["NOTHING", "Groups", "gather", "groups_of"]

NOTHING: Final = 0
"""The class of the answer without a region."""
_BLOCK: Final = 1 << 20  # pairs of answers


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a campaign.

    Attributes:
        classes: int64, shape (labels,): of each label its class.
        centres: For each class the number of the label that is its centre; class 0 has -1.
        of_item: The classes of each item that has any but class 0, in the order in which they were found.
    """

    classes: Integers
    centres: tuple[int, ...]
    of_item: Mapping[int, range]


def gather(
    task: RegionTask, seed: Hash32, labels: Sequence[bytes], items: Integers, given: Integers
) -> Groups:
    """Put the answers of a campaign into groups.

    Args:
        task: What is asked, and what is near enough.
        seed: The campaign's, for ties.
        labels: Canonical labels, each once.
        items: int64, shape (labels that count,): the item of each.
        given: int64, of the same shape: which of `labels` it is.
    """
    shapes = Shapes.of(task.form, labels)
    classes = np.zeros(items.size, dtype=np.int64)
    rows = np.flatnonzero(shapes.sizes[given] > 0)
    keys, places, votes = np.unique(
        items[rows] * max(len(labels), 1) + given[rows], return_inverse=True, return_counts=True
    )
    of_item, answers = np.divmod(keys, max(len(labels), 1))
    near = _neighbours(task, shapes, of_item, answers)
    numbers, weights = answers.tolist(), votes.tolist()
    class_of = np.zeros(keys.size, dtype=np.int64)
    centres, spans = [-1], dict[int, range]()
    for item, span in _spans(of_item):
        first = len(centres)
        for group in _groups(span, near, weights, _rank(seed, item, labels, numbers)):
            class_of[group] = len(centres)
            centres.append(numbers[group[0]])
        spans[item] = range(first, len(centres))
    classes[rows] = class_of[places]
    return Groups(classes, tuple(centres), spans)


def groups_of(task: RegionTask, seed: Hash32, item: int, votes: Mapping[bytes, int]) -> list[list[bytes]]:
    """The groups of one item, the centre of each first; first of all the labels without a region, if any.

    Args:
        task: What is asked, and what is near enough.
        seed: The campaign's.
        item: Which.
        votes: The labels of it that count, by canonical label.
    """
    labels = sorted(votes)
    given = np.repeat(np.arange(len(labels)), [votes[label] for label in labels])
    found = gather(task, seed, labels, np.full(given.size, item, dtype=np.int64), given)
    class_of = dict(zip(given.tolist(), found.classes.tolist(), strict=True))
    members: list[list[bytes]] = [[] for _ in found.centres]
    for number in sorted(class_of, key=lambda each: each not in found.centres):
        members[class_of[number]].append(labels[number])
    return members


def _neighbours(
    task: RegionTask, shapes: Shapes, items: Integers, answers: Integers
) -> defaultdict[int, list[int]]:
    """For each answer of an item those of the same item that are alike to it, itself left out."""
    near: defaultdict[int, list[int]] = defaultdict(list)
    for ones, others in _pairs(items):
        same = alike(shapes, answers[ones], answers[others], task.overlap_bps, task.alike_bps)
        for one, other in zip(ones[same].tolist(), others[same].tolist(), strict=True):
            near[one].append(other)
            near[other].append(one)
    return near


def _pairs(items: Integers) -> Iterator[tuple[Integers, Integers]]:
    """All pairs of places with the same item, in blocks; `items` ascend."""
    later = np.searchsorted(items, items, side="right") - np.arange(items.size) - 1
    ends = np.cumsum(later)
    for start in range(0, int(ends[-1]) if ends.size else 0, _BLOCK):
        at = np.arange(start, min(start + _BLOCK, int(ends[-1])))
        ones = np.searchsorted(ends, at, side="right")
        yield ones, ones + 1 + at - (ends - later)[ones]


def _spans(items: Integers) -> Iterator[tuple[int, range]]:
    """Each item, and the places that it has."""
    starts = np.flatnonzero(np.diff(items, prepend=-1))
    ends = np.append(starts, items.size)[1:]
    for item, start, end in zip(items[starts].tolist(), starts.tolist(), ends.tolist(), strict=True):
        yield item, range(start, end)


def _groups(
    answers: range, near: Mapping[int, list[int]], votes: Sequence[int], rank: Callable[[int], bytes]
) -> Iterator[list[int]]:
    """The groups of one item's answers, the centre of each first."""
    left = set(answers)
    weight = {each: votes[each] + sum(votes[other] for other in near.get(each, ())) for each in answers}
    while left:
        most = max(weight[each] for each in left)
        tied = [each for each in left if weight[each] == most]
        centre = max(tied, key=rank) if len(tied) > 1 else tied[0]
        group = [centre, *(each for each in near.get(centre, ()) if each in left)]
        left.difference_update(group)
        for gone in group:
            for other in near.get(gone, ()):
                weight[other] -= votes[gone]
        yield group


def _rank(seed: Hash32, item: int, labels: Sequence[bytes], numbers: Sequence[int]) -> Callable[[int], bytes]:
    """What ties between an item's answers go by."""
    prefix = seed + item.to_bytes(8, "big")
    return lambda place: keccak_256(prefix + keccak_256(labels[numbers[place]]).digest()).digest()
