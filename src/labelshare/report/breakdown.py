"""An outcome row by row: who did and got what, what each item was found to be, who said what, the sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from labelshare.protocol.skill import ONE
from labelshare.protocol.spec import Spec
from labelshare.report.collect import Outcome, Person
from labelshare.report.figures import SHARE_DECIMALS, verdicts_of
from labelshare.report.interval import IN_WORDS
from labelshare.report.tables import Column, Kind, Table, tokens

__all__ = ["balances", "items", "labels", "people"]

UNITS: Final = "_base_units"
_Amounts: TypeAlias = tuple[str, Sequence[int], str, int | None, str]
"""Name, base units, symbol, decimals and what they say."""


def people(outcome: Outcome) -> Table:
    """Everyone on the roster, best paid first; each amount in whole tokens and, last, in base units."""
    everyone = outcome.people
    accounts = Column(Kind.TEXT, tuple(str(each.account) for each in everyone), "the annotator")
    whole, units = _both(*_earned(outcome))
    return Table("people", {"account": accounts, **_work(everyone), **whole, **_scores(everyone), **units})


def _work(everyone: Sequence[Person]) -> dict[str, Column]:
    shares = (each.score.share for each in everyone)
    return {
        "labels": _counts((each.labels for each in everyone), "labels opened"),
        "accepted": _counts((each.accepted for each in everyone), "labels paid in full"),
        "contested": _counts(
            (each.contested for each in everyone), "labels on items not accepted, paid half"
        ),
        "skill": _ratios((each.skill_q16 for each in everyone), "agreement beyond chance"),
        **_interval(everyone),
        "accuracy": Column(Kind.RATIO, tuple(shares), "right of known; null where none is known"),
    }


def _interval(everyone: Sequence[Person]) -> dict[str, Column]:
    found = [each.interval for each in everyone]
    raw, low, high = (
        tuple(None if each is None else getattr(each, part) for each in found)
        for part in ("raw", "low", "high")
    )
    return {
        "skill_raw": Column(Kind.RATIO, raw, "agreement beyond chance before it is drawn towards the prior"),
        "skill_low": Column(Kind.RATIO, low, f"lower end of the raw skill's {IN_WORDS}"),
        "skill_high": Column(Kind.RATIO, high, f"upper end of the raw skill's {IN_WORDS}"),
    }


def _scores(everyone: Sequence[Person]) -> dict[str, Column]:
    return {
        "gold": _counts((each.gold for each in everyone), "answers on gold items that are not void"),
        "gold_right": _counts((each.gold_right for each in everyone), "those of them that are right"),
        "lost_by": Column(
            Kind.TEXT, tuple(each.lost_by for each in everyone), "what took a stake: slash or forfeit"
        ),
        "known": _counts((each.score.known for each in everyone), "labels of known truth, gold items apart"),
        "right": _counts((each.score.right for each in everyone), "those of them that are true"),
    }


def _earned(outcome: Outcome) -> Iterator[_Amounts]:
    people, unit = outcome.people, outcome.unit
    pays = outcome.dataset.created.revenue_token == outcome.campaign.record.params.token
    revenue = (unit.symbol, unit.decimals) if pays else ("another token", None)
    yield "pay", [each.payout for each in people], unit.symbol, unit.decimals, "what was earned"
    yield "shares", [each.shares for each in people], "shares", SHARE_DECIMALS, "parts of the dataset earned"
    yield "revenue", [each.revenue for each in people], *revenue, "revenue claimed"
    yield "lost", [each.lost for each in people], unit.symbol, unit.decimals, "stake taken"


def items(outcome: Outcome) -> Table:
    """Every item of the campaign; what nobody labelled has no winner."""
    spec, verdicts = outcome.labelled.spec, verdicts_of(outcome)
    winners, truth = outcome.labelled.winners(), outcome.truth
    counted = outcome.labelled.counted(truth)
    numbers, gold = range(len(spec.items)), outcome.labelled.gold_items
    confidence = {row.item: row.confidence_q16 for row in outcome.labelled.truths}
    right = (winners[at] == counted[at] if at in winners and at in counted else None for at in numbers)
    return Table(
        "items",
        {
            "item": _counts(numbers, "its place in the spec"),
            "name": Column(Kind.TEXT, tuple(item.name for item in spec.items), "its name in the spec"),
            "labels": _counts((each.labels for each in verdicts), "labels opened"),
            "support": _counts((each.agreeing for each in verdicts), "those for the winner"),
            "winner": _classes(spec, (winners.get(at) for at in numbers), "the class that won"),
            "confidence": _ratios(
                [confidence.get(at) for at in numbers], "the winner's posterior; of a vote its part"
            ),
            "accepted": _flags((each.accepted for each in verdicts), "whether it reached the threshold"),
            "contested": _flags(
                (each.kind == "contested" for each in verdicts),
                "whether it has a winner and did not reach it",
            ),
            "gold": _flags((at in gold for at in numbers), "whether its answer was known: scores nothing"),
            "truth": _classes(spec, (truth.get(at) for at in numbers), "the true class, as given"),
            "right": _flags(right, "whether the winner is true; null where nobody knows"),
        },
    )


def labels(outcome: Outcome) -> Table:
    """Every label that was opened, by item and annotator.

    A label that its annotator was not assigned, and committed alone, is opened like any other and does not
    count; here it is a row like any other.
    """
    winners, spec = outcome.labelled.winners(), outcome.labelled.spec
    accepted = {row.item for row in outcome.labelled.truths if row.accepted}
    rows = sorted(
        (item, str(annotator), outcome.labelled.given[annotator][item], choice)
        for annotator, answers in outcome.labelled.answers.items()
        for item, choice in answers.items()
    )
    paid = (item in accepted and winners[item] == choice for item, _, _, choice in rows)
    return Table(
        "labels",
        {
            "annotator": Column(Kind.TEXT, tuple(annotator for _, annotator, _, _ in rows), "whose it is"),
            "item": _counts((item for item, *_ in rows), "the item's place in the spec"),
            "label": _classes(spec, (given for _, _, given, _ in rows), "the class chosen"),
            "accepted": _flags(paid, "whether it is the winner of an accepted item, or alike to it"),
        },
    )


def balances(outcome: Outcome) -> Table:
    """Each sum that must come out the same both ways, of money or of shares."""
    sums, unit = outcome.balances, "base units"
    return Table(
        "balances",
        {
            "check": Column(Kind.TEXT, tuple(each.what for each in sums), "the two sides"),
            f"left{UNITS}": Column(Kind.UNITS, tuple(each.left for each in sums), "one side", unit),
            f"right{UNITS}": Column(Kind.UNITS, tuple(each.right for each in sums), "the other", unit),
            "holds": _flags((each.holds for each in sums), "whether they are equal"),
        },
    )


def _both(*amounts: _Amounts) -> tuple[dict[str, Column], dict[str, Column]]:
    """Columns of whole tokens and of base units; the former empty where nobody said what a whole one is."""
    whole: dict[str, Column] = {}
    units: dict[str, Column] = {}
    for name, values, symbol, decimals, about in amounts:
        parts = tuple(None if decimals is None else tokens(each, decimals) for each in values)
        whole[name] = Column(Kind.TOKENS, parts, about, symbol, decimals or 0)
        units[f"{name}{UNITS}"] = Column(Kind.UNITS, tuple(values), about, f"base units of {symbol}")
    return whole, units


def _counts(values: Iterable[int], about: str) -> Column:
    return Column(Kind.COUNT, tuple(values), about)


def _classes(spec: Spec, answers: Iterable[int | None], about: str) -> Column:
    """Answers in the words of the spec."""
    describe = spec.task.form.describe
    return Column(Kind.TEXT, tuple(None if each is None else describe(each) for each in answers), about)


def _ratios(parts: Iterable[int | None], about: str) -> Column:
    """Parts of 65,536, which floats hold exactly."""
    return Column(Kind.RATIO, tuple(None if part is None else part / ONE for part in parts), about)


def _flags(values: Iterable[bool | None], about: str) -> Column:
    return Column(Kind.FLAG, tuple(values), about)
