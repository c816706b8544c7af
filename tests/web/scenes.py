"""Every page of the app with something on it: for axe, and for pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labelshare.chain.keys import Signer
from labelshare.client.seats import seat_calls
from labelshare.protocol.commitments import Enrolment
from labelshare.protocol.typed_data import digest, enrol_hash
from tests.web.browser import Visitor
from tests.web.place import COIN, VISITOR, WebPlace

# The public key of anvil's fourth account, as web/src/wallet/devWallet.ts has it.
VISITOR_SIGNER = Signer(bytes.fromhex("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"))
OTHERS = ("ann", "ben", "cleo")


@dataclass(frozen=True)
class Scene:
    """A page, a button that is pressed there, and what must then be on it before it is looked at."""

    name: str
    path: str
    sees: str
    press: str = ""


def arriving(place: WebPlace) -> Iterator[Scene]:
    """Nobody is connected, and the campaign takes enrolments."""
    yield Scene("landing", "/", "per hour, typical")
    yield Scene("campaign", f"/campaigns/{place.campaign}", "The rules in words")
    yield Scene("audit-before", f"/campaigns/{place.campaign}/audit", "Nothing is proposed yet")
    yield Scene("datasets-empty", f"/datasets/{place.stage.dataset}", "Nobody holds shares yet")
    yield Scene("connect", "/connect", "Dev account 3")
    yield Scene("work-before", "/tasks", "Dev account 3")
    yield Scene("backup", "/backup", "In this browser")
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


def show(her: Visitor, scene: Scene, look: Callable[[Scene], None]) -> None:
    her.go(scene.path)
    if scene.press:
        her.presses(scene.press)
    her.sees(scene.sees)
    look(scene)
