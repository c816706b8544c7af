"""Whether a posterior of 0.9 is right nine times out of ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["EDGES", "Bin", "bins", "expected_error"]

EDGES: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Ends of the bins of posteriors. Each holds its upper end, not its lower one; the first holds 0 as well."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Items whose winner's posterior lies above `low`, up to `high`; in the first bin it may be 0.

    Attributes:
        low, high: Its ends.
        items: How many.
        confidence: Their mean posterior.
        accuracy: The part of them that is right.
    """

    low: float
    high: float
    items: int
    confidence: float
    accuracy: float


def bins(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> list[Bin]:
    """The bins that hold an item; every item is in one.

    Args:
        confidences: Posteriors from 0 to 1.
        right: Whether the winner is the true class, of the same items.
    """
    place = np.searchsorted(EDGES[1:-1], confidences)  # none is lost to a float that is above 1
    found = []
    for at, (low, high) in enumerate(pairwise(EDGES)):
        inside = place == at
        if inside.any():
            means = float(confidences[inside].mean()), float(right[inside].mean())
            found.append(Bin(low, high, int(inside.sum()), *means))
    return found


def expected_error(found: Sequence[Bin]) -> float:
    """The expected calibration error: the mean distance of accuracy and confidence, weighted by items."""
    total = sum(each.items for each in found)
    return sum(each.items * abs(each.accuracy - each.confidence) for each in found) / total
