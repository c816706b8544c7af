"""The items of a campaign."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from labelshare.api.paging import Paging
from labelshare.api.problems import documented
from labelshare.api.site import CampaignPath, Here, new_router
from labelshare.client.wire.base import Page
from labelshare.client.wire.campaigns import ItemAnswer
from labelshare.errors import NotFoundError
from labelshare.oracle.blobs import cid
from labelshare.protocol.spec import Spec
from labelshare.types import Hash32

__all__ = ["ItemPath", "item_answer", "router"]

router = new_router("items")

ItemPath = Annotated[int, Path(ge=0, lt=2**32, description="The item's index.")]


def item_answer(spec: Spec, index: int) -> ItemAnswer:
    """An item on the wire."""
    item = spec.items[index]
    name = cid(Hash32(bytes.fromhex(item.digest)))
    return ItemAnswer(index=index, digest=item.digest, cid=name, uri=item.uri, name=item.name)


@router.get(
    "/campaigns/{campaign}/items", summary="The items of a campaign", responses=documented("not-found")
)
def items(here: Here, paging: Paging, campaign: CampaignPath) -> Page[ItemAnswer]:
    """A range of items, by index."""
    spec = here.desk.catalogue.campaign(campaign).spec
    part, following = paging.cut(f"items:{campaign}", range(len(spec.items)), lambda index: (index,))
    return Page(items=[item_answer(spec, index) for index in part], next=following)


@router.get("/campaigns/{campaign}/items/{item}", summary="One item", responses=documented("not-found"))
def item(here: Here, campaign: CampaignPath, item: ItemPath) -> ItemAnswer:
    """One item by its index."""
    spec = here.desk.catalogue.campaign(campaign).spec
    if item >= len(spec.items):
        raise NotFoundError(f"there is no item {item}, only {len(spec.items)}")
    return item_answer(spec, item)
