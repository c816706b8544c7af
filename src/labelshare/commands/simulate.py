"""A crowd under attack: recorded or simulated, judged by the real rules."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.common import Session, bar
from labelshare.commands.economics import MOST, PERCENT, Picture, sizes
from labelshare.commands.quote import read_spec
from labelshare.commands.units import plain
from labelshare.errors import InputError

if TYPE_CHECKING:
    from labelshare.economics.scene import Scene
    from labelshare.economics.strategies import Strategy
    from labelshare.protocol.spec import Spec
    from labelshare.replay.crowd import Crowd

__all__ = ["Simulated", "simulate"]

_PERCENT: Final = re.compile("[0-9]{1,9}")
HONEST_KINDS: Final = ("careful", "average", "lazy")
ITEMS: Final = 300
GOLD: Final = 0.1
POLICIES: Final = (
    *("price", "share_weight", "aggregation", "acceptance", "skill", "pay", "shares", "gold", "slash"),
    "seconds_per_label",
)


class Simulated(StrEnum):
    """Crowds that are not read from files."""

    DIGITS = "digits"
    SYNTHETIC = "synthetic"


def simulate(
    here: Session,
    labels: Annotated[
        Path | None, typer.Argument(help="CSV of item,worker,label; else give --crowd.")
    ] = None,
    *,
    truth: Annotated[Path | None, typer.Option(help="CSV of item,truth.")] = None,
    crowd: Annotated[
        Simulated | None,
        typer.Option(
            help="digits: the honest of the demonstration; synthetic: right 95, 85, 75 of 100 times."
        ),
    ] = None,
    spec: Annotated[
        Path | None, typer.Option(help="Spec whose policies count; by default those of `replay`.")
    ] = None,
    aggregation: Annotated[
        str | None, typer.Option(help="Policy that finds the truth, such as majority.v1; else the spec's.")
    ] = None,
    gold: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="The part of the items that are gold; a tenth where no spec says it."
        ),
    ] = None,
    attackers: Annotated[
        str, typer.Option(help="Percent of every item's places that attackers take, by commas.")
    ] = "0,10,20,30,40,50",
    strategy: Annotated[str, typer.Option(help="Strategies by commas; all of them by default.")] = "all",
    seat_labels: Annotated[
        str, typer.Option(help="Labels of an attacker's seat, by commas; long: as many as the cap allows.")
    ] = "5,19,30,long",
    by_lot: Annotated[
        bool,
        typer.Option(
            "--by-lot", help="Give attackers each place with that chance, not as a part of each item."
        ),
    ] = False,
    accuracy: Annotated[
        float, typer.Option(min=0, max=1, help="How often an attacker's look is right.")
    ] = 0.85,
    looks: Annotated[float, typer.Option(min=0, max=1, help="The part of the items the lazy look at.")] = 0.5,
    look_cost: Annotated[float, typer.Option(min=0, max=MOST, help="What a look costs, in prices.")] = 0.5,
    stake_per_label: Annotated[
        float, typer.Option(min=0, max=MOST, help="Stake behind a label, in prices.")
    ] = 4,
    runs: Annotated[int, typer.Option(min=1, max=1_000, help="Campaigns of each kind.")] = 3,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same figures.")
    ] = 1,
    plot: Picture = None,
) -> None:
    """Mix attackers into a crowd and tell what they gain, who is slashed and how right the verdicts stay."""
    from rich.console import Console

    from labelshare.economics.grid import Plan, run
    from labelshare.economics.money import Costs
    from labelshare.economics.picture import attack_figure, prepare, save
    from labelshare.economics.strategies import Habits
    from labelshare.economics.text import grid_json, show_grid

    shares = _shares(attackers)
    if plot is not None:
        prepare(plot)
        if not shares:
            raise InputError("--plot draws what attackers gain, and --attackers asks for none")
    plan = Plan(
        strategies=_strategies(strategy),
        sizes=sizes(seat_labels),
        shares=shares,
        runs=runs,
        seed=seed,
        habits=Habits(accuracy, looks),
        costs=Costs(look=look_cost),
        by_lot=by_lot,
    )
    rules = _Rules(None if spec is None else read_spec(spec), aggregation, gold, stake_per_label)
    scene = _scene(labels, truth, crowd, seed, rules)
    with bar("Campaigns", plan.fitted(scene).campaigns) as advance:
        grid = run(scene, plan, advance)
    if plot is not None:
        save(attack_figure(grid), plot)
    if here.as_json:
        typer.echo(_lines(grid_json(grid)))
    else:
        show_grid(Console(), grid)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a crowd is judged by: a spec's policies or the usual ones, part of gold, stake in prices."""

    spec: Spec | None
    aggregation: str | None
    gold: float | None
    stakes: float

    @property
    def chosen(self) -> dict[str, Any]:
        """Fields that were asked for by themselves."""
        return {} if self.aggregation is None else {"aggregation": {"policy": self.aggregation}}


def _scene(
    labels: Path | None, truth: Path | None, crowd: Simulated | None, seed: int, rules: _Rules
) -> Scene:
    from labelshare.replay.crowd import read_crowd

    if (labels is None) == (crowd is None):
        raise InputError("which crowd? name a file of labels, or one by --crowd")
    if labels is None and truth is not None:
        raise InputError("--truth goes with a file of labels")
    if labels is None:
        return _digits(seed, rules) if crowd is Simulated.DIGITS else _synthetic(seed, rules)
    if truth is None:
        raise InputError("--truth names the file of true classes: without it nobody knows who is right")
    return _attackable(read_crowd(labels, truth), rules)


def _attackable(crowd: Crowd, rules: _Rules) -> Scene:
    """A crowd under the spec that `replay` gives it; of another spec the policies count."""
    import numpy as np

    from labelshare.economics.campaign import Labels, Terms
    from labelshare.economics.scene import recorded_scene, seal
    from labelshare.replay.gold import gold_items
    from labelshare.replay.rules import Rules, spec_of

    chosen = gold_items(crowd, round(_gold_part(rules) * len(crowd.items)))
    own = spec_of(crowd, Rules(gold=len(chosen)))
    changes = {} if rules.spec is None else {part: rules.spec.fields[part] for part in POLICIES}
    answers = {item: crowd.truth[item] for item in chosen}
    spec, gold = seal(own, answers, changes | rules.chosen)
    columns = np.array([(each.item, each.worker, each.label) for each in crowd.votes], dtype=np.int64).T
    labels = Labels(len(crowd.workers), *columns)
    return recorded_scene(crowd.name, Terms(spec, gold, rules.stakes), labels, crowd.truth)


def _gold_part(rules: _Rules) -> float:
    if rules.gold is not None:
        return rules.gold
    gold = {} if rules.spec is None else rules.spec.fields["gold"]
    return GOLD if rules.spec is None else gold.get("count", 0) / len(rules.spec.items)


def _digits(seed: int, rules: _Rules) -> Scene:
    """The demonstration's crowd without those who are there to be caught; who labels what goes by lot."""
    import random

    from labelshare.replay.digits import simulated_crowd
    from labelshare.replay.rules import Rules

    crowd, dice = simulated_crowd(seed), random.Random(seed)  # noqa: S311 (a simulation, no secret)
    honest = [worker for worker, kind in enumerate(crowd.kinds) if kind in HONEST_KINDS]
    seat = {worker: number for number, worker in enumerate(honest)}
    chosen = [set(dice.sample(honest, Rules().redundancy)) for _ in crowd.items]
    votes = tuple(
        replace(vote, worker=seat[vote.worker]) for vote in crowd.votes if vote.worker in chosen[vote.item]
    )
    workers, kinds = (tuple(names[worker] for worker in honest) for names in (crowd.workers, crowd.kinds))
    return _attackable(replace(crowd, votes=votes, workers=workers, kinds=kinds), rules)


def _synthetic(seed: int, rules: _Rules) -> Scene:
    """Seats of three accuracies on the items of the spec, or on some of three classes."""
    from labelshare.economics.scene import Crew, make_scene
    from labelshare.protocol.examples import example
    from labelshare.protocol.labels import SINGLE_CHOICE
    from labelshare.protocol.spec import Spec

    if rules.spec is not None:
        spec = Spec.of(rules.spec.fields | rules.chosen)
        return make_scene(spec, Crew(), seed, gold_part=rules.gold, stakes_per_label=rules.stakes)
    fields = example(SINGLE_CHOICE).fields
    spec = Spec.of(fields | {"items": [fields["items"][0]] * ITEMS} | rules.chosen)
    return make_scene(
        spec, Crew(), seed, gold_part=_gold_part(rules), slash=True, stakes_per_label=rules.stakes
    )


def _strategies(text: str) -> tuple[Strategy, ...]:
    from labelshare.economics.strategies import Strategy

    if text == "all":
        return tuple(Strategy)
    try:
        return tuple(dict.fromkeys(Strategy(each.strip()) for each in text.split(",")))
    except ValueError:
        names = ", ".join(Strategy)
        raise InputError(f"--strategy: {plain(text)!r} is not a list of {names}") from None


def _shares(text: str) -> tuple[float, ...]:
    """Parts of 1; the crowd alone is always tried, so 0 adds nothing."""
    if not all(_PERCENT.fullmatch(each.strip()) for each in text.split(",")):
        raise InputError(f"--attackers: {plain(text)!r} is not a list of whole percent such as 0,10,20")
    found = dict.fromkeys(int(each) for each in text.split(","))
    if above := next((each for each in found if each > PERCENT), None):
        raise InputError(f"--attackers: {above} is more than 100 percent of the places")
    return tuple(each / PERCENT for each in found if each)


def _lines(facts: dict[str, Any]) -> str:
    """JSON with a cell on each line, so that a kept file shows what changed."""
    cells = ",\n".join(f"    {json.dumps(cell)}" for cell in facts["cells"])
    return json.dumps(facts | {"cells": []}, indent=2).replace('"cells": []', f'"cells": [\n{cells}\n  ]')
