"""Jobs are done once each, in the order in which they are due, whoever takes them and whoever dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from labelshare.store.jobs import Job, Jobs
from tests.store.home import Home, Place

PROCESSES = 4
EACH = 30
LEASE = 60


@pytest.fixture
def jobs(home: Home) -> Jobs:
    return Jobs(home.open())


def take(jobs: Jobs, now: int, name: str = "one", lease: int = LEASE) -> Job:
    job = jobs.take(now, now + lease, name)
    assert job is not None
    return job


def test_a_job_is_added_once(jobs: Jobs) -> None:
    assert jobs.add("pay", "a", 10)
    assert not jobs.add("pay", "a", 5)
    assert jobs.add("slash", "a", 10)
    assert [(each.kind, each.due) for each in jobs.entries()] == [("pay", 10), ("slash", 10)]


def test_the_longest_due_comes_first_and_none_before_its_time(jobs: Jobs) -> None:
    for key, due in {"c": 30, "a": 10, "d": 40, "b": 20}.items():
        jobs.add("pay", key, due)

    taken = [take(jobs, 35, str(number)).key for number in range(3)]

    assert taken == ["a", "b", "c"]
    assert jobs.take(35, 95, "more") is None
    assert jobs.take(40, 95, "more") is not None


def test_only_kinds_that_are_asked_for_are_taken(jobs: Jobs) -> None:
    jobs.add("pay", "a", 1)
    assert jobs.take(5, 9, "one", {"slash"}) is None
    assert jobs.take(5, 9, "one", {"slash", "pay"}) is not None


def test_all_that_is_taken_is_freed_and_nothing_else_changes(jobs: Jobs) -> None:
    for key, due in {"a": 1, "b": 2, "c": 90}.items():
        jobs.add("pay", key, due)
    first, second = take(jobs, 10), take(jobs, 10, "two")
    jobs.finish(second)

    assert jobs.free_all() == 1
    assert jobs.free_all() == 0

    again = take(jobs, 10, "three")
    assert (again.key, again.due, again.tries) == ("a", 1, 0)
    assert not jobs.finish(first)
    assert jobs.take(10, 90, "four") is None  # done is done, and not yet due is not yet due


def test_who_has_a_job_has_it_until_the_lease_is_over(jobs: Jobs) -> None:
    jobs.add("pay", "a", 1)
    first = take(jobs, 10)
    assert jobs.take(69, 200, "two") is None

    second = take(jobs, 70, "two")

    # Who was too slow changes nothing any more.
    assert not jobs.renew(first, 500)
    assert not jobs.finish(first)
    assert not jobs.retry(first, 500, "late")
    assert not jobs.postpone(first, 500)
    assert jobs.renew(second, 200)
    assert jobs.take(199, 300, "three") is None
    assert jobs.finish(second, "found")
    assert not jobs.finish(second)
    assert jobs.take(10_000, 10_060, "three") is None
    entry = jobs.entry("pay", "a")
    assert entry is not None
    assert (entry.done, entry.error, entry.tries) == (True, "found", 0)


def test_a_job_that_failed_is_due_again_with_its_reason(jobs: Jobs) -> None:
    jobs.add("pay", "a", 1)
    for tries in range(3):
        job = take(jobs, 10 * tries + 10)
        assert job.tries == tries
        assert jobs.retry(job, 10 * tries + 20, f"no\n  money {tries}" + "!" * 5_000)
        assert jobs.take(10 * tries + 19, 500, "two") is None
    entry = jobs.entry("pay", "a")
    assert entry is not None
    assert entry.error is not None
    assert entry.error.startswith("no money 2!")
    assert len(entry.error) == 1_000
    assert jobs.counts() == {("pay", False, True): 1}
    assert [each.key for each in jobs.entries(failed=True)] == ["a"]


def test_a_job_that_is_put_off_has_not_failed(jobs: Jobs) -> None:
    jobs.add("pay", "a", 1)
    assert jobs.postpone(take(jobs, 10), 50)
    assert jobs.take(49, 99, "two") is None
    assert take(jobs, 50).tries == 0
    assert jobs.entries(failed=True) == []


def test_what_is_done_can_be_begun_again_and_nothing_else(jobs: Jobs) -> None:
    assert not jobs.reopen("pay", "a", 5)
    jobs.add("pay", "a", 1)
    assert not jobs.reopen("pay", "a", 5)
    job = take(jobs, 10)
    assert not jobs.reopen("pay", "a", 5)
    jobs.finish(job, "found")
    assert jobs.reopen("pay", "a", 50)
    assert jobs.take(49, 99, "two") is None
    assert take(jobs, 50).key == "a"
    assert jobs.entries(failed=True) == []


def test_when_the_next_one_is_due(jobs: Jobs) -> None:
    assert jobs.next_due() is None
    jobs.add("pay", "a", 10)
    jobs.add("pay", "b", 20)
    assert jobs.next_due() == 10
    assert jobs.next_due({"none of them"}) is None
    jobs.finish(take(jobs, 15))
    assert jobs.next_due() == 20
    take(jobs, 25)
    assert jobs.next_due() == 25 + LEASE


# ------------------------------------------------------------------------------ processes


def work(place: Place, name: str, done: Path) -> None:
    """Takes jobs until there are none, and notes each."""
    database = place.open()
    jobs = Jobs(database)
    with done.open("a") as file:
        while (job := jobs.take(1_000, 2_000, f"{name}/{time.monotonic_ns()}")) is not None:
            file.write(f"{job.key}\n")
            file.flush()
            assert jobs.finish(job)
    database.close()


def test_processes_do_each_job_once(home: Home, jobs: Jobs, tmp_path: Path) -> None:
    for number in range(PROCESSES * EACH):
        jobs.add("pay", f"{number:04}", number)
    context = multiprocessing.get_context("spawn")
    files = [tmp_path / f"done {number}" for number in range(PROCESSES)]
    processes = [
        context.Process(target=work, args=(home.place, str(number), file))
        for number, file in enumerate(files)
    ]
    for each in processes:
        each.start()
    for each in processes:
        each.join(timeout=120)

    assert [each.exitcode for each in processes] == [0] * PROCESSES
    done = [file.read_text().split() if file.exists() else [] for file in files]
    assert Counter(key for own in done for key in own) == {
        f"{number:04}": 1 for number in range(PROCESSES * EACH)
    }
    for own in done:  # and each process took them in their order
        assert own == sorted(own)
    assert jobs.counts() == {("pay", True, False): PROCESSES * EACH}


def hold(place: Place, taken: Path, lease: int) -> None:
    """Takes a job, and never comes to an end."""
    jobs = Jobs(place.open())
    now = int(time.time())
    assert jobs.take(now, now + lease, "the one that dies") is not None
    taken.write_text("taken")
    time.sleep(600)


def test_the_job_of_a_killed_process_is_taken_after_its_lease(home: Home, jobs: Jobs, tmp_path: Path) -> None:
    jobs.add("pay", "a", 1)
    context = multiprocessing.get_context("spawn")
    taken = tmp_path / "taken"
    process = context.Process(target=hold, args=(home.place, taken, 600))
    process.start()
    deadline = time.monotonic() + 60
    while not taken.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    now = int(time.time())
    assert jobs.take(now, now + 5, "two") is None

    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert jobs.take(now + 1, now + 60, "two") is None
    job = jobs.take(now + 700, now + 760, "two")
    assert job is not None
    assert jobs.finish(job)
