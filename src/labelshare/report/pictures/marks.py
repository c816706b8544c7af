"""Marks of a scatter: a shape for each group, so that colour is not all that tells them apart."""

from __future__ import annotations

from math import sqrt
from typing import Final

__all__ = ["MARKS", "mark", "radius"]

# The first corner from the middle, then steps from corner to corner, at radius 1; all of about one area.
_SQUARE: Final = ((-0.89, -0.89), (1.78, 0), (0, 1.78), (-1.78, 0))
_TRIANGLE: Final = ((0, -1.3), (1.2, 2.1), (-2.4, 0))
_DIAMOND: Final = ((0, -1.25), (1.25, 1.25), (-1.25, 1.25), (-1.25, -1.25))
_ARM, _LONG = 0.84, 0.9
_CROSS: Final = (
    (-_ARM / 2, -_ARM / 2 - _LONG),
    *((_ARM, 0), (0, _LONG), (_LONG, 0), (0, _ARM), (-_LONG, 0), (0, _LONG)),
    *((-_ARM, 0), (0, -_LONG), (-_LONG, 0), (0, -_ARM), (_LONG, 0)),
)
_CORNERS: Final = (None, _SQUARE, _TRIANGLE, _DIAMOND, _CROSS)
MARKS: Final = len(_CORNERS)


def mark(group: int, x: float, y: float, r: float) -> str:
    """The path of a group's mark about a place; the first group's is a circle, the fifth's a cross."""
    corners = _CORNERS[group % MARKS]
    if corners is None:
        arc = f"a{r:.1f} {r:.1f} 0 1 0"
        return f"M{x - r:.1f} {y:.1f}{arc} {2 * r:.1f} 0{arc} {-2 * r:.1f} 0z"
    (right, down), *steps = corners
    start = f"M{x + right * r:.2f} {y + down * r:.2f}"
    return start + "".join(f"l{dx * r:.2f} {dy * r:.2f}" for dx, dy in steps) + "z"


def radius(number: int, most: int, largest: float = 9.0) -> float:
    """The radius of a mark whose area goes with a number; what is very small stays visible."""
    return max(3.0, largest * sqrt(number / max(most, 1)))
