"""Until when each task must be done, and that no pause between two tries lets it come too late."""

from __future__ import annotations

import random

import pytest

from labelshare.errors import StoreError
from labelshare.oracle.deadlines import Deadlines
from labelshare.oracle.jobs import LONGEST_PAUSE, pause_after
from labelshare.oracle.tasks import MOST_MARGIN, Kind, Receipt, Task, closing, deadline
from labelshare.store.database import Database
from labelshare.types import NOBODY, ZERO_HASH
from tests.oracle.play import Play
from tests.oracle.stage import COIN, build
from tests.oracle.test_tasks import PARAMS, RECEIPT, S

NEVER = set(Kind) - {
    Kind.ACCEPT,
    Kind.ROSTER,
    Kind.SEED,
    Kind.BEGIN,
    Kind.CLOSE,
    Kind.ANSWER,
    Kind.PROPOSE,
    Kind.SLASH,
}


@pytest.mark.parametrize(
    ("task", "end"),
    [
        (Task(Kind.ACCEPT), S.accept_end),
        (Task(Kind.ROSTER), S.enrol_end - S.grace),
        (Task(Kind.SEED), S.commit_end),
        (Task(Kind.BEGIN, "1"), closing(PARAMS, 1)),
        (Task(Kind.CLOSE, "1"), S.aggregate_close(1)),
        (Task(Kind.ANSWER, RECEIPT.name), RECEIPT.answer_end),
        (Task(Kind.ANSWER, "another"), None),
        (Task(Kind.PROPOSE), S.settle_end),
        (Task(Kind.SLASH), S.slash_end(S.settle_end)),
        *((Task(kind), None) for kind in sorted(NEVER)),
    ],
)
def test_until_when(task: Task, end: int | None) -> None:
    assert deadline(PARAMS, task, [RECEIPT], S.settle_end) == end


def test_slashes_of_a_campaign_of_which_nothing_is_known() -> None:
    assert deadline(PARAMS, Task(Kind.SLASH)) is None
    other = Receipt(NOBODY, RECEIPT.commit, 7)
    assert deadline(PARAMS, Task(Kind.ANSWER, other.name), [other]) == 7


@pytest.mark.parametrize("mended", [60, 240, 480, 600, 700, 850, 890])
def test_whenever_the_cause_is_mended_nearly_all_of_the_time_is_left(mended: int) -> None:
    dice = random.Random(mended)
    for _ in range(500):
        passed, failures = 0.0, 0
        while passed < mended:
            failures += 1
            left = MOST_MARGIN - passed
            passed += max(1.0, pause_after(failures, dice.random, left=left))
        assert passed - mended <= max(1.0, (MOST_MARGIN - mended) / 7)


def test_with_time_enough_pauses_are_as_long_as_ever() -> None:
    for failures in range(1, 40):
        assert pause_after(failures, lambda: 0.0, left=8 * LONGEST_PAUSE) == pause_after(
            failures, lambda: 0.0
        )


def test_a_root_is_tried_often_while_its_time_runs_out() -> None:
    """The account has nothing for gas for most of the time; it is posted at the next try, soon after."""
    stage = build()
    play = Play(stage, [stage.database])
    play.begin()
    play.until(stage.schedule.round_start(0))
    for name, person in play.people.items():
        person.submit(0, play.answers(name, 0))
    (service,), end = play.services, stage.schedule.aggregate_close(0)
    stage.chain.fund(stage.oracle.address, 0)
    stage.chain.advance_to(closing(stage.params, 0))
    play.clock.seconds = float(stage.chain.now())
    while stage.chain.now() < end - 100:
        service.step()
        entry = service.jobs.entry("close", f"{stage.scope.campaign_id}/0")
        assert entry is not None
        assert entry.has_failed
        assert entry.due - play.clock.seconds <= max(1, (end - stage.chain.now()) / 8)
        play.clock.seconds = float(entry.due)
        stage.chain.advance_to(entry.due)
    stage.chain.fund(stage.oracle.address, COIN)
    service.step()
    assert stage.contracts.registry.round_root(stage.scope.campaign_id, 0) != ZERO_HASH


def test_what_failed_is_tried_at_once_when_a_service_starts() -> None:
    stage = build()
    (service,) = Play(stage, [stage.database]).services
    jobs, now = service.jobs, int(service.now())
    for key in "abc":
        jobs.add("a kind of others", key, now)
    failed, waiting, taken = (jobs.take(now, now + 60, key) for key in "abc")
    assert failed
    assert waiting
    assert taken
    jobs.retry(failed, now + 600, "no node answers")
    jobs.wait(waiting, now + 600, "the pool is full")
    jobs.add("a kind of others", "d", now + 600)
    service.workers = []
    service.start()
    assert service.stop()
    again = [jobs.take(now, now + 60, name) for name in "ef"]
    assert [each and (each.key, each.tries, each.error) for each in again] == [
        ("a", 1, "no node answers"),
        ("b", 0, "the pool is full"),
    ]
    assert jobs.take(now, now + 60, "g") is None


def test_the_store_is_asked_alone_and_the_shorter_time_counts() -> None:
    stage = build()
    play = Play(stage, [stage.database])
    (service,) = play.services
    service.indexer.catch_up()
    key, end = str(stage.scope.campaign_id), stage.schedule.accept_end
    head = stage.chain.now()

    def left(machine: float, kind: str = "accept") -> float | None:
        return Deadlines(service.cases, lambda: machine).left(kind, key)

    assert left(head) == end - head
    assert left(head - 1_000) == end - head  # the clock is slow
    assert left(head + 60) == end - head - 60  # no block since
    assert left(end + 600) == end - head  # ahead, or no node has answered since
    assert left(head, "pay") is None
    assert left(head, "watch") is None
    stage.chain.advance_to(end)
    service.indexer.catch_up()
    assert left(end + 1) is None


def test_a_store_that_fails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = build()
    (service,) = Play(stage, [stage.database]).services

    def gone(_: Database) -> None:
        raise StoreError("the database is away")

    monkeypatch.setattr(Database, "reading", gone)
    assert Deadlines(service.cases).left("accept", str(stage.scope.campaign_id)) is None
