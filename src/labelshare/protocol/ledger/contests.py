"""Proposals, and who stands against them."""

from __future__ import annotations

from dataclasses import replace

from labelshare.protocol.ledger.amounts import bond_up, division_of_lost_bond, eighth_up, late_fee_up
from labelshare.protocol.ledger.books import ETHER, Kind, Move, Place
from labelshare.protocol.ledger.checks import (
    require_affordable,
    require_before,
    require_caller,
    require_from,
)
from labelshare.protocol.ledger.refusals import Refusal, RefusedError, refuse_if
from labelshare.protocol.ledger.state import (
    Call,
    Campaign,
    Challenge,
    Ledger,
    Proposal,
    Ruling,
    Status,
    Step,
    put,
    without,
)
from labelshare.types import Address, CampaignId, Settlement

__all__ = ["challenge", "propose", "propose_late", "propose_openly", "request_ruling", "resolve", "rule"]

MAX_CHALLENGES = 3
NOBODY = Address(bytes(20))


def propose(ledger: Ledger, call: Call, name: CampaignId, proposal: Proposal) -> Step:
    """The oracle's right alone, in its own time: until it loses it with a proposal, a receipt or its bond."""
    campaign = ledger.campaign(name, Status.OPEN)
    require_caller(call, campaign.params.oracle)
    refuse_if(not campaign.committed, Refusal.NOTHING_COMMITTED)
    require_from(call, campaign.params.schedule.reveal_end)
    require_before(call, campaign.params.schedule.settle_end)
    free = not campaign.rejections and not campaign.open_receipts and ledger.held(Kind.BOND, name)
    refuse_if(not free, Refusal.NO_EXCLUSIVE_RIGHT)
    require_affordable(ledger, name, campaign, proposal.settlement)
    return Step(_proposed(ledger, call, name, replace(proposal, proposer=None)))


def propose_late(ledger: Ledger, call: Call, name: CampaignId, proposal: Proposal) -> Step:
    """The oracle still proposes, for 1% of its bond a day begun since the rescue began, burned."""
    campaign = ledger.campaign(name, Status.OPEN)
    require_caller(call, campaign.params.oracle)
    _require_tries(call, campaign)
    require_from(call, campaign.rescue_start)
    refuse_if(campaign.open_receipts, Refusal.RECEIPTS_OPEN)
    bond = ledger.held(Kind.BOND, name)
    cost = late_fee_up(bond, call.now - campaign.rescue_start)
    refuse_if(cost >= bond, Refusal.BOND_USED_UP)
    require_affordable(ledger, name, campaign, proposal.settlement)
    token = campaign.params.token
    late = _proposed(ledger, call, name, replace(proposal, proposer=None))
    return Step.of(late, Move(Place.of(Kind.BOND, token, name), Place.burned(token), cost))


def propose_openly(ledger: Ledger, call: Call, name: CampaignId, proposal: Proposal, max_bond: int) -> Step:
    """Anyone proposes once the rescue is over, on a bond that doubles with each proposal that fell.

    The caller puts up no more than `max_bond`.
    """
    campaign = ledger.campaign(name, Status.OPEN)
    _require_tries(call, campaign)
    require_from(call, campaign.rescue_start + campaign.params.schedule.rescue_period)
    refund = ledger.rules_of(campaign).arbitration_refund
    bond = bond_up(ledger.held(Kind.ESCROW, name), refund) * 2**campaign.rejections
    refuse_if(bond > max_bond, Refusal.BOND_ABOVE_MAX)
    require_affordable(ledger, name, campaign, proposal.settlement)
    token = campaign.params.token
    moves = ledger.books.take(token, call.sender, Place.of(Kind.PROPOSER_BOND, token, name), bond)
    return Step.of(_proposed(ledger, call, name, replace(proposal, proposer=call.sender)), *moves)


def _require_tries(call: Call, campaign: Campaign) -> None:
    refuse_if(not campaign.committed, Refusal.NOTHING_COMMITTED)
    refuse_if(campaign.rejections > campaign.params.schedule.tries, Refusal.TRIES_USED_UP)
    require_before(call, campaign.params.schedule.propose_end)


def _proposed(ledger: Ledger, call: Call, name: CampaignId, proposal: Proposal) -> Ledger:
    campaign = ledger.campaigns[name]
    fresh = replace(proposal, withstood=0)
    return ledger.with_campaign(
        name, replace(campaign, status=Status.PROPOSED, since=call.now, proposal=fresh)
    )


# ------------------------------------------------------------------ contesting


def challenge(ledger: Ledger, call: Call, name: CampaignId, settlement: Settlement, max_bond: int) -> Step:
    """Anyone contests the proposal, on a bond of what answers for it, doubled for each contest withstood.

    It must be the `settlement` that the caller means, and the bond no more than `max_bond`.
    """
    campaign = ledger.campaign(name, Status.PROPOSED)
    schedule, withstood = campaign.params.schedule, _withstood(campaign)
    require_before(call, campaign.since + schedule.window)
    meant = campaign.proposal is not None and campaign.proposal.settlement == settlement
    refuse_if(not meant, Refusal.SETTLEMENT_MISMATCH)
    refuse_if(withstood == MAX_CHALLENGES, Refusal.CHALLENGES_USED_UP)
    bond = ledger.books[ledger.at_stake(name)] * 2**withstood
    refuse_if(bond > max_bond, Refusal.BOND_ABOVE_MAX)
    contested = replace(
        campaign,
        status=Status.DISPUTED,
        since=call.now,
        challenge=Challenge(call.sender, call.now + schedule.ruling_period),
    )
    token = campaign.params.token
    moves = ledger.books.take(token, call.sender, Place.of(Kind.CHALLENGE_BOND, token, name), bond)
    return Step.of(ledger.with_campaign(name, contested), *moves)


def _withstood(campaign: Campaign) -> int:
    return campaign.proposal.withstood if campaign.proposal else 0


def request_ruling(ledger: Ledger, call: Call, name: CampaignId, dispute: int, cost: int) -> Step:
    """Anyone pays the arbitrator its `cost` in wei; it knows the contest as `dispute` from now on."""
    campaign = ledger.campaign(name, Status.DISPUTED)
    contest, arbitrator = _contest(campaign), ledger.rules_of(campaign).arbitrator
    require_before(call, contest.ruling_end)
    refuse_if(contest.payer is not None, Refusal.RULING_REQUESTED)
    refuse_if(arbitrator == NOBODY, Refusal.NO_ARBITRATOR)
    refuse_if(call.value < cost, Refusal.ARBITRATION_FEE)
    refuse_if((arbitrator, dispute) in ledger.disputes, Refusal.DISPUTE_EXISTS)
    asked = replace(campaign, challenge=replace(contest, payer=call.sender, dispute=dispute))
    known = replace(ledger, disputes=put(ledger.disputes, (arbitrator, dispute), name))
    price = Move(Place.wallet(ETHER, call.sender), Place.wallet(ETHER, arbitrator), cost)
    return Step.of(known.with_campaign(name, asked), price)


def rule(ledger: Ledger, call: Call, dispute: int, ruling: int) -> Step:
    """The arbitrator says who is right; nothing moves before `resolve`."""
    name = ledger.disputes.get((call.sender, dispute))
    if name is None:
        raise RefusedError(Refusal.UNKNOWN_DISPUTE)
    refuse_if(ruling not in [each.value for each in Ruling], Refusal.INVALID_RULING)
    campaign = ledger.campaigns[name]
    contest = _contest(campaign)
    require_before(call, contest.ruling_end)
    refuse_if(contest.ruling is not None, Refusal.ALREADY_RULED)
    ruled = replace(campaign, challenge=replace(contest, ruling=Ruling(ruling)))
    return Step(ledger.with_campaign(name, ruled))


def resolve(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """Applies the ruling, or the lack of one once the time for it is over."""
    campaign = ledger.campaign(name, Status.DISPUTED)
    contest = _contest(campaign)
    if contest.ruling is None:
        require_from(call, contest.ruling_end)
    closed = replace(
        ledger, disputes=without(ledger.disputes, (ledger.rules_of(campaign).arbitrator, contest.dispute))
    )
    match contest.ruling:
        case Ruling.PROPOSER:
            return _upheld(closed, call, name)
        case Ruling.CHALLENGER:
            return _rejected(closed, call, name)
        case Ruling.NEITHER | None:
            return _unruled(closed, call, name)


def _upheld(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """The challenger's bond is lost; the proposal stands, for a fresh window."""
    campaign = ledger.campaigns[name]
    token, proposal = campaign.params.token, campaign.proposal
    if proposal is None:
        raise ArithmeticError("a contest without a proposal")
    winner = Place.credit(token, proposal.proposer or campaign.params.oracle)
    stands = replace(
        campaign,
        status=Status.PROPOSED,
        since=call.now,
        challenge=None,
        proposal=replace(proposal, withstood=proposal.withstood + 1),
    )
    lost = Place.of(Kind.CHALLENGE_BOND, token, name)
    return Step.of(ledger.with_campaign(name, stands), *_divided(ledger, name, lost, winner))


def _rejected(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """What answered for the proposal is lost; the challenger's bond goes back."""
    token = ledger.campaigns[name].params.token
    winner = Place.credit(token, _contest(ledger.campaigns[name]).challenger)
    bond = Place.of(Kind.CHALLENGE_BOND, token, name)
    moves = _divided(ledger, name, ledger.at_stake(name), winner)
    return Step.of(_fallen(ledger, call, name), *moves, Move(bond, winner, ledger.books[bond]))


def _unruled(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """An eighth of either bond is burned; the rest is whose it was, the oracle's still answers."""
    campaign = ledger.campaigns[name]
    token, answering = campaign.params.token, ledger.at_stake(name)
    against = Place.of(Kind.CHALLENGE_BOND, token, name)
    staked, bond = ledger.books[answering], ledger.books[against]
    proposer = campaign.proposal.proposer if campaign.proposal else None
    back = Move(answering, Place.credit(token, proposer), staked - eighth_up(staked)) if proposer else None
    return Step.of(
        _fallen(ledger, call, name),
        Move(answering, Place.burned(token), eighth_up(staked)),
        Move(against, Place.burned(token), eighth_up(bond)),
        Move(against, Place.credit(token, _contest(campaign).challenger), bond - eighth_up(bond)),
        *((back,) if back else ()),
    )


def _divided(ledger: Ledger, name: CampaignId, lost: Place, winner: Place) -> tuple[Move, ...]:
    """A lost bond: half burned, the other half the winner's, less the refund to the arbitrator's payer."""
    campaign = ledger.campaigns[name]
    payer = _contest(campaign).payer
    if payer is None:
        raise ArithmeticError("a ruling that nobody paid for")
    division = division_of_lost_bond(ledger.books[lost], ledger.rules_of(campaign).arbitration_refund)
    token = campaign.params.token
    return (
        Move(lost, Place.burned(token), division.burned),
        Move(lost, Place.credit(token, payer), division.refunded),
        Move(lost, winner, division.won),
    )


def _fallen(ledger: Ledger, call: Call, name: CampaignId) -> Ledger:
    campaign = ledger.campaigns[name]
    return ledger.with_campaign(
        name,
        replace(
            campaign,
            status=Status.OPEN,
            since=call.now,
            proposal=None,
            challenge=None,
            rejections=campaign.rejections + 1,
        ),
    )


def _contest(campaign: Campaign) -> Challenge:
    if campaign.challenge is None:
        raise ArithmeticError("no contest is at hand")
    return campaign.challenge
