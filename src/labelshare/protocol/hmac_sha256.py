"""HMAC-SHA256 of many numbers under one key.

Two ways lead to the same bytes, as in `labelshare.protocol.keccak`: a loop over the standard library, always
there, and the kernel of `sha256_jit`, over ten times faster, which is taken once those of keccak are loaded.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelshare.protocol.keccak import Rows, kernels_for
from labelshare.protocol.leaves import packed

__all__ = ["salt_rows"]

_BLOCK: Final = 64
_NUMBER: Final = 8
_MAC: Final = 32


def salt_rows(secret: bytes, items: Sequence[int]) -> Rows:
    """HMAC-SHA256(secret, item as 8 bytes big-endian) per item (RFC 2104): shape (n, 32).

    Raises:
        OverflowError: If an item does not fit 8 bytes.
    """
    messages, kernels = packed(items), kernels_for(len(items))
    if kernels is None:
        return _one_by_one(secret, messages)
    macs = np.empty((len(items), _MAC // 4), np.uint32)
    numbers = np.frombuffer(messages, ">u8").astype(np.uint64)
    kernels.macs(_key_words(secret), numbers, macs)
    return macs.astype(">u4").view(np.uint8)


def _key_words(key: bytes) -> NDArray[np.uint32]:
    """The key as a block: padded with zeros, a longer one hashed first."""
    short = key if len(key) <= _BLOCK else sha256(key).digest()
    return np.frombuffer(short.ljust(_BLOCK, b"\0"), ">u4").astype(np.uint32)


def _one_by_one(key: bytes, messages: bytes) -> Rows:
    mac = hmac.digest
    starts = range(0, len(messages), _NUMBER)
    macs = [mac(key, messages[start : start + _NUMBER], "sha256") for start in starts]
    return np.frombuffer(b"".join(macs), np.uint8).reshape(-1, _MAC)
