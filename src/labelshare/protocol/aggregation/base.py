"""What every aggregation model takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sha3 import keccak_256

from labelshare.types import Hash32

__all__ = ["Aggregator", "Crowd", "Integers", "Outcome", "accepted", "break_tie", "sums"]

Integers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Crowd:
    """The labels that count, in any order; at most one per item and annotator.

    Attributes:
        n_items: Items of the campaign.
        n_classes: Classes of the task.
        items, annotators, classes: int64, shape (labels,): row i says that annotator `annotators[i]` (in any
            dense numbering) gave `items[i]` the class `classes[i]`.
    """

    n_items: int
    n_classes: int
    items: Integers
    annotators: Integers
    classes: Integers


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on each item that has a label.

    Attributes:
        items: int64, shape (labelled,), ascending.
        winners: The winning class of each.
        support, weight: The winner's posterior as an exact fraction support / weight, each below 2^31.
    """

    items: Integers
    winners: Integers
    support: Integers
    weight: Integers

    @property
    def confidence_q16(self) -> Integers:
        """The posterior in 1/65,536, rounded down."""
        return self.support * 65_536 // self.weight


Aggregator: TypeAlias = Callable[[Crowd, Hash32], Outcome]
"""A model: the crowd and the campaign's seed (for ties) to an outcome, equal for any order of the labels."""


def accepted(outcome: Outcome, numerator: int, denominator: int) -> NDArray[np.bool_]:
    """Which items reach a posterior of numerator / denominator (both below 2^31), exactly."""
    return np.asarray(outcome.support * denominator >= outcome.weight * numerator)


def sums(groups: Integers, values: Integers | int, n_groups: int) -> Integers:
    """The sum of values by group, in integers (`bincount` with weights would go through floats)."""
    totals = np.zeros(n_groups, dtype=np.int64)
    np.add.at(totals, groups, values)
    return totals


def break_tie(seed: Hash32, item: int, tied: list[int]) -> int:
    """The class with the largest keccak256(seed 32 ‖ item 8 ‖ class 4) wins."""
    prefix = seed + item.to_bytes(8, "big")
    return max(tied, key=lambda choice: keccak_256(prefix + choice.to_bytes(4, "big")).digest())
