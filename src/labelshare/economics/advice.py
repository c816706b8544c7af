"""What the figures of a spec advise: stake and gold, and the assumptions that decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Final

from labelshare.economics.mixing import LONG
from labelshare.economics.money import Flow
from labelshare.economics.strategies import EFFORTLESS, Strategy
from labelshare.economics.value import Evidence, Valued

__all__ = ["Advice", "Turn", "advise"]

_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Turn:
    """An assumption at the value where an answer changes.

    Attributes:
        name: Of the figure, for programs.
        value: The turning point; None where the answer is the same at every value.
        text: What it means, with the value in place of `{}`; without one, what holds at every value.
    """

    name: str
    value: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What is recommended.

    Attributes:
        gold: The part of the items; None where nobody without effort is caught, whatever the part.
        stake: Whole prices behind a label; None likewise.
        because: The evidence that decides on both.
        wider: The evidence that decides where there are as many items as `value.Wider` has; None where the
            spec has enough, or where no stake helps with so many either.
        gaining: Strategies without effort that gain all the same, with the labels of a seat: they lose too
            little stake, or their votes are too many.
        turns: The assumptions that decide.
    """

    gold: float | None
    stake: int | None
    because: Evidence | None
    wider: Evidence | None
    gaining: tuple[tuple[Strategy, int], ...]
    turns: tuple[Turn, ...]


def advise(valued: Valued) -> Advice:
    """Recommend the least gold at which no effort loses at the stake given, and the stake it needs.

    Where no gold that was tried is enough for that, it is the gold that needs the least stake. It has to be
    enough at every length of record that was tried; where some length loses nothing at any stake, for long
    ones. `value.Evidence` has the formula.
    """
    stakes = valued.assumed.stakes_per_label
    chosen = _chosen(valued.evidence, stakes)
    wider = _chosen(valued.wider.evidence, stakes) if valued.wider is not None and chosen is None else None
    gaining = tuple(
        (each.way.strategy, each.size)
        for each in valued.values
        if each.way.strategy in EFFORTLESS and _gross(each.money) > 0
    )
    stake = ceil(chosen.stake) if chosen is not None and chosen.stake is not None else None
    turns = (_laziness(valued), _copying(valued), _interest(valued))
    return Advice(chosen.gold if chosen else None, stake, chosen, wider, gaining, turns)


def _chosen(evidence: Sequence[Evidence], stakes: float) -> Evidence | None:
    """What decides: of the gold that is chosen, the length of record that needs the highest stake."""
    everything = _by_gold(evidence)
    long = _by_gold([each for each in evidence if each.size == LONG])
    needs = [(_stake(each), each) for each in everything or long]
    enough = [each for stake, each in needs if stake <= stakes]
    return enough[0] if enough else min(needs, key=lambda pair: pair[0], default=(0.0, None))[1]


def _by_gold(evidence: Sequence[Evidence]) -> list[Evidence]:
    """For each part of gold the evidence that needs the highest stake; none where no stake is enough."""
    needs: dict[float, Evidence] = {}
    for each in evidence:
        if each.gold not in needs or _stake(each) > _stake(needs[each.gold]):
            needs[each.gold] = each
    return [each for each in needs.values() if each.stake is not None]


def _stake(each: Evidence) -> float:
    return inf if each.stake is None else each.stake


def _laziness(valued: Valued) -> Turn:
    what = f"Looking at {valued.assumed.looks:.0%} of the items earns more than looking at all of them"
    return _above("lazy_above_look", _look_price(valued, Strategy.LAZY), what)


def _copying(valued: Valued) -> Turn:
    what = "Sharing one look among own seats earns more than a look from each"
    return _above("copying_above_look", _look_price(valued, Strategy.COPYING), what)


def _above(name: str, price: float | None, what: str) -> Turn:
    if price is None:
        return Turn(name, None, f"{what}: nothing is saved here.")
    if not price:
        return Turn(name, 0.0, f"{what}, whatever a look costs.")
    return Turn(name, price, f"{what} where a look costs over {{}} prices.")


def _look_price(valued: Valued, strategy: Strategy) -> float | None:
    """The price of a look above which a strategy that looks less earns more than honest work, 0 at least."""
    honest, other = (valued.value(each, _longest(valued)).money for each in (Strategy.HONEST, strategy))
    saved = honest.looks / max(honest.labels, 1) - other.looks / max(other.labels, 1)
    return max(_gross(honest) - _gross(other), 0.0) / saved if saved > 0 else None


def _longest(valued: Valued) -> int:
    """The longest records that were valued."""
    sizes = valued.assumed.sizes
    return LONG if LONG in sizes else max(sizes)


def _gross(money: Flow) -> float:
    """What a label earns before time and capital."""
    return (money.pay + money.shares - money.lost) / max(money.labels, 1)


def _interest(valued: Valued) -> Turn:
    """From which interest on short records without effort lose by the capital that their seats lock."""
    size = min((each for each in valued.assumed.sizes if each != LONG), default=LONG)
    best = max((valued.value(each, size).money for each in EFFORTLESS), key=_gross)
    years = valued.costs.seat * valued.costs.days / _YEAR
    earned = _gross(best) * best.labels / max(best.seats, 1)
    if earned <= 0 or not years:
        return Turn(
            "seats_lose_above_interest", None, "No seat without effort gains, whatever capital costs."
        )
    text = (
        f"A seat of {best.labels / best.seats:.0f} labels without effort loses where the "
        f"{valued.costs.seat:,.0f} prices that it locks would earn over {{}} a year elsewhere."
    )
    return Turn("seats_lose_above_interest", earned / years, text)
