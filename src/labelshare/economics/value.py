"""What a label is worth to whoever gives it, by strategy and length of record, under the rules of a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

import numpy as np

from labelshare.economics.campaign import Floats, Played, play
from labelshare.economics.enough import rule_of, widened
from labelshare.economics.mixing import LONG, Attack, Mixed, fitting, mix
from labelshare.economics.money import Costs, Flow, flow
from labelshare.economics.scene import MOST_ITEMS, Crew, Scene, longest_of, make_scene, tie_seed
from labelshare.economics.strategies import EFFORTLESS, Habits, Strategy
from labelshare.protocol.slashing import Stop, stops
from labelshare.protocol.spec import SkillAndGold, Spec

__all__ = ["GOLD_PARTS", "Assumed", "Evidence", "Valued", "Value", "Way", "Wider", "campaigns", "value_of"]

GOLD_PARTS: Final = (0.05, 0.1, 0.2, 0.3)
_SEEDS: Final = 1_000
_OFTEN: Final = 4  # as many campaigns tell what gold catches of long records
_SHORT: Final = 5
_PROBE: Final = 1_000.0  # prices behind a label where it is asked which part of a stake is lost


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is taken for granted besides the spec.

    Attributes:
        crew: Who else works.
        looks: The part of the items that the lazy look at.
        share: The part of the places that the valued seats take.
        sizes: Labels of a valued seat; `LONG` for as many as it may give.
        stakes_per_label: The stake behind a label, in prices.
        margin: By how much a label without effort is to lose at the stake that is recommended, in prices.
        costs: Of time, shares and capital.
        runs, seed: Campaigns for each figure; the same seed gives the same figures.
    """

    crew: Crew = field(default_factory=Crew)
    looks: float = 0.5
    share: float = 0.2
    sizes: Sequence[int] = (5, 19, 30, LONG)
    stakes_per_label: float = 4
    margin: float = 0.1
    costs: Costs = field(default_factory=Costs)
    runs: int = 4
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Way:
    """A strategy with its habits, and what to call it."""

    name: str
    strategy: Strategy
    habits: Habits


@dataclass(frozen=True, slots=True)
class Value:
    """What one way of answering comes to at one length of record.

    Attributes:
        way, size: Which.
        money: Of all its labels.
        caught, forfeiting: The part of its labels whose seat was slashed, or forfeited something.
    """

    way: Way
    size: int
    money: Flow
    caught: float
    forfeiting: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What gold of a part of the items takes from whoever makes no effort.

    All that is lost of a stake is in proportion to it. So a label loses s × (d·φ + f) on average where the
    stake behind it is s, and loses more than it is paid, by a margin m, from s = (a·r + m) / (d·φ + f) on.

    Attributes:
        gold: The part.
        size: Labels of a seat.
        strategy: Of those without effort, the one that needs the highest stake.
        earned: What a label of it earns: a·r, and what its shares are worth.
        caught: The part of its labels whose seat is slashed: d.
        slashed, forfeited: The part of its labels' stake that slashes take, d·φ or more, and forfeits: f.
        stake: The least stake per label at which it loses the margin, in prices; None where it loses nothing.
        wrongly, forfeiting: The part of the crowd's seats that are slashed, and that forfeit something.
        stopped: Why the circuit breaker stopped all losses, in each campaign in which it did.
    """

    gold: float
    size: int
    strategy: Strategy
    earned: float
    caught: float
    slashed: float
    forfeited: float
    stake: float | None
    wrongly: float
    forfeiting: float
    stopped: tuple[tuple[Stop, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Wider:
    """The evidence of the same spec with items enough for the circuit breaker's gold.

    Attributes:
        items, longest: How many, and labels that a seat may give of them.
        evidence: As of the spec itself.
    """

    items: int
    longest: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Valued:
    """The figures of a spec.

    Attributes:
        spec, assumed: What they are about.
        longest: Labels that a seat may give.
        costs: As assumed; a seat locks the stake of as many labels as it may give unless it was said.
        values: By way and length.
        evidence: By part of gold and length; where the spec slashes nobody, as if it did by the defaults.
        wider: What more items would change, where the spec has too few for any of the parts.
    """

    spec: Spec
    assumed: Assumed
    longest: int
    costs: Costs
    values: tuple[Value, ...]
    evidence: tuple[Evidence, ...]
    wider: Wider | None = None

    def value(self, strategy: Strategy, size: int) -> Value:
        """One value; of the honest, the one that sees as well as everybody else's looks."""
        accuracy = _middle(self.assumed)
        return next(
            each
            for each in self.values
            if (each.way.strategy, each.size, each.way.habits.accuracy) == (strategy, size, accuracy)
        )


def campaigns(spec: Spec, assumed: Assumed) -> int:
    """How many are judged for all figures."""
    ways = len(set(assumed.crew.accuracies)) + len(Strategy) - 1
    tried = [spec] if (wider := widened(spec, max(GOLD_PARTS))) is None else [spec, wider]
    evidence = sum(_OFTEN if size == LONG else 1 for each in tried for size in _lengths(each))
    values = ways * len(_sizes(spec, assumed.sizes))
    return assumed.runs * (values + len(GOLD_PARTS) * len(EFFORTLESS) * evidence)


def value_of(spec: Spec, assumed: Assumed, advance: Callable[[int], None] = lambda _steps: None) -> Valued:
    """All figures of a spec; `advance` is told of campaigns as they are judged."""
    assumed = replace(assumed, sizes=_sizes(spec, assumed.sizes))
    scenes = _scenes(spec, assumed)
    ways = _ways(assumed)
    longest = scenes[0].longest
    costs = assumed.costs
    if not costs.seat:
        costs = replace(costs, seat=longest * assumed.stakes_per_label)
    values = []
    for way in ways:
        for size in assumed.sizes:
            values.append(_value(way, size, _played(scenes, assumed, way, size), costs))
            advance(assumed.runs)
    evidence = tuple(_all_evidence(spec, assumed, ways, advance))
    wider = _wider(spec, assumed, ways, advance)
    return Valued(spec, assumed, longest, costs, tuple(values), evidence, wider)


def _wider(spec: Spec, assumed: Assumed, ways: list[Way], advance: Callable[[int], None]) -> Wider | None:
    wider = widened(spec, max(GOLD_PARTS))
    if wider is None:
        return None
    items = len(wider.items)
    return Wider(items, longest_of(wider, items), tuple(_all_evidence(wider, assumed, ways, advance)))


def _value(way: Way, size: int, runs: list[tuple[Played, Mixed]], costs: Costs) -> Value:
    money = flow([(played, mixed.looks, mixed.attackers) for played, mixed in runs], costs)
    caught, forfeiting = (
        sum(int(played.labels[mixed.attackers & (lost(played) > 0)].sum()) for played, mixed in runs)
        for lost in (_slashed, _forfeited)
    )
    labels = max(money.labels, 1)
    return Value(way, size, money, caught / labels, forfeiting / labels)


def _slashed(played: Played) -> Floats:
    return played.slashed


def _forfeited(played: Played) -> Floats:
    return played.forfeited


def _hit(runs: list[tuple[Played, Mixed]], lost: Callable[[Played], Floats]) -> float:
    """The part of the crowd's seats that lost something of a kind."""
    return float(np.mean(np.concatenate([lost(played)[: mixed.n_crowd] > 0 for played, mixed in runs])))


def _sizes(spec: Spec, wished: Sequence[int]) -> tuple[int, ...]:
    """Labels of a seat, as far as the spec allows."""
    return fitting(wished, longest_of(spec, min(len(spec.items), MOST_ITEMS)))


def _lengths(spec: Spec) -> tuple[int, ...]:
    """Records of which it is asked what they lose: short, half as long again as slashes need, and long."""
    return _sizes(spec, (_SHORT, rule_of(spec).min_labels * 3 // 2, LONG))


def _middle(assumed: Assumed) -> float:
    """The accuracy of the honest that are neither best nor worst."""
    accuracies = sorted(set(assumed.crew.accuracies), reverse=True)
    return accuracies[len(accuracies) // 2]


def _ways(assumed: Assumed) -> list[Way]:
    """The honest by accuracy, the best first; all others see as well as the one in the middle."""
    accuracies = sorted(set(assumed.crew.accuracies), reverse=True)
    honest = [Way(f"honest {each:.0%}", Strategy.HONEST, Habits(each)) for each in accuracies]
    habits = Habits(_middle(assumed), assumed.looks)
    return [*honest, *(Way(each.value, each, habits) for each in Strategy if each is not Strategy.HONEST)]


def _scenes(spec: Spec, assumed: Assumed, gold: float | None = None) -> list[Scene]:
    """One crowd a run; where a part of gold is asked about, behind a large stake and with slashes."""
    first, stakes = assumed.seed * _SEEDS, assumed.stakes_per_label if gold is None else _PROBE
    return [
        make_scene(
            spec,
            assumed.crew,
            first + number,
            gold_part=gold,
            slash=gold is not None,
            stakes_per_label=stakes,
        )
        for number in range(assumed.runs)
    ]


def _played(scenes: list[Scene], assumed: Assumed, way: Way, size: int) -> list[tuple[Played, Mixed]]:
    runs = []
    for number, scene in enumerate(scenes):
        attack = Attack(way.strategy, assumed.share, size or scene.longest, way.habits, by_lot=True)
        which = (list(Strategy).index(way.strategy), size, round(1_000 * way.habits.accuracy), number)
        mixed = mix(scene.crowd, scene.question, attack, np.random.default_rng([assumed.seed, *which]))
        runs.append((play(scene.terms, mixed.labels, tie_seed(number)), mixed))
    return runs


def _all_evidence(
    spec: Spec, assumed: Assumed, ways: list[Way], advance: Callable[[int], None]
) -> Iterator[Evidence]:
    """Long records are few in each campaign, so that it takes more campaigns."""
    free = [way for way in ways if way.strategy in EFFORTLESS]
    often = replace(assumed, runs=assumed.runs * _OFTEN)
    for part in GOLD_PARTS:
        scenes = _scenes(spec, often, part)
        for size in _lengths(spec):
            some = scenes if size == LONG else scenes[: assumed.runs]
            every = [
                _tried(part, way, size, _played(some, assumed, way, size), assumed, rule_of(spec))
                for way in free
            ]
            advance(len(some) * len(free))
            yield max(every, key=_needed)


def _tried(
    part: float,
    way: Way,
    size: int,
    runs: list[tuple[Played, Mixed]],
    assumed: Assumed,
    rule: SkillAndGold,
) -> Evidence:
    value = _value(way, size, runs, Costs(share=assumed.costs.share))
    money, labels = value.money, max(value.money.labels, 1)
    earned, lost = (money.pay + money.shares) / labels, money.lost / labels / _PROBE
    return Evidence(
        gold=part,
        size=size,
        strategy=way.strategy,
        earned=earned,
        caught=value.caught,
        slashed=money.slashed / labels / _PROBE,
        forfeited=money.forfeited / labels / _PROBE,
        stake=(earned + assumed.margin) / lost if lost else None,
        wrongly=_hit(runs, _slashed),
        forfeiting=_hit(runs, _forfeited),
        stopped=tuple(found for played, _ in runs if (found := stops(played.verdict.audit, rule))),
    )


def _needed(each: Evidence) -> float:
    return inf if each.stake is None else each.stake
