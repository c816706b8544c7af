"""What an oracle publishes is checked against the chain: the roster, and the item lists of a round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from labelshare.client.annotator import Annotator
from labelshare.errors import CommitmentError, ProtocolError
from labelshare.oracle.intake import Intake
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.protocol.rounds import aggregate
from labelshare.types import Address
from tests.oracle.stage import NAMES, Stage, build


@dataclass
class Showing:
    """The oracle's intake, but for what it shows of what it posted."""

    intake: Intake
    show: Callable[[Any], Any]

    def enrol(self, enrolment: Enrolment) -> None:
        self.intake.enrol(enrolment)

    def enrolled(self) -> Sequence[Address]:
        return list(self.show(list(self.intake.enrolled())))

    def commit(self, signed: SignedCommit) -> bytes:
        return self.intake.commit(signed)

    def published(self, number: int) -> Sequence[SignedCommit]:
        return list(self.show(self.intake.published(number)))

    def open(self, opening: Opening) -> bytes:
        return self.intake.open(opening)


def refuse(_: Any) -> Any:
    raise ProtocolError("not today")


def served(stage: Stage, name: str, show: Callable[[Any], Any]) -> Annotator:
    """The same annotator, with the same store, whom the oracle shows something else."""
    return replace(stage.annotators[name], transport=Showing(stage.intake, show))


# ---------------------------------------------------------------------------- the roster


def test_the_place_on_the_roster_is_kept_and_enough_to_commit_alone() -> None:
    stage = build().accept().enrol()
    stage.engine.post_roster()
    ann = stage.annotators["ann"]
    ann.check_roster(stage.record())
    stage.draw().begin()

    silent = served(stage, "ann", refuse)
    batch = silent.keep(0, {0: 0, 1: 1})
    stage.chain.advance_to(stage.schedule.aggregate_close(0))
    silent.commit_alone(stage.sender, batch)

    (own,) = stage.record().own_commits
    assert (own.annotator, own.commit) == (ann.address, batch.commit)


def test_no_roster_is_shown_while_enrolment_runs() -> None:
    stage = build().accept().enrol()

    with pytest.raises(ProtocolError, match="enrolment is not over"):
        stage.annotators["ann"].check_roster(stage.record())


@pytest.mark.parametrize(
    ("show", "message"),
    [
        (lambda roster: roster[1:], "not the one that it posted"),
        (lambda roster: [*roster, Address(b"\7" * 20)], "not the one that it posted"),
        (lambda _: [], "not the one that it posted"),
        (refuse, "not today"),
    ],
)
def test_a_roster_that_does_not_make_the_posted_root(show: Callable[[Any], Any], message: str) -> None:
    stage = build().accept().enrol()
    stage.engine.post_roster()

    with pytest.raises(ProtocolError, match=message):
        served(stage, "ann", show).check_roster(stage.record())
    assert stage.annotators["ann"].book.roster_proof() is None


def test_a_roster_without_the_annotator() -> None:
    stage = build().accept().enrol(*NAMES[1:])
    stage.engine.post_roster()

    with pytest.raises(CommitmentError, match="is not on the roster"):
        stage.annotators["ann"].check_roster(stage.record())


# ------------------------------------------------------------------------- the item lists


@pytest.fixture(scope="module")
def worked() -> Stage:
    """Round 0 is posted with all that was handed in."""
    return build().accept().enrol().draw().work()


def test_nobody_is_left_out_by_an_honest_oracle(worked: Stage) -> None:
    assert all(each.left_out(worked.record(), 0) == [] for each in worked.annotators.values())
    assert worked.annotators["ann"].left_out(worked.record(), 1) == []


def test_lists_are_not_shown_while_the_round_takes_batches() -> None:
    stage = build().accept().enrol().draw().begin().label("ann")

    with pytest.raises(ProtocolError, match="round 0 still takes batches"):
        stage.intake.published(0)


@pytest.mark.parametrize(
    "show",
    [
        refuse,
        lambda _: [],
        lambda commits: commits[1:],
        lambda commits: [*commits, commits[0]],
        lambda commits: [replace(each, items=(0, 1)) for each in commits],
        lambda commits: [replace(each, items=each.items[:1]) for each in commits],
    ],
)
def test_what_does_not_make_root_and_hash_shows_nothing(worked: Stage, show: Callable[[Any], Any]) -> None:
    ann = served(worked, "ann", show)

    assert ann.left_out(worked.record(), 0) == worked.annotators["ann"].batches


def test_a_batch_missing_from_the_posted_root_is_committed_alone() -> None:
    stage = build().accept().enrol()
    stage.engine.post_roster()
    for each in stage.annotators.values():
        each.check_roster(stage.record())
    stage.draw().begin().label("ann").label("ben")
    ann = stage.annotators["ann"]
    others = [each for each in stage.engine.book.commits() if each.annotator != ann.address]
    made = aggregate(stage.scope, 0, others)
    post = stage.contracts.registry.commit_aggregate(stage.params, 0, made.root, made.item_lists_hash)
    stage.sender.send(stage.oracle, post)
    stage.engine.book.close_round(0)

    (batch,) = served(stage, "ann", lambda _: others).left_out(stage.record(), 0)
    stage.chain.advance_to(stage.schedule.aggregate_close(0))
    ann.commit_alone(stage.sender, batch)

    assert [each.commit for each in stage.record().own_commits] == [batch.commit]
    assert served(stage, "ben", lambda _: others).left_out(stage.record(), 0) == []


def test_a_list_with_other_items_than_were_sealed_is_noticed() -> None:
    """The root holds the commitment, the posted hash another list for it."""
    stage = build().accept().enrol().draw().begin().label("ann").label("ben")
    ann = stage.annotators["ann"]
    (batch,) = ann.batches
    false = tuple(item + 1 if item == batch.opening.items[-1] else item for item in batch.opening.items)
    commits = [
        replace(each, items=false) if each.annotator == ann.address else each
        for each in stage.engine.book.commits()
    ]
    made = aggregate(stage.scope, 0, commits)
    post = stage.contracts.registry.commit_aggregate(stage.params, 0, made.root, made.item_lists_hash)
    stage.sender.send(stage.oracle, post)
    stage.engine.book.close_round(0)

    assert served(stage, "ann", lambda _: commits).left_out(stage.record(), 0) == [batch]
    assert served(stage, "ben", lambda _: commits).left_out(stage.record(), 0) == []
