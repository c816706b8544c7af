"""Who runs jobs: what fails is tried again, later each time; what takes long is kept; nothing is lost."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from labelshare.errors import ChainError, StaleReadError
from labelshare.oracle.jobs import LONGEST_PAUSE, Later, Runner, pause_after
from labelshare.store.jobs import Jobs
from tests.databases import fresh
from tests.oracle.play import Clock


@dataclass
class Hand:
    """Does jobs as it is told, and remembers which."""

    outcomes: list[str | Exception | None] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __call__(self, key: str) -> str | None:
        self.done.append(key)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def runner(jobs: Jobs, hand: Hand, clock: Clock) -> Runner:
    return Runner(jobs, {"pay": hand}, now=clock)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs(fresh())


def test_pauses_double_up_to_a_limit_and_no_two_are_alike() -> None:
    longest = [pause_after(failures, lambda: 0.0) for failures in range(1, 40)]
    shortest = [pause_after(failures, lambda: 1.0) for failures in range(1, 40)]
    assert longest[:4] == [2, 4, 8, 16]
    assert longest[-1] == LONGEST_PAUSE
    assert [2 * each for each in shortest] == longest
    assert len({pause_after(20) for _ in range(20)}) > 15


def test_what_fails_is_tried_again_until_it_is_done(jobs: Jobs) -> None:
    clock, hand = Clock(), Hand([ChainError("the node is\naway"), RuntimeError("a fault of ours"), "found"])
    made = runner(jobs, hand, clock)
    jobs.add("pay", "a", 0)

    assert made.run_due() == 1
    assert made.run_due() == 0
    entry = jobs.entry("pay", "a")
    assert entry is not None
    assert (entry.tries, entry.error, entry.done) == (1, "ChainError: the node is away", False)
    assert clock.seconds < entry.due <= clock.seconds + 2
    clock.seconds += 3
    assert made.step() == 0
    entry = jobs.entry("pay", "a")
    assert entry is not None
    assert (entry.tries, entry.error) == (2, "RuntimeError: a fault of ours")
    clock.seconds += 5
    assert made.run_due() == 1
    entry = jobs.entry("pay", "a")
    assert entry is not None
    assert (entry.done, entry.error) == (True, "found")
    assert hand.done == ["a"] * 3


def test_what_never_succeeds_is_never_given_up(jobs: Jobs) -> None:
    clock, hand = Clock(), Hand([ChainError("no")] * 60)
    made = runner(jobs, hand, clock)
    jobs.add("pay", "a", 0)
    for _ in range(60):
        assert made.run_due() == 1
        clock.seconds += LONGEST_PAUSE + 1
    entry = jobs.entry("pay", "a")
    assert entry is not None
    assert (entry.tries, entry.done) == (60, False)
    assert made.run_due() == 1


def test_what_is_not_due_yet_has_not_failed(jobs: Jobs) -> None:
    clock, hand = Clock(), Hand([Later(30.0)])
    made = runner(jobs, hand, clock)
    jobs.add("pay", "a", 0)
    assert made.run_due() == 1
    clock.seconds += 29
    assert made.run_due() == 0
    clock.seconds += 1
    assert made.run_due() == 1
    assert jobs.entries(failed=True) == []


def test_what_was_replaced_during_the_reading_has_not_failed(jobs: Jobs) -> None:
    clock, hand = Clock(), Hand([StaleReadError("block 7 was replaced")])
    made = runner(jobs, hand, clock)
    jobs.add("pay", "a", 0)
    assert made.run_due() == 1
    assert jobs.entries(failed=True) == []
    clock.seconds += 1
    assert made.run_due() == 1
    assert (hand.done, jobs.entries(done=False)) == (["a"] * 2, [])


def test_one_that_fails_does_not_stop_the_others(jobs: Jobs) -> None:
    clock, hand = Clock(), Hand([None, ChainError("no"), None])
    for key in "abc":
        jobs.add("pay", key, 0)
    assert runner(jobs, hand, clock).run_due() == 3
    assert [each.key for each in jobs.entries(done=False)] == ["b"]


def test_jobs_of_other_kinds_are_left_to_others(jobs: Jobs) -> None:
    jobs.add("slash", "a", 0)
    assert runner(jobs, Hand(), Clock()).run_due() == 0


def test_a_long_job_is_kept_and_done_by_one(jobs: Jobs) -> None:
    """Longer than its lease, which is real time here."""
    jobs.add("pay", "a", 0)
    done: list[str] = []

    def slow(key: str) -> None:
        time.sleep(6.0)
        done.append(key)

    runners = [Runner(jobs, {"pay": slow}, lease=2) for _ in range(2)]
    threads = [threading.Thread(target=each.run_due) for each in runners]
    threads[0].start()
    time.sleep(0.5)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        runners[1].run_due()
        time.sleep(0.1)
    threads[0].join()
    assert done == ["a"]
    entry = jobs.entry("pay", "a")
    assert entry is not None
    assert entry.done


def test_when_it_looks_again(jobs: Jobs) -> None:
    clock = Clock()
    made = runner(jobs, Hand(), clock)
    assert made.step() == 5
    jobs.add("pay", "a", int(clock.seconds) + 2)
    assert 1 < made.step() <= 2
    jobs.add("pay", "b", int(clock.seconds))
    assert made.step() == 0
