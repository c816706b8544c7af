"""Runs both sides on the same batches and turns their reports into rows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import growth, sides
from benchmarks.comparison import Pair
from benchmarks.comparison import growth as growth_of
from benchmarks.rows import Report, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000)
MOST_DISTINCT: Final = 1_000_000
LARGEST_OF_PEER: Final = 100_000

_WORK: Final = "signed batches checked"
_MOST_REPEATED: Final = 10_000
_REPEATS: Final = 5


def measure(sizes: Sequence[int]) -> Report:
    """Rows for each size (batches), and how time grows.

    Raises:
        benchmarks.sides.SideError: a side failed, which it does if it refuses a signature.
    """
    pairs = [_pair(size) for size in sizes]
    rows = [row for pair in pairs for row in _rows(pair)]
    return Report(rows, growth.as_text([growth_of(_WORK, "verify", pairs)]))


def _pair(size: int) -> Pair:
    repeats = _REPEATS if size <= _MOST_REPEATED else 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "batches"
        distinct = min(size, MOST_DISTINCT)
        sides.run_python("benchmarks.signatures.batches", distinct, file)
        ours = sides.python_side("benchmarks.signatures.ours", file, repeats, -(-size // distinct))
        if size > LARGEST_OF_PEER:
            return Pair(size, "batch", ours, None)
        peer = sides.python_side("benchmarks.signatures.peer", file, repeats)
    sides.require_agreement(ours, peer)
    return Pair(size, "batch", ours, peer)


def _rows(pair: Pair) -> Iterator[Row]:
    yield from pair.rates(_WORK, "verify")
    ceiling = min(pair.size, MOST_DISTINCT) / pair.ours.best("recover").cpu_s
    yield Row("ours: bare recover (ceiling)", pair.size, round(ceiling), None, "batch / CPU s")
