"""Keccak-256 of many messages at once, compiled by numba: the fast half of `labelshare.protocol.keccak`.

LANES messages are hashed side by side. Their states lie word by word in one flat array, word i of message j
at i * LANES + j, so that the loop over the messages becomes vector instructions of the machine.

Source: FIPS 202, sections 3.2 and 4, with the padding of the Keccak submission (a single 1 bit, not 01).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["hash_words", "parents"]

Word: TypeAlias = np.uint64
Words: TypeAlias = NDArray[np.uint64]
Plane: TypeAlias = tuple[Word, Word, Word, Word, Word]
Function = TypeVar("Function", bound=Callable[..., Any])

LANES: Final = 16
RATE: Final = 17  # words of a block
DIGEST: Final = 4  # words of a hash
PAIR: Final = 2 * DIGEST
LAST_BIT: Final = np.uint64(1 << 63)
FIRST_BIT: Final = np.uint64(1)

ROUND_CONSTANTS: Final = np.array(
    [
        *(0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000),
        *(0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009),
        *(0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A),
        *(0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003),
        *(0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A),
        *(0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008),
    ],
    dtype=np.uint64,
)

_njit: Any = njit


def _compiled(signature: str | None = None, *, cache: bool = False) -> Callable[[Function], Function]:
    """The decorator of the functions below: one with a signature is compiled once, not for each constant."""
    decorator: Callable[[Function], Function] = _njit(signature, nogil=True, cache=cache)
    return decorator


@_compiled("uint64(uint64, int64)", cache=True)
def _rol(word: Word, bits: int) -> Word:
    """Rotate left by 1 to 63 bits."""
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@_compiled("UniTuple(uint64, 5)(uint64[::1], int64, int64)", cache=True)
def _plane(s: Words, y: int, lane: int) -> Plane:
    at = 5 * y * LANES + lane
    return s[at], s[at + LANES], s[at + 2 * LANES], s[at + 3 * LANES], s[at + 4 * LANES]


@_compiled("void(uint64[::1], int64, int64, uint64, uint64, uint64, uint64, uint64)", cache=True)
def _chi(s: Words, y: int, lane: int, a: Word, e: Word, i: Word, o: Word, u: Word) -> None:
    at = 5 * y * LANES + lane
    s[at] = a ^ (~e & i)
    s[at + LANES] = e ^ (~i & o)
    s[at + 2 * LANES] = i ^ (~o & u)
    s[at + 3 * LANES] = o ^ (~u & a)
    s[at + 4 * LANES] = u ^ (~a & e)


@_compiled()
def _round(s: Words, constant: Word) -> None:
    """One round on each state j. Word (x, y) of the standard is the x-th of a, e, i, o, u, numbered by y."""
    for j in range(LANES):
        a0, e0, i0, o0, u0 = _plane(s, 0, j)
        a1, e1, i1, o1, u1 = _plane(s, 1, j)
        a2, e2, i2, o2, u2 = _plane(s, 2, j)
        a3, e3, i3, o3, u3 = _plane(s, 3, j)
        a4, e4, i4, o4, u4 = _plane(s, 4, j)
        a = a0 ^ a1 ^ a2 ^ a3 ^ a4
        e = e0 ^ e1 ^ e2 ^ e3 ^ e4
        i = i0 ^ i1 ^ i2 ^ i3 ^ i4
        o = o0 ^ o1 ^ o2 ^ o3 ^ o4
        u = u0 ^ u1 ^ u2 ^ u3 ^ u4
        a, e, i, o, u = u ^ _rol(e, 1), a ^ _rol(i, 1), e ^ _rol(o, 1), i ^ _rol(u, 1), o ^ _rol(a, 1)
        _chi(s, 0, j, a0 ^ a, _rol(e1 ^ e, 44), _rol(i2 ^ i, 43), _rol(o3 ^ o, 21), _rol(u4 ^ u, 14))
        s[j] ^= constant
        _chi(s, 1, j, _rol(o0 ^ o, 28), _rol(u1 ^ u, 20), _rol(a2 ^ a, 3), _rol(e3 ^ e, 45), _rol(i4 ^ i, 61))
        _chi(s, 2, j, _rol(e0 ^ e, 1), _rol(i1 ^ i, 6), _rol(o2 ^ o, 25), _rol(u3 ^ u, 8), _rol(a4 ^ a, 18))
        _chi(
            s, 3, j, _rol(u0 ^ u, 27), _rol(a1 ^ a, 36), _rol(e2 ^ e, 10), _rol(i3 ^ i, 15), _rol(o4 ^ o, 56)
        )
        _chi(s, 4, j, _rol(i0 ^ i, 62), _rol(o1 ^ o, 55), _rol(u2 ^ u, 39), _rol(a3 ^ a, 41), _rol(e4 ^ e, 2))


@_compiled()
def _permute(state: Words) -> None:
    """Keccak-f[1600] on LANES states."""
    for constant in ROUND_CONSTANTS:
        _round(state, constant)


@_compiled()
def _absorb(state: Words, words: Words) -> None:
    for lane in range(words.shape[0]):
        for word in range(words.shape[1]):
            state[word * LANES + lane] ^= words[lane, word]


@_compiled()
def _pad(state: Words, word: int, first_bit: Word) -> None:
    """Pad a block of which `word` words are full."""
    for lane in range(LANES):
        state[word * LANES + lane] ^= first_bit
        state[(RATE - 1) * LANES + lane] ^= LAST_BIT


@_compiled()
def _sponge(state: Words, words: Words, size: int) -> None:
    """Absorb up to LANES messages into a fresh state."""
    state[:] = 0
    full = size // (8 * RATE)
    for block in range(full + 1):
        _absorb(state, words[:, block * RATE : (block + 1) * RATE])
        if block == full:
            _pad(state, size // 8 - full * RATE, FIRST_BIT << np.uint64(8 * (size % 8)))
        _permute(state)


@_compiled()
def _squeeze(state: Words, out: Words) -> None:
    for lane in range(out.shape[0]):
        for word in range(DIGEST):
            out[lane, word] = state[word * LANES + lane]


@_compiled()
def _big_endian(word: Word) -> Word:
    swapped = np.uint64(0)
    for _ in range(8):
        swapped = (swapped << np.uint64(8)) | (word & np.uint64(0xFF))
        word >>= np.uint64(8)
    return swapped


@_compiled()
def _less(nodes: Words, one: int, other: int) -> bool:
    """Whether a hash comes before another by its bytes, the first of which is the lowest of its word."""
    for word in range(DIGEST):
        if nodes[one, word] != nodes[other, word]:
            return bool(_big_endian(nodes[one, word]) < _big_endian(nodes[other, word]))
    return False


@_compiled()
def _absorb_pair(state: Words, lane: int, nodes: Words, one: int) -> None:
    """Absorb nodes `one` and `one + 1`, the smaller first."""
    swapped = int(_less(nodes, one + 1, one))  # no branch: nothing predicts it
    for word in range(DIGEST):
        state[word * LANES + lane] = nodes[one + swapped, word]
        state[(DIGEST + word) * LANES + lane] = nodes[one + 1 - swapped, word]


@_compiled("void(Array(uint64, 2, 'C', readonly=True), int64, int64, uint64[:, ::1])", cache=True)
def hash_words(words: Words, size: int, times: int, out: Words) -> None:
    """Hash messages of one size.

    Args:
        words: Shape (n, ceil(size / 8)): a message a row, little-endian, the rest of its last word zero.
        size: Bytes of a message.
        times: How often, 1 or more: a second time hashes the hash.
        out: Shape (n, 4): filled with the hashes.
    """
    state = np.empty(25 * LANES, np.uint64)
    for first in range(0, len(words), LANES):
        found = out[first : first + LANES]
        _sponge(state, words[first : first + LANES], size)
        _squeeze(state, found)
        for _ in range(times - 1):
            _sponge(state, found, 8 * DIGEST)
            _squeeze(state, found)


@_compiled("void(uint64[:, ::1])", cache=True)
def parents(nodes: Words) -> None:
    """Fill the inner nodes of a tree.

    Args:
        nodes: Shape (2n - 1, 4): node i is the hash of its children 2i + 1 and 2i + 2, the smaller first; the
            last n are leaves.
    """
    state = np.empty(25 * LANES, np.uint64)
    end = len(nodes) // 2
    while end:
        start = max(end - LANES, end // 2)  # from here on, no parent is a child of another
        state[:] = 0
        for lane in range(end - start):
            _absorb_pair(state, lane, nodes, 2 * (start + lane) + 1)
        _pad(state, PAIR, FIRST_BIT)
        _permute(state)
        _squeeze(state, nodes[start:end])
        end = start
