"""Opening the database: SQLite or PostgreSQL, brought to the present schema, bound to one chain."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from sqlite3 import OperationalError
from threading import Lock, RLock, local
from time import time
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from labelshare.errors import InputError, StoreError, WrongChainError
from labelshare.store import postgres, revisions, schema, sqlite
from labelshare.store.locks import FileLocks, Locks, ThreadLocks
from labelshare.store.private import make_private
from labelshare.types import Hash32

if TYPE_CHECKING:
    from labelshare.chain.node import Chain

__all__ = ["FILE", "LOCKS", "Database", "is_of_rows"]

FILE: Final = "labelshare.db"
LOCKS: Final = "labelshare.locks"
_MIGRATION: Final = b"labelshare.migration"
_migrating = Lock()  # alembic knows one migration at a time in a process


class Database:
    """One open database.

    What `writing` holds is written whole or not at all, and is on the disk when the block ends: a receipt
    handed out after it binds the oracle's bond. A block within a block of the same thread is a part of it, so
    that what is read there is what is written by.
    """

    def __init__(self, engine: Engine, locks: Locks, turns: RLock | None = None) -> None:
        self.engine = engine
        self._locks = locks
        self._writer = engine.execution_options(**sqlite.WRITING)
        self._reader = engine.execution_options(**postgres.SNAPSHOT) if self._is_postgres else engine
        self._turns = turns or nullcontext()
        self._open = local()

    @classmethod
    def in_memory(cls) -> Database:
        """A database that ends with the process, like the chain in this process that it is for."""
        engine = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
        schema.metadata.create_all(engine)
        return cls(engine, ThreadLocks(), RLock())

    @classmethod
    def open(cls, folder: Path) -> Database:
        """The database of a folder, made or brought to the present schema where need be.

        Raises:
            StoreError: The folder cannot be written, the file is no database of ours, or a newer version's.
        """
        path = folder / FILE
        try:
            make_private(path)
            engine = create_engine(f"sqlite:///{path}", hide_parameters=True)
            event.listen(engine, "connect", sqlite.make_durable)
            event.listen(engine, "begin", sqlite.begin)
            database = cls(engine, FileLocks(folder / LOCKS))
            database._ready()
        except (OSError, SQLAlchemyError, OperationalError, _Foreign) as error:
            raise StoreError(f"{path} cannot be opened: {_short(error)}") from None
        return database

    @classmethod
    def at(cls, url: str) -> Database:
        """The PostgreSQL database at a URL, brought to the present schema where need be.

        Args:
            url: `postgresql://user:password@host:port/name`; any number of processes may share it.

        Raises:
            InputError: No such URL.
            StoreError: Nobody answers there, it holds tables of others, or a newer version's.
        """
        try:
            engine = postgres.engine(url)
        except (ArgumentError, ValueError):
            raise InputError("a database is named as postgresql://user:password@host:port/name") from None
        database = cls(engine, postgres.SessionLocks(engine.url))
        try:
            database._ready()
        except (SQLAlchemyError, _Foreign) as error:
            raise StoreError(f"{postgres.shown(url)} cannot be opened: {_short(error)}") from None
        return database

    @contextmanager
    def writing(self, turn: bytes = b"") -> Iterator[Connection]:
        """A transaction, committed at the end of the block; `StoreError` where the database refuses.

        Args:
            turn: What the block is about: no two blocks of the same turn run at once, so that what one has
                read there still holds as it writes. (SQLite lets one block write at a time in any case.)
        """
        if (outer := self._joined) is not None:
            with _refusals():
                self._take_turn(outer, turn)
                yield outer
            return
        with self._turns, _refusals(), self._writer.begin() as connection:
            self._open.connection = connection
            try:
                self._take_turn(connection, turn)
                yield connection
            finally:
                self._open.connection = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read by, all of one moment; `StoreError` where the database refuses."""
        if (outer := self._joined) is not None:
            with _refusals():
                yield outer
            return
        with self._turns, _refusals(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def holding(self, keys: Collection[bytes]) -> Iterator[None]:
        """A block that nobody else is in who names one of these keys, and that leaves no transaction open.

        For what takes long, as waiting for the chain does; not to be entered twice by one thread.

        Raises:
            StoreError: Somebody else does not leave it, or the database is gone.
        """
        with ExitStack() as held:
            with _refusals():
                held.enter_context(self._locks.holding(keys))
            yield

    def take_turns(self, connection: Connection, turns: Collection[bytes]) -> None:
        """Several turns for a block of `writing`, in the order in which everybody takes them."""
        if turns and self._is_postgres:
            postgres.take_turns(connection, turns)

    def now(self) -> float:
        """Unix seconds by one clock for all who share the database: the server's, or this machine's."""
        if not self._is_postgres:
            return time()
        with self.reading() as connection:
            return float(
                connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one()
            )

    @property
    def is_writing(self) -> bool:
        """Whether this thread is in a block of `writing`."""
        return self._joined is not None

    def bind(self, chain: Chain) -> None:
        """Tie the database to a chain on first use, and refuse any other from then on.

        Raises:
            WrongChainError: It holds another chain's history: another id, or the same id begun anew.
        """
        genesis = chain.block_hash(0)
        with self.writing(b"labelshare.chain") as connection:
            found = connection.execute(select(schema.chains)).one_or_none()
            if found is None:
                connection.execute(
                    insert(schema.chains).values(chain_id=chain.chain_id, genesis=bytes(genesis))
                )
                return
        if (found.chain_id, Hash32(found.genesis)) != (chain.chain_id, genesis):
            raise WrongChainError(
                f"the store is of chain {found.chain_id} that began with block {Hash32(found.genesis)}; "
                f"this is chain {chain.chain_id} that began with {genesis}"
            )

    def close(self) -> None:
        """Let go of the file or the connections."""
        self.engine.dispose()

    @property
    def _is_postgres(self) -> bool:
        return self.engine.dialect.name == postgres.DIALECT

    @property
    def _joined(self) -> Connection | None:
        """The transaction that this thread is in."""
        connection: Connection | None = getattr(self._open, "connection", None)
        return connection

    def _take_turn(self, connection: Connection, turn: bytes) -> None:
        self.take_turns(connection, [turn] if turn else [])

    def _ready(self) -> None:
        """Bring it to the present schema; whatever fails, nothing stays open."""
        with ExitStack() as undo:
            undo.callback(self.close)
            self._migrate()
            undo.pop_all()

    def _migrate(self) -> None:
        """All or nothing, however many processes open the database at once."""
        with _migrating, self._writer.begin() as connection:
            self._take_turn(connection, _MIGRATION)
            tables = inspect(connection).get_table_names()
            if tables and revisions.TABLE not in tables:
                raise _Foreign("this is not a store of labelshare")
            revisions.upgrade(connection)
        if not self._is_postgres:
            with self.engine.connect() as connection:
                sqlite.let_readers_beside_writers(connection.connection.dbapi_connection)


class _Foreign(Exception):  # noqa: N818 (no error that leaves this module)
    """A database of somebody else's."""


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"the store refused: {_short(error)}") from error


def is_of_rows(error: StoreError) -> bool:
    """Whether the store refused what was to be written, rather than to work at all."""
    return isinstance(error.__cause__, DataError | IntegrityError)


def _short(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
