"""How far chance moves a skill: intervals for reports. Nothing is paid or slashed by them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

from labelshare.protocol.evidence import ScoreRow
from labelshare.protocol.spec import MerkleGold, Spec

__all__ = ["IN_WORDS", "Interval", "interval", "weight_of"]

Z: Final = 1.645  # to either side of the normal distribution's middle: 90%
IN_WORDS: Final = "90 % interval before it is drawn towards the prior"


@dataclass(frozen=True, slots=True)
class Interval:
    """The raw skill, before it is drawn towards the prior, and the ends of its 90% interval."""

    raw: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.2f} to {self.high:.2f}"


def interval(row: ScoreRow, weight: int = 1) -> Interval | None:
    """The raw skill (A − X/T) / (n − X/T) with the ends of its interval; None where nothing could show skill.

    A of n is binomial, chance is known: the interval is that of Agresti and Coull for A/n (The American
    Statistician 52, 1998; compared by Brown, Cai and DasGupta, Statistical Science 16, 2001), on the scale
    of skill. It ends where A/n does, at 0 and 1; near them it errs towards the wide.

    An answer on gold is one answer, however often it counts. Where gold answers weigh w, the n answers tell
    as much as n² / (n + w × (w − 1) × gold) that weigh 1 (Kish, Survey Sampling, 1965).

    The skill that pay goes by may lie beside it: a short record's is drawn far.

    Args:
        row: The annotator's score.
        weight: How often an answer on gold counts in n, A and X.
    """
    n, chance = row.compared, row.chance / row.items if row.items else 0.0
    if n - chance <= 0:
        return None
    alike = n**2 / (n + weight * (weight - 1) * row.gold)
    whole = alike + Z**2
    middle = (alike * row.agreed / n + Z**2 / 2) / whole
    half = Z * sqrt(middle * (1 - middle) / whole)

    def skill(part: float) -> float:
        return (n * part - chance) / (n - chance)

    return Interval(skill(row.agreed / n), skill(max(middle - half, 0.0)), skill(min(middle + half, 1.0)))


def weight_of(spec: Spec) -> int:
    """How often an answer on gold counts."""
    return spec.gold.weight if isinstance(spec.gold, MerkleGold) else 1
