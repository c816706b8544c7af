"""Where work cannot be rejected a result can be challenged: its cost is told, and exactly that is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.chain.state import Status
from tests.web.browser import Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import COIN, VISITOR, web_place
from tests.web.scenes import VISITOR_SIGNER

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
OTHERS = ("ann", "ben", "cleo")


def test_a_challenge_takes_its_bond_by_one_signature(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage = place.stage.accept().enrol(*OTHERS).draw().work(ann=4, ben=4, cleo=4).reveal(*OTHERS)
        stage.chain.advance_to(stage.schedule.reveal_end)
        stage.engine.propose(stage.record())
        registry, campaign = stage.contracts.registry, stage.scope.campaign_id
        bond = registry.campaign(campaign).bond
        place.give(VISITOR, bond)
        token, credit = stage.contracts.development_token, bond - COIN - 1
        stage.sender.send(VISITOR_SIGNER, token.approve(registry.address, credit))
        stage.sender.send(VISITOR_SIGNER, registry.deposit(token.address, credit))
        her = visitor(place.url)
        her.connects(3)
        her.go(f"/fund/{campaign}")
        her.sees("Good work cannot be rejected.")
        her.sees("A challenge takes a bond of 15.75 DEV.")
        button = her.page.get_by_role("button", name="Challenge the result")
        expect(button).to_be_disabled()
        her.page.get_by_label("What is wrong").fill("Item 3 is not what its labels say.")
        her.presses("Challenge the result")
        her.sees(
            "1.000000000000000001 DEV leave your wallet now, "
            "and 14.749999999999999999 DEV of your credit are taken with them."
        )
        her.sees("This pool has no arbitrator")
        fits_when_narrow(her)
        her.agrees("Challenge")
        her.sees("disputed")
        assert registry.campaign(campaign).status is Status.DISPUTED
        assert registry.contest(campaign).challenger == VISITOR
        assert (bond, place.tokens(VISITOR)) == (15_750_000_000_000_000_000, 0)
        her.page.goto("about:blank")
