"""How time grows with size: the time of one unit at each size, and the exponent that fits best."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Growth", "as_text"]

_HEADER: Final = ("size", "ours", "× smallest", "peer", "× smallest")
_LINEAR: Final = 0.1
"""How far from 1 an exponent may lie to be called linear: sorting costs as much between our sizes."""


@dataclass(frozen=True)
class Growth:
    """One kind of work at several sizes.

    Attributes:
        work: what was done.
        unit: what a size counts, in the singular.
        ours, peer: size → CPU seconds; the peer's may lack sizes.
    """

    work: str
    unit: str
    ours: Mapping[int, float]
    peer: Mapping[int, float]


def exponent(seconds: Mapping[int, float]) -> float | None:
    """The e of time ~ size^e by least squares of the logarithms; None for fewer than two sizes."""
    if len(seconds) < 2:
        return None
    sizes = [math.log(size) for size in seconds]
    return statistics.linear_regression(sizes, [math.log(time) for time in seconds.values()]).slope


def as_text(growths: Sequence[Growth]) -> str:
    """A table for each kind of work, and in words how each side grows; with a final newline."""
    return "\n".join(_section(growth) for growth in growths)


def _section(growth: Growth) -> str:
    title = f"{growth.work}: CPU µs per {growth.unit}, and how many times that of the smallest size"
    lines = [title, *_table(growth), _verdict("ours", growth.ours), _verdict("the peer", growth.peer)]
    return "\n".join(filter(None, lines)) + "\n"


def _table(growth: Growth) -> list[str]:
    lines = [
        _HEADER,
        *((f"{size:,}", *_cells(growth.ours, size), *_cells(growth.peer, size)) for size in growth.ours),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADER))]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _cells(seconds: Mapping[int, float], size: int) -> tuple[str, str]:
    if size not in seconds:
        return "–", "–"
    smallest = min(seconds)
    per_unit = seconds[size] / size
    return f"{per_unit * 1e6:,.3f}", f"{per_unit * smallest / seconds[smallest]:.2f}"


def _verdict(side: str, seconds: Mapping[int, float]) -> str:
    """Over all sizes, and over the two largest, where what is fixed or warms up weighs least."""
    found = exponent(seconds)
    if found is None:
        return ""
    verdict = f"{side}: size^{found:.2f}, {_word(found)}"
    before, largest = sorted(seconds)[-2:]
    last = exponent({size: seconds[size] for size in (before, largest)})
    if last is None or len(seconds) == 2:
        return verdict
    return f"{verdict} (from {before:,} to {largest:,}: size^{last:.2f}, {_word(last)})"


def _word(power: float) -> str:
    if abs(power - 1) <= _LINEAR:
        return "linear"
    return "more than linear" if power > 1 else "less than linear"
