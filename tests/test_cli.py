"""The command line: what it prints where, its exit codes, and one line for each thing that goes wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from labelshare import __version__
from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.replay.crowd import Crowd, read_crowd
from labelshare.replay.saved import load
from tests.conftest import Anvil, running_anvil
from tests.ran import Ran, Run
from tests.replay.crowds import crowd_with_gold, recorded_crowd

COMMANDS = ("demo", "replay", "verify")


def process(*arguments: object) -> Ran:
    """Runs a command in a process of its own, which knows nothing of this one."""
    command = [sys.executable, "-m", "labelshare", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def refused(ran: Ran, message: str) -> None:
    """One line on the error stream, exit code 1, no traceback."""
    assert ran.code == 1
    assert re.fullmatch(rf"labelshare: .*{message}.*\n", ran.err), ran.err
    assert ran.out == ""


def as_files(crowd: Crowd, folder: Path) -> tuple[Path, Path]:
    """A crowd as labels and truth."""
    labels, truth = folder / "labels.csv", folder / "truth.csv"
    rows = [
        f"{crowd.items[vote.item]},{crowd.workers[vote.worker]},{crowd.classes[vote.label]}"
        for vote in crowd.votes
    ]
    labels.write_text("\n".join(["item,worker,label", *rows, rows[0]]) + "\n")
    truths = [f"{crowd.items[item]},{crowd.classes[label]}" for item, label in crowd.truth.items()]
    truth.write_text("\n".join(["item,truth", *truths, "nobody labelled this,cat"]) + "\n")
    return labels, truth


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return as_files(recorded_crowd(), tmp_path)


# -------------------------------------------------------------------- help and usage


def test_help_names_every_command(labelshare: Run) -> None:
    ran = labelshare("--help")

    assert (ran.code, ran.err) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", ran.out)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("demo", ["--seed", "--url", "--save", "--json"]),
        ("replay", ["LABELS", "--truth", "--gold", "--url", "--save", "--json"]),
        ("verify", ["FOLDER", "--url"]),
    ],
)
def test_help_of_each_command(labelshare: Run, command: str, options: Sequence[str]) -> None:
    ran = labelshare(command, "--help")

    assert (ran.code, ran.err) == (0, "")
    for option in options:
        assert option.lower() in ran.out.lower()


def test_the_version(labelshare: Run) -> None:
    assert labelshare("--version") == Ran(0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["demo", "--frobnicate"],
        ["demo", "--seed", "three"],
        ["replay"],
        ["replay", "a.csv", "b.csv"],
        ["replay", "a.csv", "--gold", "-1"],
        ["replay", "a.csv", "--gold", "some"],
        ["verify"],
        ["verify", "folder"],
    ],
)
def test_wrong_usage_is_exit_code_2(labelshare: Run, arguments: list[str]) -> None:
    ran = labelshare(*arguments)

    assert ran.code == 2
    assert ran.out == ""
    assert re.match(r"Usage: .*labelshare", ran.err)
    assert "Traceback" not in ran.err


# ------------------------------------------------------------------------- a replay


def promised(figures: dict[str, Any]) -> None:
    """What `--json` of a campaign always holds, each of its type; a yes is no number."""
    for key in "items annotators labels accepted_labels gas_per_accepted_label".split():
        assert type(figures[key]) is int, key
        assert figures[key] > 0
    assert figures["accepted_labels"] <= figures["labels"]
    assert type(figures["accuracy"]) is float
    assert 0 < figures["accuracy"] <= 1
    for key in ("conserved", "verified"):
        assert figures[key] is True
    assert type(figures["seconds"]) is float
    assert figures["seconds"] > 0


def test_json_and_nothing_else_on_the_output(
    labelshare: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, truth = files
    crowd = recorded_crowd()

    ran = labelshare("replay", labels, "--truth", truth, "--json", "--save", tmp_path / "saved")

    figures = json.loads(ran.out)
    assert ran.code == 0
    promised(figures)
    assert (figures["items"], figures["annotators"]) == (16, 7)
    assert figures["labels"] == len(crowd.votes)
    assert figures["accuracy_items"] == len(crowd.truth)
    low, high = figures["accuracy_range"]
    assert low <= figures["accuracy"] <= high
    assert (figures["verified"], figures["conserved"], figures["simulated"]) == (True, True, False)
    assert (figures["duplicates"], figures["missing_truths"], figures["unknown_truths"]) == (1, 1, 1)
    assert figures["seconds"] > 0
    saved = load(tmp_path / "saved")
    assert saved.deployment.chain_id == connect().chain_id
    assert saved.bundle.count(b'"kind":"opening"') == 7


def test_the_report_as_text(labelshare: Run, files: tuple[Path, Path]) -> None:
    labels, truth = files

    ran = labelshare("replay", labels, "--truth", truth)

    assert ran.code == 0
    assert "7 recorded annotators" in ran.out
    assert "1 labels left out" in ran.out
    assert "1 items have no known truth" in ran.out
    assert "1 truths left out" in ran.out
    assert "verified: recomputed from chain and bundle" in ran.out
    assert "Traceback" not in ran.err
    for crowded in ran.out.splitlines():
        assert len(crowded) <= 80 or crowded.startswith(labels.parent.name)
    for worker in recorded_crowd().workers:
        assert worker in ran.out


def test_names_with_markup_are_printed_as_they_are(labelshare: Run, tmp_path: Path) -> None:
    folder = tmp_path / "[red]set"
    folder.mkdir()
    labels = folder / "labels.csv"
    labels.write_text("item,worker,label\na,[/b],x\na,:dog:,[/y]\nb,[/b],x\n")

    ran = labelshare("replay", labels)

    assert ran.code == 0
    assert "[red]set: 2 items, 2 classes" in ran.out
    assert "[/b]" in ran.out
    assert ":dog:" in ran.out


def test_a_replay_with_gold(labelshare: Run, tmp_path: Path) -> None:
    labels, truth = as_files(crowd_with_gold(), tmp_path)

    ran = labelshare("replay", labels, "--truth", truth, "--gold", 12, "--json", "--save", tmp_path / "saved")

    figures = json.loads(ran.out)
    assert ran.code == 0
    assert (figures["verified"], figures["conserved"]) == (True, True)
    assert figures["gold"]["count"] == 12
    assert figures["accuracy_items"] == 44 - 12
    assert int(figures["slashed"]["amount"]) == int(figures["slashed"]["due"])
    bundle = (tmp_path / "saved" / "bundle.jsonl").read_bytes()
    apart = {int(json.loads(line)["item"]) for line in bundle.splitlines() if b'"kind":"gold"' in line}
    right, known = read_crowd(labels, truth).plain_accuracy(apart)
    assert (len(apart), known) == (12, 32)
    assert figures["plain_majority_accuracy"] == right / known


@pytest.mark.parametrize(("name", "ties"), [("majority", 1), ("dawid-skene", 0), ("committee", 0)])
def test_what_finds_the_verdicts_can_be_chosen(
    labelshare: Run, files: tuple[Path, Path], name: str, ties: int
) -> None:
    labels, truth = files

    ran = labelshare("replay", labels, "--truth", truth, "--aggregation", name, "--json")

    figures = json.loads(ran.out)
    assert ran.code == 0
    assert (figures["verified"], figures["aggregation"], figures["ties"]) == (True, f"{name}.v1", ties)
    assert labelshare("replay", labels, "--aggregation", "dice").code == 2


def test_gold_takes_its_answers_from_the_truth(labelshare: Run, files: tuple[Path, Path]) -> None:
    labels, truth = files

    refused(labelshare("replay", labels, "--gold", 3), "--gold takes its answers from --truth")
    refused(
        labelshare("replay", labels, "--truth", truth, "--gold", 16),
        "16 gold items are asked for, 15 items have a known truth",
    )


@pytest.mark.slow
def test_the_demonstration(labelshare: Run) -> None:
    ran = labelshare("demo", "--json")

    figures = json.loads(ran.out)
    assert ran.code == 0
    promised(figures)
    assert (figures["items"], figures["annotators"], figures["labels"]) == (300, 30, 1_500)
    assert (figures["verified"], figures["conserved"], figures["simulated"]) == (True, True, True)
    assert figures["accuracy"] > 0.8
    assert (figures["gold"]["count"], figures["accuracy_items"]) == (30, 270)
    assert 0 < figures["slashed"]["annotators"] <= 5
    assert int(figures["slashed"]["amount"]) == int(figures["slashed"]["due"]) > 0


# ---------------------------------------------------------------------- what goes wrong


def test_files_that_are_none(labelshare: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    labels, _ = files
    refused(labelshare("replay", tmp_path / "none.csv"), r"none\.csv: cannot be read: No such file")
    refused(labelshare("replay", labels, "--truth", tmp_path / "none.csv"), r"none\.csv: cannot be read")
    labels.write_text("item,worker,label\na,w\n")
    refused(labelshare("replay", labels), r"labels\.csv: line 2: 2 fields, 3 are needed")
    refused(labelshare("verify", tmp_path / "none", "--url", "http://127.0.0.1:1"), "holds no saved campaign")


def test_a_folder_that_cannot_be_made_is_told_before_any_work(
    labelshare: Run, files: tuple[Path, Path]
) -> None:
    labels, truth = files

    ran = labelshare("replay", labels, "--save", truth)

    refused(ran, "cannot save to")
    assert "deploy" not in ran.err


@pytest.mark.parametrize("command", ["demo", "replay", "verify"])
def test_a_chain_that_nobody_answers_for(
    labelshare: Run, files: tuple[Path, Path], tmp_path: Path, command: str
) -> None:
    arguments: dict[str, list[object]] = {"demo": [], "replay": [files[0]], "verify": [tmp_path / "saved"]}
    if command == "verify":
        save_by_hand(tmp_path / "saved")

    ran = labelshare(command, *arguments[command], "--url", "http://127.0.0.1:1")
    refused(ran, r"no answer from the node at .*127\.0\.0\.1:1")
    ran = labelshare(command, *arguments[command], "--url", "localhost:8545")
    refused(ran, "a node's address begins with http:// or https://: localhost:8545")


def save_by_hand(folder: Path) -> None:
    from labelshare.replay.saved import store
    from tests.replay.crowds import recorded_life

    store(folder, recorded_life().lived)


@pytest.mark.anvil
def test_a_chain_where_money_is_real(anvil_program: Path, labelshare: Run, files: tuple[Path, Path]) -> None:
    with running_anvil(anvil_program, "--chain-id", "1") as public:
        for arguments in (["demo"], ["replay", files[0]], ["replay", files[0], "--json"]):
            ran = labelshare(*arguments, "--url", public.url)
            assert ran.code == 1
            assert ran.err == (
                "labelshare: a replay signs with public keys; chain 1 is no development chain\n"
            )
        assert connect(public.url).block_number == 0


# --------------------------------------------------------------------------- verifying


@pytest.mark.anvil
def test_a_stranger_verifies_what_was_saved_and_is_told_what_differs(
    anvil: Anvil, labelshare: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, truth = files
    folder = tmp_path / "saved"
    ran = labelshare("replay", labels, "--truth", truth, "--json", "--url", anvil.url, "--save", folder)
    figures = json.loads(ran.out)
    assert (ran.code, figures["verified"], figures["conserved"]) == (0, True, True)
    head = connect(anvil.url).block_number

    good = process("verify", folder, "--url", anvil.url)
    accepted = sum(json.loads(line).get("accepted") is True for line in lines(folder, "truth"))
    assert good == Ran(0, f"verified: {figures['labels']} labels, {accepted} of 16 items accepted\n", "")

    bundle = (folder / "bundle.jsonl").read_bytes()
    row = lines(folder, "payout")[0]
    payout = json.loads(row)["payout"]
    (folder / "bundle.jsonl").write_bytes(
        bundle.replace(row, row.replace(payout.encode(), b"1" + payout.encode(), 1))
    )
    bad = process("verify", folder, "--url", anvil.url)
    assert (bad.code, bad.err) == (1, "")
    assert re.fullmatch(
        rf"differs: the bundle has hash 0x\w+, posted 0x\w+; first difference: .*1{payout}.*\n", bad.out
    )

    (folder / "bundle.jsonl").write_bytes(bundle[:-10])
    cut = labelshare("verify", folder, "--url", anvil.url)
    assert (cut.code, cut.err) == (1, "")
    assert cut.out.startswith("differs: the bundle has hash 0x")
    (folder / "bundle.jsonl").write_bytes(b"")
    assert labelshare("verify", folder, "--url", anvil.url).code == 1
    (folder / "bundle.jsonl").write_bytes(bundle)

    record = (folder / "deployment.json").read_text()
    (folder / "deployment.json").write_text(record.replace('"codeHash": "0x', '"codeHash": "0x00', 1))
    refused(labelshare("verify", folder, "--url", anvil.url), "is not a deployment record")
    code_hash = json.loads(record)["contracts"]["TaskRegistry"]["codeHash"]
    (folder / "deployment.json").write_text(record.replace(code_hash, "0x" + "11" * 32))
    refused(
        labelshare("verify", folder, "--url", anvil.url), "TaskRegistry: the code at 0x.* is not the code of"
    )
    (folder / "deployment.json").write_text(record.replace("31337", "1"))
    refused(labelshare("verify", folder, "--url", anvil.url), "is chain 31337, expected 1")
    (folder / "deployment.json").write_text(record)

    campaign = (folder / "campaign.txt").read_text()
    (folder / "campaign.txt").write_text("0x" + "11" * 32)
    refused(labelshare("verify", folder, "--url", anvil.url), "no campaign 0x1111")
    (folder / "campaign.txt").write_text(campaign)

    assert labelshare("verify", folder, "--url", anvil.url).code == 0
    assert connect(anvil.url).block_number == head


def lines(folder: Path, kind: str) -> list[bytes]:
    """The bundle's lines of one kind."""
    found = (folder / "bundle.jsonl").read_bytes().splitlines()
    return [line for line in found if json.loads(line)["kind"] == kind]


# ---------------------------------------------------------------------------- the store


def test_a_store_for_a_chain_that_ends_with_the_process(
    labelshare: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    refused(labelshare("replay", files[0], "--state", tmp_path / "store"), "--state goes with --url")
    assert not (tmp_path / "store").exists()


@pytest.mark.anvil
def test_run_again_with_its_store_a_replay_does_nothing_twice(
    anvil: Anvil, labelshare: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    command = ("replay", files[0], "--truth", files[1], "--json", "--url", anvil.url, "--state", tmp_path)
    first = labelshare(*command)
    oracle = development_signer("replay", "oracle").address
    sent = connect(anvil.url).nonces([oracle])
    again = labelshare(*command)

    assert (first.code, again.code) == (0, 0), again.err
    told = [{k: v for k, v in json.loads(ran.out).items() if k != "seconds"} for ran in (first, again)]
    assert told[0] == told[1]
    assert connect(anvil.url).nonces([oracle]) == sent
    assert (tmp_path / "labelshare.db").is_file()


@pytest.mark.anvil
def test_a_store_of_another_chain(
    anvil: Anvil, anvil_program: Path, labelshare: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    assert labelshare("replay", files[0], "--json", "--url", anvil.url, "--state", tmp_path).code == 0

    with running_anvil(anvil_program, "--hardfork", "cancun", "--timestamp", "1800000000") as other:
        ran = labelshare("replay", files[0], "--json", "--url", other.url, "--state", tmp_path)
        assert connect(other.url).block_number == 0
    refused(ran, "the store is of chain 31337 that began with block")
