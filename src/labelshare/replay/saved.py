"""A replay on disk: what a stranger needs to verify it against the chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labelshare.chain.deploy import Deployment
from labelshare.errors import InputError
from labelshare.replay.life import Lived
from labelshare.types import CampaignId, Hash32

__all__ = ["Saved", "load", "prepare", "store"]

DEPLOYMENT, CAMPAIGN, BUNDLE = "deployment.json", "campaign.txt", "bundle.jsonl"


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved of a campaign."""

    deployment: Deployment
    campaign: CampaignId
    bundle: bytes


def prepare(folder: Path) -> None:
    """Make the folder before anything long begins; `InputError` if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot save to {folder}: {error}") from error


def store(folder: Path, lived: Lived) -> None:
    """Write the three files; `InputError` if the folder cannot be written."""
    prepare(folder)
    try:
        lived.deployment.save(folder / DEPLOYMENT)
        (folder / CAMPAIGN).write_text(f"{lived.scope.campaign_id}\n", encoding="ascii")
        (folder / BUNDLE).write_bytes(lived.bundle)
    except OSError as error:
        raise InputError(f"cannot save to {folder}: {error}") from error


def load(folder: Path) -> Saved:
    """Read the three files; `InputError` if one is missing or malformed."""
    try:
        campaign = CampaignId(Hash32((folder / CAMPAIGN).read_text(encoding="ascii").strip()))
        bundle = (folder / BUNDLE).read_bytes()
    except (OSError, UnicodeDecodeError, InputError) as error:
        raise InputError(f"{folder} holds no saved campaign: {error}") from error
    return Saved(Deployment.load(folder / DEPLOYMENT), campaign, bundle)
