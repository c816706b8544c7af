"""Content handed in by requesters: whose, for what, until when, and how much.

The items of a campaign are fixed before it is funded: the spec lists their sha256, and the chain has the
spec's hash. So nothing that comes in later can change what is labelled; it either is an item of the spec, to
the byte, or is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from labelshare.chain.state import Status
from labelshare.errors import AccessError, NotFoundError, ProtocolError
from labelshare.oracle.blobs import Blobs, Incoming
from labelshare.oracle.desk import Desk
from labelshare.store.contents import Contents, Quota
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Uploads"]


@dataclass(frozen=True)
class Uploads:
    """What one oracle takes in. `quota` bounds it."""

    desk: Desk
    quota: Quota

    def place(self, campaign: CampaignId, account: Address, name: Hash32) -> Blobs:
        """Where an item's content is kept, for whom it is to be handed in by.

        Raises:
            NotFoundError: No such campaign, no item of it has that content, or nothing is kept here.
            AccessError: The account is not the campaign's requester.
            ProtocolError: Nobody labels any more.
        """
        desk = self.desk
        created = desk.catalogue.created(campaign)
        if account != created.params.requester:
            raise AccessError("content is handed in by the campaign's requester alone")
        desk.require_item(campaign, name)
        if desk.catalogue.status(campaign) not in {Status.CREATED, Status.OPEN}:
            raise ProtocolError("the campaign takes no content: nobody labels any more")
        if desk.blobs is None:
            raise NotFoundError("this service keeps no content")
        return desk.blobs

    def keep(self, campaign: CampaignId, account: Address, name: Hash32, blob: Incoming) -> bool:
        """Keep a content that has come in whole; whether it is new. What was kept is kept alike again.

        Raises:
            InputError: It is another content.
            ProtocolError: It is more than may be kept.
            StoreError: It could not be kept.
        """
        blobs = self.place(campaign, account, name)
        blob.require(name)
        contents = Contents(self.desk.database)
        is_new = contents.note(campaign, account, name, blob.size, self.quota)
        try:
            blobs.keep(blob, name)
        except BaseException:
            if is_new:
                contents.forget(campaign, name)
            raise
        return is_new
