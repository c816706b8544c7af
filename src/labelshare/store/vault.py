"""Answers at rest: what seals them in the database, so that a copy of it shows no label and no secret.

The key of the account that keeps the book makes the key of its vault. Each text is sealed for its place, so
that nobody who writes to the database can put one row's answers into another.
"""

from __future__ import annotations

import os
from typing import Final, NoReturn, Protocol

from labelshare.errors import InputError, StoreError
from labelshare.types import Hash32

__all__ = ["Vault"]

_LABEL: Final = b"labelshare.vault.v1"
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
# Texts are filled up to a multiple of this: how long labels are would tell what they are.
_BLOCK: Final = 256
_END: Final = b"\x80"


class _Account(Protocol):
    def derive_secret(self, label: bytes) -> Hash32: ...


class Vault:
    """AES-256-GCM under one key: version 1 byte ‖ nonce 12 bytes ‖ text, filled up, and tag 16 bytes.

    The key never leaves the object: no repr, no pickle, no copy shows it.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if len(key) != 32:
            raise InputError("the key of a vault has 32 bytes")
        self._cipher = AESGCM(key)

    @classmethod
    def of(cls, account: _Account) -> Vault:
        """The vault of an account: the same whenever its key is there."""
        return cls(account.derive_secret(_LABEL))

    def seal(self, text: bytes, *place: bytes) -> bytes:
        """Seal a text for its place: the table and column, and what names the row."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, _filled(text), _joined(place))

    def unseal(self, sealed: bytes, *place: bytes) -> bytes:
        """The text that was sealed for this place.

        Raises:
            StoreError: Sealed with another key, for another place, or altered since.
        """
        from cryptography.exceptions import InvalidTag

        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
            raise StoreError("the store holds answers that no vault of this version sealed")
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            text = self._cipher.decrypt(nonce, rest, _joined(place))
        except InvalidTag:
            raise StoreError(
                "the store holds answers that this key does not open: they are of another account, or altered"
            ) from None
        return text[: text.rindex(_END)]

    def __repr__(self) -> str:
        return "Vault()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault is not serialised; its account makes it again")


def _filled(text: bytes) -> bytes:
    """One end mark, then zeros (ISO/IEC 7816-4)."""
    length = len(text) + len(_END)
    return text + _END + bytes(-length % _BLOCK)


def _joined(place: tuple[bytes, ...]) -> bytes:
    """Each part after its length, so that no two places come to the same bytes."""
    return _VERSION + b"".join(len(part).to_bytes(4, "big") + part for part in place)
