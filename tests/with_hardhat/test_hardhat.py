"""The same code on a Hardhat 3 node; `scripts/test-deep hardhat` runs this."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from web3.exceptions import Web3RPCError

from labelshare.chain.connect import connect
from labelshare.chain.envelope import Transaction
from labelshare.chain.remote import RemoteChain
from labelshare.errors import RevertError, WrongChainError
from labelshare.replay.crowd import Crowd
from labelshare.replay.rules import Rules
from tests.chain.test_life import (  # noqa: F401 (collected here too, with the world of this folder)
    test_a_campaign_from_funding_to_claims,
    test_a_campaign_that_came_to_nothing_is_burned_whole,
    test_a_campaign_that_nobody_worked_for_is_refunded,
    test_seats_as_of_the_first_arming,
    test_shares_revenue_and_a_licence,
    test_the_history_follows_the_status,
    test_the_record_holds_what_a_settlement_is_judged_by,
)
from tests.chain.test_openings import (  # noqa: F401
    test_a_late_proposal_after_a_public_one_fell_is_the_oracles_own,
    test_a_public_proposal_after_the_oracles_fell_is_public_to_the_end,
)
from tests.chain.test_refusals import (  # noqa: F401
    test_a_batch_of_claims_is_tried_before_it_is_sent,
    test_a_block_that_is_not_there,
    test_a_limit_above_the_block_says_so,
    test_a_transaction_signed_for_another_chain_is_not_sent,
    test_the_chain_itself_refuses_who_cannot_pay,
    test_the_first_refusal_of_many_is_named,
    test_the_wrong_caller,
    test_time_does_not_run_back,
    test_too_few_tokens,
    test_too_late,
    test_too_little_coin_for_gas,
    test_too_low_a_limit_says_so,
)
from tests.chain.test_sending import (  # noqa: F401
    test_a_contract_stands_where_its_creator_and_nonce_put_it,
    test_a_receipt_and_the_gas_book,
    test_a_snapshot_brings_everything_back,
    test_coins_move,
    test_many_fill_as_many_blocks_as_they_need,
    test_many_that_depend_on_each_other,
    test_time_stands_where_it_is_put,
    test_web3_sees_the_same_chain,
)
from tests.chain.world import Work, World
from tests.replay.crowds import (
    GOLD_RULES,
    RECORDED_RULES,
    SIMULATED_RULES,
    crowd_with_gold,
    recorded_crowd,
    run,
    small_simulated_crowd,
)
from tests.replay.test_life import check_everything
from tests.test_cli import as_files, process

pytestmark = pytest.mark.hardhat


@pytest.fixture
def chain(hardhat_url: str) -> RemoteChain:
    """The node, as labelshare connects to it."""
    chain = connect(hardhat_url, expected_chain_id=31_337)
    assert isinstance(chain, RemoteChain)
    return chain


def test_the_node_is_the_one_that_is_meant(chain: RemoteChain, hardhat_url: str) -> None:
    assert chain.is_development
    assert chain.web3.client_version.startswith("HardhatNetwork/3.")
    with pytest.raises(WrongChainError, match="the node is chain 31337, expected 1"):
        connect(hardhat_url, expected_chain_id=1)


# ----------------------------------------------------------------------- whole lives


@pytest.mark.parametrize(
    ("crowd", "rules"),
    [
        (recorded_crowd, RECORDED_RULES),
        (small_simulated_crowd, SIMULATED_RULES),
        (crowd_with_gold, GOLD_RULES),
    ],
    ids=["recorded", "simulated", "with gold"],
)
def test_everyone_has_what_the_crowd_says(
    chain: RemoteChain, crowd: Callable[[], Crowd], rules: Rules
) -> None:
    mark = chain.snapshot()

    check_everything(run(crowd(), rules, chain))

    chain.restore(mark)


def test_a_stranger_verifies_what_was_saved(chain: RemoteChain, hardhat_url: str, tmp_path: Path) -> None:
    mark, crowd = chain.snapshot(), recorded_crowd()
    labels, truth = as_files(crowd, tmp_path)
    folder = tmp_path / "saved"

    ran = process("replay", labels, "--truth", truth, "--json", "--url", hardhat_url, "--save", folder)
    figures = json.loads(ran.out)
    verified = process("verify", folder, "--url", hardhat_url)

    assert (ran.code, figures["verified"], figures["conserved"]) == (0, True, True)
    assert figures["accuracy_items"] == len(crowd.truth)
    assert verified.code == 0
    assert verified.out.startswith(f"verified: {len(crowd.votes)} labels, ")
    chain.restore(mark)


def test_gas_is_the_same_as_in_process(world: World) -> None:
    def used(world: World) -> dict[str, list[int]]:
        world.sender.gas.clear()
        Work.start(world).whole()
        return {label: gas for label, gas in world.sender.gas.items() if label != "TaskRegistry.drawSeed"}

    here, in_process = used(world), used(World.build(connect()))

    assert here.keys() == in_process.keys()
    for label, gas in in_process.items():
        assert here[label] == pytest.approx(gas, rel=0.01), label


# ------------------------------------------------------- where Hardhat answers otherwise


def test_the_node_refuses_what_is_signed_for_another_chain(chain: RemoteChain, world: World) -> None:
    """Ours never sends it; the node would not take it either."""
    signer = world.stranger
    foreign = Transaction(1, chain.nonces([signer.address])[0], 1, 10**11, 21_000, signer.address, 1, b"")

    with pytest.raises(Web3RPCError, match="invalid chainId"):
        chain.web3.eth.send_raw_transaction(signer.sign_transaction(foreign).raw)


def test_a_transaction_that_fails_in_its_block_says_why(chain: RemoteChain, world: World) -> None:
    """The node answers with an error although the transaction is in a block."""
    signer, to = world.stranger, world.oracle.address
    (nonce,), block = chain.nonces([signer.address]), chain.block_number

    with pytest.raises(RevertError) as refusal:
        world.sender.send_many([(signer, world.token.transfer(to, 5))])

    assert refusal.value.name == "ERC20InsufficientBalance"
    assert refusal.value.args_by_name == {"sender": signer.address, "balance": 0, "needed": 5}
    assert str(refusal.value).startswith("Token.transfer: ")
    assert (chain.nonces([signer.address]), chain.block_number) == ([nonce + 1], block + 1)


def test_in_a_batch_too(chain: RemoteChain, world: World) -> None:
    signer, to = world.stranger, world.oracle.address
    short = replace(world.token.transfer(to, 0), gas=22_500)

    with pytest.raises(RevertError, match=r"Token\.transfer: out of gas"):
        world.sender.send_many([(signer, world.token.transfer(to, 0)), (signer, short)])
    with pytest.raises(RevertError) as refusal:
        world.sender.send_many([(signer, world.token.transfer(to, n)) for n in (0, 7, 8)])

    assert refusal.value.args_by_name == {"sender": signer.address, "balance": 0, "needed": 7}
    assert chain.nonces([signer.address]) == [5]
