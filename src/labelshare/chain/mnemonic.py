"""The keys of a mnemonic's accounts, as every wallet derives them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from coincurve import PrivateKey

__all__ = ["keys_of"]

ROUNDS: Final = 2048  # BIP-39
HARDENED: Final = 1 << 31
# m/44'/60'/0'/0 (BIP-44): coins of Ethereum, the first account, addresses that receive.
PATH: Final = (44 + HARDENED, 60 + HARDENED, HARDENED, 0)


def keys_of(mnemonic: str, count: int) -> list[bytes]:
    """The private keys at m/44'/60'/0'/0/0 and on; no passphrase (BIP-39, BIP-32, BIP-44).

    The words are not checked against any list.
    """
    seed = hashlib.pbkdf2_hmac("sha512", mnemonic.encode(), b"mnemonic", ROUNDS)
    node = _halves(b"Bitcoin seed", seed)
    for index in PATH:
        node = _child(*node, index)
    return [_child(*node, number)[0] for number in range(count)]


def _child(key: bytes, chain_code: bytes, index: int) -> tuple[bytes, bytes]:
    """A node's private child and its chain code."""
    parent = PrivateKey(key)
    told = b"\0" + key if index >= HARDENED else parent.public_key.format()
    tweak, code = _halves(chain_code, told + index.to_bytes(4, "big"))
    return parent.add(tweak).secret, code


def _halves(key: bytes, data: bytes) -> tuple[bytes, bytes]:
    digest = hmac.digest(key, data, "sha512")
    return digest[:32], digest[32:]
