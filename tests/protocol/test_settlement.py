from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from labelshare.errors import CommitmentError, EvidenceError, LabelError, ProtocolError, ReplayError
from labelshare.protocol.evidence import PayoutRow, ScoreRow, SeatRow, TruthRow
from labelshare.protocol.labels import SingleChoice
from labelshare.protocol.leaves import payout_leaf
from labelshare.protocol.merkle import verify as verify_proof
from labelshare.protocol.record import OwnCommit, Record
from labelshare.protocol.rewards import ONE_SHARE
from labelshare.protocol.settlement import Built, build, reread
from labelshare.protocol.spec import Spec
from labelshare.protocol.verify import verify
from labelshare.types import ZERO_HASH
from tests.protocol.world import World, account, propose, small_world, spec_fields


def paid(built: Built) -> dict[str, tuple[int, int, int]]:
    """Accepted labels, contested labels and pay of everyone, by name."""
    names = {account(name): name for name in ("ann", "bob", "cat", "dan")}
    scores = {row.annotator: row for row in built.rows if isinstance(row, ScoreRow)}
    return {
        names[row.account]: (scores[row.account].accepted, scores[row.account].contested, row.payout)
        for row in built.rows
        if isinstance(row, PayoutRow)
    }


def truths(built: Built) -> dict[int, tuple[int, bool]]:
    """Winning class and acceptance by item."""
    return {row.item: (row.winner[2], row.accepted) for row in built.rows if isinstance(row, TruthRow)}


def verified(world: World) -> Built:
    built = world.build()
    report = verify(propose(world.record(), built), built.bundle)
    assert report.ok, report.difference
    return built


def test_a_campaign_is_settled_by_the_rules() -> None:
    built = verified(small_world())
    assert truths(built) == {
        0: (0, True),
        1: (1, True),
        2: (truths(built)[2][0], False),
        3: (1, True),
        4: (0, True),
    }
    # cat is wrong on item 0; the batch of bob that nobody opened is unpaid; item 2 is contested three ways.
    assert paid(built) == {
        "ann": (4, 1, 9 * 1001 // 2),
        "bob": (2, 1, 5 * 1001 // 2),
        "cat": (1, 1, 3 * 1001 // 2),
        "dan": (2, 0, 2 * 1001),
    }
    assert built.settlement.payout_total == sum(pay for _, _, pay in paid(built).values())
    assert built.settlement.share_total == 21 * ONE_SHARE // 2
    assert built.settlement.leaves == len(built.payouts) == 4
    assert built.settlement.model_root == ZERO_HASH


def test_the_bundle_does_not_depend_on_the_order_of_arrival() -> None:
    world = small_world()
    one = world.build()
    world.commits.reverse()
    world.openings.reverse()
    world.own.reverse()
    assert world.build().bundle == one.bundle


def test_every_payout_is_proven() -> None:
    built = small_world().build()
    tree = built.payout_tree()
    assert tree.root == built.settlement.payout_root
    for index, row in enumerate(built.payouts):
        assert verify_proof(tree.root, payout_leaf(built.scope, row), tree.proof(index))


def test_seats_alone_stand_on_the_roster_without_signature() -> None:
    seats = [row for row in small_world().build().rows if isinstance(row, SeatRow)]
    assert {row.annotator for row in seats if not row.signature} == {account("dan")}


def test_a_campaign_without_labels_settles_to_nothing() -> None:
    settlement = verified(World()).settlement
    roots = (settlement.payout_root, settlement.label_root, settlement.truth_root)
    assert (*roots, settlement.payout_total, settlement.leaves) == (ZERO_HASH, ZERO_HASH, ZERO_HASH, 0, 0)


def test_the_first_label_for_an_item_counts() -> None:
    world = World()
    world.label("ann", 0, {0: 0})
    world.label("ann", 1, {0: 1, 1: 1})
    built = verified(world)
    assert truths(built) == {0: (0, True), 1: (1, True)}
    assert paid(built)["ann"][:2] == (2, 0)


def test_a_label_for_an_item_that_does_not_exist_counts_for_nothing() -> None:
    world = World()
    world.label("ann", 0, {0: 0, 6: 0, 2**32 - 1: 0})
    assert truths(verified(world)) == {0: (0, True)}


def test_a_void_batch_is_unpaid_opened_or_not() -> None:
    world = World()
    world.label("ann", 1, {0: 0})
    world.label("ann", 0, {1: 0})
    assert truths(verified(world)) == {0: (0, True)}


def test_nothing_is_paid_beyond_the_slice_of_the_seat() -> None:
    world = World(params={"stake_per_label": 100_000})  # a slice of 250,000 covers two labels
    world.label("ann", 0, {0: 0, 1: 0})
    world.label("ann", 1, {2: 0})
    assert set(truths(verified(world))) == {0, 1}


def test_pay_gives_way_when_the_budget_is_short() -> None:
    world = small_world()
    world.escrow = 5_250
    built = verified(world)
    assert 4_997 <= built.settlement.payout_total <= 5_000
    assert paid(built)["dan"][2] == 2002 * 5_000 // 10_509


def test_a_commitment_sent_both_ways_is_paid_once() -> None:
    world = World()
    world.label("ann", 0, {0: 0})
    world.label("ann", 0, {0: 0}, alone=True)
    world.own[0] = replace(world.own[0], commit=world.commits[0].commit)
    world.openings.pop()
    assert paid(verified(world))["ann"][:2] == (1, 0)


def falsely_listed() -> World:
    """The oracle publishes item 2 for ann's batch of items 0 and 1."""
    world = World()
    world.label("ann", 0, {0: 0, 1: 0})
    world.commits[0] = replace(world.commits[0], items=(0, 2))
    return world


def test_a_label_that_its_published_list_does_not_hold_counts_for_nothing() -> None:
    """Else an oracle could let a friend label an item and pass the same place on."""
    assert set(truths(verified(falsely_listed()))) == {0}


def test_whoever_is_listed_falsely_sends_the_commitment_alone_and_is_paid() -> None:
    world = falsely_listed()
    world.own.append(OwnCommit(account("ann"), world.commits[0].commit))
    built = verified(world)
    assert set(truths(built)) == {0, 1}
    assert paid(built)["ann"][:2] == (2, 0)


def rendezvous_world() -> World:
    """Sixteen seats and thirty items by rendezvous; some silent, some alone, some labelling at will."""
    fields = spec_fields(
        assignment={"policy": "rendezvous.v1"}, items=[{"digest": f"{item:064x}"} for item in range(30)]
    )
    world = World(names=tuple(f"seat{number}" for number in range(16)), fields=fields)
    for number in range(3):
        for place, (name, items) in enumerate(sorted(world.places(number).items())):
            if place % 5 == 4:
                continue
            unassigned = next(item for item in range(30) if item not in items) if place == 1 else items[0]
            answers = {item: item % 3 for item in {*items[:6], unassigned}}
            used = sum(own.commit.count for own in world.own if own.annotator == account(name))
            used += sum(c.commit.count for c in world.commits if c.annotator == account(name))
            if used + len(answers) <= 6:
                world.label(name, number, answers, alone=place == 2)
    return world


def test_only_assigned_labels_count_under_rendezvous() -> None:
    world = rendezvous_world()
    built = verified(world)
    sent = sum(len(opening.items) for opening in world.openings)
    report = verify(propose(world.record(), built), built.bundle)
    assert 0 < report.labels < sent
    assert report.labels <= 30 * 3
    assert {commit.commit.round for commit in world.commits} == {0, 1, 2}
    given = World(names=world.names, fields=world.fields | {"assignment": {"policy": "given.v1"}})
    assert given.spec.hash != world.spec.hash


def refusal(change: Callable[[World], Any]) -> tuple[World, Record]:
    world = small_world()
    record = world.record()
    change(world)
    return world, record


@pytest.mark.parametrize(
    ("change", "error", "fault"),
    [
        (lambda w: w.commits.pop(), ProtocolError, "do not make the aggregate"),
        (lambda w: w.commits.append(w.commits[0]), ReplayError, "given twice"),
        (lambda w: w.openings.append(replace(w.openings[0])), ReplayError, "given twice"),
        (
            lambda w: w.openings.append(replace(w.openings[0], commit_hash=ZERO_HASH)),
            CommitmentError,
            "no such commitment",
        ),
        (
            lambda w: w.openings.__setitem__(0, replace(w.openings[0], secret=ZERO_HASH)),
            CommitmentError,
            "opening has root",
        ),
        (
            lambda w: w.commits.__setitem__(0, replace(w.commits[0], annotator=account("eve"))),
            CommitmentError,
            "not on the roster",
        ),
        (
            lambda w: w.commits.__setitem__(0, replace(w.commits[0], signature=b"")),
            CommitmentError,
            "unsigned",
        ),
        (
            lambda w: setattr(w, "spec", Spec.of(spec_fields(title="Other"))),
            ProtocolError,
            "the campaign's spec is",
        ),
        (lambda w: setattr(w, "names", ("ann", "bob")), ProtocolError, "enrolments give roster"),
    ],
)
def test_evidence_that_does_not_fit_the_record_is_refused(
    change: Callable[[World], Any], error: type[Exception], fault: str
) -> None:
    world, record = refusal(change)
    with pytest.raises(error, match=fault):
        build(world.spec, record, world.enrolments(), world.commits, world.openings)


def test_parameters_that_do_not_hash_to_their_ids_are_refused() -> None:
    world = small_world()
    for changes in ({"params": replace(world.campaign, nonce=8)}, {"pool": replace(world.pool, nonce=8)}):
        with pytest.raises(ProtocolError, match="the parameters are not those of"):
            build(world.spec, replace(world.record(), **changes), world.enrolments(), world.commits, [])


def test_a_label_that_is_not_canonical_is_refused() -> None:
    world = World()
    form = world.spec.task.form
    assert isinstance(form, SingleChoice)
    world.spec.task.__dict__["form"] = replace(form, classes=("a",) * 300)
    world.label("ann", 0, {0: 299})
    del world.spec.task.__dict__["form"]
    with pytest.raises(LabelError, match="class 299 of 3 does not exist"):
        world.build()


def test_shares_give_way_to_the_cap_and_the_work_is_paid_all_the_same() -> None:
    world = World(params={"share_cap": ONE_SHARE})
    world.label("ann", 0, {0: 0, 1: 0})
    settlement = verified(world).settlement
    assert (settlement.payout_total, settlement.share_total) == (2_002, ONE_SHARE)


def test_a_settlement_is_reread_from_its_bundle() -> None:
    for world in (small_world(), World()):
        built = world.build()

        assert reread(built.bundle) == built


def test_a_bundle_that_is_cut_off_or_none_is_not_reread() -> None:
    bundle = small_world().build().bundle
    lines = bundle.splitlines(keepends=True)
    for kept in (lines[:-1], lines[1:], lines[:1], []):
        with pytest.raises(EvidenceError):
            reread(b"".join(kept))
    with pytest.raises(EvidenceError):
        reread(bundle[:-5])
    assert (
        reread(bundle).settlement.bundle_hash
        != reread(b"".join([*lines[:-2], lines[-1]])).settlement.bundle_hash
    )
