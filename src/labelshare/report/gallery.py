"""Items to look at: a few images with their answers, the contested and the mistaken among them."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labelshare.report.collect import Outcome
from labelshare.report.figures import Naming

__all__ = ["Answer", "Shown", "chosen"]

SHOWN: Final = 12
# How many of each sort: contested and wrong, contested and right, accepted and wrong, accepted and right.
SORTS: Final = (4, 3, 2, 3)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an annotator said of an item, and whether it is the winner."""

    name: str
    choice: str
    wins: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """An item: its picture (PNG, base64), answers, winner, truth where known, verdict; whether it is gold."""

    name: str
    png: str
    answers: tuple[Answer, ...]
    winner: str
    truth: str | None
    accepted: bool
    gold: bool

    @property
    def right(self) -> bool | None:
        """Whether the winner is true, None where nobody knows."""
        return None if self.truth is None else self.winner == self.truth


def chosen(
    outcome: Outcome, naming: Naming, truth: Mapping[int, int], images: Mapping[int, bytes]
) -> list[Shown]:
    """Up to `SHOWN` of the items that have an image: of each sort some, in the order of `SORTS`."""
    sorts: defaultdict[int, list[int]] = defaultdict(list)
    winners = outcome.labelled.winners()
    for row in outcome.labelled.truths:
        if row.item in images:
            right = truth.get(row.item, winners[row.item]) == winners[row.item]
            sorts[2 * row.accepted + right].append(row.item)
    picked = [item for sort, number in enumerate(SORTS) for item in sorts[sort][:number]]
    rest = [item for sort, number in enumerate(SORTS) for item in sorts[sort][number:]]
    accepted = {row.item for row in outcome.labelled.truths if row.accepted}
    described = outcome.labelled.spec.task.form.describe
    return [
        Shown(
            name=outcome.labelled.spec.items[item].name or f"item {item}",
            png=b64encode(images[item]).decode("ascii"),
            answers=_answers(outcome, naming, item, winners[item]),
            winner=described(winners[item]),
            truth=described(truth[item]) if item in truth else None,
            accepted=item in accepted,
            gold=item in outcome.labelled.gold_items,
        )
        for item in [*picked, *rest[: max(SHOWN - len(picked), 0)]]
    ]


def _answers(outcome: Outcome, naming: Naming, item: int, winner: int) -> tuple[Answer, ...]:
    """The winner's answers first, then the others by class."""
    said = [
        (choices[item], naming.name(account))
        for account, choices in outcome.labelled.answers.items()
        if item in choices
    ]
    described = outcome.labelled.spec.task.form.describe
    ordered = sorted(said, key=lambda each: (each[0] != winner, each))
    return tuple(Answer(name, described(choice), choice == winner) for choice, name in ordered)
