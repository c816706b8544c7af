"""How far chance moves a skill: standard errors for reports. Nothing is paid or slashed by them."""

from __future__ import annotations

from math import sqrt
from typing import Final

from labelshare.protocol.evidence import ScoreRow
from labelshare.protocol.spec import MerkleGold, Spec

__all__ = ["IN_WORDS", "margin", "weight_of"]

Z: Final = 1.645  # to either side of the normal distribution's middle: 90%
IN_WORDS: Final = "1.645 standard errors of the skill before shrinking: 90 %"


def margin(row: ScoreRow, weight: int = 1) -> float | None:
    """What lies between a skill and either end of its interval; None where nothing could show skill.

    The standard error of the raw skill (A − X/T) / (n − X/T) as in docs/settlement.md, section 11: A is
    binomial with p = (A + 1) / (n + 2), chance is known. The skill that pay goes by is the raw one drawn
    towards the prior: the interval about it is as wide as the raw skill's.

    An answer on gold is one answer, however often it counts: it adds weight² × p × (1 − p) to the variance,
    so that of A is p × (1 − p) × (n + weight × (weight − 1) × gold).

    Args:
        row: The annotator's score.
        weight: How often an answer on gold counts in n, A and X.
    """
    n, room = row.compared, row.compared - row.chance / row.items if row.items else 0.0
    if room <= 0:
        return None
    p = (row.agreed + 1) / (n + 2)
    return Z * sqrt(p * (1 - p) * (n + weight * (weight - 1) * row.gold)) / room


def weight_of(spec: Spec) -> int:
    """How often an answer on gold counts."""
    return spec.gold.weight if isinstance(spec.gold, MerkleGold) else 1
