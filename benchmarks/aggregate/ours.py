"""Our side: `python -m benchmarks.aggregate.ours MODEL FILE REPEATS`, from arrays to verdicts on items.

Two parts: `first` is the first time in the process, which loads compiled loops, or compiles them where they
are not kept from before; `aggregate` are the times after it.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.aggregate.crowd import N_CLASSES, OUTCOME, Labels, facts, load
from benchmarks.aggregate.models import MODELS
from benchmarks.side import report, timed
from labelshare.protocol.aggregation.base import Crowd
from labelshare.types import Hash32

if TYPE_CHECKING:
    from labelshare.protocol.aggregation.base import Aggregator, Outcome

SHUFFLES: Final = 3
TIES: Final = Hash32(bytes(range(32)))
"""The seed that ties fall by."""


def main(name: str, file: str, repeats: int) -> None:
    """Times the model, and shows that its outcome does not depend on the order of the labels."""
    model = MODELS[name]
    aggregate: Aggregator = getattr(import_module(model.module), model.function)
    labels = load(Path(file))
    crowd = Crowd(labels.n_items, N_CLASSES, labels.items, labels.annotators, labels.classes)
    _, first = timed(1, lambda: aggregate(crowd, TIES))
    outcome, times = timed(repeats, lambda: aggregate(crowd, TIES))
    _require_same_when_shuffled(aggregate, crowd, outcome)
    found = facts(labels, _all_winners(labels, outcome), exact=model.exact)
    if model.compiled:
        found[OUTCOME] = _digest(outcome)
    report({"first": first, "aggregate": times}, found, _versions(compiled=model.compiled))


def _versions(*, compiled: bool) -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": version("numpy")}
    if compiled:
        versions["numba"] = version("numba") if "numba" in sys.modules else "not loaded"
    return versions


def _all_winners(labels: Labels, outcome: Outcome) -> np.ndarray:
    if outcome.items.tolist() != list(range(labels.n_items)):
        raise ValueError("an item with labels has no verdict")
    return outcome.winners


def _require_same_when_shuffled(aggregate: Aggregator, crowd: Crowd, outcome: Outcome) -> None:
    random = np.random.default_rng(0)
    for _ in range(SHUFFLES):
        order = random.permutation(crowd.items.size)
        columns = (column[order] for column in (crowd.items, crowd.annotators, crowd.classes))
        shuffled = aggregate(Crowd(crowd.n_items, crowd.n_classes, *columns), TIES)
        if _digest(shuffled) != _digest(outcome):
            raise ValueError("the outcome depends on the order of the labels")


def _digest(outcome: Outcome) -> str:
    columns = (outcome.items, outcome.winners, outcome.support, outcome.weight)
    return hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
