"""Logarithms and powers of two in fixed point: the same bits on every machine.

Both go by a table of 4,096 steps with linear interpolation between them. The entries are exact floors, found
with big integers that enclose the true value from both sides.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from labelshare.protocol.aggregation.base import Integers

__all__ = [
    "LOG_ONE",
    "MAX_DENOMINATOR",
    "MAX_LOG_ARGUMENT",
    "POWER_ONE",
    "log2",
    "log_table",
    "power_of_half",
    "power_table",
    "ratio",
]

LOG_BITS: Final = 20
LOG_ONE: Final = 1 << LOG_BITS
"""What stands for 1 in a logarithm."""
POWER_BITS: Final = 30
POWER_ONE: Final = 1 << POWER_BITS
"""What stands for 1 in a power of a half."""
STEP_BITS: Final = 12
STEPS: Final = 1 << STEP_BITS
MANTISSA_BITS: Final = 30
MAX_LOG_ARGUMENT: Final = 1 << 62
MAX_DENOMINATOR: Final = 1 << 50
FIRST_ZERO: Final = (POWER_BITS + 1) << LOG_BITS
"""From this exponent on a power of a half is 0."""

_GUARD_BITS: Final = 96
_REST_BITS: Final = MANTISSA_BITS - STEP_BITS
_BETWEEN_BITS: Final = LOG_BITS - STEP_BITS
_HALVES: Final = (32, 16, 8, 4, 2, 1)


@cache
def log_table() -> Integers:
    """floor(2^20 · log2(1 + i / 4096)) for i of 0 to 4,096."""
    inner = [_log_entry(step) for step in range(1, STEPS)]
    return _frozen([0, *inner, LOG_ONE])


@cache
def power_table() -> Integers:
    """floor(2^30 · 2^(−i / 4096)) for i of 0 to 4,096."""
    low, high = _root_of_half()
    entries, below, above = [], 1 << _GUARD_BITS, 1 << _GUARD_BITS
    for _ in range(STEPS):
        entries.append(_same(below >> (_GUARD_BITS - POWER_BITS), above >> (_GUARD_BITS - POWER_BITS)))
        below = below * low >> _GUARD_BITS
        above = -(-above * high >> _GUARD_BITS)
    return _frozen([*entries, POWER_ONE // 2])


def log2(values: Integers) -> Integers:
    """Logarithms in 1/2^20 of integers from 1 to 2^62, any shape: never above the true value.

    With 2^e the largest power within x and m = floor(x · 2^30 / 2^e) − 2^30, the first 12 bits i of m choose
    T[i], and the other 18 say how far to go towards T[i + 1].
    """
    table = log_table()
    exponent = _exponents(values)
    mantissa = _mantissas(values, exponent)
    step, rest = mantissa >> _REST_BITS, mantissa & ((1 << _REST_BITS) - 1)
    low = table[step]
    return np.asarray((exponent << LOG_BITS) + low + ((table[step + 1] - low) * rest >> _REST_BITS))


def power_of_half(exponents: Integers) -> Integers:
    """2^−x in 1/2^30 for exponents x ≥ 0 in 1/2^20, any shape; 0 where x is 31 or more.

    The whole part of x shifts; of its fraction the first 12 bits i choose X[i] and the other 8 say how far to
    go towards X[i + 1].
    """
    table = power_table()
    exponents = np.minimum(exponents, FIRST_ZERO)
    step = (exponents >> _BETWEEN_BITS) & (STEPS - 1)
    rest = exponents & ((1 << _BETWEEN_BITS) - 1)
    high = table[step]
    return np.asarray((high - ((high - table[step + 1]) * rest >> _BETWEEN_BITS)) >> (exponents >> LOG_BITS))


def ratio(numerators: Integers, denominators: Integers, bits: int) -> Integers:
    """floor(numerator · 2^bits / denominator) for 0 ≤ numerator ≤ denominator < 2^50 and an even bits ≤ 24.

    Half of the bits at a time, so that nothing exceeds 2^62.
    """
    half = bits // 2
    whole, rest = np.divmod(numerators << half, denominators)
    return np.asarray((whole << half) + (rest << half) // denominators)


def _log_entry(step: int) -> int:
    """Twenty binary digits of log2(1 + step / 4096): square, and where 2 is reached halve and write a 1."""
    below = above = (STEPS + step) << (_GUARD_BITS - STEP_BITS)
    digits, two = 0, 2 << _GUARD_BITS
    for _ in range(LOG_BITS):
        below, above = below * below >> _GUARD_BITS, -(-above * above >> _GUARD_BITS)
        digit = _same(int(below >= two), int(above >= two))
        below, above = below >> digit, -(-above >> digit)
        digits = 2 * digits + digit
    return digits


def _root_of_half() -> tuple[int, int]:
    """2^(−1/4096), from below and from above."""
    from math import isqrt

    below = above = 1 << (_GUARD_BITS - 1)
    for _ in range(STEP_BITS):
        below, above = isqrt(below << _GUARD_BITS), isqrt(above << _GUARD_BITS) + 1
    return below, above


def _same(below: int, above: int) -> int:
    if below != above:
        raise ArithmeticError("too few guard bits")
    return below


def _frozen(entries: list[int]) -> Integers:
    table = np.array(entries, dtype=np.int64)
    table.flags.writeable = False
    return table


def _exponents(values: Integers) -> Integers:
    """The place of the highest bit, by halving the range in which it lies."""
    left, exponent = values.copy(), np.zeros_like(values)
    for bits in _HALVES:
        large = left >= (1 << bits)
        exponent[large] += bits
        left[large] >>= bits
    return exponent


def _mantissas(values: Integers, exponent: Integers) -> Integers:
    """floor(value · 2^30 / 2^exponent) − 2^30."""
    up = np.maximum(MANTISSA_BITS - exponent, 0)
    down = np.maximum(exponent - MANTISSA_BITS, 0)
    return np.asarray(((values << up) >> down) - (1 << MANTISSA_BITS))
