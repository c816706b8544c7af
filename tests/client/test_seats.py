"""A seat costs its stake, to the unit, or is not taken."""

from __future__ import annotations

import pytest

from labelshare.chain.node import Call
from labelshare.client.seats import seat_call_by_permit, seat_calls
from labelshare.errors import InputError, RevertError
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


def test_a_seat_by_permit_is_one_transaction_without_an_approval() -> None:
    stage = build()
    token, registry = stage.contracts.development_token, stage.contracts.registry
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, STAKE + 7))
    deadline = stage.chain.now() + 3_600
    call = seat_call_by_permit(stage.contracts, stage.pool, stage.stranger, deadline)

    stage.sender.send(stage.stranger, call)

    assert token.balance_of(stage.stranger.address) == 7
    assert token.allowance(stage.stranger.address, registry.address) == 0
    assert registry.credit_of(token.address, stage.stranger.address) == 0
    assert registry.seat(stage.params.pool, stage.stranger.address).takes_work


def test_a_permit_that_is_too_late_takes_no_seat() -> None:
    stage = build()
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, STAKE))
    call = seat_call_by_permit(stage.contracts, stage.pool, stage.stranger, stage.chain.now() - 1)
    before = stage.balances()

    with pytest.raises(RevertError, match="multicall") as caught:
        stage.sender.send(stage.stranger, call)

    assert caught.value.name == "ERC20InsufficientAllowance"
    assert stage.balances() == before


def test_credit_pays_for_a_seat_without_a_permit() -> None:
    stage = build()
    token, registry = stage.contracts.development_token, stage.contracts.registry
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, STAKE))
    stage.sender.send(stage.stranger, token.approve(registry.address, STAKE))
    stage.sender.send(stage.stranger, registry.deposit(token.address, STAKE))

    call = seat_call_by_permit(stage.contracts, stage.pool, stage.stranger, 0)

    assert call == registry.join(stage.pool)
    stage.sender.send(stage.stranger, call)
    assert registry.seat(stage.params.pool, stage.stranger.address).takes_work


def test_a_multicall_takes_calls_of_the_registry_alone(stage: Stage) -> None:
    registry, token = stage.contracts.registry, stage.contracts.development_token
    for call in (
        token.approve(registry.address, 1),
        registry.request_ruling(stage.pool, stage.params, wei=1),
    ):
        with pytest.raises(InputError, match="calls of the registry alone, without ether"):
            registry.multicall([call])
