"""Holders earn by their shares and the time; a licensee pays the price or gets nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from labelshare.chain.contracts import Parts
from labelshare.chain.state import OfferId
from labelshare.client.holder import Holder, Licensee
from labelshare.client.requester import Requester
from labelshare.errors import RevertError
from tests.oracle.stage import COIN, DAY, Stage, build

PRICE = 80 * COIN
FOR_HOLDERS = 56 * COIN  # 70%


@dataclass
class Market:
    """A dataset on offer: ann owns three of its eight shares, ben four, cleo one."""

    stage: Stage
    offer: OfferId

    def holder(self, name: str) -> Holder:
        stage = self.stage
        return Holder(stage.sender, stage.contracts, stage.people[name], stage.dataset)

    @property
    def licensee(self) -> Licensee:
        return Licensee(self.stage.sender, self.stage.contracts, self.stage.stranger)


@pytest.fixture(scope="module")
def built() -> Market:
    stage = build().accept().enrol("ann", "ben", "cleo").draw().work(ann=3, ben=4, cleo=1)
    stage.reveal("ann", "ben", "cleo").settle()
    stage.engine.pay_everyone(Parts.BOTH)
    requester = Requester(stage.sender, stage.contracts, stage.requester)
    offer = requester.offer_licence(stage.dataset, PRICE, duration=0, terms=b"any use")
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, PRICE))
    return Market(stage, offer)


@pytest.fixture
def market(built: Market) -> Iterator[Market]:
    mark = built.stage.chain.snapshot()
    yield built
    built.stage.chain.restore(mark)


def test_a_sale_is_split_and_streams_to_the_holders(market: Market) -> None:
    stage, chain = market.stage, market.stage.chain
    assert [market.holder(name).shares() for name in ("ann", "ben", "cleo", "dora")] == [
        3 * COIN,
        4 * COIN,
        COIN,
        0,
    ]

    sold = market.licensee.buy(market.offer)
    assert (sold.contributors, sold.publisher_part) == (FOR_HOLDERS, PRICE - FOR_HOLDERS)
    assert stage.contracts.licenses.owner_of(sold.token_id) == stage.stranger.address
    token = stage.contracts.development_token
    assert stage.contracts.licenses.proceeds(stage.requester.address, token.address) == PRICE - FOR_HOLDERS
    assert token.balance_of(stage.stranger.address) == 0

    start = chain.now()
    chain.advance_to(start + 7 * DAY // 2)
    assert market.holder("ann").claimable() == FOR_HOLDERS // 2 * 3 // 8
    chain.advance_to(start + 7 * DAY)
    before = token.balance_of(stage.people["ann"].address)
    assert market.holder("ann").claim() == FOR_HOLDERS * 3 // 8
    assert token.balance_of(stage.people["ann"].address) - before == FOR_HOLDERS * 3 // 8
    assert market.holder("ann").claimable() == 0
    assert market.holder("ann").claim() == 0
    chain.advance_to(start + 30 * DAY)
    assert [market.holder(name).claim() for name in ("ben", "cleo", "dora")] == [
        FOR_HOLDERS // 2,
        FOR_HOLDERS // 8,
        0,
    ]
    assert token.balance_of(stage.dataset) == 0


def test_a_licensee_without_the_price(market: Market) -> None:
    stage = market.stage
    token = stage.contracts.development_token
    stage.sender.send(stage.stranger, token.transfer(stage.deployer.address, 1))
    before = stage.balances()

    with pytest.raises(RevertError, match="buy") as caught:
        market.licensee.buy(market.offer)

    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.args_by_name["needed"] == PRICE
    assert stage.balances() == before


def test_an_offer_that_is_closed(market: Market) -> None:
    stage = market.stage
    stage.sender.send(stage.requester, stage.contracts.licenses.close_offer(market.offer))
    before = stage.balances()

    with pytest.raises(RevertError, match="buy"):
        market.licensee.buy(market.offer)

    assert stage.balances() == before


def test_nobody_buys_while_nobody_holds() -> None:
    """Revenue that no share could earn is refused, and stays with the licensee."""
    stage = build()
    requester = Requester(stage.sender, stage.contracts, stage.requester)
    offer = requester.offer_licence(stage.dataset, PRICE, duration=0, terms=b"any use")
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, PRICE))
    before = stage.balances()

    with pytest.raises(RevertError, match="buy"):
        Licensee(stage.sender, stage.contracts, stage.stranger).buy(offer)

    assert stage.balances() == before
