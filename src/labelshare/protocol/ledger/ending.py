"""Campaigns that end, and the places they give back."""

from __future__ import annotations

from dataclasses import replace

from labelshare.protocol.ledger.amounts import fee_down
from labelshare.protocol.ledger.books import Kind, Move, Place
from labelshare.protocol.ledger.checks import require_from
from labelshare.protocol.ledger.refusals import Refusal, refuse_if
from labelshare.protocol.ledger.state import Call, Campaign, Ledger, Mint, Status, Step, without
from labelshare.types import CampaignId, Settlement

__all__ = ["cancel", "expire", "expired", "finalize", "free_place"]


def finalize(ledger: Ledger, call: Call, name: CampaignId, settlement: Settlement) -> Step:
    """A proposal that stood for its window is paid for.

    The proposer gets the fee and its own bond back, the requester what is neither pay nor fee; where somebody
    else proposed, the oracle's bond is burned. The pay stays for the annotators to claim.
    """
    campaign = ledger.campaign(name, Status.PROPOSED)
    require_from(call, campaign.since + campaign.params.schedule.window)
    proposal = campaign.proposal
    refuse_if(proposal is None or proposal.settlement != settlement, Refusal.SETTLEMENT_MISMATCH)
    ended = replace(campaign, status=Status.FINAL, since=call.now)
    kept = settlement.share_total - campaign.params.share_cap
    after = ledger.with_campaign(name, ended).reserving(campaign.params.dataset, kept)
    mint = Mint(campaign.params.dataset, name, settlement.share_total)
    shares = (mint,) if settlement.share_total else ()
    return Step.of(after, *_paid(ledger, name, campaign, settlement), shares=shares)


def _paid(ledger: Ledger, name: CampaignId, campaign: Campaign, settlement: Settlement) -> tuple[Move, ...]:
    params = campaign.params
    proposer = campaign.proposal.proposer if campaign.proposal else None
    answering = ledger.at_stake(name)
    escrow, bond = (Place.of(kind, params.token, name) for kind in (Kind.ESCROW, Kind.BOND))
    earner = Place.credit(params.token, proposer or params.oracle)
    fee = fee_down(settlement.payout_total, params.fee_bps)
    surplus = ledger.books[escrow] - settlement.payout_total - fee
    lost = ledger.books[bond] if proposer else 0
    return (
        Move(escrow, earner, fee),
        Move(escrow, Place.credit(params.token, params.requester), surplus),
        Move(answering, earner, ledger.books[answering]),
        Move(bond, Place.burned(params.token), lost),
    )


def cancel(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """A campaign without work is refunded.

    By the requester before acceptance, by anyone once acceptance is over; by anyone after the reveals where
    nobody committed and no receipt says otherwise. Then the oracle's bond goes back too.
    """
    campaign = ledger.campaign(name, Status.CREATED, Status.OPEN)
    params, after = campaign.params, ledger
    if campaign.status is Status.OPEN:
        refuse_if(campaign.committed, Refusal.ALREADY_COMMITTED)
        require_from(call, params.schedule.reveal_end)
        refuse_if(campaign.open_receipts, Refusal.RECEIPTS_OPEN)
        after = _without_place(ledger, name)
    elif call.sender != params.requester:
        require_from(call, params.schedule.accept_end)
    escrow, bond = (Place.of(kind, params.token, name) for kind in (Kind.ESCROW, Kind.BOND))
    return Step.of(
        _ended(after, call, name, Status.CANCELLED),
        Move(escrow, Place.credit(params.token, params.requester), ledger.books[escrow]),
        Move(bond, Place.credit(params.token, params.oracle), ledger.books[bond]),
    )


def expire(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """A campaign with work whose tries or whose time are used up is nobody's any more."""
    campaign = ledger.campaign(name, Status.OPEN)
    refuse_if(not campaign.committed, Refusal.NOTHING_COMMITTED)
    if campaign.rejections <= campaign.params.schedule.tries:
        require_from(call, campaign.params.schedule.propose_end)
    return expired(ledger, call, name)


def expired(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """Escrow and bond are burned."""
    token = ledger.campaigns[name].params.token
    places = [Place.of(kind, token, name) for kind in (Kind.ESCROW, Kind.BOND)]
    after = _ended(_without_place(ledger, name), call, name, Status.EXPIRED)
    return Step.of(after, *(Move(place, Place.burned(token), ledger.books[place]) for place in places))


def free_place(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """A final campaign gives its place back once it can slash nobody any more."""
    campaign = ledger.campaign(name, Status.FINAL)
    require_from(call, campaign.params.schedule.slash_end(campaign.since))
    refuse_if(name not in ledger.pools[campaign.params.pool].places, Refusal.PLACE_FREED)
    return Step(_without_place(ledger, name))


def _without_place(ledger: Ledger, name: CampaignId) -> Ledger:
    pool_id = ledger.campaigns[name].params.pool
    pool = ledger.pools[pool_id]
    return ledger.with_pool(pool_id, replace(pool, places=without(pool.places, name)))


def _ended(ledger: Ledger, call: Call, name: CampaignId, status: Status) -> Ledger:
    campaign = ledger.campaigns[name]
    ended = ledger.with_campaign(name, replace(campaign, status=status, since=call.now))
    return ended.reserving(campaign.params.dataset, -campaign.params.share_cap)
