"""The gas that a job was measured to take, as it ships with the package.

`scripts/bench gas` writes `measured_gas.json` beside `benchmarks/results/gas.json`, from the same run.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from labelshare.protocol.gas import Figures, Measured

__all__ = ["measured_gas"]


@cache
def measured_gas() -> Measured:
    """The figures of this version's contracts."""
    content = json.loads((resources.files("labelshare.report") / "measured_gas.json").read_text("utf-8"))
    calls = [
        Figures(each["call"], each["in_job"], each["grows"], tuple(each["new"]), tuple(each["held"]))
        for each in content["calls"]
    ]
    return Measured(tuple(content["sizes"]), tuple(calls))
