"""What Dawid–Skene says of an item without one of its annotators: the reference of skill under a model.

The tables stay as they are, the scores of an item lose what the annotator's own label added. So nobody is
measured by its own answer, and yet answers weigh what the records behind them say: own seats that agree with
each other are no reference where the model has found them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from labelshare.protocol.aggregation.base import Crowd, Integers
from labelshare.protocol.aggregation.dawid_skene import NOT_GIVEN, Fit
from labelshare.protocol.aggregation.leave_one_out import NONE
from labelshare.protocol.aggregation.ties import highest
from labelshare.types import Hash32

__all__ = ["model_references"]

_CELLS: Final = 1 << 21
"""Labels times classes looked at in one go, so that memory stays small."""


def model_references(crowd: Crowd, found: Fit, gold: Mapping[int, int], seed: Hash32) -> Integers:
    """The reference of each label's item for the label's annotator.

    Args:
        crowd: The labels that the model was made of.
        found: The model.
        gold: The classes it was told, by item.
        seed: The campaign's, for ties.

    Returns:
        int64, shape (labels,): the class of the highest score without the label among those that others gave
        the item; the gold class where it was told; `NONE` where nobody else labelled the item.
    """
    places = np.searchsorted(found.outcome.items, crowd.items)
    keys = crowd.annotators * crowd.n_classes + crowd.classes
    columns = np.searchsorted(found.model.annotators * crowd.n_classes + found.model.answers, keys)
    votes = _votes(crowd, places, found.outcome.items.size)
    known = np.full(crowd.n_items, NONE, dtype=np.int64)
    known[list(gold)] = list(gold.values())
    references = known[crowd.items]
    step = max(_CELLS // crowd.n_classes, 1)
    for start in range(0, places.size, step):
        rows = slice(start, start + step)
        left = _left(found, votes[:, places[rows]], places[rows], columns[rows], crowd.classes[rows])
        alone = votes[:, places[rows]].sum(axis=0) == 1
        left[0, alone] = 0  # else all classes tie there, and each costs a hash
        best = highest(left, crowd.items[rows], seed)
        references[rows] = np.where(alone, NONE, np.where(references[rows] == NONE, best, references[rows]))
    return references


def _votes(crowd: Crowd, places: Integers, n_places: int) -> Integers:
    """How many gave each class to each labelled item, shape (classes, labelled items)."""
    cells = np.bincount(crowd.classes * n_places + places, minlength=crowd.n_classes * n_places)
    return cells.reshape(crowd.n_classes, n_places)


def _left(found: Fit, votes: Integers, places: Integers, columns: Integers, own: Integers) -> Integers:
    """Each label's item by class without the label, `NOT_GIVEN` where nobody else gave the class."""
    labels = np.arange(own.size)
    left = found.scores[:, places] - found.model.columns[columns].T
    others = votes.copy()
    others[own, labels] -= 1
    left[others == 0] = NOT_GIVEN
    return left
