"""The sender's journal in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, false, insert, or_, select, update

from labelshare.chain.envelope import read_transaction
from labelshare.chain.journal import Entry, Outcome, State
from labelshare.errors import StoreError
from labelshare.store.database import Database
from labelshare.store.schema import transactions as table
from labelshare.types import Address, Hash32

__all__ = ["TransactionJournal"]

# As many names as one question holds: SQLite bounds the number of its parameters.
_NAMES_AT_ONCE: Final = 500
_TURN: Final = b"labelshare.sender"
_ADDING: Final = b"labelshare.transactions"


class TransactionJournal:
    """Every transaction that a sender signed; see `labelshare.chain.journal.Journal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self, accounts: Collection[Address]) -> AbstractContextManager[None]:
        """A block in which nobody else sends for these accounts, in any process; not to be nested."""
        return self._database.holding([_TURN + account for account in accounts])

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep new transactions, all or none.

        One that was kept before, and was refused or forgotten by its chain, may be signed anew to the byte:
        it begins again.

        Raises:
            StoreError: Somebody else sent for one of the accounts, or for one of the names, in between.
        """
        again = delete(table).where(table.c.hash == bindparam("known"))
        with self._database.writing(_ADDING) as connection:
            _require_free(connection, entries)
            connection.execute(again, [{"known": bytes(entry.signed.hash)} for entry in entries])
            connection.execute(insert(table), [_row(entry) for entry in entries])

    def settle(self, outcomes: Mapping[Hash32, Outcome]) -> None:
        """Note what became of transactions, by hash."""
        change = (
            update(table)
            .where(table.c.hash == bindparam("known"))
            .values(state=bindparam("became"), gas_used=bindparam("gas"))
        )
        rows = [
            {"known": bytes(name), "became": each.state.value, "gas": each.gas_used}
            for name, each in outcomes.items()
        ]
        with self._database.writing() as connection:
            connection.execute(change, rows)

    def pending(self, accounts: Collection[Address] | None = None) -> list[Entry]:
        """Transactions of unknown fate, in the order in which they were signed; None for any account's."""
        wanted = select(table).where(table.c.state == State.PENDING.value).order_by(table.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return [_entry(row) for row in rows if accounts is None or row.sender in accounts]

    def in_blocks(self, nonces: Mapping[Address, int]) -> list[Entry]:
        """What was in blocks, and what that replaced: of each account from a nonce on, in order."""
        was_there = or_(
            table.c.state.in_([State.MINED.value, State.REPLACED.value]),
            and_(table.c.state == State.REFUSED.value, table.c.gas_used.is_not(None)),
        )
        own = [
            and_(table.c.sender == bytes(account), table.c.nonce >= nonce)
            for account, nonce in nonces.items()
        ]
        wanted = select(table).where(was_there, or_(false(), *own)).order_by(table.c.number)
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(wanted)]

    def named(self, names: Iterable[str]) -> dict[str, Entry]:
        """The latest transaction of each name that is pending, mined or lost."""
        with self._database.reading() as connection:
            return {row.name: _entry(row) for row in _named(connection, names)}

    def gas(self) -> list[tuple[str, int]]:
        """Label and gas of each transaction mined, in order."""
        wanted = select(table.c.label, table.c.gas_used).where(table.c.state == State.MINED.value)
        with self._database.reading() as connection:
            return [(row.label, row.gas_used) for row in connection.execute(wanted.order_by(table.c.number))]


def _require_free(connection: Connection, entries: Sequence[Entry]) -> None:
    """No nonce is pending for another call, and no name stands for another nonce."""
    calls = {(bytes(each.signed.sender), each.signed.transaction.nonce): each for each in entries}
    pending = select(table.c.sender, table.c.nonce, table.c.call, table.c.name)
    for row in connection.execute(pending.where(table.c.state == State.PENDING.value)):
        own = calls.get((row.sender, row.nonce))
        if own is not None and (bytes(own.call), own.name) != (row.call, row.name):
            raise StoreError(f"nonce {row.nonce} of {own.signed.sender} is taken by another call")
    nonces = {each.name: each.signed.transaction.nonce for each in entries if each.name is not None}
    for row in _named(connection, nonces):
        if row.nonce != nonces[row.name]:
            raise StoreError(f"{row.name} was sent in between, with nonce {row.nonce}")


def _named(connection: Connection, names: Iterable[str]) -> Iterator[Any]:
    """The rows that names stand for, in order."""
    live = [State.PENDING.value, State.MINED.value, State.LOST.value]
    for some in _parts(list(names)):
        wanted = select(table).where(table.c.name.in_(some), table.c.state.in_(live))
        yield from connection.execute(wanted.order_by(table.c.number))


def _row(entry: Entry) -> dict[str, Any]:
    signed = entry.signed
    return {
        "hash": bytes(signed.hash),
        "sender": bytes(signed.sender),
        "nonce": signed.transaction.nonce,
        "name": entry.name,
        "call": bytes(entry.call),
        "label": entry.label,
        "raw": signed.raw,
        "state": entry.state.value,
    }


def _entry(row: Any) -> Entry:
    return Entry(read_transaction(row.raw), row.label, Hash32(row.call), row.name, State(row.state))


def _parts(names: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(names), _NAMES_AT_ONCE):
        yield names[start : start + _NAMES_AT_ONCE]
