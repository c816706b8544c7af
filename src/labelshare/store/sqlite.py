"""What SQLite must be told so that what is committed is on the disk, and that writers wait for each other."""

from __future__ import annotations

from sqlite3 import OperationalError
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import Connection

__all__ = ["BUSY_MILLISECONDS", "WRITING", "begin", "let_readers_beside_writers", "make_durable"]

BUSY_MILLISECONDS: Final = 10_000

# How a transaction begins. A writer takes its turn at once: one that began by reading may be refused later.
_BEGIN: Final = "labelshare_begin"
WRITING: Final = {_BEGIN: "BEGIN IMMEDIATE"}
"""The execution option of an engine whose transactions write."""


def make_durable(connection: Any, _record: object) -> None:
    """Every commit is on the disk before it returns. Transactions begin as `begin` says, and never else."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def let_readers_beside_writers(connection: Any) -> None:
    """Kept in the file. SQLite does not wait by itself for others who are just opening it."""
    deadline = monotonic() + BUSY_MILLISECONDS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except OperationalError:
            if monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


def begin(connection: Connection) -> None:
    """Begin a transaction as its engine's option says."""
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
