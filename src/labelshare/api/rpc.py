"""The node of a development chain on the service's own port, for wallets and pages of this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from anyio import fail_after, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from labelshare.chain.answering import BODY_BYTES, refusal
from labelshare.chain.loopback import is_own_host, is_own_page
from labelshare.chain.wire import INVALID_REQUEST

__all__ = ["PATH", "WithNode"]

PATH: Final = "/rpc"
BODY_SECONDS: Final = 30.0
_JSON: Final = "application/json"


class WithNode:
    """An app, and a node beside it.

    The node answers programs and pages of this machine by its own name. Any other is refused, so that no
    website that a developer visits can talk to it.

    Args:
        app: The app, which never hears of the node.
        respond: The answer to a body; None where none is due.
    """

    def __init__(self, app: ASGIApp, respond: Callable[[bytes], bytes | None]) -> None:
        self._app = app
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        origin = request.headers.get("origin")
        if is_own_page(origin) and is_own_host(request.headers.get("host")):
            try:
                response = await self._answered(request)
            except ClientDisconnect:
                return
            _admit(response, origin)
        else:
            response = _refused(403, "pages from elsewhere may not talk to this node")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Vary"] = "Origin"
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        if request.method != "POST":
            return _refused(405, "requests come by POST", {"Allow": "POST, OPTIONS"})
        try:
            with fail_after(BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return _refused(
                408, f"the body did not come within {BODY_SECONDS:.0f} s", {"Connection": "close"}
            )
        if body is None:
            return _refused(413, f"a body holds up to {BODY_BYTES} bytes", {"Connection": "close"})
        answer = await to_thread.run_sync(self._respond, body)
        return Response(status_code=204) if answer is None else Response(answer, media_type=_JSON)


async def _body(request: Request) -> bytes | None:
    """The whole body; None if it is too long."""
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _refused(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    return Response(refusal(INVALID_REQUEST, reason), status, headers, _JSON)


def _admit(response: Response, origin: str | None) -> None:
    """Let the page that asked read the answer."""
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
