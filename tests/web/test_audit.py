"""The public audit: what holds is shown to hold, and an oracle that shows altered evidence is found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from labelshare.oracle.catalogue import Catalogue
from labelshare.store.bundles import Bundle
from labelshare.types import CampaignId, Hash32
from tests.web.browser import NARROW, Visitor
from tests.web.place import WebPlace, web_place
from tests.web.scenes import OTHERS

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]


@pytest.fixture(scope="module")
def settled(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPlace]:
    """A campaign that is final, by three annotators."""
    with web_place(anvil_program, tmp_path_factory.mktemp("audit")) as place:
        stage = place.stage.accept().enrol(*OTHERS).draw()
        stage.work(ann=4, ben=4, cleo=4).reveal(*OTHERS).settle()
        yield place


def audited(place: WebPlace, visitor: Visitors) -> Visitor:
    her = visitor(place.url, NARROW)
    her.go(f"/campaigns/{place.campaign}/audit")
    her.sees("The proposed settlement is what the contract stores")
    her.presses("Download and check the evidence")
    her.sees("Its verdicts make the root of verdicts on chain")
    return her


def test_every_check_holds_and_needs_no_wallet(settled: WebPlace, visitor: Visitors) -> None:
    her = audited(settled, visitor)
    expect(her.page.locator(".mark.good")).to_have_count(8)
    expect(her.page.locator(".mark.bad")).to_have_count(0)
    payouts = her.page.locator(".table-wrap", has_text="Stake lost")
    assert payouts.evaluate("each => each.scrollWidth <= each.clientWidth")
    her.page.get_by_label("Item number").fill(str(item_of(settled) + 1))
    her.presses("Show")
    expect(her.page.get_by_role("heading", name=f"Item {item_of(settled) + 1}", exact=True)).to_be_visible()
    her.sees("The verdict is under the root on chain")
    expect(her.page.locator("td .mark.good").first).to_be_visible()
    expect(her.page.locator(".mark.bad")).to_have_count(0)
    assert her.origins() <= {settled.url, settled.node}


def test_altered_evidence_is_found_out(
    settled: WebPlace, visitor: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = settled.desk.bundle

    def lying(name: CampaignId, bundle: Hash32) -> Bundle:
        found = honest(name, bundle)
        return Altered(found.database, found.campaign, found.name, found.size)

    monkeypatch.setattr(settled.desk, "bundle", lying)
    her = audited(settled, visitor)
    expect(her.page.locator(".mark.bad")).to_have_count(2)
    for title in (
        "The evidence is the file whose hash is on chain",
        "Its verdicts make the root of verdicts",
    ):
        row = her.page.locator("li", has_text=title)
        expect(row.locator(".mark.bad")).to_be_visible()


def test_a_lost_line_is_no_proof_that_fails(settled: WebPlace, visitor: Visitors) -> None:
    her = visitor(settled.url)
    with settled.line.broken("^/v1/campaigns/.*/proofs/"):
        her.go(f"/campaigns/{settled.campaign}/audit/{item_of(settled)}")
        her.sees("The service did not answer.")
        expect(her.page.locator(".mark.bad")).to_have_count(0)
    her.presses("Try again")
    her.sees("The verdict is under the root on chain")
    expect(her.page.locator(".mark.bad")).to_have_count(0)


def test_an_altered_spec_is_not_shown(
    settled: WebPlace, visitor: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled.desk, "catalogue", Lying(settled.desk.catalogue))
    her = visitor(settled.url)
    her.go(f"/campaigns/{settled.campaign}")
    her.sees("the spec is not the one on chain")
    expect(her.page.get_by_text("Say why")).to_have_count(0)


class Altered(Bundle):
    """Evidence in which an accepted item is none."""

    def part(self, start: int, end: int) -> bytes:
        return super().part(start, end).replace(b'"accepted":true', b'"accepted":null', 1)


class Lying:
    """A catalogue that shows another spec than it knows."""

    def __init__(self, honest: Catalogue) -> None:
        self._honest = honest

    def spec_bytes(self, digest: Hash32) -> bytes:
        return self._honest.spec_bytes(digest).replace(b"Say how", b"Say why", 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._honest, name)


def item_of(place: WebPlace) -> int:
    return place.stage.engine.book.openings()[0].items[0]
