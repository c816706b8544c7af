"""Datasets, who holds their shares, and the licences that are sold of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from labelshare.api.paging import Paging
from labelshare.api.problems import documented
from labelshare.api.site import DatasetPath, Here, SignedIn, Site, new_router
from labelshare.chain.events import DatasetCreated
from labelshare.chain.history import DatasetHistory
from labelshare.client.wire.base import Page
from labelshare.client.wire.datasets import (
    DatasetAnswer,
    DatasetLine,
    HolderAnswer,
    HoldingAnswer,
    OfferAnswer,
)
from labelshare.types import Address

__all__ = ["router"]

router = new_router("datasets")


@router.get("/datasets", summary="The datasets, the newest first")
def datasets(here: Here, paging: Paging) -> Page[DatasetLine]:
    """Every dataset of the deployment with its rules, which never change."""
    found = here.desk.catalogue.datasets()
    part, following = paging.cut("datasets", found, lambda each: (-each.log.block, -each.log.index))
    return Page(items=[DatasetLine.model_validate(_rules(each)) for each in part], next=following)


@router.get("/datasets/{dataset}", summary="One dataset", responses=documented("not-found"))
def one(here: Here, dataset: DatasetPath) -> DatasetAnswer:
    """A dataset now: its shares, its revenue, its holders and its licences."""
    found = here.desk.catalogue.dataset(dataset)
    return DatasetAnswer.model_validate(
        {
            **_rules(found.created),
            "supply": sum(each.amount for each in found.minted),
            "reserved": here.desk.contracts.registry.dataset(dataset).reserved,
            "revenue_paid": sum(each.amount for each in found.paid),
            "revenue_claimed": sum(each.amount for each in found.claimed),
            "holders": len(_held(here, found)),
            "licences_sold": len(found.sold),
        }
    )


@router.get(
    "/datasets/{dataset}/licences", summary="Licences of a dataset", responses=documented("not-found")
)
def licences(here: Here, dataset: DatasetPath, paging: Paging) -> Page[OfferAnswer]:
    """What licences cost and how many were sold, the newest offer first."""
    found = here.desk.catalogue.dataset(dataset)
    sold, closed = Counter(each.offer for each in found.sold), {each.offer for each in found.closed}
    offers = found.offers[::-1]
    part, following = paging.cut(
        f"licences:{dataset}", offers, lambda each: (-each.log.block, -each.log.index)
    )
    rows = [
        OfferAnswer(
            offer=each.offer,
            price=each.price,
            duration=each.duration,
            terms_hash=each.terms_hash,
            status="closed" if each.offer in closed else "open",
            sold=sold[each.offer],
        )
        for each in part
    ]
    return Page(items=rows, next=following)


@router.get("/datasets/{dataset}/holders", summary="Who holds a dataset", responses=documented("not-found"))
def holders(here: Here, dataset: DatasetPath, paging: Paging) -> Page[HolderAnswer]:
    """Everyone with shares in the wallet, by address; shares not released yet are nobody's here."""
    held = sorted(_held(here, here.desk.catalogue.dataset(dataset)).items())
    part, following = paging.cut(f"holders:{dataset}", held, lambda each: (each[0].hex(),))
    rows = [HolderAnswer(account=account, shares=shares) for account, shares in part]
    return Page(items=rows, next=following)


@router.get(
    "/datasets/{dataset}/holding", summary="What one holds of a dataset", responses=documented("not-found")
)
def holding(here: Here, session: SignedIn, dataset: DatasetPath) -> HoldingAnswer:
    """The account's shares, and the revenue that a claim would pay it now."""
    found = here.desk.catalogue.dataset(dataset)
    share = here.desk.contracts.share(dataset)
    return HoldingAnswer(
        account=session.account,
        shares=share.balance_of(session.account),
        claimable=share.claimable(session.account),
        revenue_token=found.created.revenue_token,
    )


def _rules(created: DatasetCreated) -> Mapping[str, object]:
    return {
        "address": created.dataset,
        "publisher": created.publisher,
        "name": created.name,
        "symbol": created.symbol,
        "revenue_token": created.revenue_token,
        "contributor_bps": created.contributor_bps,
        "max_shares": created.max_shares,
    }


def _held(here: Site, found: DatasetHistory) -> dict[Address, int]:
    """Shares in wallets: the registry holds those that nobody has released yet."""
    registry = here.desk.deployment.registry.address
    return {account: shares for account, shares in found.balances.items() if account != registry}
