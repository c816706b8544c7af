"""Pictures of what strategies earn, as a file by itself: SVG, or HTML with the numbers below."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from labelshare.economics.goals import dearest
from labelshare.economics.grid import Grid
from labelshare.economics.mixing import LONG
from labelshare.economics.money import Flow
from labelshare.economics.strategies import EFFORTLESS
from labelshare.economics.value import Value, Valued
from labelshare.errors import InputError
from labelshare.report.pictures.canvas import WIDTH, Canvas, Figure, fit

__all__ = ["attack_figure", "prepare", "save", "value_figure"]

_STYLE: Final = """
svg { font-family: system-ui, sans-serif; background: #fff; }
svg text { font-size: 12px; fill: #1c2430; } svg text.quiet { fill: #566072; font-size: 11px; }
.grid { stroke: #e6e8ec; } .axis { stroke: #566072; }
.group0 { --c: #2f6fb5; } .group1 { --c: #127a6f; } .group2 { --c: #b87400; } .group3 { --c: #8250c4; }
.group4 { --c: #c23a67; } .solid { fill: var(--c); }
.stroke { fill: none; stroke: var(--c); stroke-width: 2.5; }
.whisker { stroke: var(--c); stroke-width: 1.2; } .solid + .whisker { stroke: #1c2430; }
"""
_PAGE: Final = (
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 720px; margin: 32px auto; padding: 0 16px; "
    "color: #1c2430; overflow-wrap: anywhere; } svg { display: block; width: 100%; height: auto; } "
    ".scroll { overflow-x: auto; } "
    "table { border-collapse: collapse; font-size: 14px; } td { white-space: nowrap; } "
    "th, td { text-align: right; vertical-align: bottom; padding: 2px 12px 2px 0; overflow-wrap: normal; } "
    "th:first-child, td:first-child { text-align: left; }"
)
_SUFFIXES: Final = (".svg", ".html")
_LEFT, _BAR, _BETWEEN = 104, 11, 12
_TOP, _BASE = 34, 206
_APART: Final = 2.5
_LOWEST: Final = -2.0
_COLOURS: Final = 5
_Z: Final = 1.645  # to either side of the normal distribution's middle: 90%
_SURE: Final = "Thin lines are 90 % intervals, as if seats were independent of one another."
_PARTS: Final = ("pay", "shares", "slashed", "forfeited", "time", "capital")


def prepare(path: Path) -> None:
    """Refuse a file that cannot be a picture before anything long begins; `InputError` says why."""
    if path.suffix not in _SUFFIXES:
        raise InputError(f"{path}: a picture is a file of {' or '.join(_SUFFIXES)}")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(f"cannot write a picture to {path}: no such folder, or a folder itself")


def save(figure: Figure, path: Path) -> None:
    """Write the picture; it loads nothing."""
    text = _standing(figure.svg) if path.suffix == ".svg" else _page(figure)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


# ------------------------------------------------------------------- by strategy


def value_figure(valued: Valued) -> Figure:
    """The value of a label by strategy: a bar for each length of record."""
    sizes = valued.assumed.sizes
    names = list(dict.fromkeys(each.way.name for each in valued.values))
    values = {(each.way.name, each.size): each for each in valued.values}
    row = len(sizes) * (_BAR + 1) + _BETWEEN
    bottom = _TOP + row * len(names)
    reading = (
        "Bars to the right of the line gain, bars to the left lose; they end at minus two prices and at one. "
        f"{_SURE}"
    )
    canvas = Canvas(f"Value of a label by strategy. {reading}")
    _scale(canvas, bottom)
    for at, name in enumerate(names):
        canvas.text(0, _TOP + at * row + row / 2 - 2, fit(name, 17))
        for group, size in enumerate(sizes):
            _bar(canvas, _TOP + at * row + group * (_BAR + 1), values[name, size], group)
    canvas.height = _legend(canvas, bottom + 32, [_length(size, valued.longest) for size in sizes])
    rows = [_value_row(values[name, size], valued) for name in names for size in sizes]
    columns = ("strategy", "labels a seat", *_PARTS, "value, in prices", "standard error")
    return Figure("value", "What a label is worth", canvas.svg(), reading, columns, tuple(rows))


def _scale(canvas: Canvas, bottom: float) -> None:
    for value in (-2, -1, 0, 1):
        canvas.line(_x(value), _TOP - 10, _x(value), bottom, "axis" if value == 0 else "grid")
        canvas.text(_x(value), _TOP - 16, f"{value:+d}" if value else "0", "quiet", "middle")
    canvas.text(_x(-0.5), bottom + 14, "value of a label, in prices", "quiet", "middle")


def _x(value: float) -> float:
    return _LEFT + 10 + (WIDTH - _LEFT - 20) * (min(max(value, _LOWEST), 1) - _LOWEST) / (1 - _LOWEST)


def _bar(canvas: Canvas, top: float, value: Value, group: int) -> None:
    zero, end = _x(0), _x(value.money.per_label)
    money, labels = value.money, max(value.money.labels, 1)
    tip = (
        f"{value.way.name}: {money.per_label:+.3f} prices; paid {money.pay / labels:.3f}, slashed "
        f"{money.slashed / labels:.3f}, forfeited {money.forfeited / labels:.3f}"
    )
    canvas.rect(min(zero, end), top, max(abs(end - zero), 1), _BAR, f"{_colour(group)} solid", tip)
    low, high = (_x(value) for value in _interval(money))
    canvas.line(low, top + _BAR / 2, high, top + _BAR / 2, f"{_colour(group)} whisker")


def _length(size: int, longest: int) -> str:
    return f"{size if size != LONG else longest} labels a seat"


def _value_row(each: Value, valued: Valued) -> tuple[str, ...]:
    size = str(each.size if each.size != LONG else valued.longest)
    return each.way.name, size, *_parts(each.money)


# ---------------------------------------------------------- by part of the places


def attack_figure(grid: Grid) -> Figure:
    """Profit per label by the part of the places, for strategies without effort at their best length."""
    shares = sorted(grid.plan.shares)
    tried = [each for each in grid.plan.strategies if each in EFFORTLESS] or list(grid.plan.strategies)
    best = {each.value: [dearest(grid, each, share).attackers for share in shares] for each in tried}
    reading = (
        "Each line is a strategy at the length of record that pays it best; above the axis attackers gain. "
        f"{_SURE}"
    )
    canvas = Canvas(f"Profit of attackers. {reading}")
    plane = _Plane(shares, [end for line in best.values() for money in line for end in _interval(money)])
    plane.draw(canvas)
    for group, (name, line) in enumerate(best.items()):
        apart = _APART * (group - (len(best) - 1) / 2)  # else the intervals hide one another
        points = list(zip(shares, line, strict=True))
        steps = "L".join(plane.place(share, money.per_label, apart) for share, money in points)
        canvas.path(f"M{steps}", f"{_colour(group)} stroke", name)
        for share, money in points:
            low, high = (plane.place(share, end, apart) for end in _interval(money))
            canvas.path(f"M{low}L{high}", f"{_colour(group)} whisker")
    canvas.height = _legend(canvas, _BASE + 52, list(best))
    rows = [
        (name, f"{share:.0%}", *_parts(money))
        for name, each in best.items()
        for share, money in zip(shares, each, strict=True)
    ]
    columns = ("strategy", "places", *_PARTS, "profit of a label, in prices", "standard error")
    return Figure("attack", "What attackers gain", canvas.svg(), reading, columns, tuple(rows))


class _Plane:
    """Parts of the places to the right, profit upwards, cut where nobody needs to see more."""

    def __init__(self, shares: Sequence[float], values: Sequence[float]) -> None:
        self._shares, self._last = shares, max(shares)
        self._low, self._high = max(min(-0.1, *values, 0), _LOWEST), max(0.2, *values, 0)

    def place(self, share: float, value: float, apart: float = 0) -> str:
        return f"{self._across(share) + apart:.1f} {self._up(value):.1f}"

    def draw(self, canvas: Canvas) -> None:
        for value in (self._low, 0.0, self._high):
            canvas.line(44, self._up(value), WIDTH - 16, self._up(value), "grid" if value else "axis")
            canvas.text(39, self._up(value) + 4, f"{value:+.2f}" if value else "0", "quiet", "end")
        for share in self._shares:
            canvas.text(self._across(share), _BASE + 16, f"{share:.0%}", "quiet", "middle")
        canvas.text(
            self._across(self._last / 2), _BASE + 31, "of the places are the attackers'", "quiet", "middle"
        )

    def _across(self, share: float) -> float:
        return 44 + (WIDTH - 76) * share / self._last

    def _up(self, value: float) -> float:
        part = (min(max(value, self._low), self._high) - self._low) / (self._high - self._low)
        return _BASE - (_BASE - 16) * part


# ------------------------------------------------------------------------- both


def _parts(money: Flow) -> tuple[str, ...]:
    """Of a label: `_PARTS`, what costs with a minus, then their sum and its standard error."""
    costs = (money.slashed, money.forfeited, money.time, money.capital)
    parts = (money.pay, money.shares, *(-each for each in costs), money.profit)
    error = f"{money.error:.3f}" if money.seats > 1 else "–"  # one seat says nothing of others
    return *(_signed(part / max(money.labels, 1)) for part in parts), error


def _signed(value: float) -> str:
    return f"{value:+.3f}" if round(value, 3) else "0"


def _interval(money: Flow) -> tuple[float, float]:
    """Where the profit of a label is with 90% certainty."""
    return money.per_label - _Z * money.error, money.per_label + _Z * money.error


def _colour(group: int) -> str:
    return f"group{group % _COLOURS}"


def _legend(canvas: Canvas, top: float, meanings: Sequence[str]) -> float:
    """Say what the colours mean, in two columns; returns where the picture may end."""
    for group, meaning in enumerate(meanings):
        x, y = WIDTH / 2 * (group % 2), top + 18 * (group // 2)
        canvas.rect(x, y - 9, 10, 10, f"{_colour(group)} solid")
        canvas.text(x + 16, y, fit(meaning, 28), "quiet")
    return top + 18 * ((len(meanings) - 1) // 2) + 8


def _standing(svg: str) -> str:
    """The picture with its colours inside."""
    head, _, rest = svg.partition(">")
    return f"{head}><style>{_STYLE}</style>{rest}\n"


def _page(figure: Figure) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(figure.title)}</title>"
        f"<style>{_PAGE}{_STYLE}</style><h1>{escape(figure.title)}</h1><p>{escape(figure.reading)}</p>"
        f'{figure.svg}<div class="scroll" tabindex="0" role="region" aria-label="{escape(figure.title)}">'
        f"<table>{_line('th', figure.columns)}"
        f"{''.join(_line('td', row) for row in figure.rows)}</table></div></html>\n"
    )


def _line(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
