"""Specs: an example to start from, whether one is valid, and gold sealed into one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.common import Session, command, group, read_bytes
from labelshare.commands.files import refuse_existing, write_new
from labelshare.commands.lines import fields, steps
from labelshare.commands.quote import SpecFile, read_spec
from labelshare.commands.units import plain
from labelshare.errors import InputError, SpecError
from labelshare.types import Hash32

if TYPE_CHECKING:
    from labelshare.protocol.gold import SealedGold
    from labelshare.protocol.spec import Spec

__all__ = ["Kind", "spec"]

JSON: Final = ("as_json",)

_SEALED: Final = "merkle.v1"
_WARNINGS: Final = (
    "Keep a copy of the secret file: without it the gold is lost, and nobody can lose a stake.",
    "Show it to nobody before all work is committed: whoever reads it answers right just where it counts.",
    "`campaign reveal-gold` publishes it, between the last commitment and the end of opening.",
)

spec = group("spec", "Print an example of a spec, check one, and seal gold into one.")


class Kind(StrEnum):
    """The task types, by name."""

    SINGLE_CHOICE = "single-choice"
    MULTI_LABEL = "multi-label"
    PAIRWISE = "pairwise"
    NUMERIC = "numeric"
    BOXES = "boxes"
    SPANS = "spans"


@command(spec, "spec example --type pairwise > spec.json", ())
def example(
    here: Session,  # noqa: ARG001 (every command has one)
    *,
    type_: Annotated[Kind, typer.Option("--type", help="The task type.")] = Kind.SINGLE_CHOICE,
) -> None:
    """Print a complete, valid spec, every default stated; its items are placeholders."""
    from labelshare.protocol.examples import EXAMPLES
    from labelshare.protocol.examples import example as example_of

    typer.echo("\n".join(_pretty(example_of(EXAMPLES[type_.value]).fields)))


@command(spec, "spec check spec.json", JSON)
def check(
    here: Session,
    file: SpecFile,
    *,
    canonical: Annotated[
        bool,
        typer.Option(
            "--canonical", help="Write the canonical bytes, whose sha256 is the specHash, and nothing else."
        ),
    ] = False,
) -> None:
    """Say whether a spec is valid, and its specHash; exit code 2 with the first fault where it is not."""
    found = read_spec(file)
    if canonical:
        sys.stdout.buffer.write(found.canonical_bytes)
        sys.stdout.buffer.flush()
        return
    facts = _facts(found)
    rules = [("pay", _paid(found)), ("stakes", _lost(found))]
    here.show(facts, fields([("valid", plain(found.title)), *list(facts.items())[1:], *rules]))


@command(
    spec,
    "spec seal-gold spec.json gold.csv --out sealed.json --secret-file gold.json",
    JSON,
    name="seal-gold",
)
def seal_gold(
    here: Session,
    file: SpecFile,
    answers: Annotated[
        Path, typer.Argument(metavar="ANSWERS", help="CSV of item,label: items by number from 0 or by name.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="Where the spec that seals the gold goes.")],
    secret_file: Annotated[Path, typer.Option(help="Where the gold itself goes, for you alone to read.")],
) -> None:
    """Seal answers you know as gold: the spec holds their root, you their answers until all work is done."""
    from secrets import token_bytes

    from labelshare.commands.gold_file import gold_bytes, read_answers
    from labelshare.protocol.gold import SealedGold

    refuse_existing(out, secret_file)
    values = _values(file)
    unsealed = _with_gold(values, Hash32(bytes(32)), 1)
    gold = SealedGold.of(Hash32(token_bytes(32)), read_answers(answers, unsealed))
    _require_revealable(gold)
    sealed = _with_gold(values, gold.root, len(gold.items))
    write_new(secret_file, gold_bytes(gold), private=True)
    write_new(out, "\n".join(_pretty(sealed.fields)).encode() + b"\n")
    for line in steps(_WARNINGS):
        typer.echo(line, err=True)
    _show_sealed(here, sealed, out, secret_file)


def _values(file: Path) -> dict[str, Any]:
    """The JSON values of a spec that may lack its gold so far."""
    from labelshare.protocol import canonical

    data = sys.stdin.buffer.read() if str(file) == "-" else read_bytes(file)
    try:
        values = canonical.parse(data)
    except InputError as error:
        raise SpecError(f"spec: {error}") from None
    if not isinstance(values, dict):
        raise SpecError("spec: Input should be an object")
    return values


def _with_gold(values: dict[str, Any], root: Hash32, count: int) -> Spec:
    """The spec with gold under a root; how gold counts is as the values say, or by default."""
    from labelshare.protocol.spec import Spec

    stated = values.get("gold")
    kept = stated if isinstance(stated, dict) and stated.get("policy") == _SEALED else {}
    return Spec.of(values | {"gold": {**kept, "policy": _SEALED, "root": str(root), "count": count}})


def _require_revealable(gold: SealedGold) -> None:
    """Gold is revealed whole, in one transaction."""
    from labelshare.client.working import MOST_POSTED

    if (size := len(gold.reveal)) > MOST_POSTED:
        raise InputError(
            f"revealing this gold takes {size:,} bytes, and a transaction carries {MOST_POSTED:,} of them: "
            "seal fewer items"
        )


def _show_sealed(here: Session, sealed: Spec, out: Path, secret_file: Path) -> None:
    gold = sealed.fields["gold"]
    rows = [
        ("gold", f"{gold['count']} of {len(sealed.items)} items"),
        ("root", gold["root"]),
        ("stakes", _lost(sealed)),
        ("specHash", sealed.hash),
        ("spec", out),
        ("secret file", secret_file),
    ]
    facts = {"items": gold["count"], "root": gold["root"], "specHash": str(sealed.hash)}
    here.show(facts | {"spec": str(out), "secret_file": str(secret_file)}, fields(rows))


def _paid(found: Spec) -> str:
    from labelshare.report.spelling import skill_in_words

    policy = found.pay.policy
    return f"{policy}: {'by verdict alone' if policy == 'flat.v1' else skill_in_words(found.skill)}"


def _lost(found: Spec) -> str:
    from labelshare.report.spelling import percent

    rule = found.slash
    if rule.policy == "none.v1":
        return "none.v1: nobody can lose a stake"
    said = f"{rule.policy}: {percent(rule.part_bps)} for failing gold and agreement"
    most = percent(rule.forfeit_bps)
    return f"{said}; up to {most} for a skill below 0" if rule.forfeit_bps else f"{said}; no forfeits"


def _facts(found: Spec) -> dict[str, Any]:
    return {
        "title": found.title,
        "specHash": str(found.hash),
        "task": found.task.type,
        "items": len(found.items),
        "bytes": len(found.canonical_bytes),
    }


def _pretty(values: dict[str, Any]) -> Iterator[str]:
    """JSON to read and edit, an item on each line."""
    items = ",\n".join(f"    {json.dumps(item)}" for item in values["items"])
    text = json.dumps(values | {"items": []}, indent=2, ensure_ascii=False)
    yield text.replace('"items": []', f'"items": [\n{items}\n  ]', 1)
