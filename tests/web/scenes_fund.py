"""A requester's pages with something on them, for axe and for pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.web.browser import Visitor
from tests.web.foreign import Foreign, lower
from tests.web.place import COIN, VISITOR, WebPlace
from tests.web.requesting import COUNT, asks_to_fund, describes, funds, imports, prices, publishes
from tests.web.scenes import Scene

STEPS = (
    ("Account and dataset", "Soups of the town (SOUP)"),
    ("Task", "What annotators answer"),
    ("Items", f"of {COUNT} items are gold"),
    ("Pay and rules", "Annotators per item"),
    ("Quote and funding", "nobody can recover it"),
)


def begins(place: WebPlace, requester: Visitor) -> None:
    """The campaign's requester connects a wallet of their own, for which the node signs."""
    account = place.stage.requester.address
    place.stage.chain.web3.provider.make_request("anvil_impersonateAccount", [str(account)])  # type: ignore[arg-type]
    wallet = Foreign(place.node, lower(account)).given_to(requester)
    requester.go("/connect")
    requester.presses(wallet.name)


def running(place: WebPlace) -> Iterator[Scene]:
    """The first round is over, and no label is opened yet."""
    yield Scene("fund", "/fund", "Moods")
    yield Scene("fund-running", f"/fund/{place.campaign}", "Labels by the end of the work")


def proposed(place: WebPlace) -> Iterator[Scene]:
    """The result may still be challenged."""
    yield Scene("fund-proposed", f"/fund/{place.campaign}", "A challenge takes a bond of")


def final(place: WebPlace) -> Iterator[Scene]:
    """All is paid, a licence is sold, and its price waits for the publisher."""
    yield Scene("fund-final", f"/fund/{place.campaign}", "Answers by result")
    yield Scene("licences-publisher", f"/licences/{place.stage.dataset}", "You are the publisher")


def fill_in(place: WebPlace, her: Visitor) -> None:
    """The visitor's own campaign, by real input to the last step before the money."""
    place.give(VISITOR, 100 * COIN)
    publishes(her)
    describes(her)
    with TemporaryDirectory() as folder:
        imports(her, Path(folder))
    prices(her)


def filled() -> Iterator[Scene]:
    """Each step of the form, found again after the page was loaded anew."""
    path = "/fund/new"
    for number, (name, sees) in enumerate(STEPS, 1):
        yield Scene(f"fund-new-{number}", path, sees, f"{number}. {name}")
        path = ""


def funded() -> Iterator[Scene]:
    """What is signed, in words; then the money is locked, and the items are with the oracle."""
    yield Scene("fund-dialog", "", "You cannot reject good work and keep it.", does=asks_to_fund)
    yield Scene("fund-created", "", "The oracle has all items.", does=funds_after_all)


def funds_after_all(her: Visitor) -> None:
    her.presses("Cancel")
    her.page.get_by_label("I have saved the gold file").uncheck()
    funds(her)
