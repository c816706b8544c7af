"""Runs both sides on one crowd and turns their reports into rows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import growth, sides
from benchmarks.aggregate.models import MODELS
from benchmarks.comparison import Pair
from benchmarks.comparison import growth as growth_of
from benchmarks.rows import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000)
LARGEST_OF_PEER: Final = 1_000_000
REPEATS: Final = 5


def measure(sizes: Sequence[int]) -> Report:
    """Rows for each model and size (labels), and how time grows.

    Raises:
        benchmarks.sides.SideError: a side failed, our outcome depends on the labels' order, or the sides
            differ on an item where no class is tied.
    """
    rows, growths = [], []
    for name, model in MODELS.items():
        pairs = [_pair(name, size) for size in sizes]
        rows += [row for pair in pairs for row in pair.times(model.title, "aggregate")]
        growths.append(growth_of(model.title, "aggregate", pairs))
    return Report(rows, growth.as_text(growths))


def _pair(model: str, size: int) -> Pair:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crowd.npz"
        sides.run_python("benchmarks.aggregate.crowd", size, file)
        ours = sides.python_side("benchmarks.aggregate.ours", model, file, REPEATS)
        if size > LARGEST_OF_PEER:
            return Pair(size, "label", ours, None)
        peer = sides.python_side("benchmarks.aggregate.peer", model, file, REPEATS)
    sides.require_agreement(ours, peer)
    return Pair(size, "label", ours, peer)
