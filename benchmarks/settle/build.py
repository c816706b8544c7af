"""`python -m benchmarks.settle.build FOLDER`: settles the campaign and writes its bundle."""

from __future__ import annotations

import pickle
import platform
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from benchmarks.settle.campaign import load
from benchmarks.side import report, timed
from labelshare.protocol.record import Posted
from labelshare.protocol.settlement import Built, build
from labelshare.protocol.spec import Spec


def main(folder: Path) -> None:
    """Times spec, settlement and bundle."""
    spec, record, enrolments, commits, openings = load(folder / "campaign")

    def settled() -> Built:
        built = build(Spec.parse(spec), record, enrolments, commits, openings)
        (folder / "bundle").write_bytes(built.bundle)
        return built

    built, times = timed(1, settled)
    (folder / "record").write_bytes(pickle.dumps(replace(record, posted=Posted(built.settlement))))
    size = (folder / "bundle").stat().st_size
    versions = {"python": platform.python_version(), "numpy": version("numpy")}
    report({"build": times}, {"bundle bytes": str(size)}, versions)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
