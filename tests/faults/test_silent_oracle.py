"""Whatever the oracle does or leaves undone, who worked is paid what the rules say, by its own watch's acts.

Each fault is counted where it is injected; a fault that never happened fails the test. What everybody gains
is read from the chain and compared with the same campaign in which nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.chain.state import Status
from labelshare.protocol.ledger.amounts import division_of_lost_bond, eighth_up
from tests.faults.silence import World, all_label_all, fresh, judged
from tests.oracle.stage import COIN, NAMES, Stage

JUDGE = development_signer("silence", "judge")
ALL_FAULTS = os.environ.get("LABELSHARE_FAULTS") == "all"
deep = pytest.mark.skipif(not ALL_FAULTS, reason="LABELSHARE_FAULTS=all runs every fault")
REFUND = COIN


class Paid(NamedTuple):
    """What everybody gained where nothing failed."""

    coins: dict[str, int]
    shares: dict[str, int]
    fee: int


class Base(NamedTuple):
    """A funded campaign, put back to its beginning before each test."""

    stage: Stage
    mark: list[Any]


@pytest.fixture(scope="module")
def base() -> Base:
    stage = all_label_all()
    return Base(stage, [stage.chain.snapshot()])


@pytest.fixture
def stage(base: Base) -> Iterator[Stage]:
    yield from fresh(*base)


@pytest.fixture(scope="module")
def paid(base: Base) -> Paid:
    (stage,) = fresh(*base)
    world = World(stage).live()
    assert world.injected() == {}
    assert world.did() == {"enrol": 4, "keep-place": 4, "keep-proof": 8, "open": 8, "check": 4} | {
        "finalize": 1,
        "claim": 4,
    }
    return Paid(world.gained(), world.shares(), world.history().finalized.fee)


def check(world: World, paid: Paid, *, plus: dict[str, int] | None = None) -> None:
    """Everybody has what it would have had, and whoever proposed the fee as well."""
    extra = dict.fromkeys(NAMES, 0) | (plus or {})
    history = world.history()
    assert history.status is Status.FINAL
    assert history.finalized.fee == paid.fee
    if world.proposers():
        extra[world.proposers()[-1]] += paid.fee
    assert world.gained() == {name: paid.coins[name] + extra[name] for name in NAMES}
    assert world.shares() == paid.shares


def test_the_reference_pays_everybody_and_not_all_alike(paid: Paid) -> None:
    assert paid.coins == {"ann": 20 * COIN, "ben": 20 * COIN, "cleo": 20 * COIN, "dora": 16 * COIN}
    assert paid.shares == paid.coins


# --------------------------------------------------------------- receipts and lists withheld


@pytest.mark.parametrize("fault", ["silent commits", "refused commits", "forged"])
def test_commit_receipts_withheld(stage: Stage, paid: Paid, fault: str) -> None:
    world = World(stage, {"ann": frozenset({fault})}).live()

    assert world.injected()[fault] > 0
    assert world.did("ann")["commit-alone"] == 2
    assert world.did("ann")["reveal"] == 2
    assert world.did("ben")["commit-alone"] == 0
    check(world, paid)


def test_a_batch_that_was_refused_and_included_all_the_same_is_opened(stage: Stage, paid: Paid) -> None:
    world = World(stage, {"ann": frozenset({"refused and kept"})}).live()

    assert world.injected()["refused and kept"] == 1
    assert stage.engine.book.last_commit(stage.people["ann"].address) is not None
    assert (world.did("ann")["take-up"], world.did("ann")["commit-alone"]) == (1, 2)
    check(world, paid)


def test_a_batch_dropped_from_the_aggregate(stage: Stage, paid: Paid) -> None:
    world = World(stage, {"ann": frozenset({"dropped"})}).live()

    assert world.injected()["dropped"] > 0
    assert world.did("ann")["commit-alone"] == 2
    assert world.did("ann")["post-receipt"] == 0
    check(world, paid)


def test_a_dropped_batch_of_whoever_was_away_costs_the_oracle_its_bond(stage: Stage, paid: Paid) -> None:
    """Nothing of ann is on chain, so she has half of the bond instead; the others have what they had."""
    world = World(stage, {"ann": frozenset({"dropped"})}, asleep=frozenset({"ann"}))
    bond = 84 * COIN // 4

    world.live()

    assert world.injected()["dropped"] == 2
    assert (world.did("ann")["post-receipt"], world.did("ann")["forfeit"]) == (2, 2)
    gained, fee = world.gained(), world.history().finalized.fee
    (proposer,) = world.proposers()
    assert gained["ann"] == bond // 2
    for name in ("ben", "cleo", "dora"):
        assert gained[name] == paid.coins[name] + (fee if name == proposer else 0)
    assert world.shares() == paid.shares | {"ann": 0}


@pytest.mark.parametrize("fault", ["silent openings", "no lists"])
def test_opening_receipts_or_lists_withheld(stage: Stage, paid: Paid, fault: str) -> None:
    world = World(stage, {"ann": frozenset({fault}), "ben": frozenset({fault})}).live()

    assert world.injected()[fault] > 0
    for name in ("ann", "ben"):
        assert world.did(name)["reveal"] == 2
        assert world.did(name)["commit-alone"] == (2 if fault == "no lists" else 0)
    check(world, paid)


# ----------------------------------------------------------------- a bundle without labels


def test_a_bundle_without_somebodys_labels_falls_unruled(stage: Stage, paid: Paid) -> None:
    """No arbitrator: an eighth of either bond is burned, and the chain alone decides the next one."""
    world = World(stage, {"ann": frozenset({"swallowed openings"})}).live()

    assert world.injected()["swallowed openings"] == 2
    assert world.did("ann")["challenge"] == 1
    assert world.did()["propose"] == 1
    bond = 84 * COIN // 4
    check(world, paid, plus={"ann": -eighth_up(bond)})


def test_a_bundle_without_somebodys_labels_is_rejected_by_the_arbitrator(paid: Paid) -> None:
    chain = connect()
    arbitrator = judged(JUDGE, chain, 10**15)
    stage = all_label_all(chain, arbitrator, REFUND)

    world = World(stage, {"ann": frozenset({"swallowed openings"})}, judge=JUDGE).live()

    assert (world.injected()["swallowed openings"], world.rejected) == (2, 1)
    won = division_of_lost_bond(84 * COIN // 4, REFUND)
    check(world, paid, plus={"ann": won.won + won.refunded})


def test_evidence_that_nobody_can_have(stage: Stage, paid: Paid) -> None:
    world = World(stage, shows_bundles=False).live()

    assert sum(each.duty.kind == "check" and not each.ok for _, each in world.told) > 0
    assert world.did()["challenge"] == 1
    (loser,) = [who for who, each in world.told if each.ok and each.duty.kind == "challenge"]
    check(world, paid, plus={loser: -eighth_up(84 * COIN // 4)})


# --------------------------------------------------------------------------- silence


@pytest.mark.parametrize(
    ("dies_before", "alone", "reveals"),
    [
        ("roster", 8, 8),
        ("draw", 8, 8),
        ("begin 0", 8, 8),
        ("close 0", 8, 8),
        ("begin 1", 4, 8),
        ("close 1", 4, 8),
        ("propose", 0, 8),
    ],
)
def test_an_oracle_that_falls_silent(
    stage: Stage, paid: Paid, dies_before: str, alone: int, reveals: int
) -> None:
    world = World(stage, dies_before=dies_before).live()

    assert dies_before not in world.reached
    assert not world.oracle_lives
    did = world.did()
    assert (did["commit-alone"], did["reveal"]) == (alone, reveals)
    assert (did["propose"], did["claim"]) == (1, 4)
    check(world, paid)


def test_an_oracle_that_falls_silent_before_the_reveal(stage: Stage, paid: Paid) -> None:
    world = World(stage, {name: frozenset({"silent openings"}) for name in NAMES}, dies_before="propose")
    world.live()

    assert world.injected()["silent openings"] >= 8
    assert (world.did()["reveal"], world.did()["propose"]) == (8, 1)
    check(world, paid)


def test_an_oracle_that_falls_silent_after_its_proposal_was_rejected(stage: Stage, paid: Paid) -> None:
    world = World(stage, {name: frozenset({"swallowed openings"}) for name in NAMES})

    world.live()

    assert world.injected()["swallowed openings"] == 8
    assert world.reached[-1] == "propose"
    assert (world.did()["challenge"], world.did()["reveal"], world.did()["propose"]) == (1, 8, 1)
    (loser,) = [who for who, each in world.told if each.ok and each.duty.kind == "challenge"]
    check(world, paid, plus={loser: -eighth_up(84 * COIN // 4)})
