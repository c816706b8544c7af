"""Insert a row unless there is one of its key: the same words for both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from labelshare.store.postgres import DIALECT

__all__ = ["insert_or_keep"]


def insert_or_keep(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless its key, or what else must be unique, is there; whether it was new."""
    insert = postgresql.insert if connection.dialect.name == DIALECT else sqlite.insert
    # A driver may not say how many rows were written; it does say which.
    statement = insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement, row).first() is not None
