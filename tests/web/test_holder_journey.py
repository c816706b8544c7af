"""From a settled campaign's shares to revenue in the wallet, by the page; balances as the chain says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.web.browser import NARROW, WIDE, Visitor
from tests.web.holding import BUYER, PRICE, TERMS, WEEK, YEAR, claimable, later, offers, pays
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.scenes import OTHERS, VISITOR_SIGNER, take_part

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]


@contextmanager
def settled_place(anvil: Path, folder: Path) -> Iterator[WebPlace]:
    """The visitor and others have worked by their Python clients; all is final and nobody has claimed."""
    with web_place(anvil, folder) as place:
        stage = place.stage.accept()
        stage.annotators["visitor"] = stage.annotator(VISITOR_SIGNER)
        place.give(VISITOR, 4 * COIN)
        take_part(place)
        for name in ("visitor", *OTHERS):
            stage.label(name, count=4)
        stage.engine.post_commits(0)
        stage.reveal("visitor", *OTHERS)
        stage.settle()
        yield place


def due(place: WebPlace) -> tuple[int, int]:
    """What the settlement owes the visitor: pay and shares."""
    (row,) = (each for each in place.stage.engine.settled().payouts if each.account == VISITOR)
    return row.payout, row.shares


def collects(place: WebPlace, her: Visitor) -> int:
    """Her shares wait in the registry; returns what of tokens came with them."""
    her.go("/own")
    her.sees("Shares that wait for you")
    assert (place.tokens(VISITOR), place.shares(VISITOR)) == (0, 0)
    her.presses("Collect")
    her.sees("with the revenue that they have earned since the settlement")
    her.agrees("Collect")
    expect(her.page.get_by_role("button", name="Collect")).to_be_hidden()
    her.sees("Revenue, history, transfer")
    pay, shares = due(place)
    assert (place.tokens(VISITOR), place.shares(VISITOR)) == (pay, shares)
    assert shares >= 4 * COIN
    supply = place.stage.contracts.share(place.stage.dataset).total_supply()
    part = f"{100 * shares / supply:.2f}%"
    expect(her.page.get_by_role("article", name="Moods").get_by_text(part)).to_be_visible()
    return pay


def buys(place: WebPlace, him: Visitor) -> None:
    """He has no token; somebody sends him the price to the last unit."""
    him.go("/connect")
    him.presses("Dev account 4")
    expect(him.page.get_by_role("button", name="Disconnect")).to_be_visible()
    him.go("/licences")
    him.sees("You lack 100 DEV")
    expect(him.page.get_by_role("button", name="Buy for 100 DEV")).to_be_disabled()
    place.give(BUYER, PRICE)
    him.page.get_by_text("Check a copy of the terms").click()
    chooser = him.page.get_by_label("Your copy of the terms")
    chooser.set_input_files({"name": "terms.txt", "mimeType": "text/plain", "buffer": TERMS + b"!"})
    him.sees("This is another text than that of the offer.")
    chooser.set_input_files({"name": "terms.txt", "mimeType": "text/plain", "buffer": TERMS})
    him.sees("This is the text of the offer, to the byte.")
    him.presses("Buy for 100 DEV")
    him.sees("Exactly the price must arrive.")
    him.sees("70 DEV stream to the share holders, 30 DEV are the publisher's.")
    him.agrees("Buy")
    him.sees("Licence 1 is yours")
    assert place.tokens(BUYER) == 0
    licences = place.stage.contracts.licenses
    assert licences.owner_of(1) == BUYER
    held = licences.license(1)
    assert (held.dataset, held.expires_at) == (place.stage.dataset, place.stage.chain.now() + YEAR)
    assert licences.offer_params(held.offer).terms_hash == sha256(TERMS).digest()


def claims(place: WebPlace, her: Visitor) -> int:
    """What streamed to her for seven days is paid out, to the last unit; returns it."""
    before = place.tokens(VISITOR)
    waiting = claimable(place, VISITOR)
    her.go("/own")
    her.page.get_by_role("button", name="Claim ").click()
    her.sees("Your shares stay as they are, and go on earning.")
    her.sees("of the chain's coins")
    her.agrees("Claim")
    her.sees("As the chain says: the wallet had")
    assert place.tokens(VISITOR) - before == waiting > 0
    assert claimable(place, VISITOR) == 0
    expect(her.page.get_by_role("button", name="Claim ")).to_be_hidden()
    return waiting


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_from_a_settled_campaign_to_revenue_in_the_wallet(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, size: tuple[int, int]
) -> None:
    with settled_place(anvil_program, tmp_path) as place:
        her, him = visitor(place.url, size), visitor(place.url, size)
        her.connects()
        pay = collects(place, her)
        her.sees("nothing now")
        assert claimable(place, VISITOR) == 0
        offers(place)
        buys(place, him)
        later(place, WEEK // 2)
        her.go(f"/own/{place.stage.dataset}")
        her.sees("streaming to you, a day")
        half = claimable(place, VISITOR)
        later(place, WEEK)
        shares, supply = (
            place.shares(VISITOR),
            place.stage.contracts.share(place.stage.dataset).total_supply(),
        )
        whole = claimable(place, VISITOR)
        assert 0 < half < whole == 70 * COIN * shares // supply
        assert claims(place, her) == whole
        assert place.tokens(VISITOR) == pay + whole
        assert her.origins() | him.origins() <= {place.url, place.node}


def heights(bars: Locator) -> float:
    """How high bars are together, in pixels."""
    return sum(float(each.evaluate("bar => bar.getBoundingClientRect().height")) for each in bars.all())


@pytest.mark.timeout(300)
def test_revenue_by_source_is_drawn_and_listed(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with settled_place(anvil_program, tmp_path) as place:
        her, him = visitor(place.url), visitor(place.url)
        her.connects()
        her.go(f"/own/{place.stage.dataset}")
        her.sees("No revenue has arrived yet.")
        offers(place)
        buys(place, him)
        later(place, 3 * 86_400)
        pays(place, 25 * COIN)
        pays(place, 5 * COIN)
        drawn = her.page.get_by_role("img", name="Revenue by source: 100 DEV in 3 payments")
        expect(drawn).to_be_visible()
        licences, direct = (heights(drawn.locator(name)) for name in (".bar-licences", ".bar-direct"))
        assert licences / direct == pytest.approx(70 / 30, rel=0.05)
        her.page.get_by_text("The same as a table").click()
        rows = her.page.get_by_role("region", name="Revenue by source").get_by_role("row").all_inner_texts()
        assert [row.split("\t")[1:] for row in rows[1:]] == [
            ["70 DEV", "0 DEV", "70 DEV"],
            ["0 DEV", "30 DEV", "30 DEV"],
        ]
        her.sees("Licence 1 sold")
        assert her.page.get_by_text("Paid directly by").count() == 2
        her.page.locator(".transaction summary").first.click()
        her.sees("went through")


@pytest.mark.timeout(300)
def test_shares_sent_on_leave_what_they_earned(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with settled_place(anvil_program, tmp_path) as place:
        her = visitor(place.url)
        her.connects()
        collects(place, her)
        pays(place, 70 * COIN)
        later(place, WEEK)
        earned = claimable(place, VISITOR)
        her.go(f"/own/{place.stage.dataset}")
        her.page.get_by_text("Send shares").first.click()
        to, amount = her.page.get_by_label("To", exact=True), her.page.get_by_label("Shares", exact=True)
        send = her.page.get_by_role("button", name="Send shares")
        for address, refusal in (
            ("", "Say who is to get them."),
            (str(BUYER)[:-1], "This is no address"),
            (str(place.stage.dataset), "The contract refuses this receiver"),
            (str(VISITOR), "This is your own account."),
        ):
            to.fill(address)
            amount.fill("5")
            send.click()
            her.sees(refusal)
            her.sees("You do not have that many.")
        to.fill(str(BUYER))
        her.presses("All of them")
        send.click()
        her.sees("that you can claim now stay yours")
        her.agrees("Send")
        expect(her.page.get_by_text("You have 0 MOOD now, as the chain says.")).to_be_visible()
        assert (place.shares(VISITOR), place.shares(BUYER)) == (0, due(place)[1])
        assert (claimable(place, VISITOR), claimable(place, BUYER)) == (earned, 0)
        assert claims(place, her) == earned
