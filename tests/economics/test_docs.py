"""The tables of docs/economics.md are those of the figures that are kept beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from labelshare.economics.strategies import EFFORTLESS
from tests.conftest import ROOT
from tests.ran import Run

FOLDER = ROOT / "docs" / "economics"
TEXT = ROOT / "docs" / "economics.md"
DECISION = ROOT / "docs" / "decisions" / "0014-guesses-lose-what-they-win.md"
SURER = ROOT / "docs" / "decisions" / "0017-surer-flags.md"
SETS = ("CF", "ZenCrowd_us", "d_sentiment", "dog", "rte", "web")
FREE = tuple(each.value for each in EFFORTLESS)
BOTH = ("majority", "dawid-skene")
ALL = (*BOTH, "committee")
BELOW = (10, 20, 29)
BEYOND = (40, 50)
PERCENTS = (*BELOW, *BEYOND)

Cell = dict[str, Any]
Pick = Callable[[list[Cell]], float]


@cache
def kept(path: str) -> Any:
    return json.loads((FOLDER / path).read_text(encoding="utf-8"))


def figures(rules: str, name: str) -> Any:
    return kept(f"{rules}/{name}.json")


@cache
def cells(rules: str, name: str) -> list[Cell]:
    found = figures(rules, name)
    return [dict(zip(found["columns"], row, strict=True)) for row in found["cells"]]


def chosen(rules: str, name: str, percent: int, strategies: Iterable[str] = ()) -> list[Cell]:
    return [
        each
        for each in cells(rules, name)
        if round(100 * each["attackers"]) == percent and (not strategies or each["strategy"] in strategies)
    ]


def gain(found: list[Cell]) -> float:
    return max(float(each["profit_per_label"]) for each in found)


def long_gain(found: list[Cell]) -> float:
    return float(max(found, key=lambda each: each["seat_labels"])["profit_per_label"])


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def line(*columns: object) -> str:
    return f"| {' | '.join(map(str, columns))} |"


def pairs(figure: Callable[[str, str, int], str]) -> list[str]:
    """For each set and part of the places a figure by majority and by the model."""
    return [
        line(name, *(" / ".join(figure(rules, name, percent) for rules in BOTH) for percent in PERCENTS))
        for name in SETS
    ]


# ----------------------------------------------------------------------- attackers


def since(rules: str) -> list[str]:
    before = kept("before.json")["most_gained_per_label"][rules]
    return [
        line(
            name,
            *(signed(before[name][str(percent)]) for percent in BELOW),
            *(signed(gain(chosen(rules, name, percent, FREE))) for percent in BELOW),
        )
        for name in SETS
    ]


def gains() -> list[str]:
    def pair(name: str, percent: int, strategy: str) -> str:
        return " / ".join(signed(gain(chosen(rules, name, percent, (strategy,)))) for rules in BOTH)

    return [
        line(name, each, *(pair(name, percent, each) for percent in PERCENTS))
        for name in SETS
        for each in FREE
    ]


def lengths() -> list[str]:
    """By the place of a length among those that were tried: 5, 19, 30, long."""

    def at(name: str, percent: int, strategy: str, place: int) -> float:
        found = sorted(
            chosen("dawid-skene", name, percent, (strategy,)), key=lambda each: each["seat_labels"]
        )
        return float(found[place]["profit_per_label"])

    return [
        line(
            each,
            size,
            *(_range([at(name, percent, each, place) for name in SETS]) for percent in PERCENTS),
        )
        for each in FREE
        for place, size in enumerate((5, 19, 30, "long"))
    ]


def effort() -> list[str]:
    return [
        line(
            each,
            *(
                _range([long_gain(chosen("dawid-skene", name, percent, (each,))) for name in SETS])
                for percent in PERCENTS
            ),
        )
        for each in ("honest", "lazy", "copying", "wrecking")
    ]


def _range(values: list[float]) -> str:
    return f"{signed(min(values))} to {signed(max(values))}"


# -------------------------------------------------------------------------- others


def slashed() -> list[str]:
    rows = []
    for name in SETS:
        alone = " / ".join(str(figures(rules, name)["alone"]["honest_slashed"]) for rules in BOTH)
        shares = [
            " / ".join(
                str(sum(each["honest_slashed"] for each in chosen(rules, name, percent))) for rules in BOTH
            )
            for percent in PERCENTS
        ]
        honest = dict.fromkeys(str(figures(rules, name)["honest_seats"]) for rules in BOTH)
        seats = figures("majority", name)["seats"]
        rows.append(line(name, f"{' / '.join(honest)} of {seats}", alone, *shares))
    return rows


def flags() -> list[str]:
    """Honest seats slashed in all sets together, where flags are as they were and as they are."""

    def before(rules: str, percent: int) -> int:
        return sum(kept("flags.json")["honest_slashed"][rules][name][str(percent)] for name in SETS)

    def now(rules: str, percent: int) -> int:
        return sum(each["honest_slashed"] for name in SETS for each in chosen(rules, name, percent))

    return [
        line(flag, *(" / ".join(str(count(rules, percent)) for rules in BOTH) for percent in PERCENTS))
        for flag, count in (("1.645", before), ("2.33", now))
    ]


def forfeiting() -> list[str]:
    def figure(rules: str, name: str, percent: int) -> str:
        found = chosen(rules, name, percent)
        seats = sum(each["honest_forfeiting"] for each in found)
        return f"{seats / sum(each['campaigns'] for each in found):.1f}"

    def alone(rules: str, name: str) -> str:
        found = figures(rules, name)
        return f"{found['alone']['honest_forfeiting'] / found['assumed']['runs']:.1f}"

    return [
        row.replace(f"| {name} |", line(name, " / ".join(alone(rules, name) for rules in BOTH)))
        for row, name in zip(pairs(figure), SETS, strict=True)
    ]


def forfeited() -> list[str]:
    def figure(rules: str, name: str, percent: int) -> str:
        return f"{max(each['honest_forfeited_per_label'] for each in chosen(rules, name, percent)):.3f}"

    return pairs(figure)


def paid() -> list[str]:
    before = kept("before.json")["honest_pay_per_label"]
    return [
        line(
            name,
            *(
                f"{before[rules][name]:.2f} → {figures(rules, name)['alone']['honest_pay_per_label']:.2f}"
                for rules in BOTH
            ),
        )
        for name in SETS
    ]


def harm(
    column: str, worst: Callable[[Iterable[float]], float], strategies: tuple[str, ...] = ()
) -> list[str]:
    def figure(rules: str, name: str, percent: int) -> str:
        value = 100 * worst(each[column] for each in chosen(rules, name, percent, strategies))
        return f"{value:.1f}".replace("-", "−")

    return pairs(figure)


# ---------------------------------------------------------------- circuit breaker


def lost(found: list[Cell]) -> float:
    """What is taken of an honest label, where that is most."""
    return max(float(each["honest_slashed_per_label"] + each["honest_forfeited_per_label"]) for each in found)


def breaker_gains() -> list[str]:
    """Most that anything without effort gains under the former breaker and this one."""

    def pair(rules: str, name: str, percent: int) -> str:
        former = kept("breaker.json")["gained"][rules][name][str(percent)]
        before = max(former[strategy] for strategy in FREE)
        return f"{signed(before)} → {signed(gain(chosen(rules, name, percent, FREE)))}"

    return [
        line(name, *(pair("majority", name, percent) for percent in BELOW), pair("dawid-skene", name, 29))
        for name in SETS
    ]


def breaker_losses(strategies: Iterable[str] = ()) -> list[str]:
    """Most that is taken of an honest label under the former breaker and this one."""

    def pair(rules: str, name: str, percent: int) -> str:
        former = kept("breaker.json")["lost"][rules][name][str(percent)]
        before = max(former[strategy] for strategy in strategies or former)
        return f"{before:.2f} → {lost(chosen(rules, name, percent, strategies)):.2f}"

    return [
        line(name, *(pair(rules, name, percent) for rules in BOTH for percent in BEYOND)) for name in SETS
    ]


def decision_breaker() -> list[str]:
    """Wreckers alone, in the sets where they disarmed the former breaker."""
    return [row for row in breaker_losses(("wrecking",)) if row.startswith(("| rte", "| d_sentiment"))]


# ----------------------------------------------------------------------- committee


def committee() -> list[str]:
    """Without effort: most gained, honest seats slashed, most accuracy lost; by the committee."""

    def figure(name: str, percent: int) -> str:
        found = chosen("committee", name, percent)
        slashed = sum(each["honest_slashed"] for each in found)
        points = f"{100 * max(each['accuracy_lost'] for each in found):.1f}".replace("-", "−")
        return f"{signed(gain(found))} / {slashed} / {points}"

    return [
        line(
            name,
            f"{100 * figures('committee', name)['alone']['accuracy']:.1f}",
            *(figure(name, percent) for percent in BELOW),
        )
        for name in SETS
    ]


# ------------------------------------------------------------------------ variants


def variants() -> list[str]:
    """Over all six sets, strategies without effort at all lengths."""
    rows = []
    for name, sets in kept("variants.json")["variants"].items():
        columns = kept("variants.json")["columns"]
        every = [dict(zip(columns, row, strict=True)) for one in sets.values() for row in one["cells"]]
        campaigns = sum(each["campaigns"] for each in every)
        most = [
            max(each["profit_per_label"] for each in every if round(100 * each["attackers"]) == percent)
            for percent in BELOW
        ]
        parameter, _, value = name.partition(" ")
        rows.append(
            line(
                f"`{parameter}` {int(value):,}" if value.isdigit() else name,
                *map(signed, most),
                signed(fmean(each["profit_per_label"] for each in every)),
                f"{fmean(one['honest_pay_per_label'] for one in sets.values()):.2f}",
                sum(each["honest_slashed"] for each in every),
                f"{sum(each['honest_forfeiting'] for each in every) / campaigns:.1f}",
                f"{fmean(each['honest_forfeited_per_label'] for each in every):.4f}",
            )
        )
    return rows


def values() -> list[str]:
    """By strategy: the value of a label with 5, 19, 30 and as many labels a seat as the cap allows."""
    names = dict.fromkeys(each["strategy"] for each in kept("value.json")["values"])
    return [
        line(
            name,
            *(signed(each["value"]) for each in kept("value.json")["values"] if each["strategy"] == name),
        )
        for name in names
    ]


def decision() -> list[str]:
    """By the model: gains below 30% of the places, and what the honest lose by what was decided."""
    before = kept("before.json")
    rows = []
    for name in SETS:
        few = chosen("dawid-skene", name, 10)
        seats = sum(each["honest_forfeiting"] for each in few) / sum(each["campaigns"] for each in few)
        most = max(before["most_gained_per_label"]["dawid-skene"][name].values())
        now = max(gain(chosen("dawid-skene", name, percent, FREE)) for percent in BELOW)
        paid_before = before["honest_pay_per_label"]["dawid-skene"][name]
        paid_now = figures("dawid-skene", name)["alone"]["honest_pay_per_label"]
        lost = max(each["honest_forfeited_per_label"] for each in few)
        rows.append(
            line(
                name,
                f"{signed(most)} → {signed(now)}",
                f"{paid_before:.2f} → {paid_now:.2f}",
                f"{seats:.1f} of {figures('dawid-skene', name)['honest_seats']}",
                f"{lost:.3f}",
            )
        )
    return rows


def decision_flags() -> list[str]:
    """By set and policy, before → now: honest seats slashed, what strategies without effort get."""

    def slashed_seats(rules: str, name: str, percents: tuple[int, ...]) -> str:
        was = kept("flags.json")["honest_slashed"][rules][name]
        before = sum(was[str(percent)] for percent in percents)
        now = sum(each["honest_slashed"] for percent in percents for each in chosen(rules, name, percent))
        return f"{before} → {now}"

    def most(rules: str, name: str) -> str:
        before = max(kept("flags.json")["gained"][rules][name].values())
        return f"{signed(before)} → {signed(max(gain(chosen(rules, name, each, FREE)) for each in BELOW))}"

    def mean(rules: str, name: str, length: str) -> str:
        free = [each for percent in BELOW for each in chosen(rules, name, percent, FREE)]
        size = 30 if length == "30" else max(each["seat_labels"] for each in free)
        now = fmean(each["profit_per_label"] for each in free if each["seat_labels"] == size)
        return f"{signed(kept('flags.json')['mean'][rules][name][length])} → {signed(now)}"

    return [
        line(
            f"{name}, {what}",
            *(slashed_seats(rules, name, percents) for percents in ((10, 20), (29,), BEYOND)),
            mean(rules, name, "30"),
            mean(rules, name, "long"),
            most(rules, name),
        )
        for rules, what in (("dawid-skene", "model"), ("majority", "majority"))
        for name in SETS
    ]


TABLES: dict[str, Callable[[], list[str]]] = {
    "since dawid-skene": lambda: since("dawid-skene"),
    "since majority": lambda: since("majority"),
    "gains": gains,
    "lengths": lengths,
    "effort": effort,
    "slashed": slashed,
    "flags": flags,
    "forfeiting": forfeiting,
    "forfeited": forfeited,
    "paid": paid,
    "free accuracy": lambda: harm("accuracy_lost", max, FREE),
    "accuracy": lambda: harm("accuracy_lost", max),
    "honest pay": lambda: harm("honest_pay", min, FREE),
    "breaker gains": breaker_gains,
    "breaker losses": breaker_losses,
    "committee": committee,
    "variants": variants,
    "value": values,
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_that_of_the_figures(name: str) -> None:
    rows = TABLES[name]()

    assert "\n".join(rows) in TEXT.read_text(encoding="utf-8")


def test_the_tables_of_the_decision_are_those_of_the_figures() -> None:
    text = DECISION.read_text(encoding="utf-8")

    assert "\n".join(decision()) in text
    assert "\n".join(decision_breaker()) in text


def test_the_tables_of_the_decision_on_flags_are_those_of_the_figures() -> None:
    text = SURER.read_text(encoding="utf-8")

    assert "\n".join(decision_flags()) in text


def test_the_goals_fail_where_the_page_says_so_and_nowhere_else() -> None:
    goals = {(rules, name): figures(rules, name)["goals"] for rules in ALL for name in SETS}

    assert {where for where, each in goals.items() if each["gaining"]} == {
        ("majority", "rte"),
        ("majority", "d_sentiment"),
        ("majority", "ZenCrowd_us"),
        ("committee", "dog"),
    }
    assert not any(each["honest_slashed"] for each in goals.values())
    assert not any(each["honest_slashed"] for where in goals for each in chosen(*where, 20))
    assert {where[0]: each["campaigns"] for where, each in goals.items()} == {
        "majority": 114,
        "dawid-skene": 114,
        "committee": 58,
    }


@pytest.mark.parametrize("rules", ALL)
def test_the_figures_are_of_the_rules_that_they_are_said_to_be_of(rules: str) -> None:
    for name in SETS:
        found = figures(rules, name)
        assert found["crowd"] == name
        assert found["policies"]["aggregation"] == f"{rules}.v1"
        rules_of_money = found["money_rules"]
        assert (rules_of_money["from_bps"], rules_of_money["forfeit_bps"]) == (1_000, 5_000)
        assert (rules_of_money["breaker_floor_bps"], rules_of_money["breaker_void_bps"]) == (4_000, 3_333)
        assert found["assumed"]["runs"] == 2


def test_the_figures_are_those_that_the_rules_give_now(labelshare: Run, recorded_data: Path) -> None:
    """Of one attack on the smallest set: guesses whose records are long enough for flags."""
    folder = recorded_data / "crowd" / "CF"
    options = ("--aggregation", "dawid-skene.v1", "--attackers", 10, "--strategy", "random", "--runs", 2)

    ran = labelshare(
        "simulate",
        folder / "labels.csv",
        "--truth",
        folder / "truth.csv",
        *options,
        "--seat-labels",
        30,
        "--json",
    )

    (found,) = json.loads(ran.out)["cells"]
    kept_cells = [list(each.values()) for each in chosen("dawid-skene", "CF", 10, ("random",))]
    assert found in kept_cells


def test_the_folder_holds_nothing_else() -> None:
    files = {Path(rules) / f"{name}.json" for rules in ALL for name in SETS}

    found = {path.relative_to(FOLDER) for path in FOLDER.rglob("*.json")}
    assert found == files | {
        Path(f"{name}.json") for name in ("before", "breaker", "flags", "variants", "value")
    }
