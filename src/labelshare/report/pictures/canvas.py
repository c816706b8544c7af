"""What every picture is drawn on, and how names and numbers are written in it.

A picture is inline SVG, `WIDTH` units wide, which the page scales. Colours come from the page's classes, so
that light, dark and paper are its business. Names are hostile: ElementTree writes the tree, and escapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from unicodedata import category, east_asian_width
from xml.etree.ElementTree import Element, SubElement, tostring

__all__ = ["WIDTH", "Canvas", "Figure", "clean", "count", "fit", "nice_step", "percent"]

WIDTH: Final = 400
_HIDDEN: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with what it says.

    Attributes:
        name: Its anchor in the page.
        title: What is drawn.
        svg: The picture; well-formed XML by itself.
        reading: One sentence: what to see.
        columns, rows: The same in numbers, for those who do not see it.
        legend: Classes of colour, each with its meaning.
    """

    name: str
    title: str
    svg: str
    reading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[tuple[str, str], ...] = ()


@dataclass
class Canvas:
    """An SVG picture in the making. Coordinates go right and down; `kind` is a class of the page's style."""

    label: str
    height: float = 0
    _root: Element = field(init=False)
    _words: list[Element] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img"})

    def rect(self, x: float, y: float, width: float, height: float, kind: str, tip: str = "") -> None:
        """A box; `tip` shows on hovering."""
        places = {"x": x, "y": y, "width": max(width, 0), "height": max(height, 0)}
        self._add("rect", kind, tip, **{name: _short(value) for name, value in places.items()})

    def path(self, steps: str, kind: str, tip: str = "") -> None:
        """A path from `steps` in SVG's notation."""
        self._add("path", kind, tip, d=steps)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line."""
        self.path(f"M{_short(x1)} {_short(y1)}L{_short(x2)} {_short(y2)}", kind)

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """Words with their baseline at y, in front of everything."""
        node = Element("text", {"x": _short(x), "y": _short(y), "text-anchor": anchor})
        if kind:
            node.set("class", kind)
        node.text = clean(words)
        self._words.append(node)

    def svg(self) -> str:
        """The picture, as high as what was drawn needs."""
        self._root.extend(self._words)
        self._words.clear()
        self._root.set("viewBox", f"0 0 {WIDTH} {_short(self.height)}")
        self._root.set("aria-label", clean(self.label))
        return tostring(self._root, encoding="unicode", short_empty_elements=False)

    def _add(self, name: str, kind: str, tip: str, **attributes: str) -> Element:
        node = SubElement(self._root, name, attributes)
        if kind:
            node.set("class", kind)
        if tip:
            SubElement(node, "title").text = clean(tip)
        return node


def clean(text: str) -> str:
    """A text without what cannot be printed: controls, lone surrogates, marks that turn the line around."""
    return "".join(each if each.isprintable() or category(each) == "Zs" else _HIDDEN for each in text)


def fit(text: str, cells: int) -> str:
    """A text cut to so many columns; wide characters take two."""
    text, used = clean(text), 0
    for at, each in enumerate(text):
        used += 2 if east_asian_width(each) in "WF" else 1
        if used > cells:
            return text[: max(at - 1, 0)] + "…"
    return text


def percent(part: int, whole: int, places: int = 0) -> str:
    """A part in percent, rounded to `places`; a dash of nothing."""
    return f"{100 * part / whole:.{places}f}\u00a0%" if whole else "–"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def nice_step(most: int, ticks: int = 4) -> int:
    """A round step, so that about `ticks` of them reach `most`; at least 1."""
    raw = max(-(-most // ticks), 1)
    size: int = 10 ** (len(str(raw)) - 1)
    return next(step * size for step in (1, 2, 5, 10) if step * size >= raw)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
