"""Who is slashed, by how much, and when nobody is.

`skill-and-gold.v1` takes a part of the signed stake from an annotator on whom two kinds of evidence agree:
its raw skill without gold is below the limit even with 2.33 standard errors added, and it failed hidden
gold (or, where the spec says so, agreed with its peers no better than chance). Honest work fails one by bad
luck now and then, both hardly ever.

Whoever is not flagged and yet agrees less than by chance forfeits in proportion. A guess is as often below
chance as above it: pay for the one without a loss for the other would make guesses worth money, the more so
the shorter the record. Payments that come to nothing for whoever does not look are those of A. Dasgupta and
A. Ghosh, "Crowdsourced judgement elicitation with endogenous proficiency" (WWW 2013).

The circuit breaker: where gold shows that the campaign's verdicts are bad, or there is too little gold to
show that they are good, nobody loses any stake.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from labelshare.protocol.skill import Comparison, full_skill, is_below, is_surely_below
from labelshare.protocol.spec import Skill, SkillAndGold

__all__ = [
    "Audit",
    "Correlation",
    "Record",
    "Stop",
    "amount",
    "forfeit",
    "is_flagged",
    "is_void",
    "loss",
    "may_slash",
    "stops",
]

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
    """Verdicts beside gold that is not void and that no model was told.

    Attributes:
        items: How many such items have a verdict, t.
        right: Of these verdicts, those that are the gold class.
        right_by_majority: Those of the vote, likewise.
        chance: How many would be right by chance, times t: over all classes, items of this gold class times
            verdicts of this class.
        gold: Gold items that were revealed. void: Of these, those that are void.
    """

    items: int
    right: int
    right_by_majority: int
    chance: int
    gold: int
    void: int


class Stop(StrEnum):
    """Why the circuit breaker stops all losses: a condition of `may_slash` that is not met."""

    FEW = "few"
    UNKNOWING = "unknowing"
    BEHIND = "behind"
    CONTRADICTED = "contradicted"


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
    """The circuit breaker: whether gold says that the verdicts are good enough to take stakes by.

    Verdicts are measured beyond chance (Cohen's kappa): where nine items in ten are of one class, a verdict
    that is always this class is right nine times in ten and knows nothing. Where the crowd contradicts much
    of the gold, one of them is false, and what is left of the gold cannot say which. That the vote is right
    on one item more is a matter of luck, however few items there are.
    """
    return not stops(audit, rule)


def stops(audit: Audit, rule: SkillAndGold) -> tuple[Stop, ...]:
    """What makes the circuit breaker stop all losses; nothing where stakes may be taken."""
    deficit = audit.right_by_majority - audit.right
    found = {
        Stop.FEW: audit.items < rule.breaker_gold,
        Stop.UNKNOWING: not _knows(audit, rule),
        Stop.BEHIND: deficit > 1 and deficit * _BPS > rule.breaker_margin_bps * audit.items,
        Stop.CONTRADICTED: audit.void * _BPS > rule.breaker_void_bps * audit.gold,
    }
    return tuple(stop for stop, is_so in found.items() if is_so)


def _knows(audit: Audit, rule: SkillAndGold) -> bool:
    gained, room = audit.right * audit.items - audit.chance, audit.items**2 - audit.chance
    return not rule.breaker_floor_bps or (room > 0 and gained * _BPS >= rule.breaker_floor_bps * room)


def forfeit(signed: int, skill_q16: int, rule: SkillAndGold, scale: Skill) -> int:
    """What is lost of a signed stake for answers that agree less than by chance, rounded down.

    As pay rises above chance, so this below it: nothing at a skill of 0, all of it at −`full_bps`.
    """
    full = full_skill(scale)
    return signed * rule.forfeit_bps * min(max(-skill_q16, 0), full) // (_BPS * full)


def amount(signed: int, rule: SkillAndGold) -> int:
    """What is taken of a signed stake by a slash, rounded down."""
    return signed * rule.part_bps // _BPS


def loss(signed: int, skill_q16: int, rule: SkillAndGold, scale: Skill, *, flagged: bool) -> int:
    """What an annotator loses of its signed stake, the circuit breaker apart: the larger of the two."""
    return max(amount(signed, rule) if flagged else 0, forfeit(signed, skill_q16, rule, scale))
