"""What a measurement cost this process."""

from __future__ import annotations

import resource
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Usage:
    """Filled in when the block ends: seconds of processor and clock, peak resident MB (10^6 bytes)."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Usage]:
    """Measures the block. `peak_mb` is the peak of the process so far: it never falls between blocks."""
    usage = Usage()
    wall, cpu = time.perf_counter(), time.process_time()
    yield usage
    usage.wall_s = round(time.perf_counter() - wall, 3)
    usage.cpu_s = round(time.process_time() - cpu, 3)
    usage.peak_mb = peak_mb()


def peak_mb() -> float:
    """Peak resident size of this process so far in MB (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round((peak if sys.platform == "darwin" else peak * 1024) / 1e6, 1)
