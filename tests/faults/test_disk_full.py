"""A disk that is full, under the store, the log and the blobs: refused, nothing promised, and it goes on.

A real one where this process may mount one of its own; else, and in every second phase, the kernel's limit of
the size of a process' files, behind which each write fails as well.
"""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.errors import NotFoundError, StoreError
from labelshare.oracle.blobs import Blobs
from labelshare.types import Hash32
from tests.conftest import running_anvil
from tests.faults.losses import check_campaign
from tests.faults.probe import Probe
from tests.faults.serving import Life, Service, Store, forker
from tests.faults.table import Fault, Inject
from tests.oracle.test_service import by_hand, golden

SECONDS = 20.0 if os.environ.get("LABELSHARE_FAULTS") == "all" else 2.0
PHASES = ("enrolment", "round 0", "round 1", "reveal", "settle")
DISK = "24m"
PIECE = 4_096


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path | None]:
    """A small disk of this test's own; None where it may not have one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "labelshare-test", str(place)]
    if os.getuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left on it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def limited(process: int) -> Iterator[None]:
    """No file of the process may be written behind its first byte."""
    soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (soft, hard))


@dataclass
class Full:
    """In some phases no byte can be written for a while."""

    fault: Fault
    probe: Probe
    service: Service
    ways: Mapping[str, Callable[[], AbstractContextManager[None]]]

    def __call__(self, phase: str) -> None:
        if phase not in self.ways:
            return
        time.sleep(0.2)
        with self.probe.asking():
            with self.ways[phase]():
                self.fault.injections += 1
                time.sleep(SECONDS)
                self.fault.check(self.service.answers(), f"dead in {phase}")
            time.sleep(0.3)


@pytest.mark.anvil
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_on_a_full_disk_nothing_is_promised_and_nothing_lost(
    anvil_program: Path, disk: Path | None, inject: Inject, tmp_path: Path
) -> None:
    with running_anvil(anvil_program, "--hardfork", "cancun") as running, forker() as starter:
        stage = golden(connect(running.url))
        folder = (disk or tmp_path) / "service"
        service = Service(starter, stage, running.url, Store(("--state", str(folder / "store"))), folder)

        def by_limit() -> AbstractContextManager[None]:
            return limited(service.pid)

        def by_disk() -> AbstractContextManager[None]:
            assert disk is not None
            return filled(disk)

        ways = dict(zip(PHASES, cycle([by_limit, by_disk] if disk else [by_limit]), strict=False))
        probe = Probe(service.url)
        with inject("the disk is full, under store and log") as fault:
            life = Life(stage, service.url, Full(fault, probe, service, ways))
            try:
                service.start()
                service.wait_ready()
                life.live()
                check_campaign(fault, stage, life.people.values(), life.bundle(), by_hand())
            finally:
                life.close()
                service.end()
            fault.check(probe.faults == [], f"{probe.faults[:3]}")
        assert probe.statuses[503] > 3, probe.statuses


def test_a_blob_that_finds_no_room_is_not_there(disk: Path | None, tmp_path: Path, inject: Inject) -> None:
    blobs = Blobs.at((disk or tmp_path) / "blobs")
    large = [bytes([each]) * PIECE for each in range(256)]
    with inject("the disk is full, under the blobs") as fault:
        kept = blobs.put([b"It rains."])
        for _ in range(3):
            with filled(disk) if disk else limited(os.getpid()):
                fault.injections += 1
                with pytest.raises(StoreError):
                    blobs.put(large)
        fault.check(blobs.read(kept) == b"It rains.", "what was kept before")
        name = blobs.put(large)
        fault.check(blobs.read(name) == b"".join(large), "what was put once there was room")
        with pytest.raises(NotFoundError):
            blobs.read(Hash32(bytes(32)))
