"""From accepted labels to pay and shares, with conservation checked.

An annotator with A accepted labels (equal to the winner of an accepted item) and C contested ones (any
label on an item that was not accepted) has earned H = 2A + C half labels:

    pay    = floor(H × price × p / (2 × q))               base units of the token
    shares = floor(H × share weight × p / (2 × q))        base units of the share

`flat.v1` has p / q = 1. `skill.v1` has p = the annotator's skill beyond the one that pay begins at, at least
0 and at most q, and q = the skill of full pay beyond the same, both in 1/65,536. One rounding per
annotator, down, in the campaign's favour.

Nothing exceeds what there is: if a sum (of pay, of shares) is above what is available, every part of it
becomes floor(part × available / sum), so that all give way in proportion and what rounding leaves goes
back. Shares that come to less than one whole share in all are none: so small a supply could not carry
revenue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labelshare.errors import ConservationError
from labelshare.protocol.leaves import Payout
from labelshare.types import Address

__all__ = ["ONE_SHARE", "Reward", "Tally", "Terms", "bond_for", "budget", "earned", "fee", "payout_rows"]

ONE_SHARE: Final = 10**18


@dataclass(frozen=True, slots=True)
class Tally:
    """What one annotator is paid for: accepted and contested labels, and its skill in 1/65,536."""

    accepted: int
    contested: int
    skill_q16: int = 0

    @property
    def halves(self) -> int:
        """What it earned, in half labels."""
        return 2 * self.accepted + self.contested


@dataclass(frozen=True, slots=True)
class Terms:
    """What a campaign pays by.

    Attributes:
        price: Base units per accepted label.
        share_weight: Share base units per accepted label.
        pay_by_skill, shares_by_skill: Whether `skill.v1` scales them.
        from_skill: The skill beyond which work earns anything, in 1/65,536.
        full_skill: The skill from which on it earns in full, likewise.
        available: Base units that pay may come to.
        share_cap: Share base units that may be minted.
    """

    price: int
    share_weight: int
    pay_by_skill: bool
    shares_by_skill: bool
    from_skill: int
    full_skill: int
    available: int
    share_cap: int


@dataclass(frozen=True, slots=True)
class Reward:
    """What one annotator gets, in base units; `slash` is taken from its stake."""

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


def earned(
    tallies: Mapping[Address, Tally], terms: Terms, slashes: Mapping[Address, int]
) -> dict[Address, Reward]:
    """Reward every annotator by the rule above; `slashes` are passed on.

    Raises:
        ConservationError: If the rule paid more than there is: a fault of the code, never of its input.
    """
    pay, shares = (
        {who: _scaled(tally, amount, terms, by_skill=by_skill) for who, tally in tallies.items()}
        for amount, by_skill in (
            (terms.price, terms.pay_by_skill),
            (terms.share_weight, terms.shares_by_skill),
        )
    )
    pay, shares = _within(pay, terms.available), _whole(_within(shares, terms.share_cap))
    _check_conservation("pay", pay, terms.available)
    _check_conservation("shares", shares, terms.share_cap)
    return {who: Reward(pay[who], shares[who], slashes.get(who, 0)) for who in tallies}


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


def _scaled(tally: Tally, amount: int, terms: Terms, *, by_skill: bool) -> int:
    rise = terms.full_skill - terms.from_skill
    part = min(max(tally.skill_q16 - terms.from_skill, 0), rise) if by_skill else rise
    return tally.halves * amount * part // (2 * rise)


def _within(parts: dict[Address, int], available: int) -> dict[Address, int]:
    total = sum(parts.values())
    if total <= available:
        return parts
    return {who: part * available // total for who, part in parts.items()}


def _whole(shares: dict[Address, int]) -> dict[Address, int]:
    return shares if sum(shares.values()) >= ONE_SHARE else dict.fromkeys(shares, 0)


def _check_conservation(what: str, parts: Mapping[Address, int], available: int) -> None:
    if min(parts.values(), default=0) < 0 or sum(parts.values()) > available:
        raise ConservationError(f"{what} of {sum(parts.values())} exceeds the {available} there is")
