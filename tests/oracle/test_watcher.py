"""Every proposal is recomputed: what does not hold, or cannot be had, is told; money moves only if wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.errors import ChainError
from labelshare.oracle.service import Options, Service
from labelshare.oracle.watcher import WATCH
from labelshare.protocol.settlement import Built
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import NOBODY, Address, CampaignId, Hash32, keccak
from tests.arbitrator import deploy_arbitrator, give_ruling
from tests.databases import fresh
from tests.oracle.play import Clock
from tests.oracle.stage import COIN, NAMES, Stage, build

JUDGE = development_signer("watcher tests", "judge")
FEE = 10**15


@dataclass
class Published:
    """Where bundles of everybody are published, or not."""

    bundles: dict[Hash32, bytes]
    asked: int = 0
    away: bool = False

    def __call__(self, _campaign: CampaignId, name: Hash32) -> bytes | None:
        self.asked += 1
        if self.away:
            raise ChainError("nobody answers there")
        return self.bundles.get(name)


@dataclass
class Watch:
    """A stranger's service, which watches another oracle's campaign with a store of its own."""

    stage: Stage
    service: Service
    clock: Clock
    published: Published

    def turn(self) -> None:
        self.clock.seconds += 700
        self.service.step()

    def found(self) -> list[tuple[bool, str | None]]:
        return [(each.done, each.error) for each in self.service.jobs.entries() if each.kind == WATCH]


def watch(stage: Stage, most_locked: int = 0, database: Database | None = None) -> Watch:
    published, clock = Published({}), Clock()
    database = database or fresh()
    sender = Sender(stage.chain, TransactionJournal(database))
    options = Options(depth=0, fetch=published, most_locked=most_locked)
    service = Service(sender, stage.deployment, stage.stranger, database, options, clock)
    return Watch(stage, service, clock, published)


def worked() -> Stage:
    return build().accept().enrol().draw().work().reveal(*NAMES)


def judged() -> tuple[Stage, Address]:
    """The same in a pool whose arbitrator rules."""
    chain = connect()
    chain.fund(JUDGE.address, 100 * COIN)
    arbitrator = deploy_arbitrator(Sender(chain), JUDGE, FEE)
    stage = build(chain, arbitrator=arbitrator, arbitration_refund=COIN)
    return stage.accept().enrol().draw().work().reveal(*NAMES), arbitrator


def proposed(stage: Stage, **lies: Any) -> Built:
    """Proposes what is right, or the same with other roots or totals."""
    stage.chain.advance_to(stage.schedule.reveal_end)
    if not lies:
        return stage.engine.propose(stage.record())
    record = stage.record()
    built = stage.engine._build(record)
    built = replace(built, settlement=replace(built.settlement, **lies))
    stage.sender.send(stage.oracle, stage.contracts.registry.propose(stage.params, built.settlement))
    return built


def rich(stage: Stage, coins: int) -> None:
    """The stranger holds some of the token."""
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, coins * COIN))


@pytest.fixture
def stage() -> Stage:
    return worked()


def test_what_holds_is_no_alarm(stage: Stage) -> None:
    made = watch(stage)
    made.turn()
    assert made.found() == []
    built = proposed(stage)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    made.turn()
    made.turn()
    assert made.found() == [(True, None)]
    assert made.published.asked == 1


def test_the_own_store_comes_first(stage: Stage) -> None:
    database = stage.database
    made = watch(stage, database=database)
    proposed(stage)
    made.turn()
    assert made.found() == [(True, None)]
    assert made.published.asked == 0


@pytest.mark.parametrize(
    ("lies", "difference"),
    [
        ({"payout_root": keccak(b"other")}, "payout_root"),
        ({"label_root": keccak(b"other")}, "label_root"),
        ({"payout_total": COIN}, "payout_total"),
        ({"bundle_hash": keccak(b"other")}, "the bundle has hash"),
    ],
)
def test_the_first_difference_is_an_alarm(stage: Stage, lies: dict[str, Any], difference: str) -> None:
    made = watch(stage)
    rich(stage, 100)
    built = proposed(stage, **lies)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    before = stage.balances()
    for _ in range(3):
        made.turn()

    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert "does not hold" in found
    assert difference in found
    assert "not challenged, as it was told" in found
    assert stage.balances() == before
    assert made.service.jobs.counts()[WATCH, True, True] == 1


def test_a_bundle_that_cannot_be_had_is_an_alarm_until_it_can(stage: Stage) -> None:
    made = watch(stage, most_locked=100 * COIN)
    rich(stage, 100)
    built = proposed(stage)
    before = stage.balances()
    made.turn()
    made.published.away = True
    made.turn()
    ((done, found),) = made.found()
    assert not done
    assert found is not None
    assert "cannot be had" in found
    assert stage.balances() == before  # an unavailable bundle is no reason to put up money

    made.published.away = False
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    made.turn()
    assert made.found() == [(True, None)]


def test_a_bundle_that_never_came_stays_an_alarm(stage: Stage) -> None:
    made = watch(stage)
    proposed(stage)
    made.turn()
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    stage.engine.finalize()
    made.turn()
    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert "cannot be had" in found


def test_another_bundle_than_the_one_named_is_a_difference(stage: Stage) -> None:
    made = watch(stage)
    built = proposed(stage)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle + b"\n"
    made.turn()
    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert "the bundle has hash" in found


def test_it_challenges_if_it_is_told_to(stage: Stage) -> None:
    registry = stage.contracts.registry
    bond = registry.campaign(stage.scope.campaign_id).bond
    made = watch(stage, most_locked=bond)
    rich(stage, 100)
    built = proposed(stage, payout_total=COIN)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    for _ in range(3):
        made.turn()

    contest = registry.contest(stage.scope.campaign_id)
    assert (contest.challenger, contest.challenge_bond) == (stage.stranger.address, bond)
    assert registry.campaign(stage.scope.campaign_id).status is Status.DISPUTED
    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert f"challenged with a bond of {bond}" in found


def test_it_never_locks_more_than_it_is_told(stage: Stage) -> None:
    registry = stage.contracts.registry
    bond = registry.campaign(stage.scope.campaign_id).bond
    made = watch(stage, most_locked=bond - 1)
    rich(stage, 100)
    built = proposed(stage, payout_total=COIN)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    before = stage.balances()
    made.turn()
    ((_, found),) = made.found()
    assert found is not None
    assert "more than may be locked" in found
    assert stage.balances() == before


def test_what_is_locked_already_counts(stage: Stage) -> None:
    registry = stage.contracts.registry
    bond = registry.campaign(stage.scope.campaign_id).bond
    made = watch(stage, most_locked=bond)
    made.service.indexer.catch_up()
    record = stage.record()
    assert made.service.watcher._locked(record) == 0
    rich(stage, 100)
    built = proposed(stage, payout_total=COIN)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    made.turn()
    assert made.service.watcher._locked(record) == bond


def test_an_oracle_does_not_challenge_itself(stage: Stage) -> None:
    clock, published = Clock(), Published({})
    options = Options(depth=0, fetch=published, most_locked=10**30)
    sender = Sender(stage.chain, TransactionJournal(stage.database))
    service = Service(sender, stage.deployment, stage.oracle, stage.database, options, clock)
    built = proposed(stage, payout_total=COIN)
    published.bundles[built.settlement.bundle_hash] = built.bundle
    clock.seconds += 700
    service.step()
    assert stage.contracts.registry.campaign(stage.scope.campaign_id).status is Status.PROPOSED
    (entry,) = [each for each in service.jobs.entries(failed=True) if each.kind == WATCH]
    assert entry.error is not None
    assert "this oracle's own" in entry.error


def watching_a_wrong_proposal(stage: Stage, most_locked: int) -> Watch:
    """A watcher that may challenge, with the means for it, and something to challenge."""
    made = watch(stage, most_locked=most_locked)
    rich(stage, 100)
    built = proposed(stage, payout_total=COIN)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    return made


def test_what_it_challenges_it_brings_before_the_arbitrator() -> None:
    """Whoever keeps the campaign applies the ruling: the watcher has its bond back and half of the other."""
    stage, arbitrator = judged()
    registry, campaign = stage.contracts.registry, stage.scope.campaign_id
    bond = registry.campaign(campaign).bond
    made = watching_a_wrong_proposal(stage, bond)
    for _ in range(3):
        made.turn()
    contest = registry.contest(campaign)
    assert (contest.challenger, contest.payer) == (stage.stranger.address, stage.stranger.address)

    give_ruling(stage.sender, arbitrator, JUDGE, contest.dispute_id, 2)
    sender = Sender(stage.chain, TransactionJournal(stage.database))
    keeper = Service(sender, stage.deployment, stage.oracle, stage.database, Options(depth=0), made.clock)
    made.clock.seconds += 700
    keeper.step()

    assert registry.campaign(campaign).status is Status.OPEN
    assert registry.credit_of(stage.pool.token, stage.stranger.address) > bond


def test_a_watcher_that_was_cut_off_asks_for_the_ruling_still() -> None:
    stage, _ = judged()
    registry, campaign = stage.contracts.registry, stage.scope.campaign_id
    bond = registry.campaign(campaign).bond
    made = watching_a_wrong_proposal(stage, bond)
    for approval in stage.contracts.approvals(stage.pool.token, stage.stranger.address, bond):
        stage.sender.send(stage.stranger, approval)
    wrong = registry.campaign(campaign).settlement
    call = registry.challenge(stage.pool, stage.params, wrong, bond, "cut off after this")
    stage.sender.send(stage.stranger, call)
    assert registry.contest(campaign).payer == NOBODY

    for _ in range(2):
        made.turn()

    assert registry.contest(campaign).payer == stage.stranger.address
    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert found.endswith("challenged")
