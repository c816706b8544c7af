"""`labelshare spec`: every example is valid, and what is checked has the hash that goes on chain."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from labelshare.commands.gold_file import read_gold_file
from labelshare.commands.spec import Kind
from labelshare.protocol.examples import EXAMPLES, example
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
    assert labelshare("spec", "example", "--type", "polygons").code == 2


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


BOXES = {
    "from_name": "found",
    "to_name": "photo",
    "type": "rectanglelabels",
    "value": {"x": 10.5, "y": 20, "width": 30, "height": 40, "rectanglelabels": ["cat"]},
}


def test_gold_of_boxes_is_given_as_label_studio_results(labelshare: Run, tmp_path: Path) -> None:
    spec = example("boxes.v1")
    (tmp_path / "spec.json").write_bytes(spec.canonical_bytes)
    with (tmp_path / "gold.csv").open("w", newline="") as table:
        csv.writer(table).writerows([("item", "label"), (3, json.dumps([BOXES])), (5, "[]"), (9, "(none)")])

    def seal(name: str) -> Any:
        out, secret = tmp_path / f"{name}.json", tmp_path / f"{name}-gold.json"
        return labelshare(
            *("spec", "seal-gold", tmp_path / "spec.json", tmp_path / f"{name}.csv"),
            *("--out", out, "--secret-file", secret),
        )

    assert seal("gold").code == 0
    gold = read_gold_file(tmp_path / "gold-gold.json")
    form = spec.task.form
    words = [form.describe(form.decode(label)) for label in gold.labels]
    assert (gold.items, words) == ((3, 5, 9), ["cat 10.5,20 30x40", "(none)", "(none)"])
    (tmp_path / "words.csv").write_text('item,label\n3,"cat 10.5,20 30 40"\n')
    ran = seal("words")
    assert ran.code == 2
    assert "line 2: 'cat 10.5,20 30 40' is neither a Label Studio result in JSON" in " ".join(ran.err.split())


@pytest.mark.parametrize("kind", ["boxes", "spans"])
def test_regions_are_not_simulated(labelshare: Run, tmp_path: Path, kind: str) -> None:
    (tmp_path / "spec.json").write_bytes(example(f"{kind}.v1").canonical_bytes)
    for command in (["economics"], ["simulate", "--crowd", "synthetic", "--spec"]):
        ran = labelshare(*command, tmp_path / "spec.json")
        assert ran.code == 2
        assert f"answers of {kind}.v1 are regions" in " ".join(ran.err.split())
    told = " ".join(labelshare("quote", tmp_path / "spec.json").out.split())
    assert "Answers that are alike count as one: no winner can be proven on chain" in told
