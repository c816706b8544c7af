"""A token that changes no approval but from and to zero: each client sets what is left over to zero first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.contracts import Parts
from labelshare.chain.keys import Signer
from labelshare.client.contests import Challenger
from labelshare.client.holder import Licensee
from labelshare.client.purse import Purse
from labelshare.client.requester import Requester, Terms
from labelshare.client.seats import SeatHolder
from labelshare.errors import RevertError
from labelshare.protocol.settlement import build_public
from labelshare.types import Address
from tests.conftest import running_anvil
from tests.oracle.stage import COIN, Stage, build
from tests.unchanging import LEFT, approved_since, harden, leave_over

pytestmark = pytest.mark.anvil
PRICE = 80 * COIN


@pytest.fixture
def stage(anvil_program: Path) -> Iterator[Stage]:
    """Funded on anvil, before the token shows what it is like."""
    with running_anvil(anvil_program, "--hardfork", "cancun") as node:
        yield build(connect(node.url))


@dataclass(frozen=True)
class Leftover:
    """An account of which a contract may still take something, and with which it wants more."""

    stage: Stage
    owner: Signer
    spender: Address

    def approves(self, act: Callable[[], object]) -> list[int]:
        """The amounts that it approves on the way, after which nothing is left to take."""
        leave_over(self.stage, self.owner, self.spender)
        block = self.stage.chain.block_number
        act()
        assert self.stage.contracts.development_token.allowance(self.owner.address, self.spender) == 0
        return approved_since(self.stage, block, self.owner.address)


def leftover(stage: Stage, owner: Signer) -> Leftover:
    return Leftover(stage, owner, stage.contracts.registry.address)


def give(stage: Stage, to: Signer, amount: int) -> None:
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(to.address, amount))


def worked(stage: Stage) -> Stage:
    stage.accept().enrol("ann", "ben", "cleo").draw().work(ann=3, ben=4, cleo=1)
    return stage.reveal("ann", "ben", "cleo")


def challenger(stage: Stage) -> Challenger:
    return Challenger(stage.sender, stage.contracts, stage.stranger, stage.scope, stage.pool, stage.params)


def test_the_token_refuses_to_change_what_is_left_over(stage: Stage) -> None:
    harden(stage)
    registry, token = stage.contracts.registry.address, stage.contracts.development_token
    leave_over(stage, stage.stranger, registry)

    with pytest.raises(RevertError, match="approve"):
        stage.sender.send(stage.stranger, token.approve(registry, LEFT + 1))


def test_another_token_needs_no_step_more(stage: Stage) -> None:
    give(stage, stage.stranger, COIN)
    purse = Purse(stage.sender, stage.contracts, stage.stranger, stage.pool.token)

    assert leftover(stage, stage.stranger).approves(lambda: purse.deposit(COIN)) == [COIN]


def test_a_deposit_a_seat_and_a_campaign(stage: Stage) -> None:
    harden(stage)
    stake, escrow = stage.pool.seat_stake, 42 * COIN
    give(stage, stage.stranger, stake)
    give(stage, stage.requester, escrow)
    purse = Purse(stage.sender, stage.contracts, stage.stranger, stage.pool.token)
    seat = SeatHolder(stage.sender, stage.contracts, stage.stranger, stage.pool)
    requester = Requester(stage.sender, stage.contracts, stage.requester)
    terms = Terms(COIN, stage.params.fee_bps, stage.schedule, 1)

    her, his = leftover(stage, stage.stranger), leftover(stage, stage.requester)
    assert her.approves(lambda: purse.deposit(COIN)) == [0, COIN]
    assert her.approves(seat.join) == [0, stake - COIN]
    opened = his.approves(lambda: requester.open_campaign(stage.pool, stage.dataset, stage.spec, terms))
    assert opened == [0, escrow]


def test_the_oracles_bond_and_a_challenge(stage: Stage) -> None:
    harden(stage)
    bond = 42 * COIN // 4
    assert leftover(stage, stage.oracle).approves(stage.engine.accept) == [0, bond]
    worked(stage)
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.engine.propose(stage.record())
    give(stage, stage.stranger, bond)

    assert leftover(stage, stage.stranger).approves(challenger(stage).challenge) == [0, bond]


def test_a_proposal_in_the_oracles_place(stage: Stage) -> None:
    harden(stage)
    worked(stage)
    stage.chain.advance_to(stage.schedule.settle_end + stage.schedule.rescue_period)
    bond = challenger(stage).proposal_bond()
    give(stage, stage.stranger, bond)
    built = build_public(stage.spec, stage.record())

    proposes = leftover(stage, stage.stranger).approves(
        lambda: challenger(stage).propose_openly(built.settlement)
    )

    assert proposes == [0, bond]


def test_a_licence(stage: Stage) -> None:
    harden(stage)
    worked(stage).settle()
    stage.engine.pay_everyone(Parts.BOTH)
    requester = Requester(stage.sender, stage.contracts, stage.requester)
    offer = requester.offer_licence(stage.dataset, PRICE, duration=0, terms=b"any use")
    give(stage, stage.stranger, PRICE)
    licensee = Licensee(stage.sender, stage.contracts, stage.stranger)

    buyer = Leftover(stage, stage.stranger, stage.contracts.licenses.address)
    assert buyer.approves(lambda: licensee.buy(offer)) == [0, PRICE]
