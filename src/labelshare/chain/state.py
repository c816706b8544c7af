"""The structs that the contracts keep, as Python reads them. Field order is ABI order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NewType

from labelshare.types import U8, U16, U32, U40, U64, U96, U128, Address, Hash32

__all__ = [
    "CampaignState",
    "Contest",
    "Dataset",
    "License",
    "Limits",
    "OfferId",
    "OfferParams",
    "OfferStatus",
    "Outcome",
    "Pool",
    "Seat",
    "ShareRound",
    "Status",
    "Stream",
]

OfferId = NewType("OfferId", Hash32)


class Status(IntEnum):
    """Where a campaign is in its life."""

    NONE = 0
    CREATED = 1
    OPEN = 2
    PROPOSED = 3
    DISPUTED = 4
    FINAL = 5
    CANCELLED = 6
    EXPIRED = 7


class Outcome(IntEnum):
    """How a challenge ended. Unless upheld the proposal fell."""

    UNRULED = 0
    UPHELD = 1
    REJECTED = 2


class OfferStatus(IntEnum):
    """Whether licences of an offer are sold."""

    NONE = 0
    OPEN = 1
    CLOSED = 2


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A campaign's state; its rules are `CampaignParams`.

    Attributes:
        status: Where it is in its life.
        committed: Whether any commitment was ever accepted.
        place_freed: Whether the pool has its place back.
        since: When the status was entered, Unix seconds.
        seed_block: The block whose hash becomes the seed; 0 until armed and once drawn.
        escrow: The bounty in base units; from Final on, what claims may still take.
        bond: What is left of the oracle's bond, in base units.
        roster_root: Zero until posted.
        seed: Zero until drawn.
        settlement: While Proposed the settlement's hash, from Final on its payout root.
    """

    status: Status
    committed: bool
    place_freed: bool
    since: U40
    seed_block: U64
    escrow: U128
    bond: U128
    roster_root: Hash32
    seed: Hash32
    settlement: Hash32


@dataclass(frozen=True, slots=True)
class Contest:
    """Who stands against whom in a campaign that does not run undisturbed; amounts in base units.

    Attributes:
        proposer: Who made the proposal at hand on a bond of its own; zero where it is the oracle's.
        rejections: Proposals that fell; each doubles the bond of the next public one.
        withstood: Challenges that the proposal at hand withstood; each doubles the bond of the next.
        ruling: What the arbitrator ruled, plus one: 2 for the proposer, 3 for the challenger; 0 before.
        ruling_end: Until when the arbitrator may rule, Unix seconds.
        receipts: Receipts posted that the oracle has neither answered nor paid for.
        proposer_bond: Of a public proposer.
        challenge_bond: Of the challenger.
        challenger: Who challenged; zero while nobody does.
        payer: Who paid the arbitrator; zero until somebody does.
        dispute_id: The number under which the arbitrator knows the dispute.
    """

    proposer: Address
    rejections: U8
    withstood: U8
    ruling: U8
    ruling_end: U40
    receipts: U32
    proposer_bond: U128
    challenge_bond: U128
    challenger: Address
    payer: Address
    dispute_id: int


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool's state.

    Attributes:
        exists: Whether it was created.
        open: How many campaigns run.
        max_hard_end: The latest second at which any campaign ever accepted may end.
        oldest, newest: Places are counted in cohorts: the oldest that is not empty, and the one that grows.
        counts: How many places each cohort holds, 16 bits each.
    """

    exists: bool
    open: U16
    max_hard_end: U40
    oldest: U32
    newest: U32
    counts: U128


@dataclass(frozen=True, slots=True)
class Seat:
    """An annotator's stake in a pool; all zero if there is none.

    Attributes:
        stake: Base units.
        full_since: Since when the stake is whole, or was until `short_since`; Unix seconds.
        short_since: Since when a slash has left it short; 0 while it is whole.
        release_at: When a leaving seat may be withdrawn at the latest; 0 while it stays.
        waits_for: It may be withdrawn earlier once the pool's oldest cohort is this one.
    """

    stake: U96
    full_since: U40
    short_since: U40
    release_at: U40
    waits_for: U32

    @property
    def takes_work(self) -> bool:
        """Whether the seat may be on a new roster: it is there, whole, and not leaving."""
        return self.full_since != 0 and self.short_since == 0 and self.release_at == 0


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset: `reserved` of `max_shares` are minted or promised; the contributors' part in 1/10,000."""

    publisher: Address
    reserved: U96
    max_shares: U96
    contributor_bps: U16


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of every schedule on a deployment, in seconds."""

    min_period: U40
    min_rescue: U40
    max_period: U40
    max_horizon: U40


@dataclass(frozen=True, slots=True)
class Stream:
    """Revenue on its way to share holders: `left` base units at `updated_at`, all streamed at `end`."""

    left: int
    updated_at: U40
    end: U40


@dataclass(frozen=True, slots=True)
class ShareRound:
    """One settlement's shares: unreleased shares, revenue per share (scaled by 2^104) at its mint."""

    left: U96
    accumulator: int
    minted: bool


@dataclass(frozen=True, slots=True)
class OfferParams:
    """A licence for sale: price in base units of the revenue token, `duration` in seconds, 0 for ever."""

    dataset: Address
    price: U128
    duration: U32
    terms_hash: Hash32
    nonce: U64


@dataclass(frozen=True, slots=True)
class License:
    """A licence sold; `expires_at` is the first second at which it no longer holds, 0 if there is none."""

    dataset: Address
    expires_at: U40
    offer: OfferId
