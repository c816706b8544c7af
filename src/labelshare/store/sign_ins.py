"""Texts that were signed, each good once, and the sessions that came of them.

A text is kept when it is used, not when it is asked for, which strangers do as often as they like. A
session's token is not here, only its hash: a copy of the database signs nobody in. Times are Unix seconds of
the machine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from secrets import randbelow, token_bytes
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from labelshare.store.database import Database
from labelshare.store.many import found
from labelshare.store.schema import sessions, sign_in_salts, sign_ins
from labelshare.store.upsert import insert_or_keep
from labelshare.types import Address

__all__ = ["Session", "SignIns", "token_hash"]

# What has expired is swept by one sign-in of so many.
SWEEP_ONE_IN: Final = 1_000
# A used text is known for longer than it is good, by the clock of whichever machine.
_CLOCKS_DIFFER_SECONDS: Final = 3_600
_SALT_BYTES: Final = 32

_SESSIONS: Final = (
    "SELECT t.token_hash, t.account, t.expires FROM wanted JOIN sessions AS t "
    "ON t.token_hash = wanted.k0 WHERE t.expires > {}"
)


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
    """Who has signed in."""

    database: Database

    def salt(self) -> bytes:
        """What is this store's alone, for the key that makes its texts; no backup has it."""
        with self.database.writing() as connection:
            insert_or_keep(connection, sign_in_salts, {"number": 0, "salt": token_bytes(_SALT_BYTES)})
            return bytes(connection.execute(select(sign_in_salts.c.salt)).scalar_one())

    def begin(self, nonce: bytes, expires: int, token: str, session: Session, now: int) -> bool:
        """Begin a session for the text of a nonce; whether it was the first, however many come at once.

        Args:
            nonce: Of the text, which is used up.
            expires: Until when the text would be good.
            token: What the session is known by.
            session: The session.
            now: The time.
        """
        used = {"nonce": nonce, "expires": expires + _CLOCKS_DIFFER_SECONDS}
        row = {
            "token_hash": token_hash(token),
            "account": bytes(session.account),
            "expires": session.expires,
        }
        with self.database.writing() as connection:
            if not insert_or_keep(connection, sign_ins, used):
                return False
            connection.execute(insert(sessions), row)
            if not randbelow(SWEEP_ONE_IN):
                _sweep(connection, now)
        return True

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


def _sweep(connection: Connection, now: int) -> None:
    for table in (sign_ins, sessions):
        connection.execute(delete(table).where(table.c.expires <= now))
