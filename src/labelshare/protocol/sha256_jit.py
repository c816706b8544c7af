"""HMAC-SHA256 of many numbers at once, compiled by numba: the fast half of `labelshare.protocol.hmac_sha256`.

LANES messages are hashed side by side, as in `keccak_jit`. One flat array of rows of LANES words holds all
that a compression computes, row i of message j at i * LANES + j: the message schedule, then every value that
the variables a and e take, the first of which are d, c, b, a and h, g, f, e. A round is then a sum of rows at
fixed distances, with no variable to move to the next, and becomes vector instructions of the machine.

Source: FIPS 180-4, sections 4.1.2 and 6.2.2; RFC 2104, section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["macs"]

Word: TypeAlias = np.uint32
Words: TypeAlias = NDArray[np.uint32]
Numbers: TypeAlias = NDArray[np.uint64]
Four: TypeAlias = tuple[Word, Word, Word, Word]
Function = TypeVar("Function", bound=Callable[..., Any])

LANES: Final = 16
BLOCK: Final = 16  # words
DIGEST: Final = 8  # words
NUMBER: Final = 2  # words
ROUNDS: Final = 64
VALUES: Final = ROUNDS + 4  # of either variable: one a round, after those it starts from
A: Final = ROUNDS  # the first row of its values; the schedule comes before
E: Final = A + VALUES
ROWS: Final = E + VALUES
INNER: Final = np.uint32(0x36363636)
OUTER: Final = np.uint32(0x5C5C5C5C)
ZERO: Final = np.uint32(0)
FIRST_BIT: Final = np.uint32(1 << 31)

INITIAL: Final = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19],
    dtype=np.uint32,
)

ROUND_CONSTANTS: Final = np.array(
    [
        *(0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5),
        *(0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174),
        *(0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA),
        *(0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967),
        *(0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85),
        *(0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070),
        *(0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3),
        *(0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2),
    ],
    dtype=np.uint32,
)

_njit: Any = njit


def _compiled(signature: str | None = None, *, cache: bool = False) -> Callable[[Function], Function]:
    """The decorator of the functions below: one with a signature is compiled once, not for each constant."""
    decorator: Callable[[Function], Function] = _njit(signature, nogil=True, cache=cache)
    return decorator


@_compiled("uint32(uint32, int64)", cache=True)
def _ror(word: Word, bits: int) -> Word:
    """Rotate right by 1 to 31 bits."""
    return (word >> np.uint32(bits)) | (word << np.uint32(32 - bits))


@_compiled("void(uint32[::1], int64, uint32)", cache=True)
def _fill(rows: Words, row: int, word: Word) -> None:
    for at in range(row * LANES, (row + 1) * LANES):
        rows[at] = word


@_compiled("void(uint32[::1], uint32[::1])", cache=True)
def _copy(rows: Words, state: Words) -> None:
    for at in range(DIGEST * LANES):
        rows[at] = state[at]


@_compiled()
def _expand(x: Words) -> None:
    """Fill the schedule from its first BLOCK rows."""
    for at in range(BLOCK * LANES, ROUNDS * LANES):
        second, fifteenth = x[at - 2 * LANES], x[at - 15 * LANES]
        small_1 = _ror(second, 17) ^ _ror(second, 19) ^ (second >> np.uint32(10))
        small_0 = _ror(fifteenth, 7) ^ _ror(fifteenth, 18) ^ (fifteenth >> np.uint32(3))
        x[at] = small_1 + x[at - 7 * LANES] + small_0 + x[at - 16 * LANES]


@_compiled()
def _four(x: Words, at: int) -> Four:
    return x[at], x[at + LANES], x[at + 2 * LANES], x[at + 3 * LANES]


@_compiled()
def _round(x: Words, row: int, constant: Word) -> None:
    for at in range(row * LANES, (row + 1) * LANES):
        d, c, b, a = _four(x, at + A * LANES)
        h, g, f, e = _four(x, at + E * LANES)
        big_1 = _ror(e, 6) ^ _ror(e, 11) ^ _ror(e, 25)
        big_0 = _ror(a, 2) ^ _ror(a, 13) ^ _ror(a, 22)
        t1 = h + big_1 + ((e & f) ^ (~e & g)) + constant + x[at]
        x[at + (A + 4) * LANES] = t1 + big_0 + ((a & b) ^ (a & c) ^ (b & c))
        x[at + (E + 4) * LANES] = d + t1


@_compiled("void(uint32[::1], uint32[::1])", cache=True)
def _compress(x: Words, state: Words) -> None:
    """Take the block in the first rows of `x` into LANES states, word i of message j at i * LANES + j."""
    half = DIGEST // 2
    for word in range(half):
        for j in range(LANES):
            x[(A + 3 - word) * LANES + j] = state[word * LANES + j]
            x[(E + 3 - word) * LANES + j] = state[(half + word) * LANES + j]
    _expand(x)
    for row in range(ROUNDS):
        _round(x, row, ROUND_CONSTANTS[row])
    for word in range(half):
        for j in range(LANES):
            state[word * LANES + j] += x[(A + VALUES - 1 - word) * LANES + j]
            state[(half + word) * LANES + j] += x[(E + VALUES - 1 - word) * LANES + j]


@_compiled()
def _absorb_key(x: Words, state: Words, key: Words, pad: Word) -> None:
    """The states after the first block, the key with every byte changed by `pad`."""
    for word in range(DIGEST):
        _fill(state, word, INITIAL[word])
    for word in range(BLOCK):
        _fill(x, word, key[word] ^ pad)
    _compress(x, state)


@_compiled()
def _absorb_last(x: Words, state: Words, words: int) -> None:
    """Pad the second block, of which `words` words are full, and take it in."""
    _fill(x, words, FIRST_BIT)
    for row in range(words + 1, BLOCK - 1):
        _fill(x, row, ZERO)
    _fill(x, BLOCK - 1, np.uint32(32 * (BLOCK + words)))  # the message's length in bits
    _compress(x, state)


@_compiled("void(uint32[::1], uint64[::1], uint32[:, ::1])", cache=True)
def macs(key: Words, numbers: Numbers, out: Words) -> None:
    """HMAC-SHA256 of each number as 8 bytes big-endian.

    Args:
        key: Shape (16,): the key padded to a block, as big-endian words.
        numbers: Shape (n,).
        out: Shape (n, 8): filled with the big-endian words of the codes.
    """
    x = np.zeros(ROWS * LANES, np.uint32)
    inner = np.empty(DIGEST * LANES, np.uint32)
    outer, state = np.empty_like(inner), np.empty_like(inner)
    _absorb_key(x, inner, key, INNER)
    _absorb_key(x, outer, key, OUTER)
    for first in range(0, len(numbers), LANES):
        count = min(LANES, len(numbers) - first)
        for lane in range(count):
            x[lane] = np.uint32(numbers[first + lane] >> np.uint64(32))
            x[LANES + lane] = np.uint32(numbers[first + lane])
        _copy(state, inner)
        _absorb_last(x, state, NUMBER)
        _copy(x, state)
        _copy(state, outer)
        _absorb_last(x, state, DIGEST)
        for lane in range(count):
            for word in range(DIGEST):
                out[first + lane, word] = state[word * LANES + lane]
