"""Whether a spec has items enough for gold to take anything, and the same spec with enough of them.

The circuit breaker asks for a number of gold items (`breaker_gold`) with verdicts that nobody was told. Of
few items even a large part is fewer: then no stake is taken, and none makes a label without effort lose.
"""

from __future__ import annotations

from itertools import cycle, islice
from math import ceil
from typing import Final

from labelshare.economics.scene import MOST_ITEMS
from labelshare.protocol.slashing import Audit, Stop, stops
from labelshare.protocol.spec import SkillAndGold, Spec

__all__ = ["rule_of", "suffices", "untold", "widened"]

_USUAL: Final = 0.1  # the part of the items that is gold where there are enough of them


def rule_of(spec: Spec) -> SkillAndGold:
    """The rule by which stakes are taken; the defaults where the spec takes none."""
    return spec.slash if isinstance(spec.slash, SkillAndGold) else SkillAndGold(policy="skill-and-gold.v1")


def untold(spec: Spec, gold: int) -> int:
    """Of so many gold items, those whose answer no model is told: a model is told half, a vote none."""
    return gold - gold // 2 if spec.modelled else gold


def suffices(spec: Spec, part: float) -> bool:
    """Whether such a part of the items is gold enough for the circuit breaker, were all else at its best."""
    gold = ceil(min(len(spec.items), MOST_ITEMS) * part)
    items = untold(spec, gold)
    best = Audit(items, right=items, right_by_majority=items, chance=0, gold=gold, void=0)
    return Stop.FEW not in stops(best, rule_of(spec))


def widened(spec: Spec, part: float) -> Spec | None:
    """The spec with items enough for a tenth of gold; None where `part` of its own is enough.

    None, too, where so many items are more than are ever simulated.
    """
    if suffices(spec, part):
        return None
    needed = rule_of(spec).breaker_gold * (2 if spec.modelled else 1)
    items = ceil(needed / _USUAL)
    return _with(spec, items) if items <= MOST_ITEMS else None


def _with(spec: Spec, items: int) -> Spec:
    """The same with so many items, its own over and over."""
    return Spec.of(spec.fields | {"items": list(islice(cycle(spec.fields["items"]), items))})
