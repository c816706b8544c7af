"""Which database the stores of tests are in: SQLite in memory, or PostgreSQL where that is asked for.

LABELSHARE_TEST_DATABASE=postgresql asks for it in a whole run, the fixture `either_database` for some tests.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from sqlite3 import Connection
from weakref import finalize

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from labelshare.store.database import Database
from tests.postgres import administering

__all__ = [
    "ABOUT_SQLITE",
    "ASKED",
    "KINDS",
    "POSTGRESQL",
    "SQLITE",
    "VARIABLE",
    "copier",
    "fresh",
    "kind",
    "postgresql_on",
]

VARIABLE = "LABELSHARE_TEST_DATABASE"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
ASKED = os.environ.get(VARIABLE, SQLITE)
KINDS = [POSTGRESQL] if ASKED == POSTGRESQL else [SQLITE, POSTGRESQL]
"""What a test on both has left to run on."""

ABOUT_SQLITE = pytest.mark.skipif(ASKED == POSTGRESQL, reason=f"{VARIABLE}: this is about SQLite itself")
_COLLECT_EVERY = 16


class _Databases:
    """Databases on a server that nothing need outlive; each is dropped when nobody refers to it any more."""

    def __init__(self, server: str) -> None:
        with administering(server) as connection:
            for setting in ("fsync", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        url = make_url(server).set(drivername="postgresql+psycopg")
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._url = make_url(server)
        self._unused: deque[tuple[Engine, str]] = deque()
        self._numbers = count(1)
        self._empty = self.made("template1")
        self._empty.close()

    def fresh(self) -> Database:
        """An empty one, of the present schema."""
        return self.copy(self._empty)

    def copy(self, original: Database) -> Database:
        """One with what is in another, to which nobody is connected."""
        name = original.engine.url.database
        assert name is not None
        return self.made(name)

    def made(self, template: str) -> Database:
        number = next(self._numbers)
        if number % _COLLECT_EVERY == 0:
            gc.collect()  # stages are rings of references
        name = f"stage_{number}"
        with self._admin.connect() as connection:
            while self._unused:
                engine, unused = self._unused.popleft()
                engine.dispose()
                connection.execute(text(f"DROP DATABASE {unused} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        database = Database.at(self._url.set(database=name).render_as_string(hide_password=False))
        # Only noted here: this may be called amid anything, in any thread.
        finalize(database, self._unused.append, (database.engine, name)).atexit = False
        return database


_servers: dict[str, _Databases] = {}
_on: list[_Databases] = []


def kind() -> str:
    """On which database `fresh` puts a store now."""
    return POSTGRESQL if _on else SQLITE


def fresh() -> Database:
    """An empty database for a store of a test; it is gone when nobody refers to it any more."""
    return _on[-1].fresh() if _on else Database.in_memory()


def copier(original: Database) -> Callable[[], Database]:
    """Makes databases with what is in one that `fresh` made, to which nothing is done from now on."""
    if _on:
        databases = _on[-1]
        original.close()
        return lambda: databases.copy(original)
    data = _sqlite_of(original).serialize()

    def copy() -> Database:
        database = Database.in_memory()
        _sqlite_of(database).deserialize(data)
        return database

    return copy


def _sqlite_of(database: Database) -> Connection:
    connection = database.engine.raw_connection().driver_connection
    assert isinstance(connection, Connection)
    return connection


@contextmanager
def postgresql_on(server: str) -> Iterator[None]:
    """Puts the stores that are made in this block on a server."""
    if server not in _servers:
        _servers[server] = _Databases(server)
    _on.append(_servers[server])
    try:
        yield
    finally:
        _on.pop()
