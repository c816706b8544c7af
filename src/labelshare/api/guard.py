"""The outermost layer: names each request, bounds it, and answers what nobody else does.

Plain ASGI, so that nothing is read, parsed or run of a request that is refused here.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labelshare.api import problems
from labelshare.api.bodies import LARGE, Admission, most_bytes
from labelshare.api.limits import Buckets, client_of
from labelshare.api.refused import Refused, is_refusal
from labelshare.api.settings import ApiSettings
from labelshare.errors import LabelshareError

__all__ = ["HEADERS", "NOT_STORED", "Answering", "Guard", "permit", "replaying", "settle", "settled"]

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
)
"""Of every answer that does not say otherwise."""
NOT_STORED: Final = (b"cache-control", b"no-store")
"""Likewise."""
_PERMITTED: Final = "labelshare.permitted"
_SETTLED: Final = "labelshare.settled"
_UNLIMITED: Final = frozenset({"/healthz", "/readyz"})
_DIGITS: Final = 20
# Anybody may sign in, and each time the store is written to: it counts as so many requests.
_SIGN_IN_COST: Final = 10.0
_CONTENT: Final = re.compile(r"/v1/campaigns/[^/]+/media/[^/]+")

logger = logging.getLogger(__name__)


@dataclass
class Answering:
    """Where an answer goes: once it has begun nothing else is sent, once it is given up nothing at all."""

    send: Send
    name: str
    begun: asyncio.Event
    refused: Callable[[int, bytes], None]  # is told the status and the body of a refusal
    given_up: bool = False
    asked: bool = False  # the whole request is here: what is late now is the answer
    _refusal: int = 0  # its status, until its body comes

    async def __call__(self, message: Message) -> None:
        """Send a part of it, with the headers that every answer has."""
        if self.given_up:
            return
        if message["type"] == "http.response.start":
            self.begun.set()
            message = {**message, "headers": self._headers(list(message.get("headers", ())))}
            if is_refusal(message["status"]):
                self._refusal = message["status"]
        elif self._refusal:
            status, self._refusal = self._refusal, 0
            self.refused(status, message.get("body", b""))
        await self.send(message)

    def _headers(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = {name.lower() for name, _ in given}
        more = [*HEADERS, NOT_STORED, (b"x-request-id", self.name.encode())]
        return [*given, *(each for each in more if each[0] not in names)]


class Guard:
    """Stands before an app.

    Bounds the size of a body and the time until the answer begins, limits how often one address asks, and
    answers a fault of the app with a problem that says nothing of it.
    """

    def __init__(
        self, app: ASGIApp, settings: ApiSettings, addresses: Buckets, admission: Admission, refused: Refused
    ) -> None:
        self._app = app
        self._refused = refused
        self._admission = admission
        self.settings = settings
        self._buckets = addresses
        self._names = Random()  # noqa: S311 (seeded by the system)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering = self._answering(scope, send)
        refused = self.refused(scope)
        if refused is not None:
            await self._refuse(refused, scope, receive, answering)
            return
        await self._in_time(scope, receive, answering)

    def _answering(self, scope: Scope, send: Send) -> Answering:
        name = self.name()
        scope.setdefault("state", {})["request_id"] = name
        return Answering(send, name, asyncio.Event(), partial(self._tell, scope, name))

    def _tell(self, scope: Scope, name: str, status: int, body: bytes) -> None:
        self._refused.tell(scope, status, body, name)

    def name(self) -> str:
        """A name for a request."""
        return f"{self._names.getrandbits(64):016x}"  # no secret, so no system call for each

    def refused(self, scope: Scope) -> problems.Refusal | None:
        """Why a request must wait, if it must; else it is counted, unless it was `permit`ted before."""
        if scope["path"] in _UNLIMITED or scope.get("state", {}).pop(_PERMITTED, False):
            return None
        cost = _SIGN_IN_COST if _is_sign_in(scope) else 1.0
        wait = self._buckets.wait(client_of(scope), cost)
        if wait:
            detail = "too many requests from this address"
            return problems.Refusal("rate-limited", detail, {"Retry-After": str(wait)})
        return None

    async def _in_time(self, scope: Scope, receive: Receive, answering: Answering) -> None:
        """Run the app until its answer has begun, or the time is over: then the app is let go."""
        work = asyncio.ensure_future(self._run(scope, receive, answering))
        begun = asyncio.ensure_future(answering.begun.wait())
        try:
            await asyncio.wait(
                {work, begun},
                timeout=self._seconds(scope),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if answering.begun.is_set() or work.done():
                await work
                return
            answering.given_up = True
            instead = Answering(answering.send, answering.name, asyncio.Event(), answering.refused)
            await self._refuse(self._too_late(answering), scope, receive, instead)
        finally:
            begun.cancel()
            if not work.done():
                work.cancel()

    def _too_late(self, answering: Answering) -> problems.Refusal:
        """Whose fault it is that there is no answer."""
        return self.busy() if answering.asked else problems.Refusal("too-slow", self._no_answer())

    def busy(self) -> problems.Refusal:
        """There is no answer yet; whether the request was carried out is not known."""
        return problems.Refusal("busy", self._no_answer(), {"Retry-After": "5"})

    def _no_answer(self) -> str:
        return f"no answer after {self.settings.request_seconds:g} seconds"

    async def _run(self, scope: Scope, receive: Receive, answering: Answering) -> None:
        try:
            if not _is_upload(scope):  # content is bounded by its route, as it comes in
                receive = replaying(await self._body(scope, receive), receive)
                answering.asked = True
            await self._app(scope, receive, answering)
        except Exception as error:  # noqa: BLE001 (each is answered)
            await self._answer_error(error, scope, receive, answering)

    async def _answer_error(
        self, error: Exception, scope: Scope, receive: Receive, answering: Answering
    ) -> None:
        if isinstance(error, problems.Refusal):
            await self._refuse(error, scope, receive, answering)
            return
        if isinstance(error, LabelshareError):
            made = problems.of(error, answering.name)
            await made(scope, receive, answering)
            return
        known = {"request_id": answering.name}
        logger.error("request %s failed", answering.name, exc_info=error, extra=known)
        if answering.begun.is_set():
            raise error  # the server breaks the connection off: what was sent is not whole
        fault = problems.Refusal("internal", "this is a fault of the service, not of the request")
        await self._refuse(fault, scope, receive, answering)

    async def _refuse(
        self, refusal: problems.Refusal, scope: Scope, receive: Receive, answering: Answering
    ) -> None:
        self._refused.note(scope)
        made = problems.response(
            refusal.slug, refusal.detail, headers=refusal.headers, request_id=answering.name
        )
        await made(scope, receive, answering)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, if it is not too large; one of no stated length counts as the largest."""
        most = most_bytes(str(scope["path"]), self.settings)
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        length = int(stated) if stated.isdigit() and len(stated) <= _DIGITS else None
        if length is None or length > most:
            # A client that sends on would not read the answer on a line that is closed: some is passed over.
            raise _too_large(most, closing=length is None or length > self.settings.spec_bytes)
        await self._admission.admit(scope, length)
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise problems.Refusal("malformed", "the connection ended before the request did")
            part = message.get("body", b"")
            size += len(part)
            if size > most:
                raise _too_large(most, closing=True)
            if size > max(LARGE, length):
                await self._admission.admit(scope, most)
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _seconds(self, scope: Scope) -> float:
        settings = self.settings
        return settings.upload_seconds if _is_upload(scope) else settings.request_seconds


def permit(scope: Scope) -> None:
    """Let a request pass the next guard uncounted: it was counted."""
    scope.setdefault("state", {})[_PERMITTED] = True


def settle(scope: Scope, answer: object, since: float) -> None:
    """Leave word of what the answer to a request is, and since when it was waited for (`monotonic`)."""
    scope.setdefault("state", {})[_SETTLED] = (answer, since)


def settled(scope: Scope) -> tuple[Any, float] | None:
    """What `settle` left."""
    found: tuple[Any, float] | None = scope.get("state", {}).get(_SETTLED)
    return found


def _is_sign_in(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) == ("POST", "/v1/sessions")


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "PUT" and _CONTENT.fullmatch(scope["path"]) is not None


def _too_large(most: int, *, closing: bool) -> problems.Refusal:
    headers = {"Connection": "close"} if closing else None
    return problems.Refusal("too-large", f"the body has at most {most} bytes", headers)


def replaying(body: bytes, receive: Receive) -> Receive:
    """The body once more, then what the connection says."""
    unread = [body]

    async def again() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return again
