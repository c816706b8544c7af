"""Ways of answering, each as a function of what its operator can know.

An operator holds one or more seats. It knows the classes and which of them is the most frequent; it learns an
item's true class only by looking, which takes the time of a label and is right as often as its accuracy says.
Labels are sealed until all work is committed, so nobody can copy a stranger's answer, and gold looks like any
other item: all that seats can share is what one of them saw, or what was agreed for an item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np

from labelshare.economics.campaign import Flags, Integers

__all__ = ["ANSWERS", "EFFORTLESS", "Answers", "Habits", "Places", "Question", "Strategy", "answer"]


class Strategy(StrEnum):
    """What the seats of an operator do."""

    HONEST = "honest"
    """Look at every item and answer what was seen."""
    LAZY = "lazy"
    """Look at a part of the items, guess the rest."""
    RANDOM = "random"
    """Guess everything, every class as likely."""
    CONSTANT = "constant"
    """Each seat always gives one class, drawn for the seat."""
    FREQUENT = "frequent"
    """All seats always give the most frequent class."""
    COPYING = "copying"
    """Of the own seats on an item one looks; the others repeat its answer."""
    COLLUDING = "colluding"
    """All own seats on an item give one answer, drawn for the item."""
    WRECKING = "wrecking"
    """Of the own seats on an item one looks; all give one answer that is not what it saw."""


EFFORTLESS: Final[tuple[Strategy, ...]] = (
    Strategy.RANDOM,
    Strategy.CONSTANT,
    Strategy.FREQUENT,
    Strategy.COLLUDING,
)
"""Who never looks at anything."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What strategies leave open.

    Attributes:
        accuracy: How often a look is right; a wrong one shows any other class.
        looks: The part of the items that the lazy look at.
    """

    accuracy: float = 0.85
    looks: float = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        n_classes: Of the task.
        truth: int64, shape (items,): the true class of each item.
        frequent: The most frequent true class, which everybody knows.
    """

    n_classes: int
    truth: Integers
    frequent: int


@dataclass(frozen=True, slots=True)
class Places:
    """The places of an operator's seats: row i is seat `seats[i]` on item `items[i]`."""

    items: Integers
    seats: Integers


@dataclass(frozen=True, slots=True)
class Answers:
    """A class for each place, and where somebody looked to give it."""

    classes: Integers
    looked: Flags


_Rule: TypeAlias = Callable[[Question, Places, Habits, np.random.Generator], Answers]


def answer(
    strategy: Strategy, question: Question, places: Places, habits: Habits, dice: np.random.Generator
) -> Answers:
    """What the seats of one operator answer in all their places."""
    return ANSWERS[strategy](question, places, habits, dice)


def _honest(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:
    seen = _seen(question, places.items, habits.accuracy, dice)
    return Answers(seen, np.ones(seen.size, dtype=np.bool_))


def _lazy(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:
    looked = dice.random(places.items.size) < habits.looks
    seen = _seen(question, places.items, habits.accuracy, dice)
    return Answers(np.where(looked, seen, dice.integers(0, question.n_classes, seen.size)), looked)


def _random(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:  # noqa: ARG001
    return _blind(dice.integers(0, question.n_classes, places.items.size))


def _constant(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:  # noqa: ARG001
    seats, seat = np.unique(places.seats, return_inverse=True)
    return _blind(dice.integers(0, question.n_classes, seats.size)[seat])


def _frequent(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:  # noqa: ARG001
    return _blind(np.full(places.items.size, question.frequent, dtype=np.int64))


def _copying(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:
    items, first, item = np.unique(places.items, return_index=True, return_inverse=True)
    looked = np.zeros(places.items.size, dtype=np.bool_)
    looked[first] = True
    return Answers(_seen(question, items, habits.accuracy, dice)[item], looked)


def _colluding(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:  # noqa: ARG001
    items, item = np.unique(places.items, return_inverse=True)
    return _blind(dice.integers(0, question.n_classes, items.size)[item])


def _wrecking(question: Question, places: Places, habits: Habits, dice: np.random.Generator) -> Answers:
    looked = _copying(question, places, habits, dice)
    items, item = np.unique(places.items, return_inverse=True)
    shift = dice.integers(1, question.n_classes, items.size)[item]
    return Answers((looked.classes + shift) % question.n_classes, looked.looked)


ANSWERS: Final[Mapping[Strategy, _Rule]] = {
    Strategy.HONEST: _honest,
    Strategy.LAZY: _lazy,
    Strategy.RANDOM: _random,
    Strategy.CONSTANT: _constant,
    Strategy.FREQUENT: _frequent,
    Strategy.COPYING: _copying,
    Strategy.COLLUDING: _colluding,
    Strategy.WRECKING: _wrecking,
}


def _blind(classes: Integers) -> Answers:
    return Answers(classes, np.zeros(classes.size, dtype=np.bool_))


def _seen(question: Question, items: Integers, accuracy: float, dice: np.random.Generator) -> Integers:
    """What a look at each of the items shows."""
    wrong = dice.random(items.size) >= accuracy
    return (
        question.truth[items] + wrong * dice.integers(1, question.n_classes, items.size)
    ) % question.n_classes
