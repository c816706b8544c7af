"""A public chain that drops blocks, and nodes that take a stored transaction never: the account goes on.

The places and helpers are those of `tests.chain.test_replacing`: a node that says it is the main network, and
mines when a test says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.envelope import Transaction
from labelshare.chain.fees import GWEI
from labelshare.chain.journal import Entry, call_hash
from labelshare.chain.keys import new_signer
from labelshare.errors import ChainError, FundsError, LostError
from tests.chain.conftest import running_anvil
from tests.chain.test_replacing import COIN, GIFT, QUICK, Book, Network, network
from tests.faults.table import Inject

__all__ = ["network"]

pytestmark = pytest.mark.anvil

AT_ONCE = replace(QUICK, refused=0.0)
DEPTHS = range(1, 7)


@pytest.fixture(scope="module")
def url(anvil_program: Path) -> Iterator[str]:
    options = ("--chain-id", "1", "--no-mining", "--hardfork", "cancun")
    with running_anvil(anvil_program, *options, "--block-base-fee-per-gas", str(GWEI)) as found:
        yield found


@pytest.fixture
def book(network: Network) -> Book:
    return Book(network)


# ------------------------------------------------------------------------- dropped blocks


@pytest.mark.parametrize("depth", DEPTHS)
def test_what_was_in_a_dropped_block_is_sent_again(book: Book, inject: Inject, depth: int) -> None:
    """The node forgets it, too; whoever asks next has it in a block again, once, by the same bytes."""
    network = book.network
    with inject("a transaction mined, and its block dropped") as fault:
        with network.mining(0.05):
            first = book.send()
        network.ask("hardhat_mine", hex(depth - 1)) if depth > 1 else None
        missing = network.chain.block_number - first.block + 1
        network.ask("anvil_reorg", missing, [])
        network.ask("anvil_dropAllTransactions")
        assert network.gifts() == 0
        fault.injections += 1

        with network.mining(0.05):
            again = book.send()
        fault.check(again.hash == first.hash, "another transaction than the one that was dropped")
        fault.check((network.gifts(), network.nonce) == (1, 1), f"{network.gifts()} gifts")
        fault.check(book.states() == ["mined"], f"{book.states()}")
        fault.check(book.sender().gas == {"gift": [21_000]}, "the gas book counts it twice")


def test_a_dropped_block_with_a_replacement(book: Book) -> None:
    """The second offer was mined; after the drop it is again, and not the first beside it."""
    network = book.network
    network.rise(GWEI)
    with pytest.raises(ChainError):
        book.send(policy=replace(QUICK, replacements=1))
    network.block()
    book.send()
    assert book.states() == ["replaced", "mined"]
    network.ask("anvil_reorg", 1, [])
    network.ask("anvil_dropAllTransactions")
    assert network.gifts() == 0

    with network.mining(0.05):
        book.send()

    assert book.states() == ["replaced", "mined"]
    assert (network.gifts(), network.nonce) == (1, 1)


def test_several_dropped_ones_go_out_in_their_order(book: Book) -> None:
    network = book.network
    calls = [replace(network.gift, value=each) for each in (1, 2, 3)]
    sender = book.sender()
    with network.mining(0.05):
        head = network.chain.block_number
        for call in calls:
            sender.send(network.sender, call)
    network.ask("anvil_reorg", network.chain.block_number - head, [])
    network.ask("anvil_dropAllTransactions")
    assert network.nonce == 0

    with network.mining(0.05):
        book.sender().catch_up(network.sender)

    assert book.states() == ["mined"] * 3
    assert (network.chain.balance(network.to), network.nonce) == (6, 3)


def test_after_the_drop_the_nonce_went_to_a_wallet(book: Book) -> None:
    network = book.network
    with network.mining(0.05):
        first = book.send()
    network.ask("anvil_reorg", network.chain.block_number - first.block + 1, [])
    network.ask("anvil_dropAllTransactions")
    network.send_by_wallet()

    with pytest.raises(LostError, match="Ask the chain"):
        book.send()
    with network.mining(0.05):
        book.send()
    assert (network.gifts(), network.nonce) == (1, 2)


# ------------------------------------------------------------------------- refused for good


def stored(book: Book, **changes: Any) -> None:
    """A transaction that an earlier process stored and that no node takes."""
    network = book.network
    plain = Transaction(1, network.nonce, GWEI, 3 * GWEI, 21_000, network.to, GIFT, b"")
    signed = network.sender.sign_transaction(replace(plain, **changes))
    book.journal.add([Entry(signed, "gift", call_hash(network.gift), "bad")])


BAD = {
    "less gas than any transaction takes": {"gas": 20_000},
    "more gas than a block has": {"gas": 10**9},
    "more money than there is": {"value": 10**6 * COIN},
}


@pytest.mark.parametrize("name", BAD)
def test_what_nodes_refuse_is_given_up_with_an_alarm(
    book: Book, inject: Inject, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    network = book.network
    with inject("a stored transaction that nodes refuse for good") as fault:
        stored(book, **BAD[name])
        patient = book.sender()
        for _ in range(2):
            with pytest.raises((ChainError, FundsError)):
                patient.send(network.sender, network.gift)
        fault.check(book.states() == ["pending"], "given up at the first refusal")
        fault.injections += 1

        with network.mining(0.05), caplog.at_level(logging.ERROR):
            book.sender(policy=AT_ONCE).send(network.sender, network.gift)
        fault.check("is given up, no node takes it" in caplog.text, "no alarm")
        fault.check(book.states() == ["refused", "mined"], f"{book.states()}")
        fault.check((network.gifts(), network.nonce) == (1, 1), f"{network.gifts()} gifts")


def test_what_follows_one_that_was_given_up_is_given_up_as_well(book: Book) -> None:
    network = book.network
    stored(book, gas=20_000)
    plain = Transaction(1, 1, GWEI, 3 * GWEI, 21_000, network.to, GIFT, b"")
    later = network.sender.sign_transaction(plain)
    book.journal.add([Entry(later, "gift", call_hash(network.gift), "later")])

    with network.mining(0.05):
        book.sender(policy=AT_ONCE).send(network.sender, network.gift)

    assert book.states() == ["refused", "refused", "mined"]
    assert (network.gifts(), network.nonce) == (1, 1)


def test_a_node_that_has_an_earlier_offer_is_waited_for(book: Book) -> None:
    """The first offer waits in the node; a later one that cannot be paid gives nothing up."""
    network = book.network
    with pytest.raises(ChainError):
        book.send(policy=replace(QUICK, replacements=0))
    (first,) = book.raw()
    dear = replace(first.signed.transaction, tip=GWEI, max_fee=10**9 * GWEI)
    book.journal.add([replace(first, signed=network.sender.sign_transaction(dear))])

    with network.mining(0.05):
        book.send(policy=AT_ONCE)

    assert book.states() == ["mined", "replaced"]
    assert (network.gifts(), network.nonce) == (1, 1)


def test_an_account_of_nobody_stops_nobody(book: Book) -> None:
    """What one account's transaction comes to is nothing to another account."""
    network, other = book.network, new_signer()
    stored(book, gas=20_000)
    network.ask("anvil_setBalance", str(other.address), hex(COIN))
    with network.mining(0.05):
        book.sender().send(other, network.gift)
    assert (network.gifts(), book.states()) == (1, ["pending", "mined"])


# ------------------------------------------------------------------------- a fee that rises


def test_a_base_fee_that_keeps_rising(book: Book, inject: Inject) -> None:
    """Each block costs an eighth more, as much as blocks ever do: replaced until it is in, and in once."""
    network = book.network
    policy = replace(QUICK, patience=0.2, replacements=60, headroom=1)
    with inject("a transaction stuck under a rising base fee, and replaced") as fault:
        before, done = network.nonce, threading.Event()
        network.rise(20 * GWEI)

        def rise() -> None:
            rises = 0
            while not done.wait(0.15):
                network.rise(network.base * (9 if rises < 20 else 8) // 8)
                rises += 1

        thread = threading.Thread(target=rise)
        thread.start()
        try:
            book.sender(policy=policy).send(network.sender, network.gift)
        finally:
            done.set()
            thread.join()
        states = book.states()
        fault.injections += states.count("replaced")
        fault.check(states.count("mined") == 1, f"{states}")
        fault.check((network.gifts(), network.nonce - before) == (1, 1), f"{network.gifts()} gifts")
