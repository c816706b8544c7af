"""Two sides at one size, as rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from benchmarks.growth import Growth
from benchmarks.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.sides import Side

    Figure: TypeAlias = Callable[[Side], float]

__all__ = ["Pair", "growth"]


@dataclass(frozen=True)
class Pair:
    """Both sides at one size; the peer may be missing.

    Attributes:
        size: how much work.
        unit: what a size counts, in the singular.
        ours, peer: what the sides reported.
    """

    size: int
    unit: str
    ours: Side
    peer: Side | None

    def times(self, work: str, part: str) -> Iterator[Row]:
        """CPU seconds of a part (best, median, for one unit), seconds on the clock, peak memory."""
        yield self._whole(self.row(work, "CPU s", lambda side: side.best(part).cpu_s), part)
        yield self.row(f"{work}: median", "CPU s", lambda side: side.median(part).cpu_s)
        micros = 1e6 / self.size
        yield self.row(f"{work}: one {self.unit}", "CPU µs", lambda side: side.best(part).cpu_s * micros)
        yield from self._clock_and_memory(work, part)

    def rates(self, work: str, part: str) -> Iterator[Row]:
        """Units a CPU second of a part (best, median), seconds on the clock, peak memory."""
        rate = f"{self.unit} / CPU s"
        yield self._whole(self.row(work, rate, lambda side: self.size / side.best(part).cpu_s), part)
        yield self.row(f"{work}: median", rate, lambda side: self.size / side.median(part).cpu_s)
        yield from self._clock_and_memory(work, part)

    def row(self, work: str, unit: str, figure: Figure) -> Row:
        """One figure of both sides."""
        peer = None if self.peer is None else _significant(figure(self.peer))
        versions = {**self.ours.versions, **(self.peer.versions if self.peer else {})}
        return Row(work, self.size, _significant(figure(self.ours)), peer, unit, versions=versions)

    def _clock_and_memory(self, work: str, part: str) -> Iterator[Row]:
        yield self.row(f"{work}: on the clock", "s", lambda side: side.best(part).wall_s)
        yield self.row(f"{work}: peak memory", "MB", lambda side: side.peak_mb)

    def _whole(self, row: Row, part: str) -> Row:
        """The row with what the part cost our side."""
        best = self.ours.best(part)
        return replace(
            row,
            cpu_s=_significant(best.cpu_s),
            wall_s=_significant(best.wall_s),
            peak_mb=self.ours.peak_mb,
        )


def growth(work: str, part: str, pairs: Sequence[Pair]) -> Growth:
    """How the best CPU time of a part grows over the sizes."""
    ours = {pair.size: pair.ours.best(part).cpu_s for pair in pairs}
    peer = {pair.size: pair.peer.best(part).cpu_s for pair in pairs if pair.peer}
    return Growth(work, pairs[0].unit, ours, peer)


def _significant(number: float) -> float:
    """Four digits, or all those before the point: no clock here is better."""
    return float(f"{number:.4g}") if abs(number) < 1000 else round(number)
