"""Which class wins each item, by the model that the spec asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelshare.protocol.aggregation.base import Crowd, Outcome
from labelshare.protocol.aggregation.dawid_skene import Rule, fit
from labelshare.protocol.aggregation.dawid_skene_layout import MAX_CELLS
from labelshare.protocol.aggregation.dawid_skene_model import Model, model_root
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.gold import clamped
from labelshare.protocol.spec import DawidSkene, MerkleGold, Spec
from labelshare.types import ZERO_HASH, Address, Hash32, Scope

__all__ = ["Verdicts", "verdicts"]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a model found.

    Attributes:
        outcome: The winners, each with its posterior.
        told: The gold items whose class the model was told; a vote is told none.
        model: The tables that say so; None for a vote.
    """

    outcome: Outcome
    told: frozenset[int] = frozenset()
    model: Model | None = None

    def root(self, scope: Scope, accounts: Sequence[Address]) -> Hash32:
        """The root over the model's tables, zero for a vote; `accounts` by number in the crowd."""
        if self.model is None:
            return ZERO_HASH
        return model_root(domain(Kind.MODEL, scope), accounts, self.model)


def verdicts(spec: Spec, crowd: Crowd, vote: Outcome, seed: Hash32, gold: Mapping[int, int]) -> Verdicts:
    """Find the winners.

    More labels than the model takes come only where nothing keeps them to k, as under `given.v1`; then the
    vote stands, so that every campaign has a settlement.

    Args:
        spec: The rules.
        crowd: The labels that count.
        vote: Their majority vote.
        seed: The campaign's, for ties and for the half of the gold that the model is told.
        gold: The class of each gold item that is not void.
    """
    rule = spec.aggregation
    if not isinstance(rule, DawidSkene) or crowd.items.size * crowd.n_classes > MAX_CELLS:
        return Verdicts(vote)
    told = clamped(seed, gold)
    weight = spec.gold.weight if isinstance(spec.gold, MerkleGold) else 1
    known = {item: gold[item] for item in told}
    found = fit(crowd, seed, known, Rule(rule.strength, weight, rule.iterations))
    return Verdicts(found.outcome, told, found.model)
