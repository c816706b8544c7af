"""The annotators: what their work earned, and what they own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.report.pictures.canvas import WIDTH, Canvas, Figure, count, fit, percent
from labelshare.report.pictures.marks import MARKS, mark, radius

__all__ = ["Dot", "Holder", "bars", "earnings", "ownership"]

SHOWN: Final = 12
Show = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Dot:
    """One annotator: `right` of `known` labels, and the pay of all `labels` in base units.

    `group` is an index into the groups' names.
    """

    name: str
    group: int
    labels: int
    right: int
    known: int
    pay: int

    @property
    def each(self) -> int:
        """Pay per label in base units, rounded down."""
        return self.pay // self.labels if self.labels else 0


def earnings(
    dots: Sequence[Dot],
    groups: Sequence[str],
    price: int,
    show: Show,
    *,
    symbol: str,
    against: str,
    reading: str,
) -> Figure:
    """Pay per label over how often the annotator is right, one mark each, as large as the work.

    Args:
        dots: The annotators; who has no label to compare is left out of the picture.
        groups: Names of the groups; a mark's shape and colour say which.
        price: Of a label, the most that one can earn.
        show: Writes an amount as a number.
        symbol: Of the token.
        against: What an answer is right by.
        reading: What to see.
    """
    canvas = Canvas(f"Pay and accuracy. {reading}", 300)
    left, right, top, base = 52, WIDTH - 12, 30, 254
    for quarter in range(5):
        x, y = left + (right - left) * quarter / 4, base - (base - top) * quarter / 4
        canvas.line(left, y, right, y, "grid" if quarter else "axis")
        canvas.text(x, base + 18, f"{25 * quarter} %", "quiet", "middle" if quarter < 4 else "end")
        canvas.text(left - 6, y + 4, show(price * quarter // 4), "quiet", "end")
    canvas.text(0, 14, f"pay per label, {fit(symbol, 12)}", "quiet")
    canvas.text(right, top - 7, "the full price", "quiet", "end")
    canvas.text((left + right) / 2, base + 36, f"labels that are {against}", "quiet", "middle")
    drawn = [dot for dot in dots if dot.known]
    most = max((dot.labels for dot in drawn), default=1)
    for dot in sorted(drawn, key=lambda each: -each.labels):
        x = left + (right - left) * dot.right / dot.known
        y = base - (base - top) * min(dot.each / price, 1.0) if price else base
        tip = f"{dot.name}: {count(dot.labels, 'label')}, {percent(dot.right, dot.known)} {against}"
        shape = mark(dot.group, x, y, radius(dot.labels, most))
        canvas.path(shape, f"group{dot.group % MARKS} dot", f"{tip}, {show(dot.each)} {symbol} a label")
    rows = tuple(
        (
            dot.name,
            *((groups[dot.group],) if len(groups) > 1 else ()),
            f"{dot.labels:,}",
            percent(dot.right, dot.known, 1),
            show(dot.each),
            show(dot.pay),
        )
        for dot in dots
    )
    first = ("annotator", *(("simulated as",) if len(groups) > 1 else ()))
    columns = (*first, "labels", against, f"{symbol} per label", symbol)
    several = groups if len(groups) > 1 else ()
    legend = tuple((f"group{at % MARKS}", name) for at, name in enumerate(several))
    return Figure("earnings", "What the work earned", canvas.svg(), reading, columns, rows, legend)


# ------------------------------------------------------------------------ ownership


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds how many shares, and the class of the bar's colour."""

    name: str
    shares: int
    kind: str = "holders"


def ownership(holders: Sequence[Holder], show: Show) -> Figure:
    """Who owns the dataset: the largest holders, and the rest of them together."""
    ordered = sorted(holders, key=lambda each: -each.shares)
    total = sum(each.shares for each in ordered)
    half = _needed(ordered, total)
    reading = (
        f"{count(len(ordered), 'holder')} own the dataset, and it takes the {half} largest to own half of it."
        if ordered
        else "Nobody owns a share yet."
    )
    lines = [(each.name, each.shares, percent(each.shares, total, 1), each.kind) for each in ordered]
    if len(lines) > SHOWN + 1:
        tail = ordered[SHOWN:]
        rest = sum(each.shares for each in tail)
        lines = [*lines[:SHOWN], (f"{len(tail):,} others", rest, percent(rest, total, 1), "folded")]
    svg = bars(f"Ownership. {reading}", lines)
    rows = tuple((each.name, show(each.shares), percent(each.shares, total, 2)) for each in ordered)
    return Figure("ownership", "Who owns the dataset", svg, reading, ("holder", "shares", "part"), rows)


def _needed(ordered: Sequence[Holder], total: int) -> int:
    held = 0
    for number, holder in enumerate(ordered, 1):
        held += holder.shares
        if 2 * held >= total:
            return number
    return 0


def bars(label: str, lines: Sequence[tuple[str, int, str, str]], names: int = 112) -> str:
    """Horizontal bars: each a name, a length, words behind it and a class of colour."""
    canvas = Canvas(label, 22 * len(lines) + 4)
    most = max((length for _, length, _, _ in lines), default=1) or 1
    room = WIDTH - names - 78
    for at, (name, length, words, kind) in enumerate(lines):
        y, width = 22 * at + 3, max(room * length / most, 1)
        canvas.text(names - 8, y + 13, fit(name, (names - 8) // 9), "", "end")
        canvas.rect(names, y, width, 16, f"{kind} solid", f"{name}: {words}")
        canvas.text(names + width + 5, y + 13, words, "quiet")
    return canvas.svg()
