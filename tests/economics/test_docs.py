"""The tables of docs/economics.md are those of the figures that are kept beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from labelshare.economics.strategies import EFFORTLESS
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "economics"
TEXT = ROOT / "docs" / "economics.md"
SETS = ("CF", "ZenCrowd_us", "d_sentiment", "dog", "rte", "web")
FREE = tuple(each.value for each in EFFORTLESS)
BOTH = ("majority", "dawid-skene")
PERCENTS = (10, 20, 30, 40, 50)
BELOW = (10, 20, 29)

Cell = dict[str, Any]
Pick = Callable[[list[Cell]], float]


@cache
def figures(rules: str, name: str) -> Any:
    return json.loads((FOLDER / rules / f"{name}.json").read_text(encoding="utf-8"))


@cache
def cells(rules: str, name: str) -> list[Cell]:
    kept = figures(rules, name)
    return [dict(zip(kept["columns"], row, strict=True)) for row in kept["cells"]]


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


def gains(pick: Pick) -> list[str]:
    return [
        line(name, each, *(_pair(name, percent, each, pick) for percent in PERCENTS))
        for name in SETS
        for each in FREE
    ]


def _pair(name: str, percent: int, strategy: str, pick: Pick) -> str:
    return " / ".join(signed(pick(chosen(rules, name, percent, (strategy,)))) for rules in BOTH)


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
        kept = figures("majority", name)
        rows.append(line(name, f"{kept['honest_seats']} of {kept['seats']}", alone, *shares))
    return rows


def harm(
    column: str, worst: Callable[[Iterable[float]], float], strategies: tuple[str, ...] = ()
) -> list[str]:
    def figure(rules: str, name: str, percent: int) -> str:
        value = 100 * worst(each[column] for each in chosen(rules, name, percent, strategies))
        return f"{value:.1f}".replace("-", "−")

    return [
        line(name, *(" / ".join(figure(rules, name, percent) for rules in BOTH) for percent in PERCENTS))
        for name in SETS
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


def changed(rules: str) -> list[str]:
    rows = []
    for name in SETS:
        before, after = figures(rules, name)["alone"], figures(f"{rules}-changed", name)["alone"]
        now = [signed(gain(chosen(rules, name, percent, FREE))) for percent in (10, 20, 30)]
        then = [signed(gain(chosen(f"{rules}-changed", name, percent, FREE))) for percent in BELOW]
        few = chosen(f"{rules}-changed", name, 10)
        runs = figures(f"{rules}-changed", name)["assumed"]["runs"]
        losing = sum(each["honest_slashed"] for each in few) / len(few) / runs
        rows.append(
            line(
                name,
                *now,
                *then,
                f"{before['honest_pay_per_label']:.2f} → {after['honest_pay_per_label']:.2f}",
                f"{losing:.1f}",
                f"{max(each['honest_lost'] for each in few):.3f}",
            )
        )
    return rows


TABLES: dict[str, Callable[[], list[str]]] = {
    "best": lambda: gains(gain),
    "long": lambda: gains(long_gain),
    "slashed": slashed,
    "accuracy": lambda: harm("accuracy_lost", max),
    "free accuracy": lambda: harm("accuracy_lost", max, FREE),
    "honest pay": lambda: harm("honest_pay", min, FREE),
    "effort": effort,
    "changed majority": lambda: changed("majority"),
    "changed dawid-skene": lambda: changed("dawid-skene"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_that_of_the_figures(name: str) -> None:
    rows = TABLES[name]()

    assert "\n".join(rows) in TEXT.read_text(encoding="utf-8")


@pytest.mark.parametrize("rules", [*BOTH, *(f"{each}-changed" for each in BOTH)])
def test_the_figures_are_of_the_rules_that_they_are_said_to_be_of(rules: str) -> None:
    for name in SETS:
        kept = figures(rules, name)
        assert kept["crowd"] == name
        assert kept["policies"]["aggregation"] == f"{rules.removesuffix('-changed')}.v1"
        assert (kept["assumed"]["trial"]["pay_from"] > 0) == rules.endswith("-changed")


def test_nobody_without_effort_gains_below_thirty_per_cent_under_what_is_proposed() -> None:
    assert all(figures("dawid-skene-changed", name)["goals"]["gaining"] == 0 for name in SETS)


@pytest.mark.parametrize("rules", BOTH)
def test_nobody_honest_is_slashed_below_twenty_per_cent(rules: str) -> None:
    assert all(figures(rules, name)["goals"]["honest_slashed"] == 0 for name in SETS)


def test_the_folder_holds_nothing_else() -> None:
    kept = {
        Path(rules) / f"{name}.json"
        for rules in (*BOTH, *(f"{each}-changed" for each in BOTH))
        for name in SETS
    }

    assert {path.relative_to(FOLDER) for path in FOLDER.rglob("*.json")} == kept
