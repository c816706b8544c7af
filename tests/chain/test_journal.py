"""A sender with a journal: whatever ends a process, each call is on chain once and the gas book is whole."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from labelshare.chain import events as ev
from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.journal import call_hash
from labelshare.chain.keys import development_signer
from labelshare.chain.node import Call, Chain, Receipt
from labelshare.chain.transactions import Sender
from labelshare.errors import ChainError, FundsError, LostError, RevertError
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import Address, keccak
from tests.chain.world import COIN, World

BLIND = 200_000


class Crash(BaseException):
    """A process that ends here."""


@dataclass
class Frail:
    """A chain at which the process ends while it sends: before anything went out, after, or in between.

    Attributes:
        chain: The chain.
        before: Whether to end before anything is sent.
        part: How many of the transactions go out; None for all.
    """

    chain: Chain
    before: bool = False
    part: int | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        if not self.before:
            self.chain.include(transactions[: self.part])
        raise Crash


@dataclass
class Counting:
    """A chain that counts what is sent to it."""

    chain: Chain
    sent: list[SignedTransaction] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        self.sent += transactions
        return self.chain.include(transactions)


@dataclass
class Book:
    """A store, and senders over it as one process after the other makes them."""

    world: World
    database: Database = field(default_factory=Database.in_memory)

    def sender(self, chain: Any = None) -> Sender:
        return Sender(chain or self.world.chain, self.journal)

    @property
    def journal(self) -> TransactionJournal:
        return TransactionJournal(self.database)

    def transfers(self) -> list[int]:
        """What the deployer gave the stranger since the world was built, in order."""
        found = ev.events(self.world.chain, self.world.token.address, 0, self.world.chain.block_number)
        to = self.world.stranger.address
        return [each.value for each in found if isinstance(each, ev.Transfer) and each.to == to]

    def gift(self, amount: int) -> Call:
        return self.world.token.transfer(self.world.stranger.address, amount)

    def impossible(self) -> Call:
        """The stranger has not that much."""
        return self.world.token.transfer(self.world.oracle.address, 10**30)


@pytest.fixture
def book(world: World) -> Book:
    return Book(world)


# -------------------------------------------------------------------------------- names


def test_a_named_call_is_sent_once_however_often_asked(book: Book) -> None:
    chain, deployer = Counting(book.world.chain), book.world.deployer
    first = book.sender(chain)
    receipts = [first.named("gift").send(deployer, book.gift(5)) for _ in range(2)]
    receipts += [book.sender(chain).named("gift").send(deployer, book.gift(5)) for _ in range(2)]
    receipts += book.sender(chain).named("gift").send_many([(deployer, book.gift(5))])

    assert receipts == [receipts[0]] * 5
    assert len(chain.sent) == 1
    assert book.transfers() == [5]
    assert book.sender().gas == {"Token.transfer": [receipts[0].gas_used]}


def test_calls_of_one_name_are_told_apart_by_their_order(book: Book) -> None:
    deployer = book.world.deployer

    def gifts(sender: Sender) -> list[Receipt]:
        named = sender.named("gifts")
        one = named.send(deployer, book.gift(1))
        more = named.send_many([(deployer, book.gift(1)), (deployer, book.gift(2))])
        return [one, *more, named.send(deployer, book.gift(3))]

    receipts = gifts(book.sender())

    assert gifts(book.sender()) == receipts
    assert book.transfers() == [1, 1, 2, 3]


def test_names_do_not_touch_each_other_nor_calls_without_a_name(book: Book) -> None:
    deployer, sender = book.world.deployer, book.sender()
    for each in (sender, sender.named("one"), sender.named("other"), sender, sender.named("one")):
        each.send(deployer, book.gift(5))

    assert book.transfers() == [5] * 4


def test_another_call_under_a_used_name_is_refused(book: Book) -> None:
    deployer, chain = book.world.deployer, Counting(book.world.chain)
    book.sender().named("gift").send(deployer, book.gift(5))
    named = book.sender(chain).named

    for attempt in (
        lambda: named("gift").send(deployer, book.gift(6)),
        lambda: named("gift").send_many([(deployer, book.gift(6))]),
        lambda: named("gift").send_many([(book.world.oracle, book.gift(5)), (deployer, book.gift(7))]),
    ):
        with pytest.raises(ChainError, match=r"gift/Token\.transfer/0x\w+/0: the store holds another call"):
            attempt()

    assert chain.sent == []
    assert book.transfers() == [5]


def test_without_a_journal_a_name_is_only_a_name(world: World) -> None:
    book, sender = Book(world), Sender(world.chain)
    for _ in range(2):
        sender.named("gift").send(world.deployer, book.gift(5))

    assert book.transfers() == [5, 5]
    assert len(sender.gas["Token.transfer"]) == 2


def test_calls_differ_by_receiver_value_and_data() -> None:
    to = Address(b"\1" * 20)
    calls = [
        Call(to, b"data", "a"),
        Call(to, b"data", "a", value=1),
        Call(to, b"date", "a"),
        Call(None, b"data", "a"),
        Call(Address(b"\2" * 20), b"data", "a"),
    ]
    assert len(set(map(call_hash, calls))) == len(calls)
    assert call_hash(Call(to, b"data", "b", gas=7)) == call_hash(calls[0])
    assert call_hash(calls[1]) == keccak(to + (1).to_bytes(32, "big") + b"data")


# ------------------------------------------------------------------------------- crashes


@pytest.mark.parametrize("frail", [{"before": True}, {"before": False}], ids=["before", "after"])
@pytest.mark.parametrize("name", ["gift", None])
def test_a_process_that_ends_while_it_sends(book: Book, frail: dict[str, bool], name: str | None) -> None:
    deployer = book.world.deployer
    dying = book.sender(Frail(book.world.chain, **frail))
    with pytest.raises(Crash):
        (dying.named(name) if name else dying).send(deployer, book.gift(5))
    assert len(book.journal.pending()) == 1
    assert dying.gas == {}

    next_one = book.sender()
    next_one.catch_up()

    assert book.journal.pending() == []
    assert book.transfers() == [5]
    if name:
        receipt = next_one.named(name).send(deployer, book.gift(5))
        assert next_one.gas == {"Token.transfer": [receipt.gas_used]}
        assert book.transfers() == [5]
    assert book.sender().gas == next_one.gas
    assert len(next_one.gas["Token.transfer"]) == 1


@pytest.mark.parametrize("part", [0, 1, 2, 4])
def test_a_process_that_ends_in_the_middle_of_many(book: Book, part: int) -> None:
    """Of four transactions none, some or all went out; several accounts take part."""
    world = book.world
    work = [(world.deployer, book.gift(1)), (world.oracle, book.gift(2))]
    work += [(world.deployer, book.gift(3)), (world.oracle, book.gift(4))]
    with pytest.raises(Crash):
        book.sender(Frail(world.chain, part=part)).named("gifts").send_many(work)
    assert book.transfers() == [1, 2, 3, 4][:part]

    chain = Counting(world.chain)
    next_one = book.sender(chain)
    receipts = next_one.named("gifts").send_many([*work, (world.deployer, book.gift(5))])

    assert len(chain.sent) == 4 - part + 1
    assert book.transfers() == [1, 2, 3, 4, 5]
    assert [receipt.status for receipt in receipts] == [1] * 5
    assert [ev.decode(receipt.logs[0]).value for receipt in receipts] == [1, 2, 3, 4, 5]  # type: ignore[union-attr]
    assert sorted(next_one.gas["Token.transfer"]) == sorted(receipt.gas_used for receipt in receipts)
    assert sorted(book.sender().gas["Token.transfer"]) == sorted(next_one.gas["Token.transfer"])


def test_what_is_unfinished_is_finished_before_anything_new(book: Book) -> None:
    """Otherwise the new transaction would take the nonce of the old one."""
    deployer = book.world.deployer
    with pytest.raises(Crash):
        book.sender(Frail(book.world.chain, before=True)).send(deployer, book.gift(1))

    book.sender().send(deployer, book.gift(2))

    assert book.transfers() == [1, 2]


def test_what_one_piece_of_work_left_unfinished_the_same_sender_finishes_before_the_next(book: Book) -> None:
    """The process does not end: the node did not answer."""
    world, deployer = book.world, book.world.deployer
    sender = book.sender()
    sender.catch_up()
    for name in ("one", None):
        named = sender.named(name) if name else sender
        named.chain = Frail(world.chain, before=True)  # type: ignore[assignment]
        with pytest.raises(Crash):
            named.send(deployer, book.gift(1))
        named.chain = world.chain

        (sender if name else sender.named("other")).send(deployer, book.gift(2))

    assert book.transfers() == [1, 2, 1, 2]
    assert book.journal.pending() == []
    assert len(sender.gas["Token.transfer"]) == 4


# -------------------------------------------------------------------------------- refusals


def test_what_was_refused_can_be_sent_again(book: Book) -> None:
    """First with nothing changed, which may be the very same transaction, then with the money there."""
    world, named = book.world, book.sender().named("impossible")
    for _ in range(2):
        for sender in (named, book.sender().named("impossible"), book.sender()):
            with pytest.raises(RevertError, match="ERC20InsufficientBalance"):
                sender.send(world.stranger, book.impossible())
        with pytest.raises(RevertError, match="ERC20InsufficientBalance"):
            book.sender().named("impossible").send_many([(world.stranger, book.impossible())])
    assert book.journal.pending() == []
    assert book.sender().gas == {}

    world.sender.send(world.deployer, book.gift(7))
    call = world.token.transfer(world.oracle.address, 7)
    receipt = named.send(world.stranger, call)
    assert book.sender().named("impossible").send(world.stranger, call) == receipt
    assert book.sender().gas == {"Token.transfer": [receipt.gas_used]}


def test_a_call_that_failed_keeps_its_name(book: Book) -> None:
    """A later process that asks for it at once finds what was sent at the second try."""
    newcomer = development_signer("journal", "poor")
    world, named = book.world, book.sender().named("gift")
    call = Call(world.stranger.address, b"", "coins", value=COIN)
    with pytest.raises(FundsError):
        named.send(newcomer, call)
    with pytest.raises(FundsError):
        named.send_many([(newcomer, call)])
    world.chain.fund(newcomer.address, 10 * COIN)

    receipt = named.send(newcomer, call)

    assert book.sender().named("gift").send(newcomer, call) == receipt
    assert world.chain.nonces([newcomer.address]) == [1]


def test_many_of_which_one_is_refused(book: Book) -> None:
    """Those that went through are not sent again; those that did not are, once the money is there."""
    world = book.world
    back = world.token.transfer(world.oracle.address, 9)
    work = [(world.deployer, book.gift(1)), (world.stranger, back), (world.deployer, book.gift(2))]
    before = world.token.balance_of(world.oracle.address)
    with pytest.raises(RevertError, match="ERC20InsufficientBalance"):
        book.sender().named("both ways").send_many(work)
    assert book.journal.pending() == []

    world.sender.send(world.deployer, book.gift(9))
    receipts = book.sender().named("both ways").send_many(work)

    assert [receipt.status for receipt in receipts] == [1, 1, 1]
    assert sorted(book.transfers()) == [1, 2, 9]
    assert world.token.balance_of(world.oracle.address) - before == 9
    assert book.sender().named("both ways").send_many(work) == receipts


def test_what_was_refused_while_nobody_looked_is_sent_again(book: Book) -> None:
    world = book.world
    dying = book.sender(Frail(world.chain, before=True)).named("back")
    with pytest.raises(Crash):
        dying.send_many([(world.stranger, Call(world.token.address, book.impossible().data, "x", gas=BLIND))])

    book.sender().catch_up()

    assert book.journal.pending() == []
    assert book.journal.named([f"back/x/{world.stranger.address}/0"]) == {}
    assert book.sender().gas == {}


# ----------------------------------------------------------------------- a chain that forgot


@pytest.mark.anvil
@pytest.mark.parametrize("world", ["anvil"], indirect=True)
def test_a_chain_that_forgot_what_was_mined(book: Book) -> None:
    """Two of three were dropped: they go out again to the byte, in their order, before anything new."""
    world = book.world
    first = book.sender().named("first").send(world.deployer, book.gift(4))
    mark = world.chain.snapshot()
    receipts = [book.sender().named("gift").send(world.deployer, book.gift(each)) for each in (5,)]
    receipts.append(book.sender().send(world.deployer, book.gift(6)))
    world.chain.restore(mark)
    chain = Counting(world.chain)

    again = book.sender(chain)
    assert again.named("gift").send(world.deployer, book.gift(5)).hash == receipts[0].hash

    assert [each.hash for each in chain.sent] == [each.hash for each in receipts]
    assert book.transfers() == [4, 5, 6]
    again.send(world.deployer, book.gift(7))
    assert book.transfers() == [4, 5, 6, 7]
    assert again.named("first").send(world.deployer, book.gift(4)) == first
    assert len(book.sender().gas["Token.transfer"]) == len(again.gas["Token.transfer"]) == 4


@pytest.mark.anvil
@pytest.mark.parametrize("world", ["anvil"], indirect=True)
def test_what_was_dropped_is_there_again_after_catching_up(book: Book) -> None:
    world = book.world
    mark = world.chain.snapshot()
    book.sender().send(world.deployer, book.gift(5))
    world.chain.restore(mark)

    book.sender().catch_up(world.deployer)

    assert book.transfers() == [5]
    assert book.journal.pending() == []


@pytest.mark.parametrize("world", ["embedded"], indirect=True)
def test_nothing_comes_back_on_a_chain_in_this_process(book: Book) -> None:
    """It goes back only where somebody restores a snapshot, and means it."""
    world = book.world
    mark = world.chain.snapshot()
    book.sender().send(world.deployer, book.gift(5))
    world.chain.restore(mark)

    book.sender().catch_up(world.deployer)
    book.sender().send(world.deployer, book.gift(6))

    assert book.transfers() == [6]


def test_a_dropped_transaction_whose_nonce_went_elsewhere_is_told(book: Book) -> None:
    """The chain came back without it, and with another of the same nonce."""
    world = book.world
    mark = world.chain.snapshot()
    book.sender().named("gift").send(world.deployer, book.gift(5))
    world.chain.restore(mark)
    world.sender.send(world.deployer, book.gift(2))

    with pytest.raises(LostError, match="was in a block that the chain has dropped, and came into no other"):
        book.sender().named("gift").send(world.deployer, book.gift(5))
    assert book.transfers() == [2]
    book.sender().named("gift").send(world.deployer, book.gift(5))
    assert book.transfers() == [2, 5]


# ------------------------------------------------------------------------ refused for good


def test_what_no_node_takes_is_given_up_and_stops_nobody(
    book: Book, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored by a process that ended, and then the account is poorer than its gas."""
    world, deployer = book.world, book.world.deployer
    with pytest.raises(Crash):
        book.sender(Frail(world.chain, before=True)).named("gift").send(deployer, book.gift(1))
    held = world.chain.balance(deployer.address)
    world.chain.fund_all([deployer.address], 1)
    sender = book.sender()
    with pytest.raises(FundsError):
        sender.catch_up(deployer)
    assert len(book.journal.pending()) == 1  # it may be told later how poor the account is

    clock = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: clock + 3_600)
    sender.catch_up(deployer)

    assert "is given up, no node takes it" in caplog.text
    assert book.journal.pending() == []
    world.chain.fund_all([deployer.address], held)
    sender.named("other").send(deployer, book.gift(2))
    assert book.transfers() == [2]
    sender.named("gift").send(deployer, book.gift(1))
    assert book.transfers() == [2, 1]


def test_a_transaction_whose_nonce_went_elsewhere_stops_nobody_and_is_told(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    """Its nonce went to a transaction that the store knows nothing of, which may have done the same."""
    world, deployer = book.world, book.world.deployer
    with pytest.raises(Crash):
        book.sender(Frail(book.world.chain, before=True)).named("gift").send(deployer, book.gift(1))
    world.sender.send(deployer, book.gift(2))

    book.sender().named("other").send(deployer, book.gift(3))

    assert "as a wallet with the same key would; it was not done" in caplog.text
    assert book.journal.pending() == []
    assert book.transfers() == [2, 3]
    with pytest.raises(LostError, match=r"gift/Token\.transfer/0x\w+/0: .* nothing was sent\. Ask the chain"):
        book.sender().named("gift").send(deployer, book.gift(1))
    assert book.transfers() == [2, 3]
    receipt = book.sender().named("gift").send(deployer, book.gift(1))
    assert book.sender().named("gift").send(deployer, book.gift(1)) == receipt
    assert book.transfers() == [2, 3, 1]


def test_many_of_which_some_went_elsewhere(book: Book) -> None:
    """Two of four were overtaken; the others are finished, in their order."""
    world, work = book.world, [(book.world.deployer, book.gift(each)) for each in (1, 2, 3, 4)]
    with pytest.raises(Crash):
        book.sender(Frail(world.chain, part=1)).send_many(work)
    world.sender.send(world.deployer, book.gift(7))

    book.sender().catch_up()

    assert book.journal.pending() == []
    assert book.transfers() == [1, 7, 3, 4]
