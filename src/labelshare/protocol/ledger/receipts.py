"""The oracle's word that it will include a commitment, held against its bond."""

from __future__ import annotations

from dataclasses import replace

from labelshare.protocol.ledger.books import Kind, Move, Place
from labelshare.protocol.ledger.checks import require_before, require_from
from labelshare.protocol.ledger.ending import expired
from labelshare.protocol.ledger.refusals import Refusal, RefusedError, refuse_if
from labelshare.protocol.ledger.state import Call, Campaign, Ledger, Receipt, Status, Step, put
from labelshare.types import CampaignId

__all__ = ["answer_receipt", "forfeit_bond", "post_receipt"]

# A receipt is settled also while somebody else's proposal is judged.
RUNNING = (Status.OPEN, Status.PROPOSED, Status.DISPUTED)


def post_receipt(ledger: Ledger, call: Call, name: CampaignId, receipt: Receipt, *, signed: bool) -> Step:
    """Anyone holds the oracle to a receipt that it `signed`; it has the grace to answer."""
    campaign = ledger.campaign(name, Status.OPEN)
    schedule = campaign.params.schedule
    require_from(call, schedule.commit_end)
    require_before(call, schedule.reveal_end)
    refuse_if(receipt in campaign.receipts, Refusal.RECEIPT_POSTED)
    refuse_if(not signed, Refusal.INVALID_SIGNATURE)
    receipts = put(campaign.receipts, receipt, call.now + schedule.grace)
    return Step(ledger.with_campaign(name, replace(campaign, receipts=receipts)))


def answer_receipt(ledger: Ledger, call: Call, name: CampaignId, receipt: Receipt) -> Step:
    """Anyone shows in time that the commitment was included, or that its annotator committed it alone."""
    campaign = ledger.campaign(name, *RUNNING)
    require_before(call, _due(campaign, receipt))
    annotator, batch = receipt
    included = campaign.includes(annotator, batch) or campaign.committed_alone(annotator, batch)
    refuse_if(not included, Refusal.NOT_INCLUDED)
    return Step(ledger.with_campaign(name, _settled(campaign, receipt)))


def forfeit_bond(ledger: Ledger, call: Call, name: CampaignId, receipt: Receipt) -> Step:
    """An unanswered receipt costs what is left of the bond: half to its annotator, rounded down, half burned.

    Where nobody committed the campaign expires, and its escrow is burned too.
    """
    campaign = ledger.campaign(name, *RUNNING)
    require_from(call, _due(campaign, receipt))
    token = campaign.params.token
    bond, amount = Place.of(Kind.BOND, token, name), ledger.held(Kind.BOND, name)
    step = Step.of(
        ledger.with_campaign(name, _settled(campaign, receipt)),
        Move(bond, Place.credit(token, receipt.annotator), amount // 2),
        Move(bond, Place.burned(token), amount - amount // 2),
    )
    if campaign.committed:
        return step
    end = expired(step.ledger, call, name)
    return Step(end.ledger, step.moves + end.moves)


def _due(campaign: Campaign, receipt: Receipt) -> int:
    due = campaign.receipts.get(receipt)
    if due is None:
        raise RefusedError(Refusal.RECEIPT_NOT_OPEN)
    return due


def _settled(campaign: Campaign, receipt: Receipt) -> Campaign:
    return replace(campaign, receipts=put(campaign.receipts, receipt, None))
