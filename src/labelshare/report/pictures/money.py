"""Where the money went, and when revenue came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.report.pictures.canvas import WIDTH, Canvas, Figure, fit, percent

__all__ = ["Claim", "Node", "Payment", "flow", "revenue"]

Show = Callable[[int], str]

_BAR, _GAP, _SLOT = 10, 12, 32
_COLUMNS: Final = (0, 132, 264)
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Node:
    """Money in one place and the parts it went on in, which come to no more than the whole."""

    name: str
    amount: int
    kind: str
    parts: tuple[Node, ...] = ()


def flow(trees: Sequence[Node], show: Sequence[Show], reading: str) -> Figure:
    """Streams of money, as wide as what flows; each tree is drawn to its own scale, in its own unit."""
    canvas = Canvas(f"Flow of money. {reading}")
    top = 4.0
    for tree, shown in zip(trees, show, strict=True):
        scale = 150 / max(tree.amount, 1)
        bottom = _draw(canvas, tree, 0, top, scale, shown)
        top = max(bottom, top + scale * tree.amount) + 22
    canvas.height = max(top - 18, 20)
    rows = [row for tree, shown in zip(trees, show, strict=True) for row in _rows(tree, "", tree, shown)]
    columns = ("from", "to", "amount", "part of the first")
    return Figure("flow", "Where the money went", canvas.svg(), reading, columns, tuple(rows))


def _draw(canvas: Canvas, node: Node, depth: int, top: float, scale: float, show: Show) -> float:
    """Draw a node with all that comes from it; returns where the next may begin."""
    x, height = _COLUMNS[depth], max(scale * node.amount, 1.5 if node.amount else 0)
    tip = f"{node.name}: {show(node.amount)}"
    canvas.rect(x, top, _BAR, height, f"{node.kind} solid", tip)
    canvas.text(x + _BAR + 5, top + 11, fit(node.name, 19 if depth < 2 else 17))
    canvas.text(x + _BAR + 5, top + 25, show(node.amount), "small")
    leaves, below = top, top
    for part in node.parts:
        if part.amount:
            steps = _ribbon(x + _BAR, leaves, _COLUMNS[depth + 1], below, max(scale * part.amount, 1.5))
            canvas.path(steps, f"{part.kind} stream", f"{node.name} → {part.name}: {show(part.amount)}")
        below = _draw(canvas, part, depth + 1, below, scale, show)
        leaves += scale * part.amount
    return max(below, top + max(height, _SLOT - _GAP) + _GAP)


def _ribbon(x1: float, y1: float, x2: float, y2: float, width: float) -> str:
    middle = (x1 + x2) / 2
    return (
        f"M{x1} {y1:.1f}C{middle} {y1:.1f} {middle} {y2:.1f} {x2} {y2:.1f}"
        f"v{width:.1f}C{middle} {y2 + width:.1f} {middle} {y1 + width:.1f} {x1} {y1 + width:.1f}z"
    )


def _rows(node: Node, source: str, root: Node, show: Show) -> list[tuple[str, ...]]:
    own = (source or "–", node.name, show(node.amount), percent(node.amount, root.amount, 1))
    return [own, *(row for part in node.parts for row in _rows(part, node.name, root, show))]


# ------------------------------------------------------------------------ over time


@dataclass(frozen=True, slots=True)
class Payment:
    """Revenue that arrived at `time`; `left` streams until `end`."""

    time: int
    amount: int
    left: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Revenue that a holder took."""

    time: int
    amount: int


def streamed(payments: Sequence[Payment]) -> list[tuple[int, int]]:
    """Corners of what has streamed to the holders by each time; straight lines join them."""
    corners: list[tuple[int, int]] = []
    paid = 0
    for payment, after in zip(payments, [*payments[1:], None], strict=True):
        paid += payment.amount
        corners.append((payment.time, paid - payment.left))
        until = payment.end if after is None else min(payment.end, after.time)
        span = payment.end - payment.time
        waits = payment.left * (payment.end - until) // span if span else 0
        corners.append((until, paid - waits))
    return corners


def revenue(payments: Sequence[Payment], claims: Sequence[Claim], show: Show, reading: str) -> Figure:
    """What streamed to the holders over time, and what they took of it."""
    canvas = Canvas(f"Revenue over time. {reading}", 214)
    corners, taken = streamed(payments), _steps(claims)
    start = payments[0].time
    last = max([time for time, _ in corners] + [claim.time for claim in claims])
    span = max(last - start, 1) * 1.06
    most = max(sum(each.amount for each in payments), 1)
    left, right, top, base = 8, WIDTH - 8, 26, 178

    def place(time: int, amount: int) -> str:
        x, y = left + (right - left) * (time - start) / span, base - (base - top) * amount / most
        return f"{x:.1f} {y:.1f}"

    end = start + round(span)
    line = [place(time, amount) for time, amount in [*corners, (end, corners[-1][1])]]
    canvas.path(f"M{left} {base}L{'L'.join(line)}V{base}z", "holders stream")
    canvas.path(f"M{'L'.join(line)}", "holders stroke")
    if taken:
        canvas.path("M" + "L".join(place(*each) for each in [*taken, (end, taken[-1][1])]), "taken stroke")
    canvas.line(left, top, right, top, "grid")
    canvas.text(right, top - 8, f"all that was paid in: {show(most)}", "quiet", "end")
    canvas.line(left, base, right, base, "axis")
    _days(canvas, round(span), left, right, base)
    moments = [(each.time, "paid in", each.amount) for each in payments]
    moments += [(each.time, "claimed", each.amount) for each in claims]
    rows = [(f"{(time - start) / _DAY:.2f}", what, show(amount)) for time, what, amount in sorted(moments)]
    legend = (("holders", "has streamed to the holders"), ("taken", "claimed by them"))
    title, columns = "Revenue over time", ("day", "what", "amount")
    return Figure("revenue", title, canvas.svg(), reading, columns, tuple(rows), legend)


def _steps(claims: Sequence[Claim]) -> list[tuple[int, int]]:
    corners: list[tuple[int, int]] = []
    total = 0
    for claim in sorted(claims, key=lambda each: each.time):
        corners.append((claim.time, total))
        total += claim.amount
        corners.append((claim.time, total))
    return corners


def _days(canvas: Canvas, span: int, left: float, right: float, base: float) -> None:
    days = span // _DAY
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100, 365, 10**6) if days <= 8 * each)
    for day in range(0, days + 1, step):
        x = left + (right - left) * day * _DAY / span
        canvas.line(x, base, x, base + 4, "axis")
        canvas.text(x, base + 18, str(day), "quiet", "middle")
    canvas.text((left + right) / 2, base + 33, "days since the first payment", "quiet", "middle")
