"""The order in which files go to several processes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.order import LONG, long_files_first

HERE = Path(__file__).resolve().parent


def test_files_that_take_long_are_there() -> None:
    assert [file for file in LONG if not (HERE / file).is_file()] == []
    assert len(set(LONG)) == len(LONG)


def test_they_begin_and_no_file_is_torn_apart() -> None:
    names = [f"tests/{file}::{test}" for file in ("a.py", "b.py", *LONG[:2], "c.py") for test in "yx"]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]

    long_files_first(items)

    found = [each.nodeid for each in items]
    assert found[:4] == [f"tests/{file}::{test}" for file in LONG[:2] for test in "yx"]
    assert sorted(found) == sorted(names)
    files = [name.partition("::")[0] for name in found]
    assert all(files[at] == files[at + 1] for at in range(0, len(files), 2))
