"""Whatever was answered is in the store, whenever the process is killed; and only that is answered."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from queue import SimpleQueue
from signal import SIGKILL
from typing import Any

import pytest

from labelshare.protocol.commitments import SignedCommit
from labelshare.store.messages import Messages
from labelshare.types import CampaignId
from tests.api.killed_server import TOLD
from tests.conftest import ROOT
from tests.databases import ASKED, SQLITE
from tests.oracle.victim import opened

LATE = 60.0


@dataclass
class Service:
    """A server in a process of its own, and what is to be sent to it."""

    process: subprocess.Popen[str]
    port: int
    campaign: CampaignId
    tokens: list[str]
    work: list[list[tuple[SignedCommit, dict[str, Any]]]]
    received: SimpleQueue[None] = field(default_factory=SimpleQueue)

    def send(self, number: int) -> list[tuple[SignedCommit, str]]:
        """All of one annotator's batches, one after the other, until the line breaks; what was answered."""
        answered = []
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LATE)
        headers = {"Authorization": f"Bearer {self.tokens[number]}", "Content-Type": "application/json"}
        for signed, body in self.work[number]:
            try:
                path = f"/v1/campaigns/{self.campaign}/commitments"
                connection.request("POST", path, json.dumps(body), headers)
                response = connection.getresponse()
                told = response.read()
            except (HTTPException, OSError):
                break
            assert response.status == 201, told
            answered.append((signed, str(json.loads(told)["receipt"])))
            self.received.put(None)
        connection.close()
        return answered

    def send_all(self, kill_after: int | None = None) -> dict[SignedCommit, str]:
        """From everybody at once; every receipt that came. It is killed after so many of them."""
        with ThreadPoolExecutor(len(self.work)) as pool:
            running = [pool.submit(self.send, number) for number in range(len(self.work))]
            if kill_after is not None:
                for _ in range(kill_after):
                    self.received.get(timeout=LATE)
                self.process.kill()
            return dict(pair for each in running for pair in each.result(LATE))


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the server keeps what it answered for: a folder, or PostgreSQL if that was asked for."""
    return str(tmp_path if ASKED == SQLITE else request.getfixturevalue("postgres"))


@contextmanager
def serving(folder: Path, store: str, moment: str, number: int = 0) -> Iterator[Service]:
    command = [sys.executable, "-m", "tests.api.killed_server", str(folder), store, moment, str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield Service(process, port, *pickle.loads((folder / TOLD).read_bytes()))
        finally:
            process.kill()


def kept(store: str, campaign: CampaignId) -> set[SignedCommit]:
    database = opened(store)
    found = set(Messages(database, campaign).commits())
    database.close()
    return found


def test_killed_in_the_midst_of_a_transaction_nobody_was_answered_for_it(tmp_path: Path, store: str) -> None:
    with serving(tmp_path, store, "kept", 5) as service:
        answered = service.send_all()
        assert service.process.wait(LATE) == -SIGKILL

    assert answered
    assert kept(store, service.campaign) == set(answered)


def test_killed_after_the_transaction_more_is_kept_than_was_answered(tmp_path: Path, store: str) -> None:
    """Whoever was not answered sends the same again: it is not lost, and not another batch."""
    with serving(tmp_path, store, "committed", 5) as service:
        answered = service.send_all()
        assert service.process.wait(LATE) == -SIGKILL

    assert answered
    assert kept(store, service.campaign) > set(answered)


@pytest.mark.parametrize("receipts", [1, 40])
def test_killed_from_outside_nothing_that_was_answered_is_lost(
    tmp_path: Path, store: str, receipts: int
) -> None:
    with serving(tmp_path, store, "never") as service:
        answered = service.send_all(kill_after=receipts)
        assert service.process.wait(LATE) == -SIGKILL

    most = sum(len(own) for own in service.work)
    assert receipts <= len(answered) < most
    assert set(answered) <= kept(store, service.campaign)
