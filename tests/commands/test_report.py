"""`labelshare report`: a saved campaign told anew from chain and bundle, with nothing of who ran it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from labelshare.cli import app
from labelshare.commands.report import _classes, _items
from labelshare.errors import InputError
from labelshare.protocol.examples import example
from labelshare.protocol.labels import NUMERIC, SINGLE_CHOICE, read_form
from labelshare.replay.crowd import Crowd
from labelshare.replay.saved import store
from tests.conftest import running_anvil
from tests.ran import Ran, Run
from tests.replay.crowds import crowd_with_gold, recorded_life
from tests.report.markup import Page
from tests.test_cli import as_files


class Lot:
    """A crowd's life on a node, and what is left of it: three files, and what its client told."""

    def __init__(self, url: str, folder: Path, crowd: Crowd) -> None:
        self.url, self.saved, self.crowd = url, folder / "saved", crowd
        self.page = folder / "first.html"
        self.labels, self.truth = as_files(crowd, folder)
        self.first: dict[str, Any] = {}

    @property
    def told(self) -> list[object]:
        """The arguments of whoever tells it anew."""
        return ["report", self.saved, "--url", self.url]


@pytest.fixture(scope="module")
def lived(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lot]:
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        yield Lot(running.url, tmp_path_factory.mktemp("lived"), crowd_with_gold())


@pytest.fixture
def lot(lived: Lot, labelshare: Run) -> Lot:
    """Lived once, by the command; its labels are deleted."""
    if not lived.saved.exists():
        words = ["--truth", lived.truth, "--gold", 12, "--url", lived.url, "--save", lived.saved]
        ran = labelshare("replay", lived.labels, *words, "--report", lived.page, "--json")
        assert ran.code == 0, ran.err
        lived.first = ran.facts
        lived.labels.unlink()
    return lived


def refused(ran: Ran, code: int, message: str) -> None:
    """One line on the error stream, nothing else."""
    assert (ran.code, ran.out) == (code, "")
    assert re.fullmatch(rf"labelshare: .*{message}.*\n", ran.err), ran.err


# ---------------------------------------------------------------------- what it tells


@pytest.mark.anvil
def test_the_figures_are_those_of_whoever_ran_it(lot: Lot, labelshare: Run) -> None:
    ran = labelshare(*lot.told, "--truth", lot.truth, "--json")

    assert (ran.code, ran.err) == (0, "")
    other = {name for name in ran.facts if ran.facts[name] != lot.first[name]}
    assert other == {"gas", "gas_per_accepted_label", "seconds"}
    assert (ran.facts["gas"], ran.facts["gas_per_accepted_label"]) == ({}, None)
    assert ran.facts["accuracy"] is not None
    assert (ran.facts["unknown_truths"], ran.facts["verified"], ran.facts["conserved"]) == (1, True, True)
    assert lot.first.keys() - ran.facts.keys() == {
        "simulated",
        "plain_majority_accuracy",
        "duplicates",
        "missing_truths",
    }


@pytest.mark.anvil
def test_without_truths_nothing_is_scored(lot: Lot, labelshare: Run) -> None:
    facts = labelshare(*lot.told, "--json").facts

    assert (facts["accuracy"], facts["accuracy_items"], facts["unknown_truths"]) == (None, 0, 0)
    assert facts["verified"]
    assert "no truth given" in labelshare(*lot.told).out


@pytest.mark.anvil
@pytest.mark.parametrize("option", ["--report", "-o"])
def test_the_page_has_no_names_and_no_gas(lot: Lot, labelshare: Run, tmp_path: Path, option: str) -> None:
    file = tmp_path / "page.html"

    ran = labelshare(*lot.told, "--truth", lot.truth, option, file)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"report: {file}\n")
    html, first = file.read_text(), lot.page.read_text()
    page = Page(html).root
    figures = [each.attributes["id"] for each in page.all("figure")]
    assert [*figures, "gas"] == [each.attributes["id"] for each in Page(first).root.all("figure")]
    assert any(worker in first for worker in lot.crowd.workers)
    assert not any(worker in html for worker in lot.crowd.workers)
    assert "drew this page: truths." in page.text
    assert "drew this page: names, truths and gas." in first


@pytest.mark.anvil
def test_the_page_says_what_was_added_if_nothing_was(lot: Lot, labelshare: Run, tmp_path: Path) -> None:
    assert labelshare(*lot.told, "-o", tmp_path / "page.html", "--json").code == 0

    assert "drew this page: nothing." in (tmp_path / "page.html").read_text()


@pytest.mark.anvil
def test_the_report_as_text(lot: Lot, labelshare: Run) -> None:
    ran = labelshare(*lot.told, "--truth", lot.truth)

    assert (ran.code, ran.err) == (0, "")
    assert "verified: recomputed from chain and bundle" in ran.out
    assert "Every unit accounted for" in ran.out
    assert "1 truths left out: no such item or class" in ran.out
    assert re.search(r"gas per accepted label +–", ran.out)
    assert "Gas of the whole job" not in ran.out
    assert not any(worker in ran.out for worker in lot.crowd.workers)
    assert max(map(len, ran.out.splitlines())) <= 80


# -------------------------------------------------------------------- what goes wrong


@pytest.mark.anvil
def test_a_bundle_that_is_another_is_told_and_drawn(lot: Lot, labelshare: Run, tmp_path: Path) -> None:
    forged = tmp_path / "forged"
    forged.mkdir()
    for file in lot.saved.iterdir():
        (forged / file.name).write_bytes(file.read_bytes())
    bundle = (forged / "bundle.jsonl").read_bytes()
    at = bundle.index(b'"payout":"', bundle.index(b'"kind":"payout"')) + len(b'"payout":"')
    (forged / "bundle.jsonl").write_bytes(bundle[:at] + b"1" + bundle[at:])

    ran = labelshare("report", forged, "--url", lot.url, "-o", tmp_path / "page.html")

    assert ran.code == 1
    assert "NOT verified: the bundle has hash 0x" in " ".join(ran.out.split())
    text = Page((tmp_path / "page.html").read_text()).root.text
    assert "Not verified:" in text
    assert "Not conserved:" in text
    (forged / "bundle.jsonl").write_bytes(bundle[:-10])
    refused(labelshare("report", forged, "--url", lot.url), 1, "line")


def test_what_is_not_there(labelshare: Run, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:1"
    refused(labelshare("report", tmp_path, "--url", nowhere), 2, "holds no saved campaign")
    store(tmp_path / "saved", recorded_life().lived)
    words = ["report", tmp_path / "saved", "--url", nowhere]
    refused(labelshare(*words), 1, "no answer from the node")
    refused(labelshare(*words, "-o", tmp_path), 2, "cannot write a report to")
    refused(labelshare(*words, "--truth", tmp_path / "none.csv"), 2, r"none\.csv: cannot be read")
    (tmp_path / "truth.csv").write_text("item,label\n")
    refused(labelshare(*words, "--truth", tmp_path / "truth.csv"), 2, "header must name item,truth")


def test_the_chain_must_be_named(labelshare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELSHARE_URL", raising=False)
    ran = labelshare("report", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "--url" in ran.err
    monkeypatch.setenv("LABELSHARE_URL", "http://127.0.0.1:1")
    refused(labelshare("report", tmp_path), 2, "holds no saved campaign")


# ------------------------------------------------------------------------ items, classes


def test_items_are_told_apart_by_name_or_number() -> None:
    spec = example(SINGLE_CHOICE)
    first = spec.items[0].__class__
    digest = "11" * 32
    named = spec.model_copy(
        update={"items": (first(digest, name="a"), first(digest), first(digest, name="c"))}
    )
    assert _items(named) == {"a": 0, "1": 1, "c": 2}
    same = spec.model_copy(update={"items": (first(digest, name="a"), first(digest, name="a"))})
    with pytest.raises(InputError, match="some of this campaign have the same"):
        _items(same)


def test_classes_are_told_apart_by_name() -> None:
    form = example(SINGLE_CHOICE).task.form
    assert _classes(form) == {form.describe(at): at for at in range(form.n_classes)}
    config = (
        '<View><Text name="t" value="$t"/><Number name="n" toName="t" min="0" max="65536" step="1"/></View>'
    )
    with pytest.raises(InputError, match="this task has 65,537 answers"):
        _classes(read_form(NUMERIC, config))


def test_help_has_one_example_that_is_valid_usage(labelshare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = labelshare("report", "--help")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("Example: labelshare report") == 1
    assert max(map(len, ran.out.splitlines())) <= 80
    root: Any = typer.main.get_command(app)
    words = shlex.split(root.commands["report"].epilog.removeprefix("Example: "))[2:]
    with root.commands["report"].make_context("report", words) as context:
        assert not context.args
