"""Sending: what a receipt says, the gas book, many at once, and the in-process chain's own promises."""

from __future__ import annotations

import pytest
from hexbytes import HexBytes

from labelshare.chain import events as ev
from labelshare.chain.connect import connect
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.envelope import created_address
from labelshare.chain.keys import development_signer
from labelshare.chain.node import GENESIS_TIME, Call
from labelshare.chain.transactions import Sender
from labelshare.types import Address, Hash32
from tests.chain.world import COIN, Work, World


def test_a_receipt_and_the_gas_book(world: World) -> None:
    receipt = world.sender.send(world.deployer, world.token.transfer(world.stranger.address, 5))

    assert receipt.status == 1
    assert receipt.block == world.chain.block_number
    assert [event for log in receipt.logs if (event := ev.decode(log))] == [
        ev.Transfer(receipt.logs[0], world.deployer.address, world.stranger.address, 5)
    ]
    assert receipt.logs[0].transaction == receipt.hash
    assert list(world.chain.logs(world.token.address, receipt.block, receipt.block)) == list(receipt.logs)
    assert world.sender.gas == {"Token.transfer": [receipt.gas_used]}
    assert 21_000 < receipt.gas_used < 80_000


@pytest.mark.anvil
def test_gas_is_the_same_on_every_chain(embedded_world: World, anvil_world: World) -> None:
    used = []
    for world in (embedded_world, anvil_world):
        mark = world.chain.snapshot()
        Work.start(world).whole()
        used.append(
            {label: gas for label, gas in world.sender.gas.items() if label != "TaskRegistry.drawSeed"}
        )
        world.chain.restore(mark)
        world.sender.gas.clear()

    # What differs is zero bytes in hashes, and which leaf lies deeper in a tree of three.
    assert used[0].keys() == used[1].keys()
    for label, gas in used[0].items():
        assert used[1][label] == pytest.approx(gas, rel=0.01), label


def test_a_contract_stands_where_its_creator_and_nonce_put_it(world: World) -> None:
    (nonce,) = world.chain.nonces([world.stranger.address])
    code = bytes.fromhex("6001600c60003960016000f300")  # A contract of one byte, STOP.

    receipt = world.sender.send(world.stranger, Call(None, code, "tiny"))

    assert receipt.created == created_address(world.stranger.address, nonce)
    assert world.chain.code(receipt.created) == b"\0"


def test_coins_move(world: World) -> None:
    to = Address(b"\7" * 20)
    world.sender.send(world.stranger, Call(to, b"", "gift", value=5))

    assert world.chain.balance(to) == 5


def test_many_that_depend_on_each_other(world: World) -> None:
    """Coins and tokens arrive, then are used, by accounts that had none."""
    newcomers = [development_signer("newcomer", str(number)) for number in range(40)]
    world.chain.fund_all([each.address for each in newcomers], COIN)
    token, to = world.token, world.oracle.address
    before = token.balance_of(to)
    calls = [(world.deployer, token.transfer(each.address, 7)) for each in newcomers]
    calls += [(each, token.transfer(to, 4)) for each in newcomers]
    calls += [(each, token.transfer(to, 3)) for each in newcomers]

    receipts = world.sender.send_many(calls)

    assert len({receipt.hash for receipt in receipts}) == len(calls) == 120
    assert token.balance_of(to) - before == 40 * 7
    assert [receipt.logs[0].topics[2][12:] for receipt in receipts[:40]] == [
        each.address for each in newcomers
    ]
    assert len(world.sender.gas["Token.transfer"]) == 120
    places = [(receipt.block, receipt.logs[0].index) for receipt in receipts]
    assert places == sorted(set(places))


def test_many_of_nothing(world: World) -> None:
    assert world.sender.send_many([]) == []


def test_many_fill_as_many_blocks_as_they_need(world: World) -> None:
    """Each burns nearly a million gas, so that no block holds them all."""
    burn = bytes.fromhex("6000620a41005200")  # Writes so far out that memory costs 924,000 gas.
    code = bytes.fromhex("6008600c60003960086000f3") + burn
    target = world.sender.send(world.stranger, Call(None, code, "burner")).created
    call = Call(target, b"", "burn", gas=1_200_000)

    receipts = world.sender.send_many([(world.stranger, call)] * 70)

    assert len({receipt.block for receipt in receipts}) > 1
    assert all(receipt.gas_used > 900_000 for receipt in receipts)


def test_a_snapshot_brings_everything_back(world: World) -> None:
    chain = world.chain
    before = world.balances(), chain.block_number, chain.block_hash(chain.block_number), chain.now()
    mark = chain.snapshot()
    chain.advance_to(chain.now() + 1_000)
    chain.mine(3)
    world.sender.send(world.deployer, world.token.transfer(world.oracle.address, 5))
    chain.restore(mark)

    assert (world.balances(), chain.block_number, chain.block_hash(chain.block_number), chain.now()) == before
    world.sender.send(world.deployer, world.token.transfer(world.oracle.address, 5))
    assert len(chain.logs(world.token.address, before[1] + 1, chain.block_number)) == 1


def test_time_stands_where_it_is_put(world: World) -> None:
    chain = world.chain
    then = chain.now() + 12_345
    chain.advance_to(then)
    assert chain.now() == then == chain.timestamp_of(chain.block_number)
    number = chain.block_number
    chain.advance_to(then)
    assert chain.block_number == number
    chain.mine(3)
    assert chain.block_number == number + 3


def test_web3_sees_the_same_chain(world: World) -> None:
    receipt = world.sender.send(world.deployer, world.token.transfer(world.oracle.address, 5))
    web3 = world.chain.web3

    assert web3.eth.chain_id == world.chain.chain_id
    assert web3.eth.block_number == world.chain.block_number
    assert web3.eth.get_transaction_receipt(HexBytes(receipt.hash))["gasUsed"] == receipt.gas_used


# ------------------------------------------------------------------ in process


def test_the_same_calls_give_the_same_chain() -> None:
    def run() -> tuple[Hash32, Hash32, int]:
        world = World.build(connect())
        work = Work.start(world)
        work.whole()
        chain = world.chain
        return (
            chain.block_hash(chain.block_number),
            world.contracts.registry.campaign(work.id).seed,
            chain.now(),
        )

    assert run() == run()


def test_the_clock_on_the_wall_does_not_matter() -> None:
    chain = EmbeddedChain()
    assert chain.now() == GENESIS_TIME
    chain.mine(2)
    assert chain.now() == GENESIS_TIME + 2


def test_blocks_mined_by_web3_are_seen() -> None:
    chain = EmbeddedChain()
    signer = development_signer("somebody")
    chain.fund(signer.address, COIN)
    tester = chain.web3.provider.ethereum_tester  # type: ignore[attr-defined]
    mark = tester.take_snapshot()
    tester.mine_blocks(2)
    assert chain.block_number == 3
    tester.revert_to_snapshot(mark)
    assert chain.block_number == 1
    Sender(chain).send(signer, Call(signer.address, b"", "self"))
    assert chain.block_number == 2


def test_a_refused_call_leaves_no_trace() -> None:
    world = World.build(connect())
    head = world.chain.block_hash(world.chain.block_number)
    (nonce,) = world.chain.nonces([world.stranger.address])

    with pytest.raises(Exception, match="ERC20InsufficientBalance"):
        world.sender.send(world.stranger, world.token.transfer(world.oracle.address, 5))

    assert world.chain.block_hash(world.chain.block_number) == head
    assert world.chain.nonces([world.stranger.address]) == [nonce]
