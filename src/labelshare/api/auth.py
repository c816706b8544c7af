"""Who asks: Sign-in with Ethereum (EIP-4361), and the sessions that come of it.

The service issues the whole text, keeps it, and recovers the signer over exactly that; nothing is parsed. A
text is good once. A session is 32 random bytes, of which only the hash is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from labelshare.api.problems import Refusal
from labelshare.api.settings import ApiSettings
from labelshare.errors import SignatureError
from labelshare.oracle.desk import Desk
from labelshare.protocol.sign_in import SignIn, personal_digest
from labelshare.store.sign_ins import Asked, Session, SignIns
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

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock())

    def ask(self, account: Address) -> SignIn:
        """A text for an account to sign, good once and for a few minutes."""
        now = self.now()
        expires = now + self.settings.sign_in_seconds
        issued = SignIn(
            domain=self.settings.domain,
            account=account,
            uri=self.settings.uri,
            chain_id=self.desk.chain.chain_id,
            nonce=secrets.token_hex(16),
            issued_at=_rfc3339(now),
            expires_at=_rfc3339(expires),
        )
        self._kept.ask(issued.nonce, Asked(account, issued.text, expires), now)
        return issued

    def prove(self, nonce: str, signature: bytes) -> tuple[str, Session]:
        """Begin a session for whoever signed the text of a nonce; the text is used up, whatever comes of it.

        Returns:
            The session's token, which is nowhere else, and the session.

        Raises:
            SignatureError: The signature is not the account's.
            Refusal: No such text, or its time is over.
        """
        asked = self._kept.take(nonce)
        now = self.now()
        if asked is None or asked.expires <= now:
            raise Refusal(
                "unauthenticated", "this sign-in text was used, or its time is over: ask for another"
            )
        if not self.desk.has_signed(asked.account, personal_digest(asked.text), signature):
            raise SignatureError(f"the text was not signed by {asked.account}")
        token = secrets.token_urlsafe(32)
        session = Session(asked.account, now + self.settings.session_seconds)
        self._kept.begin(token, session, now)
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


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
