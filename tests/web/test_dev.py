"""`labelshare dev` as a process: its pages, its node on the same port, and a visitor who signs in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.web.browser import Visitor

pytestmark = pytest.mark.slow

Visitors = Callable[..., Visitor]
END_SECONDS = 60


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    command = [sys.executable, "-m", "labelshare", "dev", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving http://127.0.0.1:"), line
        yield line.split()[1].removesuffix("/v1")
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=END_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()


def test_a_visitor_signs_in_and_nothing_goes_elsewhere(address: str, visitor: Visitors) -> None:
    her = visitor(address)
    her.go("/")
    her.sees("There is no campaign yet.")
    her.sees("Development chain")
    her.connects(0)
    her.go("/earnings")
    her.sees("You have not worked on a campaign of this oracle yet.")
    assert her.origins() == {address}
