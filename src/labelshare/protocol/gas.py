"""Gas of a whole job for any number of annotators, from what was measured for a few.

Up to the largest job measured every call lies on straight lines between its measurements, and below the
smallest one on the first of these lines. So it comes out as measured at each measured size.

Beyond the largest job only claims cost more an annotator, and that by a known amount. A claim marks one bit;
256 bits, two parts of 128 leaves, share a word of storage; a call that touches a word for the first time pays
5,000 gas for it (2,100 to load it, 2,900 to write it: EIP-2929, EIP-2200). The hundred leaves of a call stand
in the order of their hashes, so at random over W words, of which they touch W − (W−1)^100 / W^99 on average.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["CLAIMS_A_CALL", "FURTHER_ROUND", "CallGas", "Figures", "Measured", "estimate"]

CLAIMS_A_CALL: Final = 100
FURTHER_ROUND: Final = "commitAggregate (further round)"

_CLAIMS: Final = "claimMany"
_LEAVES_A_WORD: Final = 128
_TOUCHED_WORD: Final = 5_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What one call took in the jobs measured.

    Attributes:
        call: Its name.
        in_job: Whether the job counts it; else it is done once for many jobs, or only where wanted.
        grows: Whether it grows with the annotators: one for each, or many calls summed.
        new: Gas by size, of annotators who held nothing before.
        held: Gas by size, of annotators who did.
    """

    call: str
    in_job: bool
    grows: bool
    new: tuple[int, ...]
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Jobs measured: at least two sizes, in annotators and ascending, and every call's figures at each."""

    sizes: tuple[int, ...]
    calls: tuple[Figures, ...]


@dataclass(frozen=True, slots=True)
class CallGas:
    """What a call takes in one job, all its transactions together."""

    call: str
    in_job: bool
    new: int
    held: int


def estimate(measured: Measured, annotators: int, rounds: int) -> tuple[CallGas, ...]:
    """Gas of every call in a job of so many annotators and rounds, in the order of the measurements."""
    return tuple(_calls(measured, annotators, rounds))


def _calls(measured: Measured, annotators: int, rounds: int) -> Iterator[CallGas]:
    for call in measured.calls:
        further = call.call == FURTHER_ROUND
        times = rounds - 1 if further else 1
        new, held = (times * _at(measured.sizes, gas, call, annotators) for gas in (call.new, call.held))
        if times:
            yield CallGas(call.call, call.in_job or further, new, held)


def _at(sizes: Sequence[int], gas: Sequence[int], call: Figures, annotators: int) -> int:
    if not call.grows:
        return _on_lines(sizes, gas, min(max(annotators, sizes[0]), sizes[-1]))
    if annotators <= sizes[-1]:
        return _on_lines(sizes, gas, annotators)
    more = _words(annotators) - _words(sizes[-1]) if call.call.startswith(_CLAIMS) else 0
    return annotators * gas[-1] // sizes[-1] + annotators * more * _TOUCHED_WORD // CLAIMS_A_CALL


def _on_lines(sizes: Sequence[int], gas: Sequence[int], annotators: int) -> int:
    """On the line through the two measurements around a size, or through the first two below them all."""
    upper = next(place for place in range(1, len(sizes)) if annotators <= sizes[place])
    start, end = sizes[upper - 1], sizes[upper]
    return gas[upper - 1] + (gas[upper] - gas[upper - 1]) * (annotators - start) // (end - start)


def _words(leaves: int) -> int:
    """Words that the claims of one call touch on average, among all of a payout tree."""
    words = -(-leaves // _LEAVES_A_WORD)
    untouched: int = (words - 1) ** CLAIMS_A_CALL // words ** (CLAIMS_A_CALL - 1)
    return words - untouched
