"""The table of faults fails where it must, and adds up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults.table import FILE, PROPERTY, Fault, injecting, kept, lines, main

HOOKS = "from tests.conftest import inject, pytest_runtest_makereport\n"
SUITE = """
import os, signal
import pytest

@pytest.mark.parametrize("number", range(12))
def test_it(inject, number):
    with inject(f"fault {number % 2}") as fault:
        fault.injections, fault.checks = number + 1, 2
        assert number != 4

def test_killed(inject):
    with inject("fault 0") as fault:
        fault.injections, fault.checks = 1_000, 1_000
        os.kill(os.getpid(), signal.SIGKILL)

def test_never_reached(inject):
    raise AssertionError
"""


def run(fault: tuple[int, int], losses: list[str]) -> dict[str, object]:
    """One fault of the table; what was noted of it."""
    noted: list[tuple[str, dict[str, object]]] = []
    try:
        with injecting(lambda *row: noted.append(row))("a fault") as counted:
            counted.injections, counted.checks = fault
            counted.losses += losses
    finally:
        ((name, row),) = noted
        assert name == PROPERTY
    return row


@pytest.mark.parametrize(
    ("fault", "losses", "message"),
    [
        ((0, 5), [], "nothing was injected"),
        ((5, 0), [], "nothing was checked"),
        ((5, 5), ["a label of ann's"], "a label of ann's"),
    ],
)
def test_a_fault_that_proves_nothing_or_loses_something_fails(
    fault: tuple[int, int], losses: list[str], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        run(fault, losses)


def test_each_difference_is_a_loss() -> None:
    fault = Fault("x")
    fault.compare({"ann": 1, "ben": 2}, {"ann": 1, "ben": 3, "cleo": 4})
    fault.check([], "nothing there")
    assert (fault.checks, sorted(fault.losses)) == (
        4,
        ["ben: 2, not 3", "cleo: None, not 4", "nothing there"],
    )


def test_rows_of_one_name_are_one_line_and_all_add_up() -> None:
    rows = [run((2, 3), []), run((4, 5), []), run((1, 1), []) | {"name": "another"}]
    table = lines(rows)
    assert [line.split()[-4:-1] for line in table[1:]] == [["6", "8", "0"], ["1", "1", "0"], ["7", "9", "0"]]
    assert lines([]) == []


def of_suite(folder: Path, table: Path, *arguments: str) -> int:
    """Run the suite's tests in a process of their own; its status."""
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    where = [f"--rootdir={folder}", str(folder / "test_suite.py")]
    # Whoever runs these tests may give pytest more words, which are not meant for the suite.
    variables = os.environ | {FILE: str(table), "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    command += [*where, *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=False).returncode


def test_a_run_that_is_killed_leaves_what_was_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    assert of_suite(tmp_path, table) == -9
    rows = kept(table)
    assert [row["injections"] for row in rows] == list(range(1, 13))
    assert [row["outcome"] for row in rows].count("failed") == 1
    assert rows[4]["outcome"] == "failed"
    assert rows[4]["test"].endswith("test_suite.py::test_it[4]")

    assert main([str(table)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[:-1] == lines(rows)
    assert [line.split()[-4:-1] for line in told[1:-1]] == [
        ["36", "12", "0"],
        ["42", "12", "0"],
        ["78", "24", "0"],
    ]
    assert told[-1] == f"failed: {rows[4]['test']}"


def test_runs_of_several_workers_make_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, passing = tmp_path / "table", ("-k", "test_it and not 4", "-n", "2")
    for times in (1, 2):
        assert of_suite(tmp_path, table, *passing) == 0
        found = Counter(row["test"].partition("[")[2] for row in kept(table))
        assert found == Counter({f"{number}]": times for number in range(12) if number != 4})
    assert main([str(table)]) == 0
    assert capsys.readouterr().out.splitlines() == lines(kept(table))


def test_a_table_of_nothing_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "table").touch()
    assert main([str(tmp_path / "table")]) == 1
