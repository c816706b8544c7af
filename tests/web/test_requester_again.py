"""A requester in other weather: dropped files, a line that breaks, another browser, an absent oracle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from labelshare.chain.history import campaign_record
from labelshare.chain.state import Status
from labelshare.commands.gold_file import read_gold_file
from labelshare.types import CampaignId
from tests.web.browser import Visitor
from tests.web.foreign import Foreign, lower
from tests.web.narrow import fits_when_narrow
from tests.web.place import web_place
from tests.web.requesting import (
    COUNT,
    csv_of,
    describes,
    funds,
    prices,
    publishes,
    requester_place,
)
from tests.web.test_hundred_items import saved_backup
from tests.web.test_requester_imports import picture, rows
from tests.web.test_requester_journey import has_the_items, reveals

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(300)]

Visitors = Callable[..., Visitor]
PEOPLE = 4

# While the mark stands, the line takes five items of a page and no more.
BROKEN_LINE = """
const real = window.fetch;
let taken = 0;
window.fetch = async (...asked) => {
  const isItem = asked[1]?.method === 'PUT' && String(asked[0]).includes('/media/');
  const isBroken = isItem && sessionStorage.getItem('broken') === 'yes';
  if (isBroken && (taken += 1) > 5) throw new TypeError('the line was lost');
  return real(...asked);
};
"""


def drops(her: Visitor, *paths: Path) -> None:
    """Dragged from the desktop onto the page, as the browser itself hands files on."""
    her.page.locator(".drop").scroll_into_view_if_needed()
    box = her.page.locator(".drop").bounding_box()
    assert box is not None
    browser = her.context.new_cdp_session(her.page)
    data = {"items": [], "files": [str(each) for each in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": data}
        browser.send("Input.dispatchDragEvent", place)
    browser.detach()


def imports_by_dropping(her: Visitor, folder: Path) -> None:
    """A folder within a folder, some files, a file that is nothing, and last the table that it is to be."""
    signs = folder / "signs"
    (signs / "more").mkdir(parents=True)
    for number, name in enumerate(("10.png", "9.png", "more/1.png")):
        (signs / name).write_bytes(picture(number))
    drops(her, signs)
    her.sees("3 items from a folder of pictures")
    expect(rows(her)).to_have_text(["1signs/9.png", "2signs/10.png", "3signs/more/1.png"])
    drops(her, signs / "10.png", signs / "9.png")
    her.sees("2 items from a folder of pictures")
    notes = folder / "notes.xlsx"
    notes.write_bytes(b"PK\x03\x04")
    drops(her, notes)
    her.sees("notes.xlsx is of no kind that can be imported")
    her.sees("2 items from a folder of pictures")
    fits_when_narrow(her)
    table = folder / "soups.csv"
    table.write_text(csv_of())
    drops(her, table)
    her.sees(f"{COUNT} items from soups.csv (CSV)")
    her.sees(f"2 of {COUNT} items are gold")
    fits_when_narrow(her)
    her.presses("Continue")


def loses_the_line(her: Visitor) -> None:
    """In the middle of the items, and again after the page was loaded anew."""
    her.sees(f"5 of {COUNT} handed in")
    fits_when_narrow(her)
    her.page.reload()
    her.sees(f"5 of {COUNT} handed in")


def has_the_line_again(her: Visitor) -> None:
    her.page.evaluate("() => sessionStorage.removeItem('broken')")
    her.sees("The oracle has all items.")


def hands_in_from_elsewhere(another: Visitor, campaign: CampaignId, folder: Path) -> None:
    """A browser that has nothing of the campaign says what is missing, and takes the file again."""
    another.connects(0)
    another.go(f"/fund/{campaign}")
    another.sees(f"The oracle lacks {COUNT - 5} of {COUNT} items, and they are not in this browser")
    fits_when_narrow(another)
    drops(another, folder / "signs")
    another.sees("Nothing in it is an item of this campaign that the oracle lacks.")
    drops(another, folder / "soups.csv")
    another.sees("The oracle has all items.")


def restores_in(another: Visitor, campaign: CampaignId, backup: Path) -> None:
    another.sees("The gold of this campaign is not in this browser.")
    fits_when_narrow(another)
    altered = backup.with_name("altered.json")
    content = json.loads(backup.read_text())
    content["gold"][0]["secret"] = "0x" + "11" * 32
    altered.write_text(json.dumps(content))
    another.page.goto("about:blank")
    another.go("/backup")
    choose = another.page.get_by_label("Backup file")
    choose.set_input_files(altered)
    another.sees("gold 0 of the file is none: the file was altered")
    fits_when_narrow(another)
    choose.set_input_files(backup)
    another.sees("and 1 set of sealed gold")
    another.go(f"/fund/{campaign}")
    another.sees("2 sealed answers are in this browser.")


def test_dropped_files_a_lost_line_and_gold_in_another_browser(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with requester_place(anvil_program, tmp_path) as place:
        her = visitor(place.url, accept_downloads=True)
        her.context.add_init_script(BROKEN_LINE)
        her.connects(0)
        publishes(her)
        describes(her)
        imports_by_dropping(her, tmp_path)
        prices(her)
        her.page.evaluate("() => sessionStorage.setItem('broken', 'yes')")
        campaign, gold = funds(her)
        loses_the_line(her)
        another = visitor(place.url)
        hands_in_from_elsewhere(another, campaign, tmp_path)
        has_the_line_again(her)
        her.page.goto("about:blank")
        backup = saved_backup(her, tmp_path)
        her.close()

        place.seat(campaign, PEOPLE)
        restores_in(another, campaign, backup)
        has_the_items(place, campaign)
        place.draw(campaign)
        place.label(campaign)
        place.close(campaign)
        chain = place.ground.contracts.registry.chain
        assert campaign_record(chain, place.ground.deployment, campaign).gold == ()
        reveals(another, campaign, count=2)
        gold_file = tmp_path / "gold.json"
        gold_file.write_text(json.dumps(gold))
        posted = campaign_record(chain, place.ground.deployment, campaign).gold
        assert posted == (read_gold_file(gold_file).reveal,)
        another.page.goto("about:blank")


def test_an_oracle_that_never_accepts_costs_nothing(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, registry = place.stage, place.stage.contracts.registry
        requester, token = stage.requester.address, stage.contracts.development_token.address
        body = {"jsonrpc": "2.0", "id": 1, "method": "anvil_impersonateAccount", "params": [str(requester)]}
        assert "error" not in httpx.post(place.node, json=body).json()
        her = visitor(place.url)
        wallet = Foreign(place.node, lower(requester)).given_to(her)
        her.go("/connect")
        her.presses(wallet.name)
        campaign = stage.scope.campaign_id
        her.page.goto(f"{place.url}/fund/{campaign}")
        her.sees("Nothing of yours lies in the registry outside of campaigns.")
        cancel = her.page.get_by_role("button", name="Cancel and take the money back")
        expect(cancel).to_have_count(0)
        escrow, before = registry.campaign(campaign).escrow, place.tokens(requester)
        assert escrow > 0

        stage.chain.advance_to(stage.schedule.accept_end)
        her.presses("Cancel and take the money back")
        her.sees("It ends for ever.")
        fits_when_narrow(her)
        assert registry.campaign(campaign).status is Status.CREATED
        her.agrees("Cancel and take the money back")
        expect(cancel).to_have_count(0)
        assert registry.campaign(campaign).status is Status.CANCELLED
        assert (registry.credit_of(token, requester), place.tokens(requester)) == (escrow, before)
        fits_when_narrow(her)
        her.presses("Withdraw to the wallet")
        her.agrees("Withdraw to the wallet")
        her.sees("Nothing of yours lies in the registry outside of campaigns.")
        assert (registry.credit_of(token, requester), place.tokens(requester)) == (0, before + escrow)
        her.page.goto("about:blank")
