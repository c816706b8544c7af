from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from labelshare.errors import VerificationError
from labelshare.protocol.evidence import (
    CommitRow,
    Header,
    OpeningRow,
    PayoutRow,
    Row,
    SeatRow,
    bundle_hash,
    write_row,
)
from labelshare.protocol.record import OwnCommit, Posted, Record
from labelshare.protocol.rounds import roster_root
from labelshare.protocol.settlement import build
from labelshare.protocol.slashing import Audit
from labelshare.protocol.typed_data import sign
from labelshare.protocol.verify import Report, verify
from labelshare.types import Address, Commit, Hash32, Settlement, keccak
from tests.protocol.world import World, account, key, propose, small_world

WORLD = small_world()
BUILT = WORLD.build()
RECORD = propose(WORLD.record(), BUILT)
OTHER = keccak(b"other")


def judged(rows: list[Row], record: Record = RECORD) -> Report:
    """The verdict on altered rows, the posted hash being that of the altered bundle."""
    lines = [write_row(row) for row in rows]
    assert record.posted is not None
    settlement = replace(record.posted.settlement, bundle_hash=bundle_hash(lines))
    return verify(replace(record, posted=replace(record.posted, settlement=settlement)), lines)


def test_what_was_built_is_what_is_recomputed() -> None:
    found = verify(RECORD, BUILT.bundle)

    assert found.audit == Audit(items=0, right=0, right_by_majority=0, chance=0, gold=0, void=0)
    assert replace(found, audit=None) == Report(
        ok=True,
        annotators=4,
        labels=13,
        labelled=5,
        accepted=4,
        payout_total=10_509,
        share_total=10_500_000_000_000_000_000,
    )


def test_pieces_are_judged_as_the_whole() -> None:
    assert verify(RECORD, (BUILT.bundle[i : i + 97] for i in range(0, len(BUILT.bundle), 97))).ok


def test_a_fee_is_checked_once_it_is_known() -> None:
    assert RECORD.posted is not None
    assert verify(replace(RECORD, posted=replace(RECORD.posted, fee=None)), BUILT.bundle).ok
    report = verify(replace(RECORD, posted=replace(RECORD.posted, fee=526)), BUILT.bundle)
    assert report.difference == "fee is 526, recomputed 525"


def test_without_a_proposal_there_is_nothing_to_judge() -> None:
    with pytest.raises(VerificationError, match="no settlement is posted"):
        verify(WORLD.record(), BUILT.bundle)


@pytest.mark.parametrize("data", [b"", b"garbage", b"{}\n", BUILT.bundle[:-1], BUILT.bundle + b"\n"])
def test_bytes_that_are_no_bundle_are_a_difference(data: bytes) -> None:
    report = verify(RECORD, data)
    assert not report.ok
    assert report.difference.startswith(f"the bundle has hash {bundle_hash([data])}, posted ")


def test_other_bytes_than_those_posted_are_named() -> None:
    rows = list(BUILT.rows)
    last = rows[-2]
    assert isinstance(last, PayoutRow)
    rows[-2] = replace(last, payout=7)
    report = verify(RECORD, map(write_row, rows))
    assert report.difference.startswith("the bundle has hash")
    assert "; first difference: payout of " in report.difference


def test_a_wrong_payout_is_named() -> None:
    rows = [
        replace(row, payout=12) if isinstance(row, PayoutRow) and row.index == 2 else row
        for row in BUILT.rows
    ]
    right = next(row for row in BUILT.rows if isinstance(row, PayoutRow) and row.index == 2)
    assert judged(rows).difference == f"payout of {right.account} is 12, recomputed {right.payout}"


def without(kind: type[Row], place: int = 0) -> list[Row]:
    rows = list(BUILT.rows)
    rows.remove([row for row in rows if isinstance(row, kind)][place])
    return rows


def test_a_missing_and_an_extra_payout_are_named() -> None:
    last = [row for row in BUILT.rows if isinstance(row, PayoutRow)][-1]
    assert judged(without(PayoutRow, -1)).difference == f"PayoutRow of {last.account} is missing"
    extra = replace(last, index=4, account=Address(b"\xff" * 20))
    rows = [*BUILT.rows[:-1], extra, BUILT.rows[-1]]
    assert judged(rows).difference == f"PayoutRow of {extra.account} should not be there"


def test_an_enrolment_signed_by_another_is_named() -> None:
    seat = next(row for row in BUILT.rows if isinstance(row, SeatRow) and row.signature)
    rows = [replace(row, signature=sign(OTHER, key("eve"))) if row == seat else row for row in BUILT.rows]
    assert judged(rows).difference.startswith(f"enrolment of {seat.annotator}: signed by 0x")


@pytest.mark.parametrize("field", [field.name for field in fields(Settlement) if field.name != "bundle_hash"])
def test_every_posted_figure_is_recomputed(field: str) -> None:
    assert RECORD.posted is not None
    posted = RECORD.posted.settlement
    value = getattr(posted, field)
    wrong: Any = OTHER if isinstance(value, Hash32) else value + 1
    report = verify(replace(RECORD, posted=Posted(replace(posted, **{field: wrong}))), BUILT.bundle)
    assert report.difference == f"{field} of posted settlement is {wrong}, recomputed {value}"


def first_round(record: Record, **changes: Any) -> Record:
    return replace(record, rounds=(replace(record.rounds[0], **changes), *record.rounds[1:]))


OWN = RECORD.own_commits[0]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda r: replace(r, chain_id=1), "chain id is 31337"),
        (lambda r: replace(r, registry=account("x")), "registry is"),
        (lambda r: replace(r, campaign_id=OTHER), "campaign is"),
        (lambda r: replace(r, params=replace(r.params, fee_bps=1)), "fee_bps of the campaign is 500"),
        (lambda r: replace(r, pool=replace(r.pool, nonce=2)), "nonce of the pool is 1"),
        (lambda r: replace(r, escrow=5_000), "payout of"),
        (lambda r: replace(r, roster_root=OTHER), "roster root is"),
        (lambda r: replace(r, roster_count=4), "number of signed seats is 3, recomputed 4"),
        (lambda r: replace(r, enrolled_alone=()), f"seat of {account('dan')} has no signature"),
        (
            lambda r: replace(r, enrolled_alone=(*r.enrolled_alone, account("x"))),
            "enrolled alone and has no seat",
        ),
        (lambda r: first_round(r, root=OTHER), "root of round 0 is"),
        (lambda r: first_round(r, item_lists_hash=OTHER), "item_lists_hash of round 0 is"),
        (lambda r: replace(r, rounds=r.rounds[:1]), "RoundRow of round 1 should not be there"),
        (lambda r: replace(r, own_commits=()), "is unsigned, and was not committed alone"),
        (
            lambda r: replace(r, own_commits=(OWN, OwnCommit(account("dan"), replace(OWN.commit, batch=1)))),
            f"batch 1 that {account('dan')} committed alone is missing",
        ),
    ],
)
def test_a_bundle_that_does_not_fit_the_chain_is_found(
    change: Callable[[Record], Record], fault: str
) -> None:
    report = verify(change(RECORD), BUILT.bundle)
    assert not report.ok
    assert fault in report.difference


def test_an_opening_of_a_void_batch_is_named() -> None:
    world = World()
    world.label("ann", 0, {0: 0})
    world.label("ann", 0, {1: 0})
    world.commits.pop(0)  # the batch that stays follows a gap
    opening = world.openings[1]
    world.openings.pop(0)
    built = world.build()
    row = OpeningRow(opening.annotator, opening.commit_hash, opening.secret, opening.items, opening.labels)
    place = [type(each) for each in built.rows].index(CommitRow) + 1
    rows = [*built.rows[:place], row, *built.rows[place:]]
    report = judged(rows, propose(world.record(), built))
    assert report.difference == f"opening of batch 1 of {account('ann')}, which is void"


def test_a_commitment_without_a_seat_is_named() -> None:
    world = World(names=("ann", "bob"))
    world.label("ann", 0, {0: 0})
    record = propose(world.record(), world.build())
    rows = [
        row
        for row in world.build().rows
        if not (isinstance(row, SeatRow) and row.annotator == account("ann"))
    ]
    root = roster_root(world.scope, [account("bob")])
    report = judged(rows, replace(record, roster_root=root, roster_count=1))
    assert report.difference == f"commit of {account('ann')}, who has no seat"


def test_who_left_the_pool_before_the_seed_was_armed_has_no_seat_and_spoils_nothing() -> None:
    world = World(names=("ann", "bob"))
    world.label("ann", 0, {0: 0})
    stays = frozenset([account("ann")])
    world.own.append(OwnCommit(account("bob"), Commit(0, 0, Hash32(b"\1" * 32), 1, 1)))
    record = replace(world.record(), seated=stays)
    built = build(world.spec, record, world.enrolments(), world.commits, world.openings)
    report = verify(propose(record, built), built.bundle)
    assert report.ok, report.difference
    assert report.annotators == 1


def test_who_enrolled_alone_and_was_short_as_the_seed_was_armed_is_listed_and_has_no_seat() -> None:
    """Its enrolment stands on chain and in the bundle; its commitment, alone too, is as if not there."""
    world = World(names=("ann", "bob"), alone=("dan",))
    for name in ("ann", "bob"):
        world.label(name, 0, {0: 0})
    world.label("dan", 0, {0: 1}, alone=True, opened=False)
    stays = frozenset([account("ann"), account("bob")])
    record = replace(world.record(), seated=stays)
    built = build(world.spec, record, world.enrolments(), world.commits, world.openings)
    report = verify(propose(record, built), built.bundle)
    assert report.ok, report.difference
    assert (report.annotators, report.labels) == (2, 2)
    assert SeatRow(account("dan"), b"") in built.rows
    assert not any(isinstance(row, CommitRow) and row.annotator == account("dan") for row in built.rows)

    everyone = verify(propose(world.record(), built), built.bundle)
    assert everyone.difference == f"batch 0 that {account('dan')} committed alone is missing"


def test_a_commitment_of_a_seat_that_left_is_named() -> None:
    world = World(names=("ann", "bob"))
    world.label("ann", 0, {0: 0})
    built = world.build()
    record = replace(propose(world.record(), built), seated=frozenset([account("bob")]))
    report = verify(record, built.bundle)
    assert report.difference == f"commit of {account('ann')}, who has no seat"


@pytest.mark.parametrize("part", ["params", "pool"])
def test_parameters_hash_to_their_ids(part: str) -> None:
    changes: dict[str, Any] = {part: replace(getattr(RECORD, part), nonce=99)}
    header = BUILT.rows[0]
    assert isinstance(header, Header)
    report = judged([replace(header, **changes), *BUILT.rows[1:]], replace(RECORD, **changes))
    assert report.difference.startswith(
        f"hash of the {'campaign' if part == 'params' else 'pool'}'s parameters is 0x"
    )
