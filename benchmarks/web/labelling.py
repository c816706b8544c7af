"""Item after item by keyboard: how long after Enter the next one is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from benchmarks.sides import SideError

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

    from benchmarks.web.browser import Visitor

__all__ = ["in_editor", "in_page"]

PAUSE_MS: Final = 250
"""Between an item and its answer. Nobody reads faster; what a page does ahead must fit in here."""

_EDITOR: Final = "iframe[data-ready=true]"


def in_page(visitor: Visitor, path: str, count: int) -> list[float]:
    """Milliseconds for each of so many items in the page's own form.

    Raises:
        SideError: An item did not come, or the page has not taken every answer.
    """
    visitor.go(path)
    visitor.page.locator(".item-text").wait_for()
    times = [_answer(visitor.page, visitor.page.main_frame, item) for item in range(count)]
    _require_answered(visitor, count)
    return times


def in_editor(visitor: Visitor, path: str, count: int) -> list[float]:
    """The same in the frame of Label Studio's editor, with its own keys.

    Raises:
        SideError: As `in_page`; or there is no editor in the build.
    """
    visitor.go(path)
    visitor.presses("Use Label Studio's editor")
    times = []
    for item in range(count):
        element = visitor.page.locator(_EDITOR)
        element.wait_for()
        frame = element.element_handle().content_frame()
        if frame is None:
            raise SideError("the editor has no frame")
        element.focus()
        times.append(_answer(visitor.page, frame, item))
    _require_answered(visitor, count)
    return times


def _answer(page: Page, frame: Frame, item: int) -> float:
    """Chooses a class, which differs from item to item, and confirms it."""
    page.wait_for_timeout(PAUSE_MS)
    page.keyboard.press(str(1 + item % 3))
    frame.evaluate("bench.next()")
    page.keyboard.press("Enter")
    try:
        return float(frame.evaluate("bench.result"))
    except PlaywrightError:
        raise SideError(f"item {item} was confirmed, and no next one came") from None


def _require_answered(visitor: Visitor, count: int) -> None:
    heading = visitor.page.get_by_role("heading", name=f"{count} of {count + 1} answered", exact=True)
    try:
        expect(heading).to_be_visible()
    except AssertionError:
        title = visitor.page.get_by_role("heading").first.inner_text()
        raise SideError(f"{count} items were confirmed, and the page says: {title}") from None
