"""Requests that no client sends: broken HTTP, bodies that are none, valid ones with some bytes changed."""

from __future__ import annotations

import json
import random
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Answered", "Raw", "exchange", "requests"]

HOST = b"Host: oracle\r\n"
JSON = b"Content-Type: application/json\r\n"
BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"account": NaN}',
    b'{"account": Infinity}',
    b'{"account": 1e999}',
    b'{"account": ' + b"9" * 100_000 + b"}",
    b'{"account": -' + b"9" * 5_000 + b"}",
    b'{"account": "\\ud800"}',
    b'{"account": "\\udfff\\ud800"}',
    b'{"account": "\\u0000"}',
    b'{"account": "a\x00b"}',
    b'{"account": "\xff\xfe"}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"account": 1, "account": 2}',
    b'{"account": "0x"} trailing',
    b'{"\xf0\x9f\x98\x80": {}}',
    b'{"account": 0.1}',
    b'{"__proto__": {"x": 1}, "account": []}',
    b"x" * 100_000,
    b"[" * 40 + b'"' + b'\\"' * 20_000,
    b'{"account": "' + b"\\" * 100_001,
)
TYPES = (
    b"text/plain",
    b"application/xml",
    b"multipart/form-data; boundary=x",
    b"application/json; charset=utf-7",
    b"",
)
HEADS = (
    b"GET\r\n\r\n",
    b"\r\n\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n",
    b"get /healthz HTTP/1.1\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET /%00%ff%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/campaigns/\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/campaigns?limit=1&limit=x&cursor=%ff HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/campaigns?cursor=" + b"A" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET http://169.254.169.254/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b" folded: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"A: \x00\x01\x02\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X-%d: y\r\n" % each for each in range(5_000)) + b"\r\n",
    b"GET / HTTP/1.1\r\n"
    + HOST
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"\x00" * 64,
)
POST = b"POST /v1/sign-ins HTTP/1.1\r\n" + HOST + JSON
FRAMES = (
    POST + b"Content-Length: -1\r\n\r\n{}",
    POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    POST + b"Content-Length: 0x2\r\n\r\n{}",
    POST + b"Content-Length: 500\r\n\r\n{}",
    POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}garbage",
    POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
    POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}\r\n",
    POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    POST + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
)


@dataclass(frozen=True)
class Raw:
    """Bytes to send, what they are, and whether the line is cut off before the answer is read."""

    kind: str
    data: bytes
    cut: bool = False


@dataclass(frozen=True)
class Answered:
    """What came back: nothing where the server closed the line."""

    status: int | None
    data: bytes


def requests(dice: random.Random, valid: list[tuple[str, str, bytes]], token: str) -> Iterator[Raw]:
    """Without end; `valid` are method, path and body of requests that would be answered well."""
    kinds: list[Callable[[], Raw]] = [
        lambda: Raw("head", dice.choice(HEADS)),
        lambda: Raw("frame", dice.choice(FRAMES)),
        lambda: Raw("cut", _request(*dice.choice(valid), token)[: dice.randint(1, 400)], cut=True),
        lambda: _body(dice, valid, token),
        lambda: Raw("noise", dice.randbytes(dice.randint(1, 2_000))),
        lambda: Raw("bytes", _changed(dice, _request(*dice.choice(valid), token))),
        lambda: Raw("bytes", _changed(dice, _request(*dice.choice(valid), token))),
        lambda: _value(dice, valid, token),
        lambda: _value(dice, valid, token),
    ]
    while True:
        yield dice.choice(kinds)()


def _request(method: str, path: str, body: bytes, token: str, kind: bytes = b"application/json") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: oracle\r\nAuthorization: Bearer {token}\r\n".encode()
    return head + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)) + body


def _body(dice: random.Random, valid: list[tuple[str, str, bytes]], token: str) -> Raw:
    """A body that is none of ours, or one of another type, where one is read."""
    method, path, body = dice.choice([each for each in valid if each[2]])
    if dice.random() < 0.3:
        return Raw("type", _request(method, path, body, token, dice.choice(TYPES)))
    return Raw("body", _request(method, path, dice.choice(BODIES), token))


def _value(dice: random.Random, valid: list[tuple[str, str, bytes]], token: str) -> Raw:
    """Good JSON with one value of another kind."""
    strange: tuple[Any, ...] = (
        None,
        True,
        -1,
        0,
        2**31,
        2**64,
        10**80,
        "",
        "0x",
        "\u0000",
        "\U0001f600",
        [],
        {},
        "a" * 5_000,
        [[[]]],
    )
    method, path, body = dice.choice([each for each in valid if each[2][:1] == b"{"])
    fields = json.loads(body)
    fields[dice.choice(list(fields))] = dice.choice(strange)
    if dice.random() < 0.2:
        fields["more"] = dice.choice(strange)
    return Raw("value", _request(method, path, json.dumps(fields).encode(), token))


def _changed(dice: random.Random, data: bytes) -> bytes:
    """Some bytes replaced, left out, put in, or doubled."""
    found = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(found))
        match dice.randrange(4):
            case 0:
                found[at] = dice.randrange(256)
            case 1:
                del found[at : at + dice.randint(1, 20)]
            case 2:
                found[at:at] = dice.randbytes(dice.randint(1, 20))
            case _:
                found[at:at] = found[at : at + 40]
        found = found or bytearray(b"\x00")
    return bytes(found)


def exchange(port: int, raw: Raw, seconds: float = 0.5) -> Answered:
    """Send it on a line of its own and read one answer, or what comes until that long nothing has."""
    data = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        try:
            line.sendall(raw.data)
            if raw.cut:
                return Answered(None, b"")
            line.settimeout(seconds)
            while not _is_whole(data) and (part := line.recv(1 << 16)):
                data += part
        except OSError:
            pass  # closed, or silent for as long as anybody waits
    status = data[9:12] if data.startswith(b"HTTP/1.") else b""
    return Answered(int(status) if status.isdigit() else None, data)


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(end and found and len(body) >= int(found[1]))
