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


def tables(layout: Layout, counts: Integers, mass: Integers, strength: int, log2: Logarithm) -> Tables:
    """The tables by which posteriors are found.

    Args:
        layout: The labels.
        counts: int64, shape (pairs, classes): the posterior mass of each true class under a pair's labels,
            gold items counted several times.
        mass: int64, shape (classes,): the posterior mass of each class over all items, each counted once.
        strength: Pseudo-labels by which a rate is drawn towards the one above it.
        log2: Of `fixed_point`, or one that gives the same.
    """
    plus_one = mass + COUNT_ONE
    priors = log2(plus_one) - log2(np.array([plus_one.sum()]))
    columns = _columns(_Counts.of(layout, counts), layout, counts, strength, log2)
    return Tables(priors, columns)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Sums of the counts n[j, k, l] of annotator j answering l where k is true.

    Attributes:
        right: n[j, k, k], shape (annotators, classes).
        total: Σ_l n[j, k, l], likewise.
        crowd: Σ_j n[j, k, l], shape (true classes, answers).
    """

    right: Integers
    total: Integers
    crowd: Integers

    @classmethod
    def of(cls, layout: Layout, counts: Integers) -> _Counts:
        n_classes, answers = layout.n_classes, layout.pair_answers
        right = np.zeros((layout.annotators.size, n_classes), dtype=np.int64)
        right[layout.pair_annotators, answers] = counts[np.arange(answers.size), answers]
        total = np.add.reduceat(counts, layout.annotator_starts, axis=0)
        by_answer = np.zeros((n_classes, n_classes), dtype=np.int64)
        np.add.at(by_answer, answers, counts)
        return cls(right, total, by_answer.T)


def _columns(of: _Counts, layout: Layout, counts: Integers, strength: int, log2: Logarithm) -> Integers:
    """log2 V[j, k, l] for each pair (j, l)."""
    expected = _expected(of, strength)
    full = strength << RATE_BITS
    all_labels = log2((of.total << _FINER) + full)
    wrong = of.total - of.right
    is_wrong = log2((wrong << _FINER) + strength * (RATE_ONE - expected)) - all_labels
    given_wrong = is_wrong - log2((wrong << _FINER) + full)
    confusion = _confusion(of.crowd)
    people, answers = layout.pair_annotators, layout.pair_answers
    columns = log2((counts << _FINER) + strength * confusion.T[answers]) + given_wrong[people]
    is_right = log2((of.right[people, answers] << _FINER) + strength * expected[people, answers])
    columns[np.arange(answers.size), answers] = is_right - all_labels[people, answers]
    return columns


def _expected(of: _Counts, strength: int) -> Integers:
    """m[j, k]: how often j should be right on class k, from j's rate, the class's and the crowd's.

    Their odds are multiplied: odds(m) = odds(p[j]) · odds(p[k]) / odds(p0), as in the model of Rasch.
    """
    right, crowd = np.diagonal(of.crowd), of.crowd
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


def _confusion(crowd: Integers) -> Integers:
    """E[k, l]: where k is true and the answer is wrong, how often it is l; in 1/2^24, at least 1."""
    wrong = crowd.sum(axis=1) - np.diagonal(crowd)
    numerators = np.minimum(crowd, wrong[:, None]) + COUNT_ONE // (len(crowd) - 1)  # the diagonal is not used
    return np.maximum(ratio(numerators, wrong[:, None] + COUNT_ONE, RATE_BITS), 1)
