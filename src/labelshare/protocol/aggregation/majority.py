"""Majority vote: the class with most labels wins, its share of the labels is the posterior.

Votes are counted in a table of classes × items where that is not much larger than the labels, else over
sorted (item, class) keys, so that the cost always follows the labels. All ties are broken in one go.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome
from labelshare.protocol.aggregation.ties import leaders, settle_ties
from labelshare.types import Hash32

__all__ = ["majority"]

_CELLS_PER_LABEL: Final = 8
"""How large a table may be beside its labels: from about here on sorting is quicker."""


class _Count(NamedTuple):
    """The votes of each item that has a label.

    Attributes:
        items: Ascending.
        best: Votes of its leading class.
        total: All its votes.
        winners: Its leading class, any of them where several lead.
        tied: Places in `items` where several lead, once for each of these classes, in a row.
        choices: Those classes.
    """

    items: Integers
    best: Integers
    total: Integers
    winners: Integers
    tied: Integers
    choices: Integers


def majority(crowd: Crowd, seed: Hash32) -> Outcome:
    """Count votes; ties go to the class that `break_tie` picks by the seed."""
    if not crowd.items.size:
        none = np.zeros(0, dtype=np.int64)
        return Outcome(none, none, none, none)
    cells = crowd.n_items * crowd.n_classes
    count = _by_table(crowd) if cells <= _CELLS_PER_LABEL * crowd.items.size else _by_sorting(crowd)
    _break_ties(count, seed)
    return Outcome(count.items, count.winners, count.best, count.total)


def _by_table(crowd: Crowd) -> _Count:
    cells = np.bincount(
        crowd.classes * crowd.n_items + crowd.items, minlength=crowd.n_classes * crowd.n_items
    )
    votes = cells.reshape(crowd.n_classes, crowd.n_items)
    total = votes.sum(axis=0)
    items = np.flatnonzero(total)
    if items.size < crowd.n_items:
        votes, total = votes[:, items], total[items]
    return _Count(items, votes.max(axis=0), total, *leaders(votes))


def _by_sorting(crowd: Crowd) -> _Count:
    keys, votes = np.unique(crowd.items * crowd.n_classes + crowd.classes, return_counts=True)
    key_items, key_classes = np.divmod(keys, crowd.n_classes)
    items, starts, sizes = np.unique(key_items, return_index=True, return_counts=True)
    best = np.maximum.reduceat(votes, starts)
    leading = votes == np.repeat(best, sizes)
    places = np.repeat(np.arange(items.size), sizes)[leading]
    choices = key_classes[leading]
    winners = np.empty(items.size, dtype=np.int64)
    winners[places] = choices
    several = np.bincount(places)[places] > 1
    return _Count(items, best, np.add.reduceat(votes, starts), winners, places[several], choices[several])


def _break_ties(count: _Count, seed: Hash32) -> None:
    """Set the winner of each tied item to the choice that `break_tie` picks."""
    winners = settle_ties(seed, count.items[count.tied], count.tied, count.choices)
    count.winners[count.tied[np.flatnonzero(np.diff(count.tied, prepend=-1))]] = winners
