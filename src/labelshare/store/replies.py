"""What was answered under an idempotency key: the same request again gets the same answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from secrets import randbelow
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from labelshare.errors import InputError
from labelshare.store.database import Database
from labelshare.store.schema import replies
from labelshare.types import Address

__all__ = ["Replies", "Reply", "Request"]

_TURN: Final = b"labelshare.reply"
# What has expired is swept by one request of so many: it takes a look at every row.
SWEEP_ONE_IN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request that may come again: whose it is, its key, and a hash of all that it says."""

    account: Address
    key: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its HTTP status and body, and whether it was given before."""

    status: int
    body: bytes
    again: bool = False


@dataclass(frozen=True)
class Replies:
    """The answers of a store. Times are Unix seconds of the machine."""

    database: Database

    def once(self, request: Request, run: Callable[[], Reply], now: int, keep: int) -> Reply:
        """The answer to a request that is run once, however often and by however many it is sent at once.

        What `run` writes to the same database and the answer are kept together or not at all. An error is no
        answer: it changes nothing, and the same request may be tried again.

        Args:
            request: Which.
            run: Does what it asks for.
            now: The time.
            keep: Seconds for which the answer is kept.

        Raises:
            InputError: The key was used for another request.
        """
        with self.database.writing(_TURN + request.account + request.key.encode()) as connection:
            known = self._known(connection, request, now)
            if known is not None:
                return known
            reply = run()
            if not randbelow(SWEEP_ONE_IN):
                connection.execute(delete(replies).where(replies.c.expires <= now))
            connection.execute(insert(replies), _row(request, reply, now + keep))
        return reply

    def _known(self, connection: Connection, request: Request, now: int) -> Reply | None:
        own = (replies.c.account == bytes(request.account), replies.c.key == request.key)
        row = connection.execute(select(replies).where(*own)).one_or_none()
        if row is None:
            return None
        if row.expires <= now:
            connection.execute(delete(replies).where(*own))
            return None
        if bytes(row.request_hash) != request.hash:
            raise InputError(f"the idempotency key {request.key!r} was used for another request")
        return Reply(row.status, bytes(row.body), again=True)


def _row(request: Request, reply: Reply, expires: int) -> dict[str, Any]:
    return {
        "account": bytes(request.account),
        "key": request.key,
        "request_hash": request.hash,
        "status": reply.status,
        "body": reply.body,
        "expires": expires,
    }
