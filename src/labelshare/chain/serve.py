"""The in-process chain behind a URL: JSON-RPC 2.0 over HTTP on this machine alone.

It answers programs, and pages that come from this machine; a page from elsewhere is refused, so that no
website a developer visits can talk to the node. Whatever a caller sends, the server goes on.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from labelshare import __version__
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.jsonrpc import parsed
from labelshare.chain.rpc import Node
from labelshare.chain.wire import INVALID_PARAMS, Fault
from labelshare.errors import ChainError

__all__ = ["NodeServer"]

HOST: Final = "127.0.0.1"
BODY_BYTES: Final = 32 * 1024 * 1024
BATCH: Final = 1_000
# How long a caller may be silent before its connection is closed.
IDLE_SECONDS: Final = 60.0
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

PARSE_ERROR: Final = -32_700
INVALID_REQUEST: Final = -32_600
INTERNAL_ERROR: Final = -32_603

Answer = dict[str, Any]
Tell = Callable[[str], None]


class NodeServer(ThreadingHTTPServer):
    """A chain of its own and the server before it; closing ends both.

    Callers have a thread each, and the chain one lock, which a batch holds from first to last.

    Args:
        port: Where to listen on 127.0.0.1; 0 for any that is free.
        tell: Takes a line about each request; None for silence.

    Raises:
        ChainError: The port is taken, or not to be had.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0, tell: Tell | None = None) -> None:
        self.chain = EmbeddedChain()
        self._node = Node(self.chain)
        self._lock = threading.Lock()
        self._tell = tell
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ChainError(f"cannot listen on {HOST}:{port}: {reason}") from None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.server_address[1]}"

    def respond(self, body: bytes) -> bytes | None:
        """The answer to a body; None if it holds nothing but notifications, which have none."""
        try:
            asked = parsed(body)
        except ValueError:
            return _encoded(_failed(None, Fault(PARSE_ERROR, "the body is not JSON")))
        with self._lock:
            answer = self._batch(asked) if isinstance(asked, list) else self._one(asked)
        return None if answer is None else _encoded(answer)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (as the library has it)
        """A caller that went away is no trouble of the server's."""
        self._say(f"a connection ended: {type(sys.exception()).__name__}")

    def _batch(self, asked: list[Any]) -> list[Answer] | Answer | None:
        if not 0 < len(asked) <= BATCH:
            return _failed(None, Fault(INVALID_REQUEST, f"a batch holds 1 to {BATCH} requests"))
        return [answer for each in asked if (answer := self._one(each)) is not None] or None

    def _one(self, asked: Any) -> Answer | None:
        name = asked.get("id") if isinstance(asked, dict) else None
        started = time.monotonic()
        try:
            result = self._result(asked)
            answer: Answer = {"jsonrpc": "2.0", "id": name, "result": result}
        except Fault as fault:
            answer = _failed(name, fault)
        except Exception as error:  # noqa: BLE001 (whatever is wrong in here, the next caller is answered)
            answer = _failed(name, Fault(INTERNAL_ERROR, f"internal error: {type(error).__name__}"))
        self._say(_told(asked, answer, time.monotonic() - started))
        return None if _is_notification(asked) else answer

    def _result(self, asked: Any) -> Any:
        if not _is_request(asked):
            raise Fault(INVALID_REQUEST, "not a request of JSON-RPC 2.0")
        params = asked.get("params") or []
        if not isinstance(params, list):
            raise Fault(INVALID_PARAMS, "parameters come in a list")
        return self._node.answer(asked["method"], params)

    def _say(self, line: str) -> None:
        if self._tell is not None:
            self._tell(line)


class _Handler(BaseHTTPRequestHandler):
    server: NodeServer
    server_version = f"labelshare/{__version__}"
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # One write an answer: two would wait for each other's acknowledgement (Nagle, RFC 1122 4.2.3.4).
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_OPTIONS(self) -> None:
        """What a browser asks before it lets a page send."""
        if self._require_own_page():
            self._reply(HTTPStatus.NO_CONTENT)

    def do_POST(self) -> None:
        """One request or one batch."""
        if not self._require_own_page():
            return
        length = self._length()
        if length is None:
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        answer = self.server.respond(body)
        self._reply(HTTPStatus.NO_CONTENT if answer is None else HTTPStatus.OK, answer or b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (as the library has it)
        """Silence: requests are told of by their methods."""

    def _require_own_page(self) -> bool:
        origin = self.headers.get("Origin")
        if origin is None or _is_loopback(origin):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "pages from elsewhere may not talk to this node")
        return False

    def _length(self) -> int | None:
        """The length of the body, if it says one that is not too long."""
        given = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not (given.isascii() and given.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "the body needs a Content-Length")
        elif len(given) > len(str(BODY_BYTES)) or int(given) > BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body holds up to {BODY_BYTES} bytes")
        else:
            return int(given)
        return None

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """The body was not read, so that nothing more can be read from this connection."""
        self.close_connection = True
        self._reply(status, _encoded(_failed(None, Fault(INVALID_REQUEST, reason))))

    def _reply(self, status: HTTPStatus, body: bytes = b"") -> None:
        self.send_response(status)
        origin = self.headers.get("Origin")
        if origin is not None and _is_loopback(origin):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Methods", "POST, OPTIONS")
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.send_header("Access-Control-Max-Age", "600")
            self.send_header("Vary", "Origin")
        if self.close_connection:
            self.send_header("Connection", "close")
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _is_loopback(origin: str) -> bool:
    try:
        where = urlsplit(origin)
    except ValueError:
        return False
    return where.scheme in {"http", "https"} and where.hostname in LOOPBACK


def _is_request(asked: Any) -> bool:
    return (
        isinstance(asked, dict)
        and asked.get("jsonrpc") == "2.0"
        and isinstance(asked.get("method"), str)
        and _is_id(asked.get("id"))
    )


def _is_notification(asked: Any) -> bool:
    return _is_request(asked) and "id" not in asked


def _is_id(value: Any) -> bool:
    return value is None or isinstance(value, str) or type(value) is int


def _failed(name: Any, fault: Fault) -> Answer:
    return {"jsonrpc": "2.0", "id": name if _is_id(name) else None, "error": fault.error}


def _encoded(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


def _told(asked: Any, answer: Answer, seconds: float) -> str:
    method = str(asked.get("method"))[:60] if isinstance(asked, dict) else "no request"
    outcome = answer["error"]["message"] if "error" in answer else "ok"
    line = f"{method} {1_000 * seconds:.1f} ms {outcome}"
    return "".join(each if each.isprintable() else "?" for each in line)
