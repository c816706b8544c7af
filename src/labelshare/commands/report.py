"""A saved campaign's report, drawn anew by anyone from the chain and the bundle."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.common import Session
from labelshare.errors import InputError, LabelError

if TYPE_CHECKING:
    from labelshare.chain.node import Chain
    from labelshare.protocol.labels import Form
    from labelshare.protocol.spec import Spec
    from labelshare.replay.saved import Saved
    from labelshare.report.collect import Outcome

__all__ = ["report_of"]

MAX_ANSWERS: Final = 1 << 16
MAX_REGIONS_TEXT: Final = 1 << 17  # characters


def report_of(
    here: Session,
    folder: Annotated[
        Path, typer.Argument(help="What `--save` wrote: deployment.json, campaign.txt, bundle.jsonl.")
    ],
    *,
    url: Annotated[str, typer.Option(envvar="LABELSHARE_URL", help="JSON-RPC address of the chain.")],
    truth: Annotated[
        Path | None,
        typer.Option(
            help="CSV of item,truth, to score the result with: items by name, or by number where they have "
            "none; regions as the results have them."
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--report",
            "-o",
            metavar="FILE",
            help="HTML page to write, with pictures; one file that loads nothing.",
        ),
    ] = None,
) -> None:
    """Tell a saved campaign's outcome from the chain and the bundle alone.

    Nothing else is asked: no names, kinds, images or gas, which only whoever ran the campaign can tell.
    Exit code 1 where the settlement is not the one recomputed, or a sum does not come out.
    """
    from labelshare.chain.connect import connect
    from labelshare.replay.saved import load
    from labelshare.report import page
    from labelshare.report.collect import collect

    started = time.monotonic()
    saved = load(folder)
    known, unknown = _truths(truth, saved)
    if file is not None:
        page.prepare(file)
    chain = connect(url, expected_chain_id=saved.deployment.chain_id)
    outcome = collect(chain, saved.deployment, saved.campaign, saved.bundle, known)
    if file is not None:
        _draw(file, chain, saved, outcome)
    if here.as_json:
        _print_json(here, outcome, unknown, time.monotonic() - started)
    else:
        _print_text(saved, outcome, unknown, file)
    if not (outcome.conserved and outcome.verification.ok):
        raise typer.Exit(1)


def _truths(path: Path | None, saved: Saved) -> tuple[Mapping[int, int], int]:
    """True class by item, and how many rows of the file are of no use."""
    from labelshare.protocol.labels import Regions
    from labelshare.replay.crowd import read_truth
    from labelshare.report.labels import read_spec

    if path is None:
        return {}, 0
    spec = read_spec([saved.bundle])
    if isinstance(spec.task.form, Regions):
        return _regions(path, _items(spec), spec.task.form)
    return read_truth(path, _items(spec), _classes(spec.task.form))


def _items(spec: Spec) -> dict[str, int]:
    names = [item.name or str(at) for at, item in enumerate(spec.items)]
    numbers = {name: at for at, name in enumerate(names)}
    if len(numbers) < len(names):
        raise InputError("--truth tells items apart by name, and some of this campaign have the same")
    return numbers


def _regions(path: Path, items: Mapping[str, int], form: Form) -> tuple[dict[int, int], int]:
    """The same where answers are regions; one that is none is a mistake, for nobody chose from a list."""
    from labelshare.commands.answers import answer_of
    from labelshare.replay.crowd import read_answers

    texts, unknown = read_answers(path, items, MAX_REGIONS_TEXT)
    names, found = {number: name for name, number in items.items()}, dict[int, int]()
    for item, text in texts.items():
        try:
            found[item] = answer_of(form, text)
        except LabelError as error:
            raise InputError(f"{path}: item {names[item]!r}: {error}") from None
    return found, unknown


def _classes(form: Form) -> dict[str, int]:
    if form.n_classes > MAX_ANSWERS:
        raise InputError(f"--truth names classes, and this task has {form.n_classes:,} answers")
    return {form.describe(answer): answer for answer in range(form.n_classes)}


def _draw(file: Path, chain: Chain, saved: Saved, outcome: Outcome) -> None:
    from labelshare.report import page

    told = page.Told(saved.deployment, names={}, gas={}, truth=outcome.truth)
    page.save(file, page.render(outcome, told, page.times_of(chain, outcome)))


def _print_json(here: Session, outcome: Outcome, unknown: int, seconds: float) -> None:
    from labelshare.report import text

    here.show(text.as_json(outcome, {}, seconds) | {"unknown_truths": unknown}, ())


def _print_text(saved: Saved, outcome: Outcome, unknown: int, file: Path | None) -> None:
    from rich.console import Console

    from labelshare.report import text

    console = Console()
    console.print(text.banner(saved.deployment, outcome))
    text.show(console, outcome, {}, {})
    if unknown:
        console.print(f"{unknown:,} truths left out: no such item or class")
    if file is not None:
        console.print(f"report: {file}", markup=False, soft_wrap=True)
