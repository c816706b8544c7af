"""The tests of the store run on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelshare.store.database import Database
from tests.postgres import database_url
from tests.store.home import POSTGRES, SQLITE, Home, home_of


@pytest.fixture(params=[SQLITE, POSTGRES])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """An empty place for a database; each kind in turn."""
    with home_of(request.param, tmp_path / "home", lambda: request.getfixturevalue("postgres")) as found:
        yield found


@pytest.fixture
def database(home: Home) -> Database:
    """An open database, each kind in turn."""
    return home.open()


@pytest.fixture(scope="module", params=["memory", "postgres"])
def shared(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One database for all of a module; a file's is that in memory, with migrations."""
    if request.param == "memory":
        database = Database.in_memory()
        yield database
        database.close()
        return
    with database_url(request.getfixturevalue("postgres_server")) as url:
        database = Database.at(url)
        yield database
        database.close()
