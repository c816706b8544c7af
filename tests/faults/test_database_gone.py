"""PostgreSQL ends, or hangs, while everybody is at work: refused with 503, nothing lost, and it goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from tests.conftest import running_anvil
from tests.faults.losses import check_campaign
from tests.faults.probe import Probe
from tests.faults.serving import Life, Service, Store, forker
from tests.faults.table import Fault, Inject
from tests.oracle.test_service import by_hand, golden
from tests.postgres import Server, database_url, running_server

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

DEEP = os.environ.get("LABELSHARE_FAULTS") == "all"
SECONDS = 60.0 if DEEP else 3.0
PHASES = ("enrolment", "round 0", "reveal", "settle", "slash window")


@contextmanager
def down(server: Server) -> Iterator[None]:
    """It ends as by a crash."""
    server.crash()
    yield
    server.start()


@contextmanager
def hanging(server: Server) -> Iterator[None]:
    """Every process of it stops where it is: lines stay open, and nothing comes."""
    pid = server.pid
    stopped = [pid, *children(pid)]
    for each in stopped:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in stopped:
            os.kill(each, signal.SIGCONT)


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.timeout(1_200)
def test_while_the_database_is_gone_nothing_is_promised_and_nothing_lost(
    anvil_program: Path, inject: Inject, tmp_path: Path
) -> None:
    with (
        running_anvil(anvil_program, "--hardfork", "cancun") as running,
        running_server() as server,
        database_url(server.url) as url,
        forker() as starter,
    ):
        stage = golden(connect(running.url))
        store = Store(("--blobs", str(tmp_path / "blobs")), {"LABELSHARE_DATABASE": url})
        service = Service(starter, stage, running.url, store, tmp_path / "service")
        probe = Probe(service.url)
        with inject("the database is gone, or hangs, in the midst of work") as fault:
            ways = dict(zip(PHASES, cycle([down, hanging]), strict=False))
            outage = Outage(fault, server, service, probe, ways)
            life = Life(stage, service.url, outage)
            try:
                service.start()
                service.wait_ready()
                life.live()
                check_campaign(fault, stage, life.people.values(), life.bundle(), by_hand())
            finally:
                life.close()
                service.end()
        assert probe.statuses[503] > 3, probe.statuses
        assert "store-unavailable: StoreError: " in service.log
        assert "Traceback" not in service.log
        fault.check(probe.faults == [], f"{probe.faults[:3]}")


@dataclass
class Outage:
    """In some phases the database is away for a while."""

    fault: Fault
    server: Server
    service: Service
    probe: Probe
    ways: Mapping[str, Callable[[Server], AbstractContextManager[None]]]

    def __call__(self, phase: str) -> None:
        if phase not in self.ways:
            return
        time.sleep(0.3)
        with self.probe.asking():
            with self.ways[phase](self.server):
                self.fault.injections += 1
                time.sleep(SECONDS)
                self.fault.check(self.service.answers(), f"dead in {phase}")
            time.sleep(0.5)
