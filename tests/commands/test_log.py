"""The log of a service: each line of it is a JSON object, whoever wrote it, and nothing secret is in it."""

from __future__ import annotations

import json
import socket
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from labelshare.store.database import FILE
from tests.commands.place import Place
from tests.commands.test_serve import ended, serving
from tests.faults.serving import free_port

HOST = "127.0.0.1"
SECRET = "5ec2e7"
WRITERS = """
import asyncio, logging, sys, threading, warnings
import structlog
from labelshare.commands.log import log_to_stderr

log_to_stderr(as_json=sys.argv[1] == "json")
log = structlog.get_logger("ours")

def fail():
    key = "5ec2" + "e7"  # what a key is like: a value that no log may have
    raise ValueError("two\\nlines " + str(len(key)))

class Failing:
    def __del__(self):
        fail()

async def loop():
    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0)

structlog.contextvars.bind_contextvars(campaign="0x1")
log.warning("ours", key="value")
structlog.contextvars.clear_contextvars()
try:
    fail()
except ValueError:
    log.exception("ours failed")
    logging.getLogger("library").exception("theirs failed")
logging.getLogger("library").info("nobody asked")
logging.getLogger("library").error("of a request", extra={"request_id": "ab12", "other": "5ec2e7"})
logging.getLogger("library").error("no %d", "number")
warnings.warn("old")
asyncio.run(loop())
thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
Failing()
print("pri", end="", file=sys.stderr)
print("nted\\nby \\x00 hand", file=sys.stderr)
fail()
"""


def told(log: str) -> list[dict[str, Any]]:
    """The events of a log, each of which is a line."""
    events = [json.loads(line) for line in log.splitlines()]
    for each in events:
        assert {"event", "level", "timestamp"} <= each.keys(), each
    return events


def written(form: str) -> str:
    command = [sys.executable, "-c", WRITERS, form]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (1, "")
    return ran.stderr


def test_whatever_is_written_is_one_object_a_line() -> None:
    log = written("json")
    events = told(log)
    said = [(each.get("logger"), each["level"], each["event"]) for each in events]

    assert said[:3] == [
        (None, "warning", "ours"),
        (None, "error", "ours failed"),
        ("library", "error", "theirs failed"),
    ]
    assert (events[0]["key"], events[0]["campaign"]) == ("value", "0x1")
    request = next(each for each in events if each["event"] == "of a request")
    assert (request["request_id"], "other" in request) == ("ab12", False)
    assert ("stderr", "error", "--- Logging error ---") in said
    assert any(logger == "py.warnings" and "UserWarning: old" in event for logger, _, event in said)
    assert {("stderr", "error", "printed"), ("stderr", "error", "by \x00 hand")} <= set(said)
    of_faults = [each for each in events if "exception" in each]
    assert [each["event"].split("(")[0].split(":")[0] for each in of_faults] == [
        "ours failed",
        "theirs failed",
        "Exception in callback fail",
        "thread worker ended by a fault",
        "not raised",
        "ended by a fault",
    ]
    for each in of_faults:
        (chain,) = each["exception"]
        assert (chain["exc_type"], chain["exc_value"]) == ("ValueError", "two\nlines 6")
        assert chain["frames"][-1]["name"] == "fail"
    assert SECRET not in log


def test_a_traceback_that_is_read_shows_no_values() -> None:
    log = written("text")
    assert log.count("ValueError: two\nlines 6") == 6
    assert SECRET not in log


@pytest.mark.anvil
def test_each_line_of_a_service_is_an_object(place: Place, tmp_path: Path) -> None:
    """Its own events, and those of the server's library, of a fault in the store, and of a broken scrape."""
    metrics = free_port()
    with serving(place, "--state", tmp_path / "oracle", "--metrics-port", metrics) as (url, process):
        with socket.create_connection((HOST, urlsplit(url).port or 0)) as line:
            line.sendall(b"\x16\x03 this is no HTTP\r\n\r\n")
            assert line.recv(64).startswith(b"HTTP/1.1 400")
        with socket.create_connection((HOST, metrics)) as line:
            line.sendall(b"GET /metr")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it is reset
        with closing(sqlite3.connect(tmp_path / "oracle" / FILE)) as store:
            store.execute("ALTER TABLE sign_in_salts RENAME TO gone")
        account = str(place.stage.people["ann"].address)
        answer = httpx.post(f"{url}/v1/sign-ins", json={"account": account})
        assert answer.status_code >= 500, answer.text
        name = answer.headers["x-request-id"]
        code, log = ended(process)
    assert code == 0, log

    events = told(log)
    by_library = [each for each in events if each.get("logger", "").startswith("uvicorn")]
    assert [each["event"] for each in by_library] == ["Invalid HTTP request received."]
    (fault,) = [each for each in events if each.get("request_id") == name]
    assert fault["logger"] == "labelshare.api.problems"
    assert "sign_in_salts" in fault["event"]
    printed = [each["event"] for each in events if each.get("logger") == "stderr"]
    assert any(line.startswith("ConnectionResetError") for line in printed)
    assert account[2:].lower() not in log.lower()
    assert any("logger" not in each for each in events), "nothing of its own"
