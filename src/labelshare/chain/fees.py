"""What is offered for gas, how much at most, and how it is raised for a transaction that is stuck."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from labelshare.chain.node import Chain, Fees
from labelshare.errors import FeeError, InputError

__all__ = ["DEVELOPMENT", "PUBLIC", "FeePolicy", "Offer", "policy_of", "raised"]

GWEI: Final = 10**9


@dataclass(frozen=True, slots=True)
class Offer:
    """The fee fields of one transaction (EIP-1559), in wei per gas."""

    tip: int
    max_fee: int


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """How a sender pays for gas.

    Attributes:
        headroom: How many times the base fee may grow before a transaction waits.
        batch_headroom: The same for many that fill blocks, as on development chains.
        cap: The most ever offered, in wei per gas; None for no limit.
        tip: The priority fee of a first offer, in wei per gas; None for what the node suggests.
        patience: Seconds that a transaction may wait for a block before it is replaced.
        replacements: How often one transaction is replaced at most, in whatever process.
        certain: Seconds for which the chain must say that a nonce went to a transaction of somebody else
            before ours is given up: nodes behind one address do not all know the same block.
        refused: Seconds for which nodes must refuse a stored transaction that is in no block, for whatever
            reason, before it is given up: until then nothing else of its account goes out.
    """

    headroom: int = 2
    batch_headroom: int = 10
    cap: int | None = 500 * GWEI
    tip: int | None = None
    patience: float = 60.0
    replacements: int = 8
    certain: float = 45.0
    refused: float = 120.0

    def __post_init__(self) -> None:
        if self.cap is not None and self.tip is not None and self.tip > self.cap:
            raise InputError(
                f"a priority fee of {_gwei(self.tip)} is above the limit of the whole fee, {_gwei(self.cap)}"
            )

    def now(self, chain: Chain) -> Fees:
        """What gas costs on a chain now, with this policy's own priority fee where it has one."""
        fees = chain.fees()
        return fees if self.tip is None else replace(fees, tip=self.tip)

    def offer(self, now: Fees, headroom: int | None = None) -> Offer:
        """What is offered at the fees of now.

        Raises:
            FeeError: Even the fees of now are above the cap.
        """
        wanted = now.cap(headroom or self.headroom)
        if self.cap is None:
            return Offer(now.tip, wanted)
        if now.base + now.tip > self.cap:
            raise FeeError(
                f"gas costs {_gwei(now.base + now.tip)} now, more than the limit {_gwei(self.cap)}"
            )
        return Offer(now.tip, min(wanted, self.cap))

    def replacement(self, before: Offer, now: Fees) -> Offer:
        """What the next transaction of the same nonce offers: an eighth more in both fields, or more by now.

        Raises:
            FeeError: An eighth more is above the cap.
        """
        least = Offer(raised(before.tip), raised(before.max_fee))
        if self.cap is not None and least.max_fee > self.cap:
            raise FeeError(
                f"a transaction that offers {_gwei(before.max_fee)} is stuck, and an eighth more is above "
                f"the limit {_gwei(self.cap)}"
            )
        tip = max(least.tip, now.tip)
        wanted = now.cap(self.headroom) - now.tip + tip
        max_fee = max(least.max_fee, wanted if self.cap is None else min(wanted, self.cap))
        return Offer(min(tip, max_fee), max_fee)


PUBLIC: Final = FeePolicy()
DEVELOPMENT: Final = FeePolicy(cap=None, certain=0.0, refused=1.0)


def policy_of(chain: Chain) -> FeePolicy:
    """What a sender goes by that was told nothing else."""
    return DEVELOPMENT if chain.is_development else PUBLIC


def raised(wei: int) -> int:
    """An eighth more, rounded up, and one wei at least.

    Public nodes take a replacement that offers at least 10% more in each field (geth's price bump).
    """
    return max(wei + 1, -(-9 * wei // 8))


def _gwei(wei: int) -> str:
    return f"{wei / GWEI:,.9f}".rstrip("0").rstrip(".") + " gwei"
