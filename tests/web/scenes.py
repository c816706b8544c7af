"""Pages with something on them, for axe and for pictures: an annotator's and a share holder's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from playwright.sync_api import expect

from labelshare.chain.contracts import Parts
from labelshare.chain.keys import Signer
from labelshare.client.seats import seat_calls
from labelshare.protocol.commitments import Enrolment
from labelshare.protocol.settlement import Built
from labelshare.protocol.typed_data import digest, enrol_hash
from tests.web.browser import Visitor
from tests.web.holding import PRICE, later, pays, sells
from tests.web.place import COIN, VISITOR, WebPlace

# The public key of anvil's fourth account, as web/src/wallet/devWallet.ts has it.
VISITOR_SIGNER = Signer(bytes.fromhex("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"))
OTHERS = ("ann", "ben", "cleo")


Look: TypeAlias = "Callable[[Visitor, Scene], None]"


@dataclass(frozen=True)
class Scene:
    """A page, what is done there, and what must then be on it before it is looked at.

    Attributes:
        name: Of its picture.
        path: Its address; none where the page before goes on.
        sees: A text that is on it in the end.
        press: A button or link that is pressed there.
        opens: A text that is clicked, as the summary of what is folded away.
        does: What else is done there.
    """

    name: str
    path: str
    sees: str
    press: str | re.Pattern[str] = ""
    opens: str = ""
    does: Callable[[Visitor], object] | None = None


def arriving(place: WebPlace) -> Iterator[Scene]:
    """Nobody is connected, and the campaign takes enrolments."""
    yield Scene("landing", "/", "per hour, implied")
    yield Scene("campaign", f"/campaigns/{place.campaign}", "The rules in words")
    yield Scene("audit-before", f"/campaigns/{place.campaign}/audit", "Nothing is proposed yet")
    yield Scene("datasets-empty", f"/datasets/{place.stage.dataset}", "Nobody holds shares yet")
    yield Scene("connect", "/connect", "Dev account 3")
    yield Scene("work-before", "/tasks", "Dev account 3")
    yield Scene("backup", "/backup", "In this browser")
    yield Scene("practice-none", f"/tasks/practice/{place.campaign}", "Nothing to practise on")
    yield Scene("own-nobody", "/own", "Dev account 3")
    yield Scene("fund-nobody", "/fund", "Connect your wallet to see")
    yield Scene("fund-new", "/fund/new", "Step 1 of 5")
    yield Scene("licences-none", "/licences", "Nothing is on offer")
    yield Scene("not-found", "/no/such/page", "There is no such page")


def joining(place: WebPlace) -> Iterator[Scene]:
    """The visitor is signed in and has the stake in the wallet."""
    yield Scene("account", "/connect", "Signed in")
    yield Scene("work", "/tasks", "Join this pool")
    yield Scene("pool", f"/tasks/pools/{place.stage.params.pool}", "What you could lose")
    yield Scene("join", f"/tasks/pools/{place.stage.params.pool}", "exactly 4 DEV", "Join this pool")


def at_work(place: WebPlace) -> Iterator[Scene]:
    """The first round runs and the visitor has labelled nothing yet."""
    work = f"/tasks/{place.campaign}"
    yield Scene("seat", f"/tasks/pools/{place.stage.params.pool}", "You have a seat")
    yield Scene("desk", work, "items are open for you")
    yield Scene("label", f"{work}/label", "Confirm and next")
    yield Scene("label-report", f"{work}/label", "What is wrong with it?", "Report")
    yield Scene("review", f"{work}/label", "Ready to hand in", "Hand in what is answered")
    yield Scene("silent", f"{work}/silent", "What is due now")


def due(place: WebPlace) -> Iterator[Scene]:
    """The round is over, and the oracle says nothing more."""
    yield Scene("silent-due", f"/tasks/{place.campaign}/silent", "Open on chain")


def settled(place: WebPlace) -> Iterator[Scene]:
    """All is final, and the visitor has not claimed yet."""
    audit = f"/campaigns/{place.campaign}/audit"
    yield Scene("campaign-final", f"/campaigns/{place.campaign}", "The rules in words")
    yield Scene("audit", audit, "The payouts add up", "Download and check the evidence")
    yield Scene("audit-item", f"{audit}/{labelled(place)}", "The verdict is under the root on chain")
    yield Scene("datasets", "/datasets", "Moods")
    yield Scene("dataset", f"/datasets/{place.stage.dataset}", "Licences")
    yield Scene("earnings", "/earnings", "to claim")
    yield Scene("claim", "/earnings", "The proof was computed", "Claim")
    yield Scene("desk-final", f"/tasks/{place.campaign}", "The result is final.")
    yield Scene("work-practice", "/tasks", "Practise first")
    yield Scene("practice", f"/tasks/practice/{place.campaign}", "Practice item 1 of")
    yield Scene("practice-outcome", "", "How sure", does=answers)
    yield Scene("practice-score", "", "with the results", does=practises)
    yield Scene("own-waiting", "/own", "Shares that wait for you")
    yield Scene("own-collect", "/own", "with the revenue that they have earned", "Collect")


def holding(place: WebPlace) -> Iterator[Scene]:
    """Everyone is paid, a licence is sold, and revenue streams."""
    dataset = place.stage.dataset
    own, shop = f"/own/{dataset}", f"/licences/{dataset}"
    yield Scene("own", "/own", "Revenue, history, transfer", opens="There is nothing to claim yet")
    yield Scene("own-claim", "/own", "Your shares stay as they are", re.compile("^Claim "))
    yield Scene("own-dataset", own, "Licence 1 sold", opens="The same as a table")
    yield Scene("own-send", own, "All of them", opens="Send shares")
    yield Scene("own-details", own, "Licence 1 sold", opens="Details")
    yield Scene("licences", "/licences", "Your copy of the terms", opens="Check a copy of the terms")
    yield Scene("licences-dataset", shop, "Your copy of the terms", opens="Check a copy of the terms")
    place.give(VISITOR, PRICE)
    yield Scene("licences-buy", shop, "You pay exactly", re.compile("^Buy for "))
    yield Scene("licence", f"{shop}/1", "Licence 1 holds")
    yield Scene("licences-check", "/licences/check", "Number of the licence")


def labelled(place: WebPlace) -> int:
    """An item that the visitor has labelled."""
    return place.stage.engine.book.openings()[0].items[0]


def take_part(place: WebPlace) -> None:
    """The visitor joins and enrols without the page, with the key that the page's wallet has as well."""
    stage = place.stage
    for call in seat_calls(stage.contracts, stage.pool, VISITOR):
        stage.sender.send(VISITOR_SIGNER, call)
    signed = VISITOR_SIGNER.sign_digest(digest(stage.scope, enrol_hash(stage.scope.campaign_id)))
    stage.intake.enrol(Enrolment(VISITOR, signed))
    stage.enrol(*OTHERS).draw().begin()


def claims(place: WebPlace, her: Visitor, settled: Built) -> None:
    """The visitor takes what a settlement says, which the wallet then has."""
    (row,) = (each for each in settled.payouts if each.account == VISITOR)
    assert row.payout > 0
    assert (place.tokens(VISITOR), place.shares(VISITOR)) == (0, 0)
    her.go("/earnings")
    her.presses("Claim")
    her.agrees("Claim")
    expect(her.page.get_by_role("button", name="Claim")).to_be_hidden()
    assert (place.tokens(VISITOR), place.shares(VISITOR)) == (row.payout, row.shares)


def labels(place: WebPlace, her: Visitor) -> None:
    """The visitor labels by the page, and others beside it."""
    her.go(f"/tasks/{place.campaign}")
    her.presses("Label now")
    for key in ("1", "2", "3", "1"):
        her.page.locator(".item-text").wait_for()
        her.page.keyboard.press(key)
        her.page.keyboard.press("Enter")
    her.presses("Seal and hand in 4 labels")
    her.agrees("Seal and sign")
    her.sees("the oracle's receipt is checked and kept")
    for name in OTHERS:
        place.stage.label(name, count=4)
    place.stage.engine.post_commits(0)


def close(place: WebPlace) -> None:
    """Labels may be opened."""
    place.stage.chain.advance_to(place.stage.schedule.commit_end)


def propose(place: WebPlace, her: Visitor) -> None:
    """All labels are opened, hers by the page, and a result is proposed."""
    stage = place.stage
    her.go(f"/tasks/{place.campaign}")
    her.sees("opened, receipt checked")
    stage.reveal(*OTHERS)
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.engine.propose(stage.record())


def finish(place: WebPlace) -> None:
    later(place, place.stage.schedule.window)
    place.stage.engine.finalize()


def earn(place: WebPlace) -> None:
    """Shares and pay arrive, a licence is sold, and more revenue comes without one."""
    place.stage.engine.pay_everyone(Parts.BOTH)
    sells(place)
    later(place, 3 * 86_400)
    pays(place, 25 * COIN)
    later(place, 86_400)


def answers(her: Visitor) -> None:
    """An item of practice, by its keys."""
    her.page.locator(".item-text").wait_for()
    her.page.keyboard.press("1")
    her.page.keyboard.press("Enter")


def practises(her: Visitor) -> None:
    """To the end of the round, from an answer that is given."""
    onwards = her.page.get_by_role("button", name="Next item")
    score = her.page.get_by_role("heading", name="with the results")
    expect(onwards).to_be_visible()
    while onwards.count():
        onwards.click()
        expect(score.or_(her.page.locator(".answer").first)).to_be_visible()
        if not score.count():
            answers(her)
            expect(onwards).to_be_visible()


def show(her: Visitor, scene: Scene, look: Look) -> None:
    """To a scene, and a look at it once it is there."""
    if scene.path:
        her.go(scene.path)
    if isinstance(scene.press, re.Pattern):
        her.page.get_by_role("button", name=scene.press).first.click()
    elif scene.press:
        her.presses(scene.press)
    if scene.opens:
        her.page.get_by_text(scene.opens).first.click()
    if scene.does:
        scene.does(her)
    her.sees(scene.sees)
    look(her, scene)
