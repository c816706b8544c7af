"""Which campaigns an oracle takes on; the others wait, are told why, and fail nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from labelshare.chain.state import Status
from labelshare.client.requester import escrow_for
from labelshare.oracle.acceptance import ANYTHING, Acceptance
from labelshare.oracle.jobs import Later
from labelshare.oracle.overview import overview
from labelshare.oracle.relay import accept
from labelshare.oracle.service import Options
from labelshare.protocol.rewards import fee
from labelshare.store.jobs import Entry
from labelshare.store.specs import Specs
from tests.chain.world import schedule
from tests.databases import fresh
from tests.oracle.play import Play
from tests.oracle.stage import COIN, FEE_BPS, ITEMS, Stage, build, small_spec
from tests.oracle.test_service import build_second

DUST = small_spec(price="1")
DUST_ESCROW = escrow_for(DUST, FEE_BPS)
NOBODY_KNOWN = Acceptance(least_escrow=None, least_fee=1)
"""What `serve` wants where its operator says nothing."""


@pytest.fixture(scope="module")
def stage() -> Stage:
    return build(database=fresh())


def refusal(
    acceptance: Acceptance,
    stage: Stage,
    *,
    escrow: int | None = None,
    now: int | None = None,
    fee_bps: int = FEE_BPS,
) -> str | None:
    params, held = replace(stage.params, fee_bps=fee_bps), escrow_for(stage.spec, FEE_BPS)
    time = stage.chain.now() if now is None else now
    return acceptance.refusal(stage.pool, params, stage.spec, held if escrow is None else escrow, time)


def test_without_a_word_whatever_is_funded_is_taken(stage: Stage) -> None:
    assert refusal(ANYTHING, stage) is None
    assert ANYTHING.refusal(stage.pool, stage.params, DUST, DUST_ESCROW, stage.chain.now()) is None
    assert "escrow does not cover the spec" in (refusal(ANYTHING, stage, escrow=30 * COIN) or "")


def test_whose_campaigns_are_taken(stage: Stage) -> None:
    assert refusal(Acceptance(frozenset({stage.requester.address})), stage) is None
    others = Acceptance(frozenset({stage.stranger.address}))
    assert f"requester {stage.requester.address} is none of" in (refusal(others, stage) or "")


def test_who_takes_all_places_locks_a_seats_stake(stage: Stage) -> None:
    pool = replace(stage.pool, max_open=4, seat_stake=400)
    now = stage.chain.now()
    told = NOBODY_KNOWN.refusal(pool, stage.params, DUST, DUST_ESCROW, now)
    assert told == f"the escrow is {DUST_ESCROW} base units, this oracle wants 100 base units or more"
    assert NOBODY_KNOWN.refusal(pool, stage.params, DUST, 100, now) is None
    assert refusal(replace(NOBODY_KNOWN, least_escrow=10**30), stage) is not None


def test_what_the_oracle_earns(stage: Stage) -> None:
    earns = fee(2 * ITEMS * COIN, FEE_BPS)
    assert refusal(Acceptance(least_fee=earns), stage) is None
    told = refusal(Acceptance(least_fee=earns + 1), stage)
    assert told == f"the fee comes to {earns} base units, this oracle wants {earns + 1} base units or more"
    assert refusal(NOBODY_KNOWN, stage, fee_bps=0) is not None
    assert refusal(ANYTHING, stage, fee_bps=0) is None


def test_how_long_a_place_may_be_held(stage: Stage) -> None:
    line = stage.schedule
    held = line.settle_end + line.window + line.slash_window
    assert refusal(Acceptance(longest=3_600), stage, now=held - 3_600) is None
    assert "1 days at most" in (refusal(Acceptance(longest=86_400), stage, now=held - 86_401) or "")
    told = refusal(ANYTHING, stage, now=line.hard_end - stage.pool.unbonding - 1)
    assert "the pool's seats are bound until" in (told or "")


# ------------------------------------------------------------------ in a service's life


def entry(play: Play, stage: Stage) -> Entry:
    found = play.services[0].jobs.entry("accept", str(stage.scope.campaign_id))
    assert found is not None
    return found


def test_a_campaign_that_is_not_taken_on_waits_until_it_is() -> None:
    """It is told once, fails nothing, and is accepted once enough is locked in it."""
    stage = build()
    wanted = escrow_for(stage.spec, FEE_BPS) + 5
    Specs(stage.database).add(stage.spec)
    play = Play(stage, [stage.database], Options(depth=0, acceptance=Acceptance(least_escrow=wanted)))
    with capture_logs() as logs:
        for _ in range(5):
            play.clock.seconds += 100
            play.turn(1)
    reason = (
        f"not accepted: the escrow is {wanted - 5} base units, this oracle wants {wanted} base units or more"
    )
    assert [(each["event"], each["log_level"]) for each in logs] == [("job waits", "info")]
    assert (entry(play, stage).is_waiting, entry(play, stage).has_failed) == (True, False)
    (line,) = overview(stage.chain, stage.deployment, stage.database).campaigns
    assert [each.error for each in line.waiting] == [reason]
    assert line.failing == ()
    assert play.status() is Status.CREATED

    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, 5))
    for call in stage.contracts.approvals(token.address, stage.requester.address, 5):
        stage.sender.send(stage.requester, call)
    stage.sender.send(stage.requester, stage.contracts.registry.top_up(stage.params, 5))
    stage.sender.send(stage.deployer, token.transfer(stage.oracle.address, 2))
    play.clock.seconds += 100
    play.turn()
    assert play.status() is Status.OPEN
    assert (entry(play, stage).done, entry(play, stage).error) == (True, None)


def test_a_full_pool_is_waited_for() -> None:
    stage = build()
    Specs(stage.database).add(stage.spec)
    play = Play(stage, [stage.database])
    play.turn()
    assert play.status() is Status.OPEN
    second = open_later(stage)
    with capture_logs() as logs:
        play.clock.seconds += 100
        play.turn(3)
    waiting = entry(play, second)
    assert waiting.error == "the pool has 1 open campaign, as many as it may; accepted once one ends"
    assert (waiting.is_waiting, waiting.has_failed) == (True, False)
    assert [each["event"] for each in logs if each["log_level"] != "info"] == []
    assert len([each for each in logs if each["event"] == "job waits"]) == 1
    with pytest.raises(Later, match="as many as it may"):  # as where another process was first
        accept(play.services[0].cases.case(second.scope.campaign_id), "")

    for end in ("enrol_end", "work_start", "commit_end", "reveal_end"):
        play.until(getattr(stage.schedule, end))
    play.clock.seconds += 100
    play.turn()
    assert play.status() is Status.CANCELLED
    assert stage.contracts.registry.campaign(second.scope.campaign_id).status is Status.OPEN


def open_later(stage: Stage) -> Stage:
    """A second campaign, which can be accepted until after the first one's end."""
    return build_second(stage, schedule(stage.schedule.reveal_end + 3_600))
