"""From an empty wallet to money in the wallet: everything by the page, balances as the chain says.

The narrow one's computer is an hour fast, which changes nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.browser import NARROW, WIDE, Visitor
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.scenes import claims

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
OTHERS = ("ann", "ben", "cleo")
HOUR = 3_600
UNITS = {"d": 86_400, "h": HOUR, "min": 60, "s": 1}


def joins(place: WebPlace, her: Visitor) -> None:
    """She has coins for gas and nothing else; somebody sends her the stake."""
    her.go("/tasks")
    her.page.get_by_role("link", name="Join this pool").click()
    her.sees("You lack 4 DEV")
    expect(her.page.get_by_role("button", name="Join this pool")).to_be_disabled()
    place.give(VISITOR, 4 * COIN)
    her.presses("Join this pool")
    her.sees("exactly 4 DEV")
    her.agrees("Join")
    her.sees("You have a seat")
    seat = place.stage.contracts.registry.seat(place.stage.params.pool, VISITOR)
    assert (seat.stake, seat.takes_work) == (4 * COIN, True)
    assert place.tokens(VISITOR) == 0


def is_told_the_chains_time(place: WebPlace, her: Visitor) -> None:
    """Cards say how long enrolment still takes, in its two largest units."""
    for path in ("/", "/tasks"):
        her.go(path)
        told = her.page.get_by_text("Enrolment ends in").inner_text()
        left = sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+) (\w+)", told))
        assert abs(place.stage.schedule.enrol_end - place.stage.chain.now() - left) < 120, told


def enrols(place: WebPlace, her: Visitor) -> None:
    her.go(f"/tasks/{place.campaign}")
    her.presses("Enrol for this campaign")
    her.sees("It costs nothing: you sign, and send no transaction.")
    her.sees("Nobody's stake is touched in this campaign.")
    her.agrees("Sign")
    her.sees("You are enrolled.")
    assert VISITOR in {each.annotator for each in place.stage.engine.book.enrolments()}


def labels(her: Visitor, count: int) -> None:
    """Every item that is open, by keys alone."""
    her.presses("Label now")
    for number in range(count):
        expect(her.page.get_by_role("heading", name=f"{number} of {count} answered")).to_be_visible()
        expect(her.page.locator(".item-text")).to_be_visible()
        her.page.keyboard.press(str(1 + number % 3))
        her.page.keyboard.press("Enter")
    expect(her.page.get_by_role("heading", name="Ready to hand in")).to_be_visible()


def hands_in(place: WebPlace, her: Visitor, count: int) -> None:
    her.presses(f"Seal and hand in {count} labels")
    her.sees("Nobody can read them before the reveal")
    her.agrees("Seal and sign")
    expect(her.page.get_by_role("heading", name="Handed in")).to_be_visible()
    (signed,) = place.stage.engine.book.commits_by(VISITOR)
    assert signed.commit.count == count
    assert place.stage.engine.book.openings() == []


def opens(place: WebPlace, her: Visitor) -> None:
    """She only has to come back: this browser has the secret."""
    her.go(f"/tasks/{place.campaign}")
    her.sees("opened, receipt checked")
    assert {each.annotator for each in place.stage.engine.book.openings()} == {VISITOR}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_from_an_empty_wallet_to_money_in_the_wallet(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, size: tuple[int, int]
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage = place.stage.accept()
        assert place.tokens(VISITOR) == 0
        her = visitor(place.url, size)
        if size == NARROW:
            her.page.clock.set_system_time(1_000 * (time.time() + HOUR))
        her.connects()
        joins(place, her)
        is_told_the_chains_time(place, her)
        enrols(place, her)
        stage.enrol(*OTHERS).draw().begin()
        labels(her, 4)
        hands_in(place, her, 4)
        for name in OTHERS:
            stage.label(name, count=4)
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        opens(place, her)
        stage.reveal(*OTHERS)
        claims(place, her, stage.settle())
        assert her.origins() <= {place.url, place.node}


def test_signing_in_is_signed_in_words_and_can_be_declined(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        her = visitor(place.url)
        her.go("/connect")
        her.presses("Dev account 3")
        her.presses("Sign in")
        her.sees("This moves no money and approves nothing.")
        her.page.get_by_text("What exactly is signed").click()
        her.sees("wants you to sign in with your Ethereum account")
        her.page.keyboard.press("Escape")
        expect(her.page.get_by_role("dialog")).to_be_hidden()
        expect(her.page.get_by_role("button", name="Sign out")).to_be_hidden()
        her.presses("Sign in")
        her.agrees("Sign in")
        her.page.reload()
        expect(her.page.get_by_role("button", name="Sign out")).to_be_visible()
        her.presses("Sign out")
        expect(her.page.get_by_role("button", name="Sign in")).to_be_visible()
