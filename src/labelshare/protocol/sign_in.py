"""Sign-in with Ethereum (EIP-4361): the text that a server issues and an account signs, whole.

Server and client write it by the same template. So a client signs no text that it did not expect, and a
server needs no parser: it keeps the text that it issued, and recovers the signer over exactly that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelshare.types import Address, Hash32, keccak

__all__ = ["STATEMENT", "SignIn", "personal_digest"]

STATEMENT: Final = "Sign in to this labelshare oracle. This moves no money and approves nothing."


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sign-in text says.

    Attributes:
        domain: Host, and port if there is one, of the service that asks.
        account: Who signs in.
        uri: What is signed in to.
        chain_id: EIP-155 chain id.
        nonce: At least 8 letters and digits, never used before.
        issued_at, expires_at: RFC 3339 times, in UTC.
    """

    domain: str
    account: Address
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    expires_at: str

    @property
    def text(self) -> str:
        """The whole text, to the letter."""
        return (
            f"{self.domain} wants you to sign in with your Ethereum account:\n"
            f"{self.account}\n"
            "\n"
            f"{STATEMENT}\n"
            "\n"
            f"URI: {self.uri}\n"
            "Version: 1\n"
            f"Chain ID: {self.chain_id}\n"
            f"Nonce: {self.nonce}\n"
            f"Issued At: {self.issued_at}\n"
            f"Expiration Time: {self.expires_at}"
        )


def personal_digest(message: str | bytes) -> Hash32:
    """What `personal_sign` signs of a text or of bytes (EIP-191, version 0x45)."""
    data = message.encode() if isinstance(message, str) else message
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)
