"""What a label is worth under a spec, and what that advises."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from math import ceil, inf

import numpy as np
import pytest
from rich.console import Console

from labelshare.economics.advice import advise
from labelshare.economics.campaign import play
from labelshare.economics.enough import widened
from labelshare.economics.mixing import LONG, Attack, mix
from labelshare.economics.money import Costs, Flow, flow
from labelshare.economics.scene import Crew, make_scene, seal, tie_seed
from labelshare.economics.strategies import EFFORTLESS, Habits, Strategy
from labelshare.economics.value import GOLD_PARTS, Assumed, Valued, campaigns, value_of
from labelshare.economics.value_text import show_value, value_json
from labelshare.protocol.slashing import Stop
from labelshare.report.collect import Unit
from tests.economics.scenes import spec_of

ASSUMED = Assumed(sizes=(5, LONG), runs=2, costs=Costs(look=0.5, interest=0.05))
UNIT = Unit("DEV", 18)


@cache
def valued() -> Valued:
    return value_of(spec_of(300, 3), ASSUMED)


def test_every_way_at_every_length() -> None:
    ways = [each.way.name for each in valued().values if each.size == 5]

    assert ways[:3] == ["honest 95%", "honest 85%", "honest 75%"]
    assert ways[3:] == [each.value for each in Strategy if each is not Strategy.HONEST]
    assert len(valued().values) == 2 * len(ways)


def test_the_careful_earn_more_and_effort_more_than_none() -> None:
    honest = [each.money.per_label for each in valued().values if each.size == LONG][:3]
    guess = valued().value(Strategy.RANDOM, LONG).money

    assert honest == sorted(honest, reverse=True)
    assert honest[-1] > guess.per_label
    assert guess.time == 0


def test_a_seat_locks_what_it_may_give_at_most() -> None:
    """A fifth of 300 items at four prices each, 30 days at five per cent: one price a seat."""
    money = valued().value(Strategy.RANDOM, 5).money

    assert valued().costs.seat == 60 * 4
    assert money.capital == pytest.approx(money.seats * 240 * 0.05 * 30 / 365)


def test_the_stake_is_that_of_the_formula() -> None:
    found = valued().evidence

    assert [each.gold for each in found[::3]] == list(GOLD_PARTS)
    assert {each.size for each in found} == {5, 30, LONG}
    assert {each.strategy for each in found} <= set(EFFORTLESS)
    for each in found:
        assert each.stake is not None
        assert each.stake * (each.slashed + each.forfeited) == pytest.approx(each.earned + ASSUMED.margin)
        assert each.slashed == pytest.approx(0.5 * each.caught)


def test_a_forfeit_counts_where_nobody_can_be_slashed() -> None:
    short = [each for each in valued().evidence if each.size == 5]

    assert all(each.caught == each.slashed == each.wrongly == 0 < each.forfeited for each in short)


def test_the_stake_that_is_recommended_lets_no_effort_lose() -> None:
    """At the least stake of the formula the strategy that needs most loses the margin, on average."""
    advice = advise(valued())
    assert advice.because is not None
    assert advice.because.stake is not None
    spec, crew = spec_of(300, 3), ASSUMED.crew
    scenes = [
        make_scene(
            spec, crew, 1_000 + run, gold_part=advice.gold, slash=True, stakes_per_label=advice.because.stake
        )
        for run in range(2)
    ]
    runs = []
    for number, scene in enumerate(scenes):
        attack = Attack(advice.because.strategy, 0.2, 5, Habits(0.85), by_lot=True)
        which = [1, list(Strategy).index(advice.because.strategy), 5, 850, number]
        mixed = mix(scene.crowd, scene.question, attack, np.random.default_rng(which))
        played = play(scene.terms, mixed.labels, tie_seed(number))
        runs.append((played, mixed.looks, mixed.attackers))

    assert advice.because.size == 5
    assert flow(runs, Costs()).per_label == pytest.approx(-ASSUMED.margin, abs=0.01)


def test_without_forfeits_stake_is_recommended_against_long_records_alone() -> None:
    forfeitless = {"policy": "skill-and-gold.v1", "forfeit_bps": 0}
    spec, _ = seal(spec_of(600, 3), dict.fromkeys(range(60), 0), {"slash": forfeitless})
    found = value_of(spec, replace(ASSUMED, runs=1))
    advice = advise(found)

    assert all(each.stake is None for each in found.evidence if each.size == 5)
    assert advice.because is not None
    assert advice.because.size == LONG
    assert {(each, 5) for each in EFFORTLESS} <= set(advice.gaining)


def test_the_least_gold_that_is_enough_is_recommended() -> None:
    advice = advise(valued())
    stakes = {
        gold: max(each.stake or inf for each in valued().evidence if each.gold == gold) for gold in GOLD_PARTS
    }
    enough = [gold for gold, stake in stakes.items() if stake <= ASSUMED.stakes_per_label]
    gold = min(enough, default=min(stakes, key=stakes.__getitem__))

    assert (advice.gold, advice.stake) == (gold, ceil(stakes[gold]))


def test_nothing_is_recommended_where_no_record_can_be_long_enough() -> None:
    """Of 30 items nobody may label more than six, and 30% of gold are nine: no slash and no forfeit."""
    found = value_of(spec_of(30, 3), Assumed(sizes=(LONG,), runs=1))
    advice, text = advise(found), advised(found)

    assert (advice.gold, advice.stake, advice.because) == (None, None, None)
    assert advice.gaining
    cause = "Of 30 items even 30% are 9 gold items: the circuit breaker takes no stake by fewer than 10"
    assert cause in text
    assert all(Stop.FEW in stop for each in found.evidence for stop in each.stopped)
    assert all(each.stopped for each in found.evidence)


def test_advice_is_given_for_as_many_items_as_it_takes() -> None:
    """A tenth of 100 items are ten gold items, which a vote is not told."""
    found = value_of(spec_of(30, 3), Assumed(sizes=(LONG,), runs=1))
    assert found.wider is not None
    alike = value_of(spec_of(100, 3), Assumed(sizes=(LONG,), runs=1))
    advice, same = advise(found), advise(alike)

    assert (found.wider.items, found.wider.longest) == (100, 20)
    assert alike.wider is None
    assert advice.wider is not None
    assert same.because is not None
    assert (advice.wider.gold, advice.wider.stake) == (same.gold, same.because.stake)
    gold = f"{ceil(100 * advice.wider.gold)} gold items"
    assert f"With 100 items like these, recommended: {gold}" in advised(found)
    facts = value_json(found, UNIT)["advice"]
    assert facts["with_more_items"] == {
        "items": 100,
        "gold": advice.wider.gold,
        "stakes_per_label": same.stake,
    }
    assert value_json(alike, UNIT)["advice"]["with_more_items"] is None


@pytest.mark.parametrize(
    ("items", "policy", "enough"),
    [
        (30, "majority.v1", 100),  # nine gold items
        (31, "majority.v1", None),  # ten
        (60, "dawid-skene.v1", 200),  # eighteen, of which nine are told
        (61, "dawid-skene.v1", None),  # nineteen, of which nine are told
    ],
)
def test_as_many_items_are_enough_as_the_circuit_breaker_asks_for(
    items: int, policy: str, enough: int | None
) -> None:
    wider = widened(spec_of(items, 3, aggregation={"policy": policy}), 0.3)

    assert (None if wider is None else len(wider.items)) == enough


def test_where_nobody_is_stopped_the_length_of_records_is_named() -> None:
    """Records of six labels at most, a breaker that asks for one item, and no forfeits."""
    slash = {"policy": "skill-and-gold.v1", "forfeit_bps": 0, "breaker_gold": 1, "breaker_floor_bps": 0}
    lax = slash | {"breaker_margin_bps": 10_000, "breaker_void_bps": 10_000}
    spec, _ = seal(spec_of(30, 3), dict.fromkeys(range(3), 0), {"slash": lax})
    found = value_of(spec, Assumed(sizes=(LONG,), runs=1))

    assert found.wider is None
    assert "A slash takes 20 labels or more on items that are no gold, a seat may give 6" in advised(found)


def advised(found: Valued) -> str:
    """What is printed, without the breaks of lines."""
    file = io.StringIO()
    show_value(Console(file=file, width=80), found, UNIT)
    return " ".join(file.getvalue().split())


def test_laziness_is_worth_it_from_the_price_of_a_look_at_which_both_earn_the_same() -> None:
    turn = next(each for each in advise(valued()).turns if each.name == "lazy_above_look")
    assert turn.value is not None
    honest, lazy = (valued().value(each, LONG).money for each in (Strategy.HONEST, Strategy.LAZY))

    def left(money: Flow, look: float) -> float:
        return (money.pay - money.lost - money.time * look / 0.5) / money.labels

    assert left(honest, turn.value) == pytest.approx(left(lazy, turn.value))


def test_capital_makes_short_records_lose_from_the_interest_that_is_named() -> None:
    turn = next(each for each in advise(valued()).turns if each.name == "seats_lose_above_interest")
    assert turn.value is not None
    best = max(
        (valued().value(each, 5).money for each in EFFORTLESS), key=lambda money: money.pay / money.labels
    )

    assert best.pay - best.seats * 240 * turn.value * 30 / 365 == pytest.approx(0, abs=1e-6)


def test_campaigns_are_told_of_as_they_are_counted() -> None:
    told: list[int] = []
    assumed = Assumed(crew=Crew((0.9,)), sizes=(5,), runs=1)
    spec = spec_of(30, 2)
    value_of(spec, assumed, told.append)

    assert sum(told) == campaigns(spec, assumed)


def test_the_same_seed_gives_the_same_figures() -> None:
    assumed, spec = Assumed(sizes=(5,), runs=1), spec_of(60, 3)
    first = value_json(value_of(spec, assumed), UNIT)

    assert value_json(value_of(spec, assumed), UNIT) == first
    assert value_json(value_of(spec, replace(assumed, seed=2)), UNIT)["values"] != first["values"]


def test_values_in_base_units_are_parts_of_the_price() -> None:
    facts = value_json(valued(), UNIT)

    for each in facts["values"]:
        assert int(each["value_base_units"]) == pytest.approx(1_000 * each["value"], abs=1)
        losses = sum(each[name] for name in ("slashed", "forfeited", "time", "capital"))
        assert each["pay"] + each["shares"] - losses == pytest.approx(each["value"], abs=0.0005)
