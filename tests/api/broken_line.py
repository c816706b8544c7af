"""The line between a browser and a service, which a test can break for some of what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["CUT", "Line"]

CUT: Final = 0
"""No status: the connection ends without an answer."""


@dataclass
class Line:
    """Lets everything through, but for paths that are broken; real requests, over real sockets.

    Attributes:
        paths: Which those are; none while the line is whole.
        status: What is answered instead, with nothing of the service in it; or `CUT`.
    """

    paths: re.Pattern[str] | None = None
    status: int = CUT

    @contextmanager
    def broken(self, paths: str, status: int = CUT) -> Iterator[None]:
        """Broken for paths that hold a pattern, until the block ends."""
        self.paths, self.status = re.compile(paths), status
        try:
            yield
        finally:
            self.paths = None

    def to(self, app: ASGIApp) -> ASGIApp:
        """The service behind this line."""

        async def through(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or self.paths is None or not self.paths.search(scope["path"]):
                await app(scope, receive, send)
                return
            if self.status == CUT:
                send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's own connection
                return
            length = (b"content-length", b"0")
            await send({"type": "http.response.start", "status": self.status, "headers": [length]})
            await send({"type": "http.response.body", "body": b""})

        return through
