"""The sender's journal in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from labelshare.chain.envelope import read_transaction
from labelshare.chain.journal import Entry, Outcome, State
from labelshare.store.database import Database
from labelshare.store.schema import transactions as table
from labelshare.types import Hash32

__all__ = ["TransactionJournal"]

# As many names as one question holds: SQLite bounds the number of its parameters.
_NAMES_AT_ONCE: Final = 500


class TransactionJournal:
    """Every transaction that a sender signed; see `labelshare.chain.journal.Journal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep new transactions, all or none.

        One that was kept before, and was refused or forgotten by its chain, may be signed anew to the byte:
        it begins again.
        """
        again = delete(table).where(table.c.hash == bindparam("known"))
        with self._database.writing() as connection:
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

    def pending(self) -> list[Entry]:
        """Transactions of unknown fate, in the order in which they were signed."""
        wanted = select(table).where(table.c.state == State.PENDING.value).order_by(table.c.number)
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(wanted)]

    def named(self, names: Iterable[str]) -> dict[str, Entry]:
        """The latest transaction of each name that was not refused."""
        found: dict[str, Entry] = {}
        with self._database.reading() as connection:
            for some in _parts(list(names)):
                wanted = select(table).where(table.c.name.in_(some), table.c.state != State.REFUSED.value)
                found |= {
                    row.name: _entry(row) for row in connection.execute(wanted.order_by(table.c.number))
                }
        return found

    def gas(self) -> list[tuple[str, int]]:
        """Label and gas of each transaction mined, in order."""
        wanted = select(table.c.label, table.c.gas_used).where(table.c.state == State.MINED.value)
        with self._database.reading() as connection:
            return [(row.label, row.gas_used) for row in connection.execute(wanted.order_by(table.c.number))]


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
