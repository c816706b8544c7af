"""Answers that are alike: the groups of section 7 of docs/settlement.md, and gold's classes of section 8."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.protocol.naive.labels import Regions
from tests.protocol.naive.trees import keccak

Region = tuple[int, ...]


@dataclass(frozen=True)
class Likeness:
    """When two answers are alike."""

    form: Regions
    overlap_bps: int
    alike_bps: int

    def alike(self, one: bytes, other: bytes) -> bool:
        here, there = self.form.regions(one), self.form.regions(other)
        if not here or not there:
            return not here and not there
        m = self.most_pairs(here, there)
        return 2 * m * 10_000 >= self.alike_bps * (len(here) + len(there))

    def most_pairs(self, here: Sequence[Region], there: Sequence[Region]) -> int:
        """Every way to pair them is tried."""
        if not here:
            return 0
        first, rest = here[0], here[1:]
        ways = [self.most_pairs(rest, there)]
        for at, region in enumerate(there):
            if self.overlap(first, region):
                ways.append(1 + self.most_pairs(rest, [*there[:at], *there[at + 1 :]]))
        return max(ways)

    def overlap(self, one: Region, other: Region) -> bool:
        (columns, rows), (other_columns, other_rows) = self.form.cells(one), self.form.cells(other)
        shared = common(columns, other_columns) * common(rows, other_rows)
        union = len(columns) * len(rows) + len(other_columns) * len(other_rows) - shared
        return one[0] == other[0] and 10_000 * shared >= self.overlap_bps * union


def common(one: range, other: range) -> int:
    return len(range(max(one.start, other.start), min(one.stop, other.stop)))


@dataclass
class Groups:
    """Of each class its item, the answers in it and the centre; class 0 has none."""

    items: list[int]
    members: list[set[bytes]]
    centres: list[bytes]

    def class_of(self, item: int, answer: bytes) -> int:
        found = [at for at, here in enumerate(self.items) if here == item and answer in self.members[at]]
        return found[0] if found else 0

    def class_of_gold(self, likeness: Likeness, item: int, answer: bytes) -> int:
        if answer == likeness.form.first:
            return 0
        for at in range(1, len(self.items)):
            if self.items[at] == item and likeness.alike(self.centres[at], answer):
                return at
        return -1 - item  # nobody's


def find_groups(likeness: Likeness, seed: bytes, labels: Sequence[tuple[int, bytes]]) -> Groups:
    """From the item and the answer of each label that counts."""
    groups = Groups([-1], [set()], [likeness.form.first])
    for item in sorted({item for item, _ in labels}):
        left = Counter(answer for at, answer in labels if at == item and answer != likeness.form.first)
        while left:
            centre = max(left, key=lambda answer: (weight(likeness, left, answer), rank(seed, item, answer)))
            group = {answer for answer in left if likeness.alike(centre, answer)}
            groups.items.append(item)
            groups.members.append(group)
            groups.centres.append(centre)
            for answer in group:
                del left[answer]
    return groups


def weight(likeness: Likeness, left: Counter[bytes], answer: bytes) -> int:
    return sum(count for other, count in left.items() if likeness.alike(answer, other))


def rank(seed: bytes, item: int, answer: bytes) -> bytes:
    return keccak(seed + item.to_bytes(8, "big") + keccak(answer))
