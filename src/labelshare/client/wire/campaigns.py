"""Campaigns: parameters, time line, state and progress."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from labelshare.client.wire.base import AddressText, Amount, Answer, CampaignText, HashText, Small, Time

__all__ = [
    "CampaignAnswer",
    "CampaignLine",
    "ItemAnswer",
    "ParamsAnswer",
    "PoolAnswer",
    "ProgressAnswer",
    "ProposalAnswer",
    "RolesAnswer",
    "RoundAnswer",
    "ScheduleAnswer",
    "StateAnswer",
    "StatusName",
    "TimelineAnswer",
]

StatusName: TypeAlias = Literal[
    "created", "open", "proposed", "disputed", "final", "cancelled", "expired", "none"
]


class ScheduleAnswer(Answer):
    """The time line as it is on chain: Unix seconds, and durations in seconds."""

    accept_end: Time
    enrol_end: Time
    work_start: Time
    round_length: Time
    grace: Time
    rounds: Small
    tries: Small
    reveal_period: Time
    settle_period: Time
    window: Time
    ruling_period: Time
    rescue_period: Time
    public_period: Time
    slash_window: Time


class TimelineAnswer(Answer):
    """The times that follow from the schedule, Unix seconds; `round` is at hand by the chain's clock."""

    now: Time
    round: Small | None = None
    accept_end: Time
    enrol_end: Time
    work_start: Time
    commit_end: Time
    reveal_end: Time
    settle_end: Time
    propose_end: Time
    hard_end: Time
    final_expected: Time | None = None


class ParamsAnswer(Answer):
    """The parameters whose hash is the campaign's id; `stakePerLabel` in base units, `feeBps` in 1/10,000."""

    pool: HashText
    dataset: AddressText
    requester: AddressText
    oracle: AddressText
    token: AddressText
    spec_hash: HashText
    share_cap: Amount
    stake_per_label: Amount
    fee_bps: int = Field(ge=0, le=65_535, examples=[500])
    nonce: Amount
    schedule: ScheduleAnswer


class PoolAnswer(Answer):
    """The pool's rules."""

    oracle: AddressText
    token: AddressText
    seat_stake: Amount
    unbonding: Time
    max_open: Small
    gate: AddressText
    arbitrator: AddressText
    arbitration_refund: Amount
    randomness: AddressText
    nonce: Amount


class StateAnswer(Answer):
    """The state on chain; amounts in base units, `since` Unix seconds."""

    status: StatusName = Field(examples=["open"])
    committed: bool = Field(examples=[True])
    place_freed: bool = Field(examples=[False])
    since: Time
    escrow: Amount
    bond: Amount
    roster_root: HashText
    seed: HashText


class RoundAnswer(Answer):
    """What was handed in for a round."""

    round: Small
    batches: Small
    labels: Small


class ProgressAnswer(Answer):
    """How far the work is: numbers only."""

    enrolled: Small
    batches: Small
    labels: Small
    opened: Small
    places: Small
    rounds: list[RoundAnswer]


class ProposalAnswer(Answer):
    """The settlement that is proposed or final."""

    payout_root: HashText
    label_root: HashText
    model_root: HashText
    truth_root: HashText
    payout_total: Amount
    share_total: Amount
    leaves: Small
    bundle_hash: HashText


class CampaignLine(Answer):
    """A campaign in a list; `title`, `items` and `price` are null where nobody has handed in its spec."""

    id: CampaignText
    title: str | None = Field(default=None, examples=["Moods"])
    items: Small | None = None
    price: Amount | None = None
    status: StatusName = Field(examples=["open"])
    requester: AddressText
    oracle: AddressText
    dataset: AddressText
    pool: HashText
    token: AddressText
    spec_hash: HashText
    accept_end: Time
    enrol_end: Time
    commit_end: Time


class CampaignAnswer(CampaignLine):
    """One campaign, whole but for its items; `waitsFor` says why the oracle has not accepted it yet.

    `medianLabelPay` is what half of the annotators of a final campaign earned for a label at most, fee and
    forfeits apart; null where no evidence says it.
    """

    chain_id: int = Field(examples=[31_337])
    registry: AddressText
    params: ParamsAnswer
    pool_params: PoolAnswer
    state: StateAnswer
    timeline: TimelineAnswer
    progress: ProgressAnswer
    proposal: ProposalAnswer | None = None
    median_label_pay: Amount | None = Field(default=None, examples=["45000000000000000"])
    waits_for: str | None = Field(
        default=None, examples=["the pool has 4 open campaigns, as many as it may; accepted once one ends"]
    )


class ItemAnswer(Answer):
    """One thing to label: sha256 of its content, and where or what it is."""

    index: Small
    digest: str = Field(pattern="^[0-9a-f]{64}$", examples=["5c6ffbdd40d9556b73a21e63c3e0e904" * 2])
    cid: str = Field(examples=["bafkreidplctweoldkog356rym6hzoc2dyuhwwznut37scs6axiy4rs6fgy"])
    uri: str | None = Field(default=None, examples=["https://example.org/17.png"])
    name: str | None = Field(default=None, examples=["text 17"])


class RolesAnswer(Answer):
    """What the account is in the campaign, as the chain says."""

    account: AddressText
    roles: list[Literal["annotator", "requester", "oracle"]] = Field(examples=[["annotator"]])
