"""`HEAD` wherever there is `GET` (RFC 9110 9.1): the same answer, of which the server sends no body."""

from __future__ import annotations

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Heads"]

# Routes that answer HEAD by themselves, and otherwise than GET.
_OWN: Final = re.compile(r"/v1/campaigns/[^/]+/media/[^/]+")


class Heads:
    """Asks an app for what GET is answered with, and ends the answer with the first part of its body.

    That part goes on to the server, which drops it, as it is the whole of a refusal and whoever counts these
    reads it on the way. A stream that would last for minutes ends as with a client that has left.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or _OWN.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        asked, ended = {**scope, "method": "GET"}, False

        async def to_server(message: Message) -> None:
            nonlocal ended
            if ended:
                return
            if message["type"] == "http.response.body":
                ended, message = True, {**message, "more_body": False}
            elif "route" in asked:
                scope["route"] = asked["route"]  # for whoever counts
            await send(message)

        await self._app(asked, receive, to_server)
