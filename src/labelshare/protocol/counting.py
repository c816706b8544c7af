"""Which opened labels count.

A label counts if its batch stands and was opened whole, its item exists, is in the batch's published list
if it has one, is assigned to its annotator in the round of its batch, and if it is the annotator's first
for the item, in the order of batches. An opening with a label that is not in the task's canonical form is
no opening.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection
from typing import Final

import numpy as np

from labelshare.protocol.aggregation.base import Crowd
from labelshare.protocol.assignment import Assigned
from labelshare.protocol.commitments import Opening, label_digests
from labelshare.protocol.keccak import Rows, expect
from labelshare.protocol.labels import Form, Regions
from labelshare.protocol.leaves import label_leaves
from labelshare.types import Address, Commit, Scope

__all__ = ["Count", "expect_labels"]

_HASHES: Final = 8  # for each label: two leaves, hashed twice each, a node of either tree, a salt (as two)


def expect_labels(n_labels: int) -> None:
    """Say that about so many labels will be checked and counted, which decides how they are hashed."""
    expect(_HASHES * n_labels)


class Count:
    """The labels that count, gathered opening by opening; each annotator's batches must come in order.

    Attributes:
        annotators: Who has labels that count, each at the number by which `crowd` names it.
        opened: Labels that were opened, whether they count or not, by annotator.

    Where answers are regions, whose classes nobody knows before all are there (`protocol.classes`), the class
    of a label in `crowd` is its number in `labels`.
    """

    def __init__(self, scope: Scope, form: Form, n_items: int, assigned: Assigned) -> None:
        self._leaves: list[Rows] = [np.empty((0, 32), np.uint8)]
        self.annotators: dict[Address, int] = {}
        self.opened: Counter[Address] = Counter()
        self._scope, self._form, self._n_items, self._assigned = scope, form, n_items, assigned
        self._classes: dict[bytes, int] = {}
        self._by_label = isinstance(form, Regions)
        self._labelled: dict[Address, set[int]] = {}
        self._rows = (array("q"), array("q"), array("q"))

    def add(self, commit: Commit, opening: Opening, listed: Collection[int] | None) -> None:
        """Count an opening that fits its commitment.

        Args:
            commit: What it opens.
            opening: The batch.
            listed: The published list of the commitment; None if it was sent to the chain alone.

        Raises:
            LabelError: If a label is not canonical.
        """
        for label in set(opening.labels) - self._classes.keys():
            answer = self._form.decode(label)
            self._classes[label] = len(self._classes) if self._by_label else answer
        self.opened[opening.annotator] += len(opening.items)
        annotator, labelled = opening.annotator, self._labelled.setdefault(opening.annotator, set())
        known = None if listed is None else frozenset(listed)
        kept = [
            (item, label)
            for item, label in zip(opening.items, opening.labels, strict=True)
            if item < self._n_items
            and item not in labelled
            and (known is None or item in known)
            and self._assigned(annotator, commit.round, item)
        ]
        if kept:
            self._keep(annotator, commit.batch, *zip(*kept, strict=True))

    @property
    def leaves(self) -> Rows:
        """Leaf hashes of the label tree, one a label that counts: shape (n, 32)."""
        self._leaves = [np.concatenate(self._leaves)]
        return self._leaves[0]

    @property
    def labels(self) -> list[bytes]:
        """Every different label that was opened, whether it counts or not."""
        return list(self._classes)

    def crowd(self) -> Crowd:
        """The labels so far, as aggregation takes them."""
        items, annotators, classes = (np.array(column, dtype=np.int64) for column in self._rows)
        n_classes = len(self._classes) if self._by_label else self._form.n_classes
        return Crowd(self._n_items, n_classes, items, annotators, classes)

    def _keep(
        self, annotator: Address, batch: int, items: tuple[int, ...], labels: tuple[bytes, ...]
    ) -> None:
        number = self.annotators.setdefault(annotator, len(self.annotators))
        self._labelled[annotator].update(items)
        self._leaves.append(label_leaves(self._scope, annotator, batch, items, label_digests(labels)))
        self._rows[0].extend(items)
        self._rows[1].extend([number] * len(items))
        self._rows[2].extend(map(self._classes.__getitem__, labels))
