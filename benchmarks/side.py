"""One side of a comparison, from the inside: it times its work and prints one line of JSON.

`benchmarks.sides` starts it in a process of its own and reads that line.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from benchmarks.usage import peak_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Times", "report", "timed"]

Times: TypeAlias = "list[tuple[float, float]]"
"""Seconds of processor and clock of each repetition."""

Result = TypeVar("Result")


def timed(repeats: int, work: Callable[[], Result]) -> tuple[Result, Times]:
    """Do the work `repeats` times; what it gave last, and what each time took."""
    times: Times = []
    for _ in range(repeats):
        result = None  # the result of the time before must not be freed within this one's time
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    if result is None:
        raise ValueError("timed work must give a result, and be done at least once")
    return result, times


def report(
    parts: Mapping[str, Times],
    facts: Mapping[str, str],
    versions: Mapping[str, str],
) -> None:
    """Print what this side found: times by part of the work, and facts that the other side must find, too."""
    line = {"parts": parts, "facts": facts, "peak_mb": peak_mb(), "versions": versions}
    sys.stdout.write(json.dumps(line) + "\n")
