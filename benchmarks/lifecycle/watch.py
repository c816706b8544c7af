"""Times the steps of a process, the node's share apart."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.usage import peak_mb

__all__ = ["Step", "Watch", "read_steps"]


@dataclass(frozen=True)
class Step:
    """What a step took.

    Attributes:
        name: Of the step.
        wall_s, cpu_s: Seconds on the clock, and of processor in our process.
        node_s: Seconds of processor in the node.
        peak_mb: Peak resident size of our process up to the step's end in MB (10^6 bytes).
    """

    name: str
    wall_s: float
    cpu_s: float
    node_s: float
    peak_mb: float


@dataclass
class Watch:
    """Measures steps one after the other; each begins where `begin` names it."""

    node: int
    steps: list[Step] = field(default_factory=list)
    _name: str | None = None
    _since: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def begin(self, name: str) -> None:
        """End the step that runs, if one does, and begin another."""
        self.end()
        self._name, self._since = name, self._clocks()

    def end(self) -> None:
        """End the step that runs."""
        if self._name is not None:
            now = self._clocks()
            wall, cpu, node = (
                round(after - before, 3) for before, after in zip(self._since, now, strict=True)
            )
            self.steps.append(Step(self._name, wall, cpu, node, peak_mb()))
            self._name = None

    def report(self, **facts: str) -> None:
        """Print one line for `read_steps`."""
        steps = [asdict(each) for each in self.steps]
        sys.stdout.write(json.dumps({"steps": steps, "facts": facts}) + "\n")

    def _clocks(self) -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), node_seconds(self.node)


def read_steps(output: str) -> tuple[list[Step], dict[str, str]]:
    """What `Watch.report` printed last: the steps, and the facts."""
    line = json.loads(output.splitlines()[-1])
    return [Step(**each) for each in line["steps"]], line["facts"]


def node_seconds(process: int) -> float:
    """Processor seconds of a running process so far; 0 where the system has no /proc."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")  # utime and stime
