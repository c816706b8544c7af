"""Many rows by one statement, in the same words for both databases.

What is written here is sent as it stands, without a statement being composed for each use: groups of messages
go this way. Keys are filled up to a power of two, so that there are few texts and each is prepared once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table

from labelshare.store.postgres import DIALECT

__all__ = ["found", "held", "insert_many"]

Thing = TypeVar("Thing")

MOST_ROWS: Final = 256
"""Of one statement; either database takes ten thousands of values in one."""


def insert_many(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, or_keep: bool = False
) -> None:
    """Insert rows that all name the same columns, in their order; with `or_keep` those that are new."""
    if not rows:
        return
    names = tuple(rows[0])
    more = " ON CONFLICT DO NOTHING" if or_keep else ""
    if connection.dialect.name != DIALECT:
        # Within the process a statement run row by row is quicker than one that is read anew for each size.
        values = [tuple(map(row.__getitem__, names)) for row in rows]
        connection.exec_driver_sql(_insertion(table.name, names, 1, _mark(connection)) + more, values)
        return
    for part in _parts(rows):
        text = _insertion(table.name, names, len(part), _mark(connection)) + more
        connection.exec_driver_sql(text, tuple(row[name] for row in part for name in names))


def found(
    connection: Connection, query: str, keys: Sequence[tuple[Any, ...]], *, more: tuple[Any, ...] = ()
) -> Iterator[Any]:
    """The rows of a query over some keys.

    Args:
        connection: Where to ask.
        query: A SELECT from `wanted`, whose columns k0, k1, … hold the keys; `{}` stands for each value of
            `more`, in their order.
        keys: Texts and bytes, none of them empty; all of the same length.
        more: Further values of the query.
    """
    for start in range(0, len(keys), MOST_ROWS):
        part = keys[start : start + MOST_ROWS]
        width, count = len(part[0]), 1 << (len(part) - 1).bit_length()
        text = _question(query, count, width, _mark(connection))
        # Of the same types, so that the database knows the statement again; no row has an empty key.
        empty = tuple(b"" if isinstance(value, bytes) else "" for value in part[0]) * (count - len(part))
        values = (*(value for key in part for value in key), *empty, *more)
        yield from connection.exec_driver_sql(text, values)


def held(connection: Connection, query: str, values: tuple[Any, ...]) -> Any:
    """The one row of a SELECT, which nobody changes until the transaction ends; None where there is none."""
    text = query.replace("{}", _mark(connection))
    # SQLite has one writer at a time in any case.
    text += " FOR SHARE" if connection.dialect.name == DIALECT else ""
    return connection.exec_driver_sql(text, values).one_or_none()


def _parts(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    start = 0
    while start < len(things):
        size = min(MOST_ROWS, 1 << (len(things) - start).bit_length() - 1)
        yield things[start : start + size]
        start += size


def _mark(connection: Connection) -> str:
    """What stands for a value."""
    return "%s" if connection.dialect.name == DIALECT else "?"


@lru_cache(maxsize=1_024)
def _insertion(table: str, names: tuple[str, ...], count: int, mark: str) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table}" ({columns}) VALUES {_values(count, len(names), mark)}'  # noqa: S608 (ours)


@lru_cache(maxsize=1_024)
def _question(query: str, count: int, width: int, mark: str) -> str:
    columns = ", ".join(f"k{number}" for number in range(width))
    asked = query.replace("{}", mark)
    return f"WITH wanted ({columns}) AS (VALUES {_values(count, width, mark)}) {asked}"


def _values(count: int, width: int, mark: str) -> str:
    row = f"({', '.join([mark] * width)})"
    return ", ".join([row] * count)
