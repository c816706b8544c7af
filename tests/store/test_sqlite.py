"""A database in a folder: what is no database of ours is refused, and left as it is."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.errors import StoreError
from labelshare.store.database import FILE, LOCKS, Database
from labelshare.store.messages import Messages
from labelshare.store.sqlite import BUSY_MILLISECONDS
from tests.databases import ABOUT_SQLITE
from tests.store.home import CAMPAIGN, enrolment

pytestmark = ABOUT_SQLITE

AT_ONCE = 3


def test_a_folder_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"somebody's")

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match=r"labelshare\.db cannot be opened"):
            Database.open(folder)

    assert (tmp_path / "file").read_bytes() == b"somebody's"


def test_a_store_is_its_owners_alone(tmp_path: Path) -> None:
    folder, before = tmp_path / "above" / "store", os.umask(0o022)
    try:
        database = Database.open(folder)
        with database.holding([b"an account"]):
            Messages(database, CAMPAIGN).add_enrolment(enrolment(1))
        modes = {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert modes == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600, LOCKS: 0o700}


def test_the_mode_that_somebody_chose_stays(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    (tmp_path / FILE).chmod(0o640)
    tmp_path.chmod(0o750)
    Database.open(tmp_path).close()
    assert [each.stat().st_mode & 0o777 for each in (tmp_path, tmp_path / FILE)] == [0o750, 0o640]


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


def test_threads_that_open_at_once_make_one_store(tmp_path: Path) -> None:
    """The same from one process, where they meet at the very same moment, again and again."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for attempt in range(10):
            folder = tmp_path / str(attempt)
            for database in pool.map(Database.open, [folder] * AT_ONCE):
                database.bind(connect())
                database.close()
