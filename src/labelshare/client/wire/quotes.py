"""Quotes: what a campaign will cost and pay."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from labelshare.client.wire.base import AddressText, Amount, AmountIn, Answer, HashText, Question, Small, Time
from labelshare.protocol.spec import Spec

__all__ = ["SPEC_EXAMPLE", "AcceptanceAnswer", "QuoteAnswer", "QuoteQuestion", "SpecStored"]

SPEC_EXAMPLE = {
    "version": "labelshare.spec.v1",
    "title": "Moods",
    "instructions": "Say how the text sounds.",
    "task": {
        "type": "single-choice.v1",
        "config": (
            '<View><Text name="text" value="$text"/><Choices name="mood" toName="text">'
            '<Choice value="good"/><Choice value="bad"/></Choices></View>'
        ),
    },
    "items": [{"digest": "5c6ffbdd40d9556b73a21e63c3e0e904" * 2, "name": "text 0"}],
    "price": "1000000000000000000",
    "share_weight": "1000000000000000000",
    "seconds_per_label": 6,
    "redundancy": {"policy": "fixed.v1", "k": 1},
    "assignment": {"policy": "given.v1"},
    "aggregation": {"policy": "majority.v1"},
    "acceptance": {"policy": "threshold.v1", "numerator": 3, "denominator": 5},
    "skill": {"policy": "leave-one-out.v1"},
    "pay": {"policy": "flat.v1"},
    "shares": {"policy": "flat.v1"},
    "slash": {"policy": "none.v1"},
    "gold": {"policy": "none.v1"},
}
"""A spec that is valid, for the documentation."""


class QuoteQuestion(Question):
    """A spec, and what else to take for granted; amounts in base units, `feeBps` in 1/10,000."""

    spec: dict[str, Any] = Field(
        examples=[SPEC_EXAMPLE], description="As it will be hashed (`docs/settlement.md`)."
    )
    fee_bps: int = Field(default=500, ge=0, le=10_000)
    stakes_per_label: int = Field(default=4, ge=0, le=1_000_000)
    annotators: int | None = Field(default=None, ge=1, lt=2**32, examples=[20])
    rounds: int = Field(default=1, ge=1, le=65_535)
    arbitration_refund: AmountIn = 0
    living_wage: AmountIn | None = None
    symbol: str = Field(default="tokens", min_length=1, max_length=32, pattern=r"^[ -~]+$")
    decimals: int = Field(default=18, ge=0, le=255)


class HourAnswer(Answer):
    """What an hour earns where so many of the labels are accepted."""

    accepted_bps: int = Field(examples=[8_500])
    pay: Amount
    shares: Amount


class TimesAnswer(Answer):
    """Seconds from funding, of the shortest time line."""

    enrol_end: Time
    commit_end: Time
    reveal_end: Time
    final: Time
    slash_end: Time
    hard_end: Time


class VariantsAnswer(Answer):
    """Gas where annotators are new to the token, and where they hold it."""

    new: int = Field(examples=[3_900_000])
    held: int = Field(examples=[2_100_000])


class CallGasAnswer(VariantsAnswer):
    """Gas of one kind of call."""

    call: str = Field(examples=["createCampaign"])
    in_job: bool = Field(examples=[True])


class GasAnswer(Answer):
    """Gas of the whole campaign; `measuredWith` says with how many annotators it was measured."""

    calls: list[CallGasAnswer]
    job: VariantsAnswer
    per_label: VariantsAnswer
    measured_with: list[int] = Field(examples=[[3, 100]])


class WarningAnswer(Answer):
    """What whoever signs should know."""

    code: str = Field(examples=["no-gold"])
    text: str = Field(examples=["Without gold nobody can be slashed."])


class QuoteAnswer(Answer):
    """The whole quote; amounts in base units."""

    title: str = Field(examples=["Moods"])
    spec_hash: HashText
    symbol: str = Field(examples=["tokens"])
    decimals: int = Field(examples=[18])
    items: Small
    labels: Small
    annotators: Small
    least_annotators: Small
    label_cap: Small
    labels_each: Small
    price: Amount
    pay_at_most: Amount
    fee_at_most: Amount
    escrow: Amount
    share_cap: Amount
    bond: Amount
    stake_per_label: Amount
    stake: Amount
    slash_per_label: Amount
    forfeit_per_label_at_most: Amount
    loss_at_most: Amount
    skill_from: float = Field(examples=[0.1])
    skill_full: float = Field(examples=[0.4])
    hourly: list[HourAnswer]
    times: TimesAnswer
    gas: GasAnswer
    warnings: list[WarningAnswer]


class SpecStored(Answer):
    """The spec is kept."""

    spec_hash: HashText
    title: str = Field(examples=["Moods"])
    items: Small

    @classmethod
    def of(cls, spec: Spec) -> SpecStored:
        """What is said of a spec."""
        return cls(spec_hash=spec.hash, title=spec.title, items=len(spec.items))


class AcceptanceAnswer(Answer):
    """Which campaigns the oracle takes on; amounts in base units of the pool's token.

    `oracle` is the account that accepts, as pools name it. `requesters` is null for everybody's.
    `leastEscrow` is null for the pool's `seatStake` divided by its `maxOpen`, rounded down. `leastFee` is
    what the fee must come to if all work is accepted. `longestSeconds` are from its acceptance until a
    settlement in time frees its place; null for no limit but the pool's unbonding time, within which
    `hardEnd` must be.
    """

    oracle: AddressText
    requesters: list[AddressText] | None = None
    least_escrow: Amount | None = None
    least_fee: Amount
    longest_seconds: Time | None = None
