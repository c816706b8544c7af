"""Openings on chain: which count, that the oracle leaves none out, and that others have no more than them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from labelshare.errors import ProtocolError
from labelshare.protocol.commitments import label_bytes
from labelshare.protocol.evidence import CommitRow, OpeningRow, PayoutRow, Row, SeatRow
from labelshare.protocol.labels import SingleChoice
from labelshare.protocol.record import OwnCommit, Posted, Record
from labelshare.protocol.reveals import lowest_ranks, named_commits, posted_openings
from labelshare.protocol.rewards import ONE_SHARE
from labelshare.protocol.settlement import Built, build_public
from labelshare.protocol.spec import Spec
from labelshare.protocol.verify import Report, verify
from labelshare.types import ZERO_HASH, Address
from tests.protocol.test_settlement import rendezvous_world, truths
from tests.protocol.test_verify import judged
from tests.protocol.world import PROPOSED, SEED, World, account, propose, small_world, spec_fields

DRAFT = Posted(small_world().build().settlement, place=PROPOSED)
LAST_BEFORE = (PROPOSED[0] - 1, 7)


def posted_by(world: World) -> list[str]:
    """Whose openings are on chain, as a proposal at `PROPOSED` finds them."""
    names = {account(name): name for name in (*world.names, *world.alone, "eve")}
    record = replace(world.record(), posted=DRAFT)
    return [names[annotator] for annotator, _ in posted_openings(record, world.spec.task.form)]


def left_out(name: str, batch: int = 0) -> str:
    return f"left out the opening of batch {batch} of {account(name)}, which is posted on chain"


# ------------------------------------------------------------- which openings count


def test_an_opening_on_chain_is_that_which_was_sealed() -> None:
    world = small_world()
    world.reveal("cat")
    _, opening = world.opening("cat")
    found = posted_openings(world.record(), world.spec.task.form)
    assert found == {(account("cat"), opening.commit_hash): opening}


def test_an_opening_sent_twice_is_one() -> None:
    world = small_world()
    world.reveal("cat")
    world.reveal("cat", labels=b"")
    world.reveal("cat")
    assert posted_by(world) == ["cat"]


@pytest.mark.parametrize(
    ("place", "counts"),
    [
        (LAST_BEFORE, True),
        ((PROPOSED[0], PROPOSED[1]), False),
        ((PROPOSED[0], PROPOSED[1] + 1), False),
        ((PROPOSED[0] + 1, 0), False),
    ],
)
def test_an_opening_counts_if_it_came_before_the_proposal(place: tuple[int, int], counts: bool) -> None:
    world = small_world()
    world.reveal("cat", place=place)
    assert posted_by(world) == (["cat"] if counts else [])


def test_in_a_block_the_log_index_decides() -> None:
    world = small_world()
    world.reveal("cat", place=(9, 3))
    for index, counts in ((3, False), (4, True)):
        record = replace(world.record(), posted=replace(DRAFT, place=(9, index)))
        assert bool(posted_openings(record, world.spec.task.form)) is counts


def test_before_a_proposal_every_opening_so_far_counts() -> None:
    world = small_world()
    world.reveal("cat", place=(2**40, 5))
    assert len(posted_openings(world.record(), world.spec.task.form)) == 1


GOOD = label_bytes((0, 1, 2), (b"\1\0\1", b"\1\0\1", b"\1\0\0"))


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": ZERO_HASH},
        {"labels": b""},
        {"labels": GOOD[:-1]},
        {"labels": GOOD + b"\0"},
        {"labels": GOOD[13:] + GOOD[:13]},
        {"labels": label_bytes((0, 1), (b"\1\0\1", b"\1\0\1"))},
        {"labels": label_bytes((0, 1, 3), (b"\1\0\1", b"\1\0\1", b"\1\0\0"))},
        {"labels": label_bytes((0, 1, 2), (b"\1\0\1", b"\1\0\1", b"\1\0\1"))},
        {"labels": label_bytes((0, 1, 2**40), (b"\1\0\1", b"\1\0\1", b"\1\0\0"))},
        {"annotator": account("ann")},
    ],
)
def test_an_opening_that_does_not_fit_its_commitment_is_void(changes: dict[str, Any]) -> None:
    world = small_world()
    assert world.reveal("cat").labels == GOOD
    assert posted_by(world) == ["cat"]
    world.reveals.clear()
    world.reveal("cat", **changes)
    assert posted_by(world) == []
    world.reveal("cat")
    assert posted_by(world) == ["cat"]


def test_a_label_of_a_class_that_the_task_lacks_makes_the_opening_void() -> None:
    world = World()
    form = world.spec.task.form
    assert isinstance(form, SingleChoice)
    world.spec.task.__dict__["form"] = replace(form, classes=("a",) * 300)
    world.label("ann", 0, {0: 0, 1: 299})
    world.label("bob", 0, {0: 0})
    del world.spec.task.__dict__["form"]
    world.reveal("ann")
    world.reveal("bob")
    assert posted_by(world) == ["bob"]


# ----------------------------------------------------- the oracle leaves nothing out


def without_cat(change: Callable[[World], object]) -> Report:
    """The verdict on the oracle's settlement without cat's opening, after something happened on chain."""
    world = small_world()
    kept = list(world.openings)
    world.withhold("cat")
    built = world.build()
    world.openings = kept
    change(world)
    return verify(propose(world.record(), built), built.bundle)


def test_an_opening_left_out_that_is_on_chain_is_named() -> None:
    assert without_cat(lambda _: None).ok
    assert without_cat(lambda world: world.reveal("cat")).difference == left_out("cat")


def test_of_several_left_out_the_first_commitment_is_named() -> None:
    world = small_world()
    kept, world.openings = world.openings, []
    built = world.build()
    world.openings = kept
    for name, batch in (("cat", 0), ("ann", 1), ("ann", 0)):
        world.reveal(name, batch)
    ann_first = account("ann") < account("cat")
    report = verify(propose(world.record(), built), built.bundle)
    assert report.difference == left_out("ann" if ann_first else "cat")
    world.reveals = world.reveals[1:2]
    assert verify(propose(world.record(), built), built.bundle).difference == left_out("ann", 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.reveal("cat", secret=ZERO_HASH),
        lambda world: world.reveal("cat", labels=GOOD[:-1]),
        lambda world: world.reveal("cat", place=PROPOSED),
        lambda world: world.reveal("cat", place=(PROPOSED[0] + 1, 0)),
        lambda world: world.reveal("ann"),
    ],
)
def test_an_opening_that_is_void_late_or_there_may_stay_out(change: Callable[[World], object]) -> None:
    report = without_cat(change)
    assert report.ok, report.difference
    assert report.labels == 10


def test_what_only_the_chain_has_is_in_the_oracles_settlement() -> None:
    world = small_world()
    received = world.build()
    world.reveal("cat")
    world.withhold("cat")
    built = world.build()
    assert built == received
    assert verify(propose(world.record(), built), built.bundle).ok


def test_who_has_no_seat_or_whose_batch_is_void_obliges_nobody() -> None:
    world = small_world()
    world.label("eve", 0, {0: 2}, alone=True)
    world.label("ann", 0, {5: 0})  # batch 2 goes back a round
    for name, batch in (("eve", 0), ("ann", 2)):
        world.reveal(name, batch)
    world.withhold("eve")
    built = world.build()
    report = verify(propose(world.record(), built), built.bundle)
    assert report.ok, report.difference
    assert report.labels == 13


# ------------------------------------------- in the oracle's place: the chain alone


def revealed_world(*names: str) -> World:
    """The small world, in which those named opened their first batches on chain."""
    world = small_world()
    for name in names or ("ann", "bob", "cat", "dan"):
        world.reveal(name)
    return world


def public_record(world: World, built: Built | None = None) -> Record:
    return propose(world.record(), built or world.build_public(), public=True)


def test_a_public_settlement_holds_what_is_on_chain_and_no_more() -> None:
    world = revealed_world("ann", "dan")
    built = world.build_public()
    report = verify(public_record(world, built), built.bundle)
    assert (report.ok, report.difference) == (True, "")
    assert (report.annotators, report.labels) == (2, 5)
    assert {row.account for row in built.rows if isinstance(row, PayoutRow)} == {
        account("ann"),
        account("dan"),
    }
    assert [row for row in built.rows if isinstance(row, SeatRow)] == [
        SeatRow(each, b"") for each in sorted([account("ann"), account("dan")])
    ]


def test_nobody_on_chain_gives_a_settlement_of_nothing() -> None:
    world = World()
    world.label("ann", 0, {0: 0})
    built = world.build_public()
    report = verify(public_record(world, built), built.bundle)
    assert report.ok, report.difference
    assert (report.annotators, report.labels, built.payouts) == (0, 0, ())


def test_a_public_settlement_takes_the_campaigns_spec() -> None:
    world = revealed_world()
    with pytest.raises(ProtocolError, match="the campaign's spec is"):
        build_public(Spec.of(spec_fields(title="Other")), world.record())


def altered(world: World, change: Callable[[list[Row]], object]) -> str:
    """The verdict on the world's public bundle with rows changed."""
    built = world.build_public()
    record, rows = public_record(world, built), list(built.rows)
    assert judged(rows, record).ok
    change(rows)
    return judged(rows, record).difference


def annotator_of(row: Row) -> Address | None:
    return row.annotator if isinstance(row, SeatRow | CommitRow | OpeningRow) else None


def drop(kind: type[Row], name: str) -> Callable[[list[Row]], object]:
    """Leaves out the first row of a kind that somebody has."""

    def change(rows: list[Row]) -> None:
        rows.remove(next(r for r in rows if isinstance(r, kind) and annotator_of(r) == account(name)))

    return change


def first(rows: list[Row], kind: type[Row]) -> int:
    """Where the rows of a kind begin."""
    return next(place for place, row in enumerate(rows) if isinstance(row, kind))


def test_a_public_bundle_that_leaves_out_an_opening_is_named() -> None:
    assert altered(revealed_world(), drop(OpeningRow, "bob")) == left_out("bob")


def test_a_public_bundle_with_an_opening_that_is_not_on_chain_is_named() -> None:
    """The opening is good, and its commitment is on chain; only itself is not."""
    world = revealed_world("ann", "bob", "cat")
    _, opening = world.opening("dan")
    extra = OpeningRow(*(getattr(opening, each.name) for each in fields(OpeningRow)))
    order = sorted(map(account, ("ann", "bob", "cat", "dan")))

    def add(rows: list[Row]) -> None:
        rows.insert(first(rows, OpeningRow) + order.index(account("dan")), extra)

    assert altered(world, add) == f"opening of batch 0 of {account('dan')}, which is not posted on chain"


def test_an_opening_posted_after_a_public_proposal_is_not_in_it() -> None:
    world = revealed_world("ann")
    built = world.build_public()
    world.reveal("cat", place=(PROPOSED[0] + 1, 0))
    record = public_record(world, built)
    assert verify(record, built.bundle).ok
    after = world.build_public()  # as a draft, later than both
    assert after.settlement.share_total > built.settlement.share_total
    report = verify(public_record(world, after), after.bundle)
    assert report.difference.startswith(f"SeatRow of {account('cat')} s")


@pytest.mark.parametrize(("kind", "what"), [(SeatRow, "SeatRow of"), (CommitRow, "CommitRow of batch 0 of")])
def test_seats_and_commitments_are_those_that_the_chain_names(kind: type[Row], what: str) -> None:
    """However well another is signed: else a proposer could choose by what it shows."""
    world = revealed_world("ann", "dan")
    order = sorted(map(account, ("ann", "bob", "dan")))
    extra = next(r for r in world.build().rows if isinstance(r, kind) and annotator_of(r) == account("bob"))

    def add(rows: list[Row]) -> None:
        rows.insert(first(rows, kind) + order.index(account("bob")), extra)

    assert altered(world, add).startswith(f"{what} {account('bob')} s")  # stands where …, should not be there
    last = max(account("ann"), account("dan"))
    name = "ann" if last == account("ann") else "dan"
    assert altered(world, drop(kind, name)) == f"{what} {last} is missing"


def test_a_signature_adds_nothing_to_what_the_chain_saw() -> None:
    world = revealed_world("ann")
    signed = next(r for r in world.build().rows if isinstance(r, SeatRow) and r.annotator == account("ann"))

    def sign(rows: list[Row]) -> None:
        rows[first(rows, SeatRow)] = signed

    expected = f"signature of {account('ann')} is 0x{signed.signature.hex()}, recomputed 0x"
    assert altered(world, sign) == expected


def test_the_oracles_bundle_is_no_public_one_nor_the_other_way_round() -> None:
    world = revealed_world()
    full, public = world.build(), world.build_public()
    assert verify(propose(world.record(), full), full.bundle).ok
    assert verify(public_record(world, public), public.bundle).ok
    lowest = min(map(account, ("ann", "bob", "cat")))
    report = verify(public_record(world, full), full.bundle)
    assert report.difference.startswith(f"signature of {lowest} is 0x")
    report = verify(propose(world.record(), public), public.bundle)
    assert report.difference == f"seat of {lowest} has no signature, and it did not enrol alone"


def test_a_void_opening_names_its_commitment() -> None:
    """The batch after one that stays shut stands once the chain has seen both."""
    world = small_world()
    world.reveal("ann", 1)
    assert verify(public_record(world), world.build_public().bundle).labels == 0
    world.reveal("ann", 0, labels=b"")
    built = world.build_public()
    report = verify(public_record(world, built), built.bundle)
    assert (report.ok, report.labels) == (True, 2)
    assert truths(built).keys() == {3, 4}


def test_two_commitments_of_one_number_on_chain_void_the_batch() -> None:
    world = World()
    world.label("ann", 0, {0: 0})
    twin, _ = world.opening("ann")
    world.own.append(OwnCommit(account("ann"), replace(twin, root=ZERO_HASH)))
    world.reveal("ann")
    built = world.build_public()
    report = verify(public_record(world, built), built.bundle)
    assert (report.ok, report.labels) == (True, 0)


def test_who_had_no_whole_seat_as_the_seed_was_armed_is_not_there() -> None:
    world = revealed_world()
    record = replace(world.record(), seated=frozenset([account("ann"), account("bob"), account("cat")]))
    assert account("dan") not in {annotator for annotator, _ in named_commits(record)}
    built = build_public(world.spec, record)
    report = verify(propose(record, built, public=True), built.bundle)
    assert (report.ok, report.annotators) == (True, 3)


# --------------------------------------------------------- assignment by the chain alone


def crowded() -> World:
    """Six seats, each of which labels four items of two places, assigned or not, and opens on chain."""
    terms = spec_fields(
        assignment={"policy": "rendezvous.v1", "cap_bps": 2_000},
        redundancy={"policy": "fixed.v1", "k": 2},
        items=[{"digest": f"{item:064x}"} for item in range(20)],
    )
    names = tuple(f"seat{number}" for number in range(6))
    world = World(names=names, fields=terms, params={"share_cap": 8 * ONE_SHARE})
    for name in names:
        world.label(name, 0, dict.fromkeys(range(4), 0))
        world.reveal(name)
    return world


def test_an_item_has_no_more_labels_that_count_than_places() -> None:
    world = crowded()
    built = world.build_public()
    report = verify(public_record(world, built), built.bundle)
    assert report.ok, report.difference
    assert report.labels == 4 * 2
    assert built.settlement.share_total == 4 * 2 * ONE_SHARE


def test_the_lowest_ranks_have_the_places() -> None:
    world = crowded()
    assigned = lowest_ranks(SEED, 2, world.openings)
    plan_first = world.places(0)
    for item in range(4):
        chosen = {name for name in world.names if assigned(account(name), 0, item)}
        assert chosen == {name for name, items in plan_first.items() if item in items}
    assert not any(assigned(account(name), 0, 7) for name in world.names)


def test_who_was_assigned_an_item_in_the_first_round_keeps_its_place() -> None:
    """Also where others labelled it at will."""
    world = rendezvous_world()
    assigned = lowest_ranks(SEED, 3, world.openings)
    places = {account(name): set(items) for name, items in world.places(0).items()}
    kept: set[bool] = set()
    others: set[bool] = set()
    for opening in world.openings:
        for item in opening.items:
            of = kept if item in places[opening.annotator] else others
            of.add(assigned(opening.annotator, 0, item))
    assert kept == {True}
    assert others == {True, False}


def test_a_world_by_rendezvous_is_settled_in_the_oracles_place() -> None:
    world = rendezvous_world()
    names = {account(name): name for name in world.names}
    for opening in world.openings:
        batches = [o for o in world.openings if o.annotator == opening.annotator]
        world.reveal(names[opening.annotator], batches.index(opening))
    built = world.build_public()
    report = verify(public_record(world, built), built.bundle)
    assert report.ok, report.difference
    oracles = verify(propose(world.record(), world.build()), world.build().bundle)
    assert oracles.ok, oracles.difference
    assert report.labels >= oracles.labels > 0


# ------------------------------------------------------------------ nothing but these


def test_verification_takes_a_record_and_a_bundle_and_has_no_way_to_a_chain() -> None:
    assert list(inspect.signature(verify).parameters) == ["record", "bundle"]
    program = (
        "import sys\n"
        "import labelshare.protocol.verify\n"
        "ours = {name for name in sys.modules if name.startswith('labelshare.')}\n"
        "print(*sorted(ours))\n"
        "print(*sorted({'web3', 'eth', 'httpx', 'requests', 'urllib3', 'eth_tester'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    ours, network = done.stdout.split("\n")[:2]
    assert "labelshare.protocol.reveals" in ours
    assert not [
        name
        for name in ours.split()
        if not name.startswith(("labelshare.protocol", "labelshare.types", "labelshare.errors"))
    ]
    assert "labelshare.protocol.settlement" not in ours
    assert network == ""
