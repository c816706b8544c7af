"""What a label is worth under a spec, as tables for a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import ceil
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labelshare.economics.advice import Advice, Turn, advise
from labelshare.economics.enough import rule_of, suffices, untold
from labelshare.economics.text import size_name, table
from labelshare.economics.value import GOLD_PARTS, Evidence, Value, Valued
from labelshare.protocol.slashing import Stop
from labelshare.report.collect import Unit
from labelshare.report.pictures.canvas import count

__all__ = ["show_value", "value_json"]

_PLACES = 4
_STOPS: Final = {
    Stop.FEW: "too few gold items find a verdict that was not told its answer (slash.breaker_gold)",
    Stop.UNKNOWING: "verdicts agree with gold too little beyond chance (slash.breaker_floor_bps)",
    Stop.BEHIND: "verdicts are right on fewer gold items than a plain vote (slash.breaker_margin_bps)",
    Stop.CONTRADICTED: "the skilled contradict too much of the gold (slash.breaker_void_bps)",
}
_EVIDENCE = (
    "Earns: a label, by pay and shares, in prices. Slash and forfeit: the part of its stake that it loses on "
    "average, d·φ because its seat is flagged, f because the seat is not and yet has a skill below 0. Crowd: "
    "the part of the others' seats to which that happens."
)


def value_json(valued: Valued, unit: Unit) -> dict[str, Any]:
    """All figures; money in prices and, where it says so, in base units; parts as fractions."""
    assumed, advice, costs = valued.assumed, advise(valued), valued.costs
    return {
        "title": valued.spec.title,
        "spec_hash": str(valued.spec.hash),
        "symbol": unit.symbol,
        "decimals": unit.decimals,
        "price": valued.spec.price,
        "assumed": {
            "accuracies": list(assumed.crew.accuracies),
            "labels_each": assumed.crew.labels_each,
            "frequent": assumed.crew.frequent,
            "looks": assumed.looks,
            "attackers": assumed.share,
            "stakes_per_label": assumed.stakes_per_label,
            "margin": assumed.margin,
            "look": _short(costs.look),
            "share": _short(costs.share),
            "seat": _short(costs.seat),
            "interest": costs.interest,
            "days": costs.days,
            "runs": assumed.runs,
            "seed": assumed.seed,
        },
        "values": [_value_json(each, valued) for each in valued.values],
        "evidence": [_evidence_json(each, valued) for each in valued.evidence],
        "advice": _advice_json(advice, valued),
    }


def show_value(console: Console, valued: Valued, unit: Unit) -> None:
    """Print everything."""
    title = "".join(letter if letter.isprintable() else "?" for letter in valued.spec.title)
    console.print(Text(f"{title}: a label earns {unit.show(int(valued.spec.price), 4)}", style="bold"))
    console.print(_values(valued, unit))
    console.print(Text(_assumed(valued), style="dim"))
    console.print(
        Text("\nWhat gold takes, and the stake at which a label without effort then loses", style="bold")
    )
    console.print(_evidence(valued))
    console.print(Text(_EVIDENCE, style="dim"))
    for line in _advised(advise(valued), valued):
        console.print(Text(line))


def _values(valued: Valued, unit: Unit) -> Table:
    losses = ("slash", "forfeit", "time", "capital")
    made = table("strategy", "labels", "pay", "shares", *losses, "value", unit.symbol, apart=0)
    for each in valued.values:
        money, labels = each.money, max(each.money.labels, 1)
        lost = (money.slashed, money.forfeited, money.time, money.capital)
        amounts = (money.pay, money.shares, *(-each for each in lost), money.profit)
        token = unit.number(int(money.per_label * int(valued.spec.price)), 4)
        cells = [f"{amount / labels:.3f}" if amount else "0" for amount in amounts]
        made.add_row(each.way.name, str(size_name(each.size, valued.longest)), *cells, token)
    return made


def _assumed(valued: Valued) -> str:
    assumed, costs = valued.assumed, valued.costs
    crowd = ", ".join(f"{each:.0%}" for each in assumed.crew.accuracies)
    return (
        f"In prices of a label, but for the last column. The others are right {crowd} of the time, with "
        f"{assumed.crew.labels_each} labels each; {assumed.share:.0%} of the places are valued. A look costs "
        f"{costs.look:.2f}, a seat locks {costs.seat:,.0f} for {costs.days:g} days at {costs.interest:.1%} a "
        f"year, the stake is {assumed.stakes_per_label:g} a label, shares are worth {costs.share:g}. "
        f"{assumed.runs} campaigns a figure."
    )


def _evidence(valued: Valued) -> Table:
    crowd = ("crowd slashed", "crowd forfeits")
    made = table("gold", "labels", "needs most", "earns", "slash", "forfeit", "stake", *crowd)
    for each in valued.evidence:
        made.add_row(
            f"{each.gold:.0%}",
            str(size_name(each.size, valued.longest)),
            each.strategy.value,
            f"{each.earned:.3f}",
            f"{each.slashed:.1%}",
            f"{each.forfeited:.1%}",
            "none helps" if each.stake is None else f"{each.stake:.1f}",
            f"{each.wrongly:.1%}",
            f"{each.forfeiting:.1%}",
        )
    return made


def _advised(advice: Advice, valued: Valued) -> Iterator[str]:
    yield from _recommended(advice, valued)
    for each in valued.evidence:
        if advice.gold == each.gold and (each.stake is None or each.stake > (advice.stake or 0)):
            yield _unmet(each, valued)
    if advice.gaining:
        listed = ", ".join(
            f"{name.value} ({size_name(size, valued.longest)})" for name, size in advice.gaining
        )
        yield f"Gain all the same, before capital, with so many labels a seat: {listed}."
    yield "What decides:"
    for turn in advice.turns:
        yield f"  {_turned(turn)}"


def _recommended(advice: Advice, valued: Valued) -> Iterator[str]:
    if advice.because is not None:
        yield f"Recommended: {_deciding(advice.because, valued, len(valued.spec.items), valued.longest)}"
        return
    yield (
        "No stake is recommended: some label without effort loses nothing, whatever part is gold. "
        f"{_cause(valued)}"
    )
    wider = valued.wider
    if wider is not None and advice.wider is not None:
        found = _deciding(advice.wider, valued, wider.items, wider.longest)
        yield f"With {wider.items:,} items like these, recommended: {found}"
    elif wider is not None:
        yield f"With {wider.items:,} items like these no stake would help either."


def _deciding(each: Evidence, valued: Valued, items: int, longest: int) -> str:
    """Gold and stake by the evidence that decides on them."""
    formula = f"({each.earned:.3f} + {valued.assumed.margin:g}) / ({each.slashed:.3f} + {each.forfeited:.3f})"
    gold = count(ceil(items * each.gold), "gold item")
    return (
        f"{gold} ({each.gold:.0%}) and a stake of {ceil(each.stake or 0)} prices a label, by s ≥ (a·r + m) / "
        f"(d·φ + f) = {formula}: {each.strategy.value} in records of {size_name(each.size, longest)} labels "
        "needs most."
    )


def _cause(valued: Valued) -> str:
    """Why a label loses nothing, with the most gold that was tried."""
    spec, most = valued.spec, max(GOLD_PARTS)
    gold, rule = ceil(len(spec.items) * most), rule_of(spec)
    helpless = [each for each in valued.evidence if each.gold == most and each.stake is None]
    reasons = Counter(stop for each in helpless for found in each.stopped for stop in found)
    if not suffices(spec, most):
        told = (
            f", of which a model is told half, so that {untold(spec, gold):,} test it"
            if spec.modelled
            else ""
        )
        return (
            f"Of {count(len(spec.items), 'item')} even {most:.0%} are {count(gold, 'gold item')}{told}: the "
            f"circuit breaker takes no stake by fewer than {rule.breaker_gold:,} (slash.breaker_gold)."
        )
    if reasons:
        return f"The circuit breaker stops all losses: {_STOPS[reasons.most_common(1)[0][0]]}."
    return (
        f"A slash takes {count(rule.min_labels, 'label')} or more on items that are no gold, a seat may give "
        f"{valued.longest:,}, and a forfeit takes {rule.forfeit_bps / 10_000:.0%} of a stake at most."
    )


def _unmet(each: Evidence, valued: Valued) -> str:
    size = size_name(each.size, valued.longest)
    if each.stake is None:
        return f"Records of {size} labels lose nothing: no stake helps against them."
    return f"Records of {size} labels would need a stake of {each.stake:.1f}."


def _turned(turn: Turn) -> str:
    if turn.value is None:
        return turn.text
    shown = f"{turn.value:.1%}" if turn.name.endswith("interest") else f"{turn.value:.2f}"
    return turn.text.format(shown)


def _value_json(each: Value, valued: Valued) -> dict[str, Any]:
    money, labels = each.money, max(each.money.labels, 1)
    names = ("pay", "shares", "slashed", "forfeited", "time", "capital")
    return {
        "strategy": each.way.name,
        "seat_labels": size_name(each.size, valued.longest),
        **{name: _short(getattr(money, name) / labels) for name in names},
        "value": _short(money.per_label),
        "value_base_units": str(int(money.per_label * int(valued.spec.price))),
        "error": _short(money.error),
        "seats_gaining": _short(money.gaining_part),
        "caught": _short(each.caught),
        "forfeiting": _short(each.forfeiting),
    }


def _evidence_json(each: Evidence, valued: Valued) -> dict[str, Any]:
    return {
        "gold": each.gold,
        "seat_labels": size_name(each.size, valued.longest),
        "strategy": each.strategy.value,
        "earned": _short(each.earned),
        "caught": _short(each.caught),
        "stake_slashed": _short(each.slashed),
        "stake_forfeited": _short(each.forfeited),
        "stake": None if each.stake is None else _short(each.stake),
        "crowd_slashed": _short(each.wrongly),
        "crowd_forfeiting": _short(each.forfeiting),
    }


def _advice_json(advice: Advice, valued: Valued) -> dict[str, Any]:
    wider = valued.wider
    return {
        "gold": advice.gold,
        "stakes_per_label": advice.stake,
        "with_more_items": None
        if wider is None
        else {
            "items": wider.items,
            "gold": None if advice.wider is None else advice.wider.gold,
            "stakes_per_label": None if advice.wider is None else ceil(advice.wider.stake or 0),
        },
        "gaining": [
            {"strategy": name.value, "seat_labels": size_name(size, valued.longest)}
            for name, size in advice.gaining
        ],
        "turns": {
            turn.name: {"value": None if turn.value is None else _short(turn.value), "text": _turned(turn)}
            for turn in advice.turns
        },
    }


def _short(value: float) -> float:
    return round(value, _PLACES)
