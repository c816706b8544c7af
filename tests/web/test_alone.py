"""An annotator and the chain: enrolled alone, a receipt posted, a seat left, a service that is gone."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from wave import open as open_wave

import pytest
from playwright.sync_api import expect

from labelshare.api.pages import Pages
from labelshare.protocol.typed_data import commit_hash
from tests.api.served import served
from tests.oracle.stage import small_spec
from tests.web.browser import Visitor
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.scenes import take_part
from tests.web.test_annotator_journey import hands_in, joins, labels
from tests.web.test_hundred_items import RULES
from tests.web.test_requester_imports import picture

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
OTHERS = ("ann", "ben", "cleo")
NOTHING = "Nothing: the oracle has done what it owes you so far."


def test_enrolling_alone_and_holding_the_oracle_to_its_receipt(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage.accept(), visitor(place.url)
        registry, campaign, line = stage.contracts.registry, stage.scope.campaign_id, stage.schedule
        her.connects()
        joins(place, her)
        stage.enrol(*OTHERS).engine.post_roster()
        her.go(f"/tasks/{place.campaign}/silent")
        her.sees(NOTHING)
        stage.chain.advance_to(line.enrol_end - line.grace)
        her.sees("You are not on the posted roster")
        her.presses("Enrol alone")
        her.agrees("Enrol alone")
        her.sees(NOTHING)
        assert registry.enrolled_alone(campaign, VISITOR)
        assert VISITOR not in {each.annotator for each in stage.engine.book.enrolments()}

        stage.chain.advance_to(line.enrol_end)
        stage.engine.arm_seed()
        stage.chain.mine(5)
        stage.engine.draw_seed()
        stage.begin()
        her.go(f"/tasks/{place.campaign}")
        labels(her, 4)
        hands_in(place, her, 4)
        (signed,) = stage.engine.book.commits_by(VISITOR)
        name = commit_hash(campaign, signed.commit)
        stage.chain.advance_to(line.commit_end)  # and no root was ever posted
        her.go(f"/tasks/{place.campaign}/silent")
        her.sees("The oracle signed for batch 1, and its root lacks it")
        assert registry.receipt_end(campaign, VISITOR, name) == 0
        her.presses("Post the receipt")
        her.agrees("Post the receipt")
        her.sees(NOTHING)
        assert registry.receipt_end(campaign, VISITOR, name) > stage.chain.now()


def test_a_seat_is_left_waited_for_and_paid_back(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage.accept(), visitor(place.url)
        registry, pool = stage.contracts.registry, stage.params.pool
        token = stage.contracts.development_token.address
        her.connects()
        joins(place, her)
        her.go(f"/tasks/pools/{pool}")
        her.presses("Leave")
        her.sees("This cannot be undone; you can join again later.")
        her.agrees("Leave")
        her.sees("Leaving. The stake can be withdrawn")
        seat = registry.seat(pool, VISITOR)
        assert (seat.stake, seat.takes_work) == (4 * COIN, False)
        her.presses("Withdraw stake")
        her.page.get_by_role("dialog").get_by_role("button", name="Withdraw", exact=True).click()
        her.sees("The seat still answers for work.")
        her.presses("Cancel")
        assert (registry.seat(pool, VISITOR), place.tokens(VISITOR)) == (seat, 0)

        stage.chain.advance_to(seat.release_at)
        her.presses("Withdraw stake")
        her.agrees("Withdraw")
        her.sees("What you could lose")
        expect(her.page.get_by_role("button", name="Join this pool")).to_be_visible()
        assert registry.seat(pool, VISITOR).stake == 0
        assert (registry.credit_of(token, VISITOR), place.tokens(VISITOR)) == (4 * COIN, 0)
        her.presses("Move credit to wallet")  # where she is: without work there are no earnings to look at
        her.agrees("Move")
        expect(her.page.get_by_role("button", name="Move credit to wallet")).to_have_count(0)
        assert (registry.credit_of(token, VISITOR), place.tokens(VISITOR)) == (0, 4 * COIN)


def at_work(place: WebPlace, her: Visitor) -> None:
    place.give(VISITOR, place.stage.pool.seat_stake)
    take_part(place)
    her.connects()


def test_an_open_page_goes_on_without_its_service(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage = place.stage.accept()
        with served(place.desk, web=Pages(place.node)) as url:
            her = visitor(url)
            at_work(place, her)
            her.go(f"/tasks/{place.campaign}")
            labels(her, 4)
            hands_in(place, her, 4)
            stage.label("ann", count=2)
            stage.engine.post_commits(0)
            her.go(f"/tasks/{place.campaign}")
            her.presses("If the oracle is silent")
            her.sees(NOTHING)  # the batch's place under the root is kept by now
            stage.chain.advance_to(stage.schedule.commit_end)
            her.sees("Batch 1 has no receipt for its opening")
        her.sees("The service does not answer. This is what it last said; times go by your clock.")
        her.presses("Open on chain")
        her.agrees("Open on chain")
        her.sees(NOTHING)
        (reveal,) = stage.record().reveals
        (signed,) = stage.engine.book.commits_by(VISITOR)
        assert (reveal.annotator, reveal.commit) == (VISITOR, signed.commit)


def sound() -> bytes:
    """A quarter of a second of silence."""
    file = BytesIO()
    with open_wave(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8_000)
        out.writeframes(bytes([128]) * 2_000)
    return file.getvalue()


def test_a_picture_is_seen_and_a_sound_is_heard(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    contents = [picture(200), sound()]
    items = [
        {"digest": sha256(each).hexdigest(), "name": name} for each, name in zip(contents, "ab", strict=True)
    ]
    spec = small_spec(items=items, **RULES)
    with web_place(anvil_program, tmp_path, spec, contents) as place:
        place.stage.accept()
        her = visitor(place.url)
        at_work(place, her)
        her.go(f"/tasks/{place.campaign}/label")
        shown = her.page.locator(".item-view")
        expect(shown.get_by_role("img", name="a")).to_have_js_property("naturalWidth", 1)
        her.page.keyboard.press("1")
        her.page.keyboard.press("Enter")
        heard = shown.locator("audio[aria-label=b]")
        expect(heard).to_have_js_property("duration", 0.25)
        assert heard.evaluate("async (each) => { await each.play(); return each.error; }") is None
        her.page.keyboard.press("2")
        her.page.keyboard.press("Enter")
        her.presses("Seal and hand in 2 labels")
        her.agrees("Seal and sign")
        expect(her.page.get_by_role("heading", name="Handed in")).to_be_visible()
        (signed,) = place.stage.engine.book.commits_by(VISITOR)
        assert signed.items == (0, 1)
        assert her.origins() <= {place.url, place.node}
