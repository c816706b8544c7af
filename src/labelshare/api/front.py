"""What stands in front of the app: it sends down the lane what goes there, and all else inside."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from labelshare.api.bodies import Admission
from labelshare.api.guard import Answering, Guard, permit, replaying, settled
from labelshare.api.lane import Lane, Usual
from labelshare.api.limits import Buckets
from labelshare.api.refused import Refused
from labelshare.api.settings import ApiSettings
from labelshare.store.replies import Reply

__all__ = ["Front"]


class Front(Guard):
    """A guard of the lane, outside of all that the app does by itself; behind it is the app with its own."""

    def __init__(
        self,
        app: ASGIApp,
        settings: ApiSettings,
        addresses: Buckets,
        admission: Admission,
        refused: Refused,
        lane: Lane,
    ) -> None:
        super().__init__(app, settings, addresses, admission, refused)
        self._lane = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if (known := settled(scope)) is not None:
            await self._answer(known[0], scope, receive, self._answering(scope, send))
            return
        usual = self._lane.usual(scope, dict(scope["headers"])) if scope["type"] == "http" else None
        if usual is None:
            await self._app(scope, receive, send)
            return
        answering = self._answering(scope, send)
        refused = self.refused(scope)
        if refused is not None:
            await self._refuse(refused, scope, receive, answering)
            return
        left = await self._by_lane(usual, scope, receive, answering)
        if left is not None:
            permit(scope)
            await self._app(scope, replaying(left, receive), send)

    async def _by_lane(
        self, usual: Usual, scope: Scope, receive: Receive, answering: Answering
    ) -> bytes | None:
        """Answer; or the body of a request that is not usual after all."""
        try:
            answer: Reply | Exception | None
            async with asyncio.timeout(self.settings.request_seconds):
                body = await self._body(scope, receive)
                answering.asked = True
                answer = await self._lane.answer(usual, body)
        except TimeoutError:
            await self._refuse(self._too_late(answering), scope, receive, answering)
            return None
        except Exception as error:  # noqa: BLE001 (each is answered)
            answer = error
        if answer is None:
            return body
        await self._answer(answer, scope, receive, answering)
        return None

    async def _answer(
        self, answer: Reply | Exception, scope: Scope, receive: Receive, answering: Answering
    ) -> None:
        if not isinstance(answer, Reply):
            await self._answer_error(answer, scope, receive, answering)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer.body))]
        if answer.again:
            headers.append((b"idempotency-replayed", b"true"))
        await answering({"type": "http.response.start", "status": answer.status, "headers": headers})
        await answering({"type": "http.response.body", "body": answer.body})
