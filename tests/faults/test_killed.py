"""Killed after any transaction or store write, a life is taken up again and ends as if nothing had happened.

The undisturbed life is lived first: it counts the events (see `victim`) and says what all have at the end.
Then, on the same chain put back to its beginning, a process is killed after one event, and another goes on.
With LABELSHARE_FAULTS=all it is done for every event there is; a quick run takes some, spread evenly, fewer
on the in-process chain, where a life costs twice as much.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from labelshare.chain.connect import connect
from tests.conftest import ROOT, running_anvil
from tests.faults.story import holdings, transactions

ALL = os.environ.get("LABELSHARE_FAULTS") == "all"
SOME = {"anvil": 6, "in process": 3}
MOST_LIVES = 60

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Orders a life of a process of its own; see `victim`."""
    command = [sys.executable, "-m", "tests.faults.victim"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def order(url: str, folder: Path, die_after: int = 0) -> dict[str, Any]:
            line = json.dumps({"url": url, "folder": str(folder), "die_after": die_after})
            process.stdin.write(line + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return dict(json.loads(process.stdout.readline()))  # type: ignore[union-attr]

        yield order
        process.stdin.close()


@dataclass
class Place:
    """A chain that can be put back to its beginning, and what an undisturbed life comes to on it."""

    url: str
    mark: Any
    events: int
    holdings: dict[str, int]
    transactions: dict[str, int]
    some: int = 0

    def begin(self) -> None:
        """Puts the chain back."""
        chain = connect(self.url)
        chain.restore(self.mark)
        self.mark = chain.snapshot()

    def check(self, folder: Path) -> None:
        """Everybody has what the undisturbed life gave, and nothing was sent twice."""
        assert holdings(self.url, folder) == self.holdings
        assert transactions(folder) == self.transactions


def place(url: str, ask: Ask, folder: Path, some: int = 0) -> Place:
    """Lives undisturbed on a fresh chain."""
    mark = connect(url).snapshot()
    told = ask(url, folder)
    assert set(told) == {"events"}, told
    return Place(url, mark, told["events"], holdings(url, folder), transactions(folder), some)


@contextmanager
def served() -> Iterator[str]:
    """The in-process chain in a process of its own."""
    command = [sys.executable, "-m", "labelshare", "node", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\w.:]+", process.stdout.readline())
        assert found is not None
        try:
            yield found.group(0)
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=["anvil", "in process"])
def undisturbed(
    request: pytest.FixtureRequest, anvil_program: Path, ask: Ask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Both chains in turn, each with its undisturbed life."""
    folder, some = tmp_path_factory.mktemp("undisturbed"), SOME[request.param]
    if request.param == "anvil":
        with running_anvil(anvil_program, "--hardfork", "cancun") as running:
            yield place(running.url, ask, folder, some)
    else:
        with served() as url:
            yield place(url, ask, folder, some)


def points(events: int, some: int) -> list[int]:
    """After which events to kill: the first, the last, and what lies between."""
    if ALL:
        return list(range(1, events + 1))
    return [1 + number * (events - 1) // (some - 1) for number in range(some)]


@pytest.mark.timeout(3_600)
def test_killed_after_any_event(undisturbed: Place, ask: Ask, tmp_path: Path) -> None:
    # A life without a slash, a licence or a claim of revenue would prove little.
    for call in ("TaskRegistry.slash", "LicenseRegistry.buy", "ContributorShare.claimRevenue"):
        assert undisturbed.transactions[call] > 0
    assert undisturbed.events > 100
    killed, wanted = 0, points(undisturbed.events, undisturbed.some)
    for point in wanted:
        folder = tmp_path / str(point)
        folder.mkdir()
        undisturbed.begin()

        assert ask(undisturbed.url, folder, point) == {"died": SIGKILL}, point
        killed += 1
        assert set(ask(undisturbed.url, folder)) == {"events"}, point

        undisturbed.check(folder)
    assert killed == len(wanted) > 0


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(1, 6) if ALL else [1])
def test_killed_again_and_again(undisturbed: Place, ask: Ask, tmp_path: Path, seed: int) -> None:
    """No process gets far; each goes on where the one before was killed, in the midst of going on, too."""
    dice, killed = random.Random(seed), 0
    undisturbed.begin()
    while "died" in (told := ask(undisturbed.url, tmp_path, dice.randint(4, 40))):
        killed += 1
        assert killed < MOST_LIVES

    assert set(told) == {"events"}, told
    assert killed > 3
    undisturbed.check(tmp_path)


@pytest.mark.timeout(1_800)
def test_the_node_goes_down_as_well(anvil_program: Path, ask: Ask, tmp_path: Path) -> None:
    """Client and node end at the same moment; the node comes back from the state that it kept.

    Anvil makes a first block anew at each start, and keeps either; at a fixed time they are the same.
    """
    kept = ("--hardfork", "cancun", "--timestamp", "1800000000", "--state", str(tmp_path / "state.json"))
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        want = place(running.url, ask, tmp_path / "undisturbed")
    folder, lives = tmp_path / "disturbed", 0
    while True:
        with running_anvil(anvil_program, *kept) as running:
            told = ask(running.url, folder, want.events // 4)
            lives += 1
            if "died" not in told:
                assert set(told) == {"events"}, told
                assert holdings(running.url, folder) == want.holdings
                assert transactions(folder) == want.transactions
                break
        assert lives < MOST_LIVES
    assert lives > 2
