"""A requester is told before any signature what the oracle declines, and afterwards why a campaign waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.oracle.acceptance import Acceptance
from labelshare.store.jobs import Jobs
from tests.web.browser import Visitor
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.requesting import COUNT, funds
from tests.web.scenes_fund import fill_in

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(300)]

Visitors = Callable[..., Visitor]
PAY = COUNT * 3 * COIN // 10
FEE = PAY * 6 // 100
REVIEW, TERMS = "5. Quote and funding", "4. Pay and rules"


def lets_wait(place: WebPlace, campaign: str, reason: str) -> None:
    """As the oracle's worker does that looks at a campaign and does not accept it."""
    jobs = Jobs(place.stage.database)
    jobs.add("accept", campaign, 0)
    job = jobs.take(100, 200, "a worker")
    assert job is not None
    assert job.key == campaign
    jobs.wait(job, 10**12, reason)


def test_before_and_after_the_funding(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    with web_place(anvil_program, tmp_path) as place:
        her = visitor(place.url)
        page = her.page
        button = page.get_by_role("button", name="Fund with")
        her.connects(3)
        place.desk.acceptance = Acceptance(least_fee=FEE, longest=60)
        fill_in(place, her)
        her.sees("The oracle would not accept this campaign as it is")
        her.sees("comes to 0.225 DEV if all work is accepted. It asks for 0.27 DEV or more.")
        her.sees("Set its fee to 6%")
        her.sees("The oracle asks for 1 min at most. Shorten the time line")
        page.get_by_label("I have saved the gold file").check()
        expect(button).to_be_disabled()

        place.desk.acceptance = Acceptance(frozenset({VISITOR}), least_fee=FEE)
        her.presses(TERMS)
        page.get_by_text("How answers are found, fee, stakes").click()
        page.get_by_label("The oracle's fee, in percent of pay").fill("6")
        her.presses("Continue")
        expect(button).to_be_visible()
        expect(page.get_by_text("The oracle would not accept")).to_be_hidden()
        campaign, _ = funds(her)

        place.desk.acceptance = Acceptance(least_escrow=PAY + FEE + 1)  # its operator asks for more by now
        lets_wait(place, str(campaign), "not accepted: the escrow is too small")
        her.sees("The oracle has not accepted this campaign yet")
        her.sees("The campaign locks 4.77 DEV. The oracle asks for 4.770000000000000001 DEV or more.")
        her.sees("all that is locked can be had back")
        lets_wait(place, place.campaign, "the pool has 1 open campaign, as many as it may")
        her.go(f"/campaigns/{place.campaign}")
        her.sees("It says: “the pool has 1 open campaign, as many as it may”.")
        place.stage.accept()
        expect(page.get_by_text("The oracle has not accepted")).to_be_hidden()
        page.goto("about:blank")
