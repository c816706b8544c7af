"""A list that the service has more of than a page reads: that is said, and read on when asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from labelshare.chain.events import CampaignCreated
from labelshare.chain.state import Status
from labelshare.oracle.catalogue import Catalogue
from labelshare.store.spec_facts import Facts
from labelshare.types import CampaignId, Hash32
from tests.web.browser import NARROW, Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import web_place

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

COUNT = 10_002


class Many:
    """A catalogue that has its one campaign more often than a test could fund it; the service pages it."""

    def __init__(self, real: Catalogue) -> None:
        self._real = real
        (only,) = real.campaigns()
        (fact,) = real.facts([only]).values()
        names = [CampaignId(Hash32(at.to_bytes(32, "big"))) for at in range(COUNT)]
        self._rows = [
            replace(only, campaign=name, log=replace(only.log, block=COUNT - at))
            for at, name in enumerate(names)
        ]
        self._facts = {name: replace(fact, title=f"Moods {at}") for at, name in enumerate(names)}

    def newest(
        self, before: tuple[int, int] | None, most: int, wanted: Callable[[CampaignCreated], bool]
    ) -> list[CampaignCreated]:
        first = 0 if before is None else COUNT - before[0] + 1
        return [each for each in self._rows[first : first + most] if wanted(each)]

    def statuses(self, names: Collection[CampaignId]) -> dict[CampaignId, Status]:
        return dict.fromkeys(names, Status.FINAL)

    def facts(self, campaigns: Collection[CampaignCreated]) -> dict[CampaignId, Facts]:
        return {each.campaign: self._facts[each.campaign] for each in campaigns}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_what_was_not_read_is_said_and_read_on(
    anvil_program: Path, tmp_path: Path, visitor: Callable[..., Visitor]
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        place.desk.catalogue = Many(place.desk.catalogue)  # type: ignore[assignment]
        her = visitor(place.url, NARROW)
        page = her.page
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
