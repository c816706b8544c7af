"""HTTP connections whose requests must arrive: the server bounds neither the time nor the size of a head.

Without this, whoever opens connections and sends a byte now and then holds them for ever, until there are no
more to be had ("slow loris"), and whoever sends headers without end fills the memory. Bodies are bounded by
`labelshare.api.guard`, once there is a request to speak of.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HEAD_BYTES", "HEAD_SECONDS", "BoundedHttp"]

HEAD_SECONDS: Final = 20.0
HEAD_BYTES: Final = 64 * 1024


class BoundedHttp(HttpToolsProtocol):
    """One connection: the head of each request has some seconds and some bytes, else the line is closed."""

    head_seconds: float = HEAD_SECONDS
    head_bytes: int = HEAD_BYTES

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is awaited from now on."""
        super().connection_made(transport)
        self._late: asyncio.TimerHandle | None = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to no request yet."""
        if self._late is not None:
            self._length += len(data)
        super().data_received(data)
        if self._late is not None and self._length > self.head_bytes and not self.transport.is_closing():
            self.send_400_response(f"The head of a request has at most {self.head_bytes} bytes.")

    def on_message_begin(self) -> None:
        """A later request on the same line: its head is awaited from its first byte on."""
        if self._late is None:
            self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The rest is for the guard to bound."""
        self._head_is_here()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._length = 0
        self._late = self.loop.call_later(self.head_seconds, self._give_up)

    def _head_is_here(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        transport: Any = self.transport
        if not transport.is_closing():
            transport.abort()
