"""Thousands of requests that nobody should send, to a service with labels that nobody may see.

None is answered with a fault of the service, none learns anything, and an annotator who asks for what is hers
meanwhile waits little longer. One half comes from schemathesis by the service's own document, the other one
byte by byte through sockets.
"""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from labelshare.chain.connect import connect
from labelshare.client.connection import Connection
from labelshare.client.service import ServiceClient
from labelshare.client.wire.work import CommitQuestion, OpeningQuestion
from labelshare.protocol.commitments import SignedCommit
from tests.conftest import ROOT, running_anvil
from tests.faults.beside import beside
from tests.faults.raw_requests import exchange, requests
from tests.faults.serving import Life, Service, Store, forker
from tests.faults.table import Fault, Inject
from tests.oracle.test_service import golden

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

COUNT = 10_000 if os.environ.get("LABELSHARE_FAULTS") == "all" else 500
SAMPLES = 150
LORIS = 40
# How long others may wait meanwhile, as a multiple of before: 1.2 to 4 x is seen, half a second beside other
# work of the machine.
MOST_TIMES, OR_SECONDS = 10, 1.0
WORDS = ("Traceback", "sqlite", "SELECT ", "INSERT ", "psycopg", "site-packages", '.py"', f"{ROOT}/")


@dataclass
class Target:
    """A service in the midst of the reveal: batches of four annotators are open, nothing is settled."""

    service: Service
    life: Life
    secrets: list[str]
    valid: list[tuple[str, str, bytes]]
    token: str

    @property
    def url(self) -> str:
        return self.service.url

    def look(self, fault: Fault, status: int | None, told: str, what: str) -> None:
        """No fault of the service, and nothing of the inside or of anybody's labels."""
        fault.check(status is None or status < 500 or status == 503, f"{status} for {what}: {told[:300]}")
        found = [word for word in (*WORDS, *self.secrets) if word in told]
        fault.check(not found, f"{found} in the answer to {what}")


@pytest.fixture(scope="module")
def target(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("malformed")
    with running_anvil(anvil_program, "--hardfork", "cancun") as running, forker() as starter:
        stage = golden(connect(running.url))
        rates = ("--address-rate", "0", "--account-rate", "0")
        store = Store(("--state", str(folder / "store"), *rates))
        service = Service(starter, stage, running.url, store, folder / "service")
        life = Life(stage, service.url)
        try:
            service.start()
            service.wait_ready()
            life.begin()
            life.work(0)
            life.work(1)
            life.reveal()
            yield made(service, life, folder)
            assert "Traceback" not in service.log, service.log[-3_000:]
        finally:
            life.close()
            service.end()


def made(service: Service, life: Life, folder: Path) -> Target:
    stage, ben = life.stage, life.people["ben"]
    client = life.client(stage.people["ben"])
    client.sign_in()
    token = client._token
    assert token is not None
    secrets = [
        batch.opening.secret.hex()
        for name, person in life.people.items()
        if name != "ben"
        for batch in person.batches
    ]
    keys = [each._key.secret.hex() for each in (stage.oracle, *stage.people.values())]
    root, batch = f"/v1/campaigns/{stage.scope.campaign_id}", ben.batches[0]
    name = batch.opening.commit_hash
    signed = SignedCommit(ben.address, batch.commit, ben._signature(name), batch.opening.items)
    account = {"account": str(ben.address)}
    proof = {"nonce": "0" * 32, "signature": "0x" + "11" * 65}
    enrolment = {"annotator": str(ben.address), "signature": "0x" + "11" * 65}
    valid = [
        ("GET", "/v1/campaigns?limit=5", b""),
        ("GET", root, b""),
        ("GET", f"{root}/items?limit=3", b""),
        ("GET", f"{root}/assignment?limit=3", b""),
        ("GET", f"{root}/receipts?limit=3", b""),
        ("GET", f"{root}/reasons", b""),
        ("GET", f"{root}/proofs/{ben.address}/0", b""),
        ("GET", f"{root}/rounds/0/commitments?limit=3", b""),
        ("GET", f"/v1/specs/{stage.spec.hash}", b""),
        ("PUT", f"/v1/specs/{stage.spec.hash}", stage.spec.canonical_bytes),
        ("POST", "/v1/sign-ins", json.dumps(account).encode()),
        ("POST", "/v1/sessions", json.dumps(proof).encode()),
        ("POST", f"{root}/enrolments", json.dumps(enrolment).encode()),
        ("POST", f"{root}/commitments", CommitQuestion.of(signed).model_dump_json(by_alias=True).encode()),
        (
            "POST",
            f"{root}/openings",
            OpeningQuestion.of(batch.opening).model_dump_json(by_alias=True).encode(),
        ),
        ("POST", "/v1/quotes", json.dumps({"spec": stage.spec.fields}).encode()),
    ]
    return Target(service, life, [*secrets, *keys, str(folder)], valid, token)


# ------------------------------------------------------------------------- who waits


@dataclass
class Annotator:
    """Somebody who asks for her receipts again and again; how long each answer took, in seconds."""

    target: Target
    took: list[float] = field(default_factory=list)

    def ask(self, client: ServiceClient) -> None:
        stage = self.target.life.stage
        begun = time.monotonic()
        client.assignment(stage.scope.campaign_id, limit=5)
        self.took.append(time.monotonic() - begun)

    @contextmanager
    def asking(self) -> Iterator[None]:
        def run(over: threading.Event) -> None:
            stage = self.target.life.stage
            with Connection(self.target.url) as connection:
                client = ServiceClient(connection, stage.people["ann"], chain_id=stage.chain.chain_id)
                while not over.wait(0.02):
                    self.ask(client)

        with beside(run):
            yield

    @property
    def p99(self) -> float:
        assert self.took, "she was never answered"
        return sorted(self.took)[int(len(self.took) * 0.99)]


def alone(target: Target) -> float:
    """How long she waits where nobody else asks."""
    calm = Annotator(target)
    with calm.asking():
        while len(calm.took) < SAMPLES:
            time.sleep(0.05)
    return calm.p99


@contextmanager
def little_slower(target: Target, fault: Fault) -> Iterator[None]:
    """How much longer an annotator waits during the block; noted, and bounded."""
    before, busy = alone(target), Annotator(target)
    with busy.asking():
        yield
    ratio = busy.p99 / before
    fault.note = f"others' p99: {before * 1e3:.0f} ms, meanwhile {busy.p99 * 1e3:.0f} ms ({ratio:.1f} x)"
    assert busy.p99 <= max(MOST_TIMES * before, OR_SECONDS), fault.note


# --------------------------------------------------------------------- by the document


@pytest.mark.timeout(1_800)
def test_nothing_that_the_document_allows_or_forbids_breaks_it(target: Target, inject: Inject) -> None:
    import schemathesis

    schema = schemathesis.openapi.from_url(f"{target.url}/v1/openapi.json")
    operations: list[Any] = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]
    assert len(operations) > 30
    statuses: Counter[int] = Counter()
    with (
        inject("malformed requests by the document (schemathesis)") as fault,
        little_slower(target, fault),
    ):
        each = -(-COUNT // len(operations))
        for operation in operations:
            if operation.path.endswith("/events"):
                continue  # an answer without end; tests.api.test_stream has it
            ask_about(target, operation, each, fault, statuses)
    assert len(statuses) > 5, statuses


def ask_about(target: Target, operation: Any, count: int, fault: Fault, statuses: Counter[int]) -> None:
    from schemathesis import GenerationMode

    modes = [
        operation.as_strategy(generation_mode=mode)
        for mode in (GenerationMode.NEGATIVE, GenerationMode.POSITIVE)
    ]
    campaign = str(target.life.stage.scope.campaign_id)

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(modes), is_known=st.booleans(), is_signed_in=st.booleans())
    def ask(case: Any, is_known: bool, is_signed_in: bool) -> None:
        if is_known and "campaign" in (case.path_parameters or {}):
            case.path_parameters["campaign"] = campaign
        headers = {"Authorization": f"Bearer {target.token}"} if is_signed_in else {}
        response = case.call(base_url=target.url, headers=headers, timeout=30)
        fault.injections += 1
        statuses[response.status_code] += 1
        what = f"{case.method} {case.path}"
        target.look(fault, response.status_code, response.content.decode(errors="replace"), what)

    ask()


# ----------------------------------------------------------------------- byte by byte


@pytest.mark.timeout(1_800)
def test_no_bytes_break_it(target: Target, inject: Inject) -> None:
    dice, kinds, statuses = random.Random(1), Counter[str](), Counter[int | None]()
    with (
        inject("malformed bytes on raw lines") as fault,
        little_slower(target, fault),
    ):
        for raw, _ in zip(requests(dice, target.valid, target.token), range(COUNT), strict=False):
            answered = exchange(target.service.port, raw)
            fault.injections += 1
            kinds[raw.kind] += 1
            statuses[answered.status] += 1
            target.look(fault, answered.status, answered.data.decode(errors="replace"), f"{raw.data[:200]!r}")
        fault.check(target.service.answers(), "it does not answer any more")
    assert set(kinds) == {"head", "frame", "cut", "type", "body", "noise", "bytes", "value"}
    assert {200, 400, 401, 404, 422} <= set(statuses), statuses


@pytest.mark.timeout(300)
def test_whoever_sends_a_byte_now_and_then_is_let_go(target: Target, inject: Inject) -> None:
    """Heads and bodies that never end: others are served meanwhile, and the lines are closed in the end."""
    with inject("lines held open by a byte now and then") as fault, ExitStack() as held:
        lines = [
            held.enter_context(socket.create_connection(("127.0.0.1", target.service.port), timeout=60))
            for _ in range(LORIS)
        ]
        body = b"POST /v1/sign-ins HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        for at, line in enumerate(lines):
            line.sendall(body if at % 2 else b"GET / HTTP/1.1\r\n")
        fault.injections += len(lines)
        with little_slower(target, fault):
            closed = trickled(lines)
        fault.check(closed == LORIS, f"{LORIS - closed} of {LORIS} lines are held for ever")


def trickled(lines: list[socket.socket]) -> int:
    """How many lines the server has closed, or answered, by the end of its patience."""
    left, deadline = list(lines), time.monotonic() + 45
    while left and time.monotonic() < deadline:
        time.sleep(0.5)
        for line in list(left):
            try:
                line.sendall(b"x")
                line.settimeout(0)
                ended = line.recv(4_096) is not None
            except BlockingIOError:
                ended = False
            except OSError:
                ended = True
            finally:
                line.settimeout(60)
            if ended:
                left.remove(line)
    return len(lines) - len(left)
