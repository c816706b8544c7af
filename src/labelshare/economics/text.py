"""An attacked crowd as tables for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from labelshare.economics.goals import GAIN_BELOW, SLASH_BELOW, Goals, judged
from labelshare.economics.grid import Cell, Grid
from labelshare.economics.mixing import LONG
from labelshare.economics.money import Flow
from labelshare.economics.strategies import Strategy
from labelshare.report.pictures.canvas import count

__all__ = ["grid_json", "show_grid", "size_name", "table"]

_PLACES = 4


def grid_json(grid: Grid) -> dict[str, Any]:
    """All figures; money in prices, parts as fractions. A cell is a row of values under `columns`."""
    plan, spec, goals = grid.plan, grid.scene.terms.spec, judged(grid)
    return {
        "crowd": grid.scene.name,
        "items": len(spec.items),
        "classes": grid.scene.question.n_classes,
        "seats": grid.scene.crowd.n_seats,
        "labels": int(grid.scene.crowd.items.size),
        "honest_seats": int(grid.scene.honest.sum()),
        "gold": int(grid.scene.terms.gold_items.size),
        "policies": _policies(grid),
        "money_rules": _money_rules(grid),
        "assumed": {
            "stakes_per_label": grid.scene.terms.stakes_per_label,
            "look": plan.costs.look,
            "accuracy": plan.habits.accuracy,
            "looks": plan.habits.looks,
            "by_lot": plan.by_lot,
            "runs": plan.runs,
            "seed": plan.seed,
        },
        "alone": {
            "accuracy": None if grid.accuracy is None else _short(grid.accuracy),
            "honest_pay_per_label": _short(_each(grid.alone, grid.alone.pay)),
            "honest_slashed": grid.losers.honest_slashed,
            "honest_forfeiting": grid.losers.honest_forfeiting,
            "honest_slashed_per_label": _short(_each(grid.alone, grid.alone.slashed)),
            "honest_forfeited_per_label": _short(_each(grid.alone, grid.alone.forfeited)),
            "others_slashed": grid.losers.others_slashed,
            "others_forfeiting": grid.losers.others_forfeiting,
        },
        "goals": _goals_json(goals),
        "columns": list(_COLUMNS),
        "cells": [_row(each, grid) for each in grid.cells],
    }


def show_grid(console: Console, grid: Grid) -> None:
    """Print everything."""
    console.print(Text(_title(grid), style="bold"))
    console.print(Text(_alone(grid)))
    for strategy in grid.plan.strategies:
        console.print(_strategy(grid, strategy))
    console.print(Text(f"Profits are in prices of a label: {_meaning(grid)}", style="dim"))
    for line in _verdicts(judged(grid), grid):
        console.print(Text(line))


def table(*columns: str, apart: int = 1) -> Table:
    """An empty table, the first column to the left; `apart` more spaces than one between columns."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, apart, 0, 0))
    for at, column in enumerate(columns):
        made.add_column(column, justify="left" if not at else "right", overflow="fold")
    return made


def size_name(size: int, longest: int) -> int:
    """Labels of a seat, `LONG` in numbers."""
    return longest if size == LONG else size


def _policies(grid: Grid) -> dict[str, str]:
    spec = grid.scene.terms.spec
    parts = ("aggregation", "skill", "pay", "slash", "gold")
    return {part: getattr(spec, part).policy for part in parts}


def _money_rules(grid: Grid) -> dict[str, int | None]:
    """The numbers of the spec that decide about pay and stake; None for what its policies do not have."""
    spec = grid.scene.terms.spec
    breaker = ("breaker_floor_bps", "breaker_margin_bps", "breaker_void_bps")
    slash = ("part_bps", "forfeit_bps", "below_bps", "min_labels", "min_gold", *breaker)
    return {
        "from_bps": spec.skill.from_bps,
        "full_bps": spec.skill.full_bps,
        **{name: getattr(spec.slash, name, None) for name in slash},
        "gold_weight": getattr(spec.gold, "weight", None),
    }


def _goals_json(goals: Goals) -> dict[str, Any]:
    return {
        "gaining_below": GAIN_BELOW,
        "gaining": len(goals.gaining),
        "tried": goals.tried,
        "most_gained_per_label": _short(goals.gaining[0].attackers.per_label) if goals.gaining else None,
        "slashed_below": SLASH_BELOW,
        "honest_slashed": goals.wrongly,
        "honest_forfeiting": goals.forfeiting,
        "most_forfeited_per_honest_label": _short(goals.forfeited),
        "campaigns": goals.campaigns,
        "met": goals.met,
    }


_COLUMNS: Final[Mapping[str, Callable[[Cell, Grid], Any]]] = {
    "strategy": lambda cell, _: cell.strategy.value,
    "seat_labels": lambda cell, grid: size_name(cell.size, grid.scene.longest),
    "attackers": lambda cell, _: cell.share,
    "campaigns": lambda cell, _: cell.campaigns,
    "seats": lambda cell, _: cell.attackers.seats,
    "labels": lambda cell, _: cell.attackers.labels,
    "pay_per_label": lambda cell, _: _each(cell.attackers, cell.attackers.pay),
    "slashed_per_label": lambda cell, _: _each(cell.attackers, cell.attackers.slashed),
    "forfeited_per_label": lambda cell, _: _each(cell.attackers, cell.attackers.forfeited),
    "time_per_label": lambda cell, _: _each(cell.attackers, cell.attackers.time),
    "profit_per_label": lambda cell, _: cell.attackers.per_label,
    "error": lambda cell, _: cell.attackers.error,
    "profit_per_seat": lambda cell, _: cell.attackers.per_seat,
    "seats_gaining": lambda cell, _: cell.attackers.gaining_part,
    "caught": lambda cell, _: cell.caught,
    "forfeiting": lambda cell, _: cell.forfeiting,
    "honest_slashed": lambda cell, _: cell.losers.honest_slashed,
    "honest_forfeiting": lambda cell, _: cell.losers.honest_forfeiting,
    "others_slashed": lambda cell, _: cell.losers.others_slashed,
    "others_forfeiting": lambda cell, _: cell.losers.others_forfeiting,
    "honest_pay": lambda cell, _: cell.honest_pay,
    "honest_slashed_per_label": lambda cell, _: _each(cell.honest, cell.honest.slashed),
    "honest_forfeited_per_label": lambda cell, _: _each(cell.honest, cell.honest.forfeited),
    "accuracy": lambda cell, _: cell.accuracy,
    "accuracy_lost": lambda cell, _: cell.lost,
}


def _row(cell: Cell, grid: Grid) -> list[Any]:
    values = [tell(cell, grid) for tell in _COLUMNS.values()]
    return [_short(value) if isinstance(value, float) else value for value in values]


def _title(grid: Grid) -> str:
    scene = grid.scene
    policies = ", ".join(f"{part} {name}" for part, name in _policies(grid).items())
    name = "".join(letter if letter.isprintable() else "?" for letter in scene.name)
    labels = f"{len(scene.terms.spec.items):,} items, {scene.crowd.items.size:,} labels"
    return f"{name}: {labels}; {policies}"


def _alone(grid: Grid) -> str:
    honest, seats, losers = int(grid.scene.honest.sum()), grid.scene.crowd.n_seats, grid.losers
    right = "–" if grid.accuracy is None else f"{grid.accuracy:.1%}"
    unknown = " (every item is gold or of unknown truth)" if grid.accuracy is None else ""
    return (
        f"Without attackers {right} of the verdicts are right{unknown} and an honest label is paid "
        f"{_each(grid.alone, grid.alone.pay):.3f}; of {count(seats, 'seat')} {honest} are honest, of whom "
        f"{losers.honest_slashed} were slashed in {count(grid.plan.runs, 'campaign')} and "
        f"{losers.honest_forfeiting} forfeited some stake; of the others {losers.others_slashed} and "
        f"{losers.others_forfeiting}."
    )


def _strategy(grid: Grid, strategy: Strategy) -> Table:
    columns = (
        strategy.value,
        "places",
        "profit a label",
        "a seat",
        "gain",
        "honest slashed",
        "forfeit",
        "honest pay",
        "accuracy",
    )
    made = table(*columns, apart=0)
    for cell in (each for each in grid.cells if each.strategy is strategy):
        made.add_row(
            f"{size_name(cell.size, grid.scene.longest)} a seat",
            f"{cell.share:.0%}",
            f"{cell.attackers.per_label:+.3f}",
            f"{cell.attackers.per_seat:+.1f}",
            f"{cell.attackers.gaining_part:.0%}",
            str(cell.losers.honest_slashed),
            str(cell.losers.honest_forfeiting),
            f"{cell.honest_pay:.1%}",
            "–" if cell.lost is None else f"{-100 * cell.lost:+.1f}",
        )
    return made


def _meaning(grid: Grid) -> str:
    plan = grid.plan
    return (
        f"pay less slashes, forfeits and {plan.costs.look:g} for each look. Gain: seats that end above "
        f"nothing. Honest slashed, forfeit: seats in {count(plan.runs, 'campaign')}, {plan.runs_of(LONG)} "
        "with long records, that lose stake because they are flagged, or for a skill below 0. Honest pay: of "
        "a label, against no attack. Accuracy: in points."
    )


def _verdicts(goals: Goals, grid: Grid) -> list[str]:
    below = f"on less than {GAIN_BELOW:.0%} of the places"
    gain = f"Of {count(goals.tried, 'attack')} without effort {below} {len(goals.gaining)} gain"
    if not goals.tried:
        gain = f"No attack without effort {below} was tried"
    if goals.gaining:
        worst = goals.gaining[0]
        gain += (
            f", at most {worst.attackers.per_label:+.3f} a label: {worst.strategy.value}, "
            f"{size_name(worst.size, grid.scene.longest)} labels a seat, {worst.share:.0%} of the places"
        )
    slashed = (
        f"Honest seats slashed below {SLASH_BELOW:.0%}: {goals.wrongly}, in "
        f"{count(goals.campaigns, 'campaign')}; {goals.forfeiting} forfeited some stake, at most "
        f"{goals.forfeited:.4f} a label."
    )
    return [f"{gain}.", slashed]


def _each(money: Flow, amount: float) -> float:
    return amount / max(money.labels, 1)


def _short(value: float) -> float:
    return round(value, _PLACES)
