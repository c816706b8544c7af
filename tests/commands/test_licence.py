"""Licences: offered, bought at their price, checked, closed; the money is split as was said."""

from __future__ import annotations

from hashlib import sha256

import pytest

from labelshare.chain.contracts import Parts
from labelshare.chain.state import OfferId, OfferStatus
from labelshare.types import Hash32
from tests.commands.place import Place, shown
from tests.oracle.stage import COIN, DAY

pytestmark = pytest.mark.anvil

PRICE = 80 * COIN
TERMS = b"any use"


@pytest.fixture
def market(settled: Place) -> Place:
    """Shares are held; terms are written."""
    settled.stage.engine.pay_everyone(Parts.BOTH)
    (settled.folder / "terms.txt").write_bytes(TERMS)
    return settled


def offer(place: Place, *more: object, price: str = "80", seconds: str = "365d") -> OfferId:
    terms = place.folder / "terms.txt"
    words = ["--price", price, "--duration", seconds, "--terms", terms, *more]
    return OfferId(
        Hash32(place.facts("licence", "offer", place.stage.dataset, *words, by="requester")["offer"])
    )


def test_offering(market: Place) -> None:
    licenses = market.stage.contracts.licenses

    name = offer(market)

    rules = licenses.offer_params(name)
    assert licenses.offer_status(name) is OfferStatus.OPEN
    assert (rules.dataset, rules.price, rules.duration) == (market.stage.dataset, PRICE, 365 * DAY)
    assert rules.terms_hash == sha256(TERMS).digest()
    assert offer(market, "--nonce", 1) != name


def test_what_is_asked_before_an_offer(market: Place) -> None:
    words = ["--price", "80 DEV", "--duration", "0", "--terms", market.folder / "terms.txt"]

    ran = market.run(
        "licence",
        "offer",
        market.stage.dataset,
        *words,
        *market.signing("requester"),
        typed="n",
        terminal=True,
    )

    asked = " ".join(ran.err.split())
    assert f"offer licences of {market.stage.dataset} at 80 DEV, valid for ever" in asked
    assert "of each sale 56 DEV are for the share holders and 24 DEV for" in asked
    assert ran.code == 1


def test_offers_that_cannot_be(market: Place) -> None:
    terms, dataset = market.folder / "terms.txt", market.stage.dataset
    words = ["licence", "offer", dataset, "--duration", "0", "--terms"]
    market.refused(1, "only the dataset's publisher", *words, terms, "--price", "1", by="stranger")
    market.refused(1, "PriceIsZero", *words, terms, "--price", "0", by="requester")
    market.refused(2, "cannot be read", *words, terms / "x", "--price", "1", by="requester")
    market.refused(2, "DEV has 18 decimals", *words, terms, "--price", "0." + "0" * 19, by="requester")
    words[2] = market.stage.stranger.address
    market.refused(1, "no dataset", *words, terms, "--price", "1", by="requester")
    offer(market)
    with pytest.raises(AssertionError, match="OfferAlreadyMade"):
        offer(market)


def test_buying_and_what_becomes_of_the_price(market: Place) -> None:
    stage, name = market.stage, offer(market)
    market.give("stranger", PRICE + COIN)
    before = stage.balances()

    sold = market.facts("licence", "buy", name, by="stranger")

    assert [each["call"] for each in sold["transactions"]] == ["Token.approve", "LicenseRegistry.buy"]
    after = stage.balances()
    licenses, token = stage.contracts.licenses, stage.contracts.development_token
    assert after["stranger"] - before["stranger"] == -PRICE
    assert after["dataset"] - before["dataset"] == 56 * COIN == int(sold["to_holders"])
    assert licenses.proceeds(stage.requester.address, token.address) == 24 * COIN
    assert token.allowance(stage.stranger.address, licenses.address) == 0
    assert licenses.owner_of(sold["token_id"]) == stage.stranger.address
    assert sold["expires_at"] == licenses.license(sold["token_id"]).expires_at

    market.done("licence", "withdraw", by="requester")
    assert stage.balances()["requester"] - before["requester"] == 24 * COIN
    market.refused(1, "has no proceeds", "licence", "withdraw", by="requester")


def test_what_is_asked_before_buying(market: Place) -> None:
    name = offer(market)
    market.give("stranger", PRICE)

    ran = market.run("licence", "buy", name, *market.signing("stranger"), typed="\n", terminal=True)

    asked = " ".join(ran.err.split())
    assert "1. let the licence registry take 80 DEV from the wallet" in asked
    assert f"2. buy a licence of {market.stage.dataset} for 80 DEV, valid for 365 days" in asked
    assert sha256(TERMS).hexdigest() in asked
    assert (ran.code, market.stage.balances()["stranger"]) == (1, PRICE)


def test_too_little_money_for_a_licence(market: Place) -> None:
    name = offer(market)
    market.give("stranger", PRICE - 1)

    market.refused(
        1,
        r"holds 79\.999999999999999999 DEV in the wallet; 80 DEV are needed",
        *("licence", "buy", name),
        by="stranger",
    )


def test_offers_that_nobody_can_buy(market: Place) -> None:
    market.refused(1, "offer 0x1111.* was never made", "licence", "buy", "0x" + "11" * 32, by="stranger")
    name = offer(market)

    market.refused(1, "only the dataset's publisher", "licence", "close", name, by="stranger")
    market.done("licence", "close", name, by="requester")

    assert market.stage.contracts.licenses.offer_status(name) is OfferStatus.CLOSED
    market.refused(1, "offer 0x.* is closed", "licence", "buy", name, by="stranger")
    market.refused(1, "offer 0x.* is closed", "licence", "close", name, by="requester")


def test_nobody_buys_while_nobody_holds(place: Place) -> None:
    (place.folder / "terms.txt").write_bytes(TERMS)
    place.give("stranger", PRICE)
    place.refused(1, "no share holders yet", "licence", "buy", offer(place), by="stranger")


def test_the_list_of_licences(market: Place) -> None:
    stage = market.stage
    assert market.done("licence", "list", stage.dataset).out == "no offers yet\n"
    name = offer(market, seconds="0")
    market.give("stranger", PRICE)
    token_id = market.facts("licence", "buy", name, by="stranger")["token_id"]
    market.done("licence", "close", name, by="requester")

    facts = market.facts("licence", "list", stage.dataset)

    assert [(each["offer"], each["open"], each["price"], each["sold"]) for each in facts["offers"]] == [
        (str(name), False, str(PRICE), 1)
    ]
    sold = market.facts("licence", "list", stage.dataset, "--sold")
    assert (facts["total"], sold["total"]) == (1, 1)
    assert sold["licences"] == [
        {
            "token_id": token_id,
            "offer": str(name),
            "owner": str(stage.stranger.address),
            "expires_at": None,
        }
    ]
    printed = shown(market.done("licence", "list", stage.dataset))
    assert (printed["offer"], printed["sold"]) == ("closed, 80 DEV, valid for ever", "1")
    ran = market.done("licence", "list", stage.dataset, "--sold")
    assert ran.out.splitlines()[0] == f"licence {token_id}"
    assert shown(ran) == {
        "holder": f"{stage.stranger.address} for ever",
        "offer": str(name),
    }


def test_the_newest_offers_and_licences_come_first(market: Place) -> None:
    first, second = offer(market), offer(market, "--nonce", 1)
    market.give("stranger", 3 * PRICE)
    numbers = [
        market.facts("licence", "buy", name, by="stranger")["token_id"] for name in (first, second, first)
    ]
    listed = ["licence", "list", market.stage.dataset]

    offers = market.facts(*listed)["offers"]

    assert [(each["offer"], each["sold"]) for each in offers] == [(str(second), 1), (str(first), 2)]
    sold = market.facts(*listed, "--sold", "--limit", 2)
    assert [each["token_id"] for each in sold["licences"]] == numbers[:0:-1]
    rest = market.facts(*listed, "--sold", "--limit", 2, "--page", 2)
    assert [each["token_id"] for each in rest["licences"]] == numbers[:1]
    assert (rest["total"], rest["page"]) == (3, 2)
    words = market.done(*listed, "--sold", "--limit", 2).out.splitlines()[-1]
    assert words == "1 to 2 of 3 licences sold, the newest first; --page 2 shows older ones"


def test_checking_a_licence(market: Place) -> None:
    stage, name = market.stage, offer(market, seconds="30d")
    market.give("stranger", PRICE)
    number = market.facts("licence", "buy", name, by="stranger")["token_id"]
    holder, terms = stage.stranger.address, market.folder / "terms.txt"

    good = market.done(
        "licence", "check", number, "--holder", holder, "--dataset", stage.dataset, "--terms", terms
    )

    assert shown(good)["holder"] == str(holder)
    assert market.facts("licence", "check", number)["valid"] is True
    check = ["licence", "check", number]
    market.refused(1, f"it is held by {holder}", *check, "--holder", stage.oracle.address)
    market.refused(1, f"it is for dataset {stage.dataset}", *check, "--dataset", holder)
    market.refused(1, "its terms have sha256", *check, "--terms", market.record)
    market.refused(1, f"there is no licence {number + 1}", "licence", "check", number + 1)

    stage.chain.advance_to(stage.contracts.licenses.license(number).expires_at - 1)
    assert market.run(*check).code == 0
    stage.chain.advance_to(stage.contracts.licenses.license(number).expires_at)
    market.refused(1, f"licence {number} does not hold: it ended at", *check)
