"""A whole service with a chain of its own, a visitor who funds a campaign by the page, and annotators."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from playwright.sync_api import expect

from labelshare.chain.campaign import Campaign
from labelshare.chain.connect import connect
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.listing import pools
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.client.connection import Connection
from labelshare.client.seats import seat_calls
from labelshare.client.service import ServiceClient
from labelshare.client.wire.work import AssignmentAnswer
from labelshare.commands.ground import COIN, Ground, taken_up
from labelshare.errors import ProtocolError
from labelshare.types import Address, CampaignId, Hash32, Schedule
from tests.commands.test_dev import Dev, dev
from tests.web.browser import Visitor

# The first account of the mnemonic that development chains fund: the page's "Dev account 0".
REQUESTER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
CLASSES = ("good", "bad")
COUNT = 15
PATIENCE_SECONDS = 90


def text_of(item: int) -> str:
    return f"The {'warm' if item % 2 == 0 else 'cold'} soup came, number {item}"


def truth_of(item: int) -> int:
    """The class that a careful annotator gives: warm is good."""
    return item % 2


def csv_of(count: int = COUNT, gold: int = 2) -> str:
    """A table of texts with a column of gold answers, filled for the first few."""
    rows = (
        f'item-{item},"{text_of(item)}",{CLASSES[truth_of(item)] if item < gold else ""}'
        for item in range(count)
    )
    return "\n".join(["id,text,gold", *rows, ""])


def until(true: Callable[[], Any], what: str) -> Any:
    """What a question answers once it is true."""
    end = monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        assert monotonic() < end, f"never came: {what}"
        sleep(0.1)
    return found


@dataclass
class RequesterPlace:
    """The service, and what a test knows of the campaign that was funded."""

    dev: Dev
    ground: Ground
    stack: ExitStack
    annotators: list[Annotator] = field(default_factory=list)
    clients: dict[Address, ServiceClient] = field(default_factory=dict)
    published: bool = False

    @property
    def url(self) -> str:
        return self.dev.url

    def tokens(self, account: Address = REQUESTER) -> int:
        """In the wallet, as the chain says."""
        return self.ground.contracts.development_token.balance_of(account)

    def credit(self, account: Address = REQUESTER) -> int:
        token = self.ground.contracts.development_token
        return self.ground.contracts.registry.credit_of(token.address, account)

    def status(self, campaign: CampaignId) -> Status:
        return self.ground.contracts.registry.campaign(campaign).status

    def go_to(self, time: int) -> None:
        chain = self.ground.contracts.registry.chain
        if chain.now() < time:
            chain.advance_to(time)

    # ------------------------------------------------------------------ the annotators

    def schedule(self) -> Schedule:
        return self.annotators[0].params.schedule

    def seat(self, campaign: CampaignId, count: int) -> None:
        """So many people, new to the chain, take seats and enrol over the service, once it has accepted."""
        until(lambda: self.status(campaign) is Status.OPEN, "the oracle's word")
        chain, contracts = self.ground.contracts.registry.chain, self.ground.contracts
        people = [development_signer("requester tests", f"annotator {number}") for number in range(count)]
        for each in people:
            self.dev.ask("labelshare_faucet", str(each.address))
        (pool,) = [each.params for each in pools(chain, self.ground.deployment)]
        Sender(chain).send_many(
            [(each, call) for each in people for call in seat_calls(contracts, pool, each.address)]
        )
        self.annotators = [self._annotator(campaign, each) for each in people]
        for annotator in self.annotators:
            annotator.enrol()

    def _annotator(self, campaign: CampaignId, signer: Signer) -> Annotator:
        chain = self.ground.contracts.registry.chain
        connection = self.stack.enter_context(Connection(self.url))
        client = ServiceClient(connection, signer, chain_id=chain.chain_id)
        client.sign_in()
        spec = client.spec(client.campaign(campaign).spec_hash)
        found = Campaign.load(chain, self.ground.deployment, campaign, spec)
        self.clients[signer.address] = client
        return Annotator.of(found, signer, client.transport(campaign))

    def draw(self, campaign: CampaignId) -> None:
        """The oracle posts the roster and draws the seed; the first round begins."""
        line, registry = self.schedule(), self.ground.contracts.registry
        self.go_to(line.enrol_end - line.grace - 30)
        until(lambda: registry.campaign(campaign).roster_root != bytes(32), "the roster")
        self.go_to(line.enrol_end)
        until(lambda: registry.campaign(campaign).seed != bytes(32), "the seed")
        self.go_to(line.work_start)

    def label(self, campaign: CampaignId, wrong: int = 1) -> int:
        """Everybody labels what is theirs; the last `wrong` of them always say the other thing."""
        labels = 0
        for number, each in enumerate(self.annotators):
            items = self.items_of(campaign, each)
            other = number >= len(self.annotators) - wrong
            if items:
                each.submit(0, {item: truth_of(item) ^ other for item in items})
            labels += len(items)
        return labels

    def items_of(self, campaign: CampaignId, annotator: Annotator) -> list[int]:
        client = self.clients[annotator.address]

        def asked() -> AssignmentAnswer | None:
            try:
                found = client.assignment(campaign)
            except ProtocolError:  # the index has not seen the seed yet
                return None
            return found if found.takes_batches else None

        found = until(asked, "the first round")
        return [each.index for each in found.items][: found.limit - found.committed]

    def close(self, campaign: CampaignId) -> None:
        """The oracle posts the round's root; then the round is over, and labels may be opened."""
        line = self.schedule()
        self.go_to(line.aggregate_close(0) - 20)
        until(lambda: self.ground.contracts.registry.round_root(campaign, 0) != bytes(32), "the round's root")
        self.go_to(line.commit_end)

    def open(self) -> None:
        for each in self.annotators:
            for batch in each.batches:
                each.open(batch)

    def propose(self, campaign: CampaignId) -> None:
        self.go_to(self.schedule().reveal_end)
        until(lambda: self.status(campaign) is Status.PROPOSED, "the proposal")

    def finish(self, campaign: CampaignId) -> None:
        since = self.ground.contracts.registry.campaign(campaign).since
        self.go_to(since + self.schedule().window)
        until(lambda: self.status(campaign) is Status.FINAL, "the end")


@contextmanager
def requester_place(anvil: Path, folder: Path) -> Iterator[RequesterPlace]:
    """`labelshare dev` as a process, on anvil."""
    state = folder / "state"
    with ExitStack() as stack, dev("--anvil", anvil, "--state", state) as service:
        ground = taken_up(connect(service.node), state / "deployment.json")
        yield RequesterPlace(service, ground, stack)
        stack.close()


# ---------------------------------------------------------------------- what she does by the page


def publishes(her: Visitor) -> None:
    her.go("/fund/new")
    her.page.get_by_label("Name", exact=True).fill("Soups of the town")
    her.page.get_by_label("Symbol", exact=True).fill("SOUP")
    her.presses("Publish dataset")
    her.sees("You are its publisher for ever.")
    her.sees("70% of all licence income")
    her.sees("revenue is paid in DEV (0x")
    her.agrees("Publish")
    her.sees("Soups of the town (SOUP)")
    her.presses("Continue")


def describes(her: Visitor) -> None:
    page = her.page
    page.get_by_label("Title").fill("Moods of soups")
    page.get_by_label("Instructions").fill("Warm soup is good, cold soup is bad.")
    page.get_by_label("Classes", exact=True).fill("\n".join(CLASSES))
    preview = page.get_by_role("complementary")
    for name in CLASSES:
        expect(preview.get_by_text(name, exact=True)).to_be_visible()
    her.presses("Continue")


def imports(her: Visitor, folder: Path, count: int = COUNT) -> None:
    """A table of texts, two of them gold by a column, and a third by hand in the preview."""
    page = her.page
    table = folder / "soups.csv"
    table.write_text(csv_of(count))
    page.get_by_label("Choose a file").set_input_files(table)
    her.sees(f"{count} items from soups.csv (CSV)")
    her.sees(f"2 of {count} items are gold")
    rows = page.get_by_role("listbox", name="Items")
    rows.get_by_role("option").nth(2).click()
    preview = page.get_by_role("complementary")
    expect(preview.get_by_text(text_of(2), exact=True)).to_be_visible()
    preview.get_by_text(CLASSES[truth_of(2)], exact=True).click()
    her.presses("Keep this answer as gold")
    her.sees(f"3 of {count} items are gold")
    her.presses("Continue")


def prices(her: Visitor, k: int = 3) -> None:
    page = her.page
    page.get_by_label("Pay per label, in DEV").fill("0.1")
    page.get_by_label("Annotators per item").fill(str(k))
    expect(page.get_by_text(re.compile(r"^DEV: \d+ seats? of \d+ DEV each$")).first).to_be_visible()
    expect(page.get_by_label("Half an hour")).to_be_checked()
    her.presses("Continue")


def asks_to_fund(her: Visitor) -> None:
    """She says that her gold is saved, and looks at what she would sign."""
    her.page.get_by_label("I have saved the gold file").check()
    her.page.get_by_role("button", name="Fund with").click()


def funds(her: Visitor) -> tuple[CampaignId, dict[str, Any]]:
    """She saves her gold and signs; the campaign, and what the gold file says."""
    page = her.page
    her.sees("The spec's hash was computed here and equals the service's")
    her.sees("nobody can recover it")
    her.sees("units of gas at its price now")
    her.sees("per hour, implied")
    with page.expect_download() as saved:
        her.presses("Save the gold file")
    gold = json.loads(saved.value.path().read_text())
    button = page.get_by_role("button", name="Fund with")
    expect(button).to_be_disabled()
    page.get_by_label("I have saved the gold file").check()
    button.click()
    her.sees("You cannot reject good work and keep it.")
    her.agrees("Lock the money")
    page.wait_for_url("**/fund/0x*")
    return CampaignId(Hash32(page.url.rsplit("/", 1)[1])), gold


def digest_of(item: int) -> str:
    return sha256(text_of(item).encode()).hexdigest()


__all__ = ["COIN", "REQUESTER", "RequesterPlace", "requester_place"]
