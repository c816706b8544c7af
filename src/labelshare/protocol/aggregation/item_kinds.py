"""Dawid–Skene with two kinds of items in each class: those on which people agree, and those on which not.

Dawid–Skene takes the answers to an item for independent where its class is known. They are not: what makes an
item hard makes it hard for everybody, and what is mistaken for something else is so by many at once. Here the
class and the *kind* of an item are found together. A kind has a difficulty and confusions of its own, and so
has each annotator on it; given both, answers are independent again. Everything else is as in Dawid–Skene: the
tables (with two columns for each class), their shrinkage, the number of iterations, every rounding.

Which of a class's kinds is which has to be said at the start. Here an item's votes say it: of the share of a
class, its share once more goes to the first kind, and the rest to the second. Nothing is drawn by lot.

Source: Y. Li, B. Rubinstein and T. Cohn, "Exploiting worker correlation for label aggregation in
crowdsourcing", ICML 2019, for classes that are mixtures of kinds. Theirs begins with a random assignment, and
has for each annotator a prior of its own instead of rates of the crowd.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from labelshare.protocol.aggregation import fixed_point
from labelshare.protocol.aggregation.base import Integers
from labelshare.protocol.aggregation.dawid_skene_layout import NO_GOLD, Layout
from labelshare.protocol.aggregation.dawid_skene_passes import count, scores, soften, votes
from labelshare.protocol.aggregation.dawid_skene_rates import COUNT_BITS, COUNT_ONE, tables

__all__ = ["KINDS", "item_kinds"]

KINDS: Final = 2

_IMPOSSIBLE: Final = -(1 << 60)
"""Stands for the score of a class that is known to be wrong; scores stay above −2^55."""


def item_kinds(layout: Layout, strength: int, gold_weight: int, iterations: int) -> Integers:
    """The posteriors of the classes.

    Args:
        layout: The labels; at least one.
        strength: Pseudo-labels by which a rate is drawn towards the one above it, 1 to 64.
        gold_weight: How often a label on a gold item counts, 1 to 20.
        iterations: At least 1.

    Returns:
        int64, shape (classes, items), in 1/2^16, rounded down: an item's add up to no more than 2^16.
    """
    weights = np.where(layout.gold == NO_GOLD, 1, gold_weight)
    found = _begin(layout)
    for _ in range(iterations):
        counted = count(layout, found, weights)
        by_kind = tables(layout, counted.counts, counted.mass, strength, fixed_point.log2, KINDS)
        found = soften(_possible(layout, scores(layout, by_kind)))
    return np.asarray(found.reshape(layout.n_classes, KINDS, -1).sum(axis=1))


def _begin(layout: Layout) -> Integers:
    """The shares of the vote, or of gold what is known, each divided by the share of the vote."""
    shares = (votes(layout) << COUNT_BITS) // np.diff(layout.starts)
    known = np.flatnonzero(layout.gold != NO_GOLD)
    whole = shares.copy()
    whole[:, known] = 0
    whole[layout.gold[known], known] = COUNT_ONE
    agreed = whole * shares >> COUNT_BITS
    return np.stack((agreed, whole - agreed), axis=1).reshape(layout.n_classes * KINDS, -1)


def _possible(layout: Layout, by_kind: Integers) -> Integers:
    """The scores, where gold is known those of its kinds alone."""
    known = np.flatnonzero(layout.gold != NO_GOLD)
    true = np.arange(len(by_kind))[:, None] // KINDS == layout.gold[known]
    by_kind[:, known] = np.where(true, by_kind[:, known], _IMPOSSIBLE)
    return by_kind
