"""Crowds under attack: what the figures say of the rules, and that they are the same each time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from labelshare.economics.campaign import Labels
from labelshare.economics.goals import dearest, judged
from labelshare.economics.grid import Grid, Losers, Plan, run
from labelshare.economics.mixing import LONG
from labelshare.economics.money import Costs
from labelshare.economics.scene import Crew, Scene, make_scene, recorded_scene
from labelshare.economics.strategies import EFFORTLESS, Strategy
from labelshare.economics.text import grid_json
from labelshare.protocol.spec import Spec
from tests.economics.scenes import honest_scene, labels_of, spec_of, terms_of

SMALL = Plan(strategies=EFFORTLESS, sizes=(5, LONG), shares=(0.1, 0.2), runs=2, costs=Costs(look=0))


@cache
def small(policy: str = "majority.v1") -> Grid:
    return run(honest_scene(policy), SMALL)


def test_nobody_is_slashed_where_everybody_is_honest() -> None:
    for policy in ("majority.v1", "dawid-skene.v1"):
        grid = small(policy)
        assert grid.losers == Losers(0, 0, 0, 0)
        assert grid.scene.honest.all()
        assert grid.accuracy is not None
        assert grid.accuracy > 0.95


@pytest.mark.parametrize("policy", ["majority.v1", "dawid-skene.v1"])
def test_nobody_without_effort_gains_and_short_records_forfeit(policy: str) -> None:
    grid = small(policy)
    for strategy in EFFORTLESS:
        short = grid.of(strategy, 5, 0.1)
        assert grid.of(strategy, LONG, 0.1).attackers.per_label < -0.2
        assert short.attackers.per_label < 0
        assert (short.caught, short.attackers.slashed) == (0, 0)
        assert short.forfeiting > 0.2
        assert short.attackers.forfeited > short.attackers.pay
    assert judged(grid).gaining == ()
    assert judged(grid).met


@pytest.mark.parametrize("policy", ["majority.v1", "dawid-skene.v1"])
def test_guesses_with_long_records_are_slashed(policy: str) -> None:
    """On two classes it takes some 136 labels to be sure of a guess; here a seat gives 160."""
    plan = replace(SMALL, sizes=(LONG,), shares=(0.1,), runs=1)
    grid = run(honest_scene(policy, 800), plan)
    for cell in grid.cells:
        assert cell.attackers.per_label < -0.3
        assert cell.caught > 0.1
        assert cell.losers.honest_slashed == 0


def without_forfeits() -> Scene:
    scene = honest_scene()
    spec = scene.terms.spec
    fields = spec.fields | {"slash": spec.fields["slash"] | {"forfeit_bps": 0}}
    return replace(scene, terms=replace(scene.terms, spec=Spec.of(fields)))


@cache
def gaining_grid() -> Grid:
    return run(without_forfeits(), SMALL)


def test_without_forfeits_short_records_gain() -> None:
    """A guess is as often above chance as below it: who cannot be slashed cannot lose."""
    grid = gaining_grid()
    for strategy in EFFORTLESS:
        assert 0 < grid.of(strategy, 5, 0.1).attackers.per_label < 0.3
    assert all(each.attackers.forfeited == each.honest.forfeited == 0 for each in grid.cells)
    assert not any(each.forfeiting for each in grid.cells)


def test_the_goals_name_where_they_fail() -> None:
    goals = judged(gaining_grid())

    assert goals.tried == len(EFFORTLESS) * 2 * 2
    assert {each.size for each in goals.gaining} >= {5}
    gains = [each.attackers.per_label for each in goals.gaining]
    assert gains == sorted(gains, reverse=True)
    assert goals.wrongly == 0
    assert not goals.met
    assert dearest(gaining_grid(), goals.gaining[0].strategy, goals.gaining[0].share) is goals.gaining[0]


def test_the_honest_who_lose_are_counted_by_what_they_lose_by() -> None:
    """Four are always right, one never; one is right on ten of thirteen items, but the three are its gold.

    Its true skill is 3.5 / 6.5. To the rules n = 25, A = 10, X/T = 12.5: skill −2.5 / 18.5, of full .4 a
    part of .338; of the stake of 13 labels at four prices half, 26, can be lost: 8.78. It is too short for a
    slash.
    """
    truth = {item: item % 2 for item in range(40)}
    wrong = {item: 1 - choice for item, choice in truth.items()}
    gold = {item: truth[item] for item in range(10)}
    unlucky = {item: wrong[item] for item in range(3)} | {item: truth[item] for item in range(10, 20)}
    labels = labels_of(truth, truth, truth, truth, wrong, unlucky)
    scene = recorded_scene("small", terms_of(gold, 40), labels, truth)
    grid = run(scene, replace(SMALL, shares=(), runs=3))

    assert scene.honest.tolist() == [True] * 4 + [False, True]
    assert grid.losers == Losers(honest_slashed=0, honest_forfeiting=3, others_slashed=3, others_forfeiting=0)
    assert grid.alone.slashed == 0
    assert grid.alone.forfeited == pytest.approx(3 * 26 * 2.5 / 18.5 / 0.4, rel=0.001)
    goals = judged(grid)
    assert (goals.wrongly, goals.forfeiting, goals.met) == (0, 3, True)
    assert goals.forfeited == pytest.approx(grid.alone.forfeited / grid.alone.labels)


def test_the_same_seed_gives_the_same_figures_whatever_else_is_planned() -> None:
    alone = run(honest_scene(), replace(SMALL, strategies=(Strategy.COLLUDING,), shares=(0.2,)))
    other = run(honest_scene(), replace(SMALL, strategies=(Strategy.COLLUDING,), shares=(0.2,), seed=2))

    cell = small().of(Strategy.COLLUDING, 5, 0.2)
    assert alone.of(Strategy.COLLUDING, 5, 0.2) == cell
    assert other.of(Strategy.COLLUDING, 5, 0.2) != cell
    assert grid_json(run(honest_scene(), SMALL)) == grid_json(small())


def test_every_campaign_is_told_of() -> None:
    told: list[int] = []
    run(honest_scene(), replace(SMALL, shares=(0.2,), strategies=(Strategy.RANDOM,)), told.append)

    plan = replace(SMALL, shares=(0.2,), strategies=(Strategy.RANDOM,))
    assert sum(told) == 2 * (1 + 1 + 4) == plan.campaigns  # none, short records, long ones


def test_long_records_are_told_of_by_more_campaigns() -> None:
    short, long = (small().of(Strategy.RANDOM, size, 0.1) for size in (5, LONG))

    assert (short.campaigns, long.campaigns) == (2, 8)
    assert long.attackers.labels == pytest.approx(4 * short.attackers.labels, rel=0.1)
    assert judged(small()).campaigns == 2 + len(EFFORTLESS) * (2 + 8)  # alone, and at a tenth


def test_more_attackers_cost_the_honest_and_the_verdicts_more() -> None:
    plan = replace(SMALL, strategies=(Strategy.WRECKING,), shares=(0.2, 0.5), sizes=(LONG,))
    few, many = run(honest_scene(), plan).cells

    assert few.lost is not None
    assert few.accuracy is not None
    assert many.lost is not None
    assert many.lost > few.lost > 0
    assert many.honest_pay < few.honest_pay <= 1.05
    assert few.accuracy + few.lost == pytest.approx(run(honest_scene(), plan).accuracy)


def test_effort_costs_time_and_none_costs_nothing() -> None:
    plan = replace(SMALL, strategies=(Strategy.HONEST, Strategy.RANDOM), sizes=(LONG,), shares=(0.2,))
    honest, random = run(honest_scene(), replace(plan, costs=Costs(look=0.5))).cells

    assert honest.attackers.time == pytest.approx(0.5 * honest.attackers.labels)
    assert random.attackers.time == 0


# -------------------------------------------------------------------------- scenes


def test_true_skill_is_kappa_against_the_truth() -> None:
    """Items of two classes, half of each: right always 1, never −1, half of the time 0; without a label 1."""
    truth = {item: item % 2 for item in range(8)}
    seats: tuple[dict[int, int], ...] = (
        truth,
        {item: 1 - choice for item, choice in truth.items()},
        dict.fromkeys(truth, 0),
        {},
    )
    scene = recorded_scene("small", terms_of({}, 8), labels_of(*seats), truth)

    assert scene.true_skill.tolist() == pytest.approx([1, -1, 0, 1])
    assert scene.honest.tolist() == [True, False, False, True]


def test_gold_and_unknown_truths_are_not_scored() -> None:
    truth = {item: item % 2 for item in range(8)}
    known = {item: choice for item, choice in truth.items() if item != 5}
    scene = recorded_scene("small", terms_of({0: 0, 1: 1}, 8), labels_of(truth, truth, truth), known)

    assert np.flatnonzero(scene.scored).tolist() == [2, 3, 4, 6, 7]
    assert scene.question.truth[5] == 1  # by the crowd's verdict
    assert scene.accuracy(np.array([0, 0, 0, 1, 0, 0, 0, 0])) == pytest.approx(4 / 5)


def test_a_simulated_crowd_is_as_its_crew() -> None:
    crew = Crew(accuracies=(1.0, 0.5), labels_each=20, frequent=0.8)
    scene = make_scene(spec_of(400, 4), crew, 3, gold_part=0.25, slash=True)
    crowd: Labels = scene.crowd

    assert crowd.items.size == 400 * 5
    assert np.bincount(crowd.seats).max() <= 20
    right = np.bincount(crowd.seats, crowd.classes == scene.question.truth[crowd.items]) / np.bincount(
        crowd.seats
    )
    assert np.mean(right == 1) == pytest.approx(0.5, abs=0.02)
    assert right[right < 1].mean() == pytest.approx(0.5, abs=0.05)
    assert np.mean(scene.question.truth == 0) == pytest.approx(0.8, abs=0.06)
    assert scene.terms.gold_items.size == 100
    assert scene.longest == 80


def test_a_spec_without_gold_stays_without() -> None:
    scene = make_scene(spec_of(40, 2), Crew(), 1)

    assert scene.terms.gold is None
    assert scene.terms.spec.slash.policy == "none.v1"
    assert run(scene, replace(SMALL, runs=1, shares=(0.2,))).of(Strategy.RANDOM, LONG, 0.2).caught == 0
