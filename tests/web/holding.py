"""What holders, buyers and publishers do beside the page: offers, purchases, revenue, time that passes."""

from __future__ import annotations

from labelshare.chain.keys import Signer
from labelshare.chain.state import OfferId
from labelshare.client.holder import Licensee
from labelshare.client.requester import Requester
from labelshare.types import Address
from tests.web.place import COIN, WebPlace

# The fifth account of the mnemonic that anvil funds: the page's "Dev account 4".
BUYER_SIGNER = Signer(bytes.fromhex("47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"))
BUYER = BUYER_SIGNER.address
TERMS = b"The licensee may train models on the labels."
PRICE = 100 * COIN
WEEK = 7 * 86_400
YEAR = 365 * 86_400


def publisher_of(place: WebPlace) -> Requester:
    return Requester(place.stage.sender, place.stage.contracts, place.stage.requester)


def offers(place: WebPlace) -> OfferId:
    return publisher_of(place).offer_licence(place.stage.dataset, PRICE, duration=YEAR, terms=TERMS)


def sells(place: WebPlace) -> None:
    """An offer, and a buyer who takes it."""
    stage = place.stage
    place.give(BUYER, PRICE)
    Licensee(stage.sender, stage.contracts, BUYER_SIGNER).buy(offers(place))


def pays(place: WebPlace, amount: int) -> None:
    """Revenue that is no licence's, from the deployer."""
    stage = place.stage
    share = stage.contracts.share(stage.dataset)
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.approve(stage.dataset, amount))
    stage.sender.send(stage.deployer, share.pay_revenue(amount))


def later(place: WebPlace, seconds: int) -> None:
    chain = place.stage.chain
    chain.advance_to(chain.now() + seconds)


def claimable(place: WebPlace, account: Address) -> int:
    return place.stage.contracts.share(place.stage.dataset).claimable(account)
