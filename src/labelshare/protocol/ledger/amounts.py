"""How much: every division of the protocol that has a remainder, and whom its rounding favours.

Amounts are integers in a token's base unit, times are seconds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from labelshare.protocol.ledger.refusals import Refusal, refuse_if

__all__ = [
    "MAX_U96",
    "Division",
    "bond_up",
    "division_of_lost_bond",
    "eighth_up",
    "executor_reward_down",
    "fee_down",
    "late_fee_up",
    "require_u96",
    "seed_cost_down",
]

MAX_U96: Final = 2**96 - 1
DAY: Final = 86_400
BPS: Final = 10_000


def require_u96(amount: int) -> int:
    """Escrows, bonds and stakes stay below 2^96."""
    refuse_if(amount > MAX_U96, Refusal.AMOUNT_TOO_LARGE)
    return amount


def bond_up(escrow: int, arbitration_refund: int) -> int:
    """A quarter of the escrow or four arbitration refunds, whichever is more.

    Rounded up: for those whom the bond protects.
    """
    return max(-(-escrow // 4), 4 * arbitration_refund)


def fee_down(payout_total: int, fee_bps: int) -> int:
    """What the proposer earns, in basis points of the pay. Rounded down: for the requester."""
    return payout_total * fee_bps // BPS


def late_fee_up(bond: int, seconds_late: int) -> int:
    """1% of what is left of the bond for each day begun. Rounded up: against whoever is late."""
    days_begun = 1 + seconds_late // DAY
    return -(-bond * days_begun // 100)


def seed_cost_down(bond: int) -> int:
    """What a missed seed costs: a 64th of the bond. Rounded down: some bond always stays."""
    return bond // 64


def eighth_up(bond: int) -> int:
    """What each side of an unruled contest loses. Rounded up: no such contest is free."""
    return -(-bond // 8)


def executor_reward_down(slash: int) -> int:
    """A twentieth of what is slashed. Rounded down: for the burn."""
    return slash * 5 // 100


class Division(NamedTuple):
    """Of a lost bond: what is burned, what goes to whoever paid the arbitrator, what the winner gets."""

    burned: int
    refunded: int
    won: int


def division_of_lost_bond(lost: int, arbitration_refund: int) -> Division:
    """Half is burned, rounded up: against whoever plays both sides. The refund is out of the other half."""
    half = lost // 2
    refunded = min(arbitration_refund, half)
    return Division(lost - half, refunded, half - refunded)
