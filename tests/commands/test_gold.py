"""Gold: sealed before a campaign, kept by its owner, revealed in its time; and the stakes it costs."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.history import campaign_record
from labelshare.chain.listing import campaigns
from labelshare.client.slashes import Slasher
from labelshare.commands.gold_file import gold_bytes, read_gold_file
from labelshare.protocol.examples import EXAMPLES, example
from labelshare.protocol.gold import posted_gold
from labelshare.protocol.spec import MerkleGold, Spec
from labelshare.types import CampaignId, Hash32
from tests.client.gold import GOLD, SLASH, STAKE, unrevealed
from tests.commands.conftest import prepared, rolled_back
from tests.commands.place import Place, oracles_settlement, post, sent, shown
from tests.commands.test_campaign import PERIODS
from tests.commands.test_quote import Run, labelshare
from tests.conftest import running_anvil
from tests.oracle.stage import COIN, small_spec

__all__ = ["labelshare"]

SPEC = example(EXAMPLES["single-choice"])
BAD = (  # Label Studio's own result, as a field of CSV
    '"[{""type"": ""choices"", ""from_name"": ""mood"", ""to_name"": ""text"", '
    '""value"": {""choices"": [""bad""]}}]"'
)


class Files:
    """A requester's files."""

    def __init__(self, folder: Path, fields: dict[str, Any] | None = None) -> None:
        self.spec, self.answers = folder / "spec.json", folder / "gold.csv"
        self.sealed, self.secret = folder / "sealed.json", folder / "gold.json"
        self.spec.write_text(json.dumps(fields or SPEC.fields))

    def seal(self, answers: str) -> list[object]:
        self.answers.write_text(answers)
        return [
            "spec",
            "seal-gold",
            self.spec,
            self.answers,
            "--out",
            self.sealed,
            "--secret-file",
            self.secret,
        ]

    def read(self) -> Spec:
        return Spec.read(self.sealed.read_bytes())


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def refused(ran: Any, files: Files, message: str) -> None:
    """One line, exit code 2, and nothing written."""
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("labelshare: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert not files.sealed.exists()
    assert not files.secret.exists()


# ---------------------------------------------------------------------------- sealing


def test_what_is_sealed_is_what_holds_when_it_is_revealed(labelshare: Run, files: Files) -> None:
    ran = labelshare(*files.seal("item,label\n4,bad\nitem 2,good\n29,neither\n"), "--json")

    spec, gold = files.read(), read_gold_file(files.secret)
    assert ran.code == 0
    assert posted_gold(spec, (gold.reveal,)) == {1: 0, 4: 1, 29: 2}
    assert isinstance(spec.gold, MerkleGold)
    assert (spec.gold.root, spec.gold.count) == (str(gold.root), 3)
    assert spec.fields == SPEC.fields | {"gold": spec.fields["gold"]}
    assert ran.facts == {
        "items": 3,
        "root": str(gold.root),
        "specHash": str(spec.hash),
        "spec": str(files.sealed),
        "secret_file": str(files.secret),
    }
    assert stat.S_IMODE(files.secret.stat().st_mode) == 0o600
    told = " ".join(ran.err.split())
    assert "without it the gold is lost" in told
    assert "Show it to nobody before all work is committed" in told
    assert labelshare("spec", "check", files.sealed).code == 0


def test_each_secret_is_fresh_and_shown_nowhere(labelshare: Run, files: Files, tmp_path: Path) -> None:
    ran = labelshare(*files.seal("index,label\n0,good\n"))
    (tmp_path / "other").mkdir()
    other = Files(tmp_path / "other")
    labelshare(*other.seal("index,label\n0,good\n"))

    secret = read_gold_file(files.secret).secret
    assert secret != read_gold_file(other.secret).secret
    assert files.read().hash != other.read().hash
    assert str(secret) not in ran.out + ran.err
    assert secret.hex() not in files.sealed.read_text()


def test_nothing_is_ever_overwritten(labelshare: Run, files: Files) -> None:
    seal = files.seal("item,label\n0,good\n")
    for file in (files.secret, files.sealed):
        file.write_text("mine")
        ran = labelshare(*seal)
        assert (ran.code, ran.out, file.read_text()) == (2, "", "mine")
        assert f"{file} exists; it is not overwritten" in ran.err
        file.unlink()
        assert not files.sealed.exists()
        assert not files.secret.exists()


def test_how_gold_counts_stays_as_the_spec_says(labelshare: Run, tmp_path: Path) -> None:
    """Also where the spec is not valid yet, since it slashes by gold that it lacks."""
    slash, old = {"policy": "skill-and-gold.v1", "min_gold": 1}, {"policy": "merkle.v1", "weight": 7}
    files = Files(tmp_path, SPEC.fields | {"slash": slash, "gold": old})

    ran = labelshare(*files.seal("item,label\n0,good\n"))

    spec = files.read()
    assert isinstance(spec.gold, MerkleGold)
    assert (spec.gold.weight, spec.gold.count, spec.slash.policy) == (7, 1, "skill-and-gold.v1")
    assert shown(ran)["stakes"].startswith(
        "skill-and-gold.v1: 50 % for failing gold and agreement; up to 50 %"
    )


@pytest.mark.parametrize(
    ("kind", "labels", "answers"),
    [
        ("multi-label", ['"sport, art"', "(none)", "science"], [5, 0, 2]),
        ("pairwise", ["left", "right", "tie"], [0, 1, 2]),
        ("numeric", ["-20", "21.5", "21.50"], [0, 83, 83]),
        (
            "single-choice",
            [
                BAD,
                "neither",
                " good ",
            ],
            [1, 2, 0],
        ),
    ],
)
def test_labels_of_every_task(
    labelshare: Run, tmp_path: Path, kind: str, labels: list[str], answers: list[int]
) -> None:
    files = Files(tmp_path, example(EXAMPLES[kind]).fields)
    rows = "".join(f"{item},{label}\n" for item, label in enumerate(labels))

    ran = labelshare(*files.seal(f"index,label\n{rows}"))

    assert ran.code == 0, ran.err
    assert list(posted_gold(files.read(), (read_gold_file(files.secret).reveal,)).values()) == answers


@pytest.mark.parametrize(
    ("kind", "rows", "message"),
    [
        ("single-choice", "item,label\n30,good\n", "line 2: the spec has no item '30'"),
        ("single-choice", "item,label\n-1,good\n", "line 2: the spec has no item '-1'"),
        ("single-choice", "name,label\n3,good\n", "line 2: the spec has no item '3'"),
        ("single-choice", "index,label\nitem 3,good\n", "line 2: the spec has no item 'item 3'"),
        ("single-choice", "item,label\n3,good\nitem 4,bad\n", "line 3: item item 4 comes twice"),
        ("single-choice", "item,label\n3,fine\n", "line 2: 'fine' is none of the task's answers"),
        ("single-choice", "item,label\n3,[1\n", "line 2: '[1' is no Label Studio result"),
        ("single-choice", "item,label\n3\n", "line 2: a field is missing"),
        ("single-choice", "item,answer\n3,good\n", "line 1: the header must name item,label"),
        ("single-choice", "", "line 1: the header must name item,label"),
        ("single-choice", "item,label\n", "there are no answers in it"),
        ("single-choice", 'item,label\n3,"good\n', "not CSV"),
        ("multi-label", 'item,label\n3,"art, art"\n', "line 2: result.value.choices holds a class twice"),
        ("multi-label", "item,label\n3,\n", "line 2: '' is none of the classes"),
        ("pairwise", "item,label\n3,both\n", "line 2: 'both' is none of the task's answers"),
        ("numeric", "item,label\n3,21.3\n", "line 2: the value is not min plus a whole number of steps"),
        ("numeric", "item,label\n3,nan\n", "line 2: 'nan' is no decimal number"),
        ("numeric", "item,label\n3,21.50000000000000001\n", "line 2: '21.50000000000000001' is not on the"),
        ("numeric", "item,label\n3,50.5\n", "line 2: the value is outside -20.0 to 50.0"),
        ("numeric", "item,label\n3,warm\n", "line 2: 'warm' is no decimal number"),
        ("numeric", "item,label\n3,1e999999\n", "line 2: '1e999999' is no decimal number"),
    ],
)
def test_answers_that_cannot_be_gold(
    labelshare: Run, tmp_path: Path, kind: str, rows: str, message: str
) -> None:
    files = Files(tmp_path, example(EXAMPLES[kind]).fields)

    refused(labelshare(*files.seal(rows)), files, message)


def test_a_name_that_may_be_a_number_too_is_asked_about(labelshare: Run, tmp_path: Path) -> None:
    items = [{"digest": f"{place:064x}", "name": str(place + 1)} for place in range(3)]
    files = Files(tmp_path, SPEC.fields | {"items": [*items, {"digest": "00" * 32, "name": "2"}]})

    refused(labelshare(*files.seal("item,label\n1,good\n")), files, "call the column `name` or `index`")
    refused(
        labelshare(*files.seal("name,label\n2,good\n")), files, "several items of the spec have the name '2'"
    )
    assert labelshare(*files.seal("name,label\n1,good\n")).code == 0
    assert read_gold_file(files.secret).items == (0,)


def test_specs_that_gold_cannot_go_into(labelshare: Run, tmp_path: Path) -> None:
    for data, message in (("{}", "title: Field required"), ("[]", "an object"), ("{", "not JSON")):
        files = Files(tmp_path)
        files.spec.write_text(data)
        refused(labelshare(*files.seal("item,label\n0,good\n")), files, message)


# -------------------------------------------------------------------------- revealing


@pytest.mark.anvil
def test_gold_from_its_sealing_to_its_reveal(place: Place, tmp_path: Path) -> None:
    stage, registry = place.stage, place.stage.contracts.registry
    place.give("requester", 42 * COIN)
    files = Files(tmp_path, small_spec().fields)
    place.facts(*files.seal("name,label\ntext 3,bad\ntext 7,none\n"))
    words = ["--spec", files.sealed, "--pool", stage.params.pool, "--dataset", stage.dataset]
    create = ["campaign", "create", *words, "--stake-per-label", 1]
    create += [word for pair in PERIODS.items() for word in pair]
    asked = place.run(*create, *place.signing("requester"), typed="n", terminal=True)
    assert "gold 2 items, to reveal from" in " ".join(asked.err.split())

    campaign = CampaignId(Hash32(place.facts(*create, by="requester")["campaign"]))

    (made,) = [each for each in campaigns(stage.chain, stage.deployment) if each.campaign == campaign]
    reveal = ["campaign", "reveal-gold", campaign, files.secret, "--spec", files.sealed]
    place.refused(1, "the campaign is created", *reveal, by="requester")
    token = stage.contracts.development_token
    stage.sender.send(stage.oracle, token.approve(registry.address, 42 * COIN // 4))
    stage.sender.send(stage.oracle, registry.accept(stage.pool, made.params))
    place.refused(1, "too early: gold that is known before", *reveal, by="requester")
    stage.chain.advance_to(made.params.schedule.commit_end)

    facts = place.facts(*reveal, by="stranger")

    record = campaign_record(stage.chain, stage.deployment, campaign)
    assert record.gold == (read_gold_file(files.secret).reveal,)
    assert posted_gold(files.read(), record.gold) == {3: 1, 7: 2}
    assert (facts["items"], sent(place, facts)) == (2, facts["transaction"])
    place.refused(1, "revealed before", *reveal, by="requester")


@pytest.fixture(scope="module")
def worked(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A campaign with gold, of which all is opened but that; dora failed it."""
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        folder = tmp_path_factory.mktemp("gold")
        built = prepared(running.url, folder, unrevealed(connect(running.url)))
        (folder / "gold.json").write_bytes(gold_bytes(GOLD))
        (folder / "spec.json").write_bytes(built.stage.spec.canonical_bytes)
        yield built


@pytest.fixture
def golden(
    worked: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    yield from rolled_back(worked, monkeypatch, capsys)


def reveal(place: Place, gold: Path | None = None, spec: Path | None = None) -> list[object]:
    files = (gold or place.folder / "gold.json", spec or place.folder / "spec.json")
    return ["campaign", "reveal-gold", place.stage.scope.campaign_id, files[0], "--spec", files[1]]


@pytest.mark.anvil
def test_gold_that_is_not_the_campaigns(golden: Place, tmp_path: Path) -> None:
    gold, spec = tmp_path / "gold.json", tmp_path / "spec.json"
    values = json.loads(gold_bytes(GOLD))
    changed: list[tuple[Any, str]] = [
        (
            {"labels": values["labels"] | {"0": "0x010001"}},
            "its gold has root 0x.*, it says 0x.*: it was changed",
        ),
        ({"root": str(Hash32(bytes(32)))}, "it was changed"),
        ({"version": "labelshare.gold.v2"}, "no file that `spec seal-gold` wrote"),
        ({"secret": "0x12"}, "no file that"),
        ({"labels": {"first": "0x010000"}}, "no file that"),
    ]
    for change, message in changed:
        gold.write_text(json.dumps(values | change))
        golden.refused(2, message, *reveal(golden, gold), by="requester")
    gold.write_bytes(
        gold_bytes(type(GOLD).of(GOLD.secret, dict(zip(GOLD.items[:3], GOLD.labels, strict=False))))
    )
    golden.refused(1, "this gold has root 0x.*, the campaign's has 0x", *reveal(golden, gold), by="requester")
    gold.write_text("gold")
    golden.refused(2, "no file that", *reveal(golden, gold), by="requester")
    spec.write_bytes(small_spec().canonical_bytes)
    golden.refused(
        2, "this spec has hash 0x.*, the campaign's has", *reveal(golden, None, spec), by="requester"
    )
    golden.stage.chain.advance_to(golden.stage.schedule.reveal_end)
    golden.refused(1, "too late: gold could be revealed until", *reveal(golden), by="requester")


def settle(place: Place) -> bytes:
    """The settlement is final; its evidence."""
    stage = place.stage
    built = oracles_settlement(stage)
    post(stage, built.settlement)
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    place.done("campaign", "finalize", stage.scope.campaign_id, by="stranger")
    return built.bundle


@pytest.mark.anvil
def test_a_stranger_takes_what_the_gold_costs(golden: Place) -> None:
    stage, bundle = golden.stage, golden.folder / "bundle.jsonl"
    slash = ["campaign", "slash", stage.scope.campaign_id, "--bundle", bundle]
    ran = golden.run(*reveal(golden), *golden.signing("requester"), typed="y", terminal=True)
    assert "reveal the answers of 4 gold items" in " ".join(ran.err.split())
    assert shown(ran)["gold items"] == "4"
    bundle.write_bytes(settle(golden))
    dora, before = stage.people["dora"].address, stage.balances()

    ran = golden.run(*slash, *golden.signing("stranger"), typed="n", terminal=True)

    asked = " ".join(ran.err.split())
    assert (
        f"take {SLASH // COIN} DEV of the stakes of 1 account of campaign {stage.scope.campaign_id}" in asked
    )
    assert f"{dora} {SLASH // COIN} DEV slashed, of it 0.5 DEV yours" in asked
    assert (ran.code, stage.balances()) == (1, before)

    facts = golden.facts(*slash, by="stranger")

    assert stage.contracts.registry.seat(stage.params.pool, dora).stake == STAKE - SLASH
    assert stage.balances()["stranger's credit"] - before["stranger's credit"] == SLASH // 20
    assert (facts["slashed"], facts["forfeited"], facts["reward"]) == (str(SLASH), "0", str(SLASH // 20))
    assert facts["slashes"] == [
        {
            "account": str(dora),
            "kind": "slash",
            "amount": str(SLASH),
            "reward": str(SLASH // 20),
            "transaction": sent(golden, facts),
            "block": facts["block"],
        }
    ]
    golden.refused(1, "there is no stake to take", *slash, by="stranger")


@pytest.mark.anvil
def test_what_somebody_else_takes_first_is_passed_over(
    golden: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, bundle = golden.stage, golden.folder / "bundle.jsonl"
    golden.done(*reveal(golden), by="requester")
    bundle.write_bytes(settle(golden))
    due = Slasher.due
    monkeypatch.setattr(Slasher, "due", lambda self, bundle: 2 * due(self, bundle))

    ran = golden.done("campaign", "slash", stage.scope.campaign_id, "--bundle", bundle, by="stranger")

    assert shown(ran)["slashed"] == f"{SLASH // COIN} DEV"
    assert ran.out.count("transaction") == 1


@pytest.mark.anvil
def test_stakes_that_nobody_can_take(golden: Place, settled: Place) -> None:
    bundle, own = settled.folder / "bundle.jsonl", settled.stage.scope.campaign_id
    slash = ["campaign", "slash", own, "--bundle", bundle]
    settled.refused(1, "there is no stake to take", *slash, by="stranger")
    settled.refused(2, "cannot be read", *slash[:-1], bundle / "none", by="stranger")
    other = golden.stage.scope.campaign_id
    golden.refused(1, "the bundle is of campaign 0x", *slash[:2], other, *slash[3:], by="stranger")
