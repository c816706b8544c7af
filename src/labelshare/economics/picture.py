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
"""
_PAGE: Final = (
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 720px; margin: 32px auto; padding: 0 16px; "
    "color: #1c2430; } table { border-collapse: collapse; font-size: 14px; } "
    "th, td { text-align: right; padding: 2px 12px 2px 0; } "
    "th:first-child, td:first-child { text-align: left; }"
)
_SUFFIXES: Final = (".svg", ".html")
_LEFT, _BAR, _BETWEEN = 104, 11, 12
_TOP, _BASE = 34, 206
_LOWEST: Final = -2.0
_COLOURS: Final = 5


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
    reading = "Bars to the right of the line gain, bars to the left lose; they end at minus two prices."
    canvas = Canvas(f"Value of a label by strategy. {reading}")
    _scale(canvas, bottom)
    for at, name in enumerate(names):
        canvas.text(0, _TOP + at * row + row / 2 - 2, fit(name, 17))
        for group, size in enumerate(sizes):
            _bar(canvas, _TOP + at * row + group * (_BAR + 1), values[name, size], group)
    canvas.height = _legend(canvas, bottom + 32, [_length(size, valued.longest) for size in sizes])
    rows = [_value_row(values[name, size], valued) for name in names for size in sizes]
    title, columns = (
        "What a label is worth",
        ("strategy", "labels a seat", "pay", "slashed", "forfeited", "value, in prices"),
    )
    return Figure("value", title, canvas.svg(), reading, columns, tuple(rows))


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
    lines = {name: [money.per_label for money in each] for name, each in best.items()}
    reading = (
        "Each line is a strategy at the length of record that pays it best; above the axis attackers gain."
    )
    canvas = Canvas(f"Profit of attackers. {reading}")
    plane = _Plane(shares, [value for line in lines.values() for value in line])
    plane.draw(canvas)
    for group, (name, line) in enumerate(lines.items()):
        steps = "L".join(plane.place(*point) for point in zip(shares, line, strict=True))
        canvas.path(f"M{steps}", f"{_colour(group)} stroke", name)
    canvas.height = _legend(canvas, _BASE + 52, list(lines))
    rows = [
        (name, f"{share:.0%}", *_parts(money))
        for name, each in best.items()
        for share, money in zip(shares, each, strict=True)
    ]
    columns = ("strategy", "places", "pay", "slashed", "forfeited", "profit of a label, in prices")
    return Figure("attack", "What attackers gain", canvas.svg(), reading, columns, tuple(rows))


class _Plane:
    """Parts of the places to the right, profit upwards, cut where nobody needs to see more."""

    def __init__(self, shares: Sequence[float], values: Sequence[float]) -> None:
        self._shares, self._last = shares, max(shares)
        self._low, self._high = max(min(-0.1, *values, 0), _LOWEST), max(0.2, *values, 0)

    def place(self, share: float, value: float) -> str:
        return f"{self._across(share):.1f} {self._up(value):.1f}"

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
    """Of a label: pay, what slashes and forfeits take, and what is left."""
    parts = (money.pay, money.slashed, money.forfeited, money.profit)
    return tuple(f"{part / max(money.labels, 1):+.3f}" for part in parts)


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
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(figure.title)}</title>'
        f"<style>{_PAGE}{_STYLE}</style><h1>{escape(figure.title)}</h1><p>{escape(figure.reading)}</p>"
        f"{figure.svg}<table>{_line('th', figure.columns)}"
        f"{''.join(_line('td', row) for row in figure.rows)}</table></html>\n"
    )


def _line(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
