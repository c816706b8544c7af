"""The figures that ship with the package: what `labelshare quote` says a job takes comes from this run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.gas.ours import ASIDE
from labelshare.protocol.gas import FURTHER_ROUND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FILE", "as_package_data"]

FILE: Final = Path(__file__).parents[2] / "src/labelshare/report/measured_gas.json"

# Calls of one job that grow with its annotators, and of what is aside those that a quote tells.
GROWING: Final = frozenset({"approve (stake)", "join", "claimMany (payout)", "claimMany (shares)"})
QUOTED_ASIDE: Final = (
    "createPool",
    "createDataset",
    "approve (stake)",
    "join",
    "claimMany (shares)",
    FURTHER_ROUND,
    "freePlace",
)

_OURS: Final = "ours: "
_ASIDE: Final = " (aside)"


def as_package_data(rows: Sequence[Mapping[str, Any]]) -> str:
    """The JSON text of the packaged figures, from the rows of a standard run."""
    sizes = sorted({row["size"] for row in rows})
    gas = {(row["work"], row["size"]): row["ours"] for row in rows}
    calls = [
        {
            "call": name,
            "in_job": name not in ASIDE,
            "grows": name in GROWING,
            "new": [gas[_work(name, "new"), size] for size in sizes],
            "held": [gas[_work(name, "held"), size] for size in sizes],
        }
        for name in _names(rows)
        if name not in ASIDE or name in QUOTED_ASIDE
    ]
    lines = ",\n".join(f"    {json.dumps(call)}" for call in calls)
    versions = {name: rows[0]["versions"][name] for name in ("anvil", "hardfork")}
    head = {"written_by": "scripts/bench gas", "versions": versions, "sizes": sizes}
    top = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    return f'{{\n{top}  "calls": [\n{lines}\n  ]\n}}\n'


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Our calls in the order of the job, further rounds after the first."""
    ours = (row["work"].removeprefix(_OURS) for row in rows if row["work"].startswith(_OURS))
    names = list(dict.fromkeys(work.rpartition(", ")[0].removesuffix(_ASIDE) for work in ours))
    names.remove(FURTHER_ROUND)
    names.insert(names.index("commitAggregate") + 1, FURTHER_ROUND)
    return names


def _work(name: str, variant: str) -> str:
    return f"{_OURS}{name}{_ASIDE if name in ASIDE else ''}, {variant}"
