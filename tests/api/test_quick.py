"""Messages that are answered on their connection: as the app would, within its bounds, and in their order."""

from __future__ import annotations

import gc
import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep
from typing import Any, NamedTuple

import pytest
import uvicorn

from labelshare.api.app import create_app
from labelshare.api.lane import Lane
from labelshare.api.metrics import Metrics
from labelshare.api.settings import ApiSettings, Rate
from labelshare.commands.hosting import server_config
from labelshare.oracle.counter import Answer, Counter, Handed
from labelshare.protocol.commitments import SignedCommit
from labelshare.store.sign_ins import SignIns
from tests.api.visit import URL, Place, commit_body, good, new_place

LATE = 20.0
PROXY = "127.0.0.1"


class Told(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """A connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=LATE)
        self._file = self._socket.makefile("rb")

    def send(self, *parts: bytes, pause: float = 0.0) -> None:
        for part in parts:
            self._socket.sendall(part)
            sleep(pause)

    def told(self) -> Told:
        status = int(self._file.readline().split()[1])
        lines = iter(self._file.readline, b"\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (x.decode().partition(":") for x in lines)
        }
        return Told(status, headers, self._file.read(int(headers["content-length"])))

    def is_over(self) -> bool:
        return self._file.read() == b""

    def close(self) -> None:
        self._file.close()
        self._socket.close()


class Service:
    """A served app, with ann signed in there, and known to it."""

    def __init__(self, place: Place, port: int, app: Any) -> None:
        self.place, self.port, self.app = place, port, app
        self.ann = place.stage.people["ann"]
        self.token = place.token(self.ann)
        self.line = Line(port)

    def batch(self, number: int) -> SignedCommit:
        stage = self.place.stage
        item = sorted(stage.engine.assigned_to(self.ann.address) or ())[number]
        label = {item: stage.spec.task.form.encode(0)}
        return stage.sealed(self.ann, label, batch=number, before=number)[0]

    def head(self, body: bytes, *more: str) -> bytes:
        lines = (
            f"POST {self.place.root}/commitments HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *more,
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def request(self, number: int, *more: str) -> bytes:
        body = json.dumps(commit_body(self.batch(number))).encode()
        return self.head(body, *more) + body

    def ask(self, number: int, *more: str) -> Told:
        self.line.send(self.request(number, *more))
        return self.line.told()


@contextmanager
def serving(
    place: Place, *, proxy: str | None = None, metrics: Metrics | None = None, **changes: Any
) -> Iterator[Service]:
    """A round in which batches are taken, served on a port as it is in earnest."""
    app = create_app(place.desk, ApiSettings(url=URL, **changes), metrics=metrics, clock=place.clock)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(server_config(app, proxy))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            sleep(0.01)
        service = Service(place, listener.getsockname()[1], app)
        try:
            yield service
        finally:
            service.line.close()
            server.should_exit = True
            thread.join(LATE)
            assert not thread.is_alive()


@pytest.fixture
def place() -> Place:
    place = new_place()
    place.stage.accept().enrol().draw().begin()
    return place


def known(service: Service) -> None:
    """Its first message goes the usual way, by which the session and the round are known from then on."""
    assert service.ask(0).status == 201


def test_the_answer_is_the_one_of_the_app(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(place) as service:
        first = service.ask(0, "Idempotency-Key: mine")
        with monkeypatch.context() as patched:
            patched.setattr(Lane, "answer", None)  # whoever asks it fails
            again, same = service.ask(0), service.ask(0, "Idempotency-Key: mine")
            second = service.ask(1)
            broken = service.ask(2, "Expect: nothing")
    assert [each.status for each in (first, again, same, second)] == [201] * 4
    assert broken.status == 500
    assert first.body == again.body == same.body != second.body
    assert same.headers.pop("idempotency-replayed") == "true"
    names = [each.headers.pop("x-request-id") for each in (first, again, same, second)]
    assert len(set(names)) == 4
    for each in (first, again, same, second):
        each.headers.pop("date")
    assert first.headers == again.headers == same.headers == second.headers
    assert first.headers["cache-control"] == "no-store"
    assert len(place.stage.engine.book.commits()) == 2


def test_it_may_come_in_parts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(place) as service:
        known(service)
        body = json.dumps(commit_body(service.batch(1))).encode()
        with monkeypatch.context() as patched:
            patched.setattr(Lane, "answer", None)
            service.line.send(service.head(body), body[:9], body[9:], pause=0.02)
            assert service.line.told().status == 201
        body = json.dumps(commit_body(service.batch(2))).encode()
        service.line.send(service.head(body), body[:9], body[9:], pause=0.4)
        assert service.line.told().status == 201
        assert service.ask(3).status == 201


def test_several_in_one_piece_are_answered_in_their_order(place: Place) -> None:
    with serving(place) as service:
        known(service)
        service.line.send(b"".join(service.request(number) for number in (1, 2, 3)))
        told = [json.loads(service.line.told().body)["commitHash"] for _ in range(3)]
        assert told == [json.loads(service.ask(number).body)["commitHash"] for number in (1, 2, 3)]


def test_what_is_refused_is_told_by_the_app(place: Place) -> None:
    with serving(place, message_bytes=2_000) as service:
        known(service)
        gap = service.ask(2)
        assert (gap.status, json.loads(gap.body)["detail"][:7]) == (409, "batch 2")
        assert gap.headers["content-type"] == "application/problem+json"
        assert len(json.loads(gap.body)["requestId"]) == 16
        unread = service.head(b"{}") + b"{}"
        service.line.send(unread)
        assert service.line.told().status == 422
        service.line.send(service.head(b" " * 3_000) + b" " * 3_000)
        assert service.line.told().status == 413
        SignIns(place.stage.database).end(service.token)
        service.line.close()  # as the service did, whose 413 says so
        service.line = Line(service.port)
        assert service.ask(1).status == 401


def test_a_line_that_is_to_be_closed_is(place: Place) -> None:
    with serving(place) as service:
        known(service)
        told = service.ask(1, "Connection: close")
        assert (told.status, told.headers["connection"]) == (201, "close")
        assert service.line.is_over()


def test_each_is_counted_once_for_its_account(place: Place) -> None:
    with serving(place, account_rate=Rate(0.001, 3)) as service:
        known(service)
        assert [service.ask(number).status for number in (1, 2, 3)] == [201, 201, 429]


def test_each_is_counted_once_for_its_address_whatever_becomes_of_it(place: Place) -> None:
    """Signing in asks elsewhere: here the address has three requests, of which one is refused."""
    with serving(place, address_rate=Rate(0.001, 3)) as service:
        known(service)
        assert [service.ask(number).status for number in (2, 1, 2)] == [409, 201, 429]


def test_behind_a_proxy_it_is_the_clients_address(place: Place) -> None:
    with serving(place, proxy=PROXY, address_rate=Rate(0.001, 2)) as service:
        one, other = "X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 203.0.113.8"
        told = [service.ask(number, who).status for number, who in ((0, one), (1, one), (2, one), (2, other))]
        assert told == [201, 201, 429, 201]


def test_nobody_waits_longer_than_others(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    release, take = Event(), Counter.take

    def slow(self: Counter, handed: Sequence[Handed]) -> list[Answer]:
        release.wait(LATE)
        return take(self, handed)

    with serving(place, request_seconds=3) as service:  # enough on a busy machine
        known(service)
        monkeypatch.setattr(Counter, "take", slow)
        told = service.ask(1)
        assert (told.status, told.headers["retry-after"]) == (503, "5")
        assert json.loads(told.body)["type"].endswith("busy")
        release.set()
        assert service.ask(1).status == 201


def test_each_is_measured_once(place: Place) -> None:
    metrics = Metrics()
    with serving(place, metrics=metrics) as service:
        known(service)
        for number in (1, 2, 2, 9):
            service.ask(number)
        assert metrics.open == 0
    labels = {"route": "/v1/campaigns/{campaign}/commitments", "method": "POST"}
    sample = metrics.registry.get_sample_value
    assert sample("labelshare_http_requests_total", labels | {"status": "201"}) == 4
    assert sample("labelshare_http_requests_total", labels | {"status": "409"}) == 1
    assert sample("labelshare_http_request_duration_seconds_count", labels) == 5


def test_what_is_answered_leaves_nothing_to_the_collector(place: Place) -> None:
    with serving(place) as service:
        known(service)
        gc.collect()
        before = gc.get_debug()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            assert [service.ask(1).status for _ in range(10)] == [201] * 10
            gc.collect()
            left = [type(each).__name__ for each in gc.garbage]
        finally:
            gc.set_debug(before)
            gc.garbage.clear()
    assert not {"_Taking", "RequestResponseCycle", "SignedCommit"} & set(left)


def test_whoever_leaves_takes_nothing_along(place: Place) -> None:
    with serving(place) as service:
        known(service)
        service.line.send(service.request(1))
        service.line.close()
        service.line = Line(service.port)
        assert service.ask(2).status in (201, 409)  # as batch 1 was read in time or not
        assert good(place.get(f"{place.root}/receipts", service.ann))["items"]
