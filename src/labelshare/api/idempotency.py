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
from labelshare.errors import InputError
from labelshare.oracle.taking import Work, keep, only
from labelshare.store.replies import Replies, Reply, Request

__all__ = ["Once", "request_hash"]

KEY: Final = r"^[!-~]{1,200}$"


@dataclass(frozen=True)
class _Once:
    """Takes the message of a request, once for each key."""

    site: Site
    request: Request | None

    def __call__(self, work: Callable[[], Work], answer: Callable[[bytes], Answer]) -> Response:
        """The answer to the request, new or as it was given before.

        The chain is asked before the store is written: a node that takes its time makes nobody wait but
        whoever asks it.

        Args:
            work: Gives the message to be taken; not asked where the request was answered before.
            answer: Says its receipt.
        """
        return _response(self._known() or self._taken(work(), answer))

    def _known(self) -> Reply | None:
        if self.request is None:
            return None
        known = self._replies.known([self.request], self.site.auth.now()).get(self.request)
        if isinstance(known, InputError):
            raise known
        return known

    def _taken(self, work: Work, answer: Callable[[bytes], Answer]) -> Reply:
        database = self.site.desk.database
        work.check()

        def kept() -> Reply:
            keep(database, [work])
            return Reply(201, answer(only(work.answers())).to_bytes())

        if self.request is None:
            return kept()
        return self._replies.once(self.request, kept, self.site.auth.now(), self.site.settings.reply_seconds)

    @property
    def _replies(self) -> Replies:
        return Replies(self.site.desk.database)


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
