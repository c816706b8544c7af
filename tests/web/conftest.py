"""A Chromium for the tests of a module, and the built pages that it shows.

Not for all of a process: while it runs, its thread has an event loop, which others would stumble over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.web.browser import Visitor

BUILT = ROOT / "src" / "labelshare" / "web" / "index.html"


@pytest.fixture(scope="session")
def built_pages() -> Path:
    """The folder of the built web app."""
    if not BUILT.is_file():
        pytest.skip("the web app is not built; scripts/build-web does it")
    return BUILT.parent


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser."""
    pytest.importorskip("playwright", reason="playwright is not installed; scripts/test brings it")
    from tests.web.browser import chromium_program, running_chromium

    program = chromium_program()
    if program is None:
        pytest.skip("no Chromium on PATH; LABELSHARE_CHROMIUM names one")
    with running_chromium(program) as browser:
        yield browser


@pytest.fixture
def visitor(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with a profile of its own; what their pages report as faults fails the test."""
    from tests.web.browser import Visitor

    request.getfixturevalue("built_pages")
    made: list[Visitor] = []

    def make(url: str, *size: Any, **options: Any) -> Visitor:
        made.append(Visitor(chromium, url, *size, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert [fault for each in made for fault in each.faults] == []
