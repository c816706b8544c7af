"""The annotators' skill, with how far chance may have moved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

from labelshare.report.interval import Interval
from labelshare.report.pictures.canvas import WIDTH, Canvas, Figure, count, fit
from labelshare.report.pictures.marks import MARKS, mark

__all__ = ["Earning", "Skilled", "drawn", "skills"]

NAMED: Final = 30
MOST: Final = 90
_TOP, _LOWEST = 30, -0.5
_HALF: Final = 18  # of the widest number below the scale


@dataclass(frozen=True, slots=True)
class Earning:
    """The skill beyond which work earns, and that from which on it earns its full price."""

    begins: float
    full: float


@dataclass(frozen=True, slots=True)
class Skilled:
    """One annotator: the skill that pay goes by, the raw one and its interval; `group` is an index."""

    name: str
    group: int
    labels: int
    skill: float
    interval: Interval | None


def drawn(people: Sequence[Skilled]) -> list[Skilled]:
    """Those with labels, the most skilled first; of very many some at equal steps, both ends among them."""
    ordered = sorted((each for each in people if each.labels), key=lambda each: (-each.skill, each.name))
    if len(ordered) <= MOST:
        return ordered
    return [ordered[at * (len(ordered) - 1) // (MOST - 1)] for at in range(MOST)]


def skills(people: Sequence[Skilled], groups: Sequence[str], earning: Earning, reading: str) -> Figure:
    """A mark for each skill that pay goes by, beside the raw one, a tick on its interval; the best on top.

    Args:
        people: The annotators.
        groups: Names of the groups; a mark's shape and colour say which.
        earning: Where pay begins and ends to rise.
        reading: What to see.
    """
    shown = drawn(people)
    few = len(shown) <= NAMED
    step, left = (15.0, 112.0) if few else (min(15.0, 540 / max(len(shown), 1)), 12.0)
    base = _TOP + step * max(len(shown), 1)
    lowest = _lowest(shown)
    canvas = Canvas(f"Skill. {reading}", base + 40)

    def place(skill: float) -> float:
        return left + (WIDTH - 12 - left) * (min(max(skill, lowest), 1.0) - lowest) / (1 - lowest)

    steps = 4 if lowest >= _LOWEST else 2
    ticks = [(place(at / steps), at / steps) for at in range(-steps, steps + 1)]
    _scale(canvas, base, lowest, place(0.0), ticks)
    for skill in (earning.begins, earning.full):
        canvas.line(place(skill), 20, place(skill), base, "mark")
    words = f"pay begins at {earning.begins:.2f} and is full from {earning.full:.2f} on"
    canvas.text(WIDTH / 2, 14, words, "", "middle")
    for at, each in enumerate(shown):
        y, kind = _TOP + step * (at + 0.5), f"group{each.group % MARKS}"
        if each.interval is not None:
            found = each.interval
            low, raw, high = place(found.low), place(found.raw), place(found.high)
            canvas.line(low, y, high, y, f"{kind} whisker")
            canvas.line(raw, y - 4, raw, y + 4, f"{kind} tick")
        tip = f"{each.name}: skill {_number(each)}, {count(each.labels, 'label')}"
        canvas.path(mark(each.group, place(each.skill), y, 4.2), f"{kind} dot", tip)
        if few:
            canvas.text(left - 8, y + 4, fit(each.name, 12), "quiet", "end")
    return Figure(
        "skill", "How skilled they are", canvas.svg(), reading, *_table(people, groups), _legend(groups)
    )


def _lowest(shown: Sequence[Skilled]) -> float:
    """Where the scale begins: every mark is on it; whiskers end with it where they go far below."""
    if any(each.skill < _LOWEST for each in shown):
        return -1.0
    ends = [min(each.skill, each.interval.low) if each.interval else each.skill for each in shown]
    return max(min([0.0, *(floor(4 * end) / 4 for end in ends)]), _LOWEST)


def _scale(
    canvas: Canvas, base: float, lowest: float, zero: float, ticks: Sequence[tuple[float, float]]
) -> None:
    for x, value in ticks:
        if value >= lowest:
            canvas.line(x, _TOP - 4, x, base, "axis" if x == zero else "grid")
            anchor = "end" if value == 1 else "start" if x < _HALF else "middle"
            canvas.text(x, base + 16, f"{value:.2f}", "quiet", anchor)
    canvas.text(WIDTH / 2, base + 33, "skill: 0 is chance, 1 is always with the others", "quiet", "middle")


def _number(each: Skilled) -> str:
    return f"{each.skill:.2f}" + ("" if each.interval is None else f", raw {each.interval}")


def _table(
    people: Sequence[Skilled], groups: Sequence[str]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    several = len(groups) > 1
    columns = ("annotator", *(("simulated as",) if several else ()), "labels", "skill", "raw", "from", "to")
    rows = []
    for each in people:
        found = each.interval
        ends = (found.raw, found.low, found.high) if found else ()
        numbers = tuple(f"{end:.2f}" for end in ends) or ("–", "–", "–")
        kind = (groups[each.group],) if several else ()
        rows.append((each.name, *kind, f"{each.labels:,}", f"{each.skill:.2f}", *numbers))
    return columns, tuple(rows)


def _legend(groups: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((f"group{at % MARKS}", name) for at, name in enumerate(groups)) if len(groups) > 1 else ()
