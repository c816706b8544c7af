"""Opening the database: one schema, one chain, nothing lost, and nothing of anybody else's touched."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

from labelshare.chain.connect import connect
from labelshare.chain.embedded import EmbeddedChain
from labelshare.errors import StoreError, WrongChainError
from labelshare.protocol.commitments import Enrolment
from labelshare.store import schema
from labelshare.store.database import BUSY_MILLISECONDS, FILE, Database
from labelshare.store.messages import Messages
from labelshare.types import Address, CampaignId, Hash32, keccak
from tests.oracle.stage import small_spec

CAMPAIGN = CampaignId(keccak(b"campaign"))
AT_ONCE = 3
EACH = 40


def address(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def enrolment(number: int) -> Enrolment:
    return Enrolment(address(number), number.to_bytes(65, "big"))


# ------------------------------------------------------------------------------ schema


def migrated(engine: Engine, revision: str) -> None:
    """Leads a database up to `revision`, or down to base."""
    config = Config()
    config.set_main_option("script_location", "labelshare:store/migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        step = command.downgrade if revision == "base" else command.upgrade
        step(config, revision)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    yield engine
    engine.dispose()


def test_the_migrations_lead_to_the_schema(empty: Engine) -> None:
    migrated(empty, "head")

    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, schema.metadata) == []
    assert set(inspect(empty).get_table_names()) == {*schema.metadata.tables, "alembic_version"}


def test_a_table_in_memory_is_a_table_in_a_file(tmp_path: Path) -> None:
    """What `in_memory` makes without migrations has the keys and constraints of those that have them."""
    file, memory = Database.open(tmp_path), Database.in_memory()
    for name in schema.metadata.tables:
        shapes = [
            (
                inspector.get_pk_constraint(name)["constrained_columns"],
                inspector.get_unique_constraints(name),
                sorted(each["name"] or "" for each in inspector.get_indexes(name)),
                [(each["name"], str(each["type"]), each["nullable"]) for each in inspector.get_columns(name)],
            )
            for inspector in (inspect(file.engine), inspect(memory.engine))
        ]
        assert shapes[0] == shapes[1], name
    file.close()
    memory.close()


def test_the_migrations_lead_back_to_nothing(empty: Engine) -> None:
    migrated(empty, "head")

    migrated(empty, "base")

    assert inspect(empty).get_table_names() == ["alembic_version"]
    migrated(empty, "head")
    assert "commits" in inspect(empty).get_table_names()


def test_a_migration_that_was_cut_off_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = op.create_table

    def cut_off(name: str, *columns: object) -> object:
        if name == "enrolments":
            raise KeyboardInterrupt
        return made(name, *columns)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_table", cut_off)
    with pytest.raises(KeyboardInterrupt):
        Database.open(tmp_path)
    monkeypatch.undo()

    database = Database.open(tmp_path)
    assert set(inspect(database.engine).get_table_names()) == {*schema.metadata.tables, "alembic_version"}
    database.close()


# ----------------------------------------------------------------------- what is refused


def test_a_folder_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"somebody's")

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match=r"labelshare\.db cannot be opened"):
            Database.open(folder)

    assert (tmp_path / "file").read_bytes() == b"somebody's"


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()

    with pytest.raises(StoreError, match=r"labelshare\.db cannot be opened: unable to open database file"):
        Database.open(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Nobody writes to the first; root writes to the second."""
    tmp_path.chmod(0o500)
    folders = [Path("/proc/labelshare"), *([tmp_path] if os.geteuid() else [])]

    for folder in folders:
        with pytest.raises(StoreError, match=r"labelshare\.db cannot be opened"):
            Database.open(folder)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path, text = tmp_path / FILE, b"a diary, not a database. " * 100
    path.write_bytes(text)

    with pytest.raises(StoreError, match=r"labelshare\.db cannot be opened: file is not a database"):
        Database.open(tmp_path)

    assert path.read_bytes() == text
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_somebody_elses_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as theirs:
        theirs.execute("CREATE TABLE recipes (name TEXT)")
        theirs.execute("INSERT INTO recipes VALUES ('soup')")
    theirs.close()
    before = (tmp_path / FILE).read_bytes()

    with pytest.raises(StoreError, match=r"labelshare\.db .* not a store of labelshare"):
        Database.open(tmp_path)

    assert (tmp_path / FILE).read_bytes() == before


def test_a_store_of_a_newer_version(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    Messages(database, CAMPAIGN).add_enrolment(enrolment(1))
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = (tmp_path / FILE).read_bytes()

    with pytest.raises(StoreError, match=r"written by another version of labelshare: .*9999"):
        Database.open(tmp_path)

    assert (tmp_path / FILE).read_bytes() == before


def test_what_the_database_refuses_is_a_store_error(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    book = Messages(database, CAMPAIGN)
    book.add_enrolment(enrolment(1))

    with pytest.raises(StoreError, match="the store refused: UNIQUE constraint failed"):
        book.add_enrolment(enrolment(1))
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE enrolments")
    with pytest.raises(StoreError, match="no such table: enrolments"):
        book.enrolments()
    database.close()


def test_a_block_that_fails_writes_nothing(tmp_path: Path) -> None:
    database = Database.open(tmp_path)

    def half() -> None:
        with database.writing() as connection:
            connection.execute(
                schema.enrolments.insert().values(campaign=b"c", annotator=b"a", signature=b"s")
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    with database.reading() as connection:
        assert connection.execute(schema.enrolments.select()).all() == []
    database.close()


# ------------------------------------------------------------------------------ keeping


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    first = Database.open(tmp_path / "new" / "folder")
    book = Messages(first, CAMPAIGN)
    book.open(small_spec())
    book.add_enrolment(enrolment(1))
    book.end_enrolment()
    book.set_round(3)
    book.keep_bundle(keccak(b"bundle"), b"bundle")
    first.close()

    for _ in range(2):
        again = Database.open(tmp_path / "new" / "folder")
        book = Messages(again, CAMPAIGN)
        book.open(small_spec())
        assert book.enrolments() == [enrolment(1)]
        assert (book.is_enrolling(), book.round()) == (False, 3)
        assert book.bundle(keccak(b"bundle")) == b"bundle"
        again.close()


def test_a_commit_is_on_the_disk_before_it_returns(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    with database.reading() as one, database.reading() as other:
        for connection in (one, other):
            pragmas = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "busy_timeout")
            ]
            assert pragmas == ["wal", 2, BUSY_MILLISECONDS]
    database.close()


def test_one_campaign_does_not_see_the_other(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    one, other = Messages(database, CAMPAIGN), Messages(database, CampaignId(keccak(b"other")))
    for book in (one, other):
        book.open(small_spec())
    one.add_enrolment(enrolment(1))
    one.end_enrolment()
    one.set_round(1)

    assert (other.enrolments(), other.is_enrolling(), other.round()) == ([], True, None)
    assert not other.has_enrolled(address(1))
    other.add_enrolment(enrolment(1))
    database.close()


# -------------------------------------------------------------------------------- chains


def test_a_database_is_of_one_chain(tmp_path: Path) -> None:
    database, chain = Database.open(tmp_path), connect()
    database.bind(chain)
    database.close()
    again = Database.open(tmp_path)

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
    again.close()


# ---------------------------------------------------------------------------- many at once


def opened_by_many(folder: Path, number: int) -> int:
    """What each of several processes does: opens the store, and writes."""
    database = Database.open(folder)
    database.bind(connect())
    book = Messages(database, CAMPAIGN)
    book.open(small_spec())
    for each in range(EACH):
        book.add_enrolment(enrolment(number * EACH + each))
    database.close()
    return number


def test_processes_that_open_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, mp_context=context) as pool:
        found = [pool.submit(opened_by_many, tmp_path / "store", number) for number in range(AT_ONCE)]
        assert [each.result() for each in found] == [*range(AT_ONCE)]

    database = Database.open(tmp_path / "store")
    assert Messages(database, CAMPAIGN).enrolments() == [enrolment(each) for each in range(AT_ONCE * EACH)]
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    database.close()


def test_threads_that_open_at_once_make_one_store(tmp_path: Path) -> None:
    """The same from one process, where they meet at the very same moment, again and again."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for attempt in range(10):
            folder = tmp_path / str(attempt)
            for database in pool.map(Database.open, [folder] * AT_ONCE):
                database.bind(connect())
                database.close()


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_threads_that_write_at_once_lose_nothing(tmp_path: Path, kind: str) -> None:
    database = Database.open(tmp_path) if kind == "file" else Database.in_memory()
    book = Messages(database, CAMPAIGN)

    def write(number: int) -> None:
        for each in range(EACH):
            book.add_enrolment(enrolment(number * EACH + each))
            assert book.has_enrolled(address(number * EACH + each))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(write, range(AT_ONCE)))

    assert book.enrolments() == [enrolment(each) for each in range(AT_ONCE * EACH)]
    database.close()


def test_a_writer_waits_for_another(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    book = Messages(database, CAMPAIGN)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as connection:
            connection.execute(
                schema.enrolments.insert().values(campaign=b"c", annotator=b"a", signature=b"s")
            )
            waiting = pool.submit(book.add_enrolment, enrolment(1))
            assert not book.has_enrolled(address(1))
            assert not waiting.done()
        waiting.result(timeout=BUSY_MILLISECONDS / 1_000)

    assert book.has_enrolled(address(1))
    database.close()
