"""Turns: what one has read still holds as it writes, whoever else is at work, in whatever process."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Event

import pytest

from labelshare.errors import StoreError
from labelshare.store import locks
from labelshare.store.database import Database
from labelshare.store.locks import SLOTS, slots_of
from labelshare.store.messages import Messages, State
from labelshare.types import Address
from tests.oracle.stage import small_spec
from tests.store.home import CAMPAIGN, Home, Place, address, enrolment, home_of

ANN, BEN = address(1), address(2)
KEYS = [b"one", b"two"]
SOON, LATE = 0.4, 20.0


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def waits(future: Future[object]) -> bool:
    """Whether it is not done although it could be by now."""
    try:
        future.result(timeout=SOON)
    except NotYet:
        return True
    return False


class Held:
    """A block that another thread is in until told to leave it."""

    def __init__(self, pool: ThreadPoolExecutor, enter: Callable[[], object]) -> None:
        self._entered, self._leave = Event(), Event()
        self._work: Future[None] = pool.submit(self._stay, enter)
        assert self._entered.wait(LATE)

    def _stay(self, enter: Callable[[], object]) -> None:
        with enter():  # type: ignore[attr-defined]
            self._entered.set()
            assert self._leave.wait(LATE)

    def leave(self) -> None:
        self._leave.set()
        self._work.result(timeout=LATE)


# ------------------------------------------------------------------------ of transactions


@pytest.fixture
def books(home: Home) -> tuple[Messages, Messages]:
    """The same book in two processes."""
    first, second = (Messages(home.open(), CAMPAIGN) for _ in range(2))
    first.open(small_spec())
    return first, second


@contextmanager
def turn(book: Messages, annotator: Address) -> Iterator[State]:
    """A block in which messages of an annotator are taken."""
    with book.database.writing(book.turn_of(annotator)):
        yield book.hold()


def in_turn(book: Messages, annotator: Address) -> None:
    with turn(book, annotator):
        book.add_enrolment(enrolment(9))


def test_one_annotator_has_one_turn_at_a_time(
    home: Home, books: tuple[Messages, Messages], pool: ThreadPoolExecutor
) -> None:
    """Another's goes on meanwhile on PostgreSQL; a file has one writer at a time."""
    held = Held(pool, lambda: turn(books[0], ANN))
    same = pool.submit(in_turn, books[1], ANN)
    assert waits(same)  # type: ignore[arg-type]
    held.leave()
    same.result(timeout=LATE)

    if home.is_postgres:
        held = Held(pool, lambda: turn(books[0], ANN))
        with turn(books[1], BEN):
            books[1].add_enrolment(enrolment(2))
        assert books[1].has_enrolled(BEN)
        held.leave()


def test_what_one_turn_wrote_the_next_one_sees(
    books: tuple[Messages, Messages], pool: ThreadPoolExecutor
) -> None:
    """Read, then write by what was read: done by four at once it is as if done by one after the other."""

    def count_up(book: Messages) -> None:
        for _ in range(10):
            with turn(book, ANN):
                book.add_enrolment(enrolment(100 + len(book.enrolments())))

    list(pool.map(count_up, books * 2))

    assert books[0].enrolments() == [enrolment(100 + each) for each in range(40)]


@pytest.mark.parametrize(
    "change",
    [lambda book: book.end_enrolment(), lambda book: book.begin_round(1), lambda book: book.close_round(0)],
    ids=["end of enrolment", "next round", "no round"],
)
def test_the_campaign_stays_as_it_is_while_a_turn_is_under_way(
    books: tuple[Messages, Messages], pool: ThreadPoolExecutor, change: Callable[[Messages], None]
) -> None:
    books[0].begin_round(0)
    held = Held(pool, lambda: turn(books[0], ANN))

    changing = pool.submit(change, books[1])
    assert waits(changing)  # type: ignore[arg-type]
    assert (books[1].is_enrolling(), books[1].round()) == (True, 0)
    held.leave()
    changing.result(timeout=LATE)

    assert (books[1].is_enrolling(), books[1].round()) != (True, 0)


def test_turns_do_not_wait_for_each_other_to_hold_the_campaign(
    home: Home, books: tuple[Messages, Messages], pool: ThreadPoolExecutor
) -> None:
    """Of different annotators; nor does whoever only looks wait for anybody."""
    held = Held(pool, lambda: turn(books[0], ANN))
    assert books[1].round() is None
    if home.is_postgres:
        other = Held(pool, lambda: turn(books[1], BEN))
        other.leave()
    held.leave()


# ------------------------------------------------------------------- that outlast them


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """The same database as two processes have it; in memory there is one."""
    if request.param == "memory":
        database = Database.in_memory()
        yield database, database
        database.close()
        return
    with home_of(request.param, tmp_path, lambda: request.getfixturevalue("postgres")) as home:
        yield home.open(), home.open()


def hold(database: Database, keys: list[bytes]) -> str:
    with database.holding(keys):
        return "held"


def test_locks_exclude_and_leave_the_database_free(
    pair: tuple[Database, Database], pool: ThreadPoolExecutor
) -> None:
    one, other = pair
    held = Held(pool, lambda: one.holding(KEYS))

    for database in pair:
        same = pool.submit(hold, database, KEYS[1:])
        assert waits(same)  # type: ignore[arg-type]
        assert hold(database, [b"three"]) == "held"
        assert hold(database, []) == "held"
        Messages(database, CAMPAIGN).add_enrolment(enrolment(1 if database is one else 2))
        if database is not other:
            continue
        held.leave()
        assert same.result(timeout=LATE) == "held"
        break
    assert hold(other, KEYS) == "held"


def test_a_block_that_fails_lets_go(pair: tuple[Database, Database]) -> None:
    def fails() -> None:
        with pair[0].holding(KEYS):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert hold(pair[1], KEYS) == "held"


def test_as_many_as_there_are_can_be_held(pair: tuple[Database, Database]) -> None:
    """And in whatever order they are named: nobody waits for each other in a circle."""
    keys = [b"%d" % number for number in range(3_000)]
    assert slots_of(keys) == [*range(SLOTS)] == slots_of(keys[::-1])

    with ThreadPoolExecutor(4) as threads:
        orders = [keys, keys[::-1]] * 4
        assert list(threads.map(lambda each: hold(pair[0], each), orders)) == ["held"] * 8


def test_whoever_waits_too_long_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("labelshare.store.locks", "labelshare.store.postgres"):
        monkeypatch.setattr(f"{module}.PATIENCE_SECONDS", 0.3)
    one, other = home.open(), home.open()

    with (
        one.holding(KEYS),
        pytest.raises(StoreError, match="another process has been sending for the same account for 0 s"),
    ):
        hold(other, KEYS)

    assert hold(other, KEYS) == "held"
    assert locks.PATIENCE_SECONDS == 0.3


def held_until_killed(place: Place, pipe: Pipe) -> None:
    """What a process does that is killed while it holds its locks."""
    with place.open().holding(KEYS):
        pipe.send("held")
        pipe.recv()


def test_a_process_that_dies_lets_go(home: Home, pool: ThreadPoolExecutor) -> None:
    database = home.open()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=held_until_killed, args=(home.place, theirs))
    process.start()
    assert ours.recv() == "held"
    waiting = pool.submit(hold, database, KEYS)
    assert waits(waiting)  # type: ignore[arg-type]

    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)

    assert waiting.result(timeout=LATE) == "held"
    process.join()
