"""The policies and methods that are compared, each from a crowd to a verdict on each item.

`python -m benchmarks.accuracy.methods METHOD FILE` runs one of crowd-kit's on a stored crowd and prints what
it found: a slow one is run so, to be ended when its time is over.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelshare.protocol.aggregation.base import Crowd
from labelshare.protocol.aggregation.committee import committee
from labelshare.protocol.aggregation.dawid_skene import fit
from labelshare.protocol.aggregation.majority import majority
from labelshare.types import Hash32

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelshare.protocol.aggregation.base import Outcome

__all__ = ["PEERS", "POLICIES", "Found", "peer", "slow_peer"]

TIES: Final = Hash32(bytes(range(32)))
SECONDS: Final = 40
"""On the clock: what a slow method may take for one set."""

PEERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "MajorityVote": {},
    "Wawa": {},
    "ZeroBasedSkill": {"n_iter": 100},
    "OneCoinDawidSkene": {"n_iter": 100},
    "DawidSkene": {"n_iter": 100},
    "GLAD": {"n_iter": 100},
    "MACE": {"random_state": 0},
}
"""crowd-kit's classes and what each is made with."""


@dataclass(frozen=True)
class Found:
    """A verdict on each item, in the items' order.

    Attributes:
        winners: classes.
        confidences: the winner's posterior; None where a method gives none.
    """

    winners: NDArray[np.int64]
    confidences: NDArray[np.float64] | None


def _of(outcome: Outcome) -> Found:
    return Found(outcome.winners, outcome.support / outcome.weight)


def _majority(crowd: Crowd, _gold: Mapping[int, int]) -> Found:
    return _of(majority(crowd, TIES))


def _dawid_skene(crowd: Crowd, gold: Mapping[int, int]) -> Found:
    return _of(fit(crowd, TIES, gold).outcome)


def _committee(crowd: Crowd, gold: Mapping[int, int]) -> Found:
    return _of(committee(crowd, TIES, gold))


POLICIES: Final[Mapping[str, Callable[[Crowd, Mapping[int, int]], Found]]] = {
    "majority": _majority,
    "dawid-skene": _dawid_skene,
    "committee": _committee,
}
"""Ours: a crowd and its gold to verdicts."""


def peer(name: str, crowd: Crowd, gold: Mapping[int, int]) -> Found:
    """What a method of crowd-kit finds; only Dawid–Skene can be told gold."""
    import crowdkit.aggregation
    import pandas as pd

    columns = {"task": crowd.items, "worker": crowd.annotators, "label": crowd.classes}
    model = getattr(crowdkit.aggregation, name)(**PEERS[name])
    told = {"true_labels": pd.Series(gold, name="label")} if gold else {}
    winners = model.fit_predict(pd.DataFrame(columns), **told).sort_index()
    if winners.index.tolist() != np.unique(crowd.items).tolist():
        raise ValueError(f"{name} leaves an item out")
    shares = getattr(model, "probas_", None)
    confidences = None if shares is None else shares.sort_index().to_numpy().max(axis=1)
    return Found(winners.to_numpy().astype(np.int64), confidences)


def slow_peer(name: str, crowd: Crowd) -> Found | None:
    """The same in a process of its own; None if it does not end in time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crowd.npz"
        rows = np.stack((crowd.items, crowd.annotators, crowd.classes))
        np.savez(file, rows=rows, size=[crowd.n_items, crowd.n_classes])
        command = [sys.executable, "-m", "benchmarks.accuracy.methods", name, str(file)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return None
    found = json.loads(done.stdout.splitlines()[-1])
    return Found(np.array(found["winners"], dtype=np.int64), None)


def main(name: str, file: str) -> None:
    """Runs a method on what `slow_peer` stored."""
    with np.load(file) as stored:
        n_items, n_classes = stored["size"].tolist()
        crowd = Crowd(n_items, n_classes, *stored["rows"])
    found = peer(name, crowd, {})
    sys.stdout.write("\n" + json.dumps({"winners": found.winners.tolist()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
