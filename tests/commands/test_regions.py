"""A campaign of boxes by commands: labelled from files and by hand, settled, verified, told and paid.

It is the campaign of `tests.oracle.boxes`, with the figures that it has where services run it alone.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.connect import connect
from labelshare.commands.gold_file import gold_bytes
from labelshare.oracle.desk import Desk
from labelshare.store.specs import Specs
from tests.api.served import served
from tests.commands.conftest import Built, prepared, rolled_back, with_new_oracle
from tests.commands.place import Place, shown
from tests.conftest import running_anvil
from tests.oracle.boxes import (
    COUNT,
    FORFEIT,
    FORM,
    GOLD,
    PAID,
    STAKE,
    answers,
    boxes_spec,
    boxes_stage,
    drawn,
    results,
)
from tests.oracle.stage import COIN
from tests.protocol.naive import check as second
from tests.ran import Ran, Run
from tests.report.markup import Page

FAST = ApiSettings(address_rate=Rate(0, 1), account_rate=Rate(0, 1))


@pytest.fixture(scope="module")
def funded(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        yield prepared(running.url, tmp_path_factory.mktemp("boxes"), boxes_stage(connect(running.url)))


@pytest.fixture
def place(
    funded: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Place]:
    monkeypatch.setenv("LABELSHARE_KEEP", str(tmp_path / "kept"))
    yield from rolled_back(funded._replace(stage=with_new_oracle(funded.stage)), monkeypatch, capsys)


@pytest.fixture
def oracle(place: Place) -> Iterator[str]:
    stage = place.stage.accept()
    Specs(stage.database).add(stage.spec)
    with served(Desk(stage.sender, stage.deployment, stage.oracle, stage.database), FAST) as url:
        yield url


@dataclass
class Life:
    """The steps of it; ann works by commands, the others by their clients."""

    place: Place
    folder: Path

    def ann(self, name: str, *more: object, typed: str = "") -> Ran:
        words = ["annotator", name, self.place.stage.scope.campaign_id, *more, *self.place.signing("ann")]
        ran = self.place.run(*words, typed=f"{typed}y\n", terminal=True)
        assert ran.code == 0, ran.err
        return ran

    def enrol(self, url: str) -> None:
        self.ann("enrol", "--oracle", url)
        self.place.stage.enrol("ben", "cleo", "dora").draw()

    def work(self) -> None:
        stage = self.place.stage
        for number, works in enumerate((self.from_a_file, self.by_hand)):
            stage.begin(number)
            works()
            for name in ("ben", "cleo", "dora"):
                stage.annotators[name].submit(number, answers(name, number))
            stage.engine.post_commits(number)

    def from_a_file(self) -> None:
        """Label Studio's results as they are, items 0 and 2."""
        file, given = self.folder / "answers.jsonl", results("ann")
        file.write_text("".join(json.dumps({"item": item, "label": given[item]}) + "\n" for item in (0, 2)))
        told = self.ann("work", "--answers", file, "--json").facts
        assert told["batches"] == [{"batch": 0, "labels": 2, "receipt": True, "told": ""}]

    def by_hand(self) -> None:
        """Items 1, 3, 4 and 5 are asked for; words are taken as results have them."""
        ran = self.ann("work", "--json", typed="s\n1\n(none)\ns\ndog 55,50 30x40\n")
        assert ran.facts["batches"] == [{"batch": 1, "labels": 2, "receipt": True, "told": ""}]
        told = " ".join(ran.err.split())
        assert "classes cat, dog" in told
        assert "answer `cat 10,20 30x40; …` (left, top, width and height in percent) or `(none)`" in told
        assert "'1' is neither a Label Studio result in JSON" in told

    def reveal(self) -> None:
        stage = self.place.stage
        stage.chain.advance_to(stage.schedule.commit_end)
        self.ann("watch", "--once")
        for name in ("ben", "cleo", "dora"):
            for batch in stage.annotators[name].batches:
                stage.annotators[name].open(batch)
        gold, spec = self.folder / "gold.json", self.folder / "spec.json"
        gold.write_bytes(gold_bytes(GOLD))
        spec.write_bytes(stage.spec.canonical_bytes)
        campaign = stage.scope.campaign_id
        self.place.done("campaign", "reveal-gold", campaign, gold, "--spec", spec, by="requester")


def results_table(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.anvil
def test_a_life_by_commands(place: Place, oracle: str, tmp_path: Path) -> None:
    life, stage = Life(place, tmp_path), place.stage
    campaign, token = stage.scope.campaign_id, stage.contracts.development_token
    life.enrol(oracle)
    life.work()
    life.reveal()
    stage.settle()

    to = tmp_path / "results"
    found = place.facts("campaign", "results", campaign, "--service", oracle, "--to", to)
    assert (found["ok"], found["labels"], found["accepted"]) == (True, 18, COUNT - 1)
    verified = place.facts("campaign", "verify", campaign, "--bundle", to / "bundle.jsonl")
    assert (verified["ok"], verified["payout_total"]) == (True, str(sum(PAID.values())))
    assert second.check(stage.record(), (to / "bundle.jsonl").read_bytes()).ok
    sees_results(to)
    rows = shown(place.done("annotator", "earnings", by="ann"))
    assert rows["to claim"] == "3.5 DEV and 3.5 shares"
    sees_report(place, to, tmp_path)

    place.done("campaign", "slash", campaign, "--bundle", to / "bundle.jsonl", by="stranger")
    place.done("claim", "pay", campaign, "--bundle", to / "bundle.jsonl", by="ann")
    place.done("claim", "pay", campaign, "--bundle", to / "bundle.jsonl", "--for-others", by="stranger")
    share = stage.contracts.share(stage.dataset)
    for name, paid in PAID.items():
        account = stage.people[name].address
        assert (token.balance_of(account), share.balance_of(account)) == (paid, paid), name
    dora = stage.contracts.registry.seat(stage.params.pool, stage.people["dora"].address)
    assert dora.stake == STAKE - FORFEIT
    told = place.done("report", to).out
    assert "forfeited 1 annotator with a skill below 0 lost 1.00 DEV" in " ".join(told.split())


def sees_results(folder: Path) -> None:
    """A row an item: the regions in words, and as other tools read them."""
    rows = results_table(folder)
    assert [row["accepted"] for row in rows] == ["true"] * 5 + ["false"]
    assert [row["agreeing"] for row in rows] == ["2"] * 5 + ["1"]
    assert {row["labels"] for row in rows} == {"3"}
    assert (rows[3]["label"], rows[3]["result"]) == ("(none)", "[]")
    for row in rows:
        answer = FORM.from_result(json.loads(row["result"]))
        assert FORM.describe(answer) == row["label"]
        item = int(row["item"])
        assert answer in {answers(name)[item] for name in PAID if item in answers(name)}


def sees_report(place: Place, saved: Path, folder: Path) -> None:
    """Truths are given as results are: in words, or as Label Studio has them."""
    truth, html = folder / "truth.csv", folder / "report.html"
    with truth.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(("item", "truth"))
        table.writerow(("photo 3", "(none)"))
        table.writerow(("photo 4", json.dumps(drawn(("cat", 11, 16, 30, 45)))))
        table.writerow(("photo 5", "dog 2,80 12.5x15.25"))
        table.writerow(("photo 6", "(none)"))
    told = json.loads(place.done("report", saved, "--truth", truth, "--report", html, "--json").out)
    assert (told["verified"], told["conserved"], told["unknown_truths"]) == (True, True, 1)
    assert (told["accuracy"], told["accuracy_items"]) == (pytest.approx(2 / 3, abs=1e-4), 3)
    page = Page(html.read_text()).root.text
    assert "answers that are alike are one" in page
    assert "2 of 3 items with a known truth" in page
    truth.write_text("item,truth\nphoto 4,cat 1 2 3 4\n")
    place.refused(2, "item 'photo 4': 'cat 1 2 3 4' is neither", "report", saved, "--truth", truth)


@pytest.mark.anvil
def test_a_campaign_of_boxes_is_quoted_and_funded(place: Place, tmp_path: Path) -> None:
    stage = place.stage
    place.give("requester", 19 * COIN)
    file = tmp_path / "spec.json"
    file.write_bytes(stage.spec.canonical_bytes)
    words = ["--spec", file, "--pool", stage.params.pool, "--dataset", stage.dataset]
    made = place.facts("campaign", "create", *words, "--stake-per-label", "1", by="requester")
    assert made["escrow"] == str(18 * COIN * 105 // 100)
    assert shown(place.done("campaign", "show", made["campaign"]))["funded with"] == "18.9 DEV"
    told = " ".join(place.done("quote", file).out.split())
    assert "no winner can be proven on chain" in told


# ------------------------------------------------------------------------- nothing sent


def test_gold_that_no_transaction_reveals_is_not_sealed(labelshare: Run, tmp_path: Path) -> None:
    fields = {**boxes_spec().fields, "gold": {"policy": "none.v1"}}
    item = fields["items"][0]
    spec, table, out = tmp_path / "spec.json", tmp_path / "gold.csv", tmp_path / "sealed.json"
    spec.write_text(json.dumps(fields | {"items": [item | {"name": f"{at}"} for at in range(130)]}))
    full = "; ".join(f"cat {at},0 0.5x{1 + at}" for at in range(100))
    secret = tmp_path / "secret.json"
    for count, code in ((130, 2), (121, 0)):
        with table.open("w", newline="") as rows:
            csv.writer(rows).writerows([("index", "label"), *((at, full) for at in range(count))])
        ran = labelshare("spec", "seal-gold", spec, table, "--out", out, "--secret-file", secret)
        assert (ran.code, out.exists(), secret.exists()) == (code, not code, not code)
        assert ("and a transaction carries 122,880 of them" in ran.err) == bool(code)
