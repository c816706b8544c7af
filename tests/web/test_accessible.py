"""axe finds nothing serious on any page, in either theme; and nothing leaves the page.

With LABELSHARE_DEEP=1 each scene is looked at in both looks; else in one, and the next scene in the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.web.axe import AXE, serious
from tests.web.browser import NARROW, WIDE, Visitor
from tests.web.narrow import too_wide
from tests.web.place import WebPlace, web_place
from tests.web.scenes import Scene
from tests.web.scenes_kinds import walk_kinds
from tests.web.walk import walk

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
DEEP = os.environ.get("LABELSHARE_DEEP") == "1"
LOOKS: tuple[tuple[tuple[int, int], Literal["dark", "light"]], ...] = ((NARROW, "dark"), (WIDE, "light"))


@pytest.fixture(scope="module")
def place(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPlace]:
    """For all: but for the walk, nobody does anything to it."""
    with web_place(anvil_program, tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.mark.timeout(600)
def test_no_page_has_a_serious_fault(place: WebPlace, visitor: Visitors) -> None:
    """One walk for both looks: a page is turned to the narrow screen and the dark theme where it stands."""
    if not AXE.is_file():
        pytest.skip("axe is not installed; scripts/build-web brings it")
    seen: list[str] = []
    faults: dict[str, list[str]] = {}

    def look(her: Visitor, scene: Scene) -> None:
        found: list[str] = []
        for size, theme in LOOKS if DEEP else [LOOKS[len(seen) % 2]]:
            her.turns_to(size, theme)
            found += serious(her) + too_wide(her)
        her.turns_to(*LOOKS[1])
        seen.append(scene.name)
        if found:
            faults[scene.name] = found

    made: list[Visitor] = []

    def someone() -> Visitor:
        made.append(visitor(place.url, WIDE, color_scheme="light", reduced_motion="reduce"))
        return made[-1]

    walk(place, someone, look)
    assert faults == {}
    assert len(seen) == len(set(seen)) > 50
    assert set().union(*(each.origins() for each in made)) <= {place.url, place.node}


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_no_kind_of_task_has_a_serious_fault(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, built_pages: Path
) -> None:
    if not AXE.is_file() or not (built_pages / "editor" / "frame.html").is_file():
        pytest.skip("axe, or Label Studio's editor, is not here; scripts/build-web brings both")
    faults: dict[str, list[str]] = {}

    def look(her: Visitor, scene: Scene) -> None:
        for size, theme in LOOKS:
            her.turns_to(size, theme)
            faults[f"{scene.name} {theme}"] = serious(her) + too_wide(her)

    walk_kinds(anvil_program, tmp_path, lambda url: visitor(url, WIDE, reduced_motion="reduce"), look)
    assert len(faults) == 18
    assert not any(faults.values()), faults


def test_the_first_key_leads_past_the_navigation(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    her.go("/datasets")
    her.page.keyboard.press("Tab")
    expect(her.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    her.page.keyboard.press("Enter")
    her.page.keyboard.press("Tab")
    focused = her.page.evaluate("document.getElementById('content').contains(document.activeElement)")
    assert focused


def test_a_chosen_theme_stays(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url, color_scheme="light")
    her.go("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = her.page.evaluate(background)
    her.presses("Use dark colours")
    assert her.page.evaluate(background) != light
    her.page.reload()
    expect(her.page.get_by_role("button", name="Use light colours")).to_be_visible()
    assert her.page.evaluate(background) != light
