"""What work came to: earnings, why a label was not paid in full, and proofs of single labels."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelshare.client.wire.base import (
    AddressText,
    Amount,
    Answer,
    BytesText,
    CampaignText,
    HashText,
    ItemNumber,
    Page,
    Small,
    Time,
)
from labelshare.client.wire.campaigns import ProposalAnswer, StatusName

__all__ = [
    "EarningsAnswer",
    "LabelProofAnswer",
    "LeafAnswer",
    "ProofAnswer",
    "ReasonAnswer",
    "ReasonsAnswer",
    "ScoreAnswer",
    "TruthProofAnswer",
    "VerdictAnswer",
    "VotesAnswer",
]


class ScoreAnswer(Answer):
    """What the work came to (`docs/settlement.md`); the skill in 1/65,536."""

    labels: Small
    accepted: Small
    contested: Small
    unopened: Small
    compared: Small
    agreed: Small
    chance: int = Field(ge=0, lt=2**64, examples=[1_024])
    items: Small
    gold: Small
    gold_right: Small
    skill_q16: int = Field(alias="skillQ16", ge=-(2**31), lt=2**31, examples=[49_152])
    flagged: bool = Field(examples=[False])


class LeafAnswer(Answer):
    """The payout leaf of an account."""

    index: Amount
    account: AddressText
    payout: Amount
    shares: Amount
    slash: Amount
    cum_payout: Amount
    cum_shares: Amount


class EarningsAnswer(Answer):
    """What a campaign earns an account, in base units.

    `atMost` is what the committed labels earn if each is accepted at the full price. The rest is known once
    a settlement is proposed: `pending` until it is final, then `claimable`, then `paid`.
    """

    campaign: CampaignText
    token: AddressText
    dataset: AddressText
    status: StatusName = Field(examples=["proposed"])
    labels: Small
    at_most: Amount
    pending: Amount
    claimable: Amount
    paid: Amount
    shares_pending: Amount
    shares_claimable: Amount
    shares_paid: Amount
    slash: Amount
    expected_at: Time | None = None
    score: ScoreAnswer | None = None
    leaf: LeafAnswer | None = None


class VerdictAnswer(Answer):
    """What an item was found to be; the confidence in 1/65,536."""

    winner: BytesText
    winner_text: str = Field(examples=["good"])
    confidence_q16: int = Field(alias="confidenceQ16", ge=0, lt=2**32, examples=[60_293])
    accepted: bool = Field(examples=[True])


class VotesAnswer(Answer):
    """How many others gave a label."""

    label: BytesText
    text: str = Field(examples=["good"])
    count: Small


class ReasonAnswer(Answer):
    """Why one label was not paid in full.

    `differs`: its item has another winner. `contested`: its item has none that is accepted, so all labels of
    it earn half. `not-counted`: not assigned, not listed, or given twice. `unopened`: its batch was not
    opened, or does not stand.
    """

    item: ItemNumber
    batch: Small
    why: Literal["differs", "contested", "not-counted", "unopened"] = Field(examples=["differs"])
    label: BytesText
    text: str = Field(examples=["bad"])
    verdict: VerdictAnswer | None = None
    gold: Literal["none", "right", "wrong", "void"] = Field(examples=["none"])
    votes: list[VotesAnswer]


class ReasonsAnswer(Page[ReasonAnswer]):
    """The labels that were not paid in full, and the figures of the account's skill."""

    score: ScoreAnswer | None = None


class LabelProofAnswer(Answer):
    """That a label counted: its leaf under the label root."""

    annotator: AddressText
    batch: Small
    item: ItemNumber
    label: BytesText
    text: str = Field(examples=["good"])
    label_digest: HashText
    leaf: HashText
    proof: list[HashText]
    root: HashText


class TruthProofAnswer(Answer):
    """What its item was found to be: its leaf under the truth root."""

    item: ItemNumber
    verdict: VerdictAnswer
    winner_digest: HashText
    leaf: HashText
    proof: list[HashText]
    root: HashText


class ProofAnswer(Answer):
    """Everything that shows, with the roots on chain alone, what a label was and what was made of it."""

    chain_id: int = Field(examples=[31_337])
    registry: AddressText
    campaign: CampaignText
    settlement: ProposalAnswer
    label: LabelProofAnswer
    truth: TruthProofAnswer
