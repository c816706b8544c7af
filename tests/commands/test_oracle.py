"""`labelshare oracle status`: what an operator is shown of the store, and that looking changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.state import Contest, Status
from labelshare.chain.transactions import Sender
from labelshare.oracle.acceptance import Acceptance
from labelshare.oracle.overview import Next, next_step
from labelshare.oracle.service import Options, Service
from labelshare.oracle.tasks import Kind
from labelshare.oracle.watcher import WATCH
from labelshare.store.database import FILE, Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.specs import Specs
from labelshare.types import NOBODY, Hash32
from tests.client.test_watch import LINE, params, state
from tests.commands.place import Place

pytestmark = pytest.mark.anvil

__all__ = ["params"]


@pytest.fixture
def service(place: Place, tmp_path: Path) -> Iterator[Service]:
    stage = place.stage
    with closing(Database.open(tmp_path / "oracle")) as store:
        sender = Sender(stage.chain, TransactionJournal(store))
        yield Service(sender, stage.deployment, stage.oracle, store, Options(depth=0))


def test_what_an_operator_is_shown(place: Place, service: Service, tmp_path: Path) -> None:
    stage, own = place.stage, str(place.stage.scope.campaign_id)
    asked = ["oracle", "status", "--state", tmp_path / "oracle"]

    def facts() -> Any:
        place.capture.readouterr()  # what the service logs
        return place.facts(*asked)

    assert facts()["indexed"] is None

    service.step()  # the spec is not known: the campaign waits for it
    found = facts()
    (line,) = found["campaigns"]
    accept_end = stage.schedule.accept_end
    assert (line["campaign"], line["status"]) == (own, "created")
    assert line["next"] == {"kind": "accept", "about": None, "from": 0, "until": accept_end}
    assert line["failing"] == []  # its requester is awaited, which is no fault
    assert (found["pending"], found["alarms"]) == ([], [])

    Specs(service.database).add(stage.spec)
    stage.chain.fund(stage.oracle.address, 0)
    service.step()
    (line,) = facts()["campaigns"]
    (failing,) = (each for each in line["failing"] if each["kind"] == "accept")
    assert failing["tries"] == 1
    assert failing["error"]

    stage.chain.fund(stage.oracle.address, 10**18)
    service.now = lambda: failing["due"] + 1_000.0
    for runner in service.runners:
        runner.now = service.now
    service.step()
    service.indexer.catch_up()
    alarm = f"{own}/1/2"
    service.jobs.add(WATCH, alarm, 0)
    job = service.jobs.take(10, 20, "a test", {WATCH})
    assert job is not None
    service.jobs.finish(job, "does not hold: payouts")
    before = {each: (tmp_path / "oracle" / each).read_bytes() for each in [FILE]}
    found = facts()
    (line,) = found["campaigns"]
    end = stage.schedule.enrol_end - stage.schedule.grace
    assert (line["status"], line["failing"]) == ("open", [])
    assert line["next"] == {"kind": "roster", "about": None, "from": 0, "until": end}
    assert found["alarms"] == [{"campaign": own, "found": "does not hold: payouts", "done": True}]
    assert found["indexed"] == stage.chain.block_number
    lines = place.done(*asked).out
    assert re.search(r"next +post the roster\n +by +20\d\d-", lines), lines
    assert "1 alarm of the watcher" in lines
    assert {each: (tmp_path / "oracle" / each).read_bytes() for each in before} == before


def test_transactions_without_a_block_are_named(
    place: Place, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, token = place.stage, place.stage.contracts.development_token
    monkeypatch.setattr(TransactionJournal, "settle", lambda *_: None)
    service.sender.send(stage.oracle, token.approve(stage.stranger.address, 1))
    (pending,) = place.facts("oracle", "status", "--state", tmp_path / "oracle")["pending"]
    assert (pending["call"], pending["account"]) == ("Token.approve", str(stage.oracle.address))


def test_a_store_is_neither_made_nor_led_on(place: Place, tmp_path: Path) -> None:
    place.refused(1, "labelshare.db", "oracle", "status", "--state", tmp_path)
    assert list(tmp_path.iterdir()) == []
    place.refused(2, "where is the store", "oracle", "status")
    with closing(Database.open(tmp_path / "old")) as store, store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    place.refused(1, "of another version", "oracle", "status", "--state", tmp_path / "old")


NONE = Hash32(bytes(32))
CALM = Contest(NOBODY, 0, 0, 0, 0, 0, 0, 0, NOBODY, NOBODY, 0)


@pytest.mark.parametrize(
    ("now", "changes", "roots", "contest", "expected"),
    [
        (LINE.accept_end - 1, {"status": Status.CREATED}, (), {}, Next(Kind.ACCEPT, 0, LINE.accept_end)),
        (LINE.accept_end, {"status": Status.CREATED}, (), {}, None),
        (0, {"seed": NONE}, (), {}, Next(Kind.ROSTER, 0, LINE.enrol_end - LINE.grace)),
        (
            LINE.enrol_end - LINE.grace,
            {"seed": NONE},
            (),
            {},
            Next(Kind.SEED, LINE.enrol_end, LINE.commit_end),
        ),
        (
            LINE.enrol_end,
            {},
            (),
            {},
            Next(Kind.CLOSE, LINE.round_start(0), LINE.aggregate_close(0), 0),
        ),
        (
            LINE.enrol_end,
            {},
            (0,),
            {},
            Next(Kind.CLOSE, LINE.round_start(1), LINE.aggregate_close(1), 1),
        ),
        (LINE.commit_end, {}, (0, 1), {}, Next(Kind.PROPOSE, LINE.reveal_end, LINE.settle_end)),
        (LINE.commit_end, {"committed": False}, (), {}, Next(Kind.CANCEL, LINE.reveal_end)),
        (LINE.settle_end, {}, (0, 1), {}, Next(Kind.PROPOSE_LATE, LINE.settle_end, LINE.propose_end)),
        (LINE.commit_end, {}, (0, 1), {"rejections": 1}, Next(Kind.PROPOSE_LATE, 7, LINE.propose_end)),
        (LINE.propose_end, {}, (0, 1), {}, Next(Kind.EXPIRE, LINE.propose_end)),
        (9, {"status": Status.PROPOSED}, (), {}, Next(Kind.FINALIZE, 7 + LINE.window)),
        (9, {"status": Status.DISPUTED}, (), {"ruling_end": 80}, Next(Kind.RESOLVE, 80)),
        (9, {"status": Status.DISPUTED}, (), {"ruling": 2}, Next(Kind.RESOLVE, 0)),
        (9, {"status": Status.FINAL}, (), {}, Next(Kind.FREE, LINE.slash_end(7))),
        (9, {"status": Status.FINAL, "place_freed": True}, (), {}, None),
        (9, {"status": Status.EXPIRED}, (), {}, None),
    ],
)
def test_what_comes_next(
    params: Any,
    now: int,
    changes: dict[str, Any],
    roots: tuple[int, ...],
    contest: dict[str, Any],
    expected: Next | None,
) -> None:
    at = replace(state(Status.OPEN, 7), **changes)
    assert next_step(params, at, replace(CALM, **contest), roots, now) == expected


def test_what_a_campaign_waits_for(place: Place, tmp_path: Path) -> None:
    stage, folder = place.stage, tmp_path / "oracle"
    with closing(Database.open(folder)) as store:
        Specs(store).add(stage.spec)
        options = Options(depth=0, acceptance=Acceptance(least_fee=10**30))
        sender = Sender(stage.chain, TransactionJournal(store))
        service = Service(sender, stage.deployment, stage.oracle, store, options)
        service.step()
        place.capture.readouterr()  # what the service logs
        (line,) = place.facts("oracle", "status", "--state", folder)["campaigns"]
        (waiting,) = line["waiting"]
        assert (waiting["kind"], line["failing"]) == ("accept", [])
        assert waiting["reason"].startswith("not accepted: the fee comes to ")
        lines = place.done("oracle", "status", "--state", folder).out
        assert re.search(r"waiting +accept: not accepted: the\s+fee", lines), lines
