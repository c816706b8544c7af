"""A page as it stands, on a narrow screen: looked at in passing, by tests that walk at a wide one."""

from __future__ import annotations

from tests.web.browser import NARROW, Visitor


def too_wide(her: Visitor) -> list[str]:
    """What is wrong, if the page is wider than its screen."""
    is_wide = bool(her.page.evaluate("document.documentElement.scrollWidth > innerWidth"))
    return ["the page is wider than the screen"] if is_wide else []


def fits_when_narrow(*visitors: Visitor) -> None:
    """What each of them sees now fits into 390 px; afterwards they see it as before."""
    for her in visitors:
        before = her.page.viewport_size
        assert before is not None
        width, height = NARROW
        her.page.set_viewport_size({"width": width, "height": height})
        assert too_wide(her) == [], her.page.url
        her.page.set_viewport_size(before)
