"""Jobs as rows: work that any process may take, each by one at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from labelshare.store.database import Database
from labelshare.store.schema import jobs as table
from labelshare.store.upsert import insert_or_keep

__all__ = ["Entry", "Job", "Jobs"]

# What is kept of an error: one line of bounded length.
_ERROR: Final = 1_000


@dataclass(frozen=True, slots=True)
class Job:
    """A job that was taken.

    Attributes:
        kind: What is to be done.
        key: About what.
        due: Since when, Unix seconds of the machine.
        tries: How often it has failed before.
        taken_by: Under which name it was taken; who holds it no more changes nothing.
        error: Of its last failure, or what it waited for; None where there was nothing.
    """

    kind: str
    key: str
    due: int
    tries: int
    taken_by: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as it stands.

    `error` is that of its last failure, or what it waits for where it has not failed, or what was found once
    it is done; None where there is nothing.
    """

    kind: str
    key: str
    due: int
    tries: int
    error: str | None
    done: bool

    @property
    def has_failed(self) -> bool:
        """Whether it is tried again for a failure."""
        return not self.done and self.tries > 0

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for something that it names, which is no failure."""
        return not self.done and self.tries == 0 and self.error is not None


@dataclass(frozen=True)
class Jobs:
    """The jobs of one database. Times are Unix seconds by one clock for all who work on them."""

    database: Database

    def add(self, kind: str, key: str, due: int) -> bool:
        """Keep a job, unless there is one of that kind and key; whether it is new."""
        row = {"kind": kind, "key": key, "due": due, "tries": 0, "done": False}
        with self.database.writing() as connection:
            return insert_or_keep(connection, table, row)

    def reopen(self, kind: str, key: str, due: int) -> bool:
        """Do a job again that is done, as where the chain has dropped what it did; whether it was done."""
        values = {"due": due, "tries": 0, "done": False, "error": None, "taken_by": None, "taken_until": None}
        return bool(self._change([*_named(kind, key), table.c.done], values))

    def take(self, now: int, until: int, name: str, kinds: Collection[str] | None = None) -> Job | None:
        """Take the job that is due the longest; None if none is.

        Args:
            now: What is due by then, and whose lease is over by then, is to be had.
            until: How long it is the taker's.
            name: The taker's, which no other take uses.
            kinds: Of these alone.
        """
        free = or_(table.c.taken_until.is_(None), table.c.taken_until <= now)
        wanted = select(table).where(table.c.done.is_(False), table.c.due <= now, free)
        if kinds is not None:
            wanted = wanted.where(table.c.kind.in_(sorted(kinds)))
        first = wanted.order_by(table.c.due, table.c.kind, table.c.key).limit(1)
        with self.database.writing() as connection:
            row = connection.execute(first.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            own = and_(*_named(row.kind, row.key))
            connection.execute(update(table).where(own).values(taken_by=name, taken_until=until))
        return Job(row.kind, row.key, row.due, row.tries, name, row.error)

    def renew(self, job: Job, until: int) -> bool:
        """Keep a job longer; whether it still is the taker's."""
        return bool(self._change(_held(job), {"taken_until": until}))

    def finish(self, job: Job, found: str | None = None) -> bool:
        """The job is done, and what was `found` by it stays to be read; whether it still was the taker's."""
        values = {"done": True, "taken_by": None, "taken_until": None, "error": _line(found)}
        return bool(self._change(_held(job), values))

    def retry(self, job: Job, due: int, error: str) -> bool:
        """The job failed, and is to be done at `due`; whether it still was the taker's."""
        values = {"due": due, "tries": job.tries + 1, "taken_by": None, "taken_until": None}
        return bool(self._change(_held(job), values | {"error": _line(error)}))

    def postpone(self, job: Job, due: int) -> bool:
        """Give a job back that did not fail: not its time yet, or the process ends."""
        return bool(self._change(_held(job), {"due": due, "taken_by": None, "taken_until": None}))

    def wait(self, job: Job, due: int, reason: str) -> bool:
        """Give a job back that waits for something, which is kept to be read; it counts as not failed."""
        values = {"due": due, "tries": 0, "taken_by": None, "taken_until": None, "error": _line(reason)}
        return bool(self._change(_held(job), values))

    def hasten(self, now: int) -> int:
        """Have what failed, or waits for something, done by `now`: whoever begins may find it mended."""
        late = [table.c.done.is_(False), table.c.error.is_not(None), table.c.due > now]
        return self._change([*late, table.c.taken_by.is_(None)], {"due": now})

    def free_all(self) -> int:
        """Free every job that is taken, as whoever took it is no more; how many that were.

        For a store that one process at a time works on, before that one begins.
        """
        values = {"taken_by": None, "taken_until": None}
        return self._change([table.c.taken_by.is_not(None)], values)

    def next_due(self, kinds: Collection[str] | None = None) -> int | None:
        """When the next job, of these kinds alone, is due or its lease over; None if all is done."""
        end = func.coalesce(table.c.taken_until, table.c.due)
        wanted = select(func.min(end)).where(table.c.done.is_(False))
        if kinds is not None:
            wanted = wanted.where(table.c.kind.in_(sorted(kinds)))
        with self.database.reading() as connection:
            found = connection.execute(wanted).scalar_one()
        return None if found is None else int(found)

    def entry(self, kind: str, key: str) -> Entry | None:
        """One job as it stands."""
        with self.database.reading() as connection:
            row = connection.execute(select(table).where(*_named(kind, key))).one_or_none()
        return None if row is None else _entry(row)

    def entries(self, *, done: bool | None = None, failed: bool = False) -> list[Entry]:
        """Jobs by due time, kind and key.

        Args:
            done: Only those done, or only those to do.
            failed: Only those with an error, or with something found.
        """
        wanted = select(table)
        if done is not None:
            wanted = wanted.where(table.c.done.is_(done))
        if failed:
            wanted = wanted.where(table.c.error.is_not(None))
        with self.database.reading() as connection:
            rows = connection.execute(wanted.order_by(table.c.due, table.c.kind, table.c.key))
            return [_entry(row) for row in rows]

    def counts(self) -> dict[tuple[str, bool, bool], int]:
        """How many jobs there are by kind, whether done, and whether with an error or something found."""
        failed = table.c.error.is_not(None).label("failed")
        wanted = select(table.c.kind, table.c.done, failed, func.count())
        with self.database.reading() as connection:
            rows = connection.execute(wanted.group_by(table.c.kind, table.c.done, failed))
            return {(kind, bool(done), bool(error)): count for kind, done, error, count in rows}

    def _change(self, where: list[ColumnElement[bool]], values: dict[str, Any]) -> int:
        """How many jobs were changed."""
        with self.database.writing() as connection:
            return connection.execute(update(table).where(*where).values(values)).rowcount


def _named(kind: str, key: str) -> list[ColumnElement[bool]]:
    return [table.c.kind == kind, table.c.key == key]


def _held(job: Job) -> list[ColumnElement[bool]]:
    return [*_named(job.kind, job.key), table.c.taken_by == job.taken_by, table.c.done.is_(False)]


def _entry(row: Any) -> Entry:
    return Entry(row.kind, row.key, row.due, row.tries, row.error, bool(row.done))


def _line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())[:_ERROR]
