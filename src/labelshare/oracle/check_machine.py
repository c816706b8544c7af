"""Whether disk, database, blobs and limits of this machine are fit for a service. Nothing is left behind."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from time import monotonic
from typing import Final

from sqlalchemy import Connection, inspect, text

from labelshare.errors import StoreError
from labelshare.oracle.blobs import Blobs
from labelshare.oracle.check_chain import off_by
from labelshare.oracle.checks import Finding, State, graded
from labelshare.store import dump, revisions
from labelshare.store.database import FILE

__all__ = ["blobs", "database_file", "database_server", "disk", "open_files"]

MEBIBYTE: Final = 1024**2
FREE_BYTES: Final = (1024 * MEBIBYTE, 64 * MEBIBYTE)
FREE_INODES: Final = (10_000, 100)
FSYNC_SECONDS: Final = (0.05, 1.0)
WAL_BYTES: Final = (256 * MEBIBYTE, 4096 * MEBIBYTE)
WAIT_SECONDS: Final = (5.0, 60.0)
OPEN_FILES: Final = (4_096, 256)
_BUSY_MILLISECONDS: Final = 2_000
_TRIES: Final = 5


# ---------------------------------------------------------------------------------- disk


def disk(folder: Path) -> Iterator[Finding]:
    """Space, inodes, and whether what is written there is on the disk; of the nearest folder that exists."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    space = os.statvfs(there)
    free = space.f_bavail * space.f_frsize
    state = graded(free, *FREE_BYTES)
    advice = "" if state is State.OK else "make room: a store that cannot write gives no receipts"
    yield Finding("disk space", state, f"{free / MEBIBYTE:,.0f} MiB free at {there}", advice)
    if space.f_files:
        state = graded(space.f_favail, *FREE_INODES)
        advice = "" if state is State.OK else "remove small files, or make a file system with more inodes"
        yield Finding("inodes", state, f"{space.f_favail:,} free", advice)
    seconds = _fsync_seconds(there)
    state = graded(seconds, *FSYNC_SECONDS)
    advice = "" if state is State.OK else "use a faster disk: every receipt waits for one such write"
    yield Finding("disk writes", state, f"on the disk in {seconds * 1_000:.1f} ms", advice)


def _fsync_seconds(folder: Path) -> float:
    times = []
    with TemporaryFile(dir=folder) as file:
        for _ in range(_TRIES):
            start = monotonic()
            file.write(os.urandom(4_096))
            file.flush()
            os.fsync(file.fileno())
            times.append(monotonic() - start)
    return median(times)


# ------------------------------------------------------------------------------- database


def database_file(folder: Path) -> Iterator[Finding]:
    """The store of a folder: its revision, whether it can be written, and its log of writes."""
    path = folder / FILE
    if not path.exists():
        yield Finding("database", State.OK, f"none yet at {path}: the service makes it")
        return
    log = path.with_name(FILE + "-wal")
    size = log.stat().st_size if log.exists() else 0
    with dump.reading(folder, None) as connection:
        yield _revision(connection)
    yield _writable(path)
    state = graded(size, *WAL_BYTES)
    advice = "" if state is State.OK else "end what has been reading the store for long, as a copy of it"
    yield Finding("write-ahead log", state, f"{size / MEBIBYTE:,.1f} MiB", advice)


def _writable(path: Path) -> Finding:
    """Whether a writer gets its turn."""
    connection = sqlite3.connect(path, timeout=_BUSY_MILLISECONDS / 1_000, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        advice = "find out who has it open (fuser, lsof), and end that"
        return Finding("database lock", State.FAIL, f"no turn to write in 2 s: {error}", advice)
    finally:
        connection.close()
    return Finding("database lock", State.OK, "a writer gets its turn")


def database_server(url: str, now: Callable[[], float]) -> Iterator[Finding]:
    """A PostgreSQL store: its revision and clock, who waits for whom, how many connections are left."""
    with dump.reading(None, url) as connection:
        yield _revision(connection)
        clock = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        yield off_by("clock beside the database", now() - float(clock))
        longest = connection.execute(
            text(
                "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0) "
                "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        ).scalar_one()
        state = graded(float(longest), *WAIT_SECONDS)
        advice = "" if state is State.OK else "find out who holds it: pg_blocking_pids in pg_stat_activity"
        yield Finding("database lock", state, f"longest wait {float(longest):.0f} s", advice)
        used, most = connection.execute(
            text("SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity")
        ).one()
        state = graded(used / most, 0.8, 0.95)
        advice = "" if state is State.OK else "raise max_connections; each process may take 21 and more"
        yield Finding("connections", state, f"{used} of {most} taken", advice)


def _revision(connection: Connection) -> Finding:
    found, head = revisions.revision_of(connection), revisions.head()
    if found is None and not inspect(connection).get_table_names():
        return Finding("database", State.OK, "empty: the service makes its tables")
    if found is None:
        raise StoreError("it holds tables of somebody else")
    if found == head:
        return Finding("database", State.OK, f"answers; schema {found}")
    if not revisions.is_known(found):
        advice = "use the version of labelshare that wrote it, or a later one"
        return Finding("database", State.FAIL, f"schema {found} is not known to this version", advice)
    advice = "back it up; the service leads it on when it starts"
    return Finding("database", State.WARN, f"schema {found}, this version's is {head}", advice)


# ------------------------------------------------------------------------ blobs and limits


def blobs(place: str) -> Finding:
    """Whether a blob can be written, read and removed."""
    if "://" not in place and not Path(place).exists():
        return Finding("blobs", State.OK, f"none yet at {place}: the service makes the folder")
    store, start = Blobs.at(place), monotonic()
    content = os.urandom(4_096)
    name = store.put([content])
    try:
        if store.read(name) != content:
            raise StoreError("what was written is not what is read")
    finally:
        store.remove(name)
    return Finding("blobs", State.OK, f"written, read and removed in {(monotonic() - start) * 1_000:.0f} ms")


def open_files() -> Finding:
    """How many files, and so connections, a process may have open."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    state = State.OK if limit == resource.RLIM_INFINITY else graded(limit, *OPEN_FILES)
    advice = "" if state is State.OK else f"ulimit -n {OPEN_FILES[0]}, or LimitNOFILE= of the unit"
    return Finding("open files", state, f"{limit:,} at most", advice)
