"""Runs both sides on one crowd and turns their reports into rows."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import growth, sides
from benchmarks.aggregate.crowd import OUTCOME
from benchmarks.aggregate.models import MODELS
from benchmarks.comparison import Pair
from benchmarks.comparison import growth as growth_of
from benchmarks.rows import Report, Row
from benchmarks.sides import SideError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.sides import Side

SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000)
LARGEST_OF_PEER: Final = 1_000_000
REPEATS: Final = 5
NO_NUMBA: Final = 'raise ImportError("not installed")\n'


@dataclass(frozen=True)
class _Measured:
    """Both sides; and ours with nothing compiled before, and without numba, where a model uses it."""

    pair: Pair
    cold: Side | None
    plain: Side | None

    def rows(self, title: str) -> Iterator[Row]:
        yield from self.pair.times(title, "aggregate")
        if self.cold and self.plain:
            yield self._ours(f"{title}: first of a process", "first", self.pair.ours)
            yield self._ours(f"{title}: first ever (cold)", "first", self.cold)
            yield self._ours(f"{title}: without numba", "aggregate", self.plain)
            row = self._ours(f"{title}: without numba, peak memory", "aggregate", self.plain)
            yield replace(row, ours=self.plain.peak_mb, unit="MB")

    def _ours(self, work: str, part: str, side: Side) -> Row:
        return Pair(self.pair.size, self.pair.unit, side, None).row(
            work, "CPU s", lambda ours: ours.best(part).cpu_s
        )


def measure(sizes: Sequence[int]) -> Report:
    """Rows for each model and size (labels), and how time grows.

    Raises:
        benchmarks.sides.SideError: a side failed, our outcome depends on the labels' order, or the sides
            differ on an item where no class is tied and the model leaves no choice.
    """
    rows, growths = [], []
    for name, model in MODELS.items():
        found = [_measure(name, size) for size in model.sizes(sizes)]
        rows += [row for each in found for row in each.rows(model.title)]
        if found:
            growths.append(growth_of(model.title, "aggregate", [each.pair for each in found]))
    return Report(rows, growth.as_text(growths))


def _measure(model: str, size: int) -> _Measured:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crowd.npz"
        sides.run_python("benchmarks.aggregate.crowd", size, file)
        cold = plain = None
        compiled = {"NUMBA_CACHE_DIR": str(Path(folder) / "compiled")}
        if MODELS[model].compiled:
            cold = _ours(model, file, 1, compiled)
            plain = _ours(model, file, 1, _without_numba(Path(folder)))
        ours = _ours(model, file, REPEATS, compiled)
        if plain:
            _require_same(ours, plain)
        return _Measured(Pair(size, "label", ours, _peer(model, file, size, ours)), cold, plain)


def _peer(model: str, file: Path, size: int, ours: Side) -> Side | None:
    if MODELS[model].peer is None or size > LARGEST_OF_PEER:
        return None
    peer = sides.python_side("benchmarks.aggregate.peer", model, file, REPEATS)
    sides.require_agreement(ours, peer)
    return peer


def _ours(model: str, file: Path, repeats: int, environment: dict[str, str]) -> Side:
    return sides.python_side("benchmarks.aggregate.ours", model, file, repeats, environment=environment)


def _without_numba(folder: Path) -> dict[str, str]:
    """An environment in which numba is not to be found."""
    shadow = folder / "shadow"
    shadow.mkdir()
    (shadow / "numba.py").write_text(NO_NUMBA, encoding="utf-8")
    return {"PYTHONPATH": str(shadow)}


def _require_same(one: Side, other: Side) -> None:
    if one.facts[OUTCOME] != other.facts[OUTCOME]:
        raise SideError("the outcome depends on numba")
