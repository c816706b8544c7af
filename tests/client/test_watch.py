"""What the watch finds due, how records are kept, and the requester's gold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from labelshare.chain.campaign import Campaign
from labelshare.chain.state import CampaignState, Contest, Status
from labelshare.client.annotator import Batch
from labelshare.client.duties import Duty, Kind, OnChain, Policy, Situation, duties, patience
from labelshare.client.gold_watch import GoldWatch
from labelshare.client.keeping import Keeping, folder_of
from labelshare.client.working import assigned_alone, hand_in
from labelshare.errors import CommitmentError, InputError, ProtocolError, StoreError
from labelshare.protocol.commitments import Opening
from labelshare.protocol.gold import SealedGold, posted_gold
from labelshare.types import NOBODY, ZERO_HASH, Address, Commit, Hash32, keccak
from tests.chain.world import schedule
from tests.client.gold import GOLD, requester, worked
from tests.oracle.stage import Stage, build

ANN = Address(b"\x01" * 20)
LINE = replace(schedule(1_000_000), rounds=2)
SEED = Hash32(keccak(b"seed"))
COMMIT = Commit(0, 0, Hash32(keccak(b"root")), 1, 1)


def batch(**changes: Any) -> Batch:
    opening = Opening(ANN, Hash32(keccak(b"name")), Hash32(keccak(b"secret")), (0,), (b"x",))
    return replace(Batch(COMMIT, opening), **changes)


def state(status: Status = Status.OPEN, since: int = 0, **changes: Any) -> CampaignState:
    plain = CampaignState(
        status=status,
        committed=True,
        place_freed=False,
        since=since,
        seed_block=0,
        escrow=10**20,
        bond=10**19,
        roster_root=ZERO_HASH,
        seed=SEED,
        settlement=ZERO_HASH,
    )
    return replace(plain, **changes)


def contest(**changes: Any) -> Contest:
    return replace(Contest(NOBODY, 0, 0, 0, 0, 0, 0, 0, NOBODY, NOBODY, 0), **changes)


@pytest.fixture(scope="module")
def params() -> Any:
    return replace(build().params, schedule=LINE)


def found(
    params: Any, now: int, one: Batch | None, chain: OnChain | None = None, **changes: Any
) -> list[Duty]:
    """What has to be done about one batch, or none."""
    plain = Situation(
        ANN,
        params,
        state(),
        contest(),
        now,
        100,
        batches=(one,) if one else (),
        on_chain={0: chain or OnChain()} if one else {},
        enrolled=True,
        placed=True,
    )
    return duties(replace(plain, **changes))


def due(params: Any, now: int, one: Batch | None, chain: OnChain | None = None, **changes: Any) -> list[Kind]:
    return [each.kind for each in found(params, now, one, chain, **changes) if each.is_due(now)]


CLOSE, END = LINE.aggregate_close(0), LINE.round_end(0)


@pytest.mark.parametrize(
    ("now", "one", "chain", "kinds"),
    [
        # No receipt: handed in until the oracle takes nothing more, then committed alone, until the end.
        (CLOSE - 1, batch(), OnChain(), [Kind.HAND_IN]),
        (CLOSE, batch(), OnChain(), [Kind.COMMIT_ALONE]),
        (END - 1, batch(), OnChain(), [Kind.COMMIT_ALONE]),
        (END, batch(), OnChain(), []),
        # A receipt and no root: alone as soon as the oracle can post none.
        (CLOSE - 1, batch(receipt=b"r"), OnChain(), []),
        (CLOSE, batch(receipt=b"r"), OnChain(), [Kind.COMMIT_ALONE]),
        # A root and no proof: asked for, for a while.
        (CLOSE - 1, batch(receipt=b"r"), OnChain(root=True), [Kind.KEEP_PROOF]),
        (CLOSE + patience(LINE.grace) - 1, batch(receipt=b"r"), OnChain(root=True), [Kind.KEEP_PROOF]),
        (
            CLOSE + patience(LINE.grace),
            batch(receipt=b"r"),
            OnChain(root=True),
            [Kind.KEEP_PROOF, Kind.COMMIT_ALONE],
        ),
        # Included, or alone: nothing.
        (END - 1, batch(receipt=b"r"), OnChain(root=True, included=True), []),
        (END - 1, batch(), OnChain(alone=True), []),
        # Meant for the chain: at once.
        (CLOSE - 1, batch(alone=True), OnChain(), [Kind.COMMIT_ALONE]),
        # The reveal: to the oracle, then on chain, unless it signed.
        (LINE.commit_end, batch(receipt=b"r"), OnChain(root=True, included=True), [Kind.OPEN]),
        (
            LINE.commit_end + LINE.reveal_period // 2,
            batch(receipt=b"r"),
            OnChain(root=True, included=True),
            [Kind.OPEN, Kind.REVEAL],
        ),
        (
            LINE.reveal_end - 1,
            batch(receipt=b"r", opening_receipt=b"o"),
            OnChain(root=True, included=True),
            [],
        ),
        (LINE.commit_end, batch(alone=True), OnChain(alone=True), [Kind.REVEAL]),
        (LINE.commit_end, batch(alone=True), OnChain(alone=True, revealed=True), []),
        # The rescue.
        (
            LINE.settle_end + patience(LINE.rescue_period),
            batch(receipt=b"r", opening_receipt=b"o"),
            OnChain(root=True, included=True),
            [Kind.REVEAL],
        ),
        (LINE.settle_end + LINE.rescue_period, batch(alone=True), OnChain(alone=True), []),
        # A receipt that was not kept: held against the oracle, then against its bond.
        (
            LINE.commit_end + patience(LINE.reveal_period),
            batch(receipt=b"r"),
            OnChain(root=False),
            [Kind.POST_RECEIPT],
        ),
        (LINE.reveal_end, batch(receipt=b"r"), OnChain(), []),
        (LINE.reveal_end + 9, batch(receipt=b"r"), OnChain(receipt_end=LINE.reveal_end + 10), []),
        (
            LINE.reveal_end + 10,
            batch(receipt=b"r"),
            OnChain(receipt_end=LINE.reveal_end + 10),
            [Kind.FORFEIT],
        ),
        (LINE.reveal_end + 10, batch(receipt=b"r"), OnChain(receipt_end=None), []),
    ],
)
def test_what_is_due_for_a_batch(
    params: Any, now: int, one: Batch, chain: OnChain, kinds: list[Kind]
) -> None:
    assert due(params, now, one, chain) == kinds


def test_what_the_lists_lack_is_committed_at_once(params: Any) -> None:
    late = {"left_out": frozenset({0})}

    assert due(params, CLOSE - 60, batch(receipt=b"r"), OnChain(root=True), **late)[-1] is Kind.COMMIT_ALONE


def test_nothing_is_proposed_or_contested_without_leave_to_lock_a_bond(params: Any) -> None:
    start = LINE.settle_end + LINE.rescue_period + patience(LINE.public_period)
    opened, chain = batch(alone=True), OnChain(alone=True, revealed=True)
    brave = {"policy": Policy(most_locked=1)}
    wrong: dict[str, Any] = {"state": state(Status.PROPOSED, start), "fault": "wrong", "bundle": True}

    assert due(params, start, opened, chain) == []
    assert due(params, start, opened, chain, **brave) == [Kind.PROPOSE]
    assert due(params, start - LINE.public_period, opened, chain, **brave) == []
    assert due(params, start + 1, opened, chain, **wrong) == []
    assert due(params, start + 1, opened, chain, **wrong, **brave) == [Kind.CHALLENGE]
    assert due(params, start + 1, opened, chain, **wrong, **brave, own=True) == []


def test_a_settlement_that_cannot_be_checked_is_contested_late(params: Any) -> None:
    opened, chain = batch(alone=True), OnChain(alone=True, revealed=True)
    hidden: dict[str, Any] = {"state": state(Status.PROPOSED, 0), "policy": Policy(most_locked=1)}

    assert due(params, LINE.window // 2, opened, chain, **hidden) == [Kind.CHECK]
    assert due(params, LINE.window - 1, opened, chain, **hidden) == [Kind.CHECK, Kind.CHALLENGE]


def test_enrolment_goes_to_the_chain_where_the_oracle_does_not_show_the_place(params: Any) -> None:
    close = LINE.enrol_end - LINE.grace
    new: dict[str, Any] = {"state": state(seed=ZERO_HASH), "enrolled": False, "placed": False}

    assert due(params, close - 1, None, **new) == [Kind.ENROL]
    assert due(params, close, None, **new) == []
    assert due(params, close + patience(LINE.grace), None, **new) == [Kind.ENROL_ALONE]
    assert due(params, LINE.enrol_end, None, **new) == []


# ------------------------------------------------------------------------ the records


def keeping(stage: Stage, root: Path, name: str = "ann") -> Keeping:
    return Keeping.open(root, stage.deployment, stage.chain, stage.people[name])


def test_records_are_of_one_account_alone_to_read(tmp_path: Path) -> None:
    stage = build().accept().enrol().draw().begin()
    held = keeping(stage, tmp_path)
    campaign = held.follow(stage.scope.campaign_id, stage.spec, "")
    annotator = held.annotator(campaign, stage.intake)
    items = stage.free_items("ann")
    hand_in(annotator, 0, {items[0]: 1})
    held.sender.send(stage.people["ann"], stage.contracts.registry.leave(stage.params.pool))

    folder = folder_of(
        tmp_path, stage.chain.chain_id, stage.deployment.registry.address, stage.people["ann"].address
    )
    assert held.folder == folder
    assert S_IMODE(folder.stat().st_mode) == 0o700
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert files
    assert {S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    held.close()

    moved = keeping(stage, tmp_path / "elsewhere")
    assert moved.take_in(keeping(stage, tmp_path).exported()) > 0
    (followed,) = moved.followed.all()
    (same,) = moved.annotator(moved.campaign(followed), stage.intake).batches
    assert (same, len(same.receipt)) == (annotator.batches[0], 65)
    with pytest.raises(StoreError, match="of another account"):
        keeping(stage, tmp_path, "ben").take_in(moved.exported())
    with pytest.raises(InputError, match="this is no export"):
        moved.take_in(b"something")


def test_two_machines_that_sealed_other_answers_are_told(tmp_path: Path) -> None:
    stage = build().accept().enrol().draw().begin()
    items = stage.free_items("ann")
    here, there = (keeping(stage, tmp_path / name) for name in ("here", "there"))
    for held, item in ((here, items[0]), (there, items[1])):
        campaign = held.follow(stage.scope.campaign_id, stage.spec, "")
        held.annotator(campaign, stage.intake).keep(0, {item: 1})

    with pytest.raises(StoreError, match="batch 0 was sealed on both machines, with other answers"):
        here.take_in(there.exported())


def test_who_labels_what_is_known_without_the_oracle(tmp_path: Path) -> None:
    stage = build().accept().enrol().draw()
    held = keeping(stage, tmp_path)
    annotator = held.annotator(held.follow(stage.scope.campaign_id, stage.spec, ""), stage.intake)
    with pytest.raises(ProtocolError, match="who is on the roster was not kept"):
        assigned_alone(annotator, stage.record(), stage.pool, 0)
    annotator.check_roster(stage.record())
    stage.begin()

    assert assigned_alone(annotator, stage.record(), stage.pool, 0) == stage.free_items("ann")
    stage.label("ben").engine.post_commits(0)
    with pytest.raises(ProtocolError, match="follows from the oracle's lists"):
        assigned_alone(annotator, stage.record(), stage.pool, 1)


# --------------------------------------------------------------------------- the gold


def test_gold_is_revealed_once_and_by_nobody_twice() -> None:
    stage = worked()
    campaign = Campaign(stage.deployment, stage.contracts, stage.scope, stage.pool, stage.params, stage.spec)
    watch = GoldWatch(campaign, requester(stage), GOLD)
    stage.chain.advance_to(stage.schedule.commit_end)
    assert watch.step() is False
    assert watch.due_at() == stage.schedule.commit_end + patience(stage.schedule.reveal_period)
    stage.chain.advance_to(watch.due_at() or 0)

    assert watch.step() is True

    assert posted_gold(stage.spec, stage.record().gold)
    head = stage.chain.block_number
    assert (watch.step(), watch.due_at(), stage.chain.block_number) == (False, None, head)
    other = SealedGold.of(keccak(b"other"), {0: bytes([1, 0, 0])})
    with pytest.raises(CommitmentError, match="the spec seals another"):
        GoldWatch(campaign, requester(stage), other)


def test_gold_that_is_too_late_is_not_revealed() -> None:
    stage = worked()
    campaign = Campaign(stage.deployment, stage.contracts, stage.scope, stage.pool, stage.params, stage.spec)
    stage.chain.advance_to(stage.schedule.reveal_end)

    assert GoldWatch(campaign, requester(stage), GOLD).step() is False
