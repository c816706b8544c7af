"""Long tables: how long until they are there, what they put in the page, and how they scroll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from benchmarks.sides import SideError
from benchmarks.web.place import CLASSES, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.web.browser import Visitor

__all__ = ["Scroll", "Table", "contested", "preview", "rejected"]

WHEEL_PIXELS: Final = 12_000
WHEEL_SPEED: Final = 8_000
"""Pixels a second: what a hard spin of a wheel or a flick of a thumb comes to."""
DRAG_FRAMES: Final = 120
TURNS: Final = 20


class Scroll(NamedTuple):
    """Milliseconds between frames, and of tasks of more than 50 ms."""

    frames: Sequence[float]
    long_tasks: Sequence[float]


@dataclass(frozen=True)
class Table:
    """What was seen of one table.

    Attributes:
        shown_ms: Until its rows were on the screen.
        nodes: Elements in the whole page with them.
        scrolls: By how it was scrolled.
        turns_ms: Until the rows of the next page were there, for tables in pages.
    """

    shown_ms: float
    nodes: int
    scrolls: Mapping[str, Scroll]
    turns_ms: Sequence[float] = ()


def preview(visitor: Visitor, count: int) -> Table:
    """The requester's items, from the choice of a file on: read, hashed and listed."""
    _to_the_items(visitor)
    page, row = visitor.page, "[role=listbox] [role=option]"
    page.evaluate("rows => bench.since('change', rows)", row)
    page.get_by_label("Choose a file").set_input_files(
        {"name": "items.csv", "mimeType": "text/csv", "buffer": _csv(count)}
    )
    shown = float(page.evaluate("bench.result"))
    visitor.sees(f"{count:,} items from items.csv")
    nodes = int(page.evaluate("bench.nodes()"))
    page.locator(".rows").scroll_into_view_if_needed()
    scrolls = {"wheel": _wheel(visitor, ".rows"), "scroll bar": _drag(visitor, ".rows")}
    last = page.locator(f"{row}[aria-posinset='{count}']")
    if not last.count():
        raise SideError("the end of the list was reached, and its last row is not there")
    return Table(shown, nodes, scrolls)


def rejected(visitor: Visitor, count: int) -> Table:
    """The labels of an annotator that were not accepted, each with its reason."""
    visitor.page.goto(f"{visitor.url}/earnings")
    row = ".reasons tbody tr"
    shown = _seen(visitor, row)
    visitor.page.locator("summary", has_text=f"({count:,})").click()
    return _paged(visitor, shown, row, "Why labels were not paid in full", count)


def contested(visitor: Visitor, campaign: str, count: int) -> Table:
    """The items of a campaign on which annotators do not agree, from its evidence."""
    visitor.page.goto(f"{visitor.url}/fund/{campaign}")
    row = ".news a[href*='/audit/']"
    return _paged(visitor, _seen(visitor, row), row, "Contested items", count)


def _seen(visitor: Visitor, row: str) -> float:
    """From the start of the visit until there are rows and nothing more to do."""
    visitor.page.wait_for_function("each => bench.seen[each]", arg=row, timeout=120_000)
    return float(visitor.page.evaluate("each => bench.seen[each]", row))


def _paged(visitor: Visitor, shown: float, row: str, name: str, count: int) -> Table:
    """A table in pages: scrolled with the page around it, and turned to its end."""
    page = visitor.page
    first = page.locator(row).first
    first.wait_for()
    nodes = int(page.evaluate("bench.nodes()"))
    first.scroll_into_view_if_needed()
    scrolls = {"wheel": _wheel(visitor, "html")}
    pager = page.get_by_role("navigation", name=f"Pages: {name}")
    turns = []
    for _ in range(TURNS if pager.count() else 0):
        following = pager.get_by_role("button", name="Next")
        if following.get_attribute("aria-disabled") == "true":
            break
        page.evaluate("rows => bench.since('click', rows)", row)
        following.click()
        turns.append(float(page.evaluate("bench.result")))
    if pager.count():
        if pager.get_by_role("button", name="Last").get_attribute("aria-disabled") != "true":
            pager.get_by_role("button", name="Last").click()
        pager.get_by_text(f"{count:,} of {count:,}").wait_for()
    return Table(shown, nodes, scrolls, turns)


def _wheel(visitor: Visitor, selector: str) -> Scroll:
    """Down and up again, by events as a wheel sends them."""
    page = visitor.page
    box = page.locator(selector).bounding_box()
    size = page.viewport_size
    if box is None or size is None:
        raise SideError(f"there is no {selector} to scroll")
    x = min(size["width"] - 5, box["x"] + box["width"] / 2)
    y = min(size["height"] - 5, max(5, box["y"] + min(box["height"], size["height"]) / 2))
    session = page.context.new_cdp_session(page)
    page.evaluate("bench.begin()")
    for way in (-1, 1):
        where = {"x": x, "y": y, "yDistance": way * WHEEL_PIXELS, "speed": WHEEL_SPEED}
        session.send("Input.synthesizeScrollGesture", {**where, "gestureSourceType": "mouse"})
    return _ended(visitor)


def _drag(visitor: Visitor, selector: str) -> Scroll:
    """From the top to the end in two seconds: every row of every frame is a new one."""
    visitor.page.evaluate("bench.begin()")
    visitor.page.evaluate("([box, frames]) => bench.drag(box, frames)", [selector, DRAG_FRAMES])
    return _ended(visitor)


def _ended(visitor: Visitor) -> Scroll:
    found: dict[str, Any] = visitor.page.evaluate("bench.end()")
    return Scroll(found["frames"], found["longTasks"])


def _to_the_items(visitor: Visitor) -> None:
    """The wizard as far as the items: a dataset of one's own, and what is asked."""
    page = visitor.page
    visitor.go("/fund/new")
    page.get_by_role("radio").first.check()
    visitor.presses("Continue")
    page.get_by_label("Title").fill("Moods of texts")
    page.get_by_label("Instructions").fill("Say how the text sounds.")
    page.get_by_label("Classes", exact=True).fill("\n".join(CLASSES))
    visitor.presses("Continue")
    page.get_by_label("Choose a file").wait_for(state="attached")


def _csv(count: int) -> bytes:
    rows = (f'item-{item},"{text_of(item)}"' for item in range(count))
    return "\n".join(["id,text", *rows, ""]).encode()
