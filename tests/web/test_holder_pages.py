"""The holder's pages beside the way to the money: faults, checks of licences, the publisher's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from labelshare.chain.contracts import Parts
from labelshare.chain.history import dataset_history
from labelshare.chain.state import OfferStatus
from labelshare.client.requester import Requester
from labelshare.types import Address
from tests.web.browser import Visitor
from tests.web.holding import BUYER, TERMS, WEEK, YEAR, claimable, later, pays, sells
from tests.web.place import COIN, VISITOR, WebPlace
from tests.web.scenes import VISITOR_SIGNER
from tests.web.test_faults import WALLET
from tests.web.test_holder_journey import settled_place

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(300)]

Visitors = Callable[..., Visitor]

# A wallet whose account the node itself signs for: all that it is asked goes on to the node.
UNLOCKED = """
const ask = async (method, params = []) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await (await fetch('%s', { method: 'POST', headers, body })).json();
  if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
  return answer.result;
};
const own = ['eth_accounts', 'eth_requestAccounts'];
const request = async ({ method, params }) => own.includes(method) ? ['%s'] : ask(method, params);
window.ethereum = { request };
"""


@pytest.fixture(scope="module")
def place(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPlace]:
    """Everyone is paid, licence 1 is the buyer's, and its seven days are over."""
    with settled_place(anvil_program, tmp_path_factory.mktemp("holder")) as made:
        made.stage.engine.pay_everyone(Parts.BOTH)
        sells(made)
        later(made, WEEK)
        yield made


def connects(her: Visitor, wallet: str = "Dev account 3") -> None:
    her.go("/connect")
    her.presses(wallet)
    expect(her.page.get_by_role("button", name="Disconnect")).to_be_visible()


def test_another_chain_and_a_no_are_told(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    her.context.add_init_script(WALLET % ("0x1", VISITOR))
    connects(her, "Other wallet")
    due = claimable(place, VISITOR)
    her.go("/own")
    her.sees("Your wallet is on chain 1, this service works on chain 31337.")
    claim = her.page.get_by_role("button", name="Claim ")
    claim.click()
    dialog = her.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Claim").click()
    expect(dialog.get_by_text("Change the chain in your wallet")).to_be_visible()
    her.presses("Cancel")
    her.presses("Change the chain")
    expect(her.page.get_by_role("button", name="Change the chain")).to_be_hidden()
    claim.click()
    dialog.get_by_role("button", name="Claim").click()
    expect(dialog.get_by_text("You declined in your wallet.")).to_be_visible()
    her.presses("Cancel")
    assert claimable(place, VISITOR) == due > 0


def refusing_code(original: str) -> str:
    """Code that reverts where `transfer` is called, and leaves all else to the code at `original`."""
    to_refusal = "5f3560e01c63a9059cbb14603b57"  # selector == transfer's: jump to 0x3b
    delegates = f"365f5f375f5f365f73{original[2:]}5af43d5f5f3e603757"  # done well: jump to 0x37
    return "0x" + to_refusal + delegates + "3d5ffd" + "5b3d5ff3" + "5b5f5ffd"


def test_a_token_that_bars_transfers_loses_nobody_anything(place: WebPlace, visitor: Visitors) -> None:
    """The token's code is replaced by one that refuses transfers, as a paused token does, and put back."""
    her, chain = visitor(place.url), place.stage.chain
    token, aside = str(place.stage.contracts.development_token.address), "0x" + "a5" * 20
    code = "0x" + chain.code(Address(token)).hex()

    def put(at: str, what: str) -> None:
        chain.web3.provider.make_request("anvil_setCode", [at, what])  # type: ignore[arg-type]

    connects(her)
    due = claimable(place, VISITOR)
    her.go("/own")
    her.page.get_by_role("button", name="Claim ").click()
    put(aside, code)
    put(token, refusing_code(aside))
    try:
        dialog = her.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Claim").click()
        expect(dialog.get_by_text("The revenue token would not be transferred")).to_be_visible()
        expect(dialog.get_by_text("what you earned stays in the contract")).to_be_visible()
    finally:
        put(token, code)
    assert claimable(place, VISITOR) == due > 0
    her.presses("Cancel")


def test_revenue_waits_while_nobody_holds_shares(place: WebPlace, visitor: Visitors) -> None:
    stage, her = place.stage, visitor(place.url)
    token = stage.contracts.development_token
    publisher = Requester(stage.sender, stage.contracts, VISITOR_SIGNER)
    dataset = publisher.create_dataset(
        "Tunes", "TUNE", revenue_token=token.address, contributor_bps=5_000, max_shares=80 * COIN
    )
    publisher.offer_licence(dataset, 7 * COIN, duration=0, terms=TERMS)
    stage.sender.send(stage.deployer, token.approve(dataset, 3 * COIN))
    stage.sender.send(stage.deployer, stage.contracts.share(dataset).pay_revenue(3 * COIN))
    later(place, WEEK)
    connects(her, "Dev account 5")
    her.go(f"/own/{dataset}")
    waits = her.page.locator(".figures > div", has_text="waiting for the first shares")
    expect(waits.get_by_text("3 DEV")).to_be_visible()
    her.go(f"/licences/{dataset}")
    her.sees("Nobody holds shares of this dataset yet, so no licence is sold")
    expect(her.page.get_by_role("button", name="Buy for 7 DEV")).to_be_hidden()
    her.go("/own")
    her.sees("This account holds no shares yet.")
    her.page.get_by_text("Nobody holds shares yet, and revenue was paid").click()
    her.sees("its seven days begin with the first shares")


def asks(her: Visitor, dataset: object, number: str, holder: object) -> None:
    for label, value in (("Dataset", dataset), ("Number of the licence", number), ("Holder", holder)):
        her.page.get_by_label(label, exact=True).fill(str(value))
    her.page.get_by_role("button", name="Check", exact=True).click()


def test_anyone_checks_a_licence(place: WebPlace, visitor: Visitors) -> None:
    her, dataset = visitor(place.url), place.stage.dataset
    her.go(f"/licences/{dataset}/1")
    her.sees("Licence 1 holds")
    her.go("/licences/check")
    asks(her, dataset, "", "")
    her.sees("Name the licence's number, or its holder, or both.")
    asks(her, dataset, "1", BUYER)
    her.sees("Licence 1 holds")
    asks(her, dataset, "1", VISITOR)
    her.sees("Licence 1 does not hold")
    asks(her, dataset, "", BUYER)
    her.sees("Licence 1 holds")
    asks(her, dataset, "", VISITOR)
    her.sees("This account holds no licence of this dataset")
    asks(her, dataset, "99", "")
    her.sees("There is no such licence")
    asks(her, VISITOR, "1", "")
    her.sees("Licence 1 does not hold")
    asks(her, dataset, "1", "")
    her.sees("Licence 1 holds")
    terms = her.page.get_by_label("Compare a text with these terms")
    terms.set_input_files({"name": "terms.txt", "mimeType": "text/plain", "buffer": TERMS})
    her.sees("This is the text of the offer, to the byte.")


def test_a_publisher_offers_ends_and_is_paid(place: WebPlace, visitor: Visitors) -> None:
    stage, her = place.stage, visitor(place.url)
    account, licences = stage.requester.address, stage.contracts.licenses
    stage.chain.web3.provider.make_request("anvil_impersonateAccount", [str(account)])  # type: ignore[arg-type]
    her.context.add_init_script(UNLOCKED % (place.node, account))
    connects(her, "Browser wallet")
    her.go(f"/licences/{stage.dataset}")
    her.sees("You are the publisher")
    proceeds, before = (
        licences.proceeds(account, stage.contracts.development_token.address),
        place.tokens(account),
    )
    her.presses("Take it")
    her.agrees("Take it")
    expect(her.page.get_by_role("button", name="Take it")).to_be_disabled()
    assert place.tokens(account) - before == proceeds == 30 * COIN

    made = len(her.page.get_by_role("article", name="Moods, On offer").all())
    her.presses("Make the offer")
    her.sees("The price is a number above zero")
    her.sees("Choose the file with the terms.")
    for days in ("30", "0"):
        her.page.get_by_label("Price of one licence").fill("12.5")
        her.page.get_by_label("Lasts, in days").fill(days)
        chooser = her.page.get_by_label("Terms", exact=True)
        chooser.set_input_files({"name": "terms.txt", "mimeType": "text/plain", "buffer": TERMS})
        her.presses("Make the offer")
        her.sees("Of each sale 8.75 DEV stream to the share holders, and 3.75 DEV are yours.")
        her.agrees("Offer")
    expect(her.page.get_by_role("article", name="Moods, On offer")).to_have_count(made + 2)
    newest = her.page.get_by_role("article", name="Moods, On offer").first
    expect(newest.get_by_text("for ever")).to_be_visible()
    newest.get_by_role("button", name="End the offer").click()
    her.agrees("End it")
    her.sees("Closed offers")
    history = dataset_history(stage.chain, stage.deployment, stage.dataset)
    states = [licences.offer_status(each.offer) for each in history.offers]
    assert states.count(OfferStatus.CLOSED) == 1
    assert states.count(OfferStatus.OPEN) == made + 1


def test_a_claim_by_keys_alone(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    her.connects()
    pays(place, 8 * COIN)
    later(place, 2 * WEEK)
    due, before = claimable(place, VISITOR), place.tokens(VISITOR)
    her.go("/own")
    claim = her.page.get_by_role("button", name="Claim ")
    expect(claim).to_be_visible()
    for _ in range(40):
        her.page.keyboard.press("Tab")
        if claim.evaluate("each => each === document.activeElement"):
            break
    her.page.keyboard.press("Enter")
    expect(her.page.get_by_role("heading", name="Claim your revenue")).to_be_focused()
    her.page.keyboard.press("Tab")
    her.page.keyboard.press("Tab")
    her.page.keyboard.press("Enter")
    her.sees("As the chain says: the wallet had")
    assert place.tokens(VISITOR) - before == due > 0


def test_an_ended_licence_does_not_hold(place: WebPlace, visitor: Visitors) -> None:
    """The last test of this place: its year is over."""
    later(place, YEAR)
    her = visitor(place.url)
    her.go(f"/licences/{place.stage.dataset}/1")
    her.sees("Licence 1 does not hold")
    assert not place.stage.contracts.licenses.is_licensed(1, place.stage.dataset, BUYER)


def test_what_one_owns_is_asked_in_few_questions(place: WebPlace, visitor: Visitors) -> None:
    """However many datasets there are: its own come from events, and what changes is read together."""
    stage, her = place.stage, visitor(place.url)
    registry, token = stage.contracts.registry, stage.contracts.development_token.address
    calls = [registry.create_dataset(f"Set {at}", f"S{at}", token, 7_000, COIN) for at in range(20)]
    stage.sender.send_many([(stage.requester, call) for call in calls])
    her.connects()
    asked: list[Request] = []
    her.page.on("request", lambda each: asked.append(each))  # noqa: PLW0108 (a built-in is no listener)

    def questions() -> int:
        found = [each for each in asked if each.url.startswith(place.node)]
        return sum((each.post_data or "").count('"method"') for each in found)

    her.go("/own")
    her.sees("Revenue, history, transfer")
    expect(her.page.locator("article")).to_have_count(1)
    her.page.wait_for_load_state("networkidle")
    assert 0 < questions() <= 12

    def begins(each: Request) -> bool:
        return "eth_getBlockByNumber" in (each.post_data or "")

    with her.page.expect_request(begins):
        pass
    asked.clear()
    with her.page.expect_request(begins):
        pass
    assert questions() <= 4  # one look: two about events, one about what changes; and the next one's block
