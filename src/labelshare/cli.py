"""The command line: parse, call, print."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare import __version__
from labelshare.commands.account import account
from labelshare.commands.aggregate import aggregate
from labelshare.commands.annotator import annotator
from labelshare.commands.backup import backup, restore
from labelshare.commands.campaign import campaign
from labelshare.commands.claim import claim
from labelshare.commands.common import FEES, SENDS, command
from labelshare.commands.dataset import dataset
from labelshare.commands.deploy import deploy
from labelshare.commands.dev import dev
from labelshare.commands.doctor import doctor
from labelshare.commands.economics import economics
from labelshare.commands.licence import licence
from labelshare.commands.node import node
from labelshare.commands.oracle import oracle
from labelshare.commands.pool import pool
from labelshare.commands.quote import quote
from labelshare.commands.report import report_of
from labelshare.commands.serve import serve
from labelshare.commands.simulate import simulate
from labelshare.commands.spec import spec
from labelshare.commands.stake import stake
from labelshare.errors import InputError, LabelshareError

if TYPE_CHECKING:
    from rich.console import Console

    from labelshare.replay.crowd import Crowd
    from labelshare.replay.progress import Advance
    from labelshare.replay.rules import Rules
    from labelshare.report.collect import Outcome
    from labelshare.store.database import Database

__all__ = ["app", "main"]

app = typer.Typer(
    name="labelshare",
    help="Pay annotators for every accepted label, and make them owners of the dataset.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

app.add_typer(account)
app.add_typer(stake)
app.add_typer(spec)
command(app, "quote spec.json", ("as_json",))(quote)
command(app, "economics spec.json", ("as_json",))(economics)
command(app, "simulate labels.csv --truth truth.csv", ("as_json",))(simulate)
command(app, "aggregate labels.csv --truth truth.csv --policy committee", ("as_json",))(aggregate)
command(
    app,
    "deploy --url http://127.0.0.1:8545 --key deployer.json",
    tuple(each for each in SENDS if each != "deployment"),
)(deploy)
app.add_typer(pool)
app.add_typer(dataset)
app.add_typer(licence)
app.add_typer(claim)
app.add_typer(campaign)
app.add_typer(annotator)
app.add_typer(oracle)
command(app, "node --port 0", ())(node)
command(app, "dev --state playground", ())(dev)
command(
    app,
    "serve --state oracle --key oracle.json --url http://127.0.0.1:8545",
    ("url", "deployment", "key", "password_file", *FEES),
)(serve)
command(app, "backup backups --state oracle", ("as_json",))(backup)
command(
    app,
    "restore backup.tar --state oracle --key oracle.json --url http://127.0.0.1:8545",
    ("url", "deployment", "key", "password_file", "as_json"),
)(restore)
command(
    app,
    "doctor --state oracle --key oracle.json --url http://127.0.0.1:8545",
    ("url", "deployment", "key", "password_file", *FEES, "as_json"),
)(doctor)
command(app, "report FOLDER --url http://127.0.0.1:8545 -o page.html", ("as_json",), "report")(report_of)

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

State = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the store. With --url only: run again with the same folder, a life that was "
        "interrupted goes on where it was."
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", help="HTML page to write, with pictures; one file that loads nothing."
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
    state: State = None,
    report: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Run a whole campaign: 300 real images of digits, 30 of them gold, and simulated annotators."""
    from labelshare.replay.digits import simulated_crowd
    from labelshare.replay.rules import Rules

    _run(simulated_crowd(seed), Rules(rounds=3, gold=30), _Places(url, save, state, report), as_json=as_json)


class Aggregation(StrEnum):
    """What finds the verdicts of a replay."""

    MAJORITY = "majority"
    DAWID_SKENE = "dawid-skene"
    COMMITTEE = "committee"


@app.command()
def replay(
    labels: Annotated[Path, typer.Argument(help="CSV of item,worker,label (or task,worker,label).")],
    *,
    truth: Annotated[Path | None, typer.Option(help="CSV of item,truth, to score the result with.")] = None,
    gold: Annotated[
        int,
        typer.Option(
            min=0,
            help="Items with a known truth that judge the annotators and are not scored: the lowest by "
            "hash of name. Who fails them, and differs from the others too, loses half of its stake.",
        ),
    ] = 0,
    aggregation: Annotated[
        Aggregation,
        typer.Option(
            help="What finds the verdicts: a vote, a model that weighs labels by their worker's record, or "
            "a committee of three models."
        ),
    ] = Aggregation.DAWID_SKENE,
    url: Url = None,
    save: Save = None,
    state: State = None,
    report: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Take a recorded crowd through the whole life, each worker with a key of its own."""
    from labelshare.replay.crowd import read_crowd
    from labelshare.replay.gold import gold_items
    from labelshare.replay.rules import Rules

    if gold and truth is None:
        raise InputError("--gold takes its answers from --truth, which is not given")
    crowd = read_crowd(labels, truth)
    gold_items(crowd, gold)
    rules = Rules(gold=gold, aggregation=f"{aggregation}.v1")
    _run(crowd, rules, _Places(url, save, state, report), as_json=as_json)


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


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a life is lived, and where what it leaves behind goes; None for nowhere."""

    url: str | None
    save: Path | None
    state: Path | None
    report: Path | None

    def prepare(self) -> None:
        """Find out that something cannot be written before anything long begins."""
        from labelshare.replay.saved import prepare
        from labelshare.report import page

        if self.state is not None and self.url is None:
            raise InputError("--state goes with --url: the chain in this process ends with the process")
        if self.save is not None:
            prepare(self.save)
        if self.report is not None:
            page.prepare(self.report)

    def database(self) -> Database | None:
        """The store, if it is to outlive the process."""
        from labelshare.store.database import Database

        return None if self.state is None else Database.open(self.state)


def _run(crowd: Crowd, rules: Rules, places: _Places, *, as_json: bool) -> None:
    from rich.console import Console

    from labelshare.chain.connect import connect
    from labelshare.replay.life import live
    from labelshare.replay.saved import store
    from labelshare.replay.telling import told_of
    from labelshare.report import page, text
    from labelshare.report.collect import collect

    started = time.monotonic()
    console = Console(file=sys.stderr if as_json else sys.stdout)
    places.prepare()
    chain = connect(places.url)
    if not as_json:
        _introduce(console, crowd)
    lived = live(chain, crowd, rules, _Bars(Console(stderr=True)), places.database())
    outcome = collect(chain, lived.deployment, lived.scope.campaign_id, lived.bundle, crowd.truth)
    seconds = time.monotonic() - started
    if places.save is not None:
        store(places.save, lived)
    if places.report is not None:
        page.save(places.report, page.render(outcome, told_of(crowd, lived), page.times_of(chain, outcome)))
    if as_json:
        typer.echo(json.dumps(text.as_json(outcome, lived.gas, seconds) | _facts(crowd, outcome), indent=2))
    else:
        console.print(text.banner(lived.deployment, outcome))
        names = dict(zip(lived.annotators, crowd.workers, strict=True))
        text.show(console, outcome, names, lived.gas)
        console.print(_footer(crowd, outcome, seconds))
        if places.report is not None:
            console.print(f"report: {places.report}", markup=False, soft_wrap=True)
    if not (outcome.conserved and outcome.verification.ok):
        raise typer.Exit(1)


def _facts(crowd: Crowd, outcome: Outcome) -> dict[str, Any]:
    right, known = crowd.plain_accuracy(outcome.labelled.gold_items)
    return {
        "simulated": crowd.simulated,
        "plain_majority_accuracy": None if crowd.simulated or not known else right / known,
        "duplicates": crowd.duplicates,
        "missing_truths": crowd.missing_truths,
        "unknown_truths": crowd.unknown_truths,
    }


def _footer(crowd: Crowd, outcome: Outcome, seconds: float) -> str:
    right, known = crowd.plain_accuracy(outcome.labelled.gold_items)
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
