"""What was answered under an idempotency key: the same request again gets the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import randbelow
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from labelshare.errors import InputError
from labelshare.store.database import Database
from labelshare.store.many import found, insert_many
from labelshare.store.schema import replies
from labelshare.types import Address

__all__ = ["Replies", "Reply", "Request", "reused"]

_TURN: Final = b"labelshare.reply"
_KNOWN: Final = (
    "SELECT t.* FROM wanted JOIN replies AS t "
    "ON t.account = wanted.k0 AND t.key = wanted.k1 WHERE t.expires > {}"
)
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

    def known(self, requests: Sequence[Request], now: int) -> dict[Request, Reply | InputError]:
        """Those of many requests that were answered before; or why one is refused."""
        keys = [(bytes(each.account), each.key) for each in requests]
        with self.database.reading() as connection:
            rows = {
                (bytes(row.account), row.key): row for row in found(connection, _KNOWN, keys, more=(now,))
            }
        told: dict[Request, Reply | InputError] = {}
        for request, key in zip(requests, keys, strict=True):
            if (row := rows.get(key)) is not None:
                is_same = bytes(row.request_hash) == request.hash
                reply = Reply(row.status, bytes(row.body), again=True)
                told[request] = reply if is_same else reused(request)
        return told

    def add(self, answered: Mapping[Request, Reply], now: int, keep: int) -> None:
        """Keep the answers to many requests, beside what they wrote, in a block of `Database.writing`.

        For requests that may be run twice, as messages may that get the same answer each time: what `once`
        does for one whose key came twice at the same moment, this does not.
        """
        rows = [_row(request, reply, now + keep) for request, reply in answered.items()]
        with self.database.writing() as connection:
            if not randbelow(SWEEP_ONE_IN):
                connection.execute(delete(replies).where(replies.c.expires <= now))
            insert_many(connection, replies, rows, or_keep=True)

    def _known(self, connection: Connection, request: Request, now: int) -> Reply | None:
        own = (replies.c.account == bytes(request.account), replies.c.key == request.key)
        row = connection.execute(select(replies).where(*own)).one_or_none()
        if row is None:
            return None
        if row.expires <= now:
            connection.execute(delete(replies).where(*own))
            return None
        if bytes(row.request_hash) != request.hash:
            raise reused(request)
        return Reply(row.status, bytes(row.body), again=True)


def reused(request: Request) -> InputError:
    """What is told to whoever sends another request under a key."""
    return InputError(f"the idempotency key {request.key!r} was used for another request")


def _row(request: Request, reply: Reply, expires: int) -> dict[str, Any]:
    return {
        "account": bytes(request.account),
        "key": request.key,
        "request_hash": request.hash,
        "status": reply.status,
        "body": reply.body,
        "expires": expires,
    }
