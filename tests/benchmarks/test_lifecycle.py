"""The lifecycle's campaign: what is stored in bulk is what intake stores, and it ends as it must."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks.lifecycle import check, prepare, scene, steps
from benchmarks.lifecycle.watch import Watch, read_steps
from benchmarks.lifecycle.work import Plan
from labelshare.chain.abi import function
from labelshare.chain.connect import connect
from labelshare.chain.contracts import Contract, Parts
from labelshare.chain.events import Claimed, events
from labelshare.chain.node import Call, Chain
from labelshare.errors import VerificationError
from labelshare.oracle import engine
from labelshare.oracle.engine import Oracle
from labelshare.protocol.commitments import Opening
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.store.schema import campaigns, commits, enrolments

LABELS = 100


def tables(book: Messages) -> dict[str, list[Any]]:
    """What the store holds; openings as they are read, which are sealed anew each time."""
    with book.database.reading() as connection:
        found: dict[str, list[Any]] = {
            table.name: sorted(map(tuple, connection.execute(select(table))))
            for table in (campaigns, enrolments, commits)
        }
    return found | {"openings": book.openings()}


def by_intake(place: scene.Scene, chain: Chain, book: Messages, answers: Sequence[Opening]) -> Messages:
    """The messages of another store, and what opens them, handed in one by one, each in its time."""
    database = Database.in_memory()
    oracle = scene.oracle_of(place, chain, database)
    intake, schedule = oracle.intake, place.params.schedule
    intake.now = lambda: schedule.accept_end
    for enrolment in book.enrolments():
        intake.enrol(enrolment)
    oracle.book.end_enrolment()
    oracle.begin_round(0)
    intake.now = lambda: schedule.work_start
    for signed in book.commits():
        intake.commit(signed)
    intake.now = lambda: schedule.commit_end
    for opening in answers:
        intake.open(opening)
    return oracle.book


def claims(oracle: Oracle) -> list[tuple[int, ...]]:
    """The leaves of each claim that was sent."""
    happened = events(oracle.sender.chain, oracle.registry.address, 0, oracle.sender.chain.block_number)
    return [event.indices for event in happened if isinstance(event, Claimed)]


def pay_some(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims by twos, two calls at once, that end after the first four accounts."""

    def stop(accounts: int) -> None:
        told.append(accounts)
        if len(told) == 2:
            raise RuntimeError("enough")

    told: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(engine, "CLAIMS_A_CALL", 2)
        patch.setattr(engine, "CALLS_AT_ONCE", 2)
        with pytest.raises(RuntimeError, match="enough"):
            oracle.pay_everyone(Parts.BOTH, stop)
    assert told == [2, 2]


def test_a_campaign_stored_in_bulk_is_the_one_that_intake_stores_and_ends_as_it_must(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, database, watch = connect(), Database.in_memory(), Watch(os.getpid())
    place, answers = prepare.prepare(chain, database, Plan(LABELS))
    oracle = scene.oracle_of(place, chain, database)
    taken_in = tables(by_intake(place, chain, oracle.book, answers))
    assert [len(rows) for rows in taken_in.values()] == [1, 5, 5, 5]
    assert tables(oracle.book) == taken_in | {"openings": []}

    steps.commit(oracle, watch)
    prepare.open_labels(oracle, answers)
    assert tables(oracle.book)["openings"] == taken_in["openings"]
    steps.settle(oracle, watch)

    def view(contract: Contract, name: str, arguments: Sequence[Sequence[object]]) -> list[int]:
        entry = function(contract.ARTIFACT, name)
        calls = (Call(contract.address, entry.encode_call(each), name) for each in arguments)
        return [int.from_bytes(chain.call(call)[:32], "big") for call in calls]

    payouts = oracle.settled().payouts
    with pytest.raises(VerificationError, match=r"holds \(0, 0\) and earned"):
        check.check_money(place, oracle, payouts, view)
    pay_some(oracle, monkeypatch)
    steps.claim(oracle, watch)  # what is left
    assert [len(leaves) for leaves in claims(oracle)] == [2, 2, 1]
    check.check_money(place, oracle, payouts, view)
    assert check.labels_verified(oracle) == LABELS

    watch.report(mark="0x1")
    found, facts = read_steps(capsys.readouterr().out)
    assert [step.name for step in found] == ["commit", "aggregate", "settle", "claim"]
    assert facts == {"mark": "0x1"}
