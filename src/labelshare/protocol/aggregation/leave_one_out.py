"""What the crowd says without each of its annotators: the yardstick of skill.

For annotator j take all labels but j's own and count the vote of `majority` again. An item that has labels
there has a winner there, its *reference* for j; W_j(c) counts the items whose reference for j is c, and T_j
the items that have one. None of it depends on what j answered.

Nothing is counted twice to find it: taking one vote from an item's winner changes the winner only where the
runner-up comes within one vote, and taking one from any other class never does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome, break_tie, sums
from labelshare.types import Hash32

__all__ = ["NONE", "Peers", "peers", "peers_by"]

NONE = -1


@dataclass(frozen=True, slots=True)
class Peers:
    """What the crowd without each annotator says.

    Attributes:
        references: int64, shape (labels,): the reference of row i's item for row i's annotator, `NONE` where
            nobody else labelled it.
        chance: int64, shape (labels,): W_j of row i's class, j being row i's annotator.
        n_items: int64, shape (annotators,): T_j.
    """

    references: Integers
    chance: Integers
    n_items: Integers


def peers(crowd: Crowd, outcome: Outcome, seed: Hash32, n_annotators: int) -> Peers:
    """Find what the others say.

    Args:
        crowd: The labels that count; annotators are numbered below `n_annotators`.
        outcome: The majority vote of that crowd.
        seed: The campaign's, for ties.
        n_annotators: How many there are.
    """
    own = _winner(crowd, outcome)
    return peers_by(crowd, outcome, _references(crowd, outcome, own, seed), n_annotators)


def peers_by(crowd: Crowd, outcome: Outcome, references: Integers, n_annotators: int) -> Peers:
    """The same where the references come from elsewhere: an item that j did not label has its winner for one.

    Args:
        crowd: The labels that count.
        outcome: The winners.
        references: int64, shape (labels,): as `Peers` has them.
        n_annotators: How many there are.
    """
    own = _winner(crowd, outcome)
    alone = sums(crowd.annotators[references == NONE], 1, n_annotators)
    chance = _wins(crowd, outcome.winners) + _shifts(crowd, own, references)
    return Peers(references, chance, outcome.items.size - alone)


def _winner(crowd: Crowd, outcome: Outcome) -> Integers:
    """The winner of each row's item."""
    winner = np.full(crowd.n_items, NONE, dtype=np.int64)
    winner[outcome.items] = outcome.winners
    return winner[crowd.items]


def _references(crowd: Crowd, outcome: Outcome, own: Integers, seed: Hash32) -> Integers:
    """The winner of each row's item once the row is taken away."""
    references = own.copy()
    close = _close(crowd, outcome, seed)
    at = np.full(crowd.n_items, NONE, dtype=np.int64)
    at[close.items] = np.arange(close.items.size)
    place = at[crowd.items]
    changed = (crowd.classes == own) & (place != NONE)
    references[changed] = close.without_winner[place[changed]]
    return references


@dataclass(frozen=True, slots=True)
class _Close:
    """Items whose winner leads by one vote at most, and who leads once it has lost one (`NONE`: nobody)."""

    items: Integers
    without_winner: Integers


def _close(crowd: Crowd, outcome: Outcome, seed: Hash32) -> _Close:
    if not outcome.items.size:
        return _Close(outcome.items, outcome.items)
    keys, votes = np.unique(crowd.items * crowd.n_classes + crowd.classes, return_counts=True)
    items, classes = np.divmod(keys, crowd.n_classes)
    rank = np.asarray(np.searchsorted(outcome.items, items))
    others = classes != outcome.winners[rank]
    second = np.zeros(outcome.items.size, dtype=np.int64)
    np.maximum.at(second, rank[others], votes[others])
    is_close = outcome.support - second <= 1
    level = others & is_close[rank] & (votes == second[rank])
    rivals: dict[int, list[int]] = {}
    for place, choice in zip(rank[level].tolist(), classes[level].tolist(), strict=True):
        rivals.setdefault(place, []).append(choice)
    close = np.flatnonzero(is_close)
    heirs = [_heir(outcome, place, rivals.get(place, []), second[place], seed) for place in close.tolist()]
    return _Close(outcome.items[close], np.array(heirs, dtype=np.int64))


def _heir(outcome: Outcome, place: int, rivals: list[int], second: int, seed: Hash32) -> int:
    """Who leads an item whose winner has lost a vote."""
    left = int(outcome.support[place]) - 1
    if left == second and left:
        rivals = [*rivals, int(outcome.winners[place])]
    if len(rivals) < 2:
        return rivals[0] if rivals else NONE
    return break_tie(seed, int(outcome.items[place]), rivals)


def _wins(crowd: Crowd, winners: Integers) -> Integers:
    """For each row, how many items its class wins in the whole crowd."""
    classes, wins = np.unique(winners, return_counts=True)
    return _look_up(classes, wins.astype(np.int64), crowd.classes)


def _shifts(crowd: Crowd, own: Integers, references: Integers) -> Integers:
    """For each row, by how much its annotator's absence changes the wins of its class."""
    moved = own != references
    lost = crowd.annotators[moved] * crowd.n_classes + own[moved]
    heirs = references[moved]
    gained = crowd.annotators[moved][heirs != NONE] * crowd.n_classes + heirs[heirs != NONE]
    keys, inverse = np.unique(np.concatenate((lost, gained)), return_inverse=True)
    signs = np.repeat(np.array([-1, 1], dtype=np.int64), (lost.size, gained.size))
    shifts = sums(inverse, signs, keys.size)
    return _look_up(keys, shifts, crowd.annotators * crowd.n_classes + crowd.classes)


def _look_up(keys: Integers, values: Integers, wanted: Integers) -> Integers:
    """The value of each wanted key, 0 where there is none; `keys` ascend."""
    if not keys.size:
        return np.zeros(wanted.size, dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[place] == wanted, values[place], 0)
