"""Revealing the gold of a campaign."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.campaign.shared import ID, SpecOption, campaign, history_of, spec_of, state_of
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.units import moment, printable
from labelshare.errors import ChainError, CommitmentError, InputError

if TYPE_CHECKING:
    from labelshare.chain.history import CampaignHistory
    from labelshare.chain.state import CampaignState
    from labelshare.client.gold_watch import GoldWatch
    from labelshare.protocol.gold import SealedGold
    from labelshare.protocol.spec import Spec

PAUSE: Final = 15.0


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


@command(
    campaign,
    f"campaign watch-gold {ID} gold.json --spec spec.json --key pub.json",
    SENDS,
    name="watch-gold",
)
def watch_gold(
    here: Session,
    campaign: CampaignArgument,
    gold: Annotated[
        Path, typer.Argument(metavar="GOLD", help="The private file that `spec seal-gold` wrote.")
    ],
    *,
    spec: SpecOption,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False,
) -> None:
    """Wait for the end of the work and reveal the gold then, if nobody else has."""
    from labelshare.chain.campaign import Campaign
    from labelshare.client.gold_watch import GoldWatch
    from labelshare.client.requester import Requester
    from labelshare.commands.gold_file import read_gold_file

    record = history_of(here, campaign).record
    rules, sealed = spec_of(history_of(here, campaign), spec), read_gold_file(gold)
    _require_the_gold(rules, sealed)
    found = Campaign(here.deployment, here.contracts, record.scope, record.pool, record.params, rules)
    watch = GoldWatch(found, Requester(here.sender, here.contracts, here.signer), sealed)
    at = watch.due_at()
    here.confirm(
        f"reveal the answers of {len(sealed.items)} gold items of campaign {campaign}"
        + (f" from {moment(at)} on, if nobody has by then" if at is not None else ", if that is possible")
    )
    revealed = _watched(watch, once=once)
    here.show({"revealed": revealed}, ["revealed the gold" if revealed else "nothing was to be revealed"])


def _watched(watch: GoldWatch, *, once: bool) -> bool:
    """Until it is revealed, by whomever; a node that is away ends nothing."""
    while True:
        try:
            if watch.step():
                return True
            if once or watch.due_at() is None:
                return False
        except (ChainError, OSError) as error:
            if once:
                raise
            typer.echo(printable(str(error)), err=True)
        time.sleep(PAUSE)


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
