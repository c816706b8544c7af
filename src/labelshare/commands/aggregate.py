"""The verdicts of one policy on a file of labels, outside any campaign."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.common import Session
from labelshare.commands.files import refuse_existing, write_new
from labelshare.commands.lines import fields
from labelshare.errors import InputError
from labelshare.types import Hash32

if TYPE_CHECKING:
    from labelshare.commands.lines import Pair
    from labelshare.replay.crowd import Crowd
    from labelshare.replay.scoring import Scored

__all__ = ["aggregate"]

SEED: Final = "0x" + bytes(range(32)).hex()
VOTE: Final = "majority.v1"


def aggregate(
    here: Session,
    labels: Annotated[
        Path,
        typer.Argument(help="CSV of item,worker,label; a worker's first label of an item counts."),
    ],
    *,
    truth: Annotated[Path | None, typer.Option(help="CSV of item,truth, to score the verdicts with.")] = None,
    policy: Annotated[
        str, typer.Option(help="What finds the verdicts: majority, dawid-skene or committee.")
    ] = "dawid-skene",
    gold: Annotated[
        Path | None,
        typer.Option(help="CSV of item,truth that a model is told; no figure counts these items."),
    ] = None,
    seed: Annotated[str, typer.Option(help="What ties fall by: 32 bytes as 0x…", show_default=False)] = SEED,
    output: Annotated[
        Path | None, typer.Option(help="New CSV file of item,label,posterior to write.")
    ] = None,
) -> None:
    """Find the label of each item in a recorded crowd, and how sure and how right that is; reads no chain."""
    from labelshare.replay.crowd import read_crowd
    from labelshare.replay.scoring import decide, policy_named

    name, ties = policy_named(policy), _seed(seed)
    if gold is not None and name == VOTE:
        raise InputError("--gold is for models: a vote is told nothing")
    if output is not None:
        refuse_existing(output)
    crowd = read_crowd(labels)
    known = _Known.read(crowd, truth, gold)
    scored = decide(crowd, name, ties, known.truth, known.told)
    if output is not None:
        write_new(output, _as_csv(crowd, scored))
    here.show(_facts(name, crowd, scored), fields(list(_rows(name, crowd, known, scored))))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the items, and how many rows of either file say nothing of this crowd."""

    truth: dict[int, str]
    told: dict[int, int]
    truth_left: int
    gold_left: int

    @classmethod
    def read(cls, crowd: Crowd, truth: Path | None, gold: Path | None) -> _Known:
        from labelshare.replay.crowd import read_answers, read_truth

        items = {name: number for number, name in enumerate(crowd.items)}
        classes = {name: number for number, name in enumerate(crowd.classes)}
        true, truth_left = ({}, 0) if truth is None else read_answers(truth, items)
        told, gold_left = ({}, 0) if gold is None else read_truth(gold, items, classes)
        return cls(true, told, truth_left, gold_left)


def _seed(text: str) -> Hash32:
    try:
        return Hash32(text)
    except InputError as error:
        raise InputError(f"--seed: {error}") from None


def _facts(name: str, crowd: Crowd, scored: Scored) -> dict[str, Any]:
    return {
        "policy": name,
        "items": len(crowd.items),
        "annotators": len(crowd.workers),
        "labels": len(crowd.votes),
        "classes": len(crowd.classes),
        "repeated": crowd.duplicates,
        "accuracy": scored.accuracy,
        "scored": len(scored.scored),
        "mean_posterior": scored.mean_posterior,
        "calibration_error": scored.calibration_error,
        "contested": scored.contested,
        "seconds": round(scored.seconds, 3),
    }


def _rows(name: str, crowd: Crowd, known: _Known, scored: Scored) -> Iterator[Pair]:
    yield "policy", name
    yield "items", f"{len(crowd.items):,}"
    yield "annotators", f"{len(crowd.workers):,}"
    yield "labels", f"{len(crowd.votes):,}"
    yield "classes", f"{len(crowd.classes):,}"
    if crowd.duplicates:
        yield "repeated", f"{crowd.duplicates:,} labels left out: their worker had labelled the item before"
    if known.told or known.gold_left:
        yield "told", f"{len(known.told):,} items, which no figure counts{_left(known.gold_left)}"
    if known.truth or known.truth_left:
        yield "accuracy", _accuracy(scored) + _left(known.truth_left)
    yield "mean posterior", _four(scored.mean_posterior)
    if scored.scored:
        yield "calibration error", _four(scored.calibration_error)
    yield "contested", f"{scored.contested:,} items: posterior below 0.6"
    yield "seconds", f"{scored.seconds:.1f}"


def _accuracy(scored: Scored) -> str:
    known = len(scored.scored)
    return f"{_four(scored.accuracy)} on {known:,} items with a known truth" if known else "no truth is known"


def _left(rows: int) -> str:
    return f"; {rows:,} rows say nothing of this crowd" if rows else ""


def _four(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.4f}"


def _as_csv(crowd: Crowd, scored: Scored) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("item", "label", "posterior"))
    for name, each in zip(crowd.items, scored.items, strict=True):
        rows.writerow((name, crowd.classes[each.winner], f"{float(each.posterior):.6f}"))
    return text.getvalue().encode()
