"""Skill: how much more than chance an annotator agrees with the others, as an exact fraction.

`leave-one-out.v1`. Over the labels of annotator j that can be compared, n of them, A agree with their
reference (`labelshare.protocol.aggregation.leave_one_out`). Somebody who answers without looking agrees on
a label of class c with probability W_j(c) / T_j, so X / T_j labels in all, X being the sum of W_j over j's
labels. Of the n − X/T labels that could show skill A − X/T did:

    raw skill = (A − X/T) / (n − X/T)

which is Cohen's kappa (Cohen 1960) with the others' winners as the second rater, and 0 in expectation for
random and for constant answers alike. Labels committed and never opened, u of them, count as wrong. Short
records are shrunk towards the prior s0 as if by m more labels (the spec's `strength`):

    skill = (A − X/T + m·s0) / (n + u − X/T + m)

Everything is multiplied out, so that the one rounding is the last: down, to 1/65,536.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelshare.protocol.spec import Skill

__all__ = ["ONE", "Comparison", "from_skill", "full_skill", "is_below", "is_surely_below", "skill_q16"]

ONE: Final = 65_536  # a skill of 1
_BPS: Final = 10_000
_Z2_PPM: Final = 5_428_900  # 2.33² in millionths: one side of the normal distribution, at 99%


@dataclass(frozen=True, slots=True)
class Comparison:
    """Labels of one annotator against their references.

    Attributes:
        compared: n.
        agreed: A, at most n.
        chance: X: labels expected to agree by chance, times `items`.
        items: T, at least 1; X ≤ n × T.
    """

    compared: int
    agreed: int
    chance: int
    items: int

    @property
    def gained(self) -> int:
        """Agreement beyond chance, times T."""
        return self.agreed * self.items - self.chance

    @property
    def room(self) -> int:
        """What agreement beyond chance could have been, times T."""
        return self.compared * self.items - self.chance


def skill_q16(record: Comparison, unopened: int, rule: Skill) -> int:
    """The skill in 1/65,536, rounded down; negative for who agrees less than by chance."""
    gained = _BPS * record.gained + rule.prior_bps * rule.strength * record.items
    room = _BPS * (record.room + (unopened + rule.strength) * record.items)
    return ONE * gained // room


def full_skill(rule: Skill) -> int:
    """The skill from which on work earns its full price, in 1/65,536, rounded down, at least 1."""
    return max(ONE * rule.full_bps // _BPS, 1)


def from_skill(rule: Skill) -> int:
    """The skill beyond which work earns anything, in 1/65,536, rounded down; below `full_skill`."""
    return ONE * rule.from_bps // _BPS


def is_below(record: Comparison, below_bps: int) -> bool:
    """Whether the raw skill is below `below_bps` / 10,000."""
    return _BPS * record.gained < below_bps * record.room


def is_surely_below(record: Comparison, below_bps: int) -> bool:
    """Whether the raw skill plus 2.33 standard errors is below `below_bps` / 10,000.

    A is taken as binomial with p = (A + 1) / (n + 2), which Laplace's rule of succession keeps off 0 and 1,
    so that agreeing never is no certainty; chance is taken as known. With sd = √(n·p·(1 − p)) the standard
    error of the raw skill is sd / (n − X/T), and below·(n − X/T) − (A − X/T) must exceed 2.33·sd: both
    sides squared and multiplied by (10,000·T·(n + 2))².
    """
    n, agreed = record.compared, record.agreed
    short = below_bps * record.room - _BPS * record.gained
    if short <= 0:
        return False
    left = short * short * (n + 2) ** 2 * 1_000_000
    right = _Z2_PPM * _BPS * _BPS * record.items**2 * n * (agreed + 1) * (n - agreed + 1)
    return left > right
