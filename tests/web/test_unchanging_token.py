"""A token that changes no approval but from and to zero: what is left of an old one goes to zero first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.chain.contracts import Parts
from labelshare.chain.state import Status
from labelshare.types import Address
from tests.unchanging import approved_since, harden, leave_over
from tests.web.browser import Visitor
from tests.web.holding import PRICE, offers
from tests.web.place import VISITOR, WebPlace, web_place
from tests.web.scenes import OTHERS, VISITOR_SIGNER

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
THREE = "There are three transactions, as an approval from before is left over"


def approves(place: WebPlace, her: Visitor, spender: Address, button: str, does: str, yes: str) -> list[int]:
    """She is told of three transactions, agrees and sends them; returns what she approved on the way."""
    stage = place.stage
    leave_over(stage, VISITOR_SIGNER, spender)
    block = stage.chain.block_number
    her.presses(button)
    her.sees(THREE)
    her.sees(does)
    her.agrees(yes)
    expect(her.page.get_by_role("dialog")).to_be_hidden()
    assert stage.contracts.development_token.allowance(VISITOR, spender) == 0
    return approved_since(stage, block, VISITOR)


def test_a_seat_and_a_challenge(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    with web_place(anvil_program, tmp_path, strange_token=True) as place:
        stage, registry = place.stage, place.stage.contracts.registry
        campaign, stake = stage.scope.campaign_id, stage.pool.seat_stake
        stage.accept()
        bond = registry.campaign(campaign).bond
        place.give(VISITOR, stake + bond)
        harden(stage)
        her = visitor(place.url)
        her.connects(3)
        her.go(f"/tasks/pools/{stage.params.pool}")
        does = "The third takes it as your stake and gives you a seat."
        joined = approves(place, her, registry.address, "Join this pool", does, "Join")
        assert joined == [0, stake]
        her.sees("You have a seat.")

        stage.enrol(*OTHERS).draw().work(ann=4, ben=4, cleo=4).reveal(*OTHERS)
        stage.chain.advance_to(stage.schedule.reveal_end)
        stage.engine.propose(stage.record())
        her.go(f"/fund/{campaign}")
        her.page.get_by_label("What is wrong").fill("Item 3 is not what its labels say.")
        does = "The third puts up the bond and contests the result."
        put_up = approves(place, her, registry.address, "Challenge the result", does, "Challenge")
        assert put_up == [0, bond]
        assert registry.campaign(campaign).status is Status.DISPUTED
        her.page.goto("about:blank")


def test_a_licence(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    with web_place(anvil_program, tmp_path, strange_token=True) as place:
        stage, licences = place.stage, place.stage.contracts.licenses
        stage.accept().enrol(*OTHERS).draw().work(ann=4, ben=4, cleo=4).reveal(*OTHERS).settle()
        stage.engine.pay_everyone(Parts.BOTH)
        offers(place)
        place.give(VISITOR, PRICE)
        harden(stage)
        her = visitor(place.url)
        her.connects(3)
        her.go("/licences")
        does = "The third pays it and buys the licence."
        bought = approves(place, her, licences.address, "Buy for 100 DEV", does, "Buy")
        assert bought == [0, PRICE]
        her.sees("Licence 1 is yours")
        assert (licences.owner_of(1), place.tokens(VISITOR)) == (VISITOR, 0)
        her.page.goto("about:blank")
