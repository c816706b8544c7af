"""The steps of a time line: refused here exactly where the registry would refuse them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labelshare.chain.deploy import DEVELOPMENT_LIMITS, PUBLIC_LIMITS
from labelshare.client.schedules import DAY, HOUR, Steps, require_allowed
from labelshare.errors import InputError, RevertError
from labelshare.replay.rules import schedule_from
from tests.oracle.stage import ITEMS, Stage, build

LIMITS = DEVELOPMENT_LIMITS
PERIODS = ("grace", "reveal", "settle", "window", "ruling", "public", "slash")
SHORT = Steps(
    accept=HOUR, enrol=HOUR, pause=HOUR, round_length=2 * HOUR, **dict.fromkeys((*PERIODS, "rescue"), HOUR)
)


@pytest.fixture(scope="module")
def stage() -> Stage:
    stage = build()
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, 1))
    stage.sender.send(stage.requester, token.approve(stage.contracts.registry.address, 1))
    return stage


def refused_by_the_registry(stage: Stage, steps: Steps) -> bool:
    params = replace(stage.params, nonce=1, schedule=steps.schedule(stage.chain.now()), share_cap=ITEMS)
    call = stage.contracts.registry.create_campaign(stage.pool, params, 1)
    try:
        stage.chain.call(call, stage.requester.address)
    except RevertError as error:
        if error.name != "InvalidSchedule":
            raise
        return True
    return False


def refused_here(stage: Stage, steps: Steps) -> bool:
    try:
        require_allowed(steps, LIMITS, replace(stage.pool, unbonding=2**39))
    except InputError:
        return True
    return False


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        *[({name: 60, "enrol": HOUR}, True) for name in PERIODS],
        *[({name: 59}, False) for name in (*PERIODS, "rescue")],
        *[({name: LIMITS.max_period + 1, "enrol": 2 * LIMITS.max_period}, False) for name in PERIODS],
        ({"rescue": 60}, True),
        ({"rescue": LIMITS.max_period + 1}, False),
        ({"enrol": HOUR - 1}, False),
        ({"pause": 1}, True),
        ({"pause": 0}, False),
        ({"round_length": HOUR + 1}, True),
        ({"round_length": HOUR}, False),
        ({"round_length": LIMITS.max_period}, True),
        ({"round_length": LIMITS.max_period + 1}, False),
        ({"rounds": 0}, False),
        ({"tries": 0}, False),
        ({"tries": 8}, True),
        ({"tries": 9}, False),
        ({"accept": LIMITS.max_horizon - 5 * DAY}, True),
        ({"accept": LIMITS.max_horizon}, False),
    ],
)
def test_refused_where_the_registry_refuses(stage: Stage, changes: dict[str, int], *, allowed: bool) -> None:
    steps = replace(SHORT, **changes)

    assert refused_here(stage, steps) is not allowed
    assert refused_by_the_registry(stage, steps) is not allowed


def test_the_defaults_are_those_of_public_deployments(stage: Stage) -> None:
    assert Steps().schedule(1_000) == schedule_from(1_000, 1)
    bound = Steps().schedule(0).hard_end - Steps().accept
    require_allowed(Steps(), PUBLIC_LIMITS, replace(stage.pool, unbonding=bound))
    with pytest.raises(InputError, match=f"binds its seats for {bound - 1}, so no oracle could accept it"):
        require_allowed(Steps(), PUBLIC_LIMITS, replace(stage.pool, unbonding=bound - 1))
