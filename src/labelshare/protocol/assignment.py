"""Who labels what: pure functions of seed, roster and published commitments.

`given.v1` takes the item lists as committed: every label of a standing batch counts. It serves recorded
crowds.

`rendezvous.v1` lets nobody choose. For each item the roster is ranked by keccak256(seed ‖ item ‖ annotator).
In a round the item's open places (k less those filled before) go to the annotators offered it least often so
far, the lower rank first; passed over are those who filled a place of it and those who have reached their
label limit. A place is filled if its annotator's published item list of that round holds the item, or if the
annotator committed alone in that round (whose items nobody knows yet). So a place not taken passes on, an
item never gets more than k labels that count, and one place is checked from the roster and the lists alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeAlias

from sha3 import keccak_256

from labelshare.types import Address, Hash32

__all__ = [
    "NO_CAP",
    "Plan",
    "RoundFacts",
    "Assigned",
    "cap_labels",
    "checker",
    "is_assigned",
    "label_limit",
    "offers",
    "places",
    "ranking",
]

Assigned: TypeAlias = Callable[[Address, int, int], bool]

NO_CAP: Final = 2**32 - 1  # `cumulativeCount` is a uint32


@dataclass(frozen=True, slots=True)
class Plan:
    """The fixed terms of an assignment: `k` places an item, `limit` labels an annotator."""

    seed: Hash32
    roster: tuple[Address, ...]
    n_items: int
    k: int
    limit: int


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What a finished round published.

    Attributes:
        items: Items in the published lists, by annotator.
        alone: Labels committed on chain alone, by annotator.
    """

    items: Mapping[Address, AbstractSet[int]] = field(default_factory=dict)
    alone: Mapping[Address, int] = field(default_factory=dict)


def cap_labels(n_items: int, cap_bps: int) -> int:
    """Labels that `cap_bps` (1/10,000) of the items allow one annotator, rounded up."""
    return -(-n_items * cap_bps // 10_000)


def label_limit(cap: int, campaign_slice: int, stake_per_label: int) -> int:
    """Labels one annotator may commit: no more than the cap, and than the slice of its seat covers.

    Args:
        cap: Labels the assignment policy allows.
        campaign_slice: Base units of a seat that the campaign may slash.
        stake_per_label: Base units at stake per label.
    """
    return min(cap, campaign_slice // stake_per_label) if stake_per_label else cap


def ranking(seed: Hash32, item: int, roster: Collection[Address]) -> list[Address]:
    """The roster in the item's order: keccak256(seed 32 ‖ item 8 ‖ annotator 20), ascending."""
    keccak, prefix = keccak_256, seed + item.to_bytes(8, "big")
    return sorted(roster, key=lambda annotator: keccak(prefix + annotator).digest())


def offers(plan: Plan, history: Sequence[RoundFacts], item: int) -> list[list[Address]]:
    """Who is assigned the item in each round, from round 0 to the one that follows `history`."""
    return _offers(plan, history, _resting(plan, history), item)


def places(plan: Plan, history: Sequence[RoundFacts]) -> dict[Address, list[int]]:
    """The items of each annotator in the round that follows `history`, ascending; no entry for none."""
    resting = _resting(plan, history)
    result: dict[Address, list[int]] = {}
    for item in range(plan.n_items):
        for annotator in _offers(plan, history, resting, item)[-1]:
            result.setdefault(annotator, []).append(item)
    return result


def is_assigned(plan: Plan, history: Sequence[RoundFacts], annotator: Address, item: int) -> bool:
    """Whether the annotator is assigned the item in the round that follows `history`."""
    return 0 <= item < plan.n_items and annotator in offers(plan, history, item)[-1]


def checker(plan: Plan, history: Sequence[RoundFacts]) -> Assigned:
    """A check of (annotator, round, item) for all rounds up to the one that follows `history`."""
    resting = _resting(plan, history)

    @cache
    def of_item(item: int) -> list[frozenset[Address]]:
        return [frozenset(chosen) for chosen in _offers(plan, history, resting, item)]

    def assigned(annotator: Address, round_number: int, item: int) -> bool:
        return annotator in of_item(item)[round_number]

    return assigned


def _resting(plan: Plan, history: Sequence[RoundFacts]) -> list[frozenset[Address]]:
    """Per round, who had reached the limit before it began."""
    load: Counter[Address] = Counter()
    resting = [_at_limit(load, plan.limit, plan.roster)]
    for facts in history:
        load.update({annotator: len(items) for annotator, items in facts.items.items()})
        load.update(facts.alone)
        resting.append(_at_limit(load, plan.limit, plan.roster))
    return resting


def _at_limit(load: Counter[Address], limit: int, roster: Sequence[Address]) -> frozenset[Address]:
    return frozenset(annotator for annotator in roster if load[annotator] >= limit)


def _offers(
    plan: Plan, history: Sequence[RoundFacts], resting: Sequence[frozenset[Address]], item: int
) -> list[list[Address]]:
    order = ranking(plan.seed, item, plan.roster)
    times: Counter[Address] = Counter()
    filled: set[Address] = set()
    rounds = []
    for number, tired in enumerate(resting):
        able = [annotator for annotator in order if annotator not in tired and annotator not in filled]
        if times:
            able.sort(key=times.__getitem__)
        chosen = able[: plan.k - len(filled)]
        rounds.append(chosen)
        if number < len(history):
            times.update(chosen)
            facts = history[number]
            filled.update(a for a in chosen if a in facts.alone or item in facts.items.get(a, ()))
    return rounds
