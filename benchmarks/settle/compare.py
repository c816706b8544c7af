"""Settles and verifies at each size, each in a process of its own, and turns their reports into rows."""

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

SIZES: Final = (10_000, 100_000, 1_000_000)

_BUILD: Final = "settle, bundle included"
_VERIFY: Final = "verify from record and bundle"


def measure(sizes: Sequence[int]) -> Report:
    """Rows for each size (labels), and how time grows; there is no peer.

    Raises:
        benchmarks.sides.SideError: a side failed, which verification does at any difference.
    """
    rows: list[Row] = []
    built, checked = [], []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            sides.run_python("benchmarks.settle.campaign", size, folder / "campaign")
            build = sides.python_side("benchmarks.settle.build", folder)
            verify = sides.python_side("benchmarks.settle.check", folder)
        built.append(Pair(size, "label", build, None))
        checked.append(Pair(size, "label", verify, None))
        rows += _rows(built[-1], checked[-1])
    growths = [growth_of(_BUILD, "build", built), growth_of(_VERIFY, "verify", checked)]
    return Report(rows, growth.as_text(growths))


def _rows(build: Pair, verify: Pair) -> Iterator[Row]:
    yield from build.times(_BUILD, "build")
    yield from verify.times(_VERIFY, "verify")
    size = int(build.ours.facts["bundle bytes"])
    yield Row("bundle", build.size, round(size / 1e6, 2), None, "MB")
    yield Row("bundle: one label", build.size, round(size / build.size, 1), None, "byte")
