"""Dawid–Skene: whose answer means what, and what is true, found from each other; in integers alone.

Each annotator has a table V[k, l], how often it answers l where k is true. From posteriors of the items
follow the tables, from the tables the posteriors, and so on for a fixed number of iterations, starting with
shares of the vote. Tables are shrunk towards rates of the crowd, for most annotators give few labels. Every
sum is an exact integer and every rounding is stated in docs/dawid-skene.md, so that the outcome is the same
to the bit for any order of the labels and on any machine.

Source: A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28 (1979). The hierarchy of priors is ours: pseudo-counts as in S. Paun et al.,
"Comparing Bayesian models of annotation", TACL 6 (2018), around a mean after G. Rasch (1960).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from labelshare.errors import InputError
from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome
from labelshare.protocol.aggregation.dawid_skene_layout import NO_GOLD, Layout, lay_out
from labelshare.protocol.aggregation.dawid_skene_model import Model
from labelshare.protocol.aggregation.dawid_skene_passes import passes_for, posteriors, scores, votes
from labelshare.protocol.aggregation.dawid_skene_rates import COUNT_ONE, Tables, tables
from labelshare.protocol.aggregation.fixed_point import log2
from labelshare.protocol.aggregation.ties import highest
from labelshare.types import Hash32

__all__ = ["NOT_GIVEN", "Fit", "Rule", "dawid_skene", "fit"]

NOT_GIVEN: Final = np.iinfo(np.int64).min
"""Below every score: of a class that nobody gave."""

_MAX_STRENGTH: Final = 64
_MAX_GOLD_WEIGHT: Final = 20
_MAX_ITERATIONS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Rule:
    """What the model is run with; benchmarks/accuracy/README.md says how the values were chosen.

    Attributes:
        strength: Pseudo-labels by which a rate is drawn towards the one above it, 1 to 64.
        gold_weight: How often a label on a gold item counts, 1 to 20.
        iterations: 1 to 1,000.
    """

    strength: int = 4
    gold_weight: int = 5
    iterations: int = 20

    def __post_init__(self) -> None:
        limits = (_MAX_STRENGTH, _MAX_GOLD_WEIGHT, _MAX_ITERATIONS)
        values = (self.strength, self.gold_weight, self.iterations)
        if any(not 1 <= value <= limit for value, limit in zip(values, limits, strict=True)):
            raise InputError(f"strength, gold weight and iterations must be from 1 to {limits}, not {values}")


@dataclass(frozen=True, slots=True)
class Fit:
    """What is true by the crowd, and the tables that say so.

    Attributes:
        outcome: The verdicts; each weight is 65,536.
        posteriors: int64, shape (labelled items, classes): in 1/65,536; each row sums to 65,536.
        scores: int64, shape (classes, labelled items): log2 of prior times likelihood, in 1/2^20.
        model: The tables. A winner is the class of the highest score among those that somebody gave the item,
            except on gold items, where it is the gold.
    """

    outcome: Outcome
    posteriors: Integers
    scores: Integers
    model: Model


def dawid_skene(crowd: Crowd, seed: Hash32) -> Outcome:
    """The verdicts without gold, under the standard rule."""
    return fit(crowd, seed, {}).outcome


def fit(crowd: Crowd, seed: Hash32, gold: Mapping[int, int], rule: Rule | None = None) -> Fit:
    """Run the model.

    Args:
        crowd: The labels that count.
        seed: The campaign's, for ties.
        gold: The true class by item, where it is known; items without labels play no part.
        rule: Strength, weight of gold, iterations.

    Raises:
        InputError: More than 1,000 classes, or labels × classes beyond 2^28, or a value out of range.
    """
    rule = rule or Rule()
    layout = lay_out(crowd, gold)
    found = _iterate(layout, rule) if layout.items.size else _nothing(layout)
    return _fit(layout, found, seed)


def _iterate(layout: Layout, rule: Rule) -> Tables:
    """The tables of the last iteration."""
    passes = passes_for(layout, rule.gold_weight)
    counted = passes.begin()
    for _ in range(rule.iterations - 1):
        counted = passes.sweep(tables(layout, counted.counts, counted.mass, rule.strength, passes.log2))
    return tables(layout, counted.counts, counted.mass, rule.strength, passes.log2)


def _nothing(layout: Layout) -> Tables:
    """The tables of no labels: all classes are as likely."""
    size = np.array([layout.n_classes], dtype=np.int64)
    columns = np.zeros((0, layout.n_classes), dtype=np.int64)
    return Tables(np.repeat(-log2(size), layout.n_classes), columns)


def _fit(layout: Layout, found: Tables, seed: Hash32) -> Fit:
    by_class = scores(layout, found)
    winners = _winners(layout, by_class, seed)
    shares = posteriors(layout, by_class)
    places = np.arange(winners.size)
    shares[winners, places] += COUNT_ONE - shares.sum(axis=0)
    support = shares[winners, places]
    outcome = Outcome(layout.items, winners, support, np.full_like(support, COUNT_ONE))
    annotators = layout.annotators[layout.pair_annotators]
    columns, priors = found.columns.astype(np.int32), found.priors.astype(np.int32)
    return Fit(outcome, shares.T, by_class, Model(priors, annotators, layout.pair_answers, columns))


def _winners(layout: Layout, by_class: Integers, seed: Hash32) -> Integers:
    """The gold where it is known, else of the classes that were given the one of the highest score."""
    winners = highest(np.where(votes(layout) > 0, by_class, NOT_GIVEN), layout.items, seed)
    return np.where(layout.gold == NO_GOLD, winners, layout.gold)
