"""Double entry: every token lies in exactly one place, and each rule is a move from one place to another.

Nothing is created or lost by a move, so what a campaign took in is always the sum of where it went: to read a
campaign's balance is to read its places. Amounts are integers in the token's base unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from labelshare.protocol.ledger.refusals import Refusal, refuse_if
from labelshare.types import Address, CampaignId, PoolId

__all__ = ["ETHER", "Books", "Kind", "Move", "Place"]

ETHER = Address(bytes(20))


class Kind(Enum):
    """What the tokens in a place are."""

    WALLET = "in an account's own hands, outside the registry"
    CREDIT = "an account's to withdraw"
    STAKE = "of a seat"
    ESCROW = "a campaign's bounty; once it is final, what claims may still take"
    BOND = "of the oracle, for a campaign"
    PROPOSER_BOND = "of whoever proposed in the oracle's place"
    CHALLENGE_BOND = "of whoever contests the proposal"
    BURNED = "nobody's, for ever"


class Place(NamedTuple):
    """Where tokens lie: `owner` is an account or a campaign, `pool` that of a stake."""

    kind: Kind
    token: Address
    owner: bytes = b""
    pool: bytes = b""

    @classmethod
    def wallet(cls, token: Address, account: Address) -> Place:
        """What an account itself holds."""
        return cls(Kind.WALLET, token, account)

    @classmethod
    def credit(cls, token: Address, account: Address) -> Place:
        """What the registry owes an account."""
        return cls(Kind.CREDIT, token, account)

    @classmethod
    def stake(cls, token: Address, pool: PoolId, annotator: Address) -> Place:
        """What a seat is worth."""
        return cls(Kind.STAKE, token, annotator, pool)

    @classmethod
    def of(cls, kind: Kind, token: Address, campaign: CampaignId) -> Place:
        """A campaign's escrow, or one of its three bonds."""
        return cls(kind, token, campaign)

    @classmethod
    def burned(cls, token: Address) -> Place:
        """Where what nobody may have ends."""
        return cls(Kind.BURNED, token)


class Move(NamedTuple):
    """`amount` base units go from one place to another of the same token."""

    source: Place
    target: Place
    amount: int


@dataclass(frozen=True, slots=True)
class Books:
    """Who has what. Places that were never used hold nothing."""

    balances: Mapping[Place, int] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, place: Place) -> int:
        """What lies in a place, in base units."""
        return self.balances.get(place, 0)

    def post(self, moves: Iterable[Move]) -> Books:
        """Make the moves in order.

        Raises:
            RefusedError: If a wallet holds too little.
            ArithmeticError: If any other place does, or a move changes the token: the rules are at odds with
                themselves.
        """
        balances = dict(self.balances)
        for source, target, amount in moves:
            left = balances.get(source, 0) - amount
            refuse_if(left < 0 and source.kind is Kind.WALLET, Refusal.WALLET_TOO_SMALL)
            if left < 0 or amount < 0 or source.token != target.token:
                raise ArithmeticError(f"{amount} cannot go from {source} to {target}")
            balances[source] = left
            balances[target] = balances.get(target, 0) + amount
        return Books(MappingProxyType(balances))

    def total(self, token: Address, *, outside: bool) -> int:
        """All of a token in wallets (`outside`), or all of it in the registry's care."""
        return sum(
            amount
            for place, amount in self.balances.items()
            if place.token == token and (place.kind is Kind.WALLET) is outside
        )

    def take(self, token: Address, account: Address, target: Place, amount: int) -> tuple[Move, ...]:
        """What a call takes comes out of the caller's credit first and out of the wallet for the rest."""
        credit, wallet = Place.credit(token, account), Place.wallet(token, account)
        spent = min(self[credit], amount)
        return Move(credit, target, spent), Move(wallet, target, amount - spent)
