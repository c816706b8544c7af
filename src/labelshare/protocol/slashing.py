"""Who is slashed, by how much, and when nobody is.

`skill-and-gold.v1` takes a part of the signed stake from an annotator on whom two kinds of evidence agree:
its raw skill without gold is below the limit even with 1.645 standard errors added, and it failed hidden
gold (or, where the spec says so, agreed with its peers no better than chance). Honest work fails one by bad
luck now and then, both hardly ever.

The circuit breaker: where gold shows that the campaign's verdicts are bad, or there is too little gold to
show that they are good, nobody is slashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelshare.protocol.skill import Comparison, is_below, is_surely_below
from labelshare.protocol.spec import SkillAndGold

__all__ = ["Audit", "Correlation", "Record", "amount", "is_flagged", "is_void", "may_slash"]

_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Correlation:
    """Agreement of one annotator with single peers (correlated agreement, Shnayder et al. 2016).

    Attributes:
        agreed: Pairs of its labels and others' of the same item that are equal. expected: For each of its
        labels, (others on the item) × (others' labels of its class anywhere), summed. others: All labels of
        others.
    """

    agreed: int
    expected: int
    others: int

    @property
    def fails(self) -> bool:
        """Whether agreement on an item is no better than with others' labels of any item."""
        return self.agreed * self.others <= self.expected


@dataclass(frozen=True, slots=True)
class Record:
    """The evidence on one annotator.

    Attributes:
        plain: Its labels on items that are not gold.
        gold: Its labels on gold items that are not void.
        correlation: With its peers, on all items; None where the spec does not ask for it.
    """

    plain: Comparison
    gold: Comparison
    correlation: Correlation | None


@dataclass(frozen=True, slots=True)
class Audit:
    """Verdicts on gold items that are not void: how many, how many right, how many right by majority vote."""

    items: int
    right: int
    right_by_majority: int


def is_void(contradicting: int, skilled: int, void_bps: int) -> bool:
    """Whether a gold item is void: of the `skilled` who labelled it so many contradict it."""
    return skilled > 0 and contradicting * _BPS >= void_bps * skilled


def is_flagged(record: Record, rule: SkillAndGold) -> bool:
    """Whether an annotator is to be slashed, the circuit breaker apart."""
    if record.plain.compared < rule.min_labels or not is_surely_below(record.plain, rule.below_bps):
        return False
    failed_gold = record.gold.compared >= rule.min_gold and is_below(record.gold, rule.below_bps)
    if failed_gold or rule.evidence == "gold" or record.correlation is None:
        return failed_gold
    return record.correlation.fails


def may_slash(audit: Audit, rule: SkillAndGold) -> bool:
    """The circuit breaker: whether gold says that the verdicts are good enough to slash by."""
    enough = audit.items >= rule.breaker_gold
    good = audit.right * _BPS >= rule.breaker_floor_bps * audit.items
    behind = (audit.right_by_majority - audit.right) * _BPS > rule.breaker_margin_bps * audit.items
    return enough and good and not behind


def amount(labels: int, stake_per_label: int, rule: SkillAndGold) -> int:
    """What is taken: a part of the stake signed for `labels`, rounded down."""
    return labels * stake_per_label * rule.part_bps // _BPS
