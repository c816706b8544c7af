"""Specs: an example to start from, and whether one is valid."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.common import Session, command, group
from labelshare.commands.lines import fields
from labelshare.commands.quote import SpecFile, read_spec
from labelshare.commands.units import plain

if TYPE_CHECKING:
    from labelshare.protocol.spec import Spec

__all__ = ["Kind", "spec"]

JSON: Final = ("as_json",)

spec = group("spec", "Print an example of a spec, and check one.")


class Kind(StrEnum):
    """The task types, by name."""

    SINGLE_CHOICE = "single-choice"
    MULTI_LABEL = "multi-label"
    PAIRWISE = "pairwise"
    NUMERIC = "numeric"


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
    here.show(facts, fields([("valid", plain(found.title)), *list(facts.items())[1:]]))


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
