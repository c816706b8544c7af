"""The labels of a crowd in the one order in which Dawid–Skene reads them, whatever order they came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelshare.errors import InputError
from labelshare.protocol.aggregation.base import Crowd, Integers

__all__ = ["MAX_CELLS", "MAX_CLASSES", "MAX_ITEMS", "NO_GOLD", "Layout", "lay_out", "require_fits"]

MAX_CLASSES: Final = 1_000
MAX_CELLS: Final = 1 << 28
"""Labels times classes: what bounds memory, and with it every sum."""
MAX_ITEMS: Final = 1 << 32
NO_GOLD: Final = -1

_CELLS_PER_LABEL: Final = 8
"""How large a table of annotators × classes may be beside the labels: sorting takes over beyond."""


@dataclass(frozen=True)
class Layout:
    """Labels by item, and within an item by annotator. A *pair* is an annotator with a class it has answered.

    Attributes:
        n_classes: Classes of the task.
        items: int64, shape (items,): items that have labels, ascending.
        starts: int64, shape (items + 1,): where each one's labels start.
        pairs: int64, shape (labels,): the pair of each label.
        gold: int64, shape (items,): the class that is known, or `NO_GOLD`.
        pair_annotators: int64, shape (pairs,): place in `annotators`; ascending.
        pair_answers: int64, shape (pairs,): the class answered; ascending for each annotator.
        annotators: int64, shape (annotators,): their numbers in the crowd, ascending.
    """

    n_classes: int
    items: Integers
    starts: Integers
    pairs: Integers
    gold: Integers
    pair_annotators: Integers
    pair_answers: Integers
    annotators: Integers

    @cached_property
    def annotator_starts(self) -> Integers:
        """Where the pairs of each annotator start."""
        return np.flatnonzero(np.diff(self.pair_annotators, prepend=-1))

    @cached_property
    def by_pair(self) -> tuple[Integers, Integers]:
        """The place in `items` of each label, by pair; and where each pair's start."""
        places = np.repeat(np.arange(self.items.size), np.diff(self.starts))
        order = np.argsort(self.pairs, kind="stable")
        starts = np.searchsorted(self.pairs[order], np.arange(self.pair_answers.size))
        return places[order], np.asarray(starts)


def require_fits(n_labels: int, n_classes: int) -> None:
    """Raise `InputError` unless a crowd of that size can be aggregated: a spec can ask before any work."""
    if not 2 <= n_classes <= MAX_CLASSES:
        raise InputError(f"Dawid–Skene takes 2 to {MAX_CLASSES:,} classes, not {n_classes:,}")
    if n_labels * n_classes > MAX_CELLS:
        raise InputError(f"{n_labels:,} labels of {n_classes:,} classes exceed {MAX_CELLS:,} label classes")


def lay_out(crowd: Crowd, gold: Mapping[int, int]) -> Layout:
    """Sort the labels of a crowd; `gold` is the known class by item.

    Raises:
        InputError: More classes or labels than Dawid–Skene takes, or a class or an item out of range.
    """
    require_fits(crowd.items.size, crowd.n_classes)
    _require_in_range(crowd, gold)
    n_annotators = int(crowd.annotators.max(initial=-1)) + 1
    keys = crowd.annotators * crowd.n_classes + crowd.classes
    names, pair_of = _numbered(keys, n_annotators * crowd.n_classes)
    items, starts, pairs = _by_item(crowd.items, pair_of, names.size)
    people, answers = np.divmod(names, crowd.n_classes)
    firsts = np.flatnonzero(np.diff(people, prepend=-1))
    places = np.repeat(np.arange(firsts.size), np.diff(firsts, append=people.size))
    return Layout(crowd.n_classes, items, starts, pairs, _known(items, gold), places, answers, people[firsts])


def _require_in_range(crowd: Crowd, gold: Mapping[int, int]) -> None:
    columns = ((crowd.items, crowd.n_items), (crowd.classes, crowd.n_classes), (crowd.annotators, MAX_ITEMS))
    if crowd.n_items > MAX_ITEMS or any(
        column.size and (column.min() < 0 or column.max() >= limit) for column, limit in columns
    ):
        raise InputError("an item, annotator or class of a label is out of range")
    for item, choice in gold.items():
        if not (0 <= item < crowd.n_items and 0 <= choice < crowd.n_classes):
            raise InputError(f"gold item {item} of class {choice} is out of range")


def _numbered(keys: Integers, limit: int) -> tuple[Integers, Integers]:
    """The different keys, ascending, and the place of each key among them; all are below `limit`."""
    if limit > _CELLS_PER_LABEL * keys.size:
        names, places = np.unique(keys, return_inverse=True)
        return names, places
    present = np.zeros(limit, dtype=np.bool_)
    present[keys] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[keys]


def _by_item(items: Integers, pairs: Integers, n_pairs: int) -> tuple[Integers, Integers, Integers]:
    """Items with labels, where each one's labels start, and the pairs in that order."""
    bits = max(n_pairs - 1, 0).bit_length()  # 28 at most, beside 32 of the item
    keys = np.sort((items << bits) | pairs)
    owners = keys >> bits
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    return owners[firsts], np.append(firsts, keys.size), keys & ((1 << bits) - 1)


def _known(items: Integers, gold: Mapping[int, int]) -> NDArray[np.int64]:
    known = np.full(items.size, NO_GOLD, dtype=np.int64)
    if not gold or not items.size:
        return known
    wanted = np.array(sorted(gold), dtype=np.int64)
    places = np.minimum(np.searchsorted(items, wanted), items.size - 1)
    found = items[places] == wanted
    known[places[found]] = [gold[item] for item in wanted[found].tolist()]
    return known
