"""Every item by name: the contested ones first, and of each kind the least sure ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.report.collect import Outcome
from labelshare.report.confidence import shown
from labelshare.report.figures import verdicts_of
from labelshare.report.pictures.canvas import count, fit
from labelshare.report.pictures.labels import Verdict

__all__ = ["MOST", "Listed", "listed"]

MOST: Final = 1_000
_KINDS: Final = {"contested": "contested", "accepted": "accepted", "unlabelled": "without a label"}
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Listed:
    """The items that came to one verdict, as a table.

    Attributes:
        title: How many they are and of which kind.
        cut: What is left out, empty if nothing is.
        opened: Whether the page shows it from the beginning.
        columns, rows: The table; the least sure items first.
    """

    title: str
    cut: str
    opened: bool
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def listed(outcome: Outcome, truth: Mapping[int, int]) -> list[Listed]:
    """The tables, `MOST` items in all: contested ones, then accepted ones, then those without a label.

    Args:
        outcome: Of the campaign.
        truth: True class by item, where known; as given to `collect`.
    """
    verdicts, tables, left = verdicts_of(outcome), [], MOST
    confidence = {row.item: row.confidence_q16 for row in outcome.labelled.truths}
    cells_of = _cells(outcome, truth, verdicts, confidence)
    columns = ("item", "winner", "for", "against", "confidence", *(("truth",) if truth else ()))
    for kind, words in _KINDS.items():
        every = [item for item, verdict in enumerate(verdicts) if verdict.kind == kind]
        own = sorted(every, key=lambda item: (confidence.get(item, 0), item))[:left]
        left -= len(own)
        if every:
            missing = len(every) - len(own)
            cut = f"{missing:,} more are left out: the page lists {MOST:,} items at most." if missing else ""
            rows = tuple(map(cells_of, own))
            tables.append(
                Listed(f"{count(len(every), 'item')} {words}", cut, kind == "contested", columns, rows)
            )
    return tables


def _cells(
    outcome: Outcome,
    truth: Mapping[int, int],
    verdicts: Sequence[Verdict],
    confidence: Mapping[int, int],
) -> Callable[[int], tuple[str, ...]]:
    """What makes an item's row."""
    spec, winners, gold = outcome.labelled.spec, outcome.labelled.winners(), outcome.labelled.gold_items

    def said(choices: Mapping[int, int], item: int) -> str:
        return fit(spec.task.form.describe(choices[item]), _LONGEST) if item in choices else "–"

    def cells(item: int) -> tuple[str, ...]:
        name, verdict = fit(spec.items[item].name or f"item {item}", _LONGEST), verdicts[item]
        return (
            f"{name}, gold" if item in gold else name,
            said(winners, item),
            f"{verdict.agreeing:,}",
            f"{verdict.labels - verdict.agreeing:,}",
            shown(confidence[item], 3) if item in confidence else "–",
            *((said(truth, item),) if truth else ()),
        )

    return cells
