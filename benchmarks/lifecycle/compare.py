"""Lives each size through on a node of its own and turns the steps into rows; there is no peer."""

from __future__ import annotations

import json
import statistics
import tempfile
from typing import TYPE_CHECKING, Final, NamedTuple

from web3 import HTTPProvider, Web3

from benchmarks import growth
from benchmarks.gas import node
from benchmarks.lifecycle.watch import Step, read_steps
from benchmarks.rows import Report, Row
from benchmarks.sides import SideError, run_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["SIZES", "measure"]

SIZES: Final = (10_000, 100_000, 1_000_000)
HARDFORK: Final = "cancun"

_STEPS: Final = ("commit", "aggregate", "settle", "claim")
_ALONE: Final = "claim alone"
_ALL: Final = "all steps"
_ALL_ALONE: Final = "all steps, everybody claims alone"
_ONCE_FROM: Final = 1_000_000


class Life(NamedTuple):
    """One campaign: its steps by name, and versions of what it depends on."""

    steps: Mapping[str, Step]
    versions: Mapping[str, str]


def measure(sizes: Sequence[int], repeats: int = 3) -> Report:
    """Rows for each size (labels): the medians of several lives, or from a million on those of one.

    Raises:
        benchmarks.sides.SideError: a step failed, or the campaign did not end as it must.
    """
    rows: list[Row] = []
    seconds: dict[int, float] = {}
    for size in sizes:
        lives = [_live(size) for _ in range(1 if size >= _ONCE_FROM else repeats)]
        steps = _medians([life.steps for life in lives])
        seconds[size] = steps[_ALL].cpu_s
        rows += _rows(size, steps, lives[0].versions)
    grown = growth.Growth("labels in the store to all claimed", "label", seconds, {})
    return Report(rows, growth.as_text([grown]))


def _live(size: int) -> Life:
    """One campaign from its beginning, every part in a process of its own, checked at the end."""
    package = "benchmarks.lifecycle"
    with tempfile.TemporaryDirectory() as folder, node.running(HARDFORK) as running:
        place, timed = (folder, running.url), (folder, running.url, running.process.pid)
        run_python(f"{package}.prepare", *place, size)
        first, versions = read_steps(run_python(f"{package}.steps", *timed, "commit"))
        run_python(f"{package}.prepare", *place)
        then, facts = read_steps(run_python(f"{package}.steps", *timed, "settle"))
        _require_labels(size, run_python(f"{package}.check", *place))
        alone, _ = read_steps(run_python(f"{package}.own", *timed, facts["mark"]))
        anvil = node.version(Web3(HTTPProvider(running.url)))
    steps = {each.name: each for each in (*first, *then, *alone)}
    steps[_ALL] = _sum(_ALL, [steps[name] for name in _STEPS])
    steps[_ALL_ALONE] = _sum(_ALL_ALONE, [steps[name] for name in (*_STEPS[:-1], _ALONE)])
    return Life(steps, {**versions, "anvil": anvil})


def _require_labels(size: int, output: str) -> None:
    """Every label counts where the annotators share them evenly, as they do at the standard sizes."""
    counted = json.loads(output.splitlines()[-1])["labels"]
    if not 0.9 * size <= counted <= size:
        raise SideError(f"{counted} labels counted of {size}")


def _sum(name: str, steps: Sequence[Step]) -> Step:
    return Step(
        name,
        sum(each.wall_s for each in steps),
        sum(each.cpu_s for each in steps),
        sum(each.node_s for each in steps),
        max(each.peak_mb for each in steps),
    )


def _medians(lives: Sequence[Mapping[str, Step]]) -> dict[str, Step]:
    """Each figure's own median."""
    return {
        name: Step(
            name,
            statistics.median(steps[name].wall_s for steps in lives),
            statistics.median(steps[name].cpu_s for steps in lives),
            statistics.median(steps[name].node_s for steps in lives),
            statistics.median(steps[name].peak_mb for steps in lives),
        )
        for name in lives[0]
    }


def _rows(size: int, steps: Mapping[str, Step], versions: Mapping[str, str]) -> Iterator[Row]:
    """Seconds on the clock of each step with what it cost our process, then what it cost the node."""
    for name in (*_STEPS, _ALL, _ALONE, _ALL_ALONE):
        step = steps[name]
        wall, cpu = round(step.wall_s, 3), round(step.cpu_s, 3)
        yield Row(name, size, wall, None, "s", cpu, wall, step.peak_mb, versions)
        yield Row(f"{name}: the node", size, round(step.node_s, 2), None, "CPU s", versions=versions)
