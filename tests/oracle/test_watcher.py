"""Every proposal is recomputed: what does not hold, or is withheld, is told; money moves only if wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.chain.state import CampaignState, Status
from labelshare.chain.transactions import Sender
from labelshare.client.contests import Challenger
from labelshare.errors import ChainError, EvidenceError
from labelshare.oracle.desk import Desk
from labelshare.oracle.filer import FILE
from labelshare.oracle.filing import Files
from labelshare.oracle.jobs import Later
from labelshare.oracle.overview import overview
from labelshare.oracle.service import Options, Service
from labelshare.oracle.watcher import WATCH
from labelshare.protocol.abi import encode
from labelshare.protocol.settlement import Built, build_public
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.specs import Specs
from labelshare.types import NOBODY, Address, CampaignId, Hash32, Settlement, keccak
from tests.arbitrator import deploy_arbitrator, give_ruling
from tests.client.test_contests import reveal_on_chain
from tests.databases import fresh
from tests.oracle.play import Clock
from tests.oracle.stage import COIN, NAMES, Stage, build

JUDGE = development_signer("watcher tests", "judge")
FEE = 10**15
NO_BUNDLE = "cannot be checked: no bundle"
NO_SPEC = "cannot be checked: nobody here has its spec"
TOO_LARGE = "cannot be checked: the bundle has more than 5 bytes"


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


def watch(
    stage: Stage,
    most_locked: int = 0,
    database: Database | None = None,
    *,
    known: bool = False,
    depth: int = 0,
) -> Watch:
    """`known`: what is asked for bundles is the oracle's own service."""
    published, clock = Published({}), Clock()
    publishers = frozenset({stage.oracle.address} if known else ())
    database = database or fresh()
    sender = Sender(stage.chain, TransactionJournal(database))
    options = Options(depth=depth, fetch=published, publishers=publishers, most_locked=most_locked)
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


def send(stage: Stage, settlement: Settlement) -> None:
    """The oracle proposes it; no journal knows, so that the chain may be set back."""
    Sender(stage.chain).send(stage.oracle, stage.contracts.registry.propose(stage.params, settlement))


def silent() -> Stage:
    """Everyone opened on chain, the oracle proposed nothing, and the rescue is over."""
    stage = build().accept().enrol().draw().work().reveal()
    reveal_on_chain(stage, *NAMES)
    stage.chain.advance_to(stage.schedule.settle_end + stage.schedule.rescue_period)
    return stage


def openly(stage: Stage, **lies: Any) -> Built:
    """Somebody proposes in the oracle's place."""
    someone = stage.people["dora"]
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(someone.address, 1_000 * COIN))
    built = build_public(stage.spec, stage.record())
    challenger = Challenger(stage.sender, stage.contracts, someone, stage.scope, stage.pool, stage.params)
    challenger.propose_openly(replace(built.settlement, **lies))
    return built


def withheld(stage: Stage, most_locked: int = 100 * COIN, *, turned: bool = True) -> Watch:
    """A good proposal whose oracle shows no evidence at its own service, looked at once if so wanted."""
    made = watch(stage, most_locked=most_locked, known=True)
    rich(stage, 100)
    proposed(stage)
    if turned:
        made.turn()
        assert made.found() == [(False, NO_BUNDLE)]
    return made


def proposal(stage: Stage) -> Built:
    return stage.engine.settled()


def proposal_place(stage: Stage) -> tuple[int, int]:
    posted = stage.record().posted
    assert posted is not None
    return posted.place


def state(stage: Stage) -> CampaignState:
    return stage.contracts.registry.campaign(stage.scope.campaign_id)


def status(stage: Stage) -> Status:
    return state(stage).status


def bond_of(stage: Stage) -> int:
    return state(stage).bond


def ended(stage: Stage) -> None:
    stage.chain.advance_to(state(stage).since + stage.schedule.window)
    stage.engine.finalize()


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


def test_a_bundle_that_nobody_has_is_told_once_and_asked_for_until_it_is_there(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    made = watch(stage, most_locked=100 * COIN)
    rich(stage, 100)
    built = proposed(stage)
    before = stage.balances()
    made.turn()
    made.published.away = True
    made.turn()
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window - 10)
    made.turn()
    assert made.found() == [(False, NO_BUNDLE)]
    assert capsys.readouterr().out.count("cannot be checked") == 1
    assert stage.balances() == before  # nobody said that it is to be had where it was asked for

    made.published.away = False
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    made.turn()
    assert made.found() == [(True, None)]


def test_a_bundle_that_never_came_is_no_alarm(stage: Stage) -> None:
    made = watch(stage)
    proposed(stage)
    made.turn()
    ended(stage)
    made.turn()
    assert made.found() == [(True, NO_BUNDLE)]
    counts = overview(stage.chain, stage.deployment, made.service.database)
    assert (len(counts.alarms), len(counts.unchecked)) == (0, 1)


def test_whoever_gives_another_bundle_gives_none(stage: Stage) -> None:
    """Else whoever is asked could have a good proposal challenged."""
    made = watch(stage, most_locked=100 * COIN)
    rich(stage, 100)
    built = proposed(stage)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle + b"\n"
    made.turn()
    assert made.found() == [(False, NO_BUNDLE)]
    assert status(stage) is Status.PROPOSED


def test_a_bundle_that_is_too_large_is_neither_read_nor_contested(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def large(*_: object) -> bytes:
        raise EvidenceError("the bundle has more than 5 bytes")

    monkeypatch.setattr(Published, "__call__", large)
    made = watch(stage, most_locked=100 * COIN, known=True)
    rich(stage, 100)
    proposed(stage)
    for _ in range(2):
        stage.chain.advance_to(stage.chain.now() + stage.schedule.window * 4 // 9)
        made.turn()
    assert (made.found(), status(stage)) == ([(False, TOO_LARGE)], Status.PROPOSED)
    ended(stage)
    made.turn()
    assert made.found() == [(True, TOO_LARGE)]


# --------------------------------------------------------------------- what is withheld


def test_what_its_oracle_withholds_is_challenged_in_the_last_quarter_of_the_window(stage: Stage) -> None:
    made, bond = withheld(stage), bond_of(stage)
    since, window = state(stage).since, stage.schedule.window
    stage.chain.advance_to(since + window - window // 4 - 60)
    made.turn()
    assert (made.found(), status(stage)) == ([(False, NO_BUNDLE)], Status.PROPOSED)

    stage.chain.advance_to(since + window - window // 4)
    made.turn()
    assert status(stage) is Status.DISPUTED
    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert found.startswith("evidence withheld: bundle 0x")
    assert found.endswith(f"challenged with a bond of {bond}")


def test_a_moments_silence_late_in_the_window_is_not_challenged(stage: Stage) -> None:
    made = withheld(stage, turned=False)
    since, window = state(stage).since, stage.schedule.window
    stage.chain.advance_to(since + window - window // 4)
    made.turn()
    assert status(stage) is Status.PROPOSED
    stage.chain.advance_to(stage.chain.now() + window // 16)
    made.turn()
    assert status(stage) is Status.DISPUTED


@pytest.mark.parametrize(("most", "told"), [(0, "as it was told"), (1, "more than may be locked")])
def test_what_is_withheld_and_not_challenged_is_an_alarm_until_it_is_shown(
    stage: Stage, most: int, told: str
) -> None:
    made = withheld(stage, most_locked=most)
    built, since, window = proposal(stage), state(stage).since, stage.schedule.window
    stage.chain.advance_to(since + window - window // 4)
    made.turn()
    ((done, found),) = made.found()
    assert not done
    assert found is not None
    assert "evidence withheld" in found
    assert told in found
    assert len(overview(stage.chain, stage.deployment, made.service.database).alarms) == 1

    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    made.turn()
    assert made.found() == [(True, None)]


def test_what_was_withheld_to_the_end_stays_an_alarm(stage: Stage) -> None:
    made = withheld(stage, most_locked=0)
    ended(stage)
    made.turn()
    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert found.startswith("evidence withheld")


def test_what_was_over_before_the_first_look_is_no_alarm(stage: Stage) -> None:
    made = withheld(stage, turned=False)
    ended(stage)
    made.turn()
    assert made.found() == [(True, NO_BUNDLE)]


# ------------------------------------------------------------ what follows from the chain


def test_a_public_proposal_is_built_from_the_chain() -> None:
    stage = silent()
    made = watch(stage)
    Specs(made.service.database).add(stage.spec)
    openly(stage)
    made.turn()
    assert (made.found(), made.published.asked) == ([(True, None)], 0)


@pytest.mark.parametrize("lies", [{"payout_total": COIN}, {"bundle_hash": keccak(b"other")}])
def test_a_public_proposal_that_does_not_follow_from_the_chain_is_challenged(lies: dict[str, Any]) -> None:
    stage = silent()
    rich(stage, 1_000)
    made = watch(stage, most_locked=1_000 * COIN)
    Specs(made.service.database).add(stage.spec)
    openly(stage, **lies)
    made.turn()
    ((done, found),) = made.found()
    assert done
    assert found is not None
    assert "challenged with a bond" in found
    assert status(stage) is Status.DISPUTED


def test_a_public_proposal_without_its_spec_is_not_checked() -> None:
    stage = silent()
    rich(stage, 1_000)
    made = watch(stage, most_locked=1_000 * COIN, known=True)
    openly(stage)
    for _ in range(2):
        stage.chain.advance_to(stage.chain.now() + stage.schedule.window * 4 // 9)
        made.turn()
    assert (made.found(), status(stage)) == ([(False, NO_SPEC)], Status.PROPOSED)
    ended(stage)
    made.turn()
    assert made.found() == [(True, NO_SPEC)]


def test_what_others_proposed_for_an_oracles_own_campaign_is_shown_and_paid_by_it(tmp_path: Path) -> None:
    stage, clock = silent(), Clock()
    options = Options(depth=0, files=Files(tmp_path))
    sender = Sender(stage.chain, TransactionJournal(stage.database))
    service = Service(sender, stage.deployment, stage.oracle, stage.database, options, clock)
    built, desk = openly(stage), Desk(sender, stage.deployment, stage.oracle, stage.database)
    clock.seconds += 700
    for _ in range(2):
        service.step()
    assert (
        b"".join(desk.bundle(stage.scope.campaign_id, built.settlement.bundle_hash).pieces()) == built.bundle
    )
    ann = stage.people["ann"].address
    assert desk.earnings(stage.scope.campaign_id, ann).pending > 0
    assert [each.done for each in service.jobs.entries() if each.kind == FILE] == [True]

    before = stage.balances()
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    for _ in range(4):
        clock.seconds += 700
        service.step()
    after = stage.balances()
    assert status(stage) is Status.FINAL
    assert all(after[name] > before[name] for name in NAMES)


# --------------------------------------------------------------- what the chain takes back


@pytest.mark.parametrize("first", ["checked", "never had"])
def test_another_proposal_at_the_same_place_is_checked(stage: Stage, first: str) -> None:
    """Right, and set back; then wrong, in a block of the same number and by the same log index."""
    made = watch(stage, most_locked=100 * COIN, depth=64)
    rich(stage, 100)
    stage.chain.advance_to(stage.schedule.reveal_end)
    built, mark = stage.engine._build(stage.record()), stage.chain.snapshot()
    send(stage, built.settlement)
    place = proposal_place(stage)
    if first == "checked":
        made.published.bundles[built.settlement.bundle_hash] = built.bundle
    made.turn()
    assert made.found() == [(True, None) if first == "checked" else (False, NO_BUNDLE)]

    stage.chain.restore(mark)
    send(stage, replace(built.settlement, payout_total=COIN))
    assert proposal_place(stage) == place
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    for _ in range(2):
        made.turn()
    assert status(stage) is Status.DISPUTED
    (found,) = (error for done, error in made.found() if done and error is not None)
    assert "payout_total" in found
    assert "challenged with a bond" in found


def test_a_proposal_that_went_and_came_back_is_checked_then(stage: Stage) -> None:
    """It was noted, and gone when it was to be checked; then the same block is there again."""
    made = watch(stage, depth=64)
    built = proposed(stage)
    made.published.bundles[built.settlement.bundle_hash] = built.bundle
    made.service.indexer.catch_up()
    made.service.watcher.step()
    (key,) = (each.key for each in made.service.jobs.entries() if each.kind == WATCH)
    other = f"{key.rpartition('/')[0]}/{keccak(b'another block')}"
    with pytest.raises(Later):
        made.service.watcher.check(other)
    ended(stage)
    made.service.indexer.catch_up()
    assert made.service.watcher.check(other) is None


def test_no_money_goes_to_contest_another_proposal_than_was_judged(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain moves on between the index and the challenge."""
    made = watch(stage, most_locked=100 * COIN, depth=64)
    rich(stage, 100)
    stage.chain.advance_to(stage.schedule.reveal_end)
    built, mark = stage.engine._build(stage.record()), stage.chain.snapshot()
    send(stage, replace(built.settlement, payout_total=COIN))

    def moved_on(*_: object) -> bytes:
        if state(stage).settlement == keccak(encode(built.settlement)):
            return built.bundle
        stage.chain.restore(mark)
        send(stage, built.settlement)
        return built.bundle

    monkeypatch.setattr(Published, "__call__", moved_on)
    for _ in range(3):
        made.turn()
    assert status(stage) is Status.PROPOSED
    assert (True, None) in made.found()
    assert not any("does not hold" in (error or "") for _, error in made.found())


# -------------------------------------------------------------------------- challenges


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
