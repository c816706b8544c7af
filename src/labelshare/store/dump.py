"""A database as parts that any other takes, SQLite's in PostgreSQL and the other way round: one a table.

A part is lines of JSON, one a row: the values in the order of the columns, bytes in base 64. Tables are read
as the database has them, so that a store of an earlier version is dumped as it is; they are written at the
same revision, and then led to the present one.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

from sqlalchemy import (
    Boolean,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from labelshare.errors import InputError, StoreError
from labelshare.store import postgres, revisions, sqlite
from labelshare.store.database import FILE
from labelshare.store.private import make_private

__all__ = [
    "LEFT_OUT",
    "Kind",
    "columns_of",
    "count",
    "empty_file",
    "empty_server",
    "fill",
    "lines",
    "reading",
    "row_of",
    "tables_of",
]

Kind: TypeAlias = Literal["bytes", "boolean", "integer", "text"]
"""What the values of a column are."""

LEFT_OUT: Final = ("sessions", "sign_in_salts", "sign_ins")
"""Who is signed in is not kept: everybody signs in anew, by a new text: by the salt no older one is good."""

_KINDS: Final[tuple[tuple[type, Kind], ...]] = (
    (LargeBinary, "bytes"),
    (Boolean, "boolean"),
    (Integer, "integer"),
    (String, "text"),
)
_PYTHON: Final[Mapping[Kind, type]] = {"bytes": str, "boolean": bool, "integer": int, "text": str}
_ROWS: Final = 200
_LARGE: Final = frozenset({"bundles", "specs", "campaigns"})  # a row may have a hundred megabytes
_MIGRATION: Final = b"labelshare.migration"


# ------------------------------------------------------------------------------ opening


@contextmanager
def reading(folder: Path | None, url: str | None) -> Iterator[Connection]:
    """A connection to the database of a folder, or at a URL, that sees one moment and changes nothing.

    The services that use it go on meanwhile.

    Raises:
        InputError: No such URL.
        StoreError: There is no database, or it refuses.
    """
    engine = _file(folder / FILE) if folder is not None else _server(url)
    if engine.dialect.name == postgres.DIALECT:
        engine = engine.execution_options(**postgres.SNAPSHOT, postgresql_readonly=True)
    with _closing(engine), _refusals(), engine.connect() as connection:
        yield connection


@contextmanager
def empty_file(path: Path) -> Iterator[Connection]:
    """A connection to a new database in a file, committed and closed at the end of the block.

    Raises:
        OSError: The file cannot be made.
        StoreError: The database refuses.
    """
    make_private(path)
    engine = _sqlite(lambda: sqlite3.connect(path, check_same_thread=False))
    with (
        _closing(engine),
        _refusals(),
        engine.execution_options(**sqlite.WRITING).begin() as connection,
    ):
        yield connection


@contextmanager
def empty_server(url: str) -> Iterator[Connection]:
    """A transaction in a PostgreSQL database without tables; nobody else makes any meanwhile.

    Raises:
        InputError: No such URL, or there are tables already.
        StoreError: The database refuses: nothing is changed.
    """
    engine = _server(url)
    with _closing(engine), _refusals(), engine.begin() as connection:
        postgres.take_turns(connection, [_MIGRATION])
        if inspect(connection).get_table_names():
            raise InputError("the database is not empty; a backup is restored into a new one")
        yield connection


def _file(path: Path) -> Engine:
    if not path.is_file():
        raise StoreError(f"there is no store at {path}")
    address = f"file:{quote(str(path.resolve()))}?mode=rw"
    return _sqlite(lambda: sqlite3.connect(address, uri=True, check_same_thread=False))


def _sqlite(connect: Callable[[], sqlite3.Connection]) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", sqlite.make_durable)
    event.listen(engine, "begin", sqlite.begin)
    return engine


def _server(url: str | None) -> Engine:
    try:
        return postgres.engine(url or "")
    except (ArgumentError, ValueError):
        raise InputError("a database is named as postgresql://user:password@host:port/name") from None


@contextmanager
def _closing(engine: Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.dispose()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(f"the store refused: {reason}") from None


# ------------------------------------------------------------------------------ reading


def tables_of(connection: Connection) -> list[Table]:
    """The tables that are dumped, by name.

    Raises:
        StoreError: The database says nothing of its revision: it is no store of ours.
    """
    if revisions.revision_of(connection) is None:
        raise StoreError("this is not a store of labelshare")
    return [each for name, each in sorted(_reflected(connection).items()) if name not in LEFT_OUT]


def columns_of(table: Table) -> dict[str, Kind]:
    """The kind of each column, in order: bytes, boolean, integer, text."""
    return {column.name: _kind(table, column.type) for column in table.columns}


def count(connection: Connection, table: Table) -> int:
    """How many rows a table has."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """A table's rows, in the order of its key, each as a line; a few are held in memory at a time."""
    binary = [kind == "bytes" for kind in columns_of(table).values()]
    wanted = select(table).order_by(*table.primary_key.columns)
    rows = connection.execute(wanted.execution_options(yield_per=1 if table.name in _LARGE else _ROWS))
    for row in rows:
        values = [_plain(value) if is_binary else value for value, is_binary in zip(row, binary, strict=True)]
        yield json.dumps(values, separators=(",", ":")).encode() + b"\n"


def row_of(columns: Mapping[str, Kind], line: bytes) -> dict[str, Any]:
    """The row in a line; `InputError` where it has other columns, or values of another kind."""
    try:
        values = json.loads(line)
    except ValueError:
        raise InputError("a row of the backup is not JSON") from None
    if not isinstance(values, list) or len(values) != len(columns):
        raise InputError("a row of the backup has other columns than its table")
    return {name: _value(kind, value) for (name, kind), value in zip(columns.items(), values, strict=True)}


def _plain(value: Any) -> str | None:
    return None if value is None else b64encode(bytes(value)).decode()


def _value(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not _PYTHON[kind]:
        raise InputError(f"a value of the backup is not of its kind, {kind}")
    try:
        return b64decode(str(value), validate=True) if kind == "bytes" else value
    except ValueError:
        raise InputError("a value of the backup is not base 64") from None


# ------------------------------------------------------------------------------ writing


def fill(
    connection: Connection,
    revision: str,
    parts: Mapping[str, tuple[Mapping[str, Kind], Iterable[bytes]]],
    advance: Callable[[int], None],
) -> dict[str, int]:
    """Write a dump into an empty database, and lead it to the present schema.

    Args:
        connection: To the database, in a transaction: where this raises, nothing of it is to be committed.
        revision: The schema that the parts are of.
        parts: Columns and lines of each table.
        advance: Told of the rows written.

    Returns:
        The rows of each table.

    Raises:
        InputError: The parts are not what that revision has.
        StoreError: The revision is a newer version's, or the database refuses.
    """
    revisions.upgrade(connection, revision)
    tables = _reflected(connection)
    if set(parts) != set(tables) - set(LEFT_OUT):
        raise InputError(f"the backup has not the tables of revision {revision}")
    written = {}
    for name, (columns, content) in parts.items():
        if dict(columns) != columns_of(tables[name]):
            raise InputError(f"table {name} of the backup has not the columns of revision {revision}")
        written[name] = _write(connection, tables[name], columns, content, advance)
    _count_on(connection, tables)
    revisions.upgrade(connection)
    return written


def _write(
    connection: Connection,
    table: Table,
    columns: Mapping[str, Kind],
    content: Iterable[bytes],
    advance: Callable[[int], None],
) -> int:
    written, most = 0, 1 if table.name in _LARGE else _ROWS
    for some in _batched((row_of(columns, line) for line in content), most):
        connection.execute(insert(table), some)
        written += len(some)
        advance(len(some))
    return written


def _count_on(connection: Connection, tables: Mapping[str, Table]) -> None:
    """Numbers that PostgreSQL gives out go on after those that were written; SQLite finds them itself."""
    if connection.dialect.name != postgres.DIALECT:
        return
    for table in tables.values():
        for column in inspect(connection).get_columns(table.name):
            if str(column.get("default") or "").startswith("nextval("):
                key = table.c[column["name"]]
                last = connection.execute(select(func.max(key))).scalar_one()
                if last is not None:
                    asked = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
                    connection.execute(asked, {"table": table.name, "column": key.name, "last": last})


def _reflected(connection: Connection) -> dict[str, Table]:
    found = MetaData()
    found.reflect(connection)
    return {name: table for name, table in found.tables.items() if name != revisions.TABLE}


def _kind(table: Table, given: object) -> Kind:
    for kind, name in _KINDS:
        if isinstance(given, kind):
            return name
    raise StoreError(f"table {table.name} has a column of a kind that no backup knows")


def _batched(rows: Iterable[dict[str, Any]], most: int) -> Iterator[Sequence[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) >= most:
            yield some
            some = []
    if some:
        yield some
