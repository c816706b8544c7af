"""A public chain where blocks come slowly, fees rise, and somebody else uses the same key.

The node says that it is Ethereum's main network and mines when a test says so. Whatever happens, the receiver
gets each gift once, and of one nonce one transaction.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.chain.fees import GWEI, FeePolicy, raised
from labelshare.chain.journal import Entry, State
from labelshare.chain.keys import Signer, new_signer
from labelshare.chain.node import Call, Receipt
from labelshare.chain.remote import RemoteChain
from labelshare.chain.transactions import Sender
from labelshare.errors import ChainError, FeeError, FundsError, LostError, NotIncludedError, RevertError
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.schema import transactions
from labelshare.types import Address
from tests.chain.conftest import running_anvil

COIN = 10**18
GIFT = 7
QUICK = FeePolicy(patience=0.4, replacements=3, certain=0.0)

pytestmark = pytest.mark.anvil


class Crash(BaseException):
    """A process that ends here."""


@pytest.fixture(scope="module")
def url(anvil_program: Path) -> Iterator[str]:
    options = ("--chain-id", "1", "--no-mining", "--hardfork", "cancun")
    with running_anvil(anvil_program, *options, "--block-base-fee-per-gas", str(GWEI)) as found:
        yield found


@dataclass
class Network:
    """The chain, with a base fee of the test's own."""

    chain: RemoteChain
    base: int = GWEI
    sender: Signer = field(default_factory=new_signer)
    to: Address = field(default_factory=lambda: new_signer().address)

    def ask(self, method: str, *params: Any) -> Any:
        return self.chain._ask(method, *params)

    def block(self) -> None:
        self.ask("anvil_setNextBlockBaseFeePerGas", hex(self.base))
        self.ask("evm_mine")

    def rise(self, base: int) -> None:
        """The next block, and those after it, cost this much; it has nothing that offers less."""
        self.base = base
        self.block()

    @contextmanager
    def mining(self, seconds: float = 0.1) -> Iterator[None]:
        """A block now and then, as of a chain that goes on while one waits."""
        done = threading.Event()

        def run() -> None:
            while not done.wait(seconds):
                self.block()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    @property
    def gift(self) -> Call:
        return Call(self.to, b"", "gift", value=GIFT)

    def gifts(self) -> float:
        """How many arrived."""
        return self.chain.balance(self.to) / GIFT

    @property
    def nonce(self) -> int:
        return self.chain.mined_nonces([self.sender.address])[0]

    def by_wallet(self, nonce: int = 0, *, fee: int = 100 * GWEI) -> SignedTransaction:
        """What the owner of the key sends by another program."""
        plain = Transaction(1, nonce, fee, fee, 21_000, new_signer().address, 1, b"")
        return self.sender.sign_transaction(plain)

    def send_by_wallet(self, nonce: int = 0) -> None:
        assert self.chain.submit(self.by_wallet(nonce)) is None
        self.block()
        assert self.nonce == nonce + 1


@pytest.fixture
def network(url: str) -> Iterator[Network]:
    chain = connect(url)
    assert isinstance(chain, RemoteChain)
    found = Network(chain)
    found.ask("anvil_setBalance", str(found.sender.address), hex(100 * COIN))
    found.block()
    yield found
    found.ask("anvil_dropAllTransactions")


@dataclass
class Book:
    """A store, and senders over it as one process after the other makes them."""

    network: Network
    database: Database = field(default_factory=Database.in_memory)

    @property
    def journal(self) -> TransactionJournal:
        return TransactionJournal(self.database)

    def sender(self, chain: Any = None, journal: Any = None, policy: FeePolicy = QUICK) -> Sender:
        return Sender(chain or self.network.chain, journal or self.journal, policy)

    def send(self, **options: Any) -> Receipt:
        return self.sender(**options).named("gift").send(self.network.sender, self.network.gift)

    def states(self) -> list[str]:
        with self.database.reading() as connection:
            rows = connection.execute(transactions.select().order_by(transactions.c.number))
            return [row.state for row in rows]

    def raw(self) -> list[Entry]:
        """What is pending."""
        return self.journal.pending()


@pytest.fixture
def book(network: Network) -> Book:
    return Book(network)


@dataclass
class Watched:
    """A chain at which each step counts, and the process ends before or after one of them."""

    chain: RemoteChain
    steps: Steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def submit(self, signed: SignedTransaction) -> RevertError | None:
        self.steps.stored(signed)
        with self.steps.one("submit"):
            return self.chain.submit(signed)


class WatchedJournal(TransactionJournal):
    """The same of a journal."""

    steps: Steps

    def add(self, entries: Sequence[Entry]) -> None:
        with self.steps.one("add"):
            super().add(entries)

    def settle(self, outcomes: Any) -> None:
        with self.steps.one("settle"):
            super().settle(outcomes)


@dataclass
class Steps:
    """What was done for good so far."""

    book: Book
    die_at: int = -1
    done: list[str] = field(default_factory=list)
    at: int = 0

    @contextmanager
    def one(self, name: str) -> Iterator[None]:
        self._count()
        yield
        self.done.append(name)
        self._count()

    def stored(self, signed: SignedTransaction) -> None:
        """Nothing goes out that is not in the store."""
        assert signed.hash in {entry.signed.hash for entry in self.book.journal.pending()}

    def _count(self) -> None:
        if self.at == self.die_at:
            raise Crash
        self.at += 1

    def sender(self) -> Sender:
        journal = WatchedJournal(self.book.database)
        journal.steps = self
        return self.book.sender(Watched(self.book.network.chain, self), journal)


# ------------------------------------------------------------------------------ replacing


def test_what_fits_is_not_replaced(book: Book) -> None:
    with book.network.mining():
        receipt = book.send()
        assert book.send() == receipt

    assert book.states() == ["mined"]
    assert (book.network.gifts(), book.network.nonce) == (1, 1)
    assert book.sender().gas == {"gift": [21_000]}


def test_a_stuck_transaction_is_replaced_and_mined_once(book: Book) -> None:
    network, steps = book.network, Steps(book)
    sender = steps.sender()
    submitted = network.chain.submit

    def first(transaction: SignedTransaction) -> RevertError | None:
        """As soon as the first is out, gas costs ten times as much."""
        answer = submitted(transaction)
        if network.base == GWEI:
            network.rise(10 * GWEI)
        return answer

    network.chain.submit = first  # type: ignore[method-assign]
    with network.mining():
        receipt = sender.named("gift").send(network.sender, network.gift)

    assert steps.done == ["add", "submit", "add", "submit", "settle"]
    assert book.states() == ["replaced", "mined"]
    assert (network.gifts(), network.nonce) == (1, 1)
    found = network.ask("eth_getTransactionByHash", str(receipt.hash))
    assert int(found["maxFeePerGas"], 16) > 20 * GWEI
    assert sender.gas == book.sender().gas == {"gift": [21_000]}
    assert book.send() == receipt


def test_each_replacement_offers_an_eighth_more_of_both(book: Book) -> None:
    """No block comes; every one of them is taken by the node in place of the one before."""
    with pytest.raises(
        NotIncludedError, match=r"\(gift\) of 0x\w+ is in no block after 0 s; it was replaced 3"
    ):
        book.send()

    offers = [(each.signed.transaction.tip, each.signed.transaction.max_fee) for each in book.raw()]
    assert len(offers) == 1 + QUICK.replacements
    for before, after in pairwise(offers):
        assert after == (raised(before[0]), raised(before[1]))
    assert len({each.signed.hash for each in book.raw()}) == 4
    assert len({each.signed.transaction.nonce for each in book.raw()}) == 1
    waiting = book.network.ask("txpool_content")["pending"]
    (own,) = [each for account, each in waiting.items() if account.lower() == _low(book.network.sender)]
    assert [each["hash"] for each in own.values()] == [str(book.raw()[-1].signed.hash)]


def _low(signer: Signer) -> str:
    return str(signer.address).lower()


def test_no_more_than_so_many_replacements_in_all_processes(book: Book) -> None:
    for _ in range(3):
        with pytest.raises(NotIncludedError, match="it was replaced 3 times"):
            book.send()
    assert book.states() == ["pending"] * 4

    with pytest.raises(NotIncludedError):  # nor does anything else of the account go out
        book.sender().send(book.network.sender, replace(book.network.gift, value=1))
    assert book.states() == ["pending"] * 4

    book.network.block()
    book.send()
    assert book.states() == ["replaced", "replaced", "replaced", "mined"]
    assert (book.network.gifts(), book.network.nonce) == (1, 1)


def test_the_limit_stops_replacing_and_says_so(book: Book) -> None:
    network, policy = book.network, replace(QUICK, cap=3 * GWEI)
    network.rise(GWEI)
    with pytest.raises(
        FeeError, match="offers 3 gwei is stuck, and an eighth more is above the limit 3 gwei"
    ):
        book.send(policy=policy)
    assert book.states() == ["pending"]

    with network.mining():
        book.send(policy=policy)
    assert book.states() == ["mined"]
    assert network.gifts() == 1


def test_gas_above_the_limit_sends_nothing(book: Book) -> None:
    book.network.rise(20 * GWEI)
    with pytest.raises(FeeError, match=r"gas costs .* gwei now, more than the limit 5 gwei"):
        book.send(policy=replace(QUICK, cap=5 * GWEI))

    assert book.states() == []
    assert book.network.ask("txpool_status")["pending"] == "0x0"


def test_an_account_that_cannot_pay_the_replacement_says_so(book: Book) -> None:
    network = book.network
    gas = network.chain.gas_for(network.gift, network.sender.address)
    network.ask("anvil_setBalance", str(network.sender.address), hex(gas * 3 * GWEI + GIFT + 1))
    with pytest.raises(FundsError, match=r"holds \d+ wei; gas and value"):
        book.send()
    assert book.states() == ["pending"]

    with network.mining():
        book.send()
    assert (network.gifts(), book.states()) == (1, ["mined"])


def test_who_has_not_the_key_waits_and_does_not_replace(book: Book) -> None:
    steps = Steps(book, die_at=1)
    with pytest.raises(Crash):
        steps.sender().named("gift").send(book.network.sender, book.network.gift)

    with pytest.raises(NotIncludedError, match="its account's key is needed to replace it"):
        book.sender().catch_up()
    assert book.states() == ["pending"]

    with pytest.raises(NotIncludedError, match="it was replaced 3 times"):
        book.sender().catch_up(book.network.sender)
    book.network.block()
    book.sender().catch_up()
    assert book.states() == ["replaced", "replaced", "replaced", "mined"]
    assert book.network.gifts() == 1


def test_what_a_node_forgot_goes_out_again(book: Book) -> None:
    with pytest.raises(NotIncludedError):
        book.send(policy=replace(QUICK, replacements=0))
    book.network.ask("anvil_dropAllTransactions")

    with book.network.mining():
        book.send()

    assert (book.network.gifts(), book.states()) == (1, ["mined"])


def test_a_node_that_takes_no_replacement_has_the_first_one(book: Book) -> None:
    network, chain = book.network, _Choosy(book.network)

    book.send(chain=chain)

    assert chain.refused == 2
    assert book.states() == ["mined", "replaced", "replaced"]
    assert (network.gifts(), network.nonce) == (1, 1)


@dataclass
class _Choosy:
    """Takes the first alone; a block comes after the second refusal."""

    network: Network
    refused: int = 0
    has: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network.chain, name)

    def submit(self, signed: SignedTransaction) -> RevertError | None:
        if not self.has:
            self.has = True
            return self.network.chain.submit(signed)
        self.refused += 1
        if self.refused == 2:
            self.network.block()
        raise NotIncludedError("replacement transaction underpriced")


# --------------------------------------------------------------------------------- killed


@pytest.mark.parametrize("is_mined", [False, True], ids=["waiting", "mined meanwhile"])
def test_killed_between_any_two_steps(network: Network, is_mined: bool) -> None:
    """One replacement, and the process ends at each moment; the next one loses and doubles nothing."""
    died = 0
    for die_at in range(20):
        network.base, network.to = GWEI, new_signer().address
        network.ask("anvil_dropAllTransactions")
        network.block()
        before, book = network.nonce, Book(network)
        steps = Steps(book, die_at=die_at)
        try:
            _send_through_a_rise(steps)
        except Crash:
            died += 1
            if is_mined:
                network.block()
            with network.mining(0.05):
                receipt = book.send()
                assert book.send() == receipt

        assert (network.gifts(), network.nonce - before) == (1, 1), die_at
        assert book.raw() == []
        assert book.states().count("mined") == 1
        assert book.sender().gas == {"gift": [21_000]}
        if steps.at < die_at:
            break
    assert died == 10  # before and after each of five


def _send_through_a_rise(steps: Steps) -> None:
    """Stuck until it is replaced: blocks come only once the second is out."""
    network, sender = steps.book.network, steps.sender()
    chain = sender.chain
    submit, count = chain.submit, [0]

    def counted(transaction: SignedTransaction) -> RevertError | None:
        answer = submit(transaction)
        count[0] += 1
        if count[0] == 2:
            network.block()
        return answer

    chain.submit = counted  # type: ignore[method-assign]
    sender.named("gift").send(network.sender, network.gift)


def test_the_first_is_mined_although_a_replacement_is_stored(book: Book) -> None:
    """The process ended before the replacement went out."""
    steps = Steps(book, die_at=6)
    with pytest.raises(Crash):
        steps.sender().named("gift").send(book.network.sender, book.network.gift)
    assert steps.done == ["add", "submit", "add"]
    book.network.block()
    after = Steps(book)

    receipt = after.sender().named("gift").send(book.network.sender, book.network.gift)

    assert after.done == ["settle"]  # nothing was sent
    assert book.states() == ["mined", "replaced"]
    assert receipt.status == 1
    assert (book.network.gifts(), book.network.nonce) == (1, 1)


# ----------------------------------------------------------------------------------- lost


def test_a_nonce_used_by_a_wallet_while_we_wait(book: Book, caplog: pytest.LogCaptureFixture) -> None:
    network = book.network
    timer = threading.Timer(0.2, network.send_by_wallet)
    timer.start()

    with pytest.raises(
        LostError, match=rf"^gift/gift/0x\w+/0: {network.sender.address} has used nonce 0 for"
    ):
        book.send(policy=replace(QUICK, patience=20))

    timer.join()
    assert "has used nonce 0 for another transaction" in caplog.text
    assert book.raw() == []
    assert network.gifts() == 0
    with network.mining():  # whoever was told may ask again
        book.send()
    assert (network.gifts(), network.nonce) == (1, 2)


@pytest.mark.parametrize("replaced", [0, 2])
def test_a_nonce_used_by_a_wallet_before_we_came_back(
    book: Book, caplog: pytest.LogCaptureFixture, replaced: int
) -> None:
    """Other work goes on, with a warning; the name is told once that it was lost, and is free then."""
    network = book.network
    with pytest.raises(NotIncludedError):
        book.send(policy=replace(QUICK, replacements=replaced))
    network.ask("anvil_dropAllTransactions")
    network.send_by_wallet()
    caplog.set_level(logging.WARNING)

    with network.mining():
        book.sender().send(network.sender, replace(network.gift, value=3 * GIFT))
    assert book.states() == [*["replaced"] * replaced, "lost", "mined"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "as a wallet with the same key would; it was not done" in caplog.text
    assert network.gifts() == 3

    with network.mining():
        with pytest.raises(LostError, match=r"which may have done the same; nothing was sent. Ask the chain"):
            book.send()
        assert (network.gifts(), network.nonce) == (3, 2)
        receipt = book.send()
        assert book.send() == receipt
    assert (network.gifts(), network.nonce) == (4, 3)
    assert State.LOST not in book.states()


def test_a_call_without_a_name_that_was_lost_stops_nobody(book: Book) -> None:
    network = book.network
    with pytest.raises(NotIncludedError):
        book.sender(policy=replace(QUICK, replacements=0)).send(network.sender, network.gift)
    network.ask("anvil_dropAllTransactions")
    network.send_by_wallet()

    book.sender().catch_up()

    assert book.states() == ["lost"]
    with network.mining():
        book.sender().send(network.sender, network.gift)
    assert (network.gifts(), network.nonce) == (1, 2)


def test_a_node_that_lags_behind_does_not_make_us_give_up(book: Book) -> None:
    """One node counts the transaction, another does not know its receipt yet: nothing is sent anew."""
    network, chain = book.network, _Lagging(book.network.chain)
    with network.mining():
        book.send(chain=chain, policy=replace(QUICK, patience=0.5, certain=20.0))

    assert chain.hidden == 0
    assert book.states() == ["mined"]
    assert (network.gifts(), network.nonce) == (1, 1)


@dataclass
class _Lagging:
    """Receipts come later than the nonce, by some questions."""

    chain: RemoteChain
    hidden: int = 5

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def receipt(self, transaction: Any) -> Receipt | None:
        found = self.chain.receipt(transaction)
        if found is not None and self.hidden:
            self.hidden -= 1
            return None
        return found


def test_a_nonce_that_the_node_says_is_too_low_is_lost_at_once(book: Book) -> None:
    """Between reading the nonce and sending; the name is told by the same error."""
    network = book.network

    @dataclass
    class Late:
        chain: RemoteChain

        def __getattr__(self, name: str) -> Any:
            return getattr(self.chain, name)

        def submit(self, signed: SignedTransaction) -> RevertError | None:
            network.send_by_wallet()
            return self.chain.submit(signed)

    with pytest.raises(LostError, match="has used nonce 0"):
        book.send(chain=Late(network.chain))

    with network.mining():
        book.send()
    assert (network.gifts(), network.nonce) == (1, 2)


def test_a_contract_that_refuses_in_a_block_settles_the_family(book: Book) -> None:
    """It would have gone well when it was tried."""
    network = book.network
    code = bytes.fromhex("6005600c60003960056000f3" + "60006000fd")  # a contract that always reverts
    with network.mining():
        made = book.sender().send(network.sender, Call(None, code, "code"))
    call = Call(made.created, b"", "refusing", gas=50_000)
    chain = network.chain
    chain.gas_for = lambda *_: 50_000  # type: ignore[method-assign]

    with network.mining(), pytest.raises(ChainError):
        book.sender().named("refused").send(network.sender, call)

    assert book.states() == ["mined", "refused"]
    assert book.raw() == []
