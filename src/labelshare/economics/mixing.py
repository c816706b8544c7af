"""A crowd, and attackers who take a part of the places that it filled.

The unit of an attack is the place: of an item's k labels the attackers give a part, whoever gave them before
leaves. So redundancy stays what it was, and a part of the places is a part of the vote on every single item.
Of k labels, share × k are replaced, rounded up or down by lot so that the mean is exact; which of them is
drawn too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

import numpy as np

from labelshare.economics.campaign import Flags, Integers, Labels
from labelshare.economics.strategies import Answers, Habits, Places, Question, Strategy, answer

__all__ = ["LONG", "Attack", "Mixed", "deal", "fitting", "mix"]


LONG: Final = 0
"""As many labels a seat as it may give."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One operator's attack.

    Attributes:
        strategy: How its seats answer.
        share: The part of every item's places that they take, 0 to 1.
        seat_labels: Labels that each seat gives, as far as an item is not to come twice to one seat.
        habits: What the strategy leaves open.
        by_lot: Each place is theirs with the chance `share`, as when all places go to seats drawn from a
            roster; else they have the same part of every item.
    """

    strategy: Strategy
    share: float
    seat_labels: int
    habits: Habits = field(default_factory=Habits)
    by_lot: bool = False


@dataclass(frozen=True, slots=True)
class Mixed:
    """The labels of both: those of the crowd that stayed, then the attackers'.

    Attributes:
        labels: The crowd's seats keep their numbers, the attackers' follow.
        n_crowd: How many seats of the crowd there are.
        looked: By row: whether the label took the time of a look; all of the crowd's did.
    """

    labels: Labels
    n_crowd: int
    looked: Flags

    @property
    def attackers(self) -> Flags:
        """By seat: whether it is an attacker's."""
        return np.arange(self.labels.n_seats) >= self.n_crowd

    @property
    def looks(self) -> Integers:
        """By seat: how many of its labels took the time of a look."""
        return np.bincount(self.labels.seats[self.looked], minlength=self.labels.n_seats)


def mix(crowd: Labels, question: Question, attack: Attack, dice: np.random.Generator) -> Mixed:
    """Put the attackers in their places; the same dice give the same places and answers."""
    taken = _taken(crowd.items, question.truth.size, attack, dice)
    places = deal(crowd.items[taken], question.truth.size, attack.seat_labels, dice)
    given = answer(attack.strategy, question, places, attack.habits, dice)
    return _joined(crowd, ~taken, places, given)


def _taken(items: Integers, n_items: int, attack: Attack, dice: np.random.Generator) -> Flags:
    """Which labels of the crowd give way."""
    if attack.by_lot:
        return dice.random(items.size) < attack.share
    wanted = np.floor(attack.share * np.bincount(items, minlength=n_items) + dice.random(n_items))
    order = np.lexsort((dice.random(items.size), items))
    ordered = items[order]
    rank = np.arange(items.size) - np.searchsorted(ordered, ordered)
    taken = np.zeros(items.size, dtype=np.bool_)
    taken[order] = rank < wanted[ordered]
    return taken


def fitting(sizes: Sequence[int], longest: int) -> tuple[int, ...]:
    """Labels of a seat as they are wished for, `LONG` in place of what is no less than a seat may give."""
    return tuple(dict.fromkeys(size if size < longest else LONG for size in sizes))


def deal(items: Integers, n_items: int, seat_labels: int, dice: np.random.Generator) -> Places:
    """Deal places to as few seats as give no more than so many labels each, none an item twice.

    Args:
        items: The item of each place.
        n_items: Items are numbered below it.
        seat_labels: Labels of a seat at most, unless an item has more places than there would be seats.
        dice: The order of the items is theirs.
    """
    place = dice.permutation(n_items)
    dealt = items[np.argsort(place[items], kind="stable")]
    most = int(np.bincount(dealt, minlength=1).max(initial=0))
    n_seats = max(ceil(dealt.size / seat_labels), most, 1)
    return Places(dealt, np.arange(dealt.size, dtype=np.int64) % n_seats)


def _joined(crowd: Labels, stayed: Flags, places: Places, given: Answers) -> Mixed:
    n_seats = crowd.n_seats + int(places.seats.max(initial=-1)) + 1
    labels = Labels(
        n_seats,
        np.concatenate((crowd.items[stayed], places.items)),
        np.concatenate((crowd.seats[stayed], crowd.n_seats + places.seats)),
        np.concatenate((crowd.classes[stayed], given.classes)),
    )
    looked = np.concatenate((np.ones(int(stayed.sum()), dtype=np.bool_), given.looked))
    return Mixed(labels, crowd.n_seats, looked)
