"""A seat costs its stake, to the unit, or is not taken."""

from __future__ import annotations

import pytest

from labelshare.chain.node import Call
from labelshare.client.seats import seat_calls
from labelshare.errors import RevertError
from tests.oracle.stage import COIN, LIMIT, Stage, build

STAKE = LIMIT * COIN


@pytest.fixture(scope="module")
def stage() -> Stage:
    return build()


def seats(stage: Stage) -> list[Call]:
    return seat_calls(stage.contracts, stage.pool, stage.stranger.address)


def test_an_annotator_without_the_stake(stage: Stage) -> None:
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, STAKE - 1))
    before = stage.balances()

    for send in (stage.sender.send_many, lambda work: [stage.sender.send(*each) for each in work]):
        with pytest.raises(RevertError, match="join") as caught:
            send(
                [
                    (stage.stranger, call)
                    for call in seat_calls(stage.contracts, stage.pool, stage.stranger.address)
                ]
            )
        assert caught.value.name == "ERC20InsufficientBalance"
        assert (caught.value.args_by_name["balance"], caught.value.args_by_name["needed"]) == (
            STAKE - 1,
            STAKE,
        )

    assert stage.balances() == before


def test_a_seat_takes_the_stake_and_leaves_no_allowance(stage: Stage) -> None:
    token, registry = stage.contracts.development_token, stage.contracts.registry
    held = token.balance_of(stage.stranger.address)
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, STAKE + 7 - held))

    stage.sender.send_many(
        [(stage.stranger, call) for call in seat_calls(stage.contracts, stage.pool, stage.stranger.address)]
    )

    assert token.balance_of(stage.stranger.address) == 7
    assert token.allowance(stage.stranger.address, registry.address) == 0
    assert registry.seat(stage.params.pool, stage.stranger.address).stake == STAKE
