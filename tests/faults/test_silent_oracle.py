"""Whatever the oracle does or leaves undone, who worked is paid what the rules say, by its own watch's acts.

Each fault is counted where it is injected; a fault that never happened fails the test. What everybody gains
is read from the chain and compared with the same campaign in which nothing fails. LABELSHARE_FAULTS=all runs
every fault by itself; a quick run takes several at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.chain.state import Status
from labelshare.protocol.ledger.amounts import division_of_lost_bond, eighth_up
from tests.faults.silence import World, all_label_all, fresh, judged
from tests.faults.table import Inject
from tests.oracle.stage import COIN, NAMES, Stage

JUDGE = development_signer("silence", "judge")
ALL_FAULTS = os.environ.get("LABELSHARE_FAULTS") == "all"
REFUND = COIN
BOND = 84 * COIN // 4
FAULT = "an oracle withholds receipts, lists or evidence, drops batches, or falls silent"


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


def check(world: World, paid: Paid, inject: Inject, *, plus: dict[str, int] | None = None) -> None:
    """Everybody has what it would have had, and whoever proposed the fee as well."""
    extra = dict.fromkeys(NAMES, 0) | (plus or {})
    history = world.history()
    if world.proposers():
        extra[world.proposers()[-1]] += paid.fee
    with inject(FAULT) as fault:
        fault.injections += sum(world.injected().values()) + (not world.oracle_lives) + world.unseen()
        fault.check(history.status is Status.FINAL, f"the campaign is {history.status.name}")
        fault.check(history.finalized.fee == paid.fee, f"a fee of {history.finalized.fee}")
        fault.compare(world.gained(), {name: paid.coins[name] + extra[name] for name in NAMES})
        fault.compare(world.shares(), paid.shares)


def challenger(world: World) -> str:
    """The one annotator who contested."""
    (name,) = [who for who, each in world.told if each.ok and each.duty.kind == "challenge"]
    return name


def test_the_reference_pays_everybody_and_not_all_alike(paid: Paid) -> None:
    assert paid.coins == {"ann": 20 * COIN, "ben": 20 * COIN, "cleo": 20 * COIN, "dora": 16 * COIN}
    assert paid.shares == paid.coins


# --------------------------------------------------------------- receipts and lists withheld

COMMITS = [
    {"ann": "refused commits", "ben": "silent commits", "dora": "dropped"},
    {"ann": "forged", "cleo": "refused and kept"},
    *({name: fault} for name in ("ann", "dora") for fault in ("silent commits", "refused commits")),
    {"ben": "dropped"},
]


@pytest.mark.parametrize("faults", COMMITS if ALL_FAULTS else COMMITS[:2])
def test_commit_receipts_withheld_or_not_kept(
    stage: Stage, paid: Paid, inject: Inject, faults: dict[str, str]
) -> None:
    world = World(stage, {name: frozenset({fault}) for name, fault in faults.items()}).live()

    for name, fault in faults.items():
        assert world.counters[name].injected[fault] > 0
        assert (world.did(name)["commit-alone"], world.did(name)["reveal"]) == (2, 2)
        assert world.did(name)["post-receipt"] == 0
    for name in set(NAMES) - set(faults):
        assert (world.did(name)["commit-alone"], world.did(name)["reveal"]) == (0, 0)
    check(world, paid, inject)


def test_a_dropped_batch_of_whoever_was_away_costs_the_oracle_its_bond(
    stage: Stage, paid: Paid, inject: Inject
) -> None:
    """Nothing of ann is on chain, so she has half of the bond instead; the others have what they had."""
    world = World(stage, {"ann": frozenset({"dropped"})}, asleep=frozenset({"ann"}))

    world.live()

    assert world.injected()["dropped"] == 2
    assert (world.did("ann")["post-receipt"], world.did("ann")["forfeit"]) == (2, 2)
    (proposer,) = world.proposers()
    owed = paid.coins | {"ann": BOND // 2}
    owed[proposer] += world.history().finalized.fee
    with inject(FAULT) as fault:
        fault.injections += world.injected()["dropped"]
        fault.compare(world.gained(), owed)
        fault.compare(world.shares(), paid.shares | {"ann": 0})


@pytest.mark.parametrize(
    "faults",
    [{"ann": "silent openings", "ben": "no lists"}, *([{"ann": "no lists"}] if ALL_FAULTS else [])],
)
def test_opening_receipts_or_lists_withheld(
    stage: Stage, paid: Paid, inject: Inject, faults: dict[str, str]
) -> None:
    world = World(stage, {name: frozenset({fault}) for name, fault in faults.items()}).live()

    for name, fault in faults.items():
        assert world.counters[name].injected[fault] > 0
        assert world.did(name)["reveal"] == 2
        assert world.did(name)["commit-alone"] == (2 if fault == "no lists" else 0)
    check(world, paid, inject)


# ----------------------------------------------------------------- a bundle without labels


@pytest.mark.parametrize("names", [NAMES, *([("ann",)] if ALL_FAULTS else [])])
def test_a_bundle_without_somebodys_labels_falls_unruled(
    stage: Stage, paid: Paid, inject: Inject, names: tuple[str, ...]
) -> None:
    """No arbitrator: an eighth of either bond is burned, the oracle says no more, the chain decides."""
    world = World(stage, {name: frozenset({"swallowed openings"}) for name in names})

    world.live()

    assert world.injected()["swallowed openings"] == 2 * len(names)
    assert world.reached[-1] == "propose"
    did = world.did()
    assert (did["challenge"], did["resolve"], did["reveal"], did["propose"]) == (1, 1, 8, 1)
    check(world, paid, inject, plus={challenger(world): -eighth_up(BOND)})


if ALL_FAULTS:

    def test_a_bundle_without_somebodys_labels_is_rejected_by_the_arbitrator(
        paid: Paid, inject: Inject
    ) -> None:
        chain = connect()
        arbitrator = judged(JUDGE, chain, 10**15)
        stage = all_label_all(chain, arbitrator, REFUND)

        world = World(stage, {"ann": frozenset({"swallowed openings"})}, judge=JUDGE).live()

        assert (world.injected()["swallowed openings"], world.rejected) == (2, 1)
        won = division_of_lost_bond(BOND, REFUND)
        check(world, paid, inject, plus={"ann": won.won + won.refunded})

    def test_evidence_that_nobody_can_have(stage: Stage, paid: Paid, inject: Inject) -> None:
        world = World(stage, shows_bundles=False).live()

        assert world.unseen() > 0
        assert world.did()["challenge"] == 1
        check(world, paid, inject, plus={challenger(world): -eighth_up(BOND)})


# --------------------------------------------------------------------------- silence


SILENCES = {
    "roster": (8, 8),  # before the rosters: everybody enrols alone
    "begin 1": (4, 8),  # after the first round
    "propose": (0, 8),  # with all openings in its hands
    "draw": (8, 8),
    "begin 0": (8, 8),
    "close 0": (8, 8),
    "close 1": (4, 8),
}


@pytest.mark.parametrize("dies_before", list(SILENCES) if ALL_FAULTS else list(SILENCES)[:3])
def test_an_oracle_that_falls_silent(stage: Stage, paid: Paid, inject: Inject, dies_before: str) -> None:
    world = World(stage, dies_before=dies_before).live()

    assert dies_before not in world.reached
    assert not world.oracle_lives
    did = world.did()
    assert (did["commit-alone"], did["reveal"]) == SILENCES[dies_before]
    assert (did["propose"], did["claim"]) == (1, 4)
    check(world, paid, inject)


if ALL_FAULTS:

    def test_an_oracle_that_falls_silent_before_the_reveal(stage: Stage, paid: Paid, inject: Inject) -> None:
        faults = {name: frozenset({"silent openings"}) for name in NAMES}
        world = World(stage, faults, dies_before="propose").live()

        assert world.injected()["silent openings"] >= 8
        assert (world.did()["reveal"], world.did()["propose"]) == (8, 1)
        check(world, paid, inject)
