"""Two services on one PostgreSQL run one campaign; and services that are killed, again and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from time import time
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.transactions import Sender
from labelshare.oracle.jobs import LEASE_SECONDS
from labelshare.oracle.service import Options, Service
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from tests.conftest import ROOT, Anvil
from tests.faults.losses import check_life
from tests.faults.table import Inject
from tests.oracle.play import Play
from tests.oracle.stage import build
from tests.oracle.test_service import by_hand, check, golden
from tests.oracle.victim import opened

ALL = os.environ.get("LABELSHARE_FAULTS") == "all"
SEEDS = range(1, 9) if ALL else [1]

Ask = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def expected() -> dict[str, int]:
    return by_hand()


def replicas(url: str, number: int) -> list[Database]:
    return [Database.at(url) for _ in range(number)]


def close(stores: Sequence[Database]) -> None:
    for each in stores:
        each.close()


# ------------------------------------------------------------------------------ at once


@dataclass
class AtOnce(Play):
    """Services that step at the same time, each in a thread."""

    together: int = 0

    def turn(self, times: int = 4) -> None:
        for _ in range(times):
            self.clock.seconds += 20
            faults: list[BaseException] = []
            threads = [
                threading.Thread(target=self._step, args=(at, faults)) for at in range(len(self.services))
            ]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            assert faults == []
            self.together += 1

    def _step(self, at: int, faults: list[BaseException]) -> None:
        try:
            self.services[at].step()
        except BaseException as error:
            faults.append(error)
            raise


@pytest.mark.anvil
def test_replicas_at_once_do_everything_once(
    anvil: Anvil, postgres: str, expected: dict[str, int], inject: Inject, request: pytest.FixtureRequest
) -> None:
    first, second = stores = replicas(postgres, 2)
    request.addfinalizer(lambda: close(stores))
    stage = golden(connect(anvil.url), first)
    with inject("two replicas take the same step at once") as fault:
        play = AtOnce(stage, [first, second], gold=True)
        play.live()
        fault.injections += play.together
        check(play, expected)
        check_life(fault, play, expected)


@pytest.mark.anvil
def test_replicas_assign_alike(anvil: Anvil, postgres: str, request: pytest.FixtureRequest) -> None:
    """Each annotator talks to one desk; who is assigned what is told by another."""
    stores = replicas(postgres, 3)
    request.addfinalizer(lambda: close(stores))
    stage = build(connect(anvil.url), database=stores[0])
    play = AtOnce(stage, stores)
    play.begin()
    play.until(stage.schedule.round_start(0))
    shown = [
        [desk.assignment(stage.scope.campaign_id, person.address).items for desk in play.desks]
        for person in play.people.values()
    ]
    assert all(len(set(items)) == 1 and items[0] for items in shown)
    play.work()
    play.reveal()
    play.end()
    check(play)


def test_a_clock_that_is_ahead_takes_no_job_that_another_replica_is_at(
    postgres: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = replicas(postgres, 2)
    request.addfinalizer(lambda: close(stores))
    stage = build(database=stores[0])
    first, second = (
        Service(
            Sender(stage.chain, TransactionJournal(each)),
            stage.deployment,
            stage.oracle,
            each,
            Options(depth=0),
        )
        for each in stores
    )
    now, machine = int(first.now()), time
    first.jobs.add("pay", str(stage.scope.campaign_id), now)
    assert first.jobs.take(now, now + LEASE_SECONDS, "the first")
    monkeypatch.setattr("labelshare.store.database.time", lambda: machine() + 600)
    assert abs(second.now() - machine()) < 60
    assert second.runners[0].run_due() == 0


# ------------------------------------------------------------------------------- killed


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    command = [sys.executable, "-m", "tests.oracle.victim"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        into, out = process.stdin, process.stdout
        assert into is not None
        assert out is not None

        def order(given: dict[str, Any]) -> dict[str, Any]:
            into.write(json.dumps(given) + "\n")
            into.flush()
            return dict(json.loads(out.readline()))

        yield order
        into.close()


@dataclass
class Doomed(Play):
    """The service is a process that is killed, and started anew until it has nothing more to do."""

    ask: Ask | None = None
    order: dict[str, Any] | None = None
    killed: int = 0
    events: int = 0

    def turn(self, times: int = 4) -> None:  # noqa: ARG002 (a process takes as many steps as it takes)
        assert self.ask is not None
        assert self.order is not None
        while True:
            self.clock.seconds += 90  # whoever was killed has its job no longer
            told = self.ask(self.order | {"clock": self.clock.seconds, "die_after": self.dice.randint(1, 20)})
            assert told == {"died": SIGKILL} or set(told) == {"events"}, told
            if "events" in told:
                self.events += told["events"]
                break
            self.killed += 1
        self.clock.seconds += 90


@pytest.mark.anvil
@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_at_any_step_it_goes_on(
    anvil: Anvil,
    ask: Ask,
    expected: dict[str, int],
    tmp_path: Path,
    kind: str,
    seed: int,
    inject: Inject,
    request: pytest.FixtureRequest,
) -> None:
    store = str(tmp_path) if kind == "sqlite" else str(request.getfixturevalue("postgres"))
    database = opened(store)
    request.addfinalizer(database.close)
    stage = golden(connect(anvil.url), database)
    stage.deployment.save(tmp_path / "deployment.json")
    order = {"url": anvil.url, "store": store, "deployment": str(tmp_path / "deployment.json")}
    with inject("the workers are killed after any store write or sending") as fault:
        play = Doomed(stage, [database], gold=True, ask=ask, order=order)
        play.dice.seed(seed)
        play.live()
        assert play.killed > 5
        fault.injections += play.killed
        check(play, expected)
        check_life(fault, play, expected)
