"""`labelshare spec`: every example is valid, and what is checked has the hash that goes on chain."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from labelshare.commands.spec import Kind
from labelshare.protocol.examples import EXAMPLES
from labelshare.protocol.spec import Spec
from tests.commands.test_quote import FIELDS, Run, file, labelshare

__all__ = ["file", "labelshare"]

KINDS = tuple(kind.value for kind in Kind)


def test_the_command_offers_every_task_type() -> None:
    assert tuple(EXAMPLES) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_valid_complete_and_quoted(labelshare: Run, kind: str) -> None:
    printed = labelshare("spec", "example", "--type", kind)

    assert (printed.code, printed.err) == (0, "")
    spec = Spec.read(printed.out.encode())
    assert spec.fields == json.loads(printed.out)  # every default is stated
    assert spec.task.type == f"{kind}.v1"
    checked = labelshare("spec", "check", "-", stdin=printed.out.encode())
    assert (checked.code, checked.err) == (0, "")
    assert str(spec.hash) in checked.out
    assert labelshare("quote", "-", stdin=printed.out.encode()).code == 0


def test_the_example_without_a_type_is_a_single_choice(labelshare: Run) -> None:
    assert labelshare("spec", "example") == labelshare("spec", "example", "--type", "single-choice")
    assert labelshare("spec", "example", "--type", "boxes").code == 2


def test_a_valid_spec_is_told_with_its_hash(labelshare: Run, file: Path) -> None:
    ran = labelshare("spec", "check", file)

    spec = Spec.of(FIELDS)
    assert ran.out.splitlines() == [
        f"valid     {spec.title}",
        f"specHash  {spec.hash}",
        "task      single-choice.v1",
        "items     30",
        f"bytes     {len(spec.canonical_bytes)}",
        "pay       skill.v1: beyond a skill of 0.1, in full from 0.4 on",
        "stakes    none.v1: nobody can lose a stake",
    ]
    facts = labelshare("spec", "check", file, "--json").facts
    assert facts == {
        "title": spec.title,
        "specHash": str(spec.hash),
        "task": "single-choice.v1",
        "items": 30,
        "bytes": len(spec.canonical_bytes),
    }


@pytest.mark.parametrize(
    ("forfeit_bps", "said"), [(2_550, "up to 25.5 % for a skill below 0"), (0, "no forfeits")]
)
def test_what_a_spec_takes_of_a_stake_is_said(labelshare: Run, forfeit_bps: int, said: str) -> None:
    gold = {"policy": "merkle.v1", "root": "0x" + "ab" * 32, "count": 20}
    slash = {"policy": "skill-and-gold.v1", "forfeit_bps": forfeit_bps, "part_bps": 4_000}
    fields = FIELDS | {"gold": gold, "slash": slash, "pay": {"policy": "flat.v1"}}

    ran = labelshare("spec", "check", "-", stdin=json.dumps(fields).encode())

    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert f"stakes skill-and-gold.v1: 40 % for failing gold and agreement; {said}" in text
    assert "pay flat.v1: by verdict alone" in text


def test_the_canonical_bytes_and_nothing_else(labelshare: Run, file: Path) -> None:
    ran = labelshare("spec", "check", file, "--canonical")

    assert (ran.code, ran.err) == (0, "")
    spec = Spec.parse(ran.out.encode())
    assert spec.hash == sha256(ran.out.encode()).digest() == Spec.of(FIELDS).hash
    assert ran.out.encode() != file.read_bytes()


def test_a_title_that_could_command_a_terminal_is_shown_without(labelshare: Run) -> None:
    data = json.dumps(FIELDS | {"title": "\x1b[2J" + "wide " * 30}).encode()

    ran = labelshare("spec", "check", "-", stdin=data)

    assert ran.code == 0
    assert "?[2J" in ran.out
    assert "\x1b" not in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_help_names_all(labelshare: Run) -> None:
    ran = labelshare("spec", "--help")

    assert (ran.code, ran.err) == (0, "")
    assert "example" in ran.out
    assert "check" in ran.out
    assert "seal-gold" in ran.out
