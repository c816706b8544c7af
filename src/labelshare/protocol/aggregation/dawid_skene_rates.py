"""The tables of Dawid–Skene from the soft counts: what each annotator's answer says of each class.

A hierarchy of shrunken rates, so that a short record speaks with the voice of the crowd
(docs/dawid-skene.md, section 4). Counts come in 1/2^16 and stay below 2^48; rates near the top are in 1/2^16,
those that meet counts in 1/2^24; logarithms are to the base 2 in 1/2^20.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from labelshare.protocol.aggregation.base import Integers
from labelshare.protocol.aggregation.dawid_skene_layout import Layout
from labelshare.protocol.aggregation.fixed_point import ratio

__all__ = ["COUNT_BITS", "COUNT_ONE", "Tables", "tables"]

Logarithm: TypeAlias = Callable[[Integers], Integers]

COUNT_BITS: Final = 16
COUNT_ONE: Final = 1 << COUNT_BITS
RATE_BITS: Final = 24
RATE_ONE: Final = 1 << RATE_BITS

_FINER: Final = RATE_BITS - COUNT_BITS


@dataclass(frozen=True, slots=True)
class Tables:
    """Logarithms in 1/2^20, none above 0 and none below −2^27.

    Attributes:
        priors: int64, shape (classes,): of each class.
        columns: int64, shape (pairs, classes): of the annotator giving this answer, by the true class.
    """

    priors: Integers
    columns: Integers


def tables(
    layout: Layout, counts: Integers, mass: Integers, strength: int, log2: Logarithm, kinds: int = 1
) -> Tables:
    """The tables by which posteriors are found.

    Each class may have several kinds of items (`item_kinds`): then what is true is one of classes × kinds,
    and column k · kinds + m of every array is that of kind m of class k.

    Args:
        layout: The labels.
        counts: int64, shape (pairs, classes): the posterior mass of each true class under a pair's labels,
            gold items counted several times.
        mass: int64, shape (classes,): the posterior mass of each class over all items, each counted once.
        strength: Pseudo-labels by which a rate is drawn towards the one above it.
        log2: Of `fixed_point`, or one that gives the same.
        kinds: Of each class.
    """
    plus_one = mass + COUNT_ONE
    priors = log2(plus_one) - log2(np.array([plus_one.sum()]))
    columns = _columns(_Counts.of(layout, counts, kinds), layout, counts, strength, log2)
    return Tables(priors, columns)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Sums of the counts n[j, k, l] of annotator j answering l where k is true.

    Attributes:
        right: n[j, k, k], shape (annotators, classes × kinds).
        total: Σ_l n[j, k, l], likewise.
        crowd: Σ_j n[j, k, l], shape (classes × kinds, answers).
        kinds: Of each class.
    """

    right: Integers
    total: Integers
    crowd: Integers
    kinds: int

    @classmethod
    def of(cls, layout: Layout, counts: Integers, kinds: int) -> _Counts:
        answers, n_columns = layout.pair_answers, layout.n_classes * kinds
        right = np.zeros((layout.annotators.size, n_columns), dtype=np.int64)
        for column in _own(answers, kinds):
            right[layout.pair_annotators, column] = counts[np.arange(answers.size), column]
        total = np.add.reduceat(counts, layout.annotator_starts, axis=0)
        by_answer = np.zeros((layout.n_classes, n_columns), dtype=np.int64)
        np.add.at(by_answer, answers, counts)
        return cls(right, total, by_answer.T, kinds)

    @property
    def crowd_right(self) -> Integers:
        """Σ_j n[j, k, k]."""
        return self.crowd[np.arange(len(self.crowd)), np.arange(len(self.crowd)) // self.kinds]


def _own(answers: Integers, kinds: int) -> list[Integers]:
    """The columns in which each answer is right: one for each kind."""
    return [answers * kinds + kind for kind in range(kinds)]


def _columns(of: _Counts, layout: Layout, counts: Integers, strength: int, log2: Logarithm) -> Integers:
    """log2 V[j, k, l] for each pair (j, l)."""
    expected = _expected(of, strength)
    full = strength << RATE_BITS
    all_labels = log2((of.total << _FINER) + full)
    wrong = of.total - of.right
    is_wrong = log2((wrong << _FINER) + strength * (RATE_ONE - expected)) - all_labels
    given_wrong = is_wrong - log2((wrong << _FINER) + full)
    confusion = _confusion(of)
    people, answers = layout.pair_annotators, layout.pair_answers
    columns = log2((counts << _FINER) + strength * confusion.T[answers]) + given_wrong[people]
    for own in _own(answers, of.kinds):
        is_right = log2((of.right[people, own] << _FINER) + strength * expected[people, own])
        columns[np.arange(answers.size), own] = is_right - all_labels[people, own]
    return columns


def _expected(of: _Counts, strength: int) -> Integers:
    """m[j, k]: how often j should be right on class k, from j's rate, the class's and the crowd's.

    Their odds are multiplied: odds(m) = odds(p[j]) · odds(p[k]) / odds(p0), as in the model of Rasch.
    """
    right, crowd = of.crowd_right, of.crowd
    p0 = _rate(right.sum() + COUNT_ONE, crowd.sum() + 2 * COUNT_ONE)
    full = strength << COUNT_BITS
    of_annotator = _rate(of.right.sum(axis=1) + strength * p0, of.total.sum(axis=1) + full)[:, None]
    of_class = _rate(right + strength * p0, crowd.sum(axis=1) + full)[None, :]
    in_favour = of_annotator * of_class * (COUNT_ONE - p0)
    against = (COUNT_ONE - of_annotator) * (COUNT_ONE - of_class) * p0
    return np.clip(ratio(in_favour, in_favour + against, RATE_BITS), 1, RATE_ONE - 1)


def _rate(numerators: Integers, denominators: Integers) -> Integers:
    """A rate in 1/2^16, neither 0 nor 1."""
    return np.clip(ratio(numerators, denominators, COUNT_BITS), 1, COUNT_ONE - 1)


def _confusion(of: _Counts) -> Integers:
    """E[k, l]: where k is true and the answer is wrong, how often it is l; in 1/2^24, at least 1."""
    wrong = of.crowd.sum(axis=1) - of.crowd_right
    others = of.crowd.shape[1] - 1
    numerators = np.minimum(of.crowd, wrong[:, None]) + COUNT_ONE // others  # where l is right it is not used
    return np.maximum(ratio(numerators, wrong[:, None] + COUNT_ONE, RATE_BITS), 1)
