"""A crowd scored by itself: verdicts of one policy and how right they are, with no campaign around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean
from typing import Final, TypeAlias

import numpy as np

from labelshare.errors import InputError
from labelshare.protocol.aggregation.base import Crowd as Labels
from labelshare.protocol.aggregation.base import Outcome
from labelshare.protocol.aggregation.committee import committee
from labelshare.protocol.aggregation.dawid_skene import fit
from labelshare.protocol.aggregation.majority import majority
from labelshare.replay.calibration import bins, expected_error
from labelshare.replay.crowd import Crowd
from labelshare.types import Hash32

__all__ = ["POLICIES", "Item", "Scored", "decide", "policy_named"]

Policy: TypeAlias = Callable[[Labels, Hash32, Mapping[int, int]], Outcome]

POLICIES: Final[Mapping[str, Policy]] = {
    "majority.v1": lambda labels, seed, _gold: majority(labels, seed),
    "dawid-skene.v1": lambda labels, seed, gold: fit(labels, seed, gold).outcome,
    "committee.v1": committee,
}
"""By the name that a spec gives them, with the numbers that are its defaults."""

CONTESTED: Final = Fraction(3, 5)


@dataclass(frozen=True, slots=True)
class Item:
    """The verdict on an item.

    Attributes:
        winner: Its class.
        posterior: How sure the policy is of it, exactly.
        told: Whether the policy was given the class.
        right: Whether the class is the true one; None where that is not known.
    """

    winner: int
    posterior: Fraction
    told: bool
    right: bool | None


@dataclass(frozen=True)
class Scored:
    """All verdicts, by item number; figures leave out the items that the policy was told.

    Attributes:
        items: One verdict each.
        seconds: That it took to find them.
    """

    items: tuple[Item, ...]
    seconds: float

    @property
    def judged(self) -> list[Item]:
        """Items that the policy was not told."""
        return [each for each in self.items if not each.told]

    @property
    def scored(self) -> list[Item]:
        """Those of which the truth is known."""
        return [each for each in self.judged if each.right is not None]

    @property
    def accuracy(self) -> float | None:
        """The part of these that is right."""
        return _part_right(self.scored) if self.scored else None

    @property
    def mean_posterior(self) -> float | None:
        """Of the items that were not told."""
        return _mean(self.judged) if self.judged else None

    @property
    def contested(self) -> int:
        """Items whose posterior is below three fifths, the acceptance of a replayed campaign."""
        return sum(each.posterior < CONTESTED for each in self.judged)

    @property
    def calibration_error(self) -> float | None:
        """How far posteriors are from the part that is right, by `calibration`; None without a truth."""
        if not self.scored:
            return None
        pairs = [(float(each.posterior), bool(each.right)) for each in self.scored]
        posteriors, right = (np.array(column) for column in zip(*pairs, strict=True))
        return expected_error(bins(posteriors, right))


def policy_named(text: str) -> str:
    """The policy's full name, for a name with its version or without; `InputError` names them all."""
    for name in POLICIES:
        if text in (name, name.removesuffix(".v1")):
            return name
    names = ", ".join(name.removesuffix(".v1") for name in POLICIES)
    raise InputError(f"no policy is called {text!r}; there are {names}")


def decide(
    crowd: Crowd, policy: str, seed: Hash32, truth: Mapping[int, str], gold: Mapping[int, int] | None = None
) -> Scored:
    """Let a policy find the winners, and hold them against the truth.

    Args:
        crowd: Who gave which label.
        policy: One of `POLICIES`.
        seed: What ties fall by.
        truth: True class by item as it is spelled, where it is known. Nobody finds one that nobody chose.
        gold: The classes that a model is told, by item.

    Raises:
        InputError: Too many labels of too many classes for the model.
    """
    told, started = gold or {}, time.monotonic()
    outcome = POLICIES[policy](_labels(crowd), seed, told)
    seconds = time.monotonic() - started
    columns = (outcome.items, outcome.winners, outcome.support, outcome.weight)
    items = tuple(
        Item(winner, Fraction(support, weight), item in told, _right(crowd.classes[winner], truth.get(item)))
        for item, winner, support, weight in zip(*(column.tolist() for column in columns), strict=True)
    )
    return Scored(items, seconds)


def _part_right(items: list[Item]) -> float:
    return sum(bool(each.right) for each in items) / len(items)


def _mean(items: list[Item]) -> float:
    return fmean(float(each.posterior) for each in items)


def _right(found: str, true: str | None) -> bool | None:
    return None if true is None else found == true


def _labels(crowd: Crowd) -> Labels:
    rows = np.array([(each.item, each.worker, each.label) for each in crowd.votes], dtype=np.int64)
    return Labels(len(crowd.items), len(crowd.classes), *rows.T.copy())
