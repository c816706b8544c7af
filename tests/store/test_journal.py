"""The sender's journal: what goes into it comes out of it, and it stands for what may be sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelshare.chain.envelope import Transaction
from labelshare.chain.journal import Entry, Outcome, State
from labelshare.chain.keys import Signer
from labelshare.errors import StoreError
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import Address, Hash32, keccak
from tests.store.test_messages import TAKEN, emptied

ANN = Address(b"\1" * 20)
KEY, OTHER = Signer(bytes(range(1, 33))), Signer(bytes(range(2, 34)))

hashes = st.binary(min_size=32, max_size=32).map(Hash32)
addresses = st.binary(min_size=20, max_size=20).map(Address)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
transactions = st.builds(
    Transaction,
    chain_id=st.integers(1, 2**53),
    nonce=st.integers(0, 2**40),
    tip=st.integers(0, 2**96),
    max_fee=st.integers(0, 2**96),
    gas=st.integers(21_000, 2**25),
    to=st.none() | addresses,
    value=st.integers(0, 2**96),
    data=st.binary(max_size=200),
)

every = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def database(shared: Database) -> Database:
    return emptied(shared)


@every
@given(
    st.lists(
        st.tuples(transactions, words, hashes, st.none() | words.filter(bool)),
        max_size=4,
        unique_by=lambda row: row[0].nonce,
    )
)
def test_transactions_come_back(
    shared: Database, rows: list[tuple[Transaction, str, Hash32, str | None]]
) -> None:
    journal = TransactionJournal(emptied(shared))
    entries = [Entry(KEY.sign_transaction(row[0]), *row[1:]) for row in rows]
    if entries:
        journal.add(entries)

    assert journal.pending() == entries
    assert journal.gas() == []
    names = {entry.name: entry for entry in entries if entry.name is not None}
    assert journal.named(names) == names


def entry(nonce: int, name: str | None = None, *, fee: int = 2, signer: Signer = KEY) -> Entry:
    transaction = Transaction(1, nonce, 1, fee, 21_000, ANN, 0, b"")
    return Entry(signer.sign_transaction(transaction), "label", keccak(b"call"), name)


def test_what_became_of_transactions_is_kept_in_their_order(database: Database) -> None:
    journal = TransactionJournal(database)
    first, second, third = entries = [entry(number) for number in range(3)]
    journal.add(entries)

    journal.settle({third.signed.hash: Outcome(State.MINED, 7), first.signed.hash: Outcome(State.MINED, 5)})

    assert journal.pending() == [second]
    assert journal.gas() == [("label", 5), ("label", 7)]


def test_entries_are_kept_all_or_none(database: Database) -> None:
    journal = TransactionJournal(database)
    journal.add([entry(0)])

    with pytest.raises(StoreError, match=TAKEN):
        journal.add([entry(1), entry(0), entry(1)])

    assert journal.pending() == [entry(0)]


def test_a_transaction_that_is_signed_anew_begins_again(database: Database) -> None:
    journal = TransactionJournal(database)
    journal.add([entry(0), entry(1)])
    journal.settle({entry(0).signed.hash: Outcome(State.REFUSED, 5)})

    journal.add([entry(0, "name")])

    assert journal.pending() == [entry(1), entry(0, "name")]
    assert journal.named(["name"]) == {"name": entry(0, "name")}


def test_a_name_is_known_by_its_latest_transaction_that_was_not_refused(database: Database) -> None:
    journal = TransactionJournal(database)
    entries = [entry(number, "name") for number in range(3)]
    journal.add(entries)
    assert journal.named(["name"]) == {"name": entries[2]}

    journal.settle({entries[2].signed.hash: Outcome(State.REFUSED)})
    assert journal.named(["name"]) == {"name": entries[1]}
    journal.settle({each.signed.hash: Outcome(State.REFUSED, 9) for each in entries})
    assert journal.named(["name", "other"]) == {}
    assert journal.gas() == []


def test_any_number_of_names_can_be_asked_for(database: Database) -> None:
    journal = TransactionJournal(database)
    journal.add([entry(number, f"name {number}") for number in range(3)])

    found = journal.named(f"name {number}" for number in range(40_000))

    assert found == {f"name {number}": entry(number, f"name {number}") for number in range(3)}


# ------------------------------------------------------------------------------- fates


def test_a_replacement_stands_beside_what_it_replaces(database: Database) -> None:
    journal = TransactionJournal(database)
    first, second = entry(0, "name"), entry(0, "name", fee=3)
    journal.add([first])
    journal.add([second])
    assert journal.pending() == [first, second]

    journal.settle({first.signed.hash: Outcome(State.MINED, 7), second.signed.hash: Outcome(State.REPLACED)})

    assert journal.pending() == []
    assert journal.named(["name"]) == {"name": replace(first, state=State.MINED)}
    assert journal.gas() == [("label", 7)]


def test_one_that_was_lost_keeps_its_name_until_it_is_refused(database: Database) -> None:
    journal = TransactionJournal(database)
    lost = entry(0, "name")
    journal.add([lost])
    journal.settle({lost.signed.hash: Outcome(State.LOST)})

    assert journal.pending() == []
    assert journal.named(["name"]) == {"name": replace(lost, state=State.LOST)}
    with pytest.raises(StoreError, match="name was sent in between, with nonce 0"):
        journal.add([entry(1, "name")])
    journal.settle({lost.signed.hash: Outcome(State.REFUSED)})
    assert journal.named(["name"]) == {}
    journal.add([entry(1, "name")])
    assert journal.pending() == [entry(1, "name")]


def test_what_is_pending_is_told_by_account(database: Database) -> None:
    journal = TransactionJournal(database)
    own, other = entry(0), entry(0, signer=OTHER)
    journal.add([own, other])

    assert journal.pending() == [own, other]
    assert journal.pending([OTHER.address]) == [other]
    assert journal.pending([]) == []
    assert journal.pending([ANN]) == []


# ------------------------------------------------------------- somebody else in between


def test_a_nonce_that_is_pending_for_another_call_is_taken(database: Database) -> None:
    journal = TransactionJournal(database)
    journal.add([entry(0, "name")])

    for taken in (
        replace(entry(0, "name", fee=3), call=keccak(b"another call")),
        entry(0, "another name", fee=3),
        entry(0, fee=3),
    ):
        with pytest.raises(StoreError, match=f"nonce 0 of {KEY.address} is taken by another call"):
            journal.add([entry(1), taken])

    assert journal.pending() == [entry(0, "name")]
    journal.add([entry(0, "theirs", signer=OTHER), entry(1)])
    journal.settle({entry(0, "name").signed.hash: Outcome(State.REFUSED)})
    journal.add([entry(0, fee=3)])


@pytest.mark.parametrize("state", [State.PENDING, State.MINED])
def test_a_name_that_stands_for_another_nonce_is_taken(database: Database, state: State) -> None:
    journal = TransactionJournal(database)
    journal.add([entry(0, "name")])
    journal.settle({entry(0, "name").signed.hash: Outcome(state)})

    with pytest.raises(StoreError, match="name was sent in between, with nonce 0"):
        journal.add([entry(1, "name"), entry(2)])

    assert journal.pending() == ([entry(0, "name")] if state is State.PENDING else [])
