"""`Idempotency-Key`: a request that is sent again, as after a lost answer, is run once and answered alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Header
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from labelshare.api.site import Here, RawBody, SignedIn, Site
from labelshare.client.wire.base import Answer
from labelshare.store.replies import Replies, Reply, Request

__all__ = ["Once", "request_hash"]

KEY: Final = r"^[!-~]{1,200}$"


@dataclass(frozen=True)
class _Once:
    """Runs what a request asks for, once for each key."""

    site: Site
    request: Request | None

    def __call__(self, status: int, run: Callable[[], Answer]) -> Response:
        """The answer to the request, new or as it was given before."""

        def reply() -> Reply:
            return Reply(status, run().to_bytes())

        if self.request is None:
            return _response(reply())
        auth, settings = self.site.auth, self.site.settings
        replies = Replies(self.site.desk.database)
        return _response(replies.once(self.request, reply, auth.now(), settings.reply_seconds))


def request_hash(method: str, path: str, body: bytes) -> bytes:
    """A hash of all that a request says."""
    return sha256(f"{method} {path}\0".encode() + body).digest()


def _response(reply: Reply) -> Response:
    headers = {"Idempotency-Replayed": "true"} if reply.again else None
    return Response(reply.body, reply.status, headers=headers, media_type="application/json")


def _once(
    here: Here,
    session: SignedIn,
    request: HttpRequest,
    body: RawBody,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=KEY, description="Names the request: sent again, it is run once.", examples=["a1b2c3"]
        ),
    ] = None,
) -> _Once:
    if idempotency_key is None:
        return _Once(here, None)
    said = request_hash(request.method, request.url.path, body)
    return _Once(here, Request(session.account, idempotency_key, said))


Once: TypeAlias = Annotated[_Once, Depends(_once)]
