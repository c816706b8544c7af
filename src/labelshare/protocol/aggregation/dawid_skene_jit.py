"""The loops of Dawid–Skene compiled by numba: the fast half of `labelshare.protocol.aggregation.dawid_skene`.

Every sum is of integers and none is reordered by threads, so the bits are those of the numpy version. Tables
and constants are those of `fixed_point`, handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
from numba import njit

from labelshare.protocol.aggregation.base import Integers

__all__ = ["begin", "logarithms", "sweep"]

Function = TypeVar("Function", bound=Callable[..., Any])

LOG_BITS: Final = 20
MANTISSA_BITS: Final = 30
REST_BITS: Final = 18
BETWEEN_BITS: Final = 8
STEP_MASK: Final = 4095
FIRST_ZERO: Final = 31 << LOG_BITS
COUNT_BITS: Final = 16

_njit: Any = njit


def _compiled(signature: str | None = None, *, cache: bool = False) -> Callable[[Function], Function]:
    """The decorator of the functions below: one with a signature is compiled once."""
    decorator: Callable[[Function], Function] = _njit(signature, nogil=True, cache=cache)
    return decorator


@_compiled()
def _exponent(value: int) -> int:
    """The place of the highest bit."""
    exponent = 0
    for bits in (32, 16, 8, 4, 2, 1):
        if value >> bits:
            value >>= bits
            exponent += bits
    return exponent


@_compiled("void(int64[::1], Array(int64, 1, 'C', readonly=True), int64[::1])", cache=True)
def logarithms(values: Integers, table: Integers, out: Integers) -> None:
    """`fixed_point.log2` of each value."""
    for place in range(len(values)):
        value = values[place]
        exponent = _exponent(value)
        if exponent > MANTISSA_BITS:
            mantissa = value >> (exponent - MANTISSA_BITS)
        else:
            mantissa = value << (MANTISSA_BITS - exponent)
        mantissa -= 1 << MANTISSA_BITS
        step, rest = mantissa >> REST_BITS, mantissa & ((1 << REST_BITS) - 1)
        between = (table[step + 1] - table[step]) * rest >> REST_BITS
        out[place] = (exponent << LOG_BITS) + table[step] + between


@_compiled()
def _power_of_half(exponent: int, table: Integers) -> int:
    """`fixed_point.power_of_half` of one exponent."""
    if exponent >= FIRST_ZERO:
        return 0
    step, rest = (exponent >> BETWEEN_BITS) & STEP_MASK, exponent & ((1 << BETWEEN_BITS) - 1)
    between = (table[step] - table[step + 1]) * rest >> BETWEEN_BITS
    return int((table[step] - between) >> (exponent >> LOG_BITS))


@_compiled()
def _add_up(
    start: int, end: int, pairs: Integers, priors: Integers, columns: Integers, out: Integers
) -> None:
    """The score of each class of an item: its prior and the look-ups of the labels from start to end."""
    for choice in range(len(out)):
        out[choice] = priors[choice]
    for label in range(start, end):
        pair = pairs[label]
        for choice in range(len(out)):
            out[choice] += columns[pair, choice]


@_compiled()
def _soften(scores: Integers, table: Integers) -> None:
    """Scores to posteriors in 1/2^16, each rounded down."""
    highest = scores[0]
    for choice in range(len(scores)):
        highest = max(highest, scores[choice])
    total = 0
    for choice in range(len(scores)):
        scores[choice] = _power_of_half(highest - scores[choice], table)
        total += scores[choice]
    for choice in range(len(scores)):
        if scores[choice]:
            scores[choice] = np.int64(np.uint64(scores[choice] << COUNT_BITS) // np.uint64(total))


@_compiled()
def _share(start: int, end: int, pairs: Integers, answers: Integers, out: Integers) -> None:
    """The share of each class in the labels from start to end, in 1/2^16, rounded down."""
    for choice in range(len(out)):
        out[choice] = 0
    for label in range(start, end):
        out[answers[pairs[label]]] += 1
    for choice in range(len(out)):
        out[choice] = (out[choice] << COUNT_BITS) // (end - start)


@_compiled()
def _count(
    start: int, end: int, pairs: Integers, posterior: Integers, counts: Integers, mass: Integers
) -> None:
    """Add an item's posterior to the mass of classes, and to the counts of the pairs of its labels."""
    for choice in range(len(posterior)):
        mass[choice] += posterior[choice]
    for label in range(start, end):
        pair = pairs[label]
        for choice in range(len(posterior)):
            counts[pair, choice] += posterior[choice]


@_compiled()
def _count_gold(start: int, end: int, pairs: Integers, known: int, counts: Integers, weight: int) -> None:
    """Count the labels of a gold item `weight` times."""
    for label in range(start, end):
        counts[pairs[label], known] += weight << COUNT_BITS


@_compiled(
    "void(int64[::1], int64[::1], int64[::1], int64, int64[::1], int64[:, ::1], int64[::1])",
    cache=True,
)
def begin(
    starts: Integers,
    pairs: Integers,
    gold: Integers,
    gold_weight: int,
    answers: Integers,
    counts: Integers,
    mass: Integers,
) -> None:
    """Count the shares of the vote as posteriors.

    Args:
        starts: Of a `Layout`.
        pairs: Likewise.
        gold: Likewise.
        gold_weight: How often a label on a gold item counts.
        answers: `pair_answers` of the layout.
        counts: Filled, like `mass`, as `Counted` has them.
        mass: See there.
    """
    counts[:] = 0
    mass[:] = 0
    posterior = np.empty(len(mass), np.int64)
    for item in range(len(gold)):
        start, end, known = starts[item], starts[item + 1], gold[item]
        if known >= 0:
            mass[known] += 1 << COUNT_BITS
            _count_gold(start, end, pairs, known, counts, gold_weight)
        else:
            _share(start, end, pairs, answers, posterior)
            _count(start, end, pairs, posterior, counts, mass)


@_compiled(
    "void(int64[::1], int64[::1], int64[::1], int64, int64[::1], int64[:, ::1],"
    " Array(int64, 1, 'C', readonly=True), int64[:, ::1], int64[::1])",
    cache=True,
)
def sweep(
    starts: Integers,
    pairs: Integers,
    gold: Integers,
    gold_weight: int,
    priors: Integers,
    columns: Integers,
    powers: Integers,
    counts: Integers,
    mass: Integers,
) -> None:
    """Find posteriors by the tables and count them.

    Args:
        starts: Of a `Layout`.
        pairs: Likewise.
        gold: Likewise.
        gold_weight: How often a label on a gold item counts.
        priors: Of `Tables`.
        columns: Likewise.
        powers: `fixed_point.power_table`.
        counts: Filled, like `mass`, as `Counted` has them.
        mass: See there.
    """
    counts[:] = 0
    mass[:] = 0
    posterior = np.empty(len(mass), np.int64)
    for item in range(len(gold)):
        start, end, known = starts[item], starts[item + 1], gold[item]
        if known >= 0:
            mass[known] += 1 << COUNT_BITS
            _count_gold(start, end, pairs, known, counts, gold_weight)
        else:
            _add_up(start, end, pairs, priors, columns, posterior)
            _soften(posterior, powers)
            _count(start, end, pairs, posterior, counts, mass)
