"""Ties, many at once: of the classes that lead an item, the one with the largest tie hash wins it."""

from __future__ import annotations

import numpy as np

from labelshare.protocol.aggregation.base import Integers, break_tie
from labelshare.protocol.keccak import Rows, hash_rows
from labelshare.types import Hash32

__all__ = ["highest", "leaders", "settle_ties"]


def highest(scores: Integers, items: Integers, seed: Hash32) -> Integers:
    """The class of the highest score, ties by the seed.

    Args:
        scores: int64, shape (classes, columns).
        items: int64, shape (columns,): which item each column is about.
        seed: The campaign's.
    """
    best, tied, choices = leaders(scores)
    contests = np.flatnonzero(np.diff(tied, prepend=-1))
    best[tied[contests]] = settle_ties(seed, items[tied], tied, choices)
    return best


def settle_ties(seed: Hash32, items: Integers, contests: Integers, choices: Integers) -> Integers:
    """The winner of each contest, as `base.break_tie` picks it.

    Args:
        seed: The campaign's.
        items: int64, shape (rows,): which item each row is about.
        contests: int64, shape (rows,): which contest, ascending; a contest is about one item.
        choices: int64, shape (rows,): a class that leads there.

    Returns:
        int64, shape (contests,): in their order.
    """
    if not contests.size:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.diff(contests, prepend=-1))
    ranks = _ranks(seed, items, choices)
    highest = np.repeat(np.maximum.reduceat(ranks, starts), np.diff(starts, append=ranks.size))
    first = np.flatnonzero(ranks == highest)
    if first.size > starts.size:
        return _slowly(seed, items, choices, starts)
    return np.asarray(choices[first])


def leaders(scores: Integers) -> tuple[Integers, Integers, Integers]:
    """Who leads each column of scores.

    Args:
        scores: int64, shape (classes, columns).

    Returns:
        The last class that leads each column; and of the columns where several lead, once for each of
        them, the column (ascending) and the class.
    """
    leading = scores == scores.max(axis=0)
    last = np.zeros(scores.shape[1], dtype=np.int64)
    number = np.zeros(scores.shape[1], dtype=np.int64)
    for choice, row in enumerate(leading):  # whole rows at a time: columns are short
        np.putmask(last, row, choice)
        number += row
    tied = np.flatnonzero(number > 1)
    rows, choices = np.nonzero(leading[:, tied].T)
    return last, tied[rows], choices


def _ranks(seed: Hash32, items: Integers, choices: Integers) -> np.ndarray:
    """The first eight bytes of the hash that `break_tie` compares, for each row."""
    rows: Rows = np.empty((items.size, 44), dtype=np.uint8)
    rows[:, :32] = np.frombuffer(seed, dtype=np.uint8)
    rows[:, 32:40] = items.astype(">u8")[:, None].view(np.uint8)
    rows[:, 40:] = choices.astype(">u4")[:, None].view(np.uint8)
    return np.ascontiguousarray(hash_rows(rows)[:, :8]).view(">u8")[:, 0].astype(np.uint64)


def _slowly(seed: Hash32, items: Integers, choices: Integers, starts: Integers) -> Integers:
    """Where two hashes begin with the same eight bytes, all their bytes decide."""
    contests = np.split(np.arange(items.size), starts[1:])
    picked = [break_tie(seed, int(items[rows[0]]), choices[rows].tolist()) for rows in contests]
    return np.array(picked, dtype=np.int64)
