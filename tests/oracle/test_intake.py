"""Whatever an annotator may not send is refused with one clear error, and nothing has changed then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from labelshare.errors import CommitmentError, LabelError, ProtocolError, ReplayError, SignatureError
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, opening_hash
from labelshare.types import CampaignId, keccak
from tests.oracle.stage import ITEMS, LIMIT, NAMES, Stage, build, nothing_changes

GOOD, BAD = bytes([1, 0, 0]), bytes([1, 0, 1])
GARBAGE = b"\x01\x00"


# ---------------------------------------------------------------------------- enrolment


@pytest.fixture(scope="module")
def enrolling() -> Stage:
    """Accepted; ann has enrolled, ben is leaving the pool."""
    stage = build().accept().enrol("ann")
    stage.sender.send(stage.people["ben"], stage.contracts.registry.leave(stage.params.pool))
    return stage


def other_campaign(stage: Stage) -> Enrolment:
    return stage.enrolment("cleo", replace(stage.scope, campaign_id=CampaignId(keccak(b"another"))))


def other_chain(stage: Stage) -> Enrolment:
    return stage.enrolment("cleo", replace(stage.scope, chain_id=1))


def other_registry(stage: Stage) -> Enrolment:
    return stage.enrolment("cleo", replace(stage.scope, registry=stage.dataset))


def by_a_stranger(stage: Stage) -> Enrolment:
    digest = typed_data.digest(stage.scope, typed_data.enrol_hash(stage.scope.campaign_id))
    return Enrolment(stage.stranger.address, stage.stranger.sign_digest(digest))


ENROLMENTS: dict[str, tuple[Callable[[Stage], Enrolment], type[ProtocolError], str]] = {
    "signed by somebody else": (
        lambda stage: stage.enrolment("cleo", signer=stage.stranger),
        SignatureError,
        "signed by 0x.*, not by",
    ),
    "for another campaign": (other_campaign, SignatureError, "not by"),
    "for another chain": (other_chain, SignatureError, "not by"),
    "for another registry": (other_registry, SignatureError, "not by"),
    "cut short": (
        lambda stage: replace(stage.enrolment("cleo"), signature=stage.enrolment("cleo").signature[:64]),
        SignatureError,
        "65 bytes",
    ),
    "without a seat": (by_a_stranger, ProtocolError, "no whole seat"),
    "with a seat on its way out": (lambda stage: stage.enrolment("ben"), ProtocolError, "no whole seat"),
}


@pytest.mark.parametrize("case", ENROLMENTS)
def test_enrolments_refused(enrolling: Stage, case: str) -> None:
    message, error, match = ENROLMENTS[case]

    with nothing_changes(enrolling), pytest.raises(error, match=match) as caught:
        enrolling.intake.enrol(message(enrolling))

    assert type(caught.value) is error


def test_nobody_enrols_once_the_roster_is_on_its_way() -> None:
    stage = build().accept().enrol("ann", "ben")
    stage.engine.post_roster()

    with nothing_changes(stage), pytest.raises(ProtocolError, match="no more enrolments"):
        stage.annotators["cleo"].enrol()

    stage.chain.advance_to(stage.schedule.enrol_end)
    stage.engine.arm_seed()
    stage.chain.mine(5)
    stage.engine.draw_seed()
    with nothing_changes(stage), pytest.raises(ProtocolError, match="no more enrolments"):
        stage.annotators["cleo"].enrol()
    assert stage.intake.roster == {stage.people[name].address for name in ("ann", "ben")}


def test_enrolment_ends_when_the_contract_takes_no_roster_any_more() -> None:
    stage = build().accept()
    roster_end = stage.schedule.enrol_end - stage.schedule.grace

    stage.chain.advance_to(roster_end - 1)
    stage.annotators["ann"].enrol()
    stage.chain.advance_to(roster_end)
    with nothing_changes(stage), pytest.raises(ProtocolError, match="no more enrolments"):
        stage.annotators["ben"].enrol()


def test_who_enrols_twice_is_enrolled_once(enrolling: Stage) -> None:
    (before,) = enrolling.engine.book.enrolments()

    with nothing_changes(enrolling):
        enrolling.annotators["ann"].enrol()
        enrolling.intake.enrol(enrolling.enrolment("ann"))

    assert enrolling.engine.book.enrolments() == [before]


def test_no_batch_is_taken_before_the_roster_closes(enrolling: Stage) -> None:
    batch = enrolling.sealed(enrolling.people["ann"], {0: GOOD})[0]

    assert enrolling.intake.roster is None
    with nothing_changes(enrolling), pytest.raises(ProtocolError, match="the roster is still open"):
        enrolling.intake.commit(batch)


# ------------------------------------------------------------------------------ commits


@pytest.fixture(scope="module")
def working() -> Stage:
    """Round 0: ann has handed in two of her four labels; dora has a seat but did not enrol."""
    return build().accept().enrol("ann", "ben", "cleo").draw().begin().label("ann")


def labels(stage: Stage, count: int, name: str = "ann") -> dict[int, bytes]:
    return dict.fromkeys(stage.free_items(name)[:count], GOOD)


def commit(stage: Stage, count: int = 1, **changes: Any) -> SignedCommit:
    """Ann's next batch, but for the changes."""
    arguments: dict[str, Any] = {"batch": 1, "before": 2, **changes}
    return stage.sealed(stage.people["ann"], labels(stage, count), **arguments)[0]


def received(stage: Stage, name: str = "ann") -> SignedCommit:
    """What the oracle has of an annotator: one batch."""
    (signed,) = [each for each in stage.engine.book.commits() if each.annotator == stage.people[name].address]
    return signed


def altered(stage: Stage, **changes: Any) -> SignedCommit:
    """Ann's next batch, changed after she signed it."""
    signed = commit(stage)
    return replace(signed, commit=replace(signed.commit, **changes))


def foreign_item(stage: Stage) -> SignedCommit:
    assigned = stage.engine.assigned_to(stage.people["ann"].address) or frozenset()
    item = min(set(range(ITEMS)) - assigned)
    return stage.sealed(stage.people["ann"], {item: GOOD}, batch=1, before=2)[0]


def shuffled(stage: Stage) -> SignedCommit:
    signed = commit(stage, 2)
    return replace(signed, items=signed.items[::-1])


COMMITS: dict[str, tuple[Callable[[Stage], SignedCommit], type[ProtocolError], str]] = {
    "signed by somebody else": (
        lambda stage: commit(stage, by=stage.people["ben"]),
        SignatureError,
        "signed by 0x.*, not by",
    ),
    "for another campaign": (
        lambda stage: commit(stage, scope=replace(stage.scope, campaign_id=CampaignId(keccak(b"another")))),
        SignatureError,
        "not by",
    ),
    "for another chain": (
        lambda stage: commit(stage, scope=replace(stage.scope, chain_id=1)),
        SignatureError,
        "not by",
    ),
    "root altered": (lambda stage: altered(stage, root=keccak(b"other labels")), SignatureError, "not by"),
    "batch altered": (lambda stage: altered(stage, batch=2), SignatureError, "not by"),
    "count altered": (lambda stage: altered(stage, count=2, cumulative_count=4), SignatureError, "not by"),
    "round altered": (lambda stage: altered(stage, round=1), SignatureError, "not by"),
    "in the name of another": (
        lambda stage: replace(commit(stage), annotator=stage.people["ben"].address),
        SignatureError,
        "not by",
    ),
    "signature with v of 0": (
        lambda stage: replace(commit(stage), signature=commit(stage).signature[:64] + b"\0"),
        SignatureError,
        "27 or 28",
    ),
    "the same again with other items": (
        lambda stage: replace(received(stage), items=tuple(stage.free_items("ann")[:2])),
        ReplayError,
        "batch 0 of .* is in already, and is another one",
    ),
    "the same again with an item less": (
        lambda stage: replace(received(stage), items=received(stage).items[:1]),
        ReplayError,
        "batch 0 of .* is in already, and is another one",
    ),
    "the same again, signed by somebody else": (
        lambda stage: replace(received(stage), signature=commit(stage, by=stage.people["ben"]).signature),
        SignatureError,
        "not by",
    ),
    "a taken number": (lambda stage: commit(stage, batch=0, before=0), ReplayError, "batch 0 of .* is in"),
    "a gap": (lambda stage: commit(stage, batch=2), CommitmentError, "batch 2 follows a gap: 1 is next"),
    "sum too high": (
        lambda stage: commit(stage, cumulative_count=4),
        CommitmentError,
        "cumulative count 4, should be 3",
    ),
    "sum too low": (lambda stage: commit(stage, before=1), CommitmentError, "count 2, should be 3"),
    "beyond the limit": (lambda stage: commit(stage, 3), CommitmentError, "5 labels exceed the limit of 4"),
    "empty": (
        lambda stage: replace(
            stage.sealed(stage.people["ann"], {0: GOOD}, batch=1, before=2, count=0, cumulative_count=2)[0],
            items=(),
        ),
        CommitmentError,
        "batch 1 of .* is empty",
    ),
    "fewer items than counted": (
        lambda stage: replace(commit(stage, 2), items=commit(stage, 2).items[:1]),
        CommitmentError,
        "lists 1 items for 2 labels",
    ),
    "items not ascending": (shuffled, CommitmentError, "must ascend"),
    "an item twice": (
        lambda stage: replace(commit(stage, 2), items=commit(stage, 2).items[:1] * 2),
        CommitmentError,
        "must ascend",
    ),
    "an item of somebody else": (foreign_item, CommitmentError, r"item \d+ is not assigned to"),
    "an item that does not exist": (
        lambda stage: stage.sealed(stage.people["ann"], {ITEMS: GOOD}, batch=1, before=2)[0],
        CommitmentError,
        "item 20 does not exist: there are 20",
    ),
    "the next round": (lambda stage: commit(stage, number=1), CommitmentError, "round 1 does not take"),
    "a round that there is not": (lambda stage: commit(stage, number=2), CommitmentError, "only 2"),
    "not on the roster": (
        lambda stage: stage.sealed(stage.people["dora"], {0: GOOD})[0],
        ProtocolError,
        "not on the roster",
    ),
}


@pytest.mark.parametrize("case", COMMITS)
def test_commits_refused(working: Stage, case: str) -> None:
    message, error, match = COMMITS[case]

    with nothing_changes(working), pytest.raises(error, match=match) as caught:
        working.intake.commit(message(working))

    assert type(caught.value) is error


def test_what_is_refused_above_is_right_but_for_its_fault() -> None:
    """The batch that all refused ones are made from is taken, so each refusal is for its own reason."""
    stage = build().accept().enrol("ann", "ben", "cleo").draw().begin().label("ann")

    receipt = stage.intake.commit(commit(stage, 2))

    name = typed_data.commit_hash(stage.scope.campaign_id, commit(stage, 2).commit)
    struct = typed_data.receipt_hash(stage.scope.campaign_id, stage.people["ann"].address, name)
    assert typed_data.recover(typed_data.digest(stage.scope, struct), receipt) == stage.oracle.address


def test_the_same_batch_again_gets_the_same_receipt_and_is_kept_once() -> None:
    """However late: its round is over, and the time to open has begun."""
    stage = build().accept().enrol().draw().begin().label("ann")
    signed, (batch,) = received(stage), stage.annotators["ann"].batches

    with nothing_changes(stage):
        assert stage.intake.commit(signed) == batch.receipt
    stage.engine.post_commits(0)
    stage.reveal()
    with nothing_changes(stage):
        assert stage.intake.commit(signed) == batch.receipt

    assert stage.engine.book.commits() == [signed]


def test_whoever_copies_anothers_commitment_displaces_nothing() -> None:
    """Ben signs the very commitment that ann made, and hands it in first."""
    stage = build().accept().enrol().draw().begin()
    items = sorted(set(stage.free_items("ann")) & set(stage.free_items("ben")))[:1]
    anns, opening = stage.sealed(stage.people["ann"], dict.fromkeys(items, GOOD))
    digest = typed_data.digest(stage.scope, opening.commit_hash)
    bens = replace(
        anns, annotator=stage.people["ben"].address, signature=stage.people["ben"].sign_digest(digest)
    )

    receipts = [stage.intake.commit(each) for each in (bens, anns)]

    assert len(set(receipts)) == 2
    assert [received(stage, name) for name in ("ann", "ben")] == [anns, bens]
    stage.engine.post_commits(0)
    stage.reveal()
    stage.intake.open(opening)
    with nothing_changes(stage), pytest.raises(CommitmentError, match="opening has root"):
        stage.intake.open(replace(opening, annotator=bens.annotator))
    assert stage.engine.book.openings() == [opening]


def test_a_round_takes_batches_from_its_start_until_before_its_close() -> None:
    stage = build().accept().enrol().draw()
    schedule = stage.schedule
    stage.engine.begin_round(0)

    stage.chain.advance_to(schedule.round_start(0) - 1)
    with nothing_changes(stage), pytest.raises(CommitmentError, match="round 0 does not take batches now"):
        stage.label("ann", count=1)
    stage.chain.advance_to(schedule.round_start(0))
    stage.label("ann", count=1)
    stage.chain.advance_to(schedule.aggregate_close(0) - 1)
    stage.label("ann", count=1)
    stage.chain.advance_to(schedule.aggregate_close(0))
    with nothing_changes(stage), pytest.raises(CommitmentError, match="round 0 does not take batches now"):
        stage.label("ann", count=1)

    assert [batch.commit.cumulative_count for batch in stage.annotators["ann"].batches] == [1, 2]


def test_no_batch_is_taken_before_it_is_known_who_labels_what() -> None:
    stage = build().accept().enrol().draw()
    stage.chain.advance_to(stage.schedule.round_start(0))
    batch = stage.sealed(stage.people["ann"], {0: GOOD})[0]

    with nothing_changes(stage), pytest.raises(CommitmentError, match="round 0 does not take batches now"):
        stage.intake.commit(batch)


def test_no_batch_is_taken_by_the_assignment_of_the_round_before() -> None:
    stage = build().accept().enrol().draw().begin()
    items = stage.free_items("ann")
    stage.engine.post_commits(0)
    stage.chain.advance_to(stage.schedule.round_start(1))
    batch = stage.sealed(stage.people["ann"], dict.fromkeys(items[:1], GOOD), number=1)[0]

    with nothing_changes(stage), pytest.raises(CommitmentError, match="round 1 does not take batches now"):
        stage.intake.commit(batch)


def test_no_receipt_is_given_for_what_the_posted_root_does_not_hold() -> None:
    """The receipt binds the oracle's bond, and a round has one root."""
    stage = build().accept().enrol().draw().begin().label("ann")
    made = stage.engine.post_commits(0)

    with nothing_changes(stage), pytest.raises(CommitmentError, match="round 0 does not take batches now"):
        stage.label("ben")

    assert made is not None
    assert [signed.annotator for signed in made.commits] == [stage.people["ann"].address]


def test_the_limit_is_what_the_seat_covers_where_that_is_less_than_the_cap() -> None:
    stage = build(seat_stake=3 * 10**18).accept().enrol().draw().begin()

    with nothing_changes(stage), pytest.raises(CommitmentError, match="4 labels exceed the limit of 3"):
        stage.label("ann", count=4)
    stage.label("ann", count=3)


def test_assigned_is_what_the_protocol_says(working: Stage) -> None:
    """Two places an item, filled by three annotators: each item is offered twice, none to dora."""
    offered = [
        item
        for name in NAMES
        for item in working.engine.assigned_to(working.people[name].address) or frozenset()
    ]
    assert sorted(offered) == sorted([*range(ITEMS)] * 2)
    assert not working.engine.assigned_to(working.people["dora"].address)
    assert working.intake.limit == LIMIT


# ----------------------------------------------------------------------------- openings


@pytest.fixture(scope="module")
def revealing() -> Stage:
    """All is committed; dora has opened, and cleo sealed bytes that are no label."""
    stage = build().accept().enrol().draw().begin()
    for name in ("ann", "ben", "dora"):
        stage.label(name)
    cleo = stage.people["cleo"]
    stage.intake.commit(stage.sealed(cleo, dict.fromkeys(stage.free_items("cleo")[:2], GARBAGE))[0])
    stage.engine.post_commits(0)
    return stage.reveal("dora")


def opening_of(stage: Stage, name: str = "ann", **changes: Any) -> Opening:
    return replace(stage.annotators[name].batches[0].opening, **changes)


def garbage(stage: Stage) -> Opening:
    cleo = stage.people["cleo"]
    return stage.sealed(cleo, dict.fromkeys(received(stage, "cleo").items, GARBAGE))[1]


def moved_item(stage: Stage) -> Opening:
    first, second = opening_of(stage).items
    free = next(item for item in range(ITEMS) if item not in (first, second))
    return opening_of(stage, items=tuple(sorted((free, second))))


OPENINGS: dict[str, tuple[Callable[[Stage], Opening], type[ProtocolError | LabelError], str]] = {
    "secret altered": (
        lambda stage: opening_of(stage, secret=keccak(b"other")),
        CommitmentError,
        "opening has root",
    ),
    "label altered": (
        lambda stage: opening_of(stage, labels=(GOOD, BAD)),
        CommitmentError,
        "opening has root",
    ),
    "label altered to garbage": (
        lambda stage: opening_of(stage, labels=(GOOD, GARBAGE)),
        CommitmentError,
        "opening has root",
    ),
    "item altered": (moved_item, CommitmentError, "opening has root"),
    "items swapped": (
        lambda stage: opening_of(stage, items=opening_of(stage).items[::-1]),
        CommitmentError,
        "must ascend",
    ),
    "a label left out": (
        lambda stage: opening_of(stage, items=opening_of(stage).items[:1], labels=(GOOD,)),
        CommitmentError,
        "1 labels opened, 2 committed",
    ),
    "more items than labels": (
        lambda stage: opening_of(stage, labels=(GOOD,)),
        CommitmentError,
        "2 items with 1 labels",
    ),
    "nothing in it": (
        lambda stage: opening_of(stage, items=(), labels=()),
        CommitmentError,
        "1 to 65536 labels",
    ),
    "the batch of another": (
        lambda stage: opening_of(stage, annotator=stage.people["ben"].address),
        CommitmentError,
        "committed no batch",
    ),
    "of no batch": (
        lambda stage: opening_of(stage, commit_hash=keccak(b"none")),
        CommitmentError,
        "committed no batch",
    ),
    "another batch's labels": (
        lambda stage: replace(
            opening_of(stage, "ben"),
            commit_hash=opening_of(stage).commit_hash,
            annotator=stage.people["ann"].address,
        ),
        CommitmentError,
        "opening has root",
    ),
    "opened before, with another secret": (
        lambda stage: opening_of(stage, "dora", secret=keccak(b"other")),
        CommitmentError,
        "opening has root",
    ),
    "opened before, with another label": (
        lambda stage: opening_of(stage, "dora", labels=(GOOD, BAD)),
        CommitmentError,
        "opening has root",
    ),
    "garbage, sealed as garbage": (
        garbage,
        LabelError,
        r"item \d+: 0x0100 \(2 bytes\) is not the canonical form",
    ),
}


@pytest.mark.parametrize("case", OPENINGS)
def test_openings_refused(revealing: Stage, case: str) -> None:
    message, error, match = OPENINGS[case]

    with nothing_changes(revealing), pytest.raises(error, match=match) as caught:
        revealing.intake.open(message(revealing))

    assert type(caught.value) is error


def test_the_same_opening_again_gets_the_same_receipt_and_is_kept_once() -> None:
    """However late: the time to open is over."""
    stage = build().accept().enrol().draw().work().reveal("dora")
    (batch,) = stage.annotators["dora"].batches

    with nothing_changes(stage):
        assert stage.intake.open(batch.opening) == batch.opening_receipt
    stage.chain.advance_to(stage.schedule.reveal_end)
    with nothing_changes(stage):
        assert stage.intake.open(batch.opening) == batch.opening_receipt

    assert stage.engine.book.openings() == [batch.opening]


def test_batches_are_opened_from_the_last_rounds_end_until_before_the_reveals_end() -> None:
    stage = build().accept().enrol().draw().work()
    untimely = "batches are opened between the last round and the end of the reveal"

    stage.chain.advance_to(stage.schedule.commit_end - 1)
    with nothing_changes(stage), pytest.raises(CommitmentError, match=untimely):
        stage.intake.open(opening_of(stage, "ann"))
    stage.chain.advance_to(stage.schedule.commit_end)
    receipt = stage.intake.open(opening_of(stage, "ann"))
    stage.chain.advance_to(stage.schedule.reveal_end - 1)
    stage.intake.open(opening_of(stage, "ben"))
    stage.chain.advance_to(stage.schedule.reveal_end)
    with nothing_changes(stage), pytest.raises(CommitmentError, match=untimely):
        stage.intake.open(opening_of(stage, "cleo"))

    opening = opening_of(stage, "ann")
    struct = typed_data.opening_receipt_hash(
        stage.scope.campaign_id, opening.annotator, opening_hash(opening)
    )
    assert typed_data.recover(typed_data.digest(stage.scope, struct), receipt) == stage.oracle.address
    assert len(stage.engine.book.openings()) == 2
