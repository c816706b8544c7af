"""Who asks: Sign-in with Ethereum (EIP-4361), and the sessions that come of it.

The service issues the whole text, and makes it again from its nonce to recover the signer over exactly that;
nothing is parsed. A text is good once. A session is 32 random bytes, of which only the hash is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from labelshare.api.nonces import Issued, Nonces
from labelshare.api.problems import Refusal
from labelshare.api.settings import ApiSettings
from labelshare.errors import SignatureError
from labelshare.oracle.desk import Desk
from labelshare.protocol.sign_in import SignIn, personal_digest
from labelshare.store.sign_ins import Session, SignIns
from labelshare.types import Address

__all__ = ["Auth"]


@dataclass(frozen=True)
class Auth:
    """Signs accounts in. `clock` tells Unix seconds by this machine."""

    desk: Desk
    settings: ApiSettings
    clock: Callable[[], float]

    @property
    def _kept(self) -> SignIns:
        return SignIns(self.desk.database)

    @cached_property
    def _nonces(self) -> Nonces:
        return Nonces(self.desk.signer, self._kept.salt())

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock())

    def ask(self, account: Address) -> SignIn:
        """A text for an account to sign, good once and for a few minutes."""
        return self._said(self._nonces.issue(account, self.now()))

    def _said(self, issued: Issued) -> SignIn:
        return SignIn(
            domain=self.settings.domain,
            account=issued.account,
            uri=self.settings.uri,
            chain_id=self.desk.chain.chain_id,
            nonce=issued.nonce.hex(),
            issued_at=_rfc3339(issued.at),
            expires_at=_rfc3339(self._end_of(issued)),
        )

    def _end_of(self, issued: Issued) -> int:
        return issued.at + self.settings.sign_in_seconds

    def prove(self, nonce: str, signature: bytes) -> tuple[str, Session]:
        """Begin a session for whoever signed the text of a nonce, which is used up by it.

        Returns:
            The session's token, which is nowhere else, and the session.

        Raises:
            SignatureError: The signature is not the account's.
            Refusal: No such text, or it was used, or its time is over.
        """
        issued, now = self._nonces.read(nonce), self.now()
        if issued is None or self._end_of(issued) <= now:
            raise _not_good()
        account, end = issued.account, self._end_of(issued)
        if not self.desk.has_signed(account, personal_digest(self._said(issued).text), signature):
            raise SignatureError(f"the text was not signed by {account}")
        token = secrets.token_urlsafe(32)
        session = Session(account, now + self.settings.session_seconds)
        if not self._kept.begin(issued.nonce, end, token, session, now):
            raise _not_good()
        return token, session

    def session(self, token: str) -> Session:
        """The session of a token; `Refusal` if there is none, or it is over."""
        found = self._kept.session(token, self.now())
        if found is None:
            raise Refusal("unauthenticated", "no session has this token, or it is over", _CHALLENGE)
        return found

    def end(self, token: str) -> None:
        """End a session."""
        self._kept.end(token)


def _not_good() -> Refusal:
    return Refusal("unauthenticated", "this sign-in text was used, or its time is over: ask for another")


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
