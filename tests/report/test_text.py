"""The printed report fits a terminal of eighty columns, says what is wrong, and takes names as they are."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from labelshare.protocol.verify import Report
from labelshare.report.collect import Outcome, Person, collect
from labelshare.report.labels import Score
from labelshare.report.money import Balance
from labelshare.report.text import as_json, banner, show
from labelshare.types import Address
from tests.replay.crowds import expected, recorded_life
from tests.report.test_collect import outcome

COIN = 10**18
WIDTH = 80


def printed(found: Outcome, names: Mapping[Address, str] | None = None) -> list[str]:
    """The report's lines on a terminal of eighty columns."""
    life, file = recorded_life(), io.StringIO()
    console = Console(file=file, width=WIDTH)
    console.print(banner(life.lived.deployment, life.lived.scope.campaign_id, life.lived.dataset))
    if names is None:
        names = dict(zip(life.lived.annotators, life.crowd.workers, strict=True))
    show(console, found, names, life.lived.gas)
    return file.getvalue().splitlines()


def many(count: int) -> Outcome:
    """A report of as many annotators as asked for, with figures as wide as they get."""
    people = tuple(
        Person(
            account=Address(number.to_bytes(20, "big")),
            labels=12_345,
            accepted=11_111,
            contested=1_234,
            skill_q16=65_536,
            payout=12_345_670_000_000_000_000_000 - number,
            shares=(count - number) * 10**22,
            revenue=1_234_560_000_000_000_000_000,
            score=Score(999, 1_000),
        )
        for number in range(count)
    )
    return replace(outcome(), people=people)


@pytest.mark.parametrize("count", [7, 13, 14, 500])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_cut(count: int) -> None:
    found = outcome() if count == 7 else many(count)
    names = {person.account: f"annotator {at}" for at, person in enumerate(found.people)}

    lines = printed(found, names)

    assert max(map(cell_len, lines)) <= WIDTH
    cut = [line for line in lines if "…" in line]
    assert [line.split()[:3] for line in cut] == ([["…", str(count - 12), "more"]] if count > 13 else [])
    text = "\n".join(lines)
    shown = found.people if count <= 13 else (*found.people[:8], *found.people[-4:])
    for person in shown:
        row = next(line for line in lines if line.strip().startswith(names[person.account] + " "))
        assert found.unit.number(person.payout) in row
        assert found.unit.number(person.revenue) in row
        assert f"{person.labels:,}" in row
    for balance in found.balances:
        assert any(balance.what in line and f"{balance.left:,}" in line for line in lines)
    life = recorded_life()
    for value in (life.lived.scope.campaign_id, life.lived.dataset, life.lived.deployment.registry.address):
        assert str(value) in text.replace("\n", "").replace(" ", "")
    assert "verified: recomputed from chain and bundle" in text


def test_the_figures_are_those_of_the_crowd() -> None:
    want, text = expected(recorded_life()), " ".join(" ".join(printed(outcome())).split())

    assert f"items labelled {len(want.winners)} " in text
    assert f" labels {want.labels} " in text
    assert f"{outcome().accepted_labels} in full, {outcome().contested_labels} at half pay" in text
    assert want.ties == 1
    assert "1 tie fell by the seed" in text
    assert f"{outcome().accuracy.share:.4f} on 15 items" in text


@pytest.mark.parametrize(
    "name", ["[/bold]", "[red]x", "[link=x]y[/]", ":dog:", "\\[", "名" * 20, "a" * 40, "0x" + "1" * 40]
)
def test_a_name_is_only_a_name(name: str) -> None:
    names = dict.fromkeys((person.account for person in outcome().people), name)

    lines = printed(outcome(), names)

    assert max(map(cell_len, lines)) <= WIDTH
    assert sum(name[:6] in line for line in lines) == 7


def test_what_is_wrong_is_said() -> None:
    life = recorded_life()
    wrong = replace(
        outcome(),
        verification=Report(ok=False, difference="item 3: winner [x] is 1, recomputed 2"),
        balances=(Balance("left = right", 12_345, 12_346),),
    )

    text = "\n".join(printed(wrong))

    assert "NOT verified: item 3: winner [x] is 1, recomputed 2" in " ".join(text.split())
    assert "NO: 12,346" in text
    figures = as_json(wrong, life.lived.gas, 1.0)
    assert (figures["verified"], figures["conserved"]) == (False, False)


def test_a_crowd_without_a_truth() -> None:
    life = recorded_life()
    found = collect(life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle)

    assert "no truth given" in "\n".join(printed(found))
    assert as_json(found, life.lived.gas, 0)["accuracy"] is None


def test_the_figures_as_json() -> None:
    life, want = recorded_life(), expected(recorded_life())

    figures = json.loads(json.dumps(as_json(outcome(), life.lived.gas, 1.234)))

    for key in (
        "items annotators labels accepted_labels accuracy gas_per_accepted_label conserved verified seconds"
    ).split():
        assert key in figures
    assert (figures["items"], figures["annotators"], figures["labels"]) == (16, 7, want.labels)
    assert figures["accuracy"] == outcome().accuracy.share
    assert (figures["conserved"], figures["verified"], figures["seconds"]) == (True, True, 1.23)
    assert figures["paid"] == str(sum(want.pay))
    assert (figures["fee"], figures["surplus"]) == (str(want.fee), str(want.surplus))
    assert figures["shares"] == str(sum(want.shares))
    assert figures["revenue_claimed"] == str(sum(want.revenue))
    job = sum(line["calls"] * line["mean"] for line in figures["gas"].values() if line["job"])
    assert figures["gas_per_accepted_label"] == job // figures["accepted_labels"]
