"""Majority vote: the class with most labels wins, its share of the labels is the posterior.

Votes are counted over sorted (item, class) keys, so that the cost follows the labels and not items × classes.
"""

from __future__ import annotations

import numpy as np

from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome, break_tie
from labelshare.types import Hash32

__all__ = ["majority"]


def majority(crowd: Crowd, seed: Hash32) -> Outcome:
    """Count votes; ties go to the class that `break_tie` picks by the seed."""
    if not crowd.items.size:
        none = np.zeros(0, dtype=np.int64)
        return Outcome(none, none, none, none)
    keys, votes = np.unique(crowd.items * crowd.n_classes + crowd.classes, return_counts=True)
    key_items, key_classes = np.divmod(keys, crowd.n_classes)
    items, starts = np.unique(key_items, return_index=True)
    best = np.maximum.reduceat(votes, starts)
    total = np.add.reduceat(votes, starts)
    leading = votes == np.repeat(best, np.diff(starts, append=keys.size))
    winners = _winners(items, starts, key_classes, leading, seed)
    return Outcome(items, winners, best.astype(np.int64), total.astype(np.int64))


def _winners(
    items: Integers, starts: Integers, classes: Integers, leading: np.ndarray, seed: Hash32
) -> Integers:
    """The class of each item's leading key, a tie broken where several lead."""
    leaders = np.flatnonzero(leading)
    n_leaders = np.add.reduceat(leading.astype(np.int64), starts)
    first = np.concatenate(([0], np.cumsum(n_leaders)[:-1]))
    winners = classes[leaders[first]]
    for place in np.flatnonzero(n_leaders > 1):
        tied = classes[leaders[first[place] : first[place] + n_leaders[place]]]
        winners[place] = break_tie(seed, int(items[place]), [int(choice) for choice in tied])
    return np.asarray(winners, dtype=np.int64)
