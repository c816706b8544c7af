"""Whether a posterior of 0.9 is right nine times out of ten."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Bin", "as_text", "bins", "expected_error"]

EDGES: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Bin:
    """Items whose winner's posterior lies above `low`, up to `high`.

    Attributes:
        low, high: its ends.
        items: how many.
        confidence: their mean posterior.
        accuracy: how many of them are right, as a share.
    """

    low: float
    high: float
    items: int
    confidence: float
    accuracy: float


def bins(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> list[Bin]:
    """The bins that hold an item."""
    found = []
    for low, high in pairwise(EDGES):
        inside = (confidences > low) & (confidences <= high)
        if inside.any():
            means = float(confidences[inside].mean()), float(right[inside].mean())
            found.append(Bin(low, high, int(inside.sum()), *means))
    return found


def expected_error(found: Sequence[Bin]) -> float:
    """The expected calibration error: the mean distance of accuracy and confidence, weighted by items."""
    total = sum(each.items for each in found)
    return sum(each.items * abs(each.accuracy - each.confidence) for each in found) / total


def as_text(found: Sequence[Bin]) -> list[str]:
    """A line for each bin."""
    return [
        f"{each.low:.2f}–{each.high:.2f}  {each.items:>6,}  {each.confidence:.3f}  {each.accuracy:.3f}"
        for each in found
    ]
