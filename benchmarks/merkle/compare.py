"""Runs both sides over the same values and turns their reports into rows."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import growth, sides
from benchmarks.comparison import Pair
from benchmarks.comparison import growth as growth_of
from benchmarks.merkle.values import PAIR, PAYOUT
from benchmarks.rows import Report, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.sides import Side

SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000)


@dataclass(frozen=True)
class _Kind:
    """A kind of leaf: its name in the table, and up to which size each side is measured."""

    title: str
    largest: int
    largest_of_peer: int


KINDS: Final = {
    PAIR: _Kind("tree (address, uint256)", 5_000_000, 1_000_000),
    PAYOUT: _Kind("tree of payouts", 1_000_000, 100_000),
}

_REPEATS: Final = 3
_PEER_REPEATS: Final = {10_000: 3}
"""The peer's trees above this size take from seconds to minutes: once each."""

_PEER: Final = Path(__file__).parent / "peer.mjs"
_NOTE: Final = (
    "Our hashing is compiled only in large trees, so a leaf costs less there.\n"
    "The peer's payout trees stop at 100,000 leaves and its others at 1,000,000: a tree takes it minutes.\n"
)


@dataclass(frozen=True)
class _Measured:
    """Both sides, and our side once more with nothing compiled beforehand."""

    pair: Pair
    cold: Side

    def rows(self, title: str) -> Iterator[Row]:
        yield from self.pair.times(title, "tree")
        yield self._ours(f"{title}: first of a process", self.pair.ours)
        yield self._ours(f"{title}: first ever (cold)", self.cold)
        yield self.pair.row(f"{title}: 1,000 proofs", "CPU s", lambda side: side.best("proofs").cpu_s)

    def _ours(self, work: str, side: Side) -> Row:
        return Pair(self.pair.size, self.pair.unit, side, None).row(
            work, "CPU s", lambda ours: ours.best("first").cpu_s
        )


def measure(sizes: Sequence[int]) -> Report:
    """Rows for each kind of leaf and each size (leaves), and how time grows.

    Raises:
        benchmarks.sides.SideError: a side failed, or the sides differ in a root or a proof.
    """
    rows: list[Row] = []
    growths = []
    for name, kind in KINDS.items():
        found = [_measure(name, kind, size) for size in sizes if size <= kind.largest]
        if found:
            rows += [row for each in found for row in each.rows(kind.title)]
            growths.append(growth_of(kind.title, "tree", [each.pair for each in found]))
    return Report(rows, growth.as_text(growths) + "\n" + _NOTE)


def _measure(name: str, kind: _Kind, size: int) -> _Measured:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "values"
        sides.run_python("benchmarks.merkle.values", name, size, file)
        compiled = {"NUMBA_CACHE_DIR": str(Path(folder) / "compiled")}
        cold = _ours(name, file, 1, compiled)
        ours = _ours(name, file, _REPEATS, compiled)
        peer = None
        if size <= kind.largest_of_peer:
            peer = sides.node_side(_PEER, name, file, _PEER_REPEATS.get(size, 1))
            sides.require_agreement(ours, peer)
    return _Measured(Pair(size, "leaf", ours, peer), cold)


def _ours(name: str, file: Path, repeats: int, environment: dict[str, str]) -> Side:
    return sides.python_side("benchmarks.merkle.ours", name, file, repeats, environment=environment)
