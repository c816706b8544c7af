"""An annotator's work: what is assigned to it, and what it has handed in."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated

from fastapi import Query

from labelshare.api.paging import Paging, encode
from labelshare.api.problems import documented
from labelshare.api.routes.items import item_answer
from labelshare.api.site import CampaignPath, Here, SignedIn, new_router
from labelshare.client.wire.base import Page
from labelshare.client.wire.work import AssignmentAnswer, BatchAnswer, CommitAnswer
from labelshare.oracle.desk import Receipted

__all__ = ["router"]

router = new_router("work")


@router.get(
    "/campaigns/{campaign}/assignment",
    summary="What one may label now",
    responses=documented("not-found", "forbidden", "refused"),
)
def assignment(
    here: Here,
    session: SignedIn,
    campaign: CampaignPath,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Items at most.")] = 100,
    after: Annotated[int | None, Query(ge=0, description="An item: only those behind it.")] = None,
) -> AssignmentAnswer:
    """The items that are open for the account in the round at hand, and until when its batches are taken."""
    found = here.desk.assignment(campaign, session.account)
    spec = here.desk.catalogue.campaign(campaign).spec
    every = range(len(spec.items)) if found.items is None else found.items
    first = 0 if after is None else bisect_right(every, after)
    return AssignmentAnswer(
        now=found.now,
        round=found.round,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        ends_at=found.ends_at,
        takes_batches=found.takes_batches,
        any_item=found.items is None,
        open_count=len(every),
        items=[item_answer(spec, index) for index in every[first : first + limit]],
        limit=found.limit,
        committed=found.committed,
        next_batch=found.next_batch,
    )


@router.get("/campaigns/{campaign}/receipts", summary="One's own receipts", responses=documented("not-found"))
def receipts(here: Here, session: SignedIn, campaign: CampaignPath, paging: Paging) -> Page[BatchAnswer]:
    """The account's own batches with the oracle's signatures for them, by number."""
    name = f"receipts:{campaign}:{session.account}"
    after = paging.after(name, (0,))
    first = 0 if after is None else int(after[0]) + 1
    found = here.desk.receipts(campaign, session.account, first, paging.limit + 1)
    part = found[: paging.limit]
    more = len(found) > len(part)
    following = encode(name, (part[-1].signed.commit.batch,)) if more else None
    return Page(items=[_batch(each) for each in part], next=following)


def _batch(each: Receipted) -> BatchAnswer:
    return BatchAnswer(
        commit=CommitAnswer.of(each.signed),
        commit_hash=each.commit_hash,
        receipt=each.receipt,
        opened=bool(each.opening_receipt),
        opening_receipt=each.opening_receipt,
    )
