"""Which class wins each item, by the model that the spec asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelshare.protocol.aggregation import committee
from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome
from labelshare.protocol.aggregation.committee import convene
from labelshare.protocol.aggregation.dawid_skene import Fit, Rule, fit
from labelshare.protocol.aggregation.dawid_skene_layout import MAX_CELLS
from labelshare.protocol.aggregation.dawid_skene_model import Model, model_root
from labelshare.protocol.aggregation.without_each import model_references
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.gold import clamped
from labelshare.protocol.spec import Committee, DawidSkene, Majority, MerkleGold, Spec
from labelshare.types import ZERO_HASH, Address, Hash32, Scope

__all__ = ["Measure", "Verdicts", "verdicts"]


@dataclass(frozen=True, slots=True)
class Measure:
    """What skill is measured by where a model found the winners.

    Attributes:
        outcome: Its own winners, of a committee those of the first member: the references of items that
            somebody did not label.
        references: int64, shape (labels,): what it says of each label's item without the label
            (`aggregation.without_each`).
    """

    outcome: Outcome
    references: Integers


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a model found.

    Attributes:
        outcome: The winners, each with its posterior.
        told: The gold items whose class the model was told; a vote is told none.
        model: The tables that prove each winner; None for a vote and for a committee.
        measure: None for a vote, whose references are `aggregation.leave_one_out`'s.
    """

    outcome: Outcome
    told: frozenset[int] = frozenset()
    model: Model | None = None
    measure: Measure | None = None

    def root(self, scope: Scope, accounts: Sequence[Address]) -> Hash32:
        """The root over the model's tables, zero where there are none; `accounts` by number in the crowd."""
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
        gold: The class of each gold item that a model may be told: not void, and given by somebody.
    """
    if isinstance(spec.aggregation, Majority) or crowd.items.size * crowd.n_classes > MAX_CELLS:
        return Verdicts(vote)
    told = clamped(seed, gold)
    known = {item: gold[item] for item in told}
    weight = spec.gold.weight if isinstance(spec.gold, MerkleGold) else 1
    outcome, tables, model = _found(spec.aggregation, weight, crowd, seed, known)
    measure = Measure(tables.outcome, model_references(crowd, tables, known, seed))
    return Verdicts(outcome, told, model, measure)


def _found(
    rule: DawidSkene | Committee, weight: int, crowd: Crowd, seed: Hash32, gold: Mapping[int, int]
) -> tuple[Outcome, Fit, Model | None]:
    """The winners, the tables that skill is measured by, and those that winners can be proven by."""
    if isinstance(rule, DawidSkene):
        found = fit(crowd, seed, gold, Rule(rule.strength, weight, rule.iterations))
        return found.outcome, found, found.model
    values = (rule.strength, weight, rule.iterations, rule.average_strength, rule.average_iterations)
    decided = convene(crowd, seed, gold, committee.Rule(*values))
    return decided.outcome, decided.first, None
