"""The in-process chain behind a URL: JSON-RPC 2.0 over HTTP on this machine alone.

It answers programs, and pages that come from this machine; a page from elsewhere is refused, so that no
website a developer visits can talk to the node. Whatever a caller sends, the server goes on.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from labelshare import __version__
from labelshare.chain.answering import BODY_BYTES, Answerer, Tell, refusal
from labelshare.chain.clock import Clock
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.keys import Signer
from labelshare.chain.loopback import HOST, is_own_host, is_own_page
from labelshare.chain.rpc import Node
from labelshare.chain.wire import INVALID_REQUEST
from labelshare.errors import ChainError

__all__ = ["NodeServer"]

# How long a caller may be silent before its connection is closed.
IDLE_SECONDS: Final = 60.0


class NodeServer(ThreadingHTTPServer):
    """A chain of its own and the server before it; closing ends both.

    Callers have a thread each, and the chain one lock, which a batch holds from first to last.

    Args:
        port: Where to listen on 127.0.0.1; 0 for any that is free.
        tell: Takes a line about each request; None for silence.
        chain: The chain; a new one by default.
        clock: What times its blocks; None for a second from one to the next.
        unlocked: Accounts with public keys that the node signs for.

    Raises:
        ChainError: The port is taken, or not to be had.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        port: int = 0,
        tell: Tell | None = None,
        *,
        chain: EmbeddedChain | None = None,
        clock: Clock | None = None,
        unlocked: Sequence[Signer] = (),
    ) -> None:
        self.chain = chain or EmbeddedChain()
        self._node = Node(self.chain, clock, unlocked)
        self._lock = threading.RLock()
        self._answerer = Answerer(self._node.answer, tell, self._lock)
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

    def answer(self, method: str, params: Sequence[Any]) -> Any:
        """The result of one request, for callers in this process; `Fault` for what is wrong with it."""
        with self._lock:
            return self._node.answer(method, params)

    def respond(self, body: bytes) -> bytes | None:
        """The answer to a body; None if it holds nothing but notifications, which have none."""
        return self._answerer.respond(body)

    def server_close(self) -> None:
        """Let go of the port, and of the file that keeps the chain."""
        super().server_close()
        with self._lock:
            self.chain.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (as the library has it)
        """A caller that went away is no trouble of the server's."""
        self._say(f"a connection ended: {type(sys.exception()).__name__}")

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
        if is_own_page(self.headers.get("Origin")) and is_own_host(self.headers.get("Host")):
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
        self._reply(status, refusal(INVALID_REQUEST, reason))

    def _reply(self, status: HTTPStatus, body: bytes = b"") -> None:
        self.send_response(status)
        origin = self.headers.get("Origin")
        if origin is not None and is_own_page(origin):
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
