"""Keccak-256 of many messages at once.

Two ways lead to the same bytes: a loop over safe-pysha3, always there, and the kernels of `keccak_jit`, which
are about ten times faster but cost a second to load. They come with the extra `fast` and are loaded only when
there is enough to hash, together with the one of `sha256_jit`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sha3 import keccak_256

__all__ = ["Kernels", "Rows", "expect", "hash_parents", "hash_rows", "hash_twice", "kernels_for"]

Rows: TypeAlias = NDArray[np.uint8]
Words: TypeAlias = NDArray[np.uint64]

_WORTH_LOADING: Final = 700_000  # hashes: the loop takes about 1.3 µs more for each, loading a second
_WORTH_CALLING: Final = 8
_HASH: Final = 32
_WORD: Final = 8
_LITTLE: Final = np.dtype("<u8")


class Kernels(NamedTuple):
    """The functions of `keccak_jit` and `sha256_jit`."""

    hash_words: Callable[[Words, int, int, Words], None]
    parents: Callable[[Words], None]
    macs: Callable[[NDArray[np.uint32], Words, NDArray[np.uint32]], None]


class _Loader:
    """Holds the kernels once they are loaded; without numba they never are."""

    def __init__(self) -> None:
        self._kernels: Kernels | None = None
        self._tried = False

    def kernels(self, n_hashes: int) -> Kernels | None:
        """The kernels if they are the quicker way to that many hashes."""
        if n_hashes >= _WORTH_LOADING and not self._tried:
            self._tried = True
            self._kernels = _load()
        return self._kernels if n_hashes >= _WORTH_CALLING else None


_loader = _Loader()


def expect(n_hashes: int) -> None:
    """Say that about so many hashes follow, in parts of any size: the way there is chosen for all of them."""
    _loader.kernels(n_hashes)


def kernels_for(n_hashes: int) -> Kernels | None:
    """The kernels if they are the quicker way to that many hashes, as `expect` has chosen."""
    return _loader.kernels(n_hashes)


def hash_rows(rows: Rows) -> Rows:
    """keccak256 of each row: shape (n, width) to (n, 32)."""
    return _hash(rows, 1)


def hash_twice(rows: Rows) -> Rows:
    """keccak256(keccak256(row)) of each row: shape (n, width) to (n, 32)."""
    return _hash(rows, 2)


def hash_parents(nodes: bytearray) -> None:
    """Fill the inner nodes of a tree.

    Args:
        nodes: 2n - 1 hashes in a row, the last n of which are leaves. Node i becomes the keccak256 of its
            children 2i + 1 and 2i + 2, the smaller first.
    """
    count = len(nodes) // (2 * _HASH)
    kernels = kernels_for(count)
    if kernels is None:
        _hash_parents_one_by_one(nodes, count)
    else:
        kernels.parents(np.frombuffer(nodes, _LITTLE).reshape(-1, _HASH // _WORD))


def _load() -> Kernels | None:
    if sys.byteorder != "little":
        return None  # the kernels take words as they lie in memory
    try:
        from labelshare.protocol import keccak_jit, sha256_jit
    except (ImportError, RuntimeError):
        # Not installed, too old for this numpy, or with no folder to keep what it compiles.
        return None
    return Kernels(keccak_jit.hash_words, keccak_jit.parents, sha256_jit.macs)


def _hash(rows: Rows, times: int) -> Rows:
    kernels = kernels_for(times * len(rows))
    if kernels is None:
        return _hash_one_by_one(rows, times)
    hashes = np.empty((len(rows), _HASH // _WORD), _LITTLE)
    kernels.hash_words(_words(rows), rows.shape[1], times, hashes)
    return hashes.view(np.uint8)


def _words(rows: Rows) -> Words:
    """Rows as little-endian words; copied only if they do not fill whole words, or lie askew in memory."""
    count, width = rows.shape
    if width == 0 or width % _WORD:
        whole = np.zeros((count, -(-width // _WORD) * _WORD), np.uint8)
        whole[:, :width] = rows
        rows = whole
    return np.require(np.ascontiguousarray(rows).view(_LITTLE), requirements="A")


def _hash_one_by_one(rows: Rows, times: int) -> Rows:
    hasher, (count, width) = keccak_256, rows.shape
    data = np.ascontiguousarray(rows).reshape(-1).data
    ends = range(width, width * count + 1, width) if width else [0] * count
    hashes = [hasher(data[end - width : end]).digest() for end in ends]
    for _ in range(times - 1):
        hashes = [hasher(each).digest() for each in hashes]
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(count, _HASH)


def _hash_parents_one_by_one(nodes: bytearray, count: int) -> None:
    hasher, data = keccak_256, bytes(nodes)
    hashes = [b""] * count
    hashes += [data[at : at + _HASH] for at in range(_HASH * count, len(data), _HASH)]
    for place in range(count - 1, -1, -1):
        one, other = hashes[2 * place + 1], hashes[2 * place + 2]
        hashes[place] = hasher(one + other if one < other else other + one).digest()
    nodes[: _HASH * count] = b"".join(hashes[:count])
