"""Taken up again: whatever step a process ended after, the next one over store and chain goes on there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.contracts import Parts
from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.node import Chain, Receipt
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.errors import CommitmentError, EvidenceError, ProtocolError, RevertError
from labelshare.protocol import settlement
from labelshare.protocol.verify import verify
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.schema import bundles, commits
from tests.databases import fresh
from tests.oracle.stage import COIN, ITEMS, NAMES, Stage, build, nothing_changes

Step = Callable[[Stage], object]


class Crash(BaseException):
    """A process that ends here."""


@dataclass
class Counting:
    """A chain that counts what is sent to it, and at which a process may end while it sends."""

    chain: Chain
    sent: list[SignedTransaction] = field(default_factory=list)
    ends: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        if self.ends == "before":
            raise Crash
        outcome = self.chain.include(transactions)
        if self.ends == "after":
            raise Crash
        self.sent += transactions
        return outcome


def enrol(stage: Stage) -> None:
    stage.enrol()


def arm(stage: Stage) -> None:
    if stage.chain.now() < stage.schedule.enrol_end:
        stage.chain.advance_to(stage.schedule.enrol_end)
    stage.engine.arm_seed()


def draw(stage: Stage) -> None:
    if stage.engine.state().seed == bytes(32):
        stage.chain.mine(5)
    stage.engine.draw_seed()


def begin(stage: Stage, number: int) -> None:
    start = stage.schedule.round_start(number)
    if stage.chain.now() < start:
        stage.chain.advance_to(start)
    stage.engine.begin_round(number)


def hand_in(stage: Stage, number: int) -> None:
    """Everyone labels two assigned items a round, whoever did that before no more.

    A process that takes up a round begins it first, to know who is assigned what.
    """
    begin(stage, number)
    for name in NAMES:
        annotator = stage.annotators[name]
        annotator.deliver()
        if not [batch for batch in annotator.batches if batch.commit.round == number]:
            stage.label(name, number)


def reveal(stage: Stage) -> None:
    if stage.chain.now() < stage.schedule.commit_end:
        stage.chain.advance_to(stage.schedule.commit_end)
    for annotator in stage.annotators.values():
        for batch in annotator.batches:
            annotator.open(batch)


def propose(stage: Stage) -> None:
    if stage.chain.now() < stage.schedule.reveal_end:
        stage.chain.advance_to(stage.schedule.reveal_end)
    stage.engine.propose()


def finalize(stage: Stage) -> None:
    if stage.engine.state().status is Status.PROPOSED:
        stage.chain.advance_to(stage.engine.state().since + stage.schedule.window)
    stage.engine.finalize()


def free_place(stage: Stage) -> None:
    end = stage.schedule.slash_end(stage.engine.state().since)
    if stage.chain.now() < end:
        stage.chain.advance_to(end)
    stage.engine.free_place()


STEPS: dict[str, Step] = {
    "accept": lambda stage: stage.engine.accept(),
    "enrol": enrol,
    "post the roster": lambda stage: stage.engine.post_roster(),
    "arm the seed": arm,
    "draw the seed": draw,
    "begin round 0": lambda stage: begin(stage, 0),
    "hand in, round 0": lambda stage: hand_in(stage, 0),
    "post round 0": lambda stage: stage.engine.post_commits(0),
    "begin round 1": lambda stage: begin(stage, 1),
    "hand in, round 1": lambda stage: hand_in(stage, 1),
    "post round 1": lambda stage: stage.engine.post_commits(1),
    "reveal": reveal,
    "propose": propose,
    "finalize": finalize,
    "pay": lambda stage: stage.engine.pay_everyone(Parts.BOTH),
    "free the place": free_place,
}
SENDING = {
    "accept",
    "post the roster",
    "arm the seed",
    "draw the seed",
    "post round 0",
    "post round 1",
    "propose",
    "finalize",
    "pay",
    "free the place",
}


def counted(stage: Stage, ends: str = "") -> tuple[Stage, Counting]:
    """The same by new processes; what they send is counted."""
    chain = Counting(stage.sender.chain, ends=ends)
    sender = Sender(chain, TransactionJournal(stage.database))  # type: ignore[arg-type]
    return stage.taken_up(sender=sender), chain


def summary(stage: Stage) -> tuple[object, ...]:
    """What it all came to."""
    built = stage.engine.settled()
    assert verify(stage.record(), built.bundle).ok
    return built.settlement, built.payouts, stage.balances()


def lived(stage: Stage) -> tuple[object, ...]:
    for step in STEPS.values():
        step(stage)
    return summary(stage)


@pytest.fixture(scope="module")
def undisturbed() -> tuple[object, ...]:
    """What a campaign comes to whose processes never end."""
    return lived(build())


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path)
    yield database
    database.close()


def test_new_processes_after_every_step_make_no_difference(
    file: Database, undisturbed: tuple[object, ...]
) -> None:
    """With a store in a file. Every step is asked for three times, by two processes; the first counts."""
    stage, sent = build(database=file), {}
    for name, step in STEPS.items():
        stage, chain = counted(stage.taken_up(sender=Sender(stage.chain)))
        step(stage)
        sent[name] = len(chain.sent)
        with nothing_changes(stage):
            step(stage)
        stage, again = counted(stage.taken_up(sender=Sender(stage.chain)))
        before = stage.balances(), stage.chain.block_number
        step(stage)
        assert (stage.balances(), stage.chain.block_number) == before, name
        assert again.sent == [], name

    assert {name for name, count in sent.items() if count} == SENDING
    assert summary(stage) == undisturbed


@pytest.mark.parametrize("ends", ["before", "after"])
def test_a_process_that_ends_while_it_sends_any_step_makes_no_difference(
    undisturbed: tuple[object, ...], ends: str
) -> None:
    """The transaction is stored; it went out, or did not."""
    stage = build()
    for name, step in STEPS.items():
        dying, _ = counted(stage.taken_up(sender=Sender(stage.chain)), ends)
        if name in SENDING:
            with pytest.raises(Crash):
                step(dying)
        stage, _ = counted(stage.taken_up(sender=Sender(stage.chain)))
        step(stage)
        assert TransactionJournal(stage.database).pending() == []

    assert summary(stage)[:2] == undisturbed[:2]
    labels = [entry for entry, _ in TransactionJournal(stage.database).gas()]
    for label in ("accept", "postRoster", "armSeed", "drawSeed", "propose", "finalize", "freePlace"):
        assert labels.count(f"TaskRegistry.{label}") == 1, label
    assert labels.count("TaskRegistry.commitAggregate") == 2


@pytest.mark.parametrize("ends", ["before", "after"])
def test_the_same_process_goes_on_after_a_node_that_did_not_answer(ends: str) -> None:
    """What the oracle asks the chain, it asks once all that it stored is there."""
    stage, chain = counted(build())
    for name, step in STEPS.items():
        if name in SENDING:
            chain.ends = ends
            with pytest.raises(Crash):
                step(stage)
            chain.ends = ""
        step(stage)

    assert stage.engine.state().status is Status.FINAL


def test_the_seed_is_armed_again_where_its_block_was_missed() -> None:
    stage = build().accept().enrol()
    stage.engine.post_roster()
    arm(stage)
    first = stage.engine.state().seed_block
    with nothing_changes(stage):
        stage.engine.arm_seed()
    stage.chain.mine(300)

    stage.taken_up().engine.arm_seed()

    assert stage.engine.state().seed_block > first
    draw(stage)
    assert stage.engine.state().seed != bytes(32)
    with nothing_changes(stage):
        stage.engine.arm_seed()


# --------------------------------------------------------------------- in between


def test_enrolment_that_nobody_came_to_stays_open() -> None:
    stage = build().accept()
    with nothing_changes(stage), pytest.raises(ProtocolError, match="nobody has enrolled"):
        stage.engine.post_roster()

    stage.taken_up().enrol("ann")

    assert [each.annotator for each in stage.engine.book.enrolments()] == [stage.people["ann"].address]


def test_no_batch_is_taken_by_a_new_process_before_it_knows_who_labels_what() -> None:
    """The round is on in the store, and the roster known; the assignment is not yet."""
    stage = build().accept().enrol().draw().begin().label("ben")
    foreign = min(set(range(ITEMS)) - set(stage.free_items("ann")))
    later = stage.taken_up()
    with nothing_changes(later), pytest.raises(ProtocolError, match="the roster is still open"):
        later.annotators["ann"].submit(0, {foreign: 0})
    later.engine.draw_seed()

    assert later.engine.book.round() == 0
    assert later.engine.assigned_to(stage.people["ann"].address) == frozenset()
    with nothing_changes(later), pytest.raises(CommitmentError, match=f"item {foreign} is not assigned"):
        later.annotators["ann"].submit(0, {foreign: 0})
    later.engine.begin_round(0)
    assert later.intake.assigned == stage.intake.assigned
    with nothing_changes(later), pytest.raises(CommitmentError, match=f"item {foreign} is not assigned"):
        later.annotators["ann"].submit(0, {foreign: 0})
    later.label("ann")


def test_a_receipt_is_given_again_by_a_new_process_before_its_round_has_begun() -> None:
    stage = build().accept().enrol().draw().begin().label("ann")
    (signed,), (batch,) = stage.engine.book.commits(), stage.annotators["ann"].batches

    assert stage.taken_up().intake.commit(signed) == batch.receipt


def test_no_receipt_is_given_for_a_round_whose_root_is_on_its_way() -> None:
    """The root is stored to be sent as the process ends: the next one may not take batches before it is."""
    stage = build().accept().enrol().draw().begin().label("ann")
    dying, _ = counted(stage, "before")
    with pytest.raises(Crash):
        dying.engine.post_commits(0)

    later, _ = counted(stage)
    later.engine.begin_round(0)
    root = later.contracts.registry.round_root(later.scope.campaign_id, 0)

    assert root != bytes(32)
    with pytest.raises(CommitmentError, match="round 0 does not take batches now"):
        later.label("ben")
    made = later.engine.post_commits(0)
    assert made is not None
    assert made.root == root


# -------------------------------------------------------------------- a store that lost


@pytest.mark.parametrize("lost", [("ann",), NAMES])
def test_a_store_that_lost_messages_is_noticed(lost: Sequence[str]) -> None:
    stage = build().accept().enrol().draw().work()
    with stage.database.writing() as connection:
        for name in lost:
            address = bytes(stage.people[name].address)
            connection.execute(commits.delete().where(commits.c.annotator == address))

    later = stage.taken_up()

    root = stage.contracts.registry.round_root(stage.scope.campaign_id, 0)
    with pytest.raises(CommitmentError, match=f"round 0 has root {root}, the store's messages make"):
        later.engine.post_commits(0)


def test_a_settlement_is_read_from_the_stored_bundle() -> None:
    stage = build().accept().enrol().draw().work()
    reveal(stage)
    with pytest.raises(ProtocolError, match="nothing is proposed yet"):
        stage.engine.settled()
    stage.chain.advance_to(stage.schedule.reveal_end)
    built = stage.engine.propose()

    again = stage.taken_up().engine.settled()

    assert again == built
    assert again.bundle == built.bundle
    assert again.payout_tree().root == built.payout_tree().root
    with nothing_changes(stage):
        assert stage.taken_up().engine.propose() == built


def test_a_settlement_whose_bundle_is_lost_or_somebody_elses() -> None:
    stage = build().accept().enrol().draw().work()
    reveal(stage)
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.engine.propose()
    with stage.database.writing() as connection:
        connection.execute(bundles.delete())
    later = stage.taken_up().engine

    for step in (later.settled, lambda: later.pay_everyone(Parts.BOTH)):
        with nothing_changes(stage), pytest.raises(EvidenceError, match="not of a bundle in this store"):
            step()


def test_the_bundle_is_stored_before_the_proposal_is_sent() -> None:
    stage = build().accept().enrol().draw().work()
    reveal(stage)
    stage.chain.advance_to(stage.schedule.reveal_end)
    messages = (stage.engine.book.enrolments(), stage.engine.book.commits(), stage.engine.book.openings())
    built = settlement.build(stage.spec, stage.record(), *messages)
    dying, _ = counted(stage, "before")

    with pytest.raises(Crash):
        dying.engine.propose()

    assert stage.engine.book.bundle(built.settlement.bundle_hash) == built.bundle


def test_who_was_paid_is_not_paid_again_by_a_new_process() -> None:
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    stage.settle()
    stage.taken_up().engine.pay_everyone(Parts.PAYOUT)
    before = stage.balances()

    later, chain = counted(stage)
    later.engine.pay_everyone(Parts.BOTH)

    after = stage.balances()
    assert [after[name] - before[name] for name in NAMES] == [0] * 4
    assert [after[f"{name}'s shares"] for name in NAMES] == [2 * COIN] * 4
    assert len(chain.sent) == 1


def test_two_stores_of_one_chain_are_strangers() -> None:
    """Another store has none of the messages: it neither settles nor answers for the first."""
    chain = connect()
    stage = build(chain).accept().enrol().draw().work()
    other = stage.taken_up(database=fresh())

    assert other.engine.book.commits() == []
    with pytest.raises(CommitmentError, match="the store's messages make none"):
        other.engine.post_commits(0)
