"""What PostgreSQL is told: which driver, how long to wait, and who takes turns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Integer,
    NullPool,
    create_engine,
    func,
    literal,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, OperationalError

from labelshare.store.locks import PATIENCE_SECONDS, slots_of, taken_too_long

__all__ = ["DIALECT", "SNAPSHOT", "SessionLocks", "engine", "shown", "take_turns"]

DIALECT: Final = "postgresql"
SNAPSHOT: Final = {"isolation_level": "REPEATABLE READ"}
"""The execution options of an engine whose readers see one moment."""

_DRIVER: Final = "postgresql+psycopg"
_CONNECT_SECONDS: Final = 10
_LOCK_MILLISECONDS: Final = 30_000
_POOL: Final = 10
_LOCK_NOT_AVAILABLE: Final = "55P03"
_TAKE_TURNS: Final = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
# Of the locks that outlast transactions; a transaction's turns are told apart by one number, these by two.
_ACCOUNTS: Final = 0x6C73
# A host that is gone is missed by the server after this many seconds, thrice, and its locks are free.
_ALIVE: Final = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


def engine(url: str) -> Engine:
    """An engine for a URL that begins with postgresql://; `ArgumentError` for any other."""
    parsed = make_url(url)
    if parsed.drivername not in (DIALECT, "postgres", _DRIVER):
        raise ArgumentError("not a PostgreSQL URL")
    # A turn that is never given back, as by a process that hangs, must not stop the others for ever.
    return create_engine(
        parsed.set(drivername=_DRIVER),
        connect_args=_options(f"-c lock_timeout={_LOCK_MILLISECONDS} -c synchronous_commit=on {_ALIVE}"),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=_POOL,
        max_overflow=_POOL,
    )


def shown(url: str) -> str:
    """A URL as it was given, without its password."""
    return make_url(url).render_as_string(hide_password=True)


def take_turns(connection: Connection, turns: Collection[bytes]) -> None:
    """Wait until nobody else is in a transaction of any of these turns; they end with the transaction.

    Taken by ascending key, so that no two who want several wait for each other.
    """
    keys = sorted({int.from_bytes(sha256(turn).digest()[:8], "big", signed=True) for turn in turns})
    # The list is read in its order: each lock is had before the next one is asked for.
    connection.exec_driver_sql(_TAKE_TURNS, (keys,))


class SessionLocks:
    """Locks of a connection of their own, so that no transaction stays open while the chain is waited for.

    The server frees them when the connection ends, however the process does.
    """

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(
            url,
            connect_args=_options(f"-c lock_timeout={PATIENCE_SECONDS * 1_000:.0f} {_ALIVE}"),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
        )

    @contextmanager
    def holding(self, keys: Collection[bytes]) -> Iterator[None]:
        """See `Locks`."""
        with self._engine.connect() as connection:
            for slot in slots_of(keys):
                _take_lock(connection, slot)
            yield


def _take_lock(connection: Connection, slot: int) -> None:
    key = literal(_ACCOUNTS, Integer), literal(slot, Integer)
    try:
        connection.execute(select(func.pg_advisory_lock(*key)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise taken_too_long() from None
        raise


def _options(settings: str) -> dict[str, object]:
    return {"connect_timeout": _CONNECT_SECONDS, "options": settings}
