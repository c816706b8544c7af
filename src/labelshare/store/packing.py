"""What an account keeps, packed into one text that can be carried to another machine, and taken in there."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, select, update

from labelshare.errors import InputError, StoreError
from labelshare.store.database import Database
from labelshare.store.schema import (
    batches,
    bundles,
    chains,
    drafts,
    followed,
    inclusions,
    memberships,
    refused,
    specs,
)
from labelshare.store.upsert import insert_or_keep
from labelshare.types import Address

__all__ = ["pack", "unpack"]

VERSION: Final = "labelshare.kept.v1"
_OWN: Final[tuple[Table, ...]] = (followed, memberships, batches, refused, inclusions, drafts)
_SHARED: Final[tuple[Table, ...]] = (chains, specs, bundles)
_GROWS: Final = ("receipt", "opening_receipt")


def pack(database: Database, account: Address) -> bytes:
    """Everything of an account but its transactions, which the chain has; answers stay sealed as they are."""
    with database.reading() as connection:
        rows = {each.name: _rows(connection, each, account) for each in (*_SHARED, *_OWN)}
    return json.dumps({"version": VERSION, "account": str(account), "rows": rows}).encode()


def unpack(database: Database, account: Address, text: bytes) -> int:
    """Take in what was packed, beside what is there; how many rows were new.

    Raises:
        InputError: It is no such text, or another account's.
        StoreError: It is of another chain, or has another batch under a number that is taken here; nothing is
            taken in.
    """
    told = _read(text)
    if told["account"] != str(account):
        raise InputError(f"these are the records of {told['account']}, not of {account}")
    with database.writing() as connection:
        return sum(
            _take(connection, each, _row(each, row))
            for each in (*_SHARED, *_OWN)
            for row in told["rows"][each.name]
        )


def _read(text: bytes) -> Any:
    try:
        told = json.loads(text)
        if told["version"] != VERSION:
            raise InputError(f"records of version {told['version']!r:.40}; this is {VERSION}")
        if set(told["rows"]) != {each.name for each in (*_SHARED, *_OWN)}:
            raise InputError("the records do not have the tables of this version")
    except (ValueError, KeyError, TypeError):
        raise InputError("these are no records of labelshare") from None
    return told


def _rows(connection: Connection, table: Table, account: Address) -> list[dict[str, Any]]:
    wanted = select(table)
    if "annotator" in table.c:
        wanted = wanted.where(table.c.annotator == bytes(account))
    return [
        {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
        for row in connection.execute(wanted).mappings()
    ]


def _row(table: Table, told: Any) -> dict[str, Any]:
    try:
        return {
            column.name: bytes.fromhex(told[column.name])
            if isinstance(column.type, LargeBinary) and told[column.name] is not None
            else told[column.name]
            for column in table.c
        }
    except (KeyError, TypeError, ValueError):
        raise InputError(f"the records' rows of {table.name} are not of this version") from None


def _take(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    if table is chains:
        return _take_chain(connection, row)
    if insert_or_keep(connection, table, row):
        return 1
    if table is batches:
        _merge_batch(connection, row)
    return 0


def _take_chain(connection: Connection, row: dict[str, Any]) -> int:
    """One store is of one chain."""
    found = connection.execute(select(chains)).mappings().one_or_none()
    if found is not None and dict(found) != row:
        raise StoreError(
            f"these are records of chain {row['chain_id']}, or of one begun anew; not of this one"
        )
    return int(insert_or_keep(connection, chains, row))


def _merge_batch(connection: Connection, row: dict[str, Any]) -> None:
    """The same batch may have got its receipts here or there; two of one number would both be void."""
    key = [column == row[column.name] for column in batches.primary_key]
    here = connection.execute(select(batches).where(*key)).one()
    if bytes(here.root) != row["root"]:
        raise StoreError(
            f"batch {row['batch']} was sealed on both machines, with other answers: only one of them counts"
        )
    got = {name: row[name] for name in _GROWS if row[name] and not getattr(here, name)}
    if got:
        connection.execute(update(batches).where(*key).values(got))
