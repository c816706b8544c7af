"""A crowd under attack: every strategy, length of record and part of the places, over a few seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from labelshare.economics.campaign import Labels, Played, play
from labelshare.economics.mixing import LONG, Attack, Mixed, fitting, mix
from labelshare.economics.money import Costs, Flow, flow
from labelshare.economics.scene import Scene, tie_seed
from labelshare.economics.strategies import EFFORTLESS, Habits, Strategy
from labelshare.economics.trial import Trial, tried

__all__ = ["LONG", "Cell", "Grid", "Plan", "run"]

_PERMILLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried.

    Attributes:
        strategies: In the order of the cells.
        sizes: Labels of an attacker's seat; `LONG` for as many as it may give.
        shares: Parts of the places that attackers take; none of them is 0.
        runs: Campaigns of each cell, with other places, answers and ties.
        seed: The same seed gives the same figures.
        habits, costs: What is taken for granted.
        by_lot: Whether attackers get each place by lot, or the same part of every item.
        trial: Rules that are tried instead of those that the spec has.
    """

    strategies: Sequence[Strategy] = tuple(Strategy)
    sizes: Sequence[int] = (5, 19, 30, LONG)
    shares: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5)
    runs: int = 3
    seed: int = 1
    habits: Habits = field(default_factory=Habits)
    costs: Costs = field(default_factory=Costs)
    by_lot: bool = False
    trial: Trial = field(default_factory=Trial)

    def fitted(self, scene: Scene) -> Plan:
        """The plan without records that are longer than a scene allows."""
        return replace(self, sizes=fitting(self.sizes, scene.longest))

    @property
    def campaigns(self) -> int:
        """How many are judged."""
        return self.runs * (1 + len(self.strategies) * len(self.sizes) * len(self.shares))


@dataclass(frozen=True, slots=True)
class Cell:
    """One strategy at one length of record and one part of the places; means over the runs.

    Attributes:
        strategy, size, share: Which; `size` as planned.
        attackers, honest: Their money; the honest are seats of the crowd whose true skill is above the limit
            that slashes go by.
        wrongly: Honest seats slashed, in all runs. rightly: Others of the crowd, likewise.
        caught: The part of the attackers' labels whose seat was slashed.
        accuracy: Of the verdicts.
        lost: What it lacks to the same crowd without an attacker.
        honest_pay: What a label of the honest is paid, as a part of what it was paid without an attacker.
    """

    strategy: Strategy
    size: int
    share: float
    attackers: Flow
    honest: Flow
    wrongly: int
    rightly: int
    caught: float
    accuracy: float
    lost: float
    honest_pay: float

    @property
    def effortless(self) -> bool:
        """Whether the attackers never look."""
        return self.strategy in EFFORTLESS


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of a scene, after the crowd alone.

    Attributes:
        scene, plan: What was tried on whom.
        alone: The honest without an attacker. wrongly, rightly: Seats slashed there, in all runs.
        accuracy: Of the verdicts without an attacker.
        cells: By strategy, size and share, in the order of the plan.
    """

    scene: Scene
    plan: Plan
    alone: Flow
    wrongly: int
    rightly: int
    accuracy: float
    cells: tuple[Cell, ...]

    def of(self, strategy: Strategy, size: int, share: float) -> Cell:
        """One cell."""
        return next(
            each for each in self.cells if (each.strategy, each.size, each.share) == (strategy, size, share)
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """A campaign with who was who in it."""

    mixed: Mixed
    played: Played


def run(scene: Scene, plan: Plan, advance: Callable[[int], None] = lambda _steps: None) -> Grid:
    """Try everything that is planned; `advance` is told of each campaign that is judged."""
    plan = plan.fitted(scene)
    bare = _bare(scene, plan, advance)
    alone = _honest(scene, bare, plan.costs)
    wrongly, rightly = _slashed(scene, bare)
    accuracy = _accuracy(scene, bare)
    cells = []
    for strategy in plan.strategies:
        for size in plan.sizes:
            for share in plan.shares:
                runs = [_attacked(scene, plan, strategy, size, share, number) for number in range(plan.runs)]
                advance(plan.runs)
                cells.append(_cell(scene, plan, (strategy, size, share), runs, (alone, accuracy)))
    return Grid(scene, plan, alone, wrongly, rightly, accuracy, tuple(cells))


def _bare(scene: Scene, plan: Plan, advance: Callable[[int], None]) -> list[_Run]:
    crowd = scene.crowd
    mixed = Mixed(crowd, crowd.n_seats, np.ones(crowd.items.size, dtype=np.bool_))
    runs = [_Run(mixed, _judged(scene, plan, crowd, number)) for number in range(plan.runs)]
    advance(plan.runs)
    return runs


def _attacked(scene: Scene, plan: Plan, strategy: Strategy, size: int, share: float, number: int) -> _Run:
    """A campaign whose dice are its own, whatever else is planned."""
    which = (list(Strategy).index(strategy), size, round(share * _PERMILLE), number)
    attack = Attack(strategy, share, size or scene.longest, plan.habits, by_lot=plan.by_lot)
    mixed = mix(scene.crowd, scene.question, attack, np.random.default_rng([plan.seed, *which]))
    return _Run(mixed, _judged(scene, plan, mixed.labels, number))


def _judged(scene: Scene, plan: Plan, labels: Labels, number: int) -> Played:
    played = play(scene.terms, labels, tie_seed(plan.seed * _PERMILLE + number))
    return tried(scene.terms, labels, played, plan.trial) if plan.trial.changes else played


def _cell(
    scene: Scene,
    plan: Plan,
    which: tuple[Strategy, int, float],
    runs: list[_Run],
    without: tuple[Flow, float],
) -> Cell:
    alone, accuracy = without
    attackers = flow([(each.played, each.mixed.looks, each.mixed.attackers) for each in runs], plan.costs)
    honest, found = _honest(scene, runs, plan.costs), _accuracy(scene, runs)
    wrongly, rightly = _slashed(scene, runs)
    before, now = (each.pay / max(each.labels, 1) for each in (alone, honest))
    return Cell(
        *which,
        attackers=attackers,
        honest=honest,
        wrongly=wrongly,
        rightly=rightly,
        caught=_caught(runs),
        accuracy=found,
        lost=accuracy - found,
        honest_pay=now / before if before else 0.0,
    )


def _honest(scene: Scene, runs: list[_Run], costs: Costs) -> Flow:
    return flow([(each.played, each.mixed.looks, _padded(scene, each)) for each in runs], costs)


def _slashed(scene: Scene, runs: list[_Run]) -> tuple[int, int]:
    """Seats of the crowd that were slashed: honest ones, others."""
    honest = others = 0
    for each in runs:
        slashed = each.played.slashed[: scene.crowd.n_seats] > 0
        honest += int(np.count_nonzero(slashed & scene.honest))
        others += int(np.count_nonzero(slashed & ~scene.honest))
    return honest, others


def _padded(scene: Scene, each: _Run) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The honest by seat, attackers' seats after them."""
    chosen = np.zeros(each.mixed.labels.n_seats, dtype=np.bool_)
    chosen[: scene.crowd.n_seats] = scene.honest
    return chosen


def _accuracy(scene: Scene, runs: list[_Run]) -> float:
    return float(np.mean([scene.accuracy(each.played.winners) for each in runs]))


def _caught(runs: list[_Run]) -> float:
    labels = caught = 0
    for each in runs:
        given = each.played.labels[each.mixed.attackers]
        labels += int(given.sum())
        caught += int(given[each.played.slashed[each.mixed.attackers] > 0].sum())
    return caught / max(labels, 1)
