"""The structs that the contracts keep, as Python reads them. Field order is ABI order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NewType

from labelshare.types import U16, U32, U40, U64, U96, U128, Address, Hash32

__all__ = [
    "CampaignState",
    "Dataset",
    "License",
    "Limits",
    "OfferId",
    "OfferParams",
    "OfferStatus",
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
    FINAL = 4
    CANCELLED = 5
    EXPIRED = 6


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
        seed_block: The block whose hash becomes the seed; 0 until armed.
        escrow: The bounty in base units; from Final on, what claims may still take.
        bond: The oracle's bond in base units.
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
class Pool:
    """A pool's state: how many campaigns run, and the latest second at which any of them may end."""

    exists: bool
    open: U16
    max_hard_end: U40


@dataclass(frozen=True, slots=True)
class Seat:
    """An annotator's stake in a pool, base units; times in Unix seconds, `release_at` 0 while it stays."""

    stake: U96
    joined_at: U40
    full_since: U40
    release_at: U40


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
