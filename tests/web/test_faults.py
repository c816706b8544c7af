"""What goes wrong is said in words, with what to do: other wallets, other chains, a no, and a lost line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.browser import Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import VISITOR, WebPlace, web_place
from tests.web.scenes import take_part

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]

# A wallet as an extension announces it (EIP-6963). It changes chains; its owner declines all else.
WALLET = """
let chain = '%s';
const listeners = {};
const provider = {
  on(event, listener) { (listeners[event] ??= []).push(listener); },
  removeListener() {},
  async request({ method }) {
    if (method === 'eth_chainId') return chain;
    if (method === 'eth_accounts' || method === 'eth_requestAccounts') return ['%s'];
    if (method === 'wallet_switchEthereumChain') {
      chain = '0x7a69';
      for (const listener of listeners.chainChanged ?? []) listener(chain);
      return null;
    }
    throw Object.assign(new Error('declined'), { code: 4001 });
  },
};
const icon = 'https://elsewhere.example/icon.png';
const info = { uuid: 'b5b1', name: 'Other wallet', icon, rdns: 'example.other' };
const announce = () =>
  dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }));
addEventListener('eip6963:requestProvider', announce);
announce();
"""


@pytest.fixture(scope="module")
def place(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPlace]:
    with web_place(anvil_program, tmp_path_factory.mktemp("faults")) as made:
        made.stage.accept()
        yield made


def test_a_wallet_of_another_chain_is_told_to_change(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    her.context.add_init_script(WALLET % ("0x1", VISITOR))
    her.go("/connect")
    her.presses("Other wallet")
    her.sees("Your wallet is on chain 1, this service works on chain 31337.")
    her.presses("Sign in")
    her.sees("Change the chain in your wallet")
    fits_when_narrow(her)
    expect(her.page.get_by_role("dialog")).to_be_hidden()
    her.presses("Change the chain")
    her.agrees("Change the chain")
    expect(her.page.get_by_role("button", name="Change the chain")).to_be_hidden()
    assert her.origins() <= {place.url, place.node}  # not even for the wallet's picture


def test_a_declined_signature_is_no_fault_of_anybody(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    her.context.add_init_script(WALLET % ("0x7a69", VISITOR))
    her.go("/connect")
    her.presses("Other wallet")
    her.presses("Sign in")
    her.page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    her.sees("You declined in your wallet.")
    her.sees("Nothing was signed or sent.")
    her.presses("Cancel")
    expect(her.page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_sign_in_for_another_address_is_not_signed(place: WebPlace, visitor: Visitors) -> None:
    """The page is reached by a name that the service does not know as its own."""
    her = visitor(place.url.replace("127.0.0.1", "localhost"))
    her.go("/connect")
    her.presses("Dev account 3")
    her.presses("Sign in")
    her.sees("which is not the address of this page")
    expect(her.page.get_by_role("dialog")).to_be_hidden()


# The first answer to a batch is lost on its way back: the service has it, and the page cannot know.
LOST_ANSWER = """
const real = window.fetch;
let lost = false;
window.fetch = async (...asked) => {
  const answer = await real(...asked);
  if (lost || !String(asked[0]).endsWith('/commitments')) return answer;
  lost = true;
  throw new TypeError('the line was lost');
};
"""


def test_a_batch_whose_answer_was_lost_is_handed_in_once(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage.accept(), visitor(place.url)
        place.give(VISITOR, stage.pool.seat_stake)
        take_part(place)
        her.context.add_init_script(LOST_ANSWER)
        her.connects()
        answers_all(place, her)
        her.presses("Seal and hand in 4 labels")
        her.page.get_by_role("dialog").get_by_role("button", name="Seal and sign").click()
        her.sees("The service did not answer.")
        (signed,) = stage.engine.book.commits_by(VISITOR)
        her.agrees("Seal and sign")
        her.sees("the oracle's receipt is checked and kept")
        assert stage.engine.book.commits_by(VISITOR) == [signed]


def answers_all(place: WebPlace, her: Visitor) -> None:
    her.go(f"/tasks/{place.campaign}/label")
    for _ in range(4):
        her.page.locator(".item-text").wait_for()
        her.page.keyboard.press("1")
        her.page.keyboard.press("Enter")


def test_a_batch_survives_a_lost_line(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage.accept(), visitor(place.url)
        place.give(VISITOR, stage.pool.seat_stake)
        take_part(place)
        her.connects()
        answers_all(place, her)
        her.presses("Seal and hand in 4 labels")
        her.context.set_offline(True)
        her.page.get_by_role("dialog").get_by_role("button", name="Seal and sign").click()
        her.sees("The service did not answer.")
        her.context.set_offline(False)
        her.agrees("Seal and sign")
        her.sees("the oracle's receipt is checked and kept")
        (signed,) = stage.engine.book.commits_by(VISITOR)
        assert (signed.commit.batch, signed.commit.count) == (0, 4)
