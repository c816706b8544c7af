"""`python -m benchmarks.settle.check FOLDER`: verifies the settlement from record and bundle."""

from __future__ import annotations

import pickle
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.side import report, timed
from labelshare.protocol.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labelshare.protocol.record import Record

_PIECE = 1 << 20


def main(folder: Path) -> None:
    """Times one verification."""
    record: Record = pickle.loads((folder / "record").read_bytes())
    found, times = timed(1, lambda: verify(record, _pieces(folder / "bundle")))
    if not found.ok:
        raise ValueError(found.difference)
    report({"verify": times}, {"labels": str(found.labels)}, {"numpy": version("numpy")})


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece


if __name__ == "__main__":
    main(Path(sys.argv[1]))
