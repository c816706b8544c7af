"""Datasets, their holders, and the licences that the holders live on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelshare.client.wire.base import AddressText, Amount, Answer, HashText, Small, Time

__all__ = ["DatasetAnswer", "DatasetLine", "HolderAnswer", "HoldingAnswer", "OfferAnswer"]


class DatasetLine(Answer):
    """A dataset's rules; shares in base units of 18 decimals, the contributors' part in 1/10,000."""

    address: AddressText
    publisher: AddressText
    name: str = Field(examples=["Moods"])
    symbol: str = Field(examples=["MOOD"])
    revenue_token: AddressText
    contributor_bps: int = Field(ge=0, le=10_000, examples=[7_000])
    max_shares: Amount


class DatasetAnswer(DatasetLine):
    """A dataset now: shares that are out, revenue in base units of its token, holders and licences."""

    supply: Amount
    reserved: Amount
    revenue_paid: Amount
    revenue_claimed: Amount
    holders: Small
    licences_sold: Small


class OfferAnswer(Answer):
    """Licences for sale: price in base units of the revenue token, `duration` in seconds, 0 for ever."""

    offer: HashText
    price: Amount
    duration: Time
    terms_hash: HashText
    status: Literal["open", "closed"] = Field(examples=["open"])
    sold: Small


class HolderAnswer(Answer):
    """Who holds how many shares, in base units."""

    account: AddressText
    shares: Amount


class HoldingAnswer(HolderAnswer):
    """What one holds, and the revenue that a claim would pay now, in base units of the revenue token."""

    claimable: Amount
    revenue_token: AddressText
