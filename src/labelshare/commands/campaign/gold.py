"""Revealing the gold of a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.campaign.shared import ID, SpecOption, campaign, history_of, spec_of, state_of
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.units import moment
from labelshare.errors import ChainError, CommitmentError, InputError

if TYPE_CHECKING:
    from labelshare.chain.history import CampaignHistory
    from labelshare.chain.state import CampaignState
    from labelshare.protocol.gold import SealedGold
    from labelshare.protocol.spec import Spec


@command(
    campaign,
    f"campaign reveal-gold {ID} gold.json --spec spec.json --key pub.json",
    SENDS,
    name="reveal-gold",
)
def reveal_gold(
    here: Session,
    campaign: CampaignArgument,
    gold: Annotated[
        Path, typer.Argument(metavar="GOLD", help="The private file that `spec seal-gold` wrote.")
    ],
    *,
    spec: SpecOption,
) -> None:
    """Reveal a campaign's gold, once all work is committed; without it nobody loses a stake."""
    from labelshare.client.requester import Requester
    from labelshare.commands.gold_file import read_gold_file

    history, state = history_of(here, campaign), state_of(here, campaign)
    rules, sealed = spec_of(history, spec), read_gold_file(gold)
    _require_the_gold(rules, sealed)
    _require_time(here, history, state, rules)
    requester = Requester(here.sender, here.contracts, here.signer)
    here.confirm(
        f"reveal the answers of {len(sealed.items)} gold items of campaign {campaign}, which everybody can "
        "read from then on"
    )
    requester.reveal_gold(history.record.params, rules, sealed)
    here.show_sent(
        {"items": len(sealed.items), "root": str(sealed.root)},
        [("gold items", len(sealed.items)), ("root", sealed.root)],
    )


def _require_the_gold(spec: Spec, gold: SealedGold) -> None:
    """The gold holds under the campaign's spec, as everyone will find who verifies."""
    from labelshare.protocol.gold import posted_gold
    from labelshare.protocol.spec import MerkleGold

    if not isinstance(spec.gold, MerkleGold):
        raise InputError("the campaign's spec has no gold")
    if not posted_gold(spec, (gold.reveal,)):
        raise CommitmentError(f"this gold has root {gold.root}, the campaign's has {spec.gold.root}")


def _require_time(here: Session, history: CampaignHistory, state: CampaignState, spec: Spec) -> None:
    """Told here and not by the chain: a simulation would show the gold to whoever runs the node."""
    from labelshare.chain.state import Status
    from labelshare.protocol.gold import posted_gold

    schedule, now = history.record.params.schedule, here.now()
    if state.status is not Status.OPEN:
        raise ChainError(f"the campaign is {state.status.name.lower()}; gold is revealed in open ones")
    if now < schedule.commit_end:
        raise ChainError(f"too early: gold that is known before {moment(schedule.commit_end)} judges nobody")
    if now >= schedule.reveal_end:
        raise ChainError(f"too late: gold could be revealed until {moment(schedule.reveal_end)}")
    if posted_gold(spec, history.record.gold):
        raise ChainError("the gold of this campaign was revealed before")
