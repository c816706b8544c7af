"""A committee of three models: two of them outvote one that is led astray.

Its members err in different ways. `dawid_skene` knows who confuses what, and is misled where many people are
wrong together; `item_kinds` tells items that mislead from others, and needs more labels for it;
`weighted_average` takes one number for each annotator, and holds where labels are few. Each votes for its
most likely class among those that somebody gave; the class with most votes wins. Posteriors of one model are
not comparable with those of another (Dawid–Skene's are far too sure): they decide only where votes tie.
Integers alone: docs/committee.md states every rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from labelshare.errors import InputError
from labelshare.protocol.aggregation import dawid_skene
from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome
from labelshare.protocol.aggregation.dawid_skene_layout import NO_GOLD, Layout, lay_out
from labelshare.protocol.aggregation.dawid_skene_passes import votes
from labelshare.protocol.aggregation.dawid_skene_rates import COUNT_ONE
from labelshare.protocol.aggregation.item_kinds import item_kinds
from labelshare.protocol.aggregation.ties import highest
from labelshare.protocol.aggregation.weighted_average import weighted_average
from labelshare.types import Hash32

__all__ = ["Found", "Rule", "committee", "convene"]

_VOTE: Final = 1 << 18
"""More than the posteriors of all members together."""
_MEMBERS: Final = 3
_LIMITS: Final = (64, 20, 1_000, 64, 1_000)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the members are run with; docs/committee.md says how the values were chosen.

    Attributes:
        strength: Pseudo-labels by which a rate of the two models with tables is drawn towards the one above
            it, 1 to 64.
        gold_weight: How often a label on a gold item counts, 1 to 20.
        iterations: Of the two models with tables, 1 to 1,000.
        average_strength: Pseudo-labels by which an annotator's variance is drawn towards the crowd's in the
            weighted average, 1 to 64.
        average_iterations: Of the weighted average, 1 to 1,000.
    """

    strength: int = 4
    gold_weight: int = 5
    iterations: int = 20
    average_strength: int = 15
    average_iterations: int = 100

    def __post_init__(self) -> None:
        values = (
            self.strength,
            self.gold_weight,
            self.iterations,
            self.average_strength,
            self.average_iterations,
        )
        if any(not 1 <= value <= limit for value, limit in zip(values, _LIMITS, strict=True)):
            raise InputError(f"the numbers of a committee must be from 1 to {_LIMITS}, not {values}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a committee found.

    Attributes:
        outcome: Its verdicts in the items' order; the support is the mean of the members' posteriors, in
            1/65,536.
        first: What its first member found, Dawid–Skene: skill is measured by that one.
    """

    outcome: Outcome
    first: dawid_skene.Fit


def committee(
    crowd: Crowd, seed: Hash32, gold: Mapping[int, int] | None = None, rule: Rule | None = None
) -> Outcome:
    """The verdicts of three models together; see `convene`."""
    return convene(crowd, seed, gold or {}, rule or Rule()).outcome


def convene(crowd: Crowd, seed: Hash32, gold: Mapping[int, int], rule: Rule) -> Found:
    """Let the members vote.

    Args:
        crowd: The labels that count.
        seed: The campaign's, for ties.
        gold: The true class by item, where it is known; items without labels play no part.
        rule: What the members are run with.

    Raises:
        InputError: More than 1,000 classes, or labels × classes beyond 2^28, or a value out of range.
    """
    tables = dawid_skene.Rule(rule.strength, rule.gold_weight, rule.iterations)
    first = dawid_skene.fit(crowd, seed, gold, tables)
    layout = lay_out(crowd, gold)
    if not layout.items.size:
        return Found(first.outcome, first)
    members = _members(layout, first, rule)
    total = members[0] + members[1] + members[2]
    winners = highest(_ballots(layout, members, total), layout.items, seed)
    winners = np.where(layout.gold == NO_GOLD, winners, layout.gold)
    support = total[winners, np.arange(winners.size)] // _MEMBERS
    support[layout.gold != NO_GOLD] = COUNT_ONE
    return Found(Outcome(layout.items, winners, support, np.full_like(support, COUNT_ONE)), first)


def _members(layout: Layout, first: dawid_skene.Fit, rule: Rule) -> tuple[Integers, Integers, Integers]:
    """The posteriors of each, in 1/2^16, shape (classes, items)."""
    return (
        first.posteriors.T,
        item_kinds(layout, rule.strength, rule.gold_weight, rule.iterations),
        weighted_average(layout, rule.average_strength, rule.gold_weight, rule.average_iterations),
    )


def _ballots(layout: Layout, members: tuple[Integers, ...], total: Integers) -> Integers:
    """What decides, shape (classes, items): votes, then posteriors; of a class that nobody gave −1."""
    given = votes(layout) > 0
    ballots = total.copy()
    for posteriors in members:
        possible = np.where(given, posteriors, -1)
        ballots += _VOTE * (possible == possible.max(axis=0))
    return np.where(given, ballots, -1)
