"""Every page of the app with something on it: for axe, and for pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labelshare.chain.contracts import Parts
from labelshare.chain.keys import Signer
from labelshare.client.seats import seat_calls
from labelshare.protocol.commitments import Enrolment
from labelshare.protocol.typed_data import digest, enrol_hash
from tests.web.browser import Visitor
from tests.web.holding import later, pays, sells
from tests.web.place import COIN, VISITOR, WebPlace

# The public key of anvil's fourth account, as web/src/wallet/devWallet.ts has it.
VISITOR_SIGNER = Signer(bytes.fromhex("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"))
OTHERS = ("ann", "ben", "cleo")


@dataclass(frozen=True)
class Scene:
    """A page, what is done there, and what must then be on it before it is looked at.

    Attributes:
        name: Of its picture.
        path: Its address.
        sees: A text that is on it in the end.
        press: A button or link that is pressed there.
        opens: A text that is clicked, as the summary of what is folded away.
        keys: Keys that are pressed.
    """

    name: str
    path: str
    sees: str
    press: str | re.Pattern[str] = ""
    opens: str = ""
    keys: tuple[str, ...] = ()


def arriving(place: WebPlace) -> Iterator[Scene]:
    """Nobody is connected, and the campaign takes enrolments."""
    yield Scene("landing", "/", "per hour, typical")
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
    yield Scene("licence", f"{shop}/1", "Licence 1 holds")
    yield Scene("licences-check", "/licences/check", "Number of the licence")


def funding() -> Iterator[Scene]:
    """The visitor has funded nothing."""
    yield Scene("fund-begun", "/fund", "You have funded no campaign with this oracle yet")


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


def finish(place: WebPlace, her: Visitor) -> None:
    """The visitor labels by the page, others beside it, and all is settled."""
    stage = place.stage
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
        stage.label(name, count=4)
    stage.engine.post_commits(0)
    stage.chain.advance_to(stage.schedule.commit_end)
    her.go(f"/tasks/{place.campaign}")
    her.sees("opened, receipt checked")
    stage.reveal(*OTHERS)
    stage.settle()


def earn(place: WebPlace) -> None:
    """Shares and pay arrive, a licence is sold, and more revenue comes without one."""
    place.stage.engine.pay_everyone(Parts.BOTH)
    sells(place)
    later(place, 3 * 86_400)
    pays(place, 25 * COIN)
    later(place, 86_400)


def walk(place: WebPlace, her: Visitor, look: Callable[[Scene], None]) -> None:
    """Every scene in the order of a campaign's life, and a look at each."""
    place.stage.accept()
    for scene in arriving(place):
        show(her, scene, look)
    her.connects()
    place.give(VISITOR, 4 * COIN)
    for scene in joining(place):
        show(her, scene, look)
    take_part(place)
    for scene in at_work(place):
        show(her, scene, look)
    finish(place, her)
    for scene in settled(place):
        show(her, scene, look)
    earn(place)
    for scene in holding(place):
        show(her, scene, look)
    for scene in funding():
        show(her, scene, look)


def show(her: Visitor, scene: Scene, look: Callable[[Scene], None]) -> None:
    her.go(scene.path)
    if isinstance(scene.press, re.Pattern):
        her.page.get_by_role("button", name=scene.press).first.click()
    elif scene.press:
        her.presses(scene.press)
    if scene.opens:
        her.page.get_by_text(scene.opens).first.click()
    for key in scene.keys:
        her.page.locator(".item-text, table").first.wait_for()
        her.page.keyboard.press(key)
    her.sees(scene.sees)
    look(scene)
