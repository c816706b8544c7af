"""Messages that come to several replicas at once, over one PostgreSQL.

A receipt binds the oracle's bond: never two for one batch number that say different things, never one for
what the root of its round lacks.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier, Event
from typing import Any

import pytest

from labelshare.chain.keys import development_signer
from labelshare.errors import CommitmentError, ProtocolError, ReplayError
from labelshare.oracle import taking
from labelshare.oracle.intake import Intake
from labelshare.oracle.taking import Commits
from labelshare.protocol.commitments import SignedCommit
from labelshare.protocol.spec import Spec
from labelshare.store.database import Database
from labelshare.store.messages import Messages, State
from labelshare.types import Address, CampaignParams, Scope, keccak
from tests.oracle.stage import LIMIT, NAMES, Stage, build

GOOD, BAD = bytes([1, 0, 0]), bytes([1, 0, 1])
REPLICAS = 3
LATE = 30.0
TOGETHER = 5


@dataclass
class Service:
    """One campaign in round 0, and the replicas that take its messages, each with connections of its own."""

    stages: Sequence[Stage]
    url: str

    @property
    def first(self) -> Stage:
        return self.stages[0]

    @property
    def intakes(self) -> list[Intake]:
        return [stage.intake for stage in self.stages]

    def sealed(self, name: str, label: bytes, batch: int = 0) -> SignedCommit:
        """The next batch of somebody, of one label."""
        item = sorted(self.first.engine.assigned_to(self.first.people[name].address) or ())[batch]
        return self.first.sealed(self.first.people[name], {item: label}, batch=batch, before=batch)[0]

    def kept(self) -> list[SignedCommit]:
        return self.first.engine.book.commits()


@pytest.fixture
def service(postgres: str) -> Iterator[Service]:
    stage = build(database=Database.at(postgres)).accept().enrol().draw().begin()
    others = [stage.taken_up(database=Database.at(postgres)) for _ in range(REPLICAS - 1)]
    for other in others:
        other.engine.begin_round(0)
    yield Service([stage, *others], postgres)
    for each in (stage, *others):
        each.database.close()


def together(*work: Callable[[], Any]) -> list[Any]:
    """What each comes to, or the error it ended with, all begun at one moment."""
    barrier = Barrier(len(work))

    def begun(each: Callable[[], Any]) -> Any:
        barrier.wait(LATE)
        try:
            return each()
        except ProtocolError as error:
            return error

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(LATE) for future in [pool.submit(begun, each) for each in work]]


# -------------------------------------------------------------------------------- threads


def test_one_batch_number_twice_gets_one_receipt(service: Service) -> None:
    one, other = service.intakes[:2]
    for batch in range(LIMIT):
        for name in NAMES:
            messages = [service.sealed(name, label, batch) for label in (GOOD, BAD)]
            results = together(lambda: one.commit(messages[0]), lambda: other.commit(messages[1]))  # noqa: B023

            refused = [each for each in results if isinstance(each, ProtocolError)]
            assert [type(each) for each in refused] == [ReplayError]
            winner = messages[[isinstance(each, bytes) for each in results].index(True)]
            assert winner in service.kept()
    assert len(service.kept()) == LIMIT * len(NAMES)


def test_the_same_message_to_every_replica_gets_one_answer(service: Service) -> None:
    for name in NAMES:
        message = service.sealed(name, GOOD)
        results = together(*[lambda each=each: each.commit(message) for each in service.intakes])  # noqa: B023

        assert len(set(results)) == 1
        assert isinstance(results[0], bytes)
    assert len(service.kept()) == len(NAMES)


def test_the_same_opening_to_every_replica_gets_one_answer(service: Service) -> None:
    stage = service.first.label("ann", count=1)
    stage.engine.post_commits(0)
    stage.chain.advance_to(stage.schedule.commit_end)
    (batch,) = stage.annotators["ann"].batches

    results = together(*[lambda each=each: each.open(batch.opening) for each in service.intakes])

    assert len(set(results)) == 1
    assert isinstance(results[0], bytes)
    assert stage.engine.book.openings() == [batch.opening]


def test_the_same_enrolment_to_every_replica_is_kept_once(postgres: str) -> None:
    stage = build(database=Database.at(postgres)).accept()
    other = stage.taken_up(database=Database.at(postgres))
    enrolment = stage.enrolment("ann")

    results = together(*[lambda each=each: each.intake.enrol(enrolment) for each in (stage, other)])

    assert results == [None, None]
    assert stage.engine.book.enrolments() == [enrolment]
    for each in (stage, other):
        each.database.close()


# ------------------------------------------------------------------- the end of the round


@dataclass
class Slow:
    """Keeping a message takes a while; whoever waits for `begun` knows that it was checked."""

    begun: Event
    seconds: float = 0.5

    def patch(self, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
        keep = getattr(Messages, method)

        def slowly(book: Messages, *rest: Any) -> None:
            self.begun.set()
            time.sleep(self.seconds)
            keep(book, *rest)

        monkeypatch.setattr(Messages, method, slowly)


def only_read(book: Messages) -> State:
    """What holding a campaign would be without its lock."""
    return State(book.is_enrolling(), book.round())


def in_the_root(service: Service, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether what was receipted as the round ended is under its root."""
    slow, message = Slow(Event()), service.sealed("ann", GOOD)
    slow.patch(monkeypatch, "add_commits")
    with ThreadPoolExecutor(1) as pool:
        receipt = pool.submit(service.intakes[0].commit, message)
        assert slow.begun.wait(LATE)
        service.stages[1].engine.book.close_round(0)
        made = service.stages[1].engine.aggregate(0)
        assert isinstance(receipt.result(LATE), bytes)
    return made is not None and message in made.commits


def test_what_was_checked_before_the_round_ended_is_under_its_root(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_the_root(service, monkeypatch)

    with pytest.raises(CommitmentError, match="round 0 does not take batches now"):
        service.intakes[0].commit(service.sealed("ben", GOOD))


def test_without_the_hold_it_would_not_be(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Messages, "hold", only_read)

    assert not in_the_root(service, monkeypatch)


def test_whoever_enrolled_before_enrolment_ended_is_on_the_roster(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = build(database=Database.at(postgres)).accept()
    other, slow = stage.taken_up(database=Database.at(postgres)), Slow(Event())
    enrolment = stage.enrolment("ann")
    slow.patch(monkeypatch, "add_enrolment")
    with ThreadPoolExecutor(1) as pool:
        enrolling = pool.submit(stage.intake.enrol, enrolment)
        assert slow.begun.wait(LATE)
        other.engine.book.end_enrolment()
        assert other.intake.enrolled() == (enrolment.annotator,)
        enrolling.result(LATE)

    with pytest.raises(ProtocolError, match="takes no more enrolments"):
        other.intake.enrol(other.enrolment("ben"))
    for each in (stage, other):
        each.database.close()


# ------------------------------------------------------------------------------ processes


@dataclass(frozen=True)
class Told:
    """What a process needs to take messages as the oracle."""

    url: str
    scope: Scope
    params: CampaignParams
    spec: bytes
    roster: frozenset[Address]
    assigned: dict[Address, frozenset[int]]
    now: int

    def intake(self) -> Intake:
        spec = Spec.parse(self.spec)
        return Intake(
            scope=self.scope,
            params=self.params,
            spec=spec,
            limit=LIMIT,
            book=Messages(Database.at(self.url), self.scope.campaign_id),
            now=lambda: self.now,
            sign=development_signer("oracle tests", "oracle").sign_digest,
            is_seated=lambda _: True,
            roster=self.roster,
            assigned=self.assigned,
        )


def told(service: Service) -> Told:
    stage = service.first
    return Told(
        service.url,
        stage.scope,
        stage.params,
        stage.spec.canonical_bytes,
        frozenset(stage.intake.roster or ()),
        {each: frozenset(items) for each, items in (stage.intake.assigned or {}).items()},
        stage.chain.now(),
    )


def take(told: Told, messages: Sequence[SignedCommit]) -> list[bytes | str]:
    """The receipts of messages in their order, or the name of what refused them."""
    intake, results = told.intake(), list[bytes | str]()
    for message in messages:
        try:
            results.append(intake.commit(message))
        except ProtocolError as error:
            results.append(type(error).__name__)
    intake.book.database.close()
    return results


def take_together(told: Told, messages: Sequence[SignedCommit]) -> list[bytes | str]:
    """The same, as a busy service takes them: several by one transaction."""
    intake, results = told.intake(), list[bytes | str]()
    for start in range(0, len(messages), TOGETHER):
        work = Commits(intake, messages[start : start + TOGETHER])
        taking.take(intake.book.database, [work])
        results += [each if isinstance(each, bytes) else type(each).__name__ for each in work.answers()]
    intake.book.database.close()
    return results


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """One for each replica, which takes long to load what it needs."""
    with ProcessPoolExecutor(REPLICAS, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("take", [take, take_together])
def test_processes_that_take_different_batches_of_the_same_numbers(
    service: Service,
    processes: ProcessPoolExecutor,
    take: Callable[[Told, Sequence[SignedCommit]], list[bytes | str]],
) -> None:
    """Each is sent its own version first; in the midst of it the round ends."""
    versions = {
        label: [service.sealed(name, label, batch) for batch in range(LIMIT) for name in NAMES]
        for label in (GOOD, BAD, keccak(b"x")[:2])
    }
    orders = [[each for label in labels for each in versions[label]] for labels in _turned(list(versions))]
    stage = service.first
    work = [processes.submit(take, told(service), order) for order in orders]
    deadline = time.monotonic() + 60
    while len(service.kept()) < LIMIT and time.monotonic() < deadline:
        time.sleep(0.002)
    stage.engine.book.close_round(0)
    made = stage.engine.aggregate(0)
    results = [each.result() for each in work]

    receipted: dict[SignedCommit, set[bytes]] = {}
    for order, answers in zip(orders, results, strict=True):
        for message, answer in zip(order, answers, strict=True):
            if isinstance(answer, bytes):
                receipted.setdefault(message, set()).add(answer)
    assert made is not None
    assert set(receipted) == set(made.commits) == set(service.kept())
    assert all(len(receipts) == 1 for receipts in receipted.values())
    numbers = [(message.annotator, message.commit.batch) for message in receipted]
    assert len(set(numbers)) == len(numbers) >= LIMIT
    refusals = {answer for answers in results for answer in answers if isinstance(answer, str)}
    assert refusals <= {"ReplayError", "CommitmentError"}
    posted = stage.engine.post_commits(0)
    assert posted is not None
    assert posted.root == made.root


def _turned(things: list[bytes]) -> list[list[bytes]]:
    return [things[start:] + things[:start] for start in range(len(things))]
