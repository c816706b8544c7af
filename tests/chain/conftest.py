"""The chain tests run in process and on a local node; both are deployed to once, each test is rolled back."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from tests.chain.world import Work, World
from tests.conftest import wait_until_open


@contextmanager
def running_anvil(program: Path, *arguments: str) -> Iterator[str]:
    """A node on a free port of this machine, ended by its own process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command: list[str | Path] = [program, "--silent", "--host", "127.0.0.1", "--port", str(port), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until_open(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def embedded_world() -> World:
    return World.build(connect())


@pytest.fixture(scope="session")
def anvil_world(anvil_program: Path) -> Iterator[World]:
    with running_anvil(anvil_program) as url:
        yield World.build(connect(url))


@pytest.fixture(scope="session")
def public_url(anvil_program: Path) -> Iterator[str]:
    """A node that says it is Ethereum's main network."""
    with running_anvil(anvil_program, "--chain-id", "1") as url:
        yield url


@pytest.fixture(params=["embedded", pytest.param("anvil", marks=pytest.mark.anvil)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    shared: World = request.getfixturevalue(f"{request.param}_world")
    mark = shared.chain.snapshot()
    shared.sender.gas.clear()
    yield shared
    shared.chain.restore(mark)


@pytest.fixture
def work(world: World) -> Work:
    return Work.start(world)
