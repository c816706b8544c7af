"""One deployment with a funded campaign on a local node for all commands; each test is rolled back."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog

from labelshare.chain.connect import connect
from labelshare.chain.transactions import Sender
from labelshare.store.database import Database
from tests.commands.place import PASSWORD, Place
from tests.conftest import running_anvil
from tests.oracle.stage import Stage, build


class Built(NamedTuple):
    """What all tests share."""

    stage: Stage
    folder: Path
    url: str


@pytest.fixture(autouse=True)
def _quiet_services() -> Iterator[None]:
    """What a service in this process logs below a warning is no output of the command that is tested."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def built(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        yield prepared(running.url, tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="session")
def ended(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The same on a node of its own, settled and final; nobody has claimed anything."""
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        built = prepared(running.url, tmp_path_factory.mktemp("ended"))
        stage = built.stage.accept().enrol("ann", "ben", "cleo").draw().work(ann=3, ben=4, cleo=1)
        settled = stage.reveal("ann", "ben", "cleo").settle()
        (built.folder / "bundle.jsonl").write_bytes(settled.bundle)
        yield built


def prepared(url: str, folder: Path, stage: Stage | None = None) -> Built:
    stage = stage or build(connect(url))
    stage.deployment.save(folder / "deployment.json")
    (folder / "password").write_text(PASSWORD + "\n")
    return Built(stage, folder, url)


@pytest.fixture
def place(
    built: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    fresh = built._replace(stage=with_new_oracle(built.stage))
    yield from rolled_back(fresh, monkeypatch, capsys)


@pytest.fixture
def settled(
    ended: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    yield from rolled_back(ended, monkeypatch, capsys)


def with_new_oracle(stage: Stage) -> Stage:
    """The same campaign with an oracle and annotators that remember nothing of another test."""
    return stage.taken_up(database=Database.in_memory())


def rolled_back(
    built: Built, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    """What a test sends is in no journal: the chain will know nothing of it."""
    stage = built.stage.taken_up(sender=Sender(built.stage.chain))
    mark = stage.chain.snapshot()
    record = built.folder / "deployment.json"
    yield Place(stage.chain, built.folder, record, built.url, patch, capture, stage)
    stage.chain.restore(mark)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a mebibyte, which only root may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m,nr_inodes=200", "tmpfs"]
    made = subprocess.run(["mount", *options, folder], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no disk may be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
