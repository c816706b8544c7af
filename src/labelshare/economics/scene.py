"""A crowd to attack: its rules, its labels and what is known to be true.

A recorded crowd is given by whoever read it. A simulated one is made here for any spec: seats of stated
accuracies on the spec's own rules, with gold sealed among the items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any, Final

import numpy as np

from labelshare.economics.campaign import (
    NOBODY_SAID,
    Flags,
    Floats,
    Integers,
    Labels,
    Terms,
    play,
    require_classes,
)
from labelshare.economics.mixing import deal
from labelshare.economics.strategies import Habits, Question, Strategy, answer
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.spec import MerkleGold, Rendezvous, SkillAndGold, Spec
from labelshare.types import Hash32, keccak

__all__ = ["MOST_ITEMS", "Crew", "Scene", "longest_of", "make_scene", "recorded_scene", "seal", "tie_seed"]

MOST_ITEMS: Final = 1_000
"""Items of a simulated campaign at most: what a label earns does not go by how many there are."""

_BPS: Final = 10_000
_CAP_BPS: Final = 2_000  # where the spec sets none
_SECRET: Final = keccak(b"labelshare.economics.gold")


@dataclass(frozen=True)
class Scene:
    """What is attacked.

    Attributes:
        name: What to call it.
        terms: The rules.
        crowd: The labels without any attacker.
        question: What is asked; where nobody knows the truth, the crowd's verdict stands for it.
        known: By item: whether its truth is known.
    """

    name: str
    terms: Terms
    crowd: Labels
    question: Question
    known: Flags

    @cached_property
    def scored(self) -> Flags:
        """By item: whether accuracy is measured on it, which gold is not."""
        scored = self.known.copy()
        scored[self.terms.gold_items] = False
        return scored

    @cached_property
    def true_skill(self) -> Floats:
        """By seat of the crowd: agreement with the truth beyond chance, over all its labels; 1 for none."""
        crowd, truth = self.crowd, self.question.truth
        classes, wins = np.unique(truth, return_counts=True)
        at = np.minimum(np.searchsorted(classes, crowd.classes), classes.size - 1)
        chance = np.where(classes[at] == crowd.classes, wins[at] / truth.size, 0)
        labels, by_chance = (np.bincount(crowd.seats, each, crowd.n_seats) for each in (None, chance))
        right = np.bincount(crowd.seats, crowd.classes == truth[crowd.items], crowd.n_seats)
        room = labels - by_chance
        skill: Floats = np.divide(right - by_chance, room, out=np.ones(crowd.n_seats), where=room > 0)
        return skill

    @cached_property
    def honest(self) -> Flags:
        """By seat of the crowd: whether its true skill is not below the limit that slashes go by."""
        slash = self.terms.spec.slash
        below = (
            slash.below_bps
            if isinstance(slash, SkillAndGold)
            else SkillAndGold.model_fields["below_bps"].default
        )
        return self.true_skill * _BPS >= below

    @property
    def longest(self) -> int:
        """Labels that one seat may give."""
        return longest_of(self.terms.spec, self.question.truth.size)

    def accuracy(self, winners: Integers) -> float | None:
        """The part of the scored items whose winner is true; an item without a label is not right.

        None where no item is scored.
        """
        return float(np.mean((winners == self.question.truth)[self.scored])) if self.scored.any() else None


@dataclass(frozen=True, slots=True)
class Crew:
    """A simulated crowd.

    Attributes:
        accuracies: Of its seats, in equal parts.
        labels_each: Labels of each seat.
        frequent: The part of the items that are of the most frequent class; None where all are alike.
    """

    accuracies: Sequence[float] = (0.95, 0.85, 0.75)
    labels_each: int = 50
    frequent: float | None = None


def recorded_scene(name: str, terms: Terms, crowd: Labels, truth: Mapping[int, int]) -> Scene:
    """A crowd as it was recorded.

    Args:
        name: What to call it.
        terms: The rules it is judged by.
        crowd: Its labels.
        truth: Class by item, where known; elsewhere the crowd's own verdict tells attackers what is true.
    """
    winners = play(terms, crowd, tie_seed(0)).winners
    known = np.zeros(winners.size, dtype=np.bool_)
    known[list(truth)] = True
    whole = np.maximum(winners, 0)
    whole[list(truth)] = list(truth.values())
    classes, counts = np.unique(whole, return_counts=True)
    question = Question(terms.spec.task.form.n_classes, whole, int(classes[counts.argmax()]))
    return Scene(name, terms, crowd, question, known)


def longest_of(spec: Spec, n_items: int) -> int:
    """Labels that one seat may give on so many items: by the spec's cap, a fifth where it has none."""
    bps = spec.assignment.cap_bps if isinstance(spec.assignment, Rendezvous) else _CAP_BPS
    return ceil(n_items * bps / _BPS)


def tie_seed(seed: int) -> Hash32:
    """The campaign's randomness of a run."""
    return keccak(b"labelshare.economics.seed" + seed.to_bytes(8, "big"))


def seal(
    spec: Spec, answers: dict[int, int], changes: dict[str, Any] | None = None
) -> tuple[Spec, SealedGold | None]:
    """The spec with other answers sealed as its gold, and perhaps other fields.

    Args:
        spec: Where it has no gold and `answers` has some, gold counts as by default.
        answers: Class by gold item; none takes the gold and the slashes away.
        changes: Fields of the spec to replace.
    """
    fields = spec.fields | (changes or {})
    if not answers:
        return Spec.of(fields | {"gold": {"policy": "none.v1"}, "slash": {"policy": "none.v1"}}), None
    form = spec.task.form
    gold = SealedGold.of(_SECRET, {item: form.encode(choice) for item, choice in answers.items()})
    kept = fields["gold"] if fields["gold"]["policy"] == "merkle.v1" else {"policy": "merkle.v1"}
    return Spec.of(fields | {"gold": kept | {"root": str(gold.root), "count": len(answers)}}), gold


def make_scene(
    spec: Spec,
    crew: Crew,
    seed: int,
    *,
    gold_part: float | None = None,
    slash: bool = False,
    stakes_per_label: float = 4,
) -> Scene:
    """A simulated crowd on a spec's rules.

    Args:
        spec: The rules; at most `MOST_ITEMS` of its items are used.
        crew: Who works.
        seed: The same seed gives the same truth and answers.
        gold_part: The part of the items that are gold; None for as much as the spec has.
        slash: Slash by the defaults where the spec slashes nobody.
        stakes_per_label: The stake behind a label, in prices.
    """
    require_classes(spec)
    dice = np.random.default_rng([seed, 0])
    n_items, n_classes = min(len(spec.items), MOST_ITEMS), spec.task.form.n_classes
    truth = _truth(n_items, n_classes, crew.frequent, dice)
    question = Question(n_classes, truth, 0)
    rules, gold = _sealed(spec, truth, gold_part, dice, slash=slash)
    terms = Terms(rules, gold, stakes_per_label)
    crowd = _labels(question, crew, spec.redundancy.k, dice)
    return Scene(spec.title, terms, crowd, question, np.ones(n_items, dtype=np.bool_))


def _truth(n_items: int, n_classes: int, frequent: float | None, dice: np.random.Generator) -> Integers:
    """Class 0 is the frequent one."""
    if frequent is None:
        return dice.integers(0, n_classes, n_items)
    return np.where(dice.random(n_items) < frequent, 0, dice.integers(1, n_classes, n_items))


def _sealed(
    spec: Spec, truth: Integers, part: float | None, dice: np.random.Generator, *, slash: bool
) -> tuple[Spec, SealedGold | None]:
    """The rules for fewer items, with as large a part of them gold, one item at least where there is any."""
    if part is None:
        part = spec.gold.count / len(spec.items) if isinstance(spec.gold, MerkleGold) else 0.0
    count = ceil(truth.size * part)
    chosen = np.sort(dice.permutation(truth.size)[:count])
    changes: dict[str, Any] = {"items": spec.fields["items"][: truth.size]}
    if slash and spec.slash.policy == "none.v1":
        changes["slash"] = {"policy": "skill-and-gold.v1"}
    return seal(spec, dict(zip(chosen.tolist(), truth[chosen].tolist(), strict=True)), changes)


def _labels(question: Question, crew: Crew, k: int, dice: np.random.Generator) -> Labels:
    places = deal(np.repeat(np.arange(question.truth.size), k), question.truth.size, crew.labels_each, dice)
    n_seats = int(places.seats.max()) + 1
    accuracy = dice.permutation(np.resize(np.array(crew.accuracies), n_seats))
    classes = np.full(places.items.size, NOBODY_SAID, dtype=np.int64)
    for each in sorted(set(crew.accuracies)):
        given = answer(Strategy.HONEST, question, places, Habits(accuracy=each), dice).classes
        classes = np.where(accuracy[places.seats] == each, given, classes)
    return Labels(n_seats, places.items, places.seats, classes)
