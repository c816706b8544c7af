"""Wallets of strangers: announced beside each other and beside hostile ones, whatever they do meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from labelshare.chain.unlocked import junk_signers
from tests.web.browser import Visitor
from tests.web.foreign import ELSEWHERE, HERE, HOSTILE, PNG, Foreign, lower
from tests.web.narrow import fits_when_narrow
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.replacing import cancels, hides_its_domain
from tests.web.requesting import until

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
OTHERS = ("ann", "ben", "cleo")
OTHER = junk_signers(6)[5].address
TYPED = "eth_signTypedData_v4"


@pytest.fixture(scope="module")
def place(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPlace]:
    with web_place(anvil_program, tmp_path_factory.mktemp("wallets")) as made:
        made.stage.accept()
        yield made


def first(place: WebPlace, **parts: Any) -> Foreign:
    return Foreign(place.node, lower(VISITOR), **parts)


def names(her: Visitor) -> list[str]:
    buttons = her.page.get_by_role("list", name="Choose a wallet").get_by_role("button")
    return [each.strip() for each in buttons.all_inner_texts() if not each.startswith("Dev account ")]


def token_of(her: Visitor) -> str | None:
    """The session's token as the page keeps it."""
    found: str | None = her.page.evaluate(
        "() => JSON.parse(sessionStorage.getItem('labelshare.session') ?? 'null')?.token ?? null"
    )
    return found


def answer_to(place: WebPlace, token: str | None) -> int:
    """What the service says to whoever has a session's token."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{place.url}/v1/earnings", headers=headers).status_code


def is_over(place: WebPlace, her: Visitor, token: str) -> None:
    """The page forgot the session, and the service soon does."""
    assert token_of(her) is None
    until(lambda: answer_to(place, token) == 401, "the end of the session")


def signs_in(her: Visitor, wallet: Foreign) -> None:
    """Connects it, and signs what is said in words before it is asked."""
    her.go("/connect")
    her.presses(wallet.name)
    her.presses("Sign in")
    her.sees("This moves no money and approves nothing.")
    assert wallet.asked(her, "personal_sign") == 0
    her.agrees("Sign in")
    expect(her.page.get_by_role("button", name="Sign out")).to_be_visible()
    assert wallet.asked(her, "personal_sign") == 1


def test_whatever_is_announced_is_text_and_takes_nobodys_place(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    one = first(place).given_to(her)
    her.context.add_init_script(HOSTILE)
    Foreign(place.node, lower(OTHER), "Second wallet", "example.second", "uuid-second").given_to(her)
    her.go("/connect")
    found = names(her)
    assert sorted(found) == sorted(
        [
            "First wallet",
            "Second wallet",
            "<img src=x onerror=\"window.hacked = 'ye…",
            f"Large name {'A' * 28}…",
            "Drawn",
            "Far",
            "Page",
            "Twin",
            "In ours",
            "dnuora denruT",
        ]
    )
    assert her.page.get_by_role("button", name="Dev account 33", exact=True).count() == 1
    sources = her.page.locator(".wallets img").evaluate_all("all => all.map((each) => each.src)")
    assert all(each == PNG or each.startswith("data:image/svg+xml,") for each in sources)
    assert len(sources) == 3
    her.sees("Several wallets go by the same name.")
    her.sees("example.second")
    fits_when_narrow(her)
    her.page.wait_for_timeout(300)  # a picture's script would have its time
    assert her.page.evaluate("() => window.hacked ?? null") is None
    assert her.origins() <= {place.url, place.node}

    her.presses("First wallet")  # its provider is asked, not that of whoever took its names
    her.sees("Connected")
    assert one.asked(her, "eth_requestAccounts") == 1
    her.page.reload()  # which of the two that claim the name it was, nobody knows: the visitor chooses again
    expect(her.page.get_by_role("button", name="First wallet", exact=True)).to_be_visible()
    expect(her.page.get_by_role("button", name="Sign in", exact=True)).to_have_count(0)
    her.presses("Dev account 3")
    expect(her.page.get_by_text(str(VISITOR)).first).to_be_visible()


def test_odd_answers_are_told_and_used_for_nothing(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    wallet = first(place).given_to(her)
    her.go("/connect")
    odd: list[tuple[str, Any, str]] = [
        ("eth_requestAccounts", "0x1234", "Your wallet's answer is no account."),
        ("eth_requestAccounts", ["<b>me</b>"], "Your wallet's answer is no account."),
        ("eth_requestAccounts", [], "Your wallet's answer is no account."),
        ("eth_chainId", {"chain": 1}, "Your wallet's answer is no chain."),
        ("eth_chainId", "0x", "Your wallet's answer is no chain."),
    ]
    for method, answer, words in odd:
        wallet.changes(her, answers={method: answer})
        her.presses(wallet.name)
        her.sees(words)
    wallet.changes(her, answers={"eth_requestAccounts": "never"})
    her.presses(wallet.name)
    her.sees("Continue in your wallet…")
    her.presses("Dev account 4")  # nobody has to wait for it
    her.presses("Disconnect")

    wallet.changes(her, answers={})
    her.presses(wallet.name)
    her.presses("Sign in")
    wallet.changes(her, answers={"personal_sign": "0x1234"})
    dialog = her.page.get_by_role("dialog")
    yes = dialog.get_by_role("button", name="Sign in", exact=True)
    yes.click()
    her.sees("Your wallet's answer is no signature.")
    wallet.changes(her, answers={}, signer=lower(OTHER))
    yes.click()
    her.sees("Sign again with the account that you are signed in with.")
    wallet.changes(her, signer=None, refuses={"personal_sign": [-32603, "x" * 100_000]})
    yes.click()
    her.sees("xxxxx")
    assert len(dialog.inner_text()) < 2_000
    wallet.changes(her, refuses={}, holds=["personal_sign"])
    yes.click()
    her.sees("No answer yet.")  # after eight seconds
    her.presses("Stop waiting")
    expect(dialog).to_be_hidden()
    her.presses("Sign in")
    with her.page.expect_event("requestfinished", lambda each: "personal_sign" in (each.post_data or "")):
        wallet.releases(her)
    her.page.wait_for_timeout(300)  # a signature too late would have its time
    assert token_of(her) is None
    her.agrees("Sign in")
    assert answer_to(place, token_of(her)) == 200


def test_a_chain_is_changed_and_added_only_when_agreed(place: WebPlace, visitor: Visitors) -> None:
    her = visitor(place.url)
    wallet = first(place, chain=ELSEWHERE, chains=[ELSEWHERE]).given_to(her)
    her.go("/connect")
    her.presses(wallet.name)
    her.sees("Your wallet is on chain 1, this service works on chain 31337.")
    her.presses("Change the chain")
    her.sees("asked to change to chain 31337")
    her.sees(place.node)
    her.presses("Cancel")
    for method in ("wallet_switchEthereumChain", "wallet_addEthereumChain"):
        assert wallet.asked(her, method) == 0
    wallet.changes(her, refuses={"wallet_addEthereumChain": [4001, "no"]})
    her.presses("Change the chain")
    her.page.get_by_role("dialog").get_by_role("button", name="Change the chain").click()
    her.sees("You declined in your wallet.")
    wallet.changes(her, refuses={})
    her.agrees("Change the chain")
    expect(her.page.get_by_role("button", name="Change the chain")).to_be_hidden()
    assert wallet.asked(her, "wallet_addEthereumChain") == 2
    her.presses("Sign in")
    her.agrees("Sign in")
    expect(her.page.get_by_role("button", name="Sign out")).to_be_visible()


def joins(place: WebPlace, her: Visitor, wallet: Foreign) -> None:
    """First declined, then signed by somebody else, then as it should be."""
    hides_its_domain(place.node, place.stage.contracts.development_token.address)
    place.give(VISITOR, 1_234_567_890_123_456_789)
    her.go(f"/tasks/pools/{place.stage.params.pool}")
    her.sees("You lack 2.765432109876543211 DEV.")  # to the last unit: as much is enough
    place.give(VISITOR, 2_765_432_109_876_543_211)
    her.presses("Join this pool")
    her.sees("exactly 4 DEV")
    assert wallet.asked(her, TYPED) == 0
    yes = her.page.get_by_role("dialog").get_by_role("button", name="Join", exact=True)
    wallet.changes(her, refuses={TYPED: [4001, "no"]})
    yes.click()
    her.sees("You declined in your wallet.")
    wallet.changes(her, refuses={}, signer=lower(OTHER))
    yes.click()
    her.sees("Another account signed than the one that is connected.")
    wallet.changes(her, signer=None, answers={"eth_sendTransaction": "0xdone"})
    yes.click()
    her.sees("Your wallet's answer is no transaction.")
    assert place.tokens(VISITOR) == 4 * COIN
    wallet.changes(her, answers={})
    cancels(her, place.node, VISITOR, yes.click)
    assert place.tokens(VISITOR) == 4 * COIN
    stops_before_the_transaction(her, wallet)
    her.agrees("Join")
    her.sees("You have a seat")
    seat = place.stage.contracts.registry.seat(place.stage.params.pool, VISITOR)
    assert (seat.stake, place.tokens(VISITOR)) == (4 * COIN, 0)


def stops_before_the_transaction(her: Visitor, wallet: Foreign) -> None:
    """Her permission comes when she waits no more: it is used for nothing, whatever is open by then."""
    sent = wallet.asked(her, "eth_sendTransaction")
    wallet.changes(her, holds=[TYPED])
    her.page.get_by_role("dialog").get_by_role("button", name="Join", exact=True).click()
    her.presses("Stop waiting")  # after eight seconds
    her.presses("Join this pool")
    her.sees("exactly 4 DEV")
    with her.page.expect_event("requestfinished", lambda each: TYPED in (each.post_data or "")):
        wallet.releases(her)
    her.page.wait_for_timeout(500)  # a transaction would have its time
    assert wallet.asked(her, "eth_sendTransaction") == sent
    expect(her.page.get_by_role("dialog")).to_be_visible()


def enrols(place: WebPlace, her: Visitor, wallet: Foreign) -> None:
    her.go(f"/tasks/{place.campaign}")
    her.presses("Enrol for this campaign")
    her.sees("It costs nothing: you sign, and send no transaction.")
    assert wallet.asked(her, TYPED) == 0
    wallet.changes(her, refuses={TYPED: [4001, "no"]})
    her.page.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()
    her.sees("Nothing was signed or sent.")
    assert place.stage.engine.book.enrolments() == []
    wallet.changes(her, refuses={})
    her.agrees("Sign")
    her.sees("You are enrolled.")
    assert {each.annotator for each in place.stage.engine.book.enrolments()} == {VISITOR}


def answers(her: Visitor, done: int, count: int) -> None:
    for number in range(done, done + count):
        expect(her.page.get_by_role("heading", name=f"{number} of 4 answered")).to_be_visible()
        her.page.locator(".item-text").wait_for()
        her.page.keyboard.press("1")
        her.page.keyboard.press("Enter")


def keeps_answers_through_a_changed_chain(her: Visitor, wallet: Foreign) -> None:
    answers(her, 0, 2)
    token = token_of(her)
    wallet.changes(her, chain=ELSEWHERE)
    wallet.says(her, "chainChanged", ELSEWHERE)
    her.sees("Your wallet is on chain 1, this service works on chain 31337.")
    expect(her.page.locator(".item-text")).to_be_hidden()
    wallet.changes(her, chain=HERE)
    wallet.says(her, "chainChanged", HERE)
    answers(her, 2, 2)
    assert token_of(her) == token


def hands_in_declined_forged_and_well(place: WebPlace, her: Visitor, wallet: Foreign) -> None:
    book = place.stage.engine.book
    before = wallet.asked(her, TYPED)
    her.presses("Seal and hand in 4 labels")
    her.sees("Nobody can read them before the reveal")
    assert wallet.asked(her, TYPED) == before
    yes = her.page.get_by_role("dialog").get_by_role("button", name="Seal and sign")
    wallet.changes(her, refuses={TYPED: [4001, "no"]})
    yes.click()
    her.sees("You declined in your wallet.")
    wallet.changes(her, refuses={}, signer=lower(OTHER))
    yes.click()
    her.sees("Another account signed than the one that is connected.")
    wallet.changes(her, signer=None, refuses={TYPED: [-32601, "no such method"]})
    yes.click()
    her.sees("Your wallet does not sign this kind of statement (EIP-712): no such method")
    assert book.commits_by(VISITOR) == []
    wallet.changes(her, refuses={})
    her.agrees("Seal and sign")
    expect(her.page.get_by_role("heading", name="Handed in")).to_be_visible()
    (signed,) = book.commits_by(VISITOR)
    assert (signed.commit.batch, signed.commit.count) == (0, 4)


def leaves_by_the_wallet(place: WebPlace, her: Visitor, wallet: Foreign) -> None:
    """Another account, then none, then no line: each ends the session, and an open question with it."""
    token = token_of(her)
    assert token is not None
    her.go("/earnings")
    wallet.changes(her, account=lower(OTHER))
    wallet.says(her, "accountsChanged", [lower(OTHER)])
    expect(her.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    is_over(place, her, token)

    her.presses("Sign in")
    her.sees("This moves no money and approves nothing.")
    wallet.changes(her, account=lower(VISITOR))
    wallet.says(her, "accountsChanged", [lower(VISITOR)])
    expect(her.page.get_by_role("dialog")).to_be_hidden()  # it spoke of the other account
    assert wallet.asked(her, "personal_sign") == 0
    her.go("/connect")
    her.presses("Disconnect")
    for event, value in (("accountsChanged", []), ("disconnect", {"code": 4900}), ("accountsChanged", "odd")):
        signs_in(her, wallet)
        token = token_of(her)
        assert token is not None
        wallet.says(her, event, value)
        expect(her.page.get_by_role("heading", name="Connect a wallet")).to_be_visible()
        is_over(place, her, token)


def test_a_wallet_of_somebody_elses_from_joining_to_money(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path, strange_token=True) as place:
        stage, her = place.stage.accept(), visitor(place.url)
        wallet = first(place).given_to(her)
        signs_in(her, wallet)
        joins(place, her, wallet)
        enrols(place, her, wallet)
        stage.enrol(*OTHERS).draw().begin()
        her.go(f"/tasks/{place.campaign}/label")
        keeps_answers_through_a_changed_chain(her, wallet)
        hands_in_declined_forged_and_well(place, her, wallet)
        leaves_by_the_wallet(place, her, wallet)
        for name in OTHERS:
            stage.label(name, count=4)
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        signs_in(her, wallet)
        her.go(f"/tasks/{place.campaign}")
        her.sees("opened, receipt checked")
        stage.reveal(*OTHERS)
        (row,) = (each for each in stage.settle().payouts if each.account == VISITOR)
        assert (row.payout > 0, place.tokens(VISITOR)) == (True, 0)
        her.go("/earnings")
        her.presses("Claim")
        her.agrees("Claim")
        expect(her.page.get_by_role("button", name="Claim")).to_be_hidden()
        assert place.tokens(VISITOR) == row.payout
