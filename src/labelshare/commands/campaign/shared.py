"""The group of commands about campaigns, and how each finds its campaign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.common import Session, group
from labelshare.commands.quote import read_spec
from labelshare.errors import InputError
from labelshare.types import CampaignId, Hash32

if TYPE_CHECKING:
    from labelshare.chain.history import CampaignHistory
    from labelshare.chain.state import CampaignState
    from labelshare.client.contests import Challenger
    from labelshare.protocol.spec import Spec

__all__ = ["ADDRESS", "ID", "SpecOption", "campaign", "challenger_of", "history_of", "spec_of", "state_of"]

campaign = group("campaign", "Fund, follow, contest, end and verify campaigns.")

ID: Final = "0x" + "5f" * 32
ADDRESS: Final = "0x" + "5f" * 20

SpecOption = Annotated[Path, typer.Option("--spec", help="The campaign's spec (JSON).")]


def history_of(here: Session, campaign: str) -> CampaignHistory:
    """All that happened to a campaign."""
    from labelshare.chain.history import campaign_history

    name = CampaignId(Hash32(campaign))
    return campaign_history(here.contracts.registry.chain, here.deployment, name)


def state_of(here: Session, campaign: str) -> CampaignState:
    """What the contract says of a campaign now."""
    return here.contracts.registry.campaign(CampaignId(Hash32(campaign)))


def challenger_of(here: Session, history: CampaignHistory) -> Challenger:
    """The signer as one who stands up for a campaign's rules."""
    from labelshare.client.contests import Challenger

    record = history.record
    return Challenger(here.sender, here.contracts, here.signer, record.scope, record.pool, record.params)


def spec_of(history: CampaignHistory, file: Path) -> Spec:
    """The spec in a file, which is the campaign's; `InputError` for another one."""
    spec, wanted = read_spec(file), history.record.params.spec_hash
    if spec.hash != wanted:
        raise InputError(f"{file}: this spec has hash {spec.hash}, the campaign's has {wanted}")
    return spec
