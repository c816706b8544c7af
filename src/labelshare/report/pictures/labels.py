"""What became of the items: how many labels, how much agreement, what was taken for what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from statistics import median
from typing import Final

from labelshare.report.pictures.canvas import WIDTH, Canvas, Figure, count, fit, nice_step, percent

__all__ = ["Verdict", "agreement", "completion", "confusion"]

BINS: Final = 20
MOST_CLASSES: Final = 12
MOST_TILES: Final = 1_200
_LEFT, _RIGHT, _TOP, _BASE = 34, WIDTH - 6, 30, 180
_VERDICTS: Final = (("accepted", "accepted"), ("contested", "contested"), ("unlabelled", "without a label"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One item: its labels, how many of them are the winner's, whether it is accepted."""

    labels: int
    agreeing: int
    accepted: bool

    @property
    def kind(self) -> str:
        """The class of its colour."""
        if not self.labels:
            return "unlabelled"
        return "accepted" if self.accepted else "contested"


def completion(verdicts: Sequence[Verdict], asked: int | None) -> Figure:
    """How many labels the items have, and what came of it.

    Args:
        verdicts: On all items.
        asked: Labels of an item that were asked for; None where a crowd is as it was recorded.
    """
    kinds = Counter(verdict.kind for verdict in verdicts)
    total, usual = len(verdicts), _usual(verdicts)
    full = usual if asked is None else asked
    reading = (
        f"{_counted(verdicts, asked, usual)}; {kinds['accepted']:,} are accepted, "
        f"{kinds['contested']:,} contested, {kinds['unlabelled']:,} without a label."
    )
    few = total <= MOST_TILES
    if few:
        filled = "as full as it has labels" if asked else f"full from {count(full, 'label')} on"
        reading = f"{reading[:-1]}; each tile is one item, in their order, {filled}."
    canvas = Canvas(f"Completion. {reading}", 278)
    _strip(canvas, kinds, total)
    most = max([full, *(verdict.labels for verdict in verdicts)])
    bins = Counter((verdict.labels, verdict.kind) for verdict in verdicts)
    if few:
        _tiles(canvas, verdicts, full)
    else:
        _stacks(canvas, bins, most + 1, 66)
        _axis_of_counts(canvas, most, asked, 66)
    rows = tuple(
        (f"{labels:,}", *(f"{bins[labels, kind]:,}" for kind, _ in _VERDICTS))
        for labels in range(most + 1)
        if any(bins[labels, kind] for kind, _ in _VERDICTS)
    )
    columns = ("labels of an item", *(f"items {words}" for _, words in _VERDICTS))
    return Figure("completion", "How complete it is", canvas.svg(), reading, columns, rows, _legend(kinds))


def _usual(verdicts: Sequence[Verdict]) -> int:
    """The middle of the items' labels, rounded down, at least 1."""
    return max(int(median([verdict.labels for verdict in verdicts] or [1])), 1)


def _counted(verdicts: Sequence[Verdict], asked: int | None, usual: int) -> str:
    """How many labels the items have, against what was asked for or as the crowd gave them."""
    labels, total = [verdict.labels for verdict in verdicts], len(verdicts)
    if asked is not None:
        full = sum(each >= asked for each in labels)
        return f"{full:,} of {count(total, 'item')} have the {count(asked, 'label')} asked for"
    least, most = min(labels, default=0), max(labels, default=0)
    if least == most:
        return f"The crowd gave each of {count(total, 'item')} {count(most, 'label')}"
    return f"The crowd gave {count(total, 'item')} {least:,} to {count(most, 'label')}, {usual:,} the median"


def _legend(kinds: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    return tuple((kind, words) for kind, words in _VERDICTS if kinds.get(kind))


def _strip(canvas: Canvas, kinds: Mapping[str, int], total: int) -> None:
    x = 0.0
    for kind, words in _VERDICTS:
        width = WIDTH * kinds[kind] / max(total, 1)
        canvas.rect(x, 0, width, 22, f"{kind} solid", f"{words}: {kinds[kind]:,}")
        if width > 26:
            canvas.text(x + width / 2, 38, percent(kinds[kind], total), "quiet", "middle")
        x += width


def _tiles(canvas: Canvas, verdicts: Sequence[Verdict], enough: int) -> None:
    """A tile an item, filled from the bottom as far as its labels go, wholly where they are enough."""
    across = isqrt(max(2 * len(verdicts) - 1, 0)) + 1
    side = min(WIDTH / across, 26)
    gap = min(side / 6, 2)
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for at, verdict in enumerate(verdicts):
        x, y, width = at % across * side, 52 + at // across * side, side - gap
        full = width * min(verdict.labels / enough, 1)
        paths["depth0"].append(f"M{x:.1f} {y:.1f}h{width:.1f}v{width:.1f}h-{width:.1f}z")
        if full:
            box = f"M{x:.1f} {y + width:.1f}h{width:.1f}v-{full:.1f}h-{width:.1f}z"
            paths[f"{verdict.kind} solid"].append(box)
    for kind, steps in paths.items():
        canvas.path("".join(steps), kind)
    canvas.height = 52 + -(-len(verdicts) // across) * side


def _stacks(canvas: Canvas, bins: Mapping[tuple[int, str], int], places: int, top_extra: float) -> None:
    """Bars of items, one a place, accepted ones at the bottom; with the scale at the left."""
    base, top = _BASE + top_extra - 8, _TOP + top_extra - 8
    heights: Counter[int] = Counter()
    for (place, _), number in bins.items():
        heights[place] += number
    most = max(heights.values(), default=1)
    step = nice_step(most)
    for value in range(0, most + 1, step):
        y = base - (base - top) * value / most
        canvas.line(_LEFT, y, _RIGHT, y, "axis" if not value else "grid")
        canvas.text(_LEFT - 5, y + 4, f"{value:,}", "quiet", "end")
    width = (_RIGHT - _LEFT) / places
    gap = min(3.0, width / 6)
    for place in range(places):
        y = base
        for kind, words in _VERDICTS:
            number = bins.get((place, kind), 0)
            high = (base - top) * number / most
            y -= high
            if number:
                box = (_LEFT + place * width + gap / 2, y, width - gap, high)
                canvas.rect(*box, f"{kind} solid", f"{count(number, 'item')} {words}")


def _axis_of_counts(canvas: Canvas, most: int, asked: int | None, top_extra: float) -> None:
    base, top = _BASE + top_extra - 8, _TOP + top_extra - 8
    width = (_RIGHT - _LEFT) / (most + 1)
    step = nice_step(most, 10)
    for labels in range(0, most + 1, step):
        canvas.text(_LEFT + (labels + 0.5) * width, base + 16, f"{labels:,}", "quiet", "middle")
    canvas.text((_LEFT + _RIGHT) / 2, base + 32, "labels of an item", "quiet", "middle")
    if asked is None:
        return
    x = _LEFT + (asked + 0.5) * width
    canvas.line(x, top - 12, x, base, "mark")
    anchor = "end" if x > WIDTH / 2 else "start"
    canvas.text(x - 5 if anchor == "end" else x + 5, top - 6, f"asked for: {asked:,}", "", anchor)


def agreement(verdicts: Sequence[Verdict], threshold: Fraction | None) -> Figure:
    """How large a part of an item's labels the winner has, over all items.

    Args:
        verdicts: On all items.
        threshold: The part from which on a winner is accepted; None where a model weighs the labels.
    """
    labelled = [verdict for verdict in verdicts if verdict.labels]
    unanimous = sum(verdict.agreeing == verdict.labels for verdict in labelled)
    contested = sum(not verdict.accepted for verdict in labelled)
    reading = f"On {unanimous:,} of {count(len(labelled), 'item')} all labels agree; " + (
        f"left of the line, where the winner has less than {_words(threshold)} of them, stand the "
        f"{contested:,} contested ones."
        if threshold is not None
        else "labels weigh what their annotators' records say, so that a small part may be enough."
    )
    canvas = Canvas(f"Agreement. {reading}", 224)
    bins = Counter((_bin(verdict), verdict.kind) for verdict in labelled)
    kinds = Counter(verdict.kind for verdict in labelled)
    _stacks(canvas, bins, BINS, 8)
    for tenth in range(0, 11, 2):
        x = _LEFT + (_RIGHT - _LEFT) * tenth / 10
        canvas.text(x, _BASE + 16, f"{10 * tenth} %", "quiet", "middle" if tenth < 10 else "end")
    canvas.text((_LEFT + _RIGHT) / 2, _BASE + 33, "the winner's part of an item's labels", "quiet", "middle")
    if threshold is not None:
        x = _LEFT + (_RIGHT - _LEFT) * float(threshold)
        canvas.line(x, 10, x, _BASE, "mark")
        canvas.text(x - 5, 16, f"accepted from {_words(threshold)} on", "", "end")
    rows = tuple(
        (f"{5 * place} % to {5 * place + 5} %", *(f"{bins[place, kind]:,}" for kind, _ in _VERDICTS[:2]))
        for place in range(BINS)
        if bins[place, "accepted"] or bins[place, "contested"]
    )
    columns = ("the winner's part", "items accepted", "items contested")
    title = "How much the annotators agree"
    return Figure("agreement", title, canvas.svg(), reading, columns, rows, _legend(kinds))


def _bin(verdict: Verdict) -> int:
    return min(BINS * verdict.agreeing // verdict.labels, BINS - 1)


def _words(part: Fraction) -> str:
    return f"{part.numerator}/{part.denominator}" if part != 1 else "all"


# ------------------------------------------------------------------- what for what


def confusion(pairs: Mapping[tuple[int, int], int], name_of: Callable[[int], str]) -> Figure:
    """Items by true class (rows) and winner (columns), of those whose truth is known.

    Of many classes the ones most often mistaken stand alone, and all others together.
    """
    alone, others = _chosen(pairs)
    names = [name_of(each) for each in alone] + ([f"{others} others"] if others else [])
    place = {each: at for at, each in enumerate(alone)}
    cells: Counter[tuple[int, int]] = Counter()
    for (truth, winner), number in pairs.items():
        cells[place.get(truth, len(alone)), place.get(winner, len(alone))] += number
    reading = _mistakes(pairs, name_of)
    canvas = Canvas(f"Confusion matrix. {reading}")
    _matrix(canvas, cells, names)
    ordered = sorted(pairs.items(), key=lambda pair: (pair[0][0] == pair[0][1], -pair[1], pair[0]))
    rows = tuple((name_of(t), name_of(w), f"{number:,}") for (t, w), number in ordered)
    columns = ("truth", "winner", "items")
    return Figure("confusion", "What was taken for what", canvas.svg(), reading, columns, rows)


def _chosen(pairs: Mapping[tuple[int, int], int]) -> tuple[list[int], int]:
    """The classes that get a row of their own, and how many do not."""
    seen = sorted({each for pair in pairs for each in pair})
    if len(seen) <= MOST_CLASSES:
        return seen, 0
    faults: Counter[int] = Counter()
    for (truth, winner), number in pairs.items():
        faults[truth] += number if truth != winner else 0
        faults[winner] += number if truth != winner else 0
    alone = sorted(seen, key=lambda each: (-faults[each], each))[: MOST_CLASSES - 1]
    return sorted(alone), len(seen) - len(alone)


def _mistakes(pairs: Mapping[tuple[int, int], int], name_of: Callable[[int], str]) -> str:
    total, right = sum(pairs.values()), sum(number for (t, w), number in pairs.items() if t == w)
    start = f"{right:,} of {count(total, 'item')} stand on the diagonal, where the winner is right"
    wrong = {pair: number for pair, number in pairs.items() if pair[0] != pair[1]}
    if not wrong:
        return f"{start}; none is off it."
    truth, winner = max(wrong, key=lambda pair: (wrong[pair], pair))
    worst = f"“{fit(name_of(truth), 24)}” was taken for “{fit(name_of(winner), 24)}”"
    return f"{start}; most often off it, {count(wrong[truth, winner], 'time')}, {worst}."


def _matrix(canvas: Canvas, cells: Mapping[tuple[int, int], int], names: Sequence[str]) -> None:
    size = len(names)
    top, side = 44, min((WIDTH - 104) / size, 70)
    left = max(100, (WIDTH - size * side) / 2)
    canvas.text(left, 14, "winner →", "quiet")
    canvas.text(left - 8, top - 8, "truth ↓", "quiet", "end")
    sums = [sum(cells.get((row, column), 0) for column in range(size)) for row in range(size)]
    for at, name in enumerate(names):
        canvas.text(left - 8, top + (at + 0.5) * side + 4, fit(name, 10), "", "end")
        canvas.text(left + (at + 0.5) * side, top - 8, fit(name, max(int(side / 8.5), 2)), "", "middle")
        for column, other in enumerate(names):
            number = cells.get((at, column), 0)
            kind = "right" if at == column else "wrong"
            box = (left + column * side, top + at * side, side - 1.5, side - 1.5)
            depth = -(-4 * number // sums[at]) if number else 0
            tip = f"truth {name}, winner {other}: {number:,} ({percent(number, sums[at])} of the row)"
            canvas.rect(*box, f"{kind} depth{depth}", tip)
            if number:
                x, y = box[0] + side / 2 - 0.75, box[1] + side / 2 + 3.5
                canvas.text(x, y, f"{number:,}", f"on{depth}", "middle")
    canvas.height = top + size * side + 4
