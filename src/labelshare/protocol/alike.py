"""When two answers of regions are alike: near enough to count as one.

Two regions can be taken for the same if they are of one class and overlap enough: their intersection is at
least `overlap_bps` / 10,000 of their union (the Jaccard index). Regions of two answers are then paired, each
with one at most, so that there are as many pairs as possible (a maximum matching of a bipartite graph). The
answers are alike if the paired regions, m of either, are at least `alike_bps` / 10,000 of all regions of both
(the Dice coefficient, which is also the F1 score of one answer by the other); two without a region are alike.

All of it in integers. Pairs are looked at in bulk: their regions cross in arrays, and a search for a matching
is needed only where regions of both answers have several to be paired with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labelshare.protocol.aggregation.base import Integers
from labelshare.protocol.labels import MAX_REGIONS, Regions

__all__ = ["Shapes", "alike", "matched"]

Flags: TypeAlias = NDArray[np.bool_]

_BPS: Final = 10_000
_BLOCK: Final = 1 << 19
"""Pairs of regions looked at in one go, if a pair of answers has no more: arrays of 4 MB."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The regions of many answers.

    Attributes:
        starts, sizes: int64, shape (answers,): where those of each answer begin, and how many they are.
        extents: int64, shape (regions, 5): class, left, top, right, bottom.
    """

    starts: Integers
    sizes: Integers
    extents: Integers

    @classmethod
    def of(cls, form: Regions, labels: Sequence[bytes]) -> Shapes:
        """The regions of canonical labels."""
        bodies = [label[len(form.tag) :] for label in labels]
        sizes = np.fromiter(map(len, bodies), np.int64, len(bodies)) // form.layout.size
        return cls(np.cumsum(sizes) - sizes, sizes, form.extents(b"".join(bodies)))


def alike(shapes: Shapes, ones: Integers, others: Integers, overlap_bps: int, alike_bps: int) -> Flags:
    """Which pairs of answers are alike.

    Args:
        shapes: The answers' regions.
        ones: int64, shape (pairs,): one answer of each pair, by number.
        others: The other.
        overlap_bps: What part of their union two regions share.
        alike_bps: What part of their regions two answers have in pairs.
    """
    a, b = shapes.sizes[ones], shapes.sizes[others]
    found: Flags = (a == 0) & (b == 0)
    hopeful = np.flatnonzero(np.minimum(a, b) > 0)
    hopeful = hopeful[_enough(np.minimum(a, b)[hopeful], (a + b)[hopeful], alike_bps)]
    for part in _parts((a * b)[hopeful]):
        at = hopeful[part]
        most = _most_pairs(shapes, ones[at], others[at], overlap_bps, (a + b)[at], alike_bps)
        found[at] = _enough(most, (a + b)[at], alike_bps)
    return found


def matched(edges: Iterable[tuple[int, int]]) -> int:
    """The size of a maximum matching of a bipartite graph, by augmenting paths (Kuhn 1955)."""
    partners: defaultdict[int, list[int]] = defaultdict(list)
    for row, column in edges:
        partners[row].append(column)
    taken: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column in partners[row]:
            if column not in tried:
                tried.add(column)
                if column not in taken or place(taken[column], tried):
                    taken[column] = row
                    return True
        return False

    return sum(place(row, set()) for row in list(partners))


def _enough(pairs: Integers, regions: Integers, alike_bps: int) -> Flags:
    return np.asarray(2 * pairs * _BPS >= alike_bps * regions)


def _parts(costs: Integers) -> Iterator[slice]:
    """Runs of pairs that cost `_BLOCK` together at most, or of one pair."""
    ends, at = np.cumsum(costs), 0
    while at < costs.size:
        before = int(ends[at - 1]) if at else 0
        end = max(int(np.searchsorted(ends, before + _BLOCK, side="right")), at + 1)
        yield slice(at, end)
        at = end


def _most_pairs(
    shapes: Shapes, ones: Integers, others: Integers, overlap_bps: int, regions: Integers, alike_bps: int
) -> Integers:
    """How many regions of each pair of answers can be paired; perhaps too many where it is not enough."""
    count = ones.size
    pair, row, column = _near(shapes, ones, others, overlap_bps)
    rows = np.bincount(_distinct(pair, row), minlength=count)
    columns = np.bincount(_distinct(pair, column), minlength=count)
    edges = np.bincount(pair, minlength=count)
    # Where each region of one side has one edge, all regions of the other that have any can be paired.
    most = np.minimum(rows, columns)
    unsure = (edges > rows) & (edges > columns) & _enough(most, regions, alike_bps)
    for at in np.flatnonzero(unsure).tolist():
        part = slice(*np.searchsorted(pair, (at, at + 1)).tolist())
        most[at] = matched(zip(row[part].tolist(), column[part].tolist(), strict=True))
    return most


def _near(
    shapes: Shapes, ones: Integers, others: Integers, overlap_bps: int
) -> tuple[Integers, Integers, Integers]:
    """The regions that can be taken for the same: number of the pair, ascending, and their places."""
    a, b = shapes.sizes[ones], shapes.sizes[others]
    cells = a * b
    pair = np.repeat(np.arange(ones.size), cells)
    row, column = np.divmod(np.arange(pair.size) - (np.cumsum(cells) - cells)[pair], b[pair])
    one, other = shapes.starts[ones][pair] + row, shapes.starts[others][pair] + column
    near = np.flatnonzero(shapes.extents[one, 0] == shapes.extents[other, 0])
    near = near[_overlap(shapes.extents[one[near]], shapes.extents[other[near]], overlap_bps)]
    return pair[near], row[near], column[near]


def _overlap(one: Integers, other: Integers, overlap_bps: int) -> Flags:
    width = np.minimum(one[:, 3], other[:, 3]) - np.maximum(one[:, 1], other[:, 1])
    height = np.minimum(one[:, 4], other[:, 4]) - np.maximum(one[:, 2], other[:, 2])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = _area(one) + _area(other) - shared
    return np.asarray(_BPS * shared >= overlap_bps * union)


def _area(extents: Integers) -> Integers:
    return np.asarray((extents[:, 3] - extents[:, 1]) * (extents[:, 4] - extents[:, 2]))


def _distinct(pair: Integers, place: Integers) -> Integers:
    """The number of the pair, once for each different place of it."""
    keys = np.sort(pair * MAX_REGIONS + place)
    return np.asarray(keys[np.diff(keys, prepend=-1) > 0] // MAX_REGIONS)
