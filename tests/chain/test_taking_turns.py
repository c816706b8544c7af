"""Several processes that send for one account: each transaction once, each nonce once, whoever dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.chain.journal import Entry, call_hash
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Call, Chain, Receipt
from labelshare.chain.transactions import Sender
from labelshare.errors import RevertError, StoreError
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import Address
from tests.chain.conftest import running_anvil
from tests.store.home import Place

COIN = 10**18
AT_ONCE, EACH = 3, 8
TO = Address(b"\7" * 20)
LATE = 60.0
OPENED: list[Database] = []  # by this process; `scene` closes them


def account() -> Signer:
    return development_signer("taking turns", "sender")


@dataclass(frozen=True)
class Scene:
    """A chain and a store, for any number of processes."""

    url: str
    place: Place

    def sender(self) -> Sender:
        return Sender(connect(self.url), self.journal)

    @property
    def journal(self) -> TransactionJournal:
        OPENED.append(self.place.open())
        return TransactionJournal(OPENED[-1])

    @property
    def chain(self) -> Chain:
        return connect(self.url)

    @property
    def nonce(self) -> int:
        return self.chain.mined_nonces([account().address])[0]


@pytest.fixture(params=["sqlite", "postgres"])
def scene(request: pytest.FixtureRequest, anvil_program: Path, tmp_path: Path) -> Iterator[Scene]:
    place = Place(tmp_path)
    if request.param == "postgres":
        place = Place(None, request.getfixturevalue("postgres"))
    with running_anvil(anvil_program, "--hardfork", "cancun") as url:
        connect(url).fund(account().address, 100 * COIN)
        yield Scene(url, place)
        while OPENED:
            OPENED.pop().close()


def gift(amount: int = 1) -> Call:
    return Call(TO, b"", "gift", value=amount)


def send_some(scene: Scene, number: int) -> list[int]:
    """What each of several processes does: its own gifts, and some that all of them are to give once."""
    sender = scene.sender()
    blocks = []
    for each in range(EACH):
        blocks.append(sender.send(account(), gift()).block)
        sender.named(f"shared {each}").send(account(), gift(1_000))
        sender.send_many([(account(), gift()), (account(), gift())])
        sender.named(f"own {number} {each}").send(account(), gift(1_000_000))
        sender.catch_up(account())
    return blocks


@pytest.mark.anvil
def test_processes_that_send_for_one_account_at_once(scene: Scene) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, mp_context=context) as pool:
        blocks = [each.result() for each in [pool.submit(send_some, scene, n) for n in range(AT_ONCE)]]

    sent = AT_ONCE * EACH
    assert scene.chain.balance(TO) == 3 * sent + 1_000 * EACH + 1_000_000 * sent
    assert scene.nonce == 3 * sent + EACH + sent
    journal = scene.journal
    assert journal.pending() == []
    assert len(journal.gas()) == scene.nonce
    assert all(each == sorted(each) for each in blocks)


@dataclass
class Held:
    """A chain at which the first transaction stays on its way until told."""

    chain: Chain
    out: Event
    go_on: Event

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        self.out.set()
        assert self.go_on.wait(LATE)
        return self.chain.include(transactions)


@pytest.mark.anvil
def test_others_wait_until_the_receipt_is_there(scene: Scene) -> None:
    """And what is on its way by a process that lives is nothing that another one sends again."""
    out, go_on = Event(), Event()
    slow, quick = scene.sender(), scene.sender()
    slow.chain = Held(slow.chain, out, go_on)  # type: ignore[assignment]
    other = development_signer("taking turns", "somebody else")
    scene.chain.fund(other.address, COIN)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(slow.send, account(), gift())
        assert out.wait(LATE)
        second = pool.submit(quick.send, account(), gift(2))
        third = pool.submit(scene.sender().catch_up)
        quick_one = scene.sender().send(other, gift(4))  # another account has its own turn
        assert not second.done()
        assert not third.done()
        go_on.set()
        receipts = [first.result(LATE), second.result(LATE)]
        third.result(LATE)

    assert quick_one.block < receipts[0].block < receipts[1].block
    assert scene.chain.balance(TO) == 1 + 2 + 4
    assert scene.nonce == 2


def send_and_die(scene: Scene, out: Any) -> None:
    """Stores a transaction, holds the turn, and never sends it."""
    sender = scene.sender()

    class Stuck(Held):
        def include(self, _: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
            out.send("stored")
            out.recv()
            raise AssertionError

    sender.chain = Stuck(sender.chain, Event(), Event())  # type: ignore[assignment]
    sender.named("gift").send(account(), gift())


@pytest.mark.anvil
def test_whoever_comes_next_finishes_what_a_killed_process_left(scene: Scene) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=send_and_die, args=(scene, theirs))
    process.start()
    assert ours.recv() == "stored"
    survivor = scene.sender()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(survivor.named("gift").send, account(), gift())
        assert not waiting.done()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        receipt = waiting.result(LATE)
    process.join()

    assert receipt.status == 1
    assert (scene.chain.balance(TO), scene.nonce) == (1, 1)
    assert survivor.gas == {"gift": [21_000]}


# -------------------------------------------------------------------- a turn that was lost


class NoTurns(TransactionJournal):
    """One whose turns exclude nobody, as where the connection that held one broke."""

    def turn(self, accounts: Collection[Address]) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()


@dataclass
class Between:
    """A chain at which somebody else does something after a call was tried, or before it is sent."""

    chain: Chain
    at: str
    work: Callable[[], object]

    def __getattr__(self, name: str) -> Any:
        if name == self.at:
            self.at = ""
            self.work()
        return getattr(self.chain, name)


@pytest.fixture
def alone() -> tuple[Chain, Database]:
    chain = connect()
    chain.fund(account().address, COIN)
    return chain, Database.in_memory()


def test_a_nonce_that_somebody_took_in_between_stops_the_second(alone: tuple[Chain, Database]) -> None:
    """The other is stored and not yet sent; nothing of ours is stored or sent."""
    chain, database = alone
    between = Between(chain, "fees", lambda: TransactionJournal(database).add([stored(chain, gift(5))]))

    with pytest.raises(StoreError, match=r"nonce 0 of 0x\w+ is taken by another call"):
        Sender(between, NoTurns(database)).send(account(), gift())  # type: ignore[arg-type]

    assert chain.balance(TO) == 0
    Sender(chain, TransactionJournal(database)).catch_up()
    assert chain.balance(TO) == 5


def test_a_name_that_somebody_used_in_between_stops_the_second(alone: tuple[Chain, Database]) -> None:
    """The other was sent, so that the nonce that we read is a later one."""
    chain, database = alone

    def elsewhere() -> None:
        Sender(chain, NoTurns(database)).named("gift").send(account(), gift())

    between = Between(chain, "gas_for", elsewhere)
    with pytest.raises(StoreError, match=r"gift/gift/0x\w+/0 was sent in between, with nonce 0"):
        Sender(between, NoTurns(database)).named("gift").send(account(), gift())  # type: ignore[arg-type]

    assert (chain.balance(TO), chain.nonces([account().address])) == (1, [1])
    Sender(chain, NoTurns(database)).named("gift").send(account(), gift())
    assert chain.balance(TO) == 1


def stored(chain: Chain, call: Call) -> Entry:
    """The account's first transaction, as another process would sign it."""
    plain = Transaction(chain.chain_id, 0, 1, 10**12, 100_000, call.to, call.value, call.data)
    return Entry(account().sign_transaction(plain), call.label, call_hash(call))
