"""An annotator's work by commands: over the network while the oracle answers, then by the chain alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.connect import connect
from labelshare.chain.state import Status
from labelshare.client.duties import patience
from labelshare.client.service import PAGE
from labelshare.oracle.desk import Desk
from labelshare.protocol.spec import Spec
from labelshare.store.specs import Specs
from tests.api.served import served
from tests.commands.conftest import prepared, rolled_back
from tests.commands.place import Place, shown
from tests.conftest import running_anvil
from tests.oracle.stage import COIN, build, small_spec

pytestmark = pytest.mark.anvil

FAST = ApiSettings(address_rate=Rate(0, 1), account_rate=Rate(0, 1))


@pytest.fixture
def oracle(place: Place) -> Iterator[str]:
    with serving(place) as url:
        yield url


@contextmanager
def serving(place: Place) -> Iterator[str]:
    """The service of the place's oracle, which has accepted."""
    stage = place.stage.accept()
    Specs(stage.database).add(stage.spec)
    with served(Desk(stage.sender, stage.deployment, stage.oracle, stage.database), FAST) as url:
        yield url


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kept"
    monkeypatch.setenv("LABELSHARE_KEEP", str(folder))
    return folder


def spec_of(count: int) -> Spec:
    """So many items, of which an annotator may label a fifth."""
    return small_spec(items=[{"digest": f"{item:064x}"} for item in range(count)])


def words(place: Place, name: str, *more: object) -> list[object]:
    return ["annotator", name, place.stage.scope.campaign_id, *more]


def told(place: Place, *arguments: object, by: str = "ann") -> Any:
    """What a command prints as JSON."""
    return place.done(*arguments, "--json", by=by).facts


def acts(place: Place, *more: object) -> dict[str, bool]:
    """What `watch --once` did, and whether it could."""
    (found,) = told(place, "annotator", "watch", "--once", *more)["campaigns"]
    return {each["kind"]: each["ok"] for each in found["done"]}


def enrolled(place: Place, url: str) -> None:
    """ann and three others, the roster posted and the seed drawn, the first round begun."""
    told(place, *words(place, "enrol", "--oracle", url))
    place.stage.enrol("ben", "cleo", "dora").draw().begin()


def assigned(place: Place, count: int) -> list[int]:
    return place.stage.free_items("ann")[:count]


def table(folder: Path, answers: dict[int, str]) -> Path:
    file = folder / "answers.csv"
    file.write_text("index,label\n" + "".join(f"{item},{label}\n" for item, label in answers.items()))
    return file


def test_enrolled_worked_opened_and_paid_over_the_network(place: Place, oracle: str, tmp_path: Path) -> None:
    stage = place.stage
    asked = place.run(
        *words(place, "enrol", "--oracle", oracle), *place.signing("ann"), typed="n", terminal=True
    )
    assert asked.code == 1
    assert "up to 4 DEV of your stake may be lost, 1 DEV for each label at most" in " ".join(
        asked.err.split()
    )
    enrolled(place, oracle)
    assert stage.engine.book.has_enrolled(stage.people["ann"].address)
    assert acts(place) == {"keep-place": True}
    items = assigned(place, 2)
    foreign = min(set(range(20)) - set(stage.engine.assigned_to(stage.people["ann"].address) or ()))
    file = table(tmp_path, {items[0]: "good", items[1]: "bad", foreign: "bad"})

    found = place.done(*words(place, "work", "--answers", file, "--batch", "1", "--json"), by="ann")

    assert found.facts["batches"] == [
        {"batch": 0, "labels": 1, "receipt": True, "told": ""},
        {"batch": 1, "labels": 1, "receipt": True, "told": ""},
    ]
    assert "1 answers left out: not assigned to you now" in found.err
    again = place.run(*words(place, "work", "--answers", file), by="ann")
    assert (again.code, "there is nothing to hand in" in again.err) == (1, True)
    stage.engine.post_commits(0)
    assert acts(place) == {"keep-proof": True}
    stage.chain.advance_to(stage.schedule.commit_end)
    assert acts(place) == {"open": True}
    stage.settle()
    rows = shown(place.done("annotator", "earnings", by="ann"))
    assert (rows["status"], rows["to claim"]) == ("final", "2 DEV and 2 shares")
    place.stage.chain.advance_to(stage.chain.now() + patience(stage.schedule.slash_window))
    assert acts(place) == {"check": True, "claim": True}
    assert stage.contracts.development_token.balance_of(stage.people["ann"].address) == 2 * COIN
    assert acts(place) == {}
    assert shown(place.done("annotator", "earnings", by="ann"))["paid"] == "2 DEV and 2 shares"


def test_what_is_assigned_beyond_the_first_page_of_the_oracles_answer(
    anvil_program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fifth = PAGE + 10
    spec = spec_of(5 * fifth)
    with running_anvil(anvil_program, "--hardfork", "cancun") as node:
        stage = build(connect(node.url), spec, seat_stake=fifth * COIN)
        built = prepared(node.url, tmp_path, stage)
        for place in rolled_back(built, monkeypatch, capsys):
            with serving(place) as url:
                told(place, *words(place, "enrol", "--oracle", url))
                place.stage.enrol("ben").draw().begin()
                last = assigned(place, fifth)[PAGE - 1 :]
                file = table(tmp_path, dict.fromkeys(last, "good"))

                found = place.done(*words(place, "work", "--answers", file, "--json"), by="ann")

                assert found.facts["batches"] == [
                    {"batch": 0, "labels": fifth - PAGE + 1, "receipt": True, "told": ""}
                ]
                assert "left out" not in found.err


def test_an_oracle_that_falls_silent_after_the_enrolment(place: Place, oracle: str, tmp_path: Path) -> None:
    stage, line = place.stage, place.stage.schedule
    place.give("ann", 20 * COIN)
    enrolled(place, oracle)
    assert acts(place) == {"keep-place": True}
    silent = ["--oracle", "http://127.0.0.1:9"]
    items = assigned(place, 2)
    lines = tmp_path / "answers.jsonl"
    lines.write_text("".join(json.dumps({"item": item, "label": "good"}) + "\n" for item in items))
    worked = place.done(*words(place, "work", "--answers", lines, *silent), by="ann")
    assert "does not answer" not in worked.out
    plan = " ".join(
        place.done("annotator", "watch", "--dry-run", "--most-bond", "11", *silent, by="ann").out.split()
    )
    assert "commit batch 0 on chain, if the oracle has not included it, until" in plan
    assert "propose a settlement on a bond, if nobody else has, until" in plan

    stage.chain.advance_to(line.aggregate_close(0))
    assert acts(place, *silent) == {"commit-alone": True}
    stage.chain.advance_to(line.commit_end)
    assert acts(place, *silent) == {"reveal": True}
    stage.chain.advance_to(line.settle_end + line.rescue_period + patience(line.public_period))
    assert acts(place, *silent) == {}
    assert acts(place, *silent, "--most-bond", "5") == {"propose": False}
    assert acts(place, *silent, "--most-bond", "10.5") == {"propose": True}
    stage.chain.advance_to(stage.chain.now() + line.window + patience(line.window))
    assert acts(place, *silent) == {"finalize": True}
    stage.chain.advance_to(stage.chain.now() + patience(line.slash_window))
    done = place.run("annotator", "watch", *silent, by="ann")

    assert done.code == 0, done.err
    assert "all is over" in done.out
    assert stage.contracts.registry.campaign(stage.scope.campaign_id).status is Status.FINAL
    held = stage.contracts.development_token.balance_of(stage.people["ann"].address)
    assert held == 20 * COIN + 2 * COIN + 2 * COIN * 5 // 100


def test_the_stake_of_a_seat_that_was_left_is_taken_back_when_it_is_free(
    place: Place, oracle: str, kept: Path, tmp_path: Path
) -> None:
    stage, token = place.stage, place.stage.contracts.development_token
    ann, registry = stage.people["ann"].address, stage.contracts.registry
    enrolled(place, oracle)

    def seats(*more: object) -> list[tuple[str, bool]]:
        (found,) = told(place, "annotator", "watch", "--once", *more)["seats"]
        assert found["over"] == (registry.seat(stage.params.pool, ann).release_at == 0)
        return [(each["kind"], each["ok"]) for each in found["done"]]

    assert seats() == []  # it stays
    place.done("stake", "leave", stage.params.pool, by="ann")
    free_at = registry.seat(stage.params.pool, ann).release_at
    (plan,) = told(place, "annotator", "watch", "--dry-run")["seats"]
    assert [(each["kind"], each["at"]) for each in plan["plan"]] == [("take-stake", free_at)]
    stage.chain.advance_to(free_at - 30)
    assert seats() == []
    stage.chain.advance_to(free_at)
    assert told(place, "annotator", "watch", "--once", "--keep-stake")["seats"] == []
    assert registry.seat(stage.params.pool, ann).stake == stage.pool.seat_stake

    mark = stage.chain.snapshot()
    shutil.copytree(kept, tmp_path / "copy")
    assert seats("--keep", tmp_path / "copy", "--keep-credit") == [("take-stake", True)]
    assert registry.credit_of(token.address, ann) == stage.pool.seat_stake
    stage.chain.restore(mark)
    before = token.balance_of(ann)
    assert seats() == [("take-stake", True)]
    assert token.balance_of(ann) == before + stage.pool.seat_stake
    assert (registry.seat(stage.params.pool, ann).stake, seats()) == (0, [])


def test_typed_answers_are_kept_one_by_one(place: Place, oracle: str) -> None:
    enrolled(place, oracle)
    first, second, *_ = assigned(place, 4)

    ran = place.run(
        *words(place, "work"), *place.signing("ann"), typed="2\ns\nnonsense\nq\nn\n", terminal=True
    )

    assert ran.code == 1
    assert "1. good" in ran.err
    assert "'nonsense' is none of the task's answers" in ran.err
    assert f"text {first}" in ran.err
    ran = place.run(*words(place, "work"), *place.signing("ann"), typed="good\nq\ny\n", terminal=True)
    assert ran.code == 0, ran.err
    (batch,) = place.stage.engine.book.commits()
    assert batch.items == (first, second)


def test_records_are_private_and_move_to_another_machine(
    place: Place, oracle: str, kept: Path, tmp_path: Path
) -> None:
    enrolled(place, oracle)
    acts(place)
    file = table(tmp_path, dict.fromkeys(assigned(place, 2), "good"))
    told(place, *words(place, "work", "--answers", file))
    records = tmp_path / "records.kept"
    told(place, "annotator", "export", records)
    for each in (records, *(path for path in kept.rglob("*") if path.is_file())):
        assert S_IMODE(each.stat().st_mode) == 0o600, each
    place.refused(2, "exists; it is not overwritten", "annotator", "export", records, by="ann")

    there = ["--keep", tmp_path / "elsewhere"]
    assert told(place, "annotator", "import", records, *there)["new"] > 0
    assert told(place, "annotator", "import", records, *there)["new"] == 0
    place.refused(1, "of another account or registry", "annotator", "import", records, by="ben")
    whole = records.read_bytes()
    records.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    place.refused(1, "or were altered", "annotator", "import", records, by="ann")
    place.stage.engine.post_commits(0)

    assert acts(place, *there) == {"keep-proof": True}
    place.stage.chain.advance_to(place.stage.schedule.commit_end)
    assert acts(place, *there) == {"open": True}


def test_what_is_refused_at_once(place: Place, oracle: str) -> None:
    place.refused(2, "you work in no campaign", "annotator", "watch", by="ann")
    place.refused(2, "`labelshare annotator enrol` begins", *words(place, "work"), by="ann")
    place.refused(1, "holds no whole seat", *words(place, "enrol", "--oracle", oracle), by="stranger")
    place.refused(2, "which rules\\?", *words(place, "enrol"), by="ann")
    enrolled(place, oracle)
    place.stage.chain.advance_to(place.stage.schedule.commit_end)
    place.refused(1, "no round takes batches now", *words(place, "work"), by="ann")
