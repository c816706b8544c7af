"""A simulated crowd, the same for both sides.

`python -m benchmarks.aggregate.crowd LABELS FILE` writes it.

Five annotators label each item, all different. How often one of them is right is drawn from Beta(8, 3): 73%
in the mean. Who is wrong names any other class. Labels stand in the order in which they came, a random one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["LABELS_EACH", "N_CLASSES", "OUTCOME", "Labels", "facts", "load", "simulate"]

SEED: Final = 20_260
N_CLASSES: Final = 5
LABELS_EACH: Final = 5
OUTCOME: Final = "our outcome"
"""The name of a digest of everything that our side gives."""
LABELS_OF_ONE: Final = 200
"""Labels of one annotator in the mean: 5,000 annotators for a million labels."""


@dataclass(frozen=True)
class Labels:
    """The crowd as arrays: label i says that `annotators[i]` gave `items[i]` the class `classes[i]`.

    Attributes:
        n_items: items, numbered from 0; each has labels.
        items, annotators, classes: int64, shape (labels,).
        untied: bool, shape (items,): one class has more labels than any other. Only there a majority is
            defined; elsewhere each side has its own rule.
    """

    n_items: int
    items: NDArray[np.int64]
    annotators: NDArray[np.int64]
    classes: NDArray[np.int64]
    untied: NDArray[np.bool_]


def simulate(n_labels: int) -> Labels:
    """About `n_labels` labels, never fewer than one item's."""
    random = np.random.default_rng(SEED)
    n_items = max(1, n_labels // LABELS_EACH)
    n_annotators = max(2 * LABELS_EACH, n_labels // LABELS_OF_ONE)
    items = np.repeat(np.arange(n_items), LABELS_EACH)
    annotators = _crews(random, n_items, n_annotators).ravel()
    truth = random.integers(0, N_CLASSES, n_items)[items]
    right = random.random(items.size) < random.beta(8, 3, n_annotators)[annotators]
    wrong = (truth + random.integers(1, N_CLASSES, items.size)) % N_CLASSES
    classes = np.where(right, truth, wrong)
    order = random.permutation(items.size)
    untied = _untied(items, classes, n_items)
    return Labels(n_items, items[order], annotators[order], classes[order], untied)


def load(file: Path) -> Labels:
    """What `main` wrote."""
    with np.load(file) as stored:
        return Labels(int(stored["n_items"]), *(stored[name] for name in _ARRAYS))


def facts(labels: Labels, winners: NDArray[np.int64], *, exact: bool) -> dict[str, str]:
    """What both sides must find alike: the winner of each item, in the items' order, where none is tied.

    Models that differ in their priors need not agree on each: of those only that every item has a winner.
    """
    import hashlib

    if not exact:
        return {"items with a winner": f"{winners.size:,}"}
    digest = hashlib.sha256(winners.astype(np.int64)[labels.untied].tobytes()).hexdigest()
    return {f"winners of {int(labels.untied.sum()):,} items": digest}


_ARRAYS: Final = ("items", "annotators", "classes", "untied")


def _crews(random: np.random.Generator, n_items: int, n_annotators: int) -> NDArray[np.int64]:
    """Different annotators for each item: a crew with somebody twice is drawn again."""
    crews = random.integers(0, n_annotators, (n_items, LABELS_EACH))
    while (again := np.flatnonzero((np.diff(np.sort(crews, axis=1)) == 0).any(axis=1))).size:
        crews[again] = random.integers(0, n_annotators, (again.size, LABELS_EACH))
    return crews


def _untied(items: NDArray[np.int64], classes: NDArray[np.int64], n_items: int) -> NDArray[np.bool_]:
    votes = np.zeros((n_items, N_CLASSES), dtype=np.int64)
    np.add.at(votes, (items, classes), 1)
    ranked = np.sort(votes, axis=1)
    return np.asarray(ranked[:, -1] > ranked[:, -2])


def main(n_labels: int, file: str) -> None:
    """Writes the crowd."""
    labels = simulate(n_labels)
    arrays = {name: getattr(labels, name) for name in _ARRAYS}
    np.savez(file, n_items=labels.n_items, **arrays)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
