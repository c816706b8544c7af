"""What an account holds of a token, in its wallet and as credit in the registry, and moves between them."""

from __future__ import annotations

from dataclasses import dataclass

from labelshare.chain.deploy import Contracts
from labelshare.chain.events import Credited, Debited, decode
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.types import Address

__all__ = ["Holdings", "Purse", "holdings"]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Base units of one token in an account's wallet, and its free credit in the registry.

    Example:
        >>> held = holdings(contracts, token.address, stranger.address)  # of labelshare.client.purse
        >>> held.wallet // COIN
        2
    """

    wallet: int
    credit: int

    @property
    def total(self) -> int:
        """All that a call of the registry could take.

        Example:
            >>> held.total - held.wallet == held.credit
            True
        """
        return self.wallet + self.credit

    def missing(self, amount: int) -> int:
        """What the wallet must add so that the registry can take `amount`: credit goes first.

        Example:
            >>> held.missing(COIN)
            500000000000000000
        """
        return max(0, amount - self.credit)


def holdings(contracts: Contracts, token: Address, account: Address) -> Holdings:
    """What an account holds of a token."""
    wallet = contracts.erc20(token).balance_of(account)
    return Holdings(wallet, contracts.registry.credit_of(token, account))


@dataclass(frozen=True)
class Purse:
    """An account with its holdings of one token, at one deployment.

    Example:
        >>> purse = Purse(sender, contracts, stranger, token.address)
    """

    sender: Sender
    contracts: Contracts
    signer: Signer
    token: Address

    def deposit(self, amount: int) -> Credited:
        """Put tokens into credit, approved to the last unit; the event tells what arrived.

        Raises:
            RevertError: Too little money, or an amount of zero. Nothing moves.

        Example:
            >>> purse.deposit(2 * COIN).amount // COIN
            2
        """
        registry = self.contracts.registry
        for approval in self.contracts.allowing(self.token, self.signer.address, registry.address, amount):
            self.sender.send(self.signer, approval)
        receipt = self.sender.send(self.signer, registry.deposit(self.token, amount))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Credited))

    def withdraw(self, amount: int) -> Debited:
        """Pay credit to the wallet; `RevertError` where there is not as much, or none is asked for.

        Example:
            >>> purse.withdraw(COIN).amount // COIN
            1
        """
        receipt = self.sender.send(self.signer, self.contracts.registry.withdraw(self.token, amount))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Debited))
