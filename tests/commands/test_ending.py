"""A service that is asked to end does so in one stretch of time, whatever hangs in it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.commands.ending import SECONDS
from tests.conftest import ROOT


@pytest.mark.slow
@pytest.mark.parametrize(("which", "code"), [("nothing", 0), ("worker", 1), ("request", 1)])
def test_it_ends_in_time_whatever_hangs(which: str, code: int) -> None:
    command = [sys.executable, "-m", "tests.commands.ending", which]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as line:
            if which == "request":
                line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert process.stdout.readline() == "asked\n"
            else:
                line.close()
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=30)
        assert (process.returncode, "did not end within 1 s" in log) == (code, bool(code)), log
        assert time.monotonic() - start < SECONDS + 1 + 3
