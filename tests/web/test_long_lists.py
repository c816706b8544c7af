"""A list that the service has more of than a page reads: that is said, and read on when asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.web.browser import NARROW, Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import web_place

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

COUNT = 10_002


def many_campaigns(route: Route) -> None:
    """The service's one campaign, more often than a test could fund it, in pages as it makes them."""
    (row,) = route.fetch(url=route.request.url.split("?")[0]).json()["items"]
    query = parse_qs(urlsplit(route.request.url).query)
    first, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
    end = min(COUNT, first + limit)
    rows = [
        row | {"id": f"0x{at:064x}", "title": f"Moods {at}", "status": "final"} for at in range(first, end)
    ]
    answer = {"items": rows, "next": str(end) if end < COUNT else None}
    route.fulfill(status=200, content_type="application/json", body=json.dumps(answer))


def test_what_was_not_read_is_said_and_read_on(
    anvil_program: Path, tmp_path: Path, visitor: Callable[..., Visitor]
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        her = visitor(place.url, NARROW)
        page = her.page
        page.route("**/v1/campaigns?*", many_campaigns)
        her.go("/")
        expect(page.get_by_role("button", name="10,000", exact=True)).to_be_visible()
        her.sees("Only the first 10,000 were read. The service has more.")
        fits_when_narrow(her)
        her.presses("Read on")
        expect(page.get_by_role("button", name="10,002", exact=True)).to_be_visible()
        expect(page.get_by_text("Only the first")).to_be_hidden()

        her.presses("10,002")
        expect(page.get_by_text("1–48 of 10,002")).to_be_visible()
        her.presses("Last")
        her.sees("Moods 10001")
        assert page.locator("a.card").count() < 48
        page.unroute_all(behavior="wait")
