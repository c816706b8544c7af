"""What is written is there again, whole or not at all, for however many who write at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.embedded import EmbeddedChain
from labelshare.errors import StoreError, WrongChainError
from labelshare.store import schema
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.store.sqlite import BUSY_MILLISECONDS
from labelshare.store.upsert import insert_or_keep
from labelshare.types import CampaignId, Hash32, keccak
from tests.oracle.stage import small_spec
from tests.store.home import CAMPAIGN, SQLITE, Home, Place, address, enrolment, home_of

AT_ONCE = 3
EACH = 40
ROW = {"campaign": b"c", "annotator": b"a", "signature": b"s"}


def enrolled(database: Database) -> int:
    with database.reading() as connection:
        return len(connection.execute(schema.enrolments.select()).all())


def add(database: Database, **changes: bytes) -> None:
    with database.writing() as connection:
        connection.execute(schema.enrolments.insert().values(ROW | changes))


# ------------------------------------------------------------------------------- refused


def test_what_the_database_refuses_is_a_store_error(home: Home) -> None:
    database = home.open()
    book = Messages(database, CAMPAIGN)
    book.add_enrolment(enrolment(1))

    message = home.says(sqlite="UNIQUE constraint failed", postgres="duplicate key value violates unique")
    with pytest.raises(StoreError, match=f"^the store refused: {message}"):
        book.add_enrolment(enrolment(1))
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE enrolments")
    message = home.says(sqlite="no such table: enrolments", postgres='relation "enrolments" does not exist')
    with pytest.raises(StoreError, match=message):
        book.enrolments()


def test_what_is_refused_shows_no_value_of_the_row(database: Database) -> None:
    """Neither in the message nor in what a log would print below it."""
    add(database, signature=b"the password")
    with pytest.raises(StoreError) as caught:
        add(database, signature=b"the password")

    assert "password" not in str(caught.value)
    assert caught.value.__cause__ is not None
    assert "password" not in str(caught.value.__cause__)


def test_a_block_that_fails_writes_nothing(database: Database) -> None:
    def half() -> None:
        with database.writing() as connection:
            connection.execute(schema.enrolments.insert().values(ROW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert enrolled(database) == 0
    add(database)
    assert enrolled(database) == 1


# -------------------------------------------------------------------------- nested blocks


def test_a_block_within_a_block_is_a_part_of_it(home: Home) -> None:
    database, other = home.open(), home.open()
    with database.writing():
        add(database)
        assert (enrolled(database), enrolled(other)) == (1, 0)
        add(database, annotator=b"b")
    assert enrolled(other) == 2


def test_what_a_block_within_a_block_wrote_falls_with_the_outer_one(database: Database) -> None:
    def half() -> None:
        with database.writing():
            add(database)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert enrolled(database) == 0
    assert not database.is_writing
    add(database)
    assert enrolled(database) == 1


def test_another_thread_is_not_within_the_block(home: Home) -> None:
    database = home.open()
    with ThreadPoolExecutor(1) as pool, database.writing():
        add(database)
        assert pool.submit(enrolled, database).result(timeout=5) == 0
        assert not pool.submit(lambda: database.is_writing).result(timeout=5)


def test_a_reader_sees_one_moment(home: Home) -> None:
    database = home.open()
    add(database)
    with ThreadPoolExecutor(1) as pool, database.reading() as connection:
        assert len(connection.execute(schema.enrolments.select()).all()) == 1
        pool.submit(add, database, annotator=b"b").result(timeout=5)
        assert len(connection.execute(schema.enrolments.select()).all()) == 1
    assert enrolled(database) == 2


def test_a_row_is_inserted_or_kept(database: Database) -> None:
    with database.writing() as connection:
        assert insert_or_keep(connection, schema.enrolments, ROW)
        assert not insert_or_keep(connection, schema.enrolments, ROW | {"signature": b"other"})
        assert connection.execute(schema.enrolments.select()).scalars().all() == [b"c"]
        assert connection.execute(schema.enrolments.select()).one().signature == b"s"


# ------------------------------------------------------------------------------- keeping


def test_what_was_written_is_there_again(home: Home) -> None:
    first = home.open()
    book = Messages(first, CAMPAIGN)
    book.open(small_spec())
    book.add_enrolment(enrolment(1))
    book.end_enrolment()
    book.begin_round(3)
    book.keep_bundle(keccak(b"bundle"), b"bundle")
    first.close()

    for _ in range(2):
        again = home.open()
        book = Messages(again, CAMPAIGN)
        book.open(small_spec())
        assert book.enrolments() == [enrolment(1)]
        assert (book.is_enrolling(), book.round()) == (False, 3)
        assert book.bundle(keccak(b"bundle")) == b"bundle"
        again.close()


def test_one_campaign_does_not_see_the_other(database: Database) -> None:
    one, other = Messages(database, CAMPAIGN), Messages(database, CampaignId(keccak(b"other")))
    for book in (one, other):
        book.open(small_spec())
    one.add_enrolment(enrolment(1))
    one.end_enrolment()
    one.begin_round(1)

    assert (other.enrolments(), other.is_enrolling(), other.round()) == ([], True, None)
    assert not other.has_enrolled(address(1))
    other.add_enrolment(enrolment(1))


# -------------------------------------------------------------------------------- chains


def test_a_database_is_of_one_chain(home: Home) -> None:
    database, chain = home.open(), connect()
    database.bind(chain)
    database.close()
    again = home.open()

    again.bind(chain)
    again.bind(connect())  # every chain in process begins alike

    class Elsewhere(EmbeddedChain):
        chain_id = 1

    class Anew(EmbeddedChain):
        def block_hash(self, block: int) -> Hash32:
            return keccak(b"another beginning %d" % block)

    with pytest.raises(WrongChainError, match=f"the store is of chain {chain.chain_id} .* this is chain 1 "):
        again.bind(Elsewhere())
    with pytest.raises(WrongChainError, match=f"began with {keccak(b'another beginning 0')}"):
        again.bind(Anew())
    again.bind(chain)


# ---------------------------------------------------------------------------- many at once


def opened_by_many(place: Place, number: int) -> int:
    """What each of several processes does: opens the store, and writes."""
    database = place.open()
    database.bind(connect())
    book = Messages(database, CAMPAIGN)
    book.open(small_spec())
    for each in range(EACH):
        book.add_enrolment(enrolment(number * EACH + each))
    database.close()
    return number


def test_processes_that_open_and_write_at_once_lose_nothing(home: Home) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, mp_context=context) as pool:
        found = [pool.submit(opened_by_many, home.place, number) for number in range(AT_ONCE)]
        assert [each.result() for each in found] == [*range(AT_ONCE)]

    database = home.open()
    assert Messages(database, CAMPAIGN).enrolments() == [enrolment(each) for each in range(AT_ONCE * EACH)]
    if not home.is_postgres:
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """One database for several threads."""
    if request.param == "memory":
        database = Database.in_memory()
        yield database
        database.close()
        return
    with home_of(request.param, tmp_path, lambda: request.getfixturevalue("postgres")) as home:
        yield home.open()


def test_threads_that_write_at_once_lose_nothing(shared: Database) -> None:
    book = Messages(shared, CAMPAIGN)

    def write(number: int) -> None:
        for each in range(EACH):
            book.add_enrolment(enrolment(number * EACH + each))
            assert book.has_enrolled(address(number * EACH + each))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(write, range(AT_ONCE)))

    assert book.enrolments() == [enrolment(each) for each in range(AT_ONCE * EACH)]


def test_a_writer_waits_for_another_where_there_is_one_at_a_time(tmp_path: Path) -> None:
    with home_of(SQLITE, tmp_path, str) as home, ThreadPoolExecutor(1) as pool:
        database = home.open()
        book = Messages(database, CAMPAIGN)
        with database.writing() as connection:
            connection.execute(schema.enrolments.insert().values(ROW))
            waiting = pool.submit(book.add_enrolment, enrolment(1))
            assert not pool.submit(lambda: None).done()
            assert not waiting.done()
        waiting.result(timeout=BUSY_MILLISECONDS / 1_000)
        assert book.has_enrolled(address(1))
