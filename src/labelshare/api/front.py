"""What stands in front of the app: it sends down the lane what goes there, and all else inside."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from labelshare.api.guard import Answering, Guard, replaying
from labelshare.api.lane import Lane, Usual
from labelshare.api.limits import Buckets
from labelshare.api.settings import ApiSettings

__all__ = ["Front"]


class Front(Guard):
    """A guard of the lane, outside of all that the app does by itself; behind it is the app with its own."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, addresses: Buckets, lane: Lane) -> None:
        super().__init__(app, settings, addresses)
        self._lane = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        usual = self._lane.usual(scope, dict(scope["headers"])) if scope["type"] == "http" else None
        if usual is None:
            await self._app(scope, receive, send)
            return
        answering = self._answering(scope, send)
        refused = self._refused(scope)
        if refused is not None:
            await self._refuse(refused, scope, receive, answering)
            return
        left = await self._by_lane(usual, scope, receive, answering)
        if left is not None:
            await self._app(scope, replaying(left, receive), send)

    async def _by_lane(
        self, usual: Usual, scope: Scope, receive: Receive, answering: Answering
    ) -> bytes | None:
        """Answer; or the body of a request that is not usual after all."""
        try:
            async with asyncio.timeout(self._settings.request_seconds):
                body = await self._body(scope, receive)
                answering.asked = True
                answer = await self._lane.answer(usual, body)
        except TimeoutError:
            await self._refuse(self._too_late(answering), scope, receive, answering)
            return None
        except Exception as error:  # noqa: BLE001 (each is answered)
            await self._answer_error(error, scope, receive, answering)
            return None
        if answer is None:
            return body
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer.body))]
        if answer.again:
            headers.append((b"idempotency-replayed", b"true"))
        await answering({"type": "http.response.start", "status": answer.status, "headers": headers})
        await answering({"type": "http.response.body", "body": answer.body})
        return None
