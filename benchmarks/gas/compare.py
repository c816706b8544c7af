"""Runs both jobs on one node and turns their receipts into rows."""

from __future__ import annotations

import platform
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, cast

from benchmarks.gas import node, peer_package
from benchmarks.rows import Row
from benchmarks.usage import measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from web3 import Web3

    from benchmarks.gas.job import Job

SIZES: Final = (10, 100)

_OURS: Final = "benchmarks.gas.ours"
_PEER: Final = "benchmarks.gas.human"


def measure(sizes: Sequence[int]) -> list[Row]:
    """Rows for each size, annotators first without ("new"), then with ("held") tokens before they are paid.

    Each job starts from the same, fresh chain. A row for the whole job comes before the rows of its calls.

    Raises:
        RuntimeError: there is no node, or a job did not do what it should.
        subprocess.CalledProcessError: the peer's package could not be installed.
    """
    package = peer_package.install()
    peer = cast("Job", import_module(_PEER))
    ours = cast("Job", import_module(_OURS)) if find_spec(_OURS) else None
    with node.anvil() as web3:
        versions = _versions(web3, package)
        return [
            row
            for size in sizes
            for held in (False, True)
            for row in _compare(web3, ours, peer, size, held, versions)
        ]


def _compare(
    web3: Web3, ours: Job | None, peer: Job, size: int, held: bool, versions: Mapping[str, str]
) -> list[Row]:
    with measured() as usage:
        our_calls = {} if ours is None else _run(web3, ours, size, held)
        peer_calls = _run(web3, peer, size, held)
    variant = "held" if held else "new"
    total = Row(
        work=f"whole job, {variant}",
        size=size,
        ours=None if ours is None else _total(ours, our_calls),
        peer=_total(peer, peer_calls),
        unit="gas",
        cpu_s=usage.cpu_s,
        wall_s=usage.wall_s,
        peak_mb=usage.peak_mb,
        versions=versions,
    )
    rows = [total]
    if ours is not None:
        rows += [
            Row(f"{_label('ours', ours, name)}, {variant}", size, gas, None, "gas", versions=versions)
            for name, gas in our_calls.items()
        ]
    rows += [
        Row(f"{_label('HUMAN', peer, name)}, {variant}", size, None, gas, "gas", versions=versions)
        for name, gas in peer_calls.items()
    ]
    return rows


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
