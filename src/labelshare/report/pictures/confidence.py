"""How sure the verdicts are, and, where truths are known, how often those that are so sure are right."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from labelshare.protocol.skill import ONE
from labelshare.report.pictures.canvas import WIDTH, Canvas, Figure, count
from labelshare.report.pictures.marks import mark, radius

__all__ = ["EDGES", "Bin", "Sure", "bins_of", "confidence"]

EDGES: Final = tuple(Fraction(edge) for edge in "0 .2 .4 .5 .6 .7 .8 .9 .95 .99 .999 1".split())
"""Bounds of the bins, closer where most verdicts are; in the pictures each bin is as wide as the others."""
BINS: Final = len(EDGES) - 1
_LEFT, _RIGHT, _TOP, _BASE = 30, WIDTH - 12, 36, 150
_UPPER, _LOWER = 212, 332  # of the second picture
_KINDS: Final = (("accepted", "accepted"), ("contested", "contested"))


@dataclass(frozen=True, slots=True)
class Sure:
    """One verdict: confidence in 1/65,536, whether it is accepted, whether it is right where known."""

    q16: int
    accepted: bool
    right: bool | None = None

    @property
    def confidence(self) -> float:
        """The confidence from 0 to 1."""
        return self.q16 / ONE


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts of about the same confidence: how many, and of those with a known truth how sure and right."""

    accepted: int
    contested: int
    known: int
    right: int
    mean: float

    @property
    def share(self) -> float:
        """The part that is right of those with a known truth."""
        return self.right / self.known if self.known else 0.0


def bins_of(verdicts: Sequence[Sure]) -> dict[int, Bin]:
    """The verdicts by bins of confidence; the last has those of 1 too.

    As confidence is rounded down, so are the bounds: what a vote accepts just so stands right of the line.
    """
    sorts: defaultdict[int, list[Sure]] = defaultdict(list)
    for each in verdicts:
        place = bisect_right(EDGES, each.q16, key=lambda edge: ONE * edge.numerator // edge.denominator)
        sorts[min(place, BINS) - 1].append(each)
    return {place: _bin(sorts[place]) for place in sorted(sorts)}


def _bin(verdicts: Sequence[Sure]) -> Bin:
    known = [each for each in verdicts if each.right is not None]
    accepted = sum(each.accepted for each in verdicts)
    mean = sum(each.confidence for each in known) / len(known) if known else 0.0
    return Bin(accepted, len(verdicts) - accepted, len(known), sum(bool(each.right) for each in known), mean)


def confidence(verdicts: Sequence[Sure], threshold: Fraction, median: str) -> Figure:
    """A histogram of confidence with the acceptance, and below it the part of each bin that is right.

    Args:
        verdicts: On the labelled items.
        threshold: The confidence from which on a winner is accepted.
        median: Of the confidence, in words.
    """
    bins = bins_of(verdicts)
    known = [each for each in verdicts if each.right is not None]
    reading = _reading(verdicts, known, threshold, median)
    canvas = Canvas(f"Confidence. {reading}", _BASE + 42)
    _histogram(canvas, bins)
    _acceptance(canvas, threshold)
    if known:
        _calibration(canvas, bins)
        canvas.height = _LOWER + 42
    kinds = Counter(kind for each in bins.values() for kind, _ in _KINDS if getattr(each, kind))
    legend = tuple((kind, words) for kind, words in _KINDS if kinds[kind])
    columns, rows = _table(bins, truths=bool(known))
    return Figure("confidence", "How sure the verdicts are", canvas.svg(), reading, columns, rows, legend)


def _reading(verdicts: Sequence[Sure], known: Sequence[Sure], threshold: Fraction, median: str) -> str:
    contested = sum(not each.accepted for each in verdicts)
    reading = (
        f"The median confidence is {median}; of {count(len(verdicts), 'item')} {contested:,} are below "
        f"{threshold} and contested"
    )
    if not known:
        return f"{reading}."
    mean = sum(each.confidence for each in known) / len(known)
    right = sum(bool(each.right) for each in known) / len(known)
    return (
        f"{reading}. Where a truth is known and was no gold, the mean confidence is {mean:.3f} and "
        f"{right:.3f} are right: dots on the dashed line are as often right as they are sure, each with its "
        "number of items."
    )


def _place(value: float) -> float:
    """Where a confidence stands: in its bin in proportion."""
    place = min(bisect_right(EDGES, value), BINS) - 1
    low, high = float(EDGES[place]), float(EDGES[place + 1])
    return _LEFT + (_RIGHT - _LEFT) * (place + (value - low) / (high - low)) / BINS


def _histogram(canvas: Canvas, bins: Mapping[int, Bin]) -> None:
    most = max((each.accepted + each.contested for each in bins.values()), default=1)
    width = (_RIGHT - _LEFT) / BINS
    canvas.line(_LEFT, _BASE, _RIGHT, _BASE, "axis")
    canvas.text(0, 14, "items", "quiet")
    for place, each in bins.items():
        x, y = _place(float(EDGES[place])) + 1.5, float(_BASE)
        for kind, words in _KINDS:
            number = getattr(each, kind)
            high = max((_BASE - _TOP) * number / most, 2) if number else 0
            y -= high
            if number:
                tip = f"{count(number, 'item')} {words}"
                canvas.rect(x, y, width - 3, high, f"{kind} solid", tip)
        number = each.accepted + each.contested
        canvas.text(x + width / 2 - 1.5, y - 4, f"{number:,}", "quiet", "middle")
    _axis(canvas, _BASE)


def _axis(canvas: Canvas, base: float) -> None:
    for edge in EDGES:
        words = f"{float(edge):g}".removeprefix("0") or "0"
        canvas.text(_place(float(edge)), base + 16, words, "quiet", "middle")
    canvas.text((_LEFT + _RIGHT) / 2, base + 33, "confidence", "quiet", "middle")


def _acceptance(canvas: Canvas, threshold: Fraction) -> None:
    x = _place(float(threshold))
    canvas.line(x, 8, x, _BASE, "mark")
    anchor, beside = ("end", x - 5) if x > WIDTH / 2 else ("start", x + 5)
    canvas.text(beside, 16, f"accepted from {threshold} on", "", anchor)


def _calibration(canvas: Canvas, bins: Mapping[int, Bin]) -> None:
    """The part that is right over the mean confidence, one dot a bin; on the diagonal both are equal."""
    for half in range(3):
        y = _LOWER - (_LOWER - _UPPER) * half / 2
        canvas.line(_LEFT, y, _RIGHT, y, "grid" if half else "axis")
        canvas.text(_LEFT - 6, y + 4, f"{half / 2:.1f}", "quiet", "end")
    canvas.text(0, _UPPER - 12, "right", "quiet")
    corners = [(_place(float(edge)), _LOWER - (_LOWER - _UPPER) * float(edge)) for edge in EDGES]
    canvas.path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners), "mark even")
    most = max(each.known for each in bins.values())
    for each in bins.values():
        if each.known:
            x, y = _place(each.mean), _LOWER - (_LOWER - _UPPER) * each.share
            size = radius(each.known, most)
            tip = f"{each.right:,} of {count(each.known, 'item')} right, mean confidence {each.mean:.3f}"
            canvas.path(mark(0, x, y, size), "taken dot", tip)
            below = y + size + 12
            beside = below if below < _LOWER else y - size - 4
            canvas.text(min(x, _RIGHT - 4), beside, f"{each.known:,}", "quiet", "middle")
    _axis(canvas, _LOWER)


def _table(bins: Mapping[int, Bin], *, truths: bool) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    columns = ("confidence", "items accepted", "items contested")
    rows = []
    for place, each in bins.items():
        span = f"{float(EDGES[place]):g} to {float(EDGES[place + 1]):g}"
        known = (f"{each.known:,}", f"{each.right:,}", f"{each.mean:.3f}" if each.known else "–")
        rows.append((span, f"{each.accepted:,}", f"{each.contested:,}", *(known if truths else ())))
    return (*columns, *(("truth known", "right", "mean confidence") if truths else ())), tuple(rows)
