"""Evidence from services that need not be trusted: bounded in bytes and time, and held against its hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from socket import create_server, socket
from threading import Event, Thread
from time import monotonic

import pytest

from labelshare.client.bundles import BundleServices, Publisher
from labelshare.errors import EvidenceError, InputError
from labelshare.oracle.desk import Desk
from labelshare.types import Address, CampaignId, Hash32, keccak
from tests.api.served import served
from tests.oracle.stage import build

CAMPAIGN = CampaignId(Hash32(keccak(b"campaign")))
BUNDLE = b"evidence\n" * 100
NAME = Hash32(sha256(BUNDLE).digest())
ORACLE = Address(b"\x0a" * 20)


def services(*urls: str, most_bytes: int = 10_000, most_seconds: float = 30.0) -> BundleServices:
    publishers = [Publisher.parse(each) for each in urls]
    return BundleServices(publishers, most_bytes=most_bytes, most_seconds=most_seconds)


@contextmanager
def answering(speak: Callable[[socket], None]) -> Iterator[str]:
    """Whoever says what it likes to each that asks."""
    with create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    try:
                        line.recv(65_536)
                        speak(line)
                    except OSError:
                        pass

        thread = Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(2)
    thread.join(5)
    assert not thread.is_alive()


def saying(body: bytes, status: str = "200 OK", more: str = "") -> Callable[[socket], None]:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n".encode()
    return lambda line: line.sendall(head + body)


def slow(over: Event) -> Callable[[socket], None]:
    """A header that never ends, a byte now and then."""

    def speak(line: socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            line.sendall(b"x")

    return speak


def test_a_bundle_comes_from_the_service_that_published_it() -> None:
    stage = build().accept().enrol().draw().work().reveal("ann", "ben")
    stage.chain.advance_to(stage.schedule.reveal_end)
    built, campaign = stage.engine.propose(stage.record()), stage.scope.campaign_id
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    with served(desk) as url, answering(saying(b"nothing of ours")) as other:
        ask = services("http://127.0.0.1:1", other, f"{url}/", most_bytes=10**6)
        assert ask(campaign, built.settlement.bundle_hash) == built.bundle
        assert ask(campaign, keccak(b"another")) is None


@pytest.mark.parametrize(
    "answer",
    [
        saying(BUNDLE + b"\n"),
        saying(BUNDLE[:-1]),
        saying(BUNDLE, "404 Not Found"),
        saying(BUNDLE, "500 Internal Server Error"),
        saying(BUNDLE, "302 Found", "Location: http://127.0.0.1:1/\r\n"),
        saying(b"", "200 OK"),
        lambda line: line.sendall(b"no http at all\r\n\r\n"),
        lambda _: None,
    ],
)
def test_what_is_no_bundle_of_that_hash_is_none(answer: Callable[[socket], None]) -> None:
    with answering(answer) as wrong:
        assert services(wrong)(CAMPAIGN, NAME) is None
        with answering(saying(BUNDLE)) as right:
            assert services(wrong, right)(CAMPAIGN, NAME) == BUNDLE


def test_what_is_too_large_is_said_to_be_so_if_nobody_else_has_it() -> None:
    with answering(saying(BUNDLE * 20)) as large:
        with pytest.raises(EvidenceError, match="more than 10000 bytes"):
            services(large)(CAMPAIGN, NAME)
        with answering(saying(BUNDLE)) as right:
            assert services(large, right)(CAMPAIGN, NAME) == BUNDLE


def test_whoever_is_slow_on_purpose_is_not_waited_for() -> None:
    over = Event()
    with answering(slow(over)) as waiting:
        start = monotonic()
        assert services(waiting, most_seconds=0.3)(CAMPAIGN, NAME) is None
        ask = services(waiting)
        ask.is_ending = lambda: monotonic() > start + 0.8
        assert ask(CAMPAIGN, NAME) is None
        assert monotonic() - start < 10
        over.set()


def test_a_service_may_be_known_as_an_oracles_own() -> None:
    own = Publisher.parse(f"{ORACLE}=https://oracle.example/x/")
    assert own == Publisher("https://oracle.example/x", ORACLE)
    other = Publisher.parse("http://localhost:8000")
    assert other == Publisher("http://localhost:8000")
    assert BundleServices([own, other]).oracles == {ORACLE}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("oracle.example", "a service is at https://"),
        ("ftp://oracle.example", "a service is at https://"),
        ("https://", "a service is at https://"),
        ("https://oracle.example:port", "a service is at https://"),
        ("https://[::1", "a service is at https://"),
        ("https://user:word@oracle.example", "a service is at https://"),
        ("https://oracle.example/?bundle=", "a service is at https://"),
        ("http://oracle.example", "another machine: plain http"),
        (f"{ORACLE}=http://oracle.example", "another machine: plain http"),
        (f"{ORACLE}=", "a service is at https://"),
        ("0x12=https://oracle.example", "Address"),
    ],
)
def test_what_is_no_address_of_a_service_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Publisher.parse(text)
