"""A requester whose wallet signs no typed data: approve, then create, whatever was approved before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.protocol.abi import address_word, uint_word
from labelshare.types import CampaignId, Hash32, keccak
from tests.web.browser import Visitor
from tests.web.foreign import Foreign, lower
from tests.web.requesting import (
    COUNT,
    REQUESTER,
    RequesterPlace,
    describes,
    imports,
    prices,
    publishes,
    requester_place,
    until,
)

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(300)]

Visitors = Callable[..., Visitor]
TYPED, SEND = "eth_signTypedData_v4", "eth_sendTransaction"
ASKED = "Your wallet was asked to lock 4.725 DEV"


def approves(place: RequesterPlace, amount: int) -> None:
    """She changes the registry's allowance by other means than the page."""
    token, registry = place.ground.contracts.development_token, place.ground.contracts.registry
    data = keccak(b"approve(address,uint256)")[:4] + address_word(registry.address) + uint_word(amount)
    call = {"from": str(REQUESTER), "to": str(token.address), "data": f"0x{data.hex()}"}
    assert place.dev.ask(SEND, call)


def allowance(place: RequesterPlace) -> int:
    token, registry = place.ground.contracts.development_token, place.ground.contracts.registry
    return token.allowance(REQUESTER, registry.address)


def asks_to_fund(her: Visitor, wallet: Foreign, transactions: str) -> None:
    """As far as the words of the transactions; nothing was sent for the first ones."""
    before = wallet.asked(her, SEND)
    her.page.get_by_role("button", name="Fund with").click()
    her.sees("First you sign a permission for exactly")
    her.page.get_by_role("dialog").get_by_role("button", name="Lock the money", exact=True).click()
    her.sees("Your wallet does not sign such a permission. Nothing was signed or sent.")
    her.sees(transactions)
    assert wallet.asked(her, SEND) == before


def test_without_typed_data_she_approves_and_then_creates(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with requester_place(anvil_program, tmp_path) as place:
        her = visitor(place.url)
        unable = {TYPED: (4200, "The method is not supported.")}
        wallet = Foreign(place.dev.node, lower(REQUESTER), refuses=unable).given_to(her)
        her.go("/connect")
        her.presses(wallet.name)
        her.presses("Sign in")
        her.agrees("Sign in")
        before = place.tokens()
        publishes(her)
        describes(her)
        imports(her, tmp_path)
        prices(her)
        page = her.page
        her.sees("nobody can recover it")
        page.get_by_label("I have saved the gold file").check()
        escrow = COUNT * 3 * 10**17 * 10_500 // 10_000
        lock = page.get_by_role("dialog").get_by_role("button", name="Lock the money", exact=True)

        approves(place, escrow)  # enough, so only one transaction; spent, before she agrees
        asks_to_fund(her, wallet, "already, so there is one transaction: it locks the money")
        approves(place, 0)
        lock.click()
        her.sees("The approved amount does not cover it: it was spent, or changed.")
        her.presses("Cancel")
        assert (allowance(place), place.tokens()) == (0, before)

        approves(place, escrow)
        asks_to_fund(her, wallet, "already, so there is one transaction: it locks the money")
        wallet.changes(her, holds=[SEND])
        lock.click()
        her.presses("Stop waiting")  # after eight seconds
        her.sees(ASKED)  # and is not offered again while nobody knows
        expect(page.get_by_role("button", name="Fund with")).to_have_count(0)
        wallet.changes(her, refuses=unable | {SEND: (4001, "no")})
        wallet.releases(her)
        expect(page.get_by_role("button", name="Fund with")).to_be_visible()
        wallet.changes(her, refuses=unable)

        approves(place, escrow + 7)  # left over from elsewhere, and more than is needed
        asks_to_fund(her, wallet, "There are two transactions: the first lets the contract take exactly")
        wallet.changes(her, refuses=unable | {SEND: (4001, "no")})
        lock.click()
        her.sees("You declined in your wallet.")
        assert (allowance(place), place.tokens()) == (escrow + 7, before)
        wallet.changes(her, refuses=unable)
        sent = wallet.asked(her, SEND)
        wallet.changes(her, holds=[SEND])
        lock.click()
        until(lambda: wallet.asked(her, SEND) == sent + 1, "the approval")
        wallet.releases(her, SEND)
        until(lambda: wallet.asked(her, SEND) == sent + 2, "the transaction that locks the money")
        wallet.changes(her, silent=[SEND])
        wallet.releases(her)
        until(lambda: place.tokens() < before, "the money to be locked")
        page.reload()  # and the gold is sealed anew: it is another spec by now
        her.sees("The campaign is funded: 4.725 DEV are locked")
        expect(page.get_by_role("button", name="Fund with")).to_have_count(0)
        her.presses("Go on to the campaign")
        page.wait_for_url("**/fund/0x*")
        campaign = CampaignId(Hash32(page.url.rsplit("/", 1)[1]))
        assert (allowance(place), before - place.tokens()) == (0, escrow)
        assert place.ground.contracts.registry.campaign(campaign).escrow == escrow
        expect(page.get_by_role("heading", name="Moods of soups")).to_be_visible()
        page.goto("about:blank")
