"""A crowd under attack: every strategy, length of record and part of the places, over a few seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from labelshare.economics.campaign import Flags, Floats, Labels, Played, play
from labelshare.economics.mixing import LONG, Attack, Mixed, fitting, mix
from labelshare.economics.money import Costs, Flow, flow
from labelshare.economics.scene import Scene, tie_seed
from labelshare.economics.strategies import EFFORTLESS, Habits, Strategy

__all__ = ["LONG", "Cell", "Grid", "Losers", "Plan", "run"]

_PERMILLE: Final = 1_000
_OFTEN: Final = 4  # as many campaigns tell of long records: their seats are few in each


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried.

    Attributes:
        strategies: In the order of the cells.
        sizes: Labels of an attacker's seat; `LONG` for as many as it may give.
        shares: Parts of the places that attackers take; none of them is 0.
        runs: Campaigns of each cell, with other places, answers and ties; four times as many of long records.
        seed: The same seed gives the same figures.
        habits, costs: What is taken for granted.
        by_lot: Whether attackers get each place by lot, or the same part of every item.
    """

    strategies: Sequence[Strategy] = tuple(Strategy)
    sizes: Sequence[int] = (5, 19, 30, LONG)
    shares: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5)
    runs: int = 3
    seed: int = 1
    habits: Habits = field(default_factory=Habits)
    costs: Costs = field(default_factory=Costs)
    by_lot: bool = False

    def fitted(self, scene: Scene) -> Plan:
        """The plan without records that are longer than a scene allows."""
        return replace(self, sizes=fitting(self.sizes, scene.longest))

    @property
    def campaigns(self) -> int:
        """How many are judged."""
        of_sizes = sum(self.runs_of(size) for size in self.sizes)
        return self.runs + of_sizes * len(self.strategies) * len(self.shares)

    def runs_of(self, size: int) -> int:
        """How many of them each cell with such records has."""
        return self.runs * (_OFTEN if size == LONG else 1)


@dataclass(frozen=True, slots=True)
class Losers:
    """Seats of the crowd that lose stake, in all runs of a cell.

    Attributes:
        honest_slashed, others_slashed: Flagged, where the circuit breaker allows it.
        honest_forfeiting, others_forfeiting: Not flagged, with a skill below 0.
    """

    honest_slashed: int
    honest_forfeiting: int
    others_slashed: int
    others_forfeiting: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One strategy at one length of record and one part of the places; means over the runs.

    Attributes:
        strategy, size, share: Which; `size` as planned.
        campaigns: How many it is of.
        attackers, honest: Their money; the honest are seats of the crowd whose true skill is above the limit
            that slashes go by.
        losers: Who of the crowd loses stake.
        caught, forfeiting: The part of the attackers' labels whose seat was slashed, or forfeited something.
        accuracy: Of the verdicts; None where no item is scored.
        lost: What it lacks to the same crowd without an attacker.
        honest_pay: What a label of the honest is paid, as a part of what it was paid without an attacker.
    """

    strategy: Strategy
    size: int
    share: float
    campaigns: int
    attackers: Flow
    honest: Flow
    losers: Losers
    caught: float
    forfeiting: float
    accuracy: float | None
    lost: float | None
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
        alone: The honest without an attacker. losers: Who loses stake there.
        accuracy: Of the verdicts without an attacker; None where no item is scored.
        cells: By strategy, size and share, in the order of the plan.
    """

    scene: Scene
    plan: Plan
    alone: Flow
    losers: Losers
    accuracy: float | None
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
    alone, losers, accuracy = _honest(scene, bare, plan.costs), _losers(scene, bare), _accuracy(scene, bare)
    cells = []
    for strategy in plan.strategies:
        for size in plan.sizes:
            for share in plan.shares:
                numbers = range(plan.runs_of(size))
                runs = [_attacked(scene, plan, strategy, size, share, number) for number in numbers]
                advance(len(runs))
                cells.append(_cell(scene, plan, (strategy, size, share), runs, (alone, accuracy)))
    return Grid(scene, plan, alone, losers, accuracy, tuple(cells))


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
    return play(scene.terms, labels, tie_seed(plan.seed * _PERMILLE + number))


def _cell(
    scene: Scene,
    plan: Plan,
    which: tuple[Strategy, int, float],
    runs: list[_Run],
    without: tuple[Flow, float | None],
) -> Cell:
    alone, accuracy = without
    attackers = flow([(each.played, each.mixed.looks, each.mixed.attackers) for each in runs], plan.costs)
    honest, found = _honest(scene, runs, plan.costs), _accuracy(scene, runs)
    before, now = (each.pay / max(each.labels, 1) for each in (alone, honest))
    return Cell(
        *which,
        campaigns=len(runs),
        attackers=attackers,
        honest=honest,
        losers=_losers(scene, runs),
        caught=_hit(runs, lambda played: played.slashed),
        forfeiting=_hit(runs, lambda played: played.forfeited),
        accuracy=found,
        lost=None if accuracy is None or found is None else accuracy - found,
        honest_pay=now / before if before else 0.0,
    )


def _honest(scene: Scene, runs: list[_Run], costs: Costs) -> Flow:
    return flow([(each.played, each.mixed.looks, _padded(scene, each)) for each in runs], costs)


def _losers(scene: Scene, runs: list[_Run]) -> Losers:
    crowd, counts = scene.crowd.n_seats, np.zeros((2, 2), dtype=np.int64)
    for each in runs:
        for row, chosen in enumerate((scene.honest, ~scene.honest)):
            for column, lost in enumerate((each.played.slashed, each.played.forfeited)):
                counts[row, column] += np.count_nonzero(chosen & (lost[:crowd] > 0))
    return Losers(*counts.ravel().tolist())


def _padded(scene: Scene, each: _Run) -> Flags:
    """The honest by seat, attackers' seats after them."""
    chosen = np.zeros(each.mixed.labels.n_seats, dtype=np.bool_)
    chosen[: scene.crowd.n_seats] = scene.honest
    return chosen


def _accuracy(scene: Scene, runs: list[_Run]) -> float | None:
    found = [scene.accuracy(each.played.winners) for each in runs]
    known = [each for each in found if each is not None]
    return float(np.mean(known)) if known else None


def _hit(runs: list[_Run], lost: Callable[[Played], Floats]) -> float:
    """The part of the attackers' labels whose seat lost something of a kind."""
    labels = hit = 0
    for each in runs:
        given = each.played.labels[each.mixed.attackers]
        labels += int(given.sum())
        hit += int(given[lost(each.played)[each.mixed.attackers] > 0].sum())
    return hit / max(labels, 1)
