"""From accepted labels to pay and shares, with conservation checked.

`flat.v1`: an annotator with A accepted labels (equal to the winner of an accepted item) and C contested ones
(any label on an item that was not accepted) earns

    pay    = floor((2A + C) × price / 2)           base units of the token
    shares = floor((2A + C) × share weight / 2)    base units of the share

so that a contested label earns half. One rounding per annotator, down, in the campaign's favour. If the sum
of pay exceeds the budget, every pay becomes floor(pay × budget / sum): all give way in proportion, and what
rounding leaves goes back to the requester.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labelshare.errors import ConservationError
from labelshare.protocol.leaves import Payout
from labelshare.types import Address

__all__ = ["ONE_SHARE", "Reward", "Tally", "bond_for", "budget", "fee", "flat", "payout_rows"]

ONE_SHARE: Final = 10**18


@dataclass(frozen=True, slots=True)
class Tally:
    """Labels of one annotator: accepted and contested."""

    accepted: int
    contested: int

    @property
    def halves(self) -> int:
        """What it earned, in half labels."""
        return 2 * self.accepted + self.contested


@dataclass(frozen=True, slots=True)
class Reward:
    """What one annotator gets, in base units."""

    payout: int
    shares: int
    slash: int = 0


def budget(escrow: int, fee_bps: int) -> int:
    """What pay may come to so that the fee fits too: floor(escrow × 10,000 / (10,000 + fee_bps))."""
    return escrow * 10_000 // (10_000 + fee_bps)


def fee(payout_total: int, fee_bps: int) -> int:
    """The proposer's fee, rounded down."""
    return payout_total * fee_bps // 10_000


def bond_for(escrow: int, arbitration_refund: int) -> int:
    """What a proposal is answered for with: a quarter of the escrow, rounded up, or four refunds if more."""
    return max(-(-escrow // 4), 4 * arbitration_refund)


def flat(
    tallies: Mapping[Address, Tally], *, price: int, share_weight: int, available: int, share_cap: int
) -> dict[Address, Reward]:
    """Reward every annotator by the rule above.

    Args:
        tallies: Labels by annotator.
        price: Base units per accepted label.
        share_weight: Share base units per accepted label.
        available: The budget in base units.
        share_cap: Share base units the campaign may mint.

    Raises:
        ConservationError: If the shares exceed the cap, or are fewer than one whole share in sum but not
        none.
    """
    pay = {annotator: tally.halves * price // 2 for annotator, tally in tallies.items()}
    shares = {annotator: tally.halves * share_weight // 2 for annotator, tally in tallies.items()}
    pay = _within(pay, available)
    _check_conservation(sum(pay.values()), available, sum(shares.values()), share_cap)
    return {annotator: Reward(pay[annotator], shares[annotator]) for annotator in tallies}


def payout_rows(rewards: Mapping[Address, Reward]) -> list[Payout]:
    """The rows of the payout tree: by account ascending, without rows of nothing; sums include the row."""
    rows: list[Payout] = []
    paid = minted = 0
    for account in sorted(rewards):
        reward = rewards[account]
        if not (reward.payout or reward.shares or reward.slash):
            continue
        paid, minted = paid + reward.payout, minted + reward.shares
        rows.append(Payout(len(rows), account, reward.payout, reward.shares, reward.slash, paid, minted))
    return rows


def _within(pay: dict[Address, int], available: int) -> dict[Address, int]:
    total = sum(pay.values())
    if total <= available:
        return pay
    return {annotator: amount * available // total for annotator, amount in pay.items()}


def _check_conservation(paid: int, available: int, minted: int, share_cap: int) -> None:
    if paid > available:
        raise ConservationError(f"pay of {paid} exceeds the budget of {available}")
    if minted > share_cap:
        raise ConservationError(f"shares of {minted} exceed the campaign's cap of {share_cap}")
    if 0 < minted < ONE_SHARE:
        raise ConservationError(f"shares of {minted} in all are less than one whole share")
