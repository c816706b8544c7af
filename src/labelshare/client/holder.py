"""A share holder, and whoever buys the licences that holders live on."""

from __future__ import annotations

from dataclasses import dataclass

from labelshare.chain.deploy import Contracts
from labelshare.chain.events import LicenseSold, RevenueClaimed, decode
from labelshare.chain.keys import Signer
from labelshare.chain.state import OfferId
from labelshare.chain.transactions import Sender
from labelshare.types import Address

__all__ = ["Holder", "Licensee"]


@dataclass(frozen=True)
class Holder:
    """An account that owns shares of a dataset.

    Example:
        >>> holder = Holder(sender, contracts, ann, dataset)
        >>> holder.shares() // COIN
        20
    """

    sender: Sender
    contracts: Contracts
    signer: Signer
    dataset: Address

    def shares(self) -> int:
        """Shares in the wallet, in base units (18 decimals).

        Example:
            >>> holder.shares() // COIN
            20
        """
        return self.contracts.share(self.dataset).balance_of(self.signer.address)

    def claimable(self) -> int:
        """Revenue that a claim would pay now, in base units of the revenue token.

        Example:
            >>> holder.claimable() // COIN
            11
        """
        return self.contracts.share(self.dataset).claimable(self.signer.address)

    def claim(self) -> int:
        """Claim all revenue earned so far; returns what was paid, in base units of the revenue token.

        Example:
            >>> earned = holder.claim()
            >>> earned // COIN
            23
        """
        share = self.contracts.share(self.dataset)
        receipt = self.sender.send(self.signer, share.claim_revenue())
        return sum(e.amount for e in map(decode, receipt.logs) if isinstance(e, RevenueClaimed))


@dataclass(frozen=True)
class Licensee:
    """An account that buys the right to use a dataset.

    Example:
        >>> licensee = Licensee(sender, contracts, buyer)
    """

    sender: Sender
    contracts: Contracts
    signer: Signer

    def buy(self, offer: OfferId) -> LicenseSold:
        """Buy a licence at its price, approved to the last unit and not more.

        Raises:
            RevertError: Too little money, the offer is closed, or nobody holds shares yet. Nothing moves.

        Example:
            >>> sold = licensee.buy(offer)
            >>> sold.contributors // COIN, sold.publisher_part // COIN
            (70, 30)
        """
        licenses = self.contracts.licenses
        terms = licenses.offer_params(offer)
        token, own = self.contracts.share(terms.dataset).revenue_token(), self.signer.address
        for approval in self.contracts.allowing(token, own, licenses.address, terms.price):
            self.sender.send(self.signer, approval)
        receipt = self.sender.send(self.signer, licenses.buy(offer, self.signer.address))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, LicenseSold))
