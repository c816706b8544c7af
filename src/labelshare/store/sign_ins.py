"""Texts given out to be signed, each good once, and the sessions that come of them.

A session's token is not here, only its hash: a copy of the database signs nobody in. Times are Unix seconds
of the machine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, insert, select

from labelshare.store.database import Database
from labelshare.store.many import found
from labelshare.store.schema import sessions, sign_ins
from labelshare.types import Address

__all__ = ["Asked", "Session", "SignIns", "token_hash"]

_SESSIONS: Final = (
    "SELECT t.token_hash, t.account, t.expires FROM wanted JOIN sessions AS t "
    "ON t.token_hash = wanted.k0 WHERE t.expires > {}"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that an account was asked to sign."""

    account: Address
    text: str
    expires: int


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and until when."""

    account: Address
    expires: int


def token_hash(token: str) -> bytes:
    """What is stored of a session's token."""
    return sha256(token.encode()).digest()


@dataclass(frozen=True)
class SignIns:
    """Who is asked to sign in, and who has."""

    database: Database

    def ask(self, nonce: str, asked: Asked, now: int) -> None:
        """Keep a text under its nonce; what has expired goes."""
        row = {
            "nonce": nonce,
            "account": bytes(asked.account),
            "text": asked.text,
            "expires": asked.expires,
        }
        with self.database.writing() as connection:
            connection.execute(delete(sign_ins).where(sign_ins.c.expires <= now))
            connection.execute(insert(sign_ins), row)

    def take(self, nonce: str) -> Asked | None:
        """The text of a nonce, which is used up by it, however many ask at once."""
        own = sign_ins.c.nonce == nonce
        with self.database.writing() as connection:
            row = connection.execute(select(sign_ins).where(own)).one_or_none()
            if row is None or not connection.execute(delete(sign_ins).where(own)).rowcount:
                return None
        return Asked(Address(bytes(row.account)), row.text, row.expires)

    def begin(self, token: str, session: Session, now: int) -> None:
        """Begin a session; those that have expired go."""
        row = {
            "token_hash": token_hash(token),
            "account": bytes(session.account),
            "expires": session.expires,
        }
        with self.database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires <= now))
            connection.execute(insert(sessions), row)

    def session(self, token: str, now: int) -> Session | None:
        """The session of a token, unless it has expired."""
        own = select(sessions).where(sessions.c.token_hash == token_hash(token), sessions.c.expires > now)
        with self.database.reading() as connection:
            row = connection.execute(own).one_or_none()
        return None if row is None else Session(Address(bytes(row.account)), row.expires)

    def sessions(self, tokens: Collection[bytes], now: int) -> dict[bytes, Session]:
        """The sessions of these tokens, by their hashes, but for those that have ended."""
        with self.database.reading() as connection:
            rows = list(found(connection, _SESSIONS, [(each,) for each in tokens], more=(now,)))
        return {bytes(token): Session(Address(bytes(account)), expires) for token, account, expires in rows}

    def end(self, token: str) -> None:
        """End a session."""
        with self.database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash(token)))
