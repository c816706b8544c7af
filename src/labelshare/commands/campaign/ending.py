"""Ending a campaign: by a refund, by a settlement, or by nothing."""

from __future__ import annotations

from labelshare.commands.campaign.shared import ID, campaign, challenger_of, history_of, state_of
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.units import SHARES
from labelshare.errors import ChainError


@command(campaign, f"campaign cancel {ID} --key pub.json", SENDS)
def cancel(here: Session, campaign: CampaignArgument) -> None:
    """End a campaign that nobody accepted, or that nobody worked for; the escrow becomes credit."""
    from labelshare.client.requester import Requester

    params, state = history_of(here, campaign).record.params, state_of(here, campaign)
    unit, requester = here.unit(params.token), Requester(here.sender, here.contracts, here.signer)
    here.confirm(
        f"cancel campaign {campaign}: its escrow of {unit.show(state.escrow)} becomes credit of "
        f"{params.requester}"
    )
    ended = requester.cancel(params)
    here.show_sent({"refund": str(ended.refund)}, [("refund", unit.show(ended.refund))])


@command(campaign, f"campaign finalize {ID} --key ann.json", SENDS)
def finalize(here: Session, campaign: CampaignArgument) -> None:
    """End a campaign whose proposed settlement stood unchallenged for its window."""
    from labelshare.protocol.rewards import fee

    history = history_of(here, campaign)
    posted, params = history.record.posted, history.record.params
    if posted is None:
        raise ChainError("no settlement is proposed for this campaign")
    unit, settlement = here.unit(params.token), posted.settlement
    challenger = challenger_of(here, history)
    here.confirm(
        f"make the settlement of campaign {campaign} final: {unit.show(settlement.payout_total)} of pay to "
        f"{settlement.leaves} accounts, {SHARES.show(settlement.share_total)}, and a fee of "
        f"{unit.show(fee(settlement.payout_total, params.fee_bps))}"
    )
    final = challenger.finalize(settlement)
    here.show_sent(
        {
            "paid": str(final.payout_total),
            "shares": str(final.share_total),
            "fee": str(final.fee),
            "surplus": str(final.surplus),
        },
        [
            ("pay", unit.show(final.payout_total)),
            ("shares", SHARES.show(final.share_total)),
            ("fee", unit.show(final.fee)),
            ("surplus", unit.show(final.surplus)),
        ],
    )


@command(campaign, f"campaign expire {ID} --key ann.json", SENDS)
def expire(here: Session, campaign: CampaignArgument) -> None:
    """End a campaign that came to nothing after work was committed: its escrow and bond are burned."""
    history, state = history_of(here, campaign), state_of(here, campaign)
    unit, challenger = here.unit(history.record.params.token), challenger_of(here, history)
    here.confirm(
        f"end campaign {campaign} without a settlement, which burns its escrow of {unit.show(state.escrow)} "
        f"and the oracle's bond of {unit.show(state.bond)}"
    )
    ended = challenger.expire()
    here.show_sent({"burned": str(ended.burned)}, [("burned", unit.show(ended.burned))])
