"""The command line: parse, call, print."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare import __version__
from labelshare.errors import LabelshareError

if TYPE_CHECKING:
    from rich.console import Console

    from labelshare.replay.crowd import Crowd
    from labelshare.replay.progress import Advance
    from labelshare.replay.rules import Rules

__all__ = ["app", "main"]

app = typer.Typer(
    name="labelshare",
    help="Pay annotators for every accepted label, and make them owners of the dataset.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

Url = Annotated[
    str | None,
    typer.Option(
        help="JSON-RPC address of a development node such as anvil; a chain in this process by default."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON and nothing else.")]
Save = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the deployment's record, the campaign's id and the bundle, for `labelshare verify`."
    ),
]


def main() -> None:
    """Run the command line; an error of ours becomes one line and exit code 1."""
    try:
        app()
    except LabelshareError as error:
        sys.stderr.write(f"labelshare: {error}\n")
        raise SystemExit(1) from None
    except BrokenPipeError:
        raise SystemExit(1) from None


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


@app.command()
def demo(
    *,
    seed: Annotated[int, typer.Option(help="Seed of the simulated annotators' answers.")] = 1,
    url: Url = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Run a whole campaign: 300 real images of digits, labelled by simulated annotators."""
    from labelshare.replay.digits import simulated_crowd
    from labelshare.replay.rules import Rules

    _run(simulated_crowd(seed), Rules(rounds=3), url, save, as_json=as_json)


@app.command()
def replay(
    labels: Annotated[Path, typer.Argument(help="CSV of item,worker,label (or task,worker,label).")],
    *,
    truth: Annotated[Path | None, typer.Option(help="CSV of item,truth, to score the result with.")] = None,
    url: Url = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Take a recorded crowd through the whole life, each worker with a key of its own."""
    from labelshare.replay.crowd import read_crowd
    from labelshare.replay.rules import Rules

    _run(read_crowd(labels, truth), Rules(), url, save, as_json=as_json)


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(help="What `--save` wrote: deployment.json, campaign.txt, bundle.jsonl.")
    ],
    *,
    url: Annotated[str, typer.Option(help="JSON-RPC address of the chain.")],
) -> None:
    """Recompute a settlement from the chain and the bundle; exit code 1 where they differ."""
    from labelshare.chain.connect import connect
    from labelshare.replay.saved import load
    from labelshare.report.collect import judge

    saved = load(folder)
    chain = connect(url, expected_chain_id=saved.deployment.chain_id)
    report = judge(chain, saved.deployment, saved.campaign, saved.bundle)
    if not report.ok:
        typer.echo(f"differs: {report.difference}")
        raise typer.Exit(1)
    typer.echo(f"verified: {report.labels} labels, {report.accepted} of {report.labelled} items accepted")


def _run(crowd: Crowd, rules: Rules, url: str | None, save: Path | None, *, as_json: bool) -> None:
    from rich.console import Console

    from labelshare.chain.connect import connect
    from labelshare.replay.life import live
    from labelshare.replay.saved import prepare, store
    from labelshare.report import text
    from labelshare.report.collect import collect

    started = time.monotonic()
    console = Console(file=sys.stderr if as_json else sys.stdout)
    chain = connect(url)
    if save is not None:
        prepare(save)
    if not as_json:
        _introduce(console, crowd)
    lived = live(chain, crowd, rules, _Bars(Console(stderr=True)))
    outcome = collect(chain, lived.deployment, lived.scope.campaign_id, lived.bundle, crowd.truth)
    seconds = time.monotonic() - started
    if save is not None:
        store(save, lived)
    if as_json:
        typer.echo(json.dumps(text.as_json(outcome, lived.gas, seconds) | _facts(crowd), indent=2))
    else:
        console.print(text.banner(lived.deployment, lived.scope.campaign_id, lived.dataset))
        names = dict(zip(lived.annotators, crowd.workers, strict=True))
        text.show(console, outcome, names, lived.gas)
        console.print(_footer(crowd, seconds))
    if not (outcome.conserved and outcome.verification.ok):
        raise typer.Exit(1)


def _facts(crowd: Crowd) -> dict[str, Any]:
    right, known = crowd.plain_accuracy()
    return {
        "simulated": crowd.simulated,
        "plain_majority_accuracy": None if crowd.simulated or not known else right / known,
        "duplicates": crowd.duplicates,
        "missing_truths": crowd.missing_truths,
        "unknown_truths": crowd.unknown_truths,
    }


def _footer(crowd: Crowd, seconds: float) -> str:
    right, known = crowd.plain_accuracy()
    if crowd.simulated or not known:
        return f"{seconds:.1f} s"
    return (
        f"{seconds:.1f} s. For comparison, a plain majority of the file, ties to the class it names first: "
        f"{right / known:.4f}"
    )


def _introduce(console: Console, crowd: Crowd) -> None:
    from rich.text import Text

    people = "simulated annotators: programs, no people" if crowd.simulated else "recorded annotators"
    sizes = f": {len(crowd.items):,} items, {len(crowd.classes)} classes"
    console.print(Text.assemble((crowd.name, "bold"), sizes))
    console.print(f"{len(crowd.workers):,} {people}")
    if crowd.duplicates:
        console.print(f"{crowd.duplicates:,} labels left out: their worker had labelled the item before")
    if crowd.truth and crowd.missing_truths:
        console.print(f"{crowd.missing_truths:,} items have no known truth and are not scored")
    if crowd.unknown_truths:
        console.print(
            f"{crowd.unknown_truths:,} truths left out: nobody labelled the item, or chose the class"
        )


class _Bars:
    """A progress bar a phase, on the terminal's error stream."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def phase(self, title: str, total: int) -> Iterator[Advance]:
        """Show a bar while the phase runs; it stays, with its time, when done."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description:<46}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(title, total=total)
            yield lambda steps: progress.advance(task, steps)
