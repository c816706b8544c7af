"""The counter: many messages by one transaction, each with a verdict of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from labelshare.errors import (
    CommitmentError,
    LabelError,
    NotFoundError,
    ReplayError,
    SignatureError,
    StoreError,
)
from labelshare.oracle.counter import Answer, Counter, Handed
from labelshare.oracle.desk import Desk
from labelshare.oracle.intake import Intake
from labelshare.oracle.taking import NotReady
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Opening, SignedCommit
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.types import CampaignId, Hash32
from tests.oracle.stage import NAMES, Stage, build

pytestmark = pytest.mark.usefixtures("either_database")

GOOD = bytes([1, 0, 0])


@pytest.fixture
def stage() -> Stage:
    """Round 0 has begun."""
    return build().accept().enrol().draw().begin()


@pytest.fixture
def counter(stage: Stage) -> Counter:
    """Of a process that knows the round."""
    return ready(stage)


def ready(stage: Stage) -> Counter:
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    desk.prepare(stage.scope.campaign_id)
    return Counter(desk)


def sealed(stage: Stage, name: str, batch: int = 0, label: bytes = GOOD) -> tuple[SignedCommit, Opening]:
    """Somebody's batch of one label; the one of each number has its own item."""
    signer = stage.people[name]
    item = sorted(stage.engine.assigned_to(signer.address) or ())[batch]
    return stage.sealed(signer, {item: label}, batch=batch, before=batch)


def take(counter: Counter, stage: Stage, *messages: SignedCommit | Opening) -> list[Answer]:
    return counter.take([Handed(stage.scope.campaign_id, each) for each in messages])


def is_receipt(stage: Stage, answer: Answer, signed: SignedCommit) -> bool:
    name = typed_data.commit_hash(stage.scope.campaign_id, signed.commit)
    struct_hash = typed_data.receipt_hash(stage.scope.campaign_id, signed.annotator, name)
    digest = typed_data.digest(stage.scope, struct_hash)
    return isinstance(answer, bytes) and typed_data.recover(digest, answer) == stage.oracle.address


# ---------------------------------------------------------------------- one group, many verdicts


def test_what_is_refused_costs_its_neighbours_nothing(stage: Stage, counter: Counter) -> None:
    good, last = sealed(stage, "ann")[0], sealed(stage, "dora")[0]
    forged = replace(sealed(stage, "ben")[0], signature=good.signature)
    gap = sealed(stage, "cleo", 1)[0]

    answers = take(counter, stage, good, forged, gap, last)

    assert is_receipt(stage, answers[0], good)
    assert isinstance(answers[1], SignatureError)
    assert isinstance(answers[2], CommitmentError)
    assert "follows a gap" in str(answers[2])
    assert is_receipt(stage, answers[3], last)
    assert set(stage.engine.book.commits()) == {good, last}


def test_batches_of_one_annotator_are_taken_in_their_order(stage: Stage, counter: Counter) -> None:
    first, second, third = (sealed(stage, "ann", number)[0] for number in range(3))

    answers = take(counter, stage, first, third, second)

    assert is_receipt(stage, answers[0], first)
    assert isinstance(answers[1], CommitmentError)
    assert is_receipt(stage, answers[2], second)
    assert stage.engine.book.commits() == [first, second]


def test_one_message_twice_gets_one_answer_and_another_of_its_number_none(
    stage: Stage, counter: Counter
) -> None:
    one, other = sealed(stage, "ann")[0], sealed(stage, "ann", label=bytes([1, 0, 1]))[0]

    answers = take(counter, stage, one, other, one)

    assert is_receipt(stage, answers[0], one)
    assert isinstance(answers[1], ReplayError)
    assert answers[2] == answers[0]
    assert take(counter, stage, one) == [answers[0]]
    assert stage.engine.book.commits() == [one]


def test_openings_have_verdicts_of_their_own_as_well(stage: Stage, counter: Counter) -> None:
    batches = {name: sealed(stage, name) for name in ("ann", "ben")}
    wrong = sealed(stage, "cleo", label=b"\xff")
    take(counter, stage, *[signed for signed, _ in (*batches.values(), wrong)])
    stage.chain.advance_to(stage.schedule.commit_end)
    ann, ben = (opening for _, opening in batches.values())
    altered = replace(ben, labels=(bytes([1, 0, 1]),))
    nobody = replace(ann, commit_hash=Hash32(bytes(32)))

    answers = take(counter, stage, ann, altered, nobody, wrong[1], ann)

    assert answers[0] == answers[4] == stage.intake.opening_receipt(ann)
    assert "opening has root" in str(answers[1])
    assert "committed no batch" in str(answers[2])
    assert isinstance(answers[3], LabelError)
    assert stage.engine.book.openings() == [ann]
    assert take(counter, stage, ben) == [stage.intake.opening_receipt(ben)]


def test_another_campaign_is_refused_alone(stage: Stage, counter: Counter) -> None:
    good, unknown = sealed(stage, "ann")[0], CampaignId(Hash32(bytes(32)))
    handed = [Handed(unknown, good, prepared=True), Handed(stage.scope.campaign_id, good)]

    answers = counter.take(handed)

    assert isinstance(answers[0], NotFoundError)
    assert is_receipt(stage, answers[1], good)


# ------------------------------------------------------------------------------ what chokes


CHOKE = {
    "sqlite": (
        """CREATE TRIGGER choke BEFORE INSERT ON commits WHEN hex(NEW.annotator) = '{}'
        BEGIN SELECT RAISE(ABORT, 'not this one'); END""",
        "DROP TRIGGER choke",
    ),
    "postgresql": (
        "ALTER TABLE commits ADD CONSTRAINT choke CHECK (upper(encode(annotator, 'hex')) <> '{}')",
        "ALTER TABLE commits DROP CONSTRAINT choke",
    ),
}


@pytest.fixture
def choking(stage: Stage) -> Iterator[None]:
    """A store that refuses ben's rows, which no check foresees."""
    refuse, again = CHOKE[stage.database.engine.dialect.name]
    with stage.database.writing() as connection:
        connection.execute(text(refuse.format(stage.people["ben"].address.hex().upper())))
    yield
    with stage.database.writing() as connection:
        connection.execute(text(again))


@pytest.mark.usefixtures("choking")
def test_what_the_store_chokes_on_is_refused_alone(stage: Stage, counter: Counter) -> None:
    messages = [sealed(stage, name)[0] for name in NAMES]

    answers = take(counter, stage, *messages)

    assert [type(each) for each in answers] == [bytes, StoreError, bytes, bytes]
    kept = set(stage.engine.book.commits())
    assert kept == {each for each in messages if each.annotator != stage.people["ben"].address}


def test_a_fault_of_ours_is_the_answer_to_one_alone(
    stage: Stage, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, ben = Intake.check_commit, stage.people["ben"].address

    def faulty(intake: Intake, signed: SignedCommit, *rest: object) -> None:
        if signed.annotator == ben:
            raise ZeroDivisionError
        check(intake, signed, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "check_commit", faulty)

    answers = take(counter, stage, *[sealed(stage, name)[0] for name in NAMES])

    assert [type(each) for each in answers] == [bytes, ZeroDivisionError, bytes, bytes]


def test_a_store_that_is_away_answers_nobody(
    stage: Stage, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is asked once, not once for each."""
    asked, begin = [], Database.take_turns

    def counted(database: Database, connection: Connection, turns: Collection[bytes]) -> None:
        asked.extend([len(turns)] if turns else [])
        begin(database, connection, turns)

    monkeypatch.setattr(Database, "take_turns", counted)
    with stage.database.writing() as connection:
        connection.execute(text("ALTER TABLE commits RENAME TO elsewhere"))

    answers = take(counter, stage, *[sealed(stage, name)[0] for name in NAMES])

    assert {type(each) for each in answers} == {StoreError}
    assert asked == [len(NAMES)]


# ------------------------------------------------------------------------- rounds that begin


def test_a_process_that_does_not_know_the_round_says_so_and_keeps_nothing(stage: Stage) -> None:
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    counter, signed = Counter(desk), sealed(stage, "ann")[0]

    (unknown,) = take(counter, stage, signed)
    assert isinstance(unknown, NotReady)
    desk.oracle(stage.scope.campaign_id)
    (unprepared,) = take(counter, stage, signed)
    assert isinstance(unprepared, NotReady)
    assert stage.engine.book.commits() == []

    desk.prepare(stage.scope.campaign_id)
    assert is_receipt(stage, take(counter, stage, signed)[0], signed)


def test_before_the_roster_is_closed_preparing_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = build().accept()
    counter = ready(stage)
    message = stage.sealed(stage.people["ann"], {0: GOOD})[0]
    kept = Messages.add_commits
    monkeypatch.setattr(Messages, "add_commits", lambda book, new: kept(book, list(new)))

    assert isinstance(take(counter, stage, message)[0], NotReady)
    (answer,) = counter.take([Handed(stage.scope.campaign_id, message, prepared=True)])

    assert "the roster is still open" in str(answer)
