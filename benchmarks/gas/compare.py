"""Runs both jobs on one node and turns their receipts into rows."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from benchmarks.gas import budget, human, node, ours, peer_package
from benchmarks.rows import Report, Row
from benchmarks.usage import Usage, measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from web3 import Web3

    from benchmarks.gas.job import Job

SIZES: Final = (10, 100, 1000)

OURS: Final[Job] = ours
PEER: Final[Job] = human


@dataclass(frozen=True)
class _Pair:
    """The two jobs of one size and variant: gas by call, and what measuring them cost."""

    size: int
    held: bool
    ours: Mapping[str, int]
    peer: Mapping[str, int]
    usage: Usage

    def row(self, work: str, ours: int | None, peer: int | None, versions: Mapping[str, str]) -> Row:
        """A line of this pair."""
        variant = "held" if self.held else "new"
        return Row(f"{work}, {variant}", self.size, ours, peer, "gas", versions=versions)


def measure(sizes: Sequence[int]) -> Report:
    """Rows for each size, annotators first without ("new"), then with ("held") tokens before they are paid.

    Each job starts from the same, fresh chain. A row for the whole job comes before those of its calls. The
    notes show our calls beside their budget.

    Raises:
        RuntimeError: there is no node, or a job did not do what it should.
        labelshare.errors.LabelshareError: a step of our job failed.
        subprocess.CalledProcessError: the peer's package could not be installed.
    """
    package = peer_package.install()
    with node.anvil() as web3:
        versions = _versions(web3, package)
        pairs = [_pair(web3, size, held) for size in sizes for held in (False, True)]
    rows = [row for pair in pairs for row in _rows(pair, versions)]
    jobs = [budget.Measured(pair.size, pair.held, pair.ours, _total(OURS, pair.ours)) for pair in pairs]
    return Report(rows, budget.as_table(jobs))


def _pair(web3: Web3, size: int, held: bool) -> _Pair:
    with measured() as usage:
        our_calls = _run(web3, OURS, size, held)
        peer_calls = _run(web3, PEER, size, held)
    return _Pair(size, held, our_calls, peer_calls, usage)


def _rows(pair: _Pair, versions: Mapping[str, str]) -> Iterator[Row]:
    whole = pair.row("whole job", _total(OURS, pair.ours), _total(PEER, pair.peer), versions)
    usage = pair.usage
    yield replace(whole, cpu_s=usage.cpu_s, wall_s=usage.wall_s, peak_mb=usage.peak_mb)
    for name, gas in pair.ours.items():
        yield pair.row(_label("ours", OURS, name), gas, None, versions)
    for name, gas in pair.peer.items():
        yield pair.row(_label("HUMAN", PEER, name), None, gas, versions)


def _run(web3: Web3, job: Job, size: int, held: bool) -> dict[str, int]:
    start = node.snapshot(web3)
    try:
        return job.run(web3, size, held)
    finally:
        node.revert(web3, start)


def _total(job: Job, calls: Mapping[str, int]) -> int:
    return sum(gas for name, gas in calls.items() if name not in job.ASIDE)


def _label(side: str, job: Job, name: str) -> str:
    return f"{side}: {name} (aside)" if name in job.ASIDE else f"{side}: {name}"


def _versions(web3: Web3, package: str) -> dict[str, str]:
    return {
        "HUMAN": package,
        "anvil": node.version(web3),
        "hardfork": node.HARDFORK,
        "python": platform.python_version(),
        "web3": version("web3"),
    }
