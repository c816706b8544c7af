"""The nonces of sign-in texts, which carry what makes the text: nothing is kept of one that nobody signs.

account 20 bytes ‖ issued at 5 ‖ random 7 ‖ HMAC-SHA256 16, in hex. The key is the service's own, the same in
all its replicas and good for one store: after a restore, which does not know what was used up, no text of
before is good.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from labelshare.chain.keys import Signer
from labelshare.types import Address

__all__ = ["Issued", "Nonces"]

_LABEL: Final = b"labelshare.sign-in.v1"
_ACCOUNT, _TIME, _RANDOM, _MAC = 20, 5, 7, 16
_BODY: Final = _ACCOUNT + _TIME + _RANDOM


@dataclass(frozen=True, slots=True)
class Issued:
    """A text that was issued: to whom, and when, in Unix seconds of the machine."""

    nonce: bytes
    account: Address
    at: int


class Nonces:
    """Makes and recognises nonces.

    Args:
        signer: The service's account.
        salt: The store's own.
    """

    def __init__(self, signer: Signer, salt: bytes) -> None:
        self._key = hmac.digest(signer.derive_secret(_LABEL), salt, sha256)

    def issue(self, account: Address, now: int) -> Issued:
        """One that was never issued before."""
        body = account + now.to_bytes(_TIME, "big") + os.urandom(_RANDOM)
        return Issued(body + self._mac(body), account, now)

    def read(self, text: str) -> Issued | None:
        """What a nonce says, if it was issued here."""
        try:
            nonce = bytes.fromhex(text)
        except ValueError:
            return None
        body, mac = nonce[:_BODY], nonce[_BODY:]
        if not hmac.compare_digest(mac, self._mac(body)):
            return None
        account, at = body[:_ACCOUNT], body[_ACCOUNT : _ACCOUNT + _TIME]
        return Issued(nonce, Address(account), int.from_bytes(at, "big"))

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, sha256)[:_MAC]
