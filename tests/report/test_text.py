"""The printed report fits a terminal of eighty columns, says what is wrong, and takes names as they are."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

import pytest
from rich.cells import cell_len
from rich.console import Console

from labelshare.protocol.slashing import Audit
from labelshare.protocol.verify import Report
from labelshare.report.collect import Outcome, Person, collect
from labelshare.report.interval import Interval
from labelshare.report.labels import Score
from labelshare.report.money import Balance
from labelshare.report.text import as_json, banner, show
from labelshare.types import Address
from tests.replay.crowds import expected, life_with_forfeits, life_with_gold, modelled_life, recorded_life
from tests.report.test_collect import outcome, outcome_of, outcome_with_gold

COIN = 10**18
WIDTH = 80


def printed(found: Outcome, names: Mapping[Address, str] | None = None) -> list[str]:
    """The report's lines on a terminal of eighty columns."""
    life, file = recorded_life(), io.StringIO()
    console = Console(file=file, width=WIDTH)
    console.print(banner(life.lived.deployment, found))
    if names is None:
        names = dict(zip(life.lived.annotators, life.crowd.workers, strict=True))
    show(console, found, names, life.lived.gas)
    return file.getvalue().splitlines()


def many(count: int, lost: int = 0) -> Outcome:
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
            gold=12_345,
            gold_right=12_345,
            lost=lost - number if lost else 0,
            interval=Interval(-0.123, -0.123, -0.123),
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


@pytest.mark.parametrize("count", [1, 12, 13, 500])
def test_who_lost_a_stake_is_told_in_eighty_columns(count: int) -> None:
    found = many(count, lost=12_345_670_000_000_000_000_000)
    names = {person.account: f"annotator {at}" for at, person in enumerate(found.people)}

    lines = printed(found, names)

    start = next(at for at, line in enumerate(lines) if line.startswith("Who lost a stake"))
    end = next(at for at, line in enumerate(lines) if line.startswith("items labelled"))
    assert max(map(cell_len, lines)) <= WIDTH
    assert "…" not in "".join(lines[start:end]) or count > 12
    losers = [line for line in lines[start:end] if line.strip().startswith("annotator ")]
    assert len(losers) == 1 + min(count, 12)  # with the heading
    for person in found.people[:12]:
        row = next(line for line in losers if line.strip().startswith(names[person.account] + " "))
        assert row.endswith(f"{found.unit.number(person.lost)} ")
        assert "12,345 of 12,345" in row
    assert any(line.strip() == f"… {count - 12} more" for line in lines[start:end]) == (count > 12)


def test_gold_and_slashes_are_told_where_there_are_any() -> None:
    want, found = expected(life_with_gold()), outcome_with_gold()
    names = dict(zip(life_with_gold().lived.annotators, life_with_gold().crowd.workers, strict=True))

    lines = printed(found, names)

    text = " ".join(" ".join(lines).split())
    lost = found.unit.show(sum(want.slashes))
    burned = found.unit.show(sum(slash - slash // 20 for slash in want.slashes))
    assert "gold 12 items, not scored; 1 void: the skilled disagree" in text
    assert f"slashed 2 annotators lost {lost}, {burned} of it burned" in text
    assert "on 32 items with a known truth" in text
    assert "more is due" not in text
    table = text.partition("Who lost a stake")[2].partition("items labelled")[0]
    for worker, slash in enumerate(want.slashes):
        assert (f"worker {worker} " in table) == (slash > 0)
    without = " ".join(printed(outcome()))
    assert "gold" not in without.replace("seats, gold, licence", "")
    assert "slash" not in without


def test_slashes_that_are_due() -> None:
    found = outcome_with_gold()
    first, second = found.campaign.slashed
    half = replace(found, campaign=replace(found.campaign, slashed=(first,)))

    text = " ".join(" ".join(printed(half)).split())

    assert f"1 annotator lost {found.unit.show(first.amount)}" in text
    assert f"burned {found.unit.show(second.amount)} more is due and was not taken" in text
    assert "circuit breaker" not in text
    figures = as_json(half, {}, 0)["slashed"]
    assert (figures["amount"], figures["due"]) == (str(first.amount), str(first.amount + second.amount))


def stopped(found: Outcome, audit: Audit) -> Outcome:
    """What a campaign would have come to had gold said this of its verdicts."""
    rows = tuple(replace(row, slash=0) for row in found.labelled.payouts)
    return replace(
        found,
        campaign=replace(found.campaign, slashed=()),
        labelled=replace(found.labelled, payouts=rows),
        verification=replace(found.verification, audit=audit),
    )


@pytest.mark.parametrize(
    ("audit", "stop", "why"),
    [
        (
            Audit(items=8, right=8, right_by_majority=8, chance=32, gold=16, void=0),
            ["few"],
            "8 gold items found a verdict that was not told its answer, fewer than 10",
        ),
        (
            Audit(items=20, right=12, right_by_majority=12, chance=200, gold=20, void=0),
            ["unknowing"],
            "verdicts agree with gold by 0.20 beyond chance, less than 0.4",
        ),
        (
            Audit(items=20, right=16, right_by_majority=18, chance=200, gold=20, void=0),
            ["behind"],
            "right on 16 of 20 gold items and the plain vote on 18, ahead by more than one and 3% of them",
        ),
        (
            Audit(items=20, right=20, right_by_majority=20, chance=200, gold=40, void=20),
            ["contradicted"],
            "the skilled contradict 20 of 40 gold items, more than 33.33%",
        ),
        (
            Audit(items=0, right=0, right_by_majority=0, chance=0, gold=1, void=0),
            ["few", "unknowing"],
            "fewer than 10; verdicts agree with gold by nothing beyond chance, less than 0.4",
        ),
    ],
)
def test_the_circuit_breaker_says_why_it_stopped_all_losses(audit: Audit, stop: list[str], why: str) -> None:
    found = stopped(outcome_of(life_with_forfeits()), audit)
    flagged, below = len(expected(life_with_forfeits()).flagged), 1

    text, figures = " ".join(" ".join(printed(found)).split()), as_json(found, {}, 0)

    assert "slashed nobody losses none, by the circuit breaker: " in text
    assert why in text
    of = f"{flagged} whom both kinds of evidence speak against and {below} with a skill below 0"
    assert f"spared: {of} verdicts" in text
    assert "forfeited" not in text
    assert figures["breaker"] == stop
    unknown = replace(found, verification=replace(found.verification, audit=None))
    assert "circuit breaker" not in " ".join(printed(unknown))


def test_what_gold_says_of_the_verdicts_comes_from_the_verification() -> None:
    """Of life_with_gold's 12 gold items one is void, and the crowd's vote is told none of them."""
    found, want = outcome_with_gold(), expected(life_with_gold())
    valid = [row.item for row in found.labelled.gold if not row.void]
    truth = life_with_gold().crowd.truth

    audit = found.verification.audit

    assert audit is not None
    assert (audit.gold, audit.void, audit.items) == (12, 1, len(valid))
    assert audit.right == sum(want.winners[item] == truth[item] for item in valid)
    assert as_json(found, {}, 0)["breaker"] == []


def test_forfeits_are_told_apart_from_slashes() -> None:
    life, want = life_with_forfeits(), expected(life_with_forfeits())
    found, forfeit = outcome_of(life), want.slashes[7]
    slashed = [want.slashes[worker] for worker in want.flagged]
    names = dict(zip(life.lived.annotators, life.crowd.workers, strict=True))
    lines = printed(found, names)
    text, show = " ".join(" ".join(lines).split()), found.unit.show

    who = f"{len(slashed)} annotator{'s' * (len(slashed) > 1)}"
    assert f"slashed {who} lost {show(sum(slashed))}, " in text
    one = f"forfeited 1 annotator with a skill below 0 lost {show(forfeit)}, "
    assert f"{one}{show(forfeit - forfeit // 20)} of it burned" in text
    losers = text.partition("Who lost a stake")[2].partition("items labelled")[0]
    assert losers.count(" forfeit ") == 1
    assert losers.count(" slash ") == len(slashed)
    assert next(line for line in lines if line.strip().startswith("worker 7 ") and "forfeit" in line)
    figures = as_json(found, {}, 0)
    assert figures["forfeited"] == {
        "annotators": 1,
        "amount": str(forfeit),
        "rewards": str(forfeit // 20),
        "due": str(forfeit),
    }
    assert (figures["slashed"]["annotators"], figures["slashed"]["amount"]) == (
        len(slashed),
        str(sum(slashed)),
    )


def test_forfeits_that_nobody_took_are_due() -> None:
    found = outcome_of(life_with_forfeits())
    untaken = replace(found, campaign=replace(found.campaign, slashed=()))

    text = " ".join(" ".join(printed(untaken)).split())

    due = found.unit.show(found.losses.forfeited.amount)
    assert "forfeited 0 annotators with a skill below 0 lost 0.00 DEV" in text
    assert f"{due} more is due and was not taken" in text


def test_verdicts_of_a_model_are_told_without_ties() -> None:
    life, want = modelled_life(), expected(modelled_life())
    found = outcome_of(life)
    contested = want.winners.keys() - want.accepted
    texts = [" ".join(" ".join(printed(each)).split()) for each in (outcome(), found)]

    assert (
        "verdicts majority.v1: the most labels win; confidence is the winner's part of the labels" in texts[0]
    )
    assert "verdicts dawid-skene.v1: labels weigh what their annotators' records say" in texts[1]
    assert "fell by the seed" not in texts[1]
    assert f"{len(contested)} items contested: below 3/5" in texts[1] or contested
    figures = as_json(found, life.lived.gas, 0)
    assert (figures["ties"], figures["accuracy_range"]) == (0, [found.accuracy.share] * 2)
    assert (figures["aggregation"], figures["contested_items"]) == ("dawid-skene.v1", len(contested))
    middle = int(65_536 * median(want.confidence.values()))
    assert figures["confidence_median"] == middle / 65_536
    assert f"confidence median {middle * 10_000 // 65_536 / 10_000:.4f};" in texts[1]


def test_contested_items_are_counted_with_their_labels() -> None:
    want, text = expected(recorded_life()), " ".join(" ".join(printed(outcome())).split())
    contested = want.winners.keys() - want.accepted
    labels = sum(vote.item in contested for vote in recorded_life().crowd.votes)

    assert f"{len(contested)} items of {labels} labels contested: below 3/5" in text


def test_a_skill_is_told_with_its_interval() -> None:
    lines = printed(outcome())

    about = "raw skill: its 90 % interval before it is drawn towards the prior"
    assert any(line.startswith(about) for line in lines)
    rows = [" ".join(line.split()) for line in lines]
    for person in outcome().people:
        assert person.interval is not None
        ends = f"{person.interval.low:.2f} to {person.interval.high:.2f}"
        assert any(f" {person.skill:.2f} {ends} " in line for line in rows)
    nobody = replace(outcome(), people=tuple(replace(each, interval=None) for each in outcome().people))
    assert " to " not in "".join(line for line in printed(nobody) if line.startswith(" worker"))


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
    assert figures["gold"] == {"count": 0, "void": 0}
    assert set(figures["slashed"].values()) == {0, "0"}
    job = sum(line["calls"] * line["mean"] for line in figures["gas"].values() if line["job"])
    assert figures["gas_per_accepted_label"] == job // figures["accepted_labels"]


def test_gold_and_slashes_as_json() -> None:
    want = expected(life_with_gold())

    figures = json.loads(json.dumps(as_json(outcome_with_gold(), life_with_gold().lived.gas, 0)))

    assert figures["gold"] == {"count": 12, "void": 1}
    assert figures["slashed"] == {
        "annotators": 2,
        "amount": str(sum(want.slashes)),
        "rewards": str(sum(slash // 20 for slash in want.slashes)),
        "due": str(sum(want.slashes)),
        "flagged": 2,
    }
    assert set(figures["forfeited"].values()) == {0, "0"}
    assert figures["accuracy_items"] == 32
    assert not figures["gas"]["TaskRegistry.slash"]["job"]
    assert not figures["gas"]["TaskRegistry.revealGold"]["job"]
