"""What a final settlement gives to annotators, and takes from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import IntFlag

from labelshare.protocol.leaves import Payout
from labelshare.protocol.ledger.amounts import executor_reward_down
from labelshare.protocol.ledger.books import Kind, Move, Place
from labelshare.protocol.ledger.checks import require_before
from labelshare.protocol.ledger.refusals import Refusal, RefusedError, refuse_if
from labelshare.protocol.ledger.state import (
    Call,
    Campaign,
    Ledger,
    Receipt,
    Release,
    Seat,
    Status,
    Step,
    put,
)
from labelshare.types import Address, CampaignId, Commit

__all__ = ["Parts", "claim", "claim_many", "slash"]


class Parts(IntFlag):
    """What of a row is handed out."""

    PAYOUT = 1
    SHARES = 2


EVERYTHING = Parts.PAYOUT | Parts.SHARES


def claim(
    ledger: Ledger, call: Call, name: CampaignId, row: Payout, *, blocked: frozenset[Address] = frozenset()
) -> Step:
    """One row's pay and shares go to its account, whoever calls. See `claim_many`."""
    campaign = ledger.campaign(name, Status.FINAL)
    refuse_if(row not in _rows(campaign), Refusal.INVALID_PROOF)
    return _handed_out(ledger, call, name, [row], EVERYTHING, blocked)


def claim_many(
    ledger: Ledger,
    call: Call,
    name: CampaignId,
    rows: Sequence[Payout],
    parts: int,
    *,
    blocked: frozenset[Address] = frozenset(),
) -> Step:
    """Rows' pay, shares or both go to their accounts, whoever calls.

    `blocked` are the accounts that the token pays nothing to. What they are owed becomes their credit, unless
    they call themselves.
    """
    campaign = ledger.campaign(name, Status.FINAL)
    refuse_if(not 1 <= parts <= EVERYTHING, Refusal.INVALID_PARTS)
    refuse_if(not rows, Refusal.NOTHING_TO_CLAIM)
    refuse_if(not set(rows) <= set(_rows(campaign)), Refusal.INVALID_PROOF)
    return _handed_out(ledger, call, name, rows, Parts(parts), blocked)


def _rows(campaign: Campaign) -> tuple[Payout, ...]:
    return campaign.proposal.rows if campaign.proposal else ()


def _handed_out(
    ledger: Ledger,
    call: Call,
    name: CampaignId,
    rows: Sequence[Payout],
    parts: Parts,
    blocked: frozenset[Address],
) -> Step:
    """A campaign pays no more than its own escrow, whatever its tree says."""
    campaign = ledger.campaigns[name]
    marked = replace(campaign, claimed=_marked(campaign.claimed, rows, parts))
    token, moves, shares = campaign.params.token, [], []
    escrow = Place.of(Kind.ESCROW, token, name)
    if Parts.PAYOUT in parts:
        refuse_if(sum(row.payout for row in rows) > ledger.books[escrow], Refusal.CLAIM_ABOVE_PAYOUT)
        refuse_if(call.sender in blocked & {row.account for row in rows}, Refusal.WALLET_TOO_SMALL)
        moves = [Move(escrow, _receiving(token, row.account, blocked), row.payout) for row in rows]
    if Parts.SHARES in parts and any(row.shares for row in rows):
        released = tuple((row.account, row.shares) for row in rows)
        shares = [Release(campaign.params.dataset, name, released)]
    return Step.of(ledger.with_campaign(name, marked), *moves, shares=tuple(shares))


def _marked(claimed: Mapping[int, int], rows: Sequence[Payout], parts: Parts) -> Mapping[int, int]:
    for row in rows:
        before = claimed.get(row.index, 0)
        refuse_if(before & parts, Refusal.ALREADY_CLAIMED)
        claimed = put(claimed, row.index, before | parts)
    return claimed


def _receiving(token: Address, account: Address, blocked: frozenset[Address]) -> Place:
    return Place.credit(token, account) if account in blocked else Place.wallet(token, account)


# -------------------------------------------------------------------- slashing


def slash(
    ledger: Ledger, call: Call, name: CampaignId, row: Payout, batch: Receipt, *, signed: bool | None
) -> Step:
    """A row's slash is taken from its account's seat, 5% of it to the caller, the rest burned.

    Never more than the account signed for, nor than the campaign's slice of a seat, nor twice, nor in part.
    `signed` says whether the annotator signed the batch; None where it committed the batch alone.
    """
    campaign = ledger.campaign(name, Status.FINAL)
    require_before(call, campaign.params.schedule.slash_end(campaign.since))
    refuse_if(row not in _rows(campaign), Refusal.INVALID_PROOF)
    _require_consent(ledger, campaign, row, batch.annotator, batch.commit, signed=signed)
    refuse_if(row.account in campaign.slashed, Refusal.ALREADY_SLASHED)
    pool, token = campaign.params.pool, campaign.params.token
    seat = _shortened(ledger, call, campaign, row.account)
    slashed = replace(campaign, slashed=campaign.slashed | {row.account})
    after = replace(ledger, seats=put(ledger.seats, (pool, row.account), seat))
    stake, reward = Place.stake(token, pool, row.account), executor_reward_down(row.slash)
    return Step.of(
        after.with_campaign(name, slashed),
        Move(stake, Place.credit(token, call.sender), reward),
        Move(stake, Place.burned(token), row.slash - reward),
    )


def _require_consent(
    ledger: Ledger, campaign: Campaign, row: Payout, annotator: Address, batch: Commit, *, signed: bool | None
) -> None:
    refuse_if(row.slash == 0, Refusal.NOTHING_TO_SLASH)
    refuse_if(annotator != row.account, Refusal.OTHER_ANNOTATOR)
    refuse_if(row.slash > ledger.rules_of(campaign).campaign_slice, Refusal.SLASH_ABOVE_SLICE)
    consent = batch.cumulative_count * campaign.params.stake_per_label
    refuse_if(row.slash > consent, Refusal.SLASH_ABOVE_CONSENT)
    refuse_if(signed is False, Refusal.INVALID_SIGNATURE)
    alone = signed is None
    known = campaign.committed_alone(annotator, batch) if alone else campaign.includes(annotator, batch)
    refuse_if(not known, Refusal.NOT_INCLUDED)


def _shortened(ledger: Ledger, call: Call, campaign: Campaign, account: Address) -> Seat:
    """The seat after a slash. One that was short when enrolment ended was on no roster: it is left alone."""
    seat = ledger.seats.get((campaign.params.pool, account))
    if seat is None:
        raise RefusedError(Refusal.NOT_SEATED)
    if seat.short_since is None:
        return replace(seat, short_since=call.now)
    refuse_if(seat.short_since < campaign.params.schedule.enrol_end, Refusal.SEAT_SHORT)
    return seat
