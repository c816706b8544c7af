"""Services run campaigns from the funding to the last payout, whoever else runs them, whatever is cut off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from labelshare.chain.connect import connect
from labelshare.chain.contracts import Parts
from labelshare.chain.node import Chain, Log, Topics
from labelshare.chain.remote import RemoteChain
from labelshare.chain.state import CampaignState, Status
from labelshare.chain.transactions import Sender
from labelshare.client.requester import Requester, Terms, escrow_for
from labelshare.client.slashes import Slasher
from labelshare.errors import ChainError, EventError, StaleReadError
from labelshare.oracle import jobs, relay, scheduler
from labelshare.oracle.case import Case
from labelshare.oracle.service import STEPS, Options, Service, Worker
from labelshare.oracle.tasks import Kind, Situation, closing
from labelshare.protocol import settlement
from labelshare.protocol.settlement import Built
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.specs import Specs
from labelshare.types import ZERO_HASH, Address, Schedule
from tests.chain.proxy import proxied
from tests.client.gold import GOLD, STAKE, requester
from tests.conftest import Anvil
from tests.databases import fresh
from tests.oracle.play import GOLDEN, ONCE, ROSTER_SECONDS, Play
from tests.oracle.stage import COIN, FEE_BPS, NAMES, Stage, build, small_spec


def golden(chain: Chain | None = None, database: Database | None = None) -> Stage:
    """The campaign of `tests.client.gold`, funded and not accepted."""
    spec = small_spec(
        redundancy={"policy": "fixed.v1", "k": 4},
        assignment={"policy": "given.v1"},
        gold={"policy": "merkle.v1", "root": str(GOLD.root), "count": 4},
        slash={"policy": "skill-and-gold.v1", "min_labels": 8, "min_gold": 2, "breaker_gold": 4},
    )
    return build(chain, spec=spec, seat_stake=STAKE, database=database)


def by_hand() -> dict[str, int]:
    """What everybody has after the same campaign, each step of which was taken by the engine alone."""
    stage = golden().accept().enrol().draw()
    for number in range(2):
        stage.begin(number)
        half = range(10 * number, 10 * number + 10)
        for name in NAMES:
            off = name == "dora"
            stage.annotators[name].submit(number, {item: (item + off) % 3 for item in half})
        stage.engine.post_commits(number)
    stage.reveal(*NAMES)
    requester(stage).reveal_gold(stage.params, stage.spec, GOLD)
    built = stage.settle()
    slasher = Slasher(stage.sender, stage.contracts, stage.oracle, stage.scope, stage.pool, stage.params)
    for each in slasher.due([built.bundle]):
        slasher.execute(each)
    stage.engine.pay_everyone(Parts.BOTH)
    return stage.balances()


@pytest.fixture(scope="module")
def expected() -> dict[str, int]:
    return by_hand()


def check(play: Play, expected: dict[str, int] | None = None) -> None:
    """Everything was done once, nothing is left to do, and everybody has what is theirs."""
    assert play.unfinished() == []
    assert dict(play.calls()) == (GOLDEN if play.gold else ONCE)
    held, registry = play.stage.balances(), play.stage.contracts.registry
    if expected is not None:
        assert held == expected
    token = play.stage.pool.token
    stakes = sum(
        registry.seat(play.stage.params.pool, each.address).stake for each in play.stage.people.values()
    )
    credit = sum(amount for name, amount in held.items() if name.endswith("credit"))
    escrow = registry.campaign(play.stage.scope.campaign_id).escrow
    assert held["registry"] == credit + stakes + escrow + registry.burned_of(token)


def test_a_whole_life_in_process(expected: dict[str, int]) -> None:
    stage = golden()
    play = Play(stage, [stage.database], gold=True)
    play.live()
    check(play, expected)


def test_a_life_with_assignments() -> None:
    stage = build()
    play = Play(stage, [stage.database])
    play.live()
    check(play)


@pytest.mark.anvil
def test_a_whole_life_on_a_node(anvil: Anvil, expected: dict[str, int]) -> None:
    stage = golden(connect(anvil.url))
    play = Play(stage, [stage.database], gold=True)
    play.live()
    check(play, expected)


# ---------------------------------------------------------------- what does not go as planned


def jobs_of(play: Play) -> dict[str, tuple[bool, str | None]]:
    """Each job by its kind: whether it is done, and with which error."""
    return {each.kind: (each.done, each.error) for each in play.services[0].jobs.entries()}


def test_without_its_spec_a_campaign_waits_and_says_so() -> None:
    stage = build()
    play = Play(stage, [fresh()])
    with capture_logs() as logs:
        for _ in range(3):
            play.turn()
            play.clock.seconds += 700
    assert jobs_of(play)["spec"] == (False, None)  # nothing has failed
    said = [(each["event"], each["log_level"], each.get("spec")) for each in logs]
    assert said == [("spec unknown", "info", str(stage.spec.hash))]
    assert play.status() is Status.CREATED

    Specs(play.databases[0]).add(stage.spec)
    play.turn()

    assert play.status() is Status.OPEN
    play.clock.seconds += 700
    play.turn()
    assert jobs_of(play)["spec"] == (True, None)


def test_a_spec_that_never_comes_is_waited_for_only_so_long() -> None:
    stage = build()
    play = Play(stage, [fresh()])
    play.turn()
    stage.chain.advance_to(stage.schedule.accept_end)
    play.clock.seconds += 700
    play.turn()
    assert jobs_of(play) == {"spec": (True, None)}


def test_a_campaign_that_pays_too_little_is_not_accepted() -> None:
    stage = build(escrow=30 * COIN)
    Specs(stage.database).add(stage.spec)
    play = Play(stage, [stage.database])
    before = stage.balances()
    play.turn()
    done, error = jobs_of(play)["accept"]
    assert not done
    assert error is not None
    assert error.startswith("not accepted: the escrow does not cover the spec: price: 40 labels cost")
    assert stage.balances() == before

    stage.chain.advance_to(stage.schedule.accept_end)
    play.clock.seconds += 700
    play.turn()
    assert jobs_of(play)["accept"] == (True, None)
    assert play.status() is Status.CREATED


def test_nothing_is_read_past_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a provider that allows few blocks at a time; the index asks for fewer then."""
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    stage.settle()
    play, few = Play(stage, [stage.database]), 10
    chain = type(stage.chain)
    read = chain.logs

    def logs(self: Chain, address: Address, first: int, last: int, topics: Topics = ()) -> list[Log]:
        if last - first >= few:
            raise ChainError(f"limited to a {few} block range")
        return read(self, address, first, last, topics)

    monkeypatch.setattr(chain, "logs", logs)
    play.turn(2)
    assert jobs_of(play)["pay"] == (True, None)
    assert stage.chain.block_number > stage.deployment.block + few


def test_campaigns_of_other_oracles_are_theirs() -> None:
    stage = build()
    Specs(stage.database).add(stage.spec)
    play = Play(stage.taken_up(oracle=stage.stranger), [stage.database])
    play.turn()
    assert jobs_of(play) == {}
    assert play.status() is Status.CREATED


def test_one_campaign_that_fails_does_not_stop_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first cannot be read at all, as where its events are of another version."""
    stage = build()
    broken = build_second(stage)
    for each in (stage, broken):
        Specs(stage.database).add(each.spec)
    read = Case.situation

    def situation(self: Case) -> Situation:
        if self.id == broken.scope.campaign_id:
            raise EventError("unknown event")
        return read(self)

    monkeypatch.setattr(Case, "situation", situation)
    play = Play(stage, [stage.database])
    play.turn()
    assert play.status() is Status.OPEN
    assert broken.contracts.registry.campaign(broken.scope.campaign_id).status is Status.CREATED


def build_second(stage: Stage, line: Schedule | None = None) -> Stage:
    """Another campaign of the same people, by the same time line if no other is given."""
    client = Requester(stage.sender, stage.contracts, stage.requester)
    token, escrow = stage.contracts.development_token, escrow_for(stage.spec, FEE_BPS)
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, escrow))
    terms = Terms(
        stake_per_label=COIN, fee_bps=FEE_BPS, schedule=stage.schedule if line is None else line, nonce=1
    )
    scope, params = client.open_campaign(stage.pool, stage.dataset, stage.spec, terms)
    return stage.taken_up(scope=scope, params=params)


def test_nobody_worked_and_the_bond_comes_back() -> None:
    stage = build()
    before = stage.balances()
    play = Play(stage, [stage.database])
    Specs(stage.database).add(stage.spec)
    play.turn()
    assert play.status() is Status.OPEN
    for end in ("enrol_end", "work_start", "commit_end", "reveal_end"):
        play.until(getattr(stage.schedule, end))
    assert play.status() is Status.CANCELLED
    held = stage.balances()
    assert held["oracle's credit"] == before["oracle"]
    assert held["requester's credit"] - before["requester's credit"] == before["registry"] - sum(
        stage.contracts.registry.seat(stage.params.pool, each.address).stake for each in stage.people.values()
    )
    assert play.unfinished() == []


def test_a_service_that_was_away_for_a_round_still_pays_for_the_others() -> None:
    """Whose batches it could not post commit alone; the campaign goes on, and says what failed."""
    stage = build()
    play = Play(stage, [stage.database])
    play.begin()
    schedule = stage.schedule
    play.until(schedule.round_start(0))
    for name, person in play.people.items():
        person.submit(0, play.answers(name, 0))
    stage.chain.advance_to(schedule.aggregate_close(0))  # nobody is there to post the root
    ann = play.people["ann"]
    ann.commit_alone(stage.sender, ann.batches[0])
    play.turn()
    done, error = jobs_of(play)["missed"]
    assert done
    assert error is not None
    assert "4 receipts cannot be kept" in error

    play.until(schedule.round_start(1))
    for name, person in play.people.items():
        if name != "ann":
            continue
        person.submit(1, play.answers(name, 1))
    play.until(closing(stage.params, 1))
    play.until(schedule.commit_end)
    for batch in ann.batches:
        ann.open(batch)
    play.end()
    assert stage.contracts.development_token.balance_of(ann.address) > 0
    assert [each for each in play.unfinished() if not each.startswith("missed")] == []


def test_answers_receipts_that_are_held_against_it() -> None:
    stage = build()
    play = Play(stage, [stage.database])
    play.begin()
    play.work()
    play.until(stage.schedule.commit_end)
    ann = play.people["ann"]
    ann.post_receipt(stage.sender, ann.batches[0])
    registry, campaign = stage.contracts.registry, stage.scope.campaign_id
    assert registry.contest(campaign).receipts == 1
    play.turn()
    assert registry.contest(campaign).receipts == 0
    assert play.calls()["ReceiptAnswered"] == 1
    play.reveal()
    play.end()
    assert play.unfinished() == []


def test_late_is_better_than_never() -> None:
    """Away in its own time, it proposes late, since no opening can turn up any more."""
    stage = build()
    play = Play(stage, [stage.database])
    play.begin()
    play.work()
    play.reveal()
    stage.chain.advance_to(stage.schedule.settle_end)
    play.turn()
    assert play.status() is Status.PROPOSED
    assert play.calls()["ProposedLate"] == 1
    state = stage.contracts.registry.campaign(stage.scope.campaign_id)
    play.until(state.since + stage.schedule.window)
    assert play.status() is Status.FINAL


def test_late_waits_for_the_rescue_while_an_opening_can_turn_up() -> None:
    stage = build()
    play = Play(stage, [stage.database])
    play.begin()
    play.work()
    play.until(stage.schedule.commit_end)
    for name in NAMES[1:]:
        for batch in play.people[name].batches:
            play.people[name].open(batch)
    stage.chain.advance_to(stage.schedule.settle_end)
    play.turn()
    assert play.status() is Status.OPEN
    play.until(stage.schedule.settle_end + stage.schedule.rescue_period)
    assert play.status() is Status.PROPOSED
    assert play.unfinished() == []


def test_nothing_is_proposed_that_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = build()
    play = Play(stage, [stage.database])
    play.begin()
    play.work()
    play.reveal()
    made = settlement.build

    def wrong(*given: Any) -> Built:
        built = made(*given)
        return replace(
            built, settlement=replace(built.settlement, payout_total=built.settlement.payout_total + 1)
        )

    monkeypatch.setattr(settlement, "build", wrong)
    play.until(stage.schedule.reveal_end)
    assert play.status() is Status.OPEN
    done, error = jobs_of(play)["propose"]
    assert not done
    assert error is not None
    assert "does not hold, nothing is proposed" in error

    monkeypatch.undo()
    play.clock.seconds += 700
    play.turn()
    assert play.status() is Status.PROPOSED


def test_nothing_is_settled_by_blocks_that_may_still_change() -> None:
    stage = build()
    play = Play(stage, [stage.database], options=Options(depth=20))
    Specs(stage.database).add(stage.spec)
    play.turn()
    for person in play.people.values():
        person.enrol()
    schedule = stage.schedule
    play.until(schedule.enrol_end - schedule.grace - ROSTER_SECONDS)
    play.until(schedule.enrol_end)
    stage.chain.mine(5)
    play.turn()
    play.until(schedule.round_start(0))
    book = play.services[0].cases.case(stage.scope.campaign_id).engine.book
    assert book.round() is None  # the seed may still be another one
    stage.chain.mine(20)
    play.turn()
    assert book.round() == 0
    for name, person in play.people.items():
        person.submit(0, play.answers(name, 0))
    play.until(closing(stage.params, 0))
    stage.chain.mine(20)
    play.reveal()
    play.until(schedule.reveal_end)
    assert play.status() is Status.OPEN
    stage.chain.mine(19)
    play.turn()
    assert play.status() is Status.OPEN
    stage.chain.mine(2)
    play.turn()
    assert play.status() is Status.PROPOSED


@pytest.mark.anvil
def test_what_the_chain_forgets_is_done_again(anvil: Anvil) -> None:
    """Blocks with the oracle's transactions are replaced by empty ones; the jobs were done long ago."""
    chain = connect(anvil.url)
    assert isinstance(chain, RemoteChain)
    stage = build(chain)
    play = Play(stage, [stage.database], options=Options(depth=30))
    Specs(stage.database).add(stage.spec)
    chain.mine(10)
    play.turn()
    assert play.status() is Status.OPEN
    for _ in range(2):
        chain._ask("anvil_reorg", 5, [])
        assert play.status() is Status.CREATED
        play.turn()
        assert play.status() is Status.OPEN
    assert play.calls()["Accepted"] == 1
    assert play.unfinished() == []


# ------------------------------------------------------------------------------- threads


@pytest.mark.anvil
def test_threads_start_work_and_stop(anvil: Anvil) -> None:
    stage = build(connect(anvil.url))
    Specs(stage.database).add(stage.spec)
    sender = Sender(stage.chain, TransactionJournal(stage.database))
    service = Service(sender, stage.deployment, stage.oracle, stage.database, Options(depth=0))
    service.start()
    try:
        deadline = time.monotonic() + 60
        registry, campaign = stage.contracts.registry, stage.scope.campaign_id
        while registry.campaign(campaign).status is not Status.OPEN:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert not service.wait(0)
    finally:
        assert service.stop(30)
    assert service.wait(0)
    assert not [each for each in threading.enumerate() if each.name in {one.name for one in service.workers}]
    assert [each.faults for each in service.workers] == [0] * len(service.workers)
    assert all(each.last for each in service.workers)
    service.indexer.catch_up()
    assert service.lag()[0] == 0


def test_new_blocks_wake_who_works_on_them(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    """Block, task, job: each follows the one before, however long the pauses."""
    monkeypatch.setattr(jobs, "IDLE_SECONDS", 3_600.0)
    monkeypatch.setattr(scheduler, "POLL_SECONDS", 3_600.0)
    stage = build(connect(anvil.url))
    Specs(stage.database).add(stage.spec)
    sender = Sender(stage.chain, TransactionJournal(stage.database))
    service = Service(sender, stage.deployment, stage.oracle, stage.database, Options(depth=0))

    def until(holds: Callable[[CampaignState], bool]) -> None:
        deadline = time.monotonic() + 60
        while not holds(stage.contracts.registry.campaign(stage.scope.campaign_id)):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    service.start()
    try:
        until(lambda at: at.status is Status.OPEN)
        stage.chain.advance_to(stage.schedule.enrol_end)
        until(lambda at: at.seed_block > 0)
        stage.chain.mine(5)  # the one whose hash is drawn is among them
        until(lambda at: at.seed != ZERO_HASH)
    finally:
        assert service.stop(30)


@pytest.mark.anvil
def test_stopped_in_the_midst_of_a_job_it_finishes_it(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = build(connect(anvil.url))
    Specs(stage.database).add(stage.spec)
    begun, go_on = threading.Event(), threading.Event()

    def slow(case: Case, about: str) -> None:
        begun.set()
        assert go_on.wait(60)
        relay.accept(case, about)

    monkeypatch.setitem(STEPS, Kind.ACCEPT, slow)
    sender = Sender(stage.chain, TransactionJournal(stage.database))
    service = Service(sender, stage.deployment, stage.oracle, stage.database, Options(depth=0))
    service.start()
    assert begun.wait(60)
    assert not service.stop(0.1)
    registry, campaign = stage.contracts.registry, stage.scope.campaign_id
    assert registry.campaign(campaign).status is Status.CREATED

    go_on.set()
    assert service.stop(60)

    assert registry.campaign(campaign).status is Status.OPEN
    entry = service.jobs.entry("accept", str(campaign))
    assert entry is not None
    assert entry.done
    assert [each for each in service.jobs.entries(done=False) if each.kind == "accept"] == []


@pytest.mark.anvil
def test_a_node_that_is_away_is_waited_for(anvil: Anvil) -> None:
    stage = build(connect(anvil.url))
    with proxied(anvil.url) as proxy:
        chain = connect(proxy.url)
        sender = Sender(chain, TransactionJournal(stage.database))
        service = Service(sender, stage.deployment, stage.oracle, stage.database, Options(depth=0))
        refusal = {"code": -32_000, "message": "overloaded"}
        proxy.tamper = lambda request, _: {"jsonrpc": "2.0", "id": request["id"], "error": refusal}
        pauses = [each.run_once() for each in service.workers]
        faults = {each.name: each.faults for each in service.workers}
        assert faults["indexer"] == faults["scheduler"] == faults["watcher"] == 1
        assert all(pause > 0 for pause in pauses)

        proxy.tamper = lambda _, answer: answer
        assert [each.run_once() for each in service.workers]
        assert {each.name: each.faults for each in service.workers} == faults


def test_a_step_whose_reading_was_overtaken_is_no_fault() -> None:
    def overtaken() -> float:
        raise StaleReadError("block 7 was replaced during the reading; read again")

    worker = Worker("scheduler", overtaken)
    assert 0 < worker.run_once() < 1
    assert worker.faults == 0
