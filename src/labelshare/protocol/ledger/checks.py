"""Checks that several operations share. Intervals are half open: from the start until before the end."""

from __future__ import annotations

from labelshare.protocol.ledger.amounts import fee_down
from labelshare.protocol.ledger.books import Kind
from labelshare.protocol.ledger.refusals import Refusal, refuse_if
from labelshare.protocol.ledger.state import Call, Campaign, Ledger
from labelshare.types import Address, CampaignId, Settlement

__all__ = ["ONE_SHARE", "require_affordable", "require_before", "require_caller", "require_from"]

ONE_SHARE = 10**18


def require_from(call: Call, start: int) -> None:
    """Refuse a call that comes too early."""
    refuse_if(call.now < start, Refusal.TOO_EARLY)


def require_before(call: Call, end: int) -> None:
    """Refuse a call that comes too late."""
    refuse_if(call.now >= end, Refusal.TOO_LATE)


def require_caller(call: Call, needed: Address) -> None:
    """Refuse anyone else."""
    refuse_if(call.sender != needed, Refusal.NOT_ALLOWED)


def require_affordable(ledger: Ledger, name: CampaignId, campaign: Campaign, settlement: Settlement) -> None:
    """The pay with its fee within the escrow; shares within the cap, and one whole share or none."""
    fee = fee_down(settlement.payout_total, campaign.params.fee_bps)
    escrow = ledger.held(Kind.ESCROW, name)
    refuse_if(settlement.payout_total + fee > escrow, Refusal.PAYOUT_ABOVE_ESCROW)
    refuse_if(settlement.share_total > campaign.params.share_cap, Refusal.SHARES_ABOVE_CAP)
    refuse_if(0 < settlement.share_total < ONE_SHARE, Refusal.SHARES_BELOW_ONE)
