"""Recorded crowds with known truth, where they are on this machine: six public sets of many annotators.

They are not part of the repository. They are looked for in the folder `crowd` of `LABELSHARE_DATA`, else of
`../shared/data`; a set is `labels.csv` (`item,worker,label`) and `truth.csv` (`item,truth`).
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from labelshare.protocol.aggregation.base import Crowd

if TYPE_CHECKING:
    from labelshare.protocol.aggregation.base import Integers

__all__ = ["SETS", "UNKNOWN", "Recorded", "folder", "load"]

SETS: Final = ("rte", "dog", "web", "d_sentiment", "ZenCrowd_us", "CF")
UNKNOWN: Final = -1
_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Recorded:
    """A crowd and what is true.

    Attributes:
        name: of the set.
        crowd: the labels, an annotator's first for each item, as the protocol counts them.
        truth: int64, shape (items,): the true class, `UNKNOWN` where nobody published it.
    """

    name: str
    crowd: Crowd
    truth: Integers

    def part(self, rows: Integers) -> Recorded:
        """The set with some of its labels only."""
        crowd = self.crowd
        columns = (column[rows] for column in (crowd.items, crowd.annotators, crowd.classes))
        return replace(self, crowd=Crowd(crowd.n_items, crowd.n_classes, *columns))

    def first(self, n_items: int) -> Recorded:
        """The set with its first items only."""
        return self.part(np.flatnonzero(self.crowd.items < n_items))


def folder() -> Path:
    """Where the sets should be."""
    return Path(os.environ.get("LABELSHARE_DATA") or _ROOT.parent / "shared" / "data", "crowd")


def load(name: str) -> Recorded:
    """Read a set.

    Raises:
        FileNotFoundError: it is not on this machine.
    """
    labels, truths = (_rows(folder() / name / file) for file in ("labels.csv", "truth.csv"))
    known = {row["item"]: int(row["truth"]) for row in truths}
    items = {item: number for number, item in enumerate(dict.fromkeys(row["item"] for row in labels))}
    workers = {worker: number for number, worker in enumerate(dict.fromkeys(row["worker"] for row in labels))}
    first: dict[tuple[int, int], int] = {}
    for row in labels:
        first.setdefault((items[row["item"]], workers[row["worker"]]), int(row["label"]))
    n_classes = 1 + max(*first.values(), *known.values())
    columns = np.array([(*pair, choice) for pair, choice in first.items()], dtype=np.int64).T.copy()
    truth = np.array([known.get(item, UNKNOWN) for item in items], dtype=np.int64)
    return Recorded(name, Crowd(len(items), n_classes, *columns), truth)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
