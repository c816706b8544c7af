"""The tests of the store run on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelshare.store.database import Database
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
