"""Each kind of wrong input gives one clear error, and nothing moves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.deploy import DEVELOPMENT_LIMITS, PUBLIC_LIMITS, Deployment, deploy
from labelshare.chain.envelope import Transaction
from labelshare.chain.keys import Signer, development_signer, load_keystore, new_signer, save_keystore
from labelshare.chain.node import Call
from labelshare.chain.remote import RemoteChain
from labelshare.chain.reverts import utc
from labelshare.chain.transactions import Sender
from labelshare.errors import (
    ChainError,
    DeploymentError,
    FundsError,
    InputError,
    KeyRefusedError,
    RevertError,
    WrongChainError,
)
from labelshare.types import Address, keccak
from tests.chain.world import COIN, ESCROW, STAKE, Work, World

JUNK_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")


@contextmanager
def nothing_moves(world: World) -> Iterator[None]:
    before = world.balances(), world.chain.block_number, world.chain.balance(world.stranger.address)
    yield
    assert (world.balances(), world.chain.block_number, world.chain.balance(world.stranger.address)) == before


# -------------------------------------------------------------------------- the chain


@pytest.mark.anvil
def test_a_chain_that_was_not_meant_is_refused_on_connecting(public_url: str) -> None:
    with pytest.raises(WrongChainError, match="the node is chain 1, expected 31337"):
        connect(public_url, expected_chain_id=31_337)
    with pytest.raises(WrongChainError, match="the in-process chain is chain 131277322940537, expected 1"):
        connect(expected_chain_id=1)


def test_no_node_answers() -> None:
    """The message keeps to itself what a URL may hold of secrets."""
    with pytest.raises(ChainError, match=r"no answer from the node at 127\.0\.0\.1:1: \w+$") as refusal:
        connect("http://user:secret@127.0.0.1:1/v3/secret")
    assert refusal.value.__suppress_context__


def test_an_address_that_is_none() -> None:
    with pytest.raises(InputError, match="http:// or https://"):
        connect("localhost:8545")


def test_a_transaction_signed_for_another_chain_is_not_sent(world: World) -> None:
    to = world.deployer.address
    foreign = Transaction(1, world.chain.nonces([world.stranger.address])[0], 1, 10**11, 21_000, to, 1, b"")

    with (
        nothing_moves(world),
        pytest.raises(WrongChainError, match="a transaction for chain 1 was about to go to"),
    ):
        world.chain.include([world.stranger.sign_transaction(foreign)])


def test_a_deployment_of_another_chain(world: World) -> None:
    record = replace(world.deployment, chain_id=1)

    with pytest.raises(WrongChainError, match="the deployment is on chain 1"):
        record.bind(world.chain)


# --------------------------------------------------------------------------- the keys


def public_chain(url: str) -> RemoteChain:
    chain = connect(url, expected_chain_id=1)
    assert isinstance(chain, RemoteChain)
    return chain


def give(chain: RemoteChain, account: Address) -> None:
    """The node is ours, so it gives coins even where labelshare would not ask it to."""
    chain._ask("anvil_setBalance", str(account), hex(100 * COIN))


def public_keys(tmp_path: Path) -> list[Signer]:
    ours = development_signer("deployer")
    save_keystore(tmp_path / "key.json", ours, "password")
    return [
        ours,
        load_keystore(tmp_path / "key.json", "password"),
        Signer(JUNK_KEY),
        Signer((7).to_bytes(32, "big")),
    ]


@pytest.mark.anvil
def test_keys_that_anyone_knows_sign_nothing_where_money_is_real(public_url: str, tmp_path: Path) -> None:
    chain, to = public_chain(public_url), new_signer().address
    sender = Sender(chain)
    for signer in public_keys(tmp_path):
        give(chain, signer.address)
        gift = Call(to, b"", "gift", value=1)
        with pytest.raises(KeyRefusedError, match=f"{signer.address} is a development account"):
            sender.send(signer, gift)
        with pytest.raises(KeyRefusedError):
            sender.send_many([(signer, gift), (signer, gift)])
        assert chain.balance(signer.address) == 100 * COIN
    assert chain.balance(to) == 0


@pytest.mark.anvil
def test_time_and_balances_are_not_set_where_money_is_real(public_url: str) -> None:
    chain = public_chain(public_url)
    for refused in (
        lambda: chain.fund(new_signer().address, 1),
        lambda: chain.advance_to(chain.now() + 60),
        chain.mine,
        chain.snapshot,
        lambda: chain.restore("0x0"),
    ):
        with pytest.raises(ChainError, match="is for development chains"):
            refused()


@pytest.mark.anvil
def test_a_public_chain_takes_safe_periods_from_a_real_key(public_url: str) -> None:
    chain, signer = public_chain(public_url), new_signer()
    give(chain, signer.address)
    sender = Sender(chain)

    with pytest.raises(RevertError) as refusal:
        deploy(sender, signer, DEVELOPMENT_LIMITS)
    assert refusal.value.name == "PeriodBelowSafeMinimum"

    deployment = deploy(sender, signer, PUBLIC_LIMITS)
    assert deployment.token is None
    assert deployment.bind(chain).registry.limits() == PUBLIC_LIMITS
    registry = deployment.bind(chain).registry
    with pytest.raises(RevertError, match="ZeroAmount"):
        sender.send_many(
            [(signer, registry.deposit(signer.address, 0)), (signer, registry.deposit(signer.address, 0))]
        )


# -------------------------------------------------------------------------- the money


def test_too_little_coin_for_gas(world: World) -> None:
    poor = development_signer("poor")
    world.chain.fund(poor.address, 1_000)

    for send in (
        lambda: world.sender.send(poor, world.token.approve(world.oracle.address, 1)),
        lambda: world.sender.send_many([(poor, world.token.approve(world.oracle.address, 1))] * 2),
    ):
        with nothing_moves(world), pytest.raises(FundsError, match=f"{poor.address} holds 1000 wei"):
            send()
    assert world.chain.balance(poor.address) == 1_000


def test_the_chain_itself_refuses_who_cannot_pay(world: World) -> None:
    poor = development_signer("poor")
    fees = world.chain.fees()
    to = world.deployer.address
    gift = Transaction(world.chain.chain_id, 0, fees.tip, fees.cap(2), 21_000, to, 1, b"")

    with nothing_moves(world), pytest.raises(FundsError, match=f"{poor.address} holds 0 wei"):
        world.chain.include([poor.sign_transaction(gift)])


def test_too_few_tokens(work: Work) -> None:
    world = work.world
    top_up = world.contracts.registry.top_up(work.params, 10**6 * COIN)
    world.sender.send(world.requester, world.token.approve(world.contracts.registry.address, 10**7 * COIN))

    with nothing_moves(world), pytest.raises(RevertError) as refusal:
        world.sender.send(world.requester, top_up)

    assert refusal.value.name == "ERC20InsufficientBalance"
    assert refusal.value.args_by_name["balance"] == 10_000 * COIN - ESCROW
    assert f"{world.requester.address} holds {10_000 * COIN - ESCROW} units" in str(refusal.value)
    assert str(refusal.value).startswith("TaskRegistry.topUp: ")


def test_too_small_an_allowance(world: World) -> None:
    deposit = world.contracts.registry.deposit(world.token.address, 5)

    with nothing_moves(world), pytest.raises(RevertError, match="approve it first") as refusal:
        world.sender.send(world.deployer, deposit)

    assert refusal.value.args_by_name == {
        "spender": world.contracts.registry.address,
        "allowance": 0,
        "needed": 5,
    }


def test_too_little_credit(world: World) -> None:
    with nothing_moves(world), pytest.raises(RevertError, match="has 0 units of credit") as refusal:
        world.sender.send(world.stranger, world.contracts.registry.withdraw(world.token.address, 5))

    assert refusal.value.name == "InsufficientCredit"


# ----------------------------------------------------------------- who, what and when


def test_the_wrong_caller(work: Work) -> None:
    world = work.world
    with nothing_moves(world), pytest.raises(RevertError) as refusal:
        world.sender.send(world.stranger, world.contracts.registry.accept(world.pool, work.params))

    assert refusal.value.args_by_name == {"caller": world.stranger.address, "needed": world.oracle.address}
    assert f"only {world.oracle.address} may do this, not {world.stranger.address}" in str(refusal.value)


def test_the_wrong_status(work: Work) -> None:
    world = work.world
    with (
        nothing_moves(world),
        pytest.raises(RevertError, match="the campaign is created; this needs it proposed"),
    ):
        world.sender.send(world.oracle, world.contracts.registry.finalize(work.params, work.settlement))


def test_too_late(work: Work) -> None:
    world, end = work.world, work.params.schedule.accept_end
    world.chain.advance_to(end)
    with nothing_moves(world), pytest.raises(RevertError, match="too late") as refusal:
        world.sender.send(world.oracle, world.contracts.registry.accept(world.pool, work.params))

    assert refusal.value.args_by_name["end"] == end
    assert f"allowed until before {utc(end)}" in str(refusal.value)


def test_an_argument_out_of_range_never_leaves_python(world: World) -> None:
    with pytest.raises(InputError, match=r"deposit\(address,uint256\)"):
        world.contracts.registry.deposit(world.token.address, -1)
    with pytest.raises(InputError, match="createPool"):
        world.contracts.registry.create_pool(replace(world.pool, seat_stake=1 << 96))


def test_time_does_not_run_back(world: World) -> None:
    with pytest.raises(ChainError, match="time does not run back"):
        world.chain.advance_to(world.chain.now() - 1)


def test_a_block_that_is_not_there(world: World) -> None:
    for read in (world.chain.timestamp_of, world.chain.block_hash):
        with pytest.raises(ChainError, match="no block"):
            read(10**9)


# ------------------------------------------------------------------ several at a time


def test_the_first_refusal_of_many_is_named(work: Work) -> None:
    world, registry = work.world, work.world.contracts.registry
    world.sender.send(world.deployer, world.token.transfer(world.stranger.address, 2 * STAKE))
    approve = world.token.approve(registry.address, 2 * STAKE)
    calls = [approve, registry.join(world.pool), registry.join(world.pool), registry.leave(work.params.pool)]

    with pytest.raises(
        RevertError, match=r"TaskRegistry\.join: .* holds a seat in this pool already"
    ) as refusal:
        world.sender.send_many([(world.stranger, call) for call in calls])

    assert refusal.value.name == "AlreadySeated"
    seat = registry.seat(work.params.pool, world.stranger.address)
    assert seat.stake == STAKE
    assert bool(seat.release_at) == isinstance(world.chain, RemoteChain)
    # Accounts are usable afterwards: no nonce is lost.
    world.sender.send(world.stranger, world.token.approve(registry.address, 1))


def test_too_low_a_limit_says_so(world: World) -> None:
    approve = replace(world.token.approve(world.oracle.address, 1), gas=25_000)

    with pytest.raises(RevertError, match="out of gas"):
        world.sender.send_many([(world.stranger, approve)])


def test_a_limit_above_the_block_says_so(world: World) -> None:
    approve = replace(world.token.approve(world.oracle.address, 1), gas=10**9)

    with nothing_moves(world), pytest.raises(ChainError, match="gas"):
        world.sender.send_many([(world.stranger, approve)])


def test_a_batch_of_claims_is_tried_before_it_is_sent(work: Work) -> None:
    """Its own gas limit is for sending blind only."""
    world = work.world
    claims = world.contracts.registry.claim_many(work.params, work.payouts, work.tree.multiproof([0, 1, 2]))

    with (
        nothing_moves(world),
        pytest.raises(RevertError, match="the campaign is created; this needs it final"),
    ):
        world.sender.send(world.stranger, claims)


# --------------------------------------------------------------- deployment records


def test_a_record_survives_its_file(world: World, tmp_path: Path) -> None:
    world.deployment.save(tmp_path / "deployment.json")

    assert Deployment.load(tmp_path / "deployment.json") == world.deployment


@pytest.mark.parametrize(
    "name", ["TaskRegistry", "RegistryExtension", "RegistryContests", "ContributorShare", "LicenseRegistry"]
)
def test_a_record_with_another_address_is_refused(world: World, tmp_path: Path, name: str) -> None:
    path = tmp_path / "deployment.json"
    world.deployment.save(path)
    record = json.loads(path.read_text())

    record["contracts"][name]["address"] = str(world.token.address)
    path.write_text(json.dumps(record))
    with (
        nothing_moves(world),
        pytest.raises(DeploymentError, match=f"{name}: the code at .* is not the code"),
    ):
        Deployment.load(path).bind(world.chain)

    record["contracts"][name]["address"] = str(world.stranger.address)
    path.write_text(json.dumps(record))
    with nothing_moves(world), pytest.raises(DeploymentError, match=f"{name}: no contract at"):
        Deployment.load(path).bind(world.chain)


@pytest.mark.parametrize("field", ["registry", "extension", "contests", "share_implementation", "licenses"])
def test_a_forged_record_whose_hashes_fit_is_refused(world: World, field: str) -> None:
    """The record names other code and its true hash, as an operator with contracts of its own would."""
    changes: dict[str, Any] = {field: world.deployment.token}
    forged = replace(world.deployment, **changes)

    with nothing_moves(world), pytest.raises(DeploymentError, match=r"is not this version's contract"):
        forged.bind(world.chain)


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("registry", "the registry's extension"),
        ("share_implementation", "the registry's share"),
        ("extension", "the registry's extension"),
        ("contests", "the extension's contests"),
        ("licenses", "the licences' registry"),
    ],
)
def test_contracts_of_two_deployments_are_refused(world: World, field: str, told: str) -> None:
    world.chain.fund(world.stranger.address, 10**20)
    other = deploy(world.sender, world.stranger, PUBLIC_LIMITS, world.token.address)
    mixed = replace(world.deployment, **{field: getattr(other, field)})

    with nothing_moves(world), pytest.raises(DeploymentError, match=told):
        mixed.bind(world.chain)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": 1, "chainId": 1, "block": 0, "contracts": {}}',
        '{"format": 2, "contracts": 5}',
    ],
)
def test_a_file_that_is_no_record(tmp_path: Path, content: str) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(content)
    with pytest.raises(InputError, match="is not a deployment record"):
        Deployment.load(path)
    with pytest.raises(InputError, match="is not a deployment record"):
        Deployment.load(tmp_path / "absent.json")


def test_the_hash_of_the_code_covers_immutable_values(world: World) -> None:
    """Two registries of other limits have the same source and other code."""
    deployed = deploy(
        world.sender, world.deployer, replace(DEVELOPMENT_LIMITS, min_period=61), world.token.address
    )

    assert deployed.registry.code_hash != world.deployment.registry.code_hash
    assert deployed.registry.code_hash == keccak(world.chain.code(deployed.registry.address))
    assert deployed.token == world.deployment.token
