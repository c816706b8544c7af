"""Opening the database: SQLite in a file or in memory, brought to the present schema, bound to one chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from sqlite3 import OperationalError
from threading import Lock, RLock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from labelshare.errors import StoreError, WrongChainError
from labelshare.store import schema
from labelshare.types import Hash32

if TYPE_CHECKING:
    from labelshare.chain.node import Chain

__all__ = ["FILE", "Database"]

FILE: Final = "labelshare.db"
BUSY_MILLISECONDS: Final = 10_000

# How a transaction begins. A writer takes its turn at once: one that began by reading may be refused later.
_BEGIN: Final = "labelshare_begin"
_READING: Final = "BEGIN"
_WRITING: Final = "BEGIN IMMEDIATE"
_migrating = Lock()  # alembic knows one migration at a time in a process


class Database:
    """One open database.

    What `writing` holds is written whole or not at all, and is on the disk when the block ends: a receipt
    handed out after it binds the oracle's bond.
    """

    def __init__(self, engine: Engine, turns: RLock | None = None) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{_BEGIN: _WRITING})
        self._turns = turns or nullcontext()

    @classmethod
    def in_memory(cls) -> Database:
        """A database that ends with the process, like the chain in this process that it is for."""
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        schema.metadata.create_all(engine)
        return cls(engine, RLock())

    @classmethod
    def open(cls, folder: Path) -> Database:
        """The database of a folder, made or brought to the present schema where need be.

        Raises:
            StoreError: The folder cannot be written, the file is no database of ours, or a newer version's.
        """
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            engine = create_engine(f"sqlite:///{path}")
            event.listen(engine, "connect", _durable)
            event.listen(engine, "begin", _begin)
            database = cls(engine)
            database._migrate()
        except (OSError, SQLAlchemyError, OperationalError, _Foreign) as error:
            raise StoreError(f"{path} cannot be opened: {_short(error)}") from None
        return database

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block; `StoreError` where the database refuses."""
        with self._turns, _refusals(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read by, all of one moment; `StoreError` where the database refuses."""
        with self._turns, _refusals(), self.engine.connect() as connection:
            yield connection

    def bind(self, chain: Chain) -> None:
        """Tie the database to a chain on first use, and refuse any other from then on.

        Raises:
            WrongChainError: It holds another chain's history: another id, or the same id begun anew.
        """
        genesis = chain.block_hash(0)
        with self.writing() as connection:
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
        """Let go of the file."""
        self.engine.dispose()

    def _migrate(self) -> None:
        """All or nothing, however many processes open the database at once."""
        with _migrating, self._writer.begin() as connection:
            tables = inspect(connection).get_table_names()
            if tables and "alembic_version" not in tables:
                raise _Foreign("this is not a store of labelshare")
            _upgrade(connection)
        with self.engine.connect() as connection:
            _let_readers_beside_writers(connection.connection.dbapi_connection)


class _Foreign(Exception):  # noqa: N818 (no error that leaves this module)
    """A database of somebody else's."""


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"the store refused: {_short(error)}") from error


def _durable(connection: Any, _record: object) -> None:
    """Every commit is on the disk before it returns. Transactions begin as `_begin` says, and never else."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _let_readers_beside_writers(connection: Any) -> None:
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


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, _READING))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "labelshare:store/migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"the store was written by another version of labelshare: {error}") from None


def _short(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
