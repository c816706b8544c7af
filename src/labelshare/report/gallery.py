"""Items to look at: a few images with their answers, those first of which the verdicts are least sure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.protocol.evidence import TruthRow
from labelshare.report.collect import Outcome
from labelshare.report.confidence import shown
from labelshare.report.figures import Naming

__all__ = ["Answer", "Shown", "chosen"]

LEAST: Final = 9
SUREST: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What an annotator said of an item, and whether it is the winner."""

    name: str
    choice: str
    wins: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """An item: its picture (PNG, base64), answers, winner, confidence, truth, verdict; if it is gold.

    `right` says whether the winner is true, None where nobody knows.
    """

    name: str
    png: str
    answers: tuple[Answer, ...]
    winner: str
    confidence: str
    truth: str | None
    accepted: bool
    gold: bool
    right: bool | None


def chosen(
    outcome: Outcome, naming: Naming, truth: Mapping[int, int], images: Mapping[int, bytes]
) -> list[Shown]:
    """Of the items with an image the `LEAST` least sure ones, then the `SUREST` surest, last of all gold."""
    winners, gold = outcome.labelled.winners(), outcome.labelled.gold_items
    described, counted = outcome.labelled.spec.task.form.describe, outcome.labelled.counted(truth)
    return [
        Shown(
            name=outcome.labelled.spec.items[row.item].name or f"item {row.item}",
            png=b64encode(images[row.item]).decode("ascii"),
            answers=_answers(outcome, naming, row.item, winners[row.item]),
            winner=described(winners[row.item]),
            confidence=shown(row.confidence_q16, 3),
            truth=described(truth[row.item]) if row.item in truth else None,
            accepted=row.accepted,
            gold=row.item in gold,
            right=winners[row.item] == counted[row.item] if row.item in counted else None,
        )
        for row in _picked([row for row in outcome.labelled.truths if row.item in images], gold)
    ]


def _picked(rows: Sequence[TruthRow], gold: Container[int]) -> list[TruthRow]:
    """The least sure ones first; few are all shown."""
    ordered = sorted(rows, key=lambda row: (row.confidence_q16, row.item))
    if len(ordered) <= LEAST + SUREST:
        return ordered
    others = sorted(ordered[LEAST:], key=lambda row: (row.item in gold, -row.confidence_q16, row.item))
    return [*ordered[:LEAST], *reversed(others[:SUREST])]


def _answers(outcome: Outcome, naming: Naming, item: int, winner: int) -> tuple[Answer, ...]:
    """The winner's answers first, then the others by class."""
    said = [
        (choices[item], naming.name(account), outcome.labelled.given[account][item])
        for account, choices in outcome.labelled.answers.items()
        if item in choices
    ]
    described = outcome.labelled.spec.task.form.describe
    ordered = sorted(said, key=lambda each: (each[0] != winner, each))
    return tuple(Answer(name, described(given), choice == winner) for choice, name, given in ordered)
