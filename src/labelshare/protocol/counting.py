"""Which opened labels count, and what they earn.

A label counts if its batch stands and was opened whole, its item exists, it is assigned to its annotator in
the round of its batch, and it is the annotator's first for the item, in the order of batches. An opening with
a label that is not in the task's canonical form is no opening.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome
from labelshare.protocol.assignment import Assigned
from labelshare.protocol.commitments import Opening, label_digests
from labelshare.protocol.labels import SingleChoice
from labelshare.protocol.leaves import label_leaves
from labelshare.protocol.rewards import Tally
from labelshare.types import Address, Commit, Scope

__all__ = ["Count", "tally"]


class Count:
    """The labels that count, gathered opening by opening; each annotator's batches must come in order.

    Attributes:
        leaves: Leaf hashes of the label tree, one a label that counts.
        annotators: Who has labels that count, each at the number by which `crowd` names it.
    """

    def __init__(self, scope: Scope, form: SingleChoice, n_items: int, assigned: Assigned) -> None:
        self.leaves: list[bytes] = []
        self.annotators: dict[Address, int] = {}
        self._scope, self._form, self._n_items, self._assigned = scope, form, n_items, assigned
        self._classes: dict[bytes, int] = {}
        self._labelled: dict[Address, set[int]] = {}
        self._rows = (array("q"), array("q"), array("q"))

    def add(self, commit: Commit, opening: Opening) -> None:
        """Count an opening that fits its commitment; `LabelError` if a label is not canonical."""
        for label in set(opening.labels) - self._classes.keys():
            self._classes[label] = self._form.decode(label)
        annotator, labelled = opening.annotator, self._labelled.setdefault(opening.annotator, set())
        kept = [
            (item, label)
            for item, label in zip(opening.items, opening.labels, strict=True)
            if item < self._n_items and item not in labelled and self._assigned(annotator, commit.round, item)
        ]
        if kept:
            self._keep(annotator, commit.batch, *zip(*kept, strict=True))

    def crowd(self) -> Crowd:
        """The labels so far, as aggregation takes them."""
        items, annotators, classes = (np.array(column, dtype=np.int64) for column in self._rows)
        return Crowd(self._n_items, len(self._form.classes), items, annotators, classes)

    def _keep(
        self, annotator: Address, batch: int, items: tuple[int, ...], labels: tuple[bytes, ...]
    ) -> None:
        number = self.annotators.setdefault(annotator, len(self.annotators))
        self._labelled[annotator].update(items)
        self.leaves += label_leaves(self._scope, annotator, batch, items, label_digests(labels))
        self._rows[0].extend(items)
        self._rows[1].extend([number] * len(items))
        self._rows[2].extend(map(self._classes.__getitem__, labels))


def tally(
    crowd: Crowd, outcome: Outcome, accepted: NDArray[np.bool_], annotators: Mapping[Address, int]
) -> dict[Address, Tally]:
    """Accepted and contested labels of each annotator."""
    winner = np.full(crowd.n_items, -1, dtype=np.int64)
    winner[outcome.items[accepted]] = outcome.winners[accepted]
    expected = winner[crowd.items]
    right = _per_annotator(crowd.annotators[crowd.classes == expected], len(annotators))
    contested = _per_annotator(crowd.annotators[expected == -1], len(annotators))
    return {a: Tally(int(right[number]), int(contested[number])) for a, number in annotators.items()}


def _per_annotator(numbers: Integers, n_annotators: int) -> Integers:
    return np.bincount(numbers, minlength=n_annotators)
