"""The table of faults: how often each was injected, what was checked after it, and what was lost.

A test says `with injecting("a process is killed") as fault:` by the fixture of that name, counts, and fails
where nothing was injected, nothing was checked, or anything was lost. The rows travel with the test's report,
from other processes too, and are printed together when the run ends.

Where LABELSHARE_FAULT_TABLE names a file, each test's rows are appended to it as soon as the test is over. So
a run that ends half-way leaves its counts, and runs one after another make one table:
`python -m tests.faults.table FILE...` prints it, and fails where one of the tests did.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

__all__ = ["FILE", "PROPERTY", "Fault", "Inject", "injecting", "keep", "kept", "lines", "main"]

PROPERTY = "fault"
FILE = "LABELSHARE_FAULT_TABLE"
"""The variable that names the file in which rows are kept."""


@dataclass
class Fault:
    """What was counted of one fault in one test.

    Attributes:
        name: The fault, in words; tests of the same name make one row.
        injections: How often it happened, for real.
        checks: How many things were compared afterwards: labels, balances, answers.
        losses: What was lost, doubled or told to the wrong one.
        seconds: How long it took.
        note: What else was measured, to stand behind the row.
    """

    name: str
    injections: int = 0
    checks: int = 0
    losses: list[str] = field(default_factory=list)
    seconds: float = 0.0
    note: str = ""

    def check(self, holds: object, what: str) -> None:
        """One more was looked at; it is a loss unless it holds."""
        self.checks += 1
        if not holds:
            self.losses.append(what)

    def compare(self, found: dict[str, Any], expected: dict[str, Any]) -> None:
        """Everything by its name; each that differs is a loss."""
        for name in found.keys() | expected.keys():
            one, other = found.get(name), expected.get(name)
            self.check(one == other, f"{name}: {one}, not {other}")


Inject = Callable[[str], AbstractContextManager[Fault]]


def injecting(note: Callable[[str, Any], None]) -> Inject:
    """What the fixture gives; `note` keeps a row with the test's report."""

    @contextmanager
    def inject(name: str) -> Iterator[Fault]:
        fault, begun = Fault(name), monotonic()
        try:
            yield fault
        finally:
            fault.seconds = round(monotonic() - begun, 2)
            note(PROPERTY, asdict(fault))
        assert not fault.losses, f"{name}: {len(fault.losses)} losses: {'; '.join(fault.losses[:10])}"
        assert fault.injections > 0, f"{name}: nothing was injected"
        assert fault.checks > 0, f"{name}: nothing was checked"

    return inject


def lines(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The table, a row for each name in the order of their first appearance, and the sum."""
    found: dict[str, list[float]] = {}
    notes: dict[str, str] = {}
    for row in rows:
        notes[row["name"]] = row["note"]
        sums = found.setdefault(row["name"], [0, 0, 0, 0.0])
        for at, value in enumerate((row["injections"], row["checks"], len(row["losses"]), row["seconds"])):
            sums[at] += value
    if not found:
        return []
    total = [sum(column) for column in zip(*found.values(), strict=True)]
    width = max(map(len, [*found, "all"]))
    head = f"{'fault':{width}}  injections   checks  losses  seconds"
    body = [_row(name, one, notes.get(name, ""), width) for name, one in [*found.items(), ("all", total)]]
    return [head, *body]


def _row(name: str, sums: list[float], note: str, width: int) -> str:
    injections, checks, losses, seconds = sums
    row = f"{name:{width}}  {injections:>10,.0f} {checks:>8,.0f} {losses:>7,.0f} {seconds:>8,.1f}  {note}"
    return row.rstrip()


def keep(file: Path, test: str, outcome: str, rows: Iterable[dict[str, Any]]) -> None:
    """Append a finished test's rows to a file, a line of JSON each.

    Each goes by one write to the end of the file, so that the workers of one run may share it.
    """
    into = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        for row in rows:
            os.write(into, json.dumps(row | {"test": test, "outcome": outcome}).encode() + b"\n")
    finally:
        os.close(into)


def kept(file: Path) -> list[dict[str, Any]]:
    """The rows of a file, each with its `test` and that test's `outcome`."""
    return [dict(json.loads(line)) for line in file.read_text().splitlines()]


def main(files: Iterable[str]) -> int:
    """Print the table that files hold together, and which tests failed; 1 where one did."""
    rows = [row for file in files for row in kept(Path(file))]
    failed = dict.fromkeys(row["test"] for row in rows if row["outcome"] != "passed")
    told = [*lines(rows), *(f"failed: {test}" for test in failed)]
    sys.stdout.write("".join(f"{line}\n" for line in told))
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
