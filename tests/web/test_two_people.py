"""Two people in two browsers on one campaign, one person with two tabs: nobody touches another's work."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.chain.unlocked import junk_signers
from labelshare.types import Address
from tests.web.browser import Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.scenes import take_part

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
OTHER = junk_signers(5)[4].address  # the page's "Dev account 4"


def joins_and_enrols(place: WebPlace, who: Visitor, account: Address) -> None:
    place.give(account, 4 * COIN)
    who.go(f"/tasks/pools/{place.stage.params.pool}")
    who.presses("Join this pool")
    who.agrees("Join")
    who.sees("You have a seat")
    assert place.stage.contracts.registry.seat(place.stage.params.pool, account).stake == 4 * COIN
    who.go(f"/tasks/{place.campaign}")
    who.presses("Enrol for this campaign")
    who.agrees("Sign")
    who.sees("You are enrolled.")


def answers(who: Visitor, done: int, count: int, key: str = "1") -> None:
    for number in range(done, done + count):
        expect(who.page.get_by_role("heading", name=f"{number} of 4 answered")).to_be_visible()
        who.page.locator(".item-text").wait_for()
        who.page.keyboard.press(key)
        who.page.keyboard.press("Enter")


def hands_in(who: Visitor, count: int) -> None:
    who.presses(f"Seal and hand in {count} labels")
    who.agrees("Seal and sign")
    expect(who.page.get_by_role("heading", name="Handed in")).to_be_visible()
    fits_when_narrow(who)


def switches(who: Visitor, account: int) -> None:
    """Another account in the same browser."""
    who.go("/connect")
    who.presses("Disconnect")
    who.presses(f"Dev account {account}")
    who.presses("Sign in")
    who.agrees("Sign in")


def comes_and_goes(place: WebPlace, one: Visitor, two: Visitor) -> None:
    """One signs out and looks in as the other account: the other's browser and answers do not notice."""
    expect(one.page.get_by_role("heading", name="2 of 4 answered")).to_be_visible()
    one.go("/connect")
    one.presses("Sign out")
    expect(one.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    answers(two, 1, 1)
    switches(one, 4)
    one.go(f"/tasks/{place.campaign}")
    one.sees("You are enrolled.")
    expect(one.page.get_by_text("Label now")).to_be_visible()  # nothing of the answers of either
    expect(one.page.get_by_text("Your sealed batches")).to_have_count(0)
    fits_when_narrow(one)
    switches(one, 3)
    one.go(f"/tasks/{place.campaign}")
    one.sees("Go on (2 of 4 answered)")
    one.presses("Go on (2 of 4 answered)")


def claims(place: WebPlace, who: Visitor, account: Address, payout: int) -> None:
    assert place.tokens(account) == 0
    who.go("/earnings")
    assert who.page.get_by_role("button", name="Claim").count() == 1
    who.presses("Claim")
    who.agrees("Claim")
    expect(who.page.get_by_role("button", name="Claim")).to_be_hidden()
    assert place.tokens(account) == payout


def test_two_people_at_once_are_each_paid_for_their_own(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage = place.stage.accept()
        one, two = visitor(place.url), visitor(place.url)
        for who, number, account in ((one, 3, VISITOR), (two, 4, OTHER)):
            who.connects(number)
            joins_and_enrols(place, who, account)
        stage.enrol("ann", "ben", "cleo").draw().begin()
        for who in (one, two):
            who.go(f"/tasks/{place.campaign}/label")
        answers(one, 0, 1)
        answers(two, 0, 1)
        answers(one, 1, 1)
        comes_and_goes(place, one, two)
        answers(one, 2, 2)
        two.presses("Hand in what is answered")
        hands_in(two, 2)
        hands_in(one, 4)
        book = stage.engine.book
        (first,), (second,) = book.commits_by(VISITOR), book.commits_by(OTHER)
        assert (first.commit.count, second.commit.count) == (4, 2)

        for name in ("ann", "ben", "cleo"):
            stage.label(name, count=4)
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        for who in (one, two):
            who.go(f"/tasks/{place.campaign}")
            who.sees("opened, receipt checked")
        fits_when_narrow(one, two)
        opened = {each.annotator: each.items for each in book.openings()}
        assert opened == {VISITOR: first.items, OTHER: second.items}
        stage.reveal("ann", "ben", "cleo")
        paid = {row.account: row.payout for row in stage.settle().payouts}
        assert (paid[VISITOR], paid[OTHER]) == (4 * COIN, 2 * COIN)
        for who, amount in ((one, "4 DEV"), (two, "2 DEV")):
            who.go("/earnings")
            who.sees(amount)
        fits_when_narrow(one, two)
        claims(place, one, VISITOR, 4 * COIN)
        assert place.tokens(OTHER) == 0
        claims(place, two, OTHER, 2 * COIN)
        assert place.tokens(VISITOR) == 4 * COIN


def second_tab(her: Visitor) -> Visitor:
    """Of the same browser, signed in as well: a session belongs to its tab."""
    other = copy(her)
    other.page = her.context.new_page()
    other.page.on("pageerror", lambda error: her.faults.append(str(error)))
    other.go("/connect")
    other.presses("Sign in")
    other.agrees("Sign in")
    return other


def test_two_tabs_lose_and_double_nothing(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage.accept(), visitor(place.url)
        place.give(VISITOR, stage.pool.seat_stake)
        take_part(place)
        her.connects()
        other = second_tab(her)
        for tab in (her, other):
            tab.go(f"/tasks/{place.campaign}/label")
            tab.page.locator(".item-text").wait_for()
        answers(her, 0, 2)
        for _ in range(2):  # in the other tab, which does not know of them, the same two are skipped
            other.page.locator(".item-text").wait_for()
            other.page.keyboard.press("s")
        answers(other, 0, 2, "2")
        expect(other.page.get_by_role("heading", name="Ready to hand in")).to_be_visible()
        fits_when_narrow(other)

        her.page.reload()
        hands_in(her, 4)
        (signed,) = stage.engine.book.commits_by(VISITOR)
        assert len(set(signed.items)) == signed.commit.count == 4
        other.presses("Seal and hand in 2 labels")  # it still shows what the first tab handed in
        other.agrees("Seal and sign")
        assert stage.engine.book.commits_by(VISITOR) == [signed]
        fits_when_narrow(her, other)

        for name in ("ann", "ben", "cleo"):
            stage.label(name, count=4)
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        for tab in (her, other):
            tab.page.goto(f"{place.url}/tasks/{place.campaign}")
        for tab in (her, other):
            tab.sees("opened, receipt checked")
        (opening,) = stage.engine.book.openings()
        form = stage.spec.task.form
        said = [form.describe(form.decode(label)) for label in opening.labels]
        assert sorted(said) == ["bad", "bad", "good", "good"]
        stage.reveal("ann", "ben", "cleo")
        (row,) = (each for each in stage.settle().payouts if each.account == VISITOR)
        claims(place, her, VISITOR, row.payout)
