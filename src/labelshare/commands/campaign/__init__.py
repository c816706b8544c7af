"""Campaigns: funded by a requester, followed, contested and ended by anyone."""

# Help lists commands in the order in which they are registered, which is that of a campaign's life.
# isort: off
from labelshare.commands.campaign.shared import campaign
from labelshare.commands.campaign import funding
from labelshare.commands.campaign import uploading
from labelshare.commands.campaign import following
from labelshare.commands.campaign import remote
from labelshare.commands.campaign import gold
from labelshare.commands.campaign import contesting
from labelshare.commands.campaign import proposing
from labelshare.commands.campaign import ending
from labelshare.commands.campaign import slashing
# isort: on

__all__ = [
    "campaign",
    "contesting",
    "ending",
    "following",
    "funding",
    "gold",
    "proposing",
    "remote",
    "slashing",
    "uploading",
]
