"""axe finds nothing serious on any page, in either theme; and nothing leaves the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.web.browser import NARROW, WIDE, Visitor
from tests.web.place import web_place
from tests.web.scenes import Scene, walk

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}


def serious(her: Visitor) -> list[str]:
    """What axe finds, each with the element; run from outside, where the page's own policy does not reach."""
    her.page.evaluate(AXE.read_text())
    found: dict[str, Any] = her.page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("size", "theme"), [(WIDE, "light"), (NARROW, "dark")], ids=["1280 light", "390 dark"]
)
def test_no_page_has_a_serious_fault(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, size: tuple[int, int], theme: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe is not installed; scripts/build-web brings it")
    seen: list[str] = []
    faults: dict[str, list[str]] = {}
    with web_place(anvil_program, tmp_path) as place:
        her = visitor(place.url, size, color_scheme=theme, reduced_motion="reduce")

        def look(scene: Scene) -> None:
            seen.append(scene.name)
            if found := serious(her):
                faults[scene.name] = found
            if too_wide(her):
                faults.setdefault(scene.name, []).append("the page is wider than the screen")

        walk(place, her, look)
        assert faults == {}
        assert len(seen) == len(set(seen)) > 20
        assert her.origins() <= {place.url, place.node}


def too_wide(her: Visitor) -> bool:
    return bool(her.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_the_first_key_leads_past_the_navigation(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        her = visitor(place.url)
        her.go("/datasets")
        her.page.keyboard.press("Tab")
        expect(her.page.get_by_role("link", name="Skip to the content")).to_be_focused()
        her.page.keyboard.press("Enter")
        her.page.keyboard.press("Tab")
        focused = her.page.evaluate("document.getElementById('content').contains(document.activeElement)")
        assert focused


def test_a_chosen_theme_stays(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    with web_place(anvil_program, tmp_path) as place:
        her = visitor(place.url, color_scheme="light")
        her.go("/")
        background = "getComputedStyle(document.body).backgroundColor"
        light = her.page.evaluate(background)
        her.presses("Use dark colours")
        assert her.page.evaluate(background) != light
        her.page.reload()
        expect(her.page.get_by_role("button", name="Use light colours")).to_be_visible()
        assert her.page.evaluate(background) != light
