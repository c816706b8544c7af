"""A line whose request does not arrive is closed: the first one, and a later one on the same line."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn

from labelshare.api.lines import BoundedHttp
from labelshare.client.wire.problem import MEDIA_TYPE, PREFIX

GOOD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Quick(BoundedHttp):
    """The same with less patience."""

    head_seconds = 0.5
    head_bytes = 2_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body."""
    assert scope["type"] == "http"
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, http=Quick, ws="none", lifespan="off", log_level="critical", loop="asyncio"
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [free]}, daemon=True)
        thread.start()
        while not server.started:
            sleep(0.01)
        yield free.getsockname()[1]
        server.should_exit = True
        thread.join(10)


@contextmanager
def line(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as found:
        yield found


def ended(found: socket.socket) -> bytes:
    """What comes until the other side closes the line."""
    data = b""
    try:
        while part := found.recv(4_096):
            data += part
    except ConnectionError:
        pass
    return data


@pytest.mark.parametrize("wrong", [b"no request\r\n\r\n", GOOD[:-2] + b"X: " + b"a" * 3_000])
def test_what_is_no_request_is_told_as_any_error(port: int, wrong: bytes) -> None:
    with line(port) as found:
        found.sendall(wrong)
        head, _, body = ended(found).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    fields = dict(each.lower().split(": ", 1) for each in head.decode().split("\r\n")[1:])
    assert (fields["content-type"], fields["connection"]) == (MEDIA_TYPE, "close")
    assert int(fields["content-length"]) == len(body)
    said = json.loads(body)
    assert (said["type"], said["status"]) == (f"{PREFIX}malformed", 400)
    assert said["detail"]


@pytest.mark.parametrize("begun", [b"", b"GET / HTT", GOOD[:-2]])
def test_a_head_that_does_not_come_is_not_waited_for(port: int, begun: bytes) -> None:
    with line(port) as found:
        found.sendall(begun)
        before = monotonic()
        assert ended(found) == b""
        assert 0.2 < monotonic() - before < 5


def test_nor_is_the_second_on_a_line(port: int) -> None:
    with line(port) as found:
        found.sendall(GOOD)
        while not (answer := found.recv(4_096)).endswith(b"0"):
            assert answer
        found.sendall(GOOD[:9])
        before = monotonic()
        assert ended(found) == b""
        assert monotonic() - before < 4  # less than an idle line is kept


@pytest.mark.parametrize("size", [3_000, 200_000])
def test_a_head_without_end_is_cut_off(port: int, size: int) -> None:
    with line(port) as found:
        try:
            found.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * size)
        except ConnectionError:
            return
        assert ended(found)[:12] in {b"HTTP/1.1 400", b""}


def test_heads_and_bodies_that_come_are_served(port: int) -> None:
    """A body may be longer and slower than a head; others bound it."""
    with line(port) as found:
        for _ in range(3):
            found.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + b"b" * 2_500)
            sleep(0.7)
            found.sendall(b"b" * 2_500)
            answer = b""
            while not answer.endswith(b"\r\n\r\n5000"):
                part = found.recv(4_096)
                assert part, answer
                answer += part
