"""Bayesian weighted average: a mean of an item's labels, each weighed by how close its annotator comes.

Each class is a question of its own: who says it answers 1, who says another 0. The truth of an item is a
number z of which answers are noisy readings, those of annotator j with a precision v[j] (one over the
variance). From z follow the precisions, with a few readings of the crowd's variance added so that a short
record speaks with the voice of the crowd; from these follows z, the mean of the answers weighed by v and of
the mean item. Unlike a table of confusions this takes one number for each annotator: it holds where records
are short, and it cannot take one class for another. Integers alone: docs/committee.md states every rounding.

Source: Y. Li, B. Rubinstein and T. Cohn, "Truth inference at scale: a Bayesian model for adjudicating highly
redundant crowd annotations", WWW 2019; their parameters. Gold, and the fixed number of iterations, are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from labelshare.protocol.aggregation.base import Integers
from labelshare.protocol.aggregation.dawid_skene_layout import NO_GOLD, Layout
from labelshare.protocol.aggregation.dawid_skene_passes import votes
from labelshare.protocol.aggregation.dawid_skene_rates import COUNT_BITS, COUNT_ONE
from labelshare.protocol.aggregation.fixed_point import ratio

__all__ = ["weighted_average"]

PRECISION_BITS: Final = 10
MAX_PRECISION: Final = 1 << (PRECISION_BITS + 12)
"""Such an annotator is hardly ever wrong: what is above makes no difference, and would be too large."""


def weighted_average(layout: Layout, strength: int, gold_weight: int, iterations: int) -> Integers:
    """The posteriors of the classes.

    Args:
        layout: The labels; at least one.
        strength: Pseudo-labels by which an annotator's variance is drawn towards the crowd's, 1 to 64.
        gold_weight: How often a label on a gold item counts, 1 to 20.
        iterations: At least 1.

    Returns:
        int64, shape (classes, items), in 1/2^16, rounded down: an item's add up to no more than 2^16.
    """
    found = (votes(layout) << COUNT_BITS) // np.diff(layout.starts)
    labels = _Labels.of(layout, gold_weight)
    for choice, truth in enumerate(found):
        question = _Question.of(labels, choice)
        question.clamp(truth)
        prior = question.prior(truth, strength)
        for _ in range(iterations):
            truth[:] = question.average(truth, question.precisions(truth, strength, prior))
            question.clamp(truth)
    return np.asarray((found << COUNT_BITS) // np.maximum(found.sum(axis=0), 1))


@dataclass(frozen=True, slots=True)
class _Labels:
    """What all questions share.

    Attributes:
        layout: The labels.
        weights: int64, shape (items,): how often each one's labels count.
        places: int64, shape (labels,): the item of each label, annotator by annotator.
        firsts: int64, shape (annotators,): where each one's labels start there.
        counted: int64, shape (annotators,): their labels, each as often as it counts.
        people: int64, shape (labels,): who gave each label, item by item.
    """

    layout: Layout
    weights: Integers
    places: Integers
    firsts: Integers
    counted: Integers
    people: Integers

    @classmethod
    def of(cls, layout: Layout, gold_weight: int) -> _Labels:
        places, starts = layout.by_pair
        firsts = starts[layout.annotator_starts]
        weights = np.where(layout.gold == NO_GOLD, 1, gold_weight)
        counted = np.add.reduceat(weights[places], firsts)
        return cls(layout, weights, places, firsts, counted, layout.pair_annotators[layout.pairs])


@dataclass(frozen=True, slots=True)
class _Question:
    """Is it this class? Of each item z says how much it is, in 1/2^16.

    Attributes:
        labels: All of them.
        choice: The class.
        readings: int64, shape (labels,): as `places`, but items + item where the label says this class.
        saying: int64: those labels' places in `people`.
        bounds: int64, shape (items + 1,): where each item's labels start in `saying`.
    """

    labels: _Labels
    choice: int
    readings: Integers
    saying: Integers
    bounds: Integers

    @classmethod
    def of(cls, labels: _Labels, choice: int) -> _Question:
        layout, says = labels.layout, labels.layout.pair_answers == choice
        each = np.diff(layout.by_pair[1], append=labels.places.size)
        readings = labels.places + layout.items.size * np.repeat(says, each)
        saying = np.flatnonzero(says[layout.pairs])
        return cls(labels, choice, readings, saying, np.searchsorted(saying, layout.starts))

    def clamp(self, truth: Integers) -> None:
        """Set what is known."""
        gold = self.labels.layout.gold
        truth[gold != NO_GOLD] = 0
        truth[gold == self.choice] = COUNT_ONE

    def prior(self, truth: Integers, strength: int) -> int:
        """The squared distances, in 1/2^16, of `strength` labels of the crowd: at least 1.

        The more classes, the less does the crowd's variance on each: 4 (1 − 1/K) makes up for it.
        """
        n_classes = self.labels.layout.n_classes
        total = np.array([self._distances(truth).sum()])
        mean = int(ratio(total, np.array([self.labels.counted.sum()]) << COUNT_BITS, COUNT_BITS)[0])
        return max(4 * strength * (n_classes - 1) * mean // n_classes, 1)

    def precisions(self, truth: Integers, strength: int, prior: int) -> Integers:
        """(strength + labels) / (prior + squared distances) of each annotator, in 1/2^10."""
        squares = self._distances(truth) + prior
        whole, rest = np.divmod((self.labels.counted + strength) << COUNT_BITS, squares)
        fine = (whole << PRECISION_BITS) + (rest << PRECISION_BITS) // squares
        return np.minimum(fine, MAX_PRECISION)

    def average(self, truth: Integers, precisions: Integers) -> Integers:
        """The mean of the answers to each item and, as one more of precision 1, of the mean item."""
        layout, of_label = self.labels.layout, precisions[self.labels.people]
        mean = int(truth.sum()) // truth.size
        all_say = np.add.reduceat(of_label, layout.starts[:-1])
        before = np.append(0, np.cumsum(of_label[self.saying]))
        say_so = before[self.bounds[1:]] - before[self.bounds[:-1]]
        numerators = say_so + (mean << PRECISION_BITS >> COUNT_BITS)
        return ratio(numerators, all_say + (1 << PRECISION_BITS), COUNT_BITS)

    def _distances(self, truth: Integers) -> Integers:
        """Σ (answer − z)² over each annotator's labels, each in 1/2^16 and as often as it counts."""
        both = np.concatenate((truth, COUNT_ONE - truth))
        squares = (both * both >> COUNT_BITS) * np.tile(self.labels.weights, 2)
        return np.add.reduceat(squares[self.readings], self.labels.firsts)
