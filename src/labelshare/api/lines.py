"""HTTP connections: bounds that the server does not set, and messages answered where they come in.

The server bounds neither the time nor the size of a head: whoever opens connections and sends a byte now and
then holds them for ever, until there are no more to be had ("slow loris"), and whoever sends headers without
end fills the memory. Bodies are bounded by `labelshare.api.guard`, once there is a request to speak of.

A message that is here as a whole is handed to `labelshare.api.quick` without a task of its own; any other
request goes the server's usual way.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, Final

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from labelshare.api import problems
from labelshare.api.lane import Usual
from labelshare.api.quick import Quick

__all__ = ["HEAD_BYTES", "HEAD_SECONDS", "BoundedHttp"]

HEAD_SECONDS: Final = 20.0
HEAD_BYTES: Final = 64 * 1024
# For the rest of a message whose head is here: then it goes the usual way, with the time that others have.
_REST_SECONDS: Final = 0.25


class BoundedHttp(HttpToolsProtocol):
    """One connection: the head of each request has some seconds and some bytes, else the line is closed."""

    head_seconds: float = HEAD_SECONDS
    head_bytes: int = HEAD_BYTES

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._quick, self._proxied = _asked(self.app)
        self._late: asyncio.TimerHandle | None = None
        self._in_head = False
        self._starting = False
        self._rest: asyncio.TimerHandle | None = None
        self._coming: tuple[RequestResponseCycle, Usual] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is awaited from now on."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_is_here()
        self._coming = None
        self._rest_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to no request yet."""
        if self._late is not None:
            self._length += len(data)
        super().data_received(data)
        if self._late is None:
            if self._in_head:  # of a later request on the same line: awaited from its first byte on
                self._await_head()
        elif self._length > self.head_bytes and not self.transport.is_closing():
            self.send_400_response(f"The head of a request has at most {self.head_bytes} bytes.")
        if self._coming is not None and self._rest is None:
            self._rest = self.loop.call_later(_REST_SECONDS, self._go_on)

    def send_400_response(self, msg: str) -> None:
        """What cannot be read as HTTP is told as any other error, and the line is closed."""
        refused = problems.response("malformed", msg, headers={"Connection": "close"})
        head = [STATUS_LINE[refused.status_code]]
        for name, value in (*self.server_state.default_headers, *refused.raw_headers):
            head += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join((*head, b"\r\n", refused.body)))
        self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The rest is for the guard to bound."""
        self._head_is_here()
        self._starting = True
        try:
            super().on_headers_complete()
        finally:
            self._starting = False

    def _await_head(self) -> None:
        self._length = 0
        self._late = self.loop.call_later(self.head_seconds, self._give_up)

    def _head_is_here(self) -> None:
        self._in_head = False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        transport: Any = self.transport
        if not transport.is_closing():
            transport.abort()

    # ------------------------------------------------------------------- without a task

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """A message waits for its body; whatever else, and one that another was sent before, starts."""
        if self._starting and self._quick is not None and app is self.app:
            usual = self._quick.usual(cycle.scope)  # type: ignore[arg-type]
            if usual is not None:
                self._coming = (cycle, usual)
                return
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        super().on_body(body)
        if self._coming is not None and self._quick is not None:
            cycle, _ = self._coming
            if len(cycle.body) > self._quick.most:
                self._go_on()

    def on_message_complete(self) -> None:
        """A request is here."""
        super().on_message_complete()
        if self._coming is None or self._quick is None:
            return
        (cycle, usual), self._coming = self._coming, None
        self._rest_is_here()
        scope: Any = cycle.scope
        if self._proxied is not None:
            _told_by_proxy(self._proxied, scope)
        start = partial(super()._start_asgi_task, cycle, self.app)
        self._quick.take(
            usual,
            scope,
            bytes(cycle.body),
            partial(self._respond, cycle),
            partial(_unless_gone, cycle, start),
        )

    def _respond(self, cycle: RequestResponseCycle, status: int, rest: bytes) -> bool:
        """Send an answer, as the server would."""
        if cycle.disconnected:
            return True
        if cycle.flow.write_paused:
            return False
        head = [STATUS_LINE[status]]
        for name, value in cycle.default_headers:
            head += (name, b": ", value, b"\r\n")
        if not cycle.keep_alive:
            head.append(b"connection: close\r\n")
        head.append(rest)
        cycle.transport.write(b"".join(head))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True

    def _go_on(self) -> None:
        """What comes in parts goes the usual way after all."""
        coming, self._coming = self._coming, None
        self._rest_is_here()
        if coming is not None:
            super()._start_asgi_task(coming[0], self.app)

    def _rest_is_here(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None


def _asked(app: Any) -> tuple[Quick | None, ProxyHeadersMiddleware | None]:
    """Who answers messages of an app, if somebody does; and what stands before it that knows of a proxy."""
    if isinstance(app, ProxyHeadersMiddleware):
        alone = ProxyHeadersMiddleware(_nothing)
        alone.trusted_hosts = app.trusted_hosts
        return getattr(app.app, "quick", None), alone
    return getattr(app, "quick", None), None


async def _nothing(*_: object) -> None:
    pass


def _told_by_proxy(proxied: ProxyHeadersMiddleware, scope: Any) -> None:
    """Whom the request is from: what stands before the app only writes it down, and waits for nothing."""
    with suppress(StopIteration):
        proxied(scope, _nothing, _nothing).send(None)  # type: ignore[arg-type]


def _unless_gone(cycle: RequestResponseCycle, start: Any) -> None:
    if not cycle.disconnected:
        start()
