"""A node between a client and the real one: it passes everything on, and tampers with what a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

__all__ = ["Proxy", "proxied"]

Answer = dict[str, Any]
Tamper = Callable[[dict[str, Any], Answer], Answer]


class Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = body if isinstance(body, list) else [body]
        answers = [self.server.answer(each) for each in asked]
        told = json.dumps(answers if isinstance(body, list) else answers[0]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        """Silence."""


class Proxy(ThreadingHTTPServer):
    """Asks the node at `target`; `tamper` may return another answer than the node's, an error among them."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = target
        self.tamper: Tamper = lambda _, answer: answer
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, request: dict[str, Any]) -> Answer:
        self.asked.append(request["method"])
        sent = Request(self.target, json.dumps(request).encode(), {"Content-Type": "application/json"})
        with urlopen(sent, timeout=30) as response:
            return self.tamper(request, json.load(response))


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """A proxy on a free port of this machine for the length of the block."""
    proxy = Proxy(target)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
