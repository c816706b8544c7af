"""Campaigns: which there are, and one of them with its rules, its time line and how far it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from labelshare.api.paging import Key, Paging, encode
from labelshare.api.problems import documented
from labelshare.api.progress import progress_of
from labelshare.api.site import CampaignPath, Here, SignedIn, new_router
from labelshare.chain.events import CampaignCreated
from labelshare.chain.state import CampaignState, Status
from labelshare.client.wire.base import AddressText, Page
from labelshare.client.wire.campaigns import (
    CampaignAnswer,
    CampaignLine,
    ParamsAnswer,
    PoolAnswer,
    ProposalAnswer,
    RolesAnswer,
    StateAnswer,
    TimelineAnswer,
)
from labelshare.oracle.desk import round_at
from labelshare.oracle.settled import expected_at
from labelshare.store.spec_facts import Facts
from labelshare.types import Schedule

__all__ = ["router"]

router = new_router("campaigns")


@router.get("/campaigns", summary="The campaigns of this oracle, the newest first")
def campaigns(
    here: Here,
    paging: Paging,
    requester: Annotated[AddressText | None, Query(description="Of this requester alone.")] = None,
    dataset: Annotated[AddressText | None, Query(description="On this dataset alone.")] = None,
) -> Page[CampaignLine]:
    """Every campaign that names this oracle, whatever became of it."""
    desk = here.desk

    def is_wanted(each: CampaignCreated) -> bool:
        own = each.params.oracle == desk.signer.address
        return own and requester in {None, each.requester} and dataset in {None, each.dataset}

    name = f"campaigns:{requester}:{dataset}"
    after = paging.after(name, (0, 0))
    before = None if after is None else (-int(after[0]), -int(after[1]))
    found = desk.catalogue.newest(before, paging.limit + 1, is_wanted)
    part = found[: paging.limit]
    statuses, facts = desk.catalogue.statuses([each.campaign for each in part]), desk.catalogue.facts(part)
    rows = [_line(each, statuses[each.campaign], facts.get(each.campaign)) for each in part]
    return Page(items=rows, next=encode(name, _key(part[-1])) if len(found) > len(part) else None)


@router.get("/campaigns/{campaign}", summary="One campaign", responses=documented("not-found"))
def one(here: Here, campaign: CampaignPath) -> CampaignAnswer:
    """A campaign with its parameters, its state on chain, its time line and how far the work is."""
    desk = here.desk
    created, found = desk.catalogue.created(campaign), desk.catalogue.campaign(campaign)
    state, posted = desk.state(campaign), desk.catalogue.record(campaign).posted
    return CampaignAnswer(
        **_line(created, state.status, desk.catalogue.facts([created]).get(campaign)).model_dump(),
        chain_id=found.scope.chain_id,
        registry=found.scope.registry,
        params=ParamsAnswer.model_validate(found.params),
        pool_params=PoolAnswer.model_validate(found.pool),
        state=_state(state),
        timeline=_timeline(desk.chain.now(), state, found.params.schedule),
        progress=progress_of(desk, campaign),
        proposal=ProposalAnswer.model_validate(posted.settlement) if posted else None,
        median_label_pay=desk.median_pay(campaign) if state.status is Status.FINAL else None,
        waits_for=desk.waits_for(campaign) if state.status is Status.CREATED else None,
    )


@router.get("/campaigns/{campaign}/roles", summary="What one is here", responses=documented("not-found"))
def roles(here: Here, session: SignedIn, campaign: CampaignPath) -> RolesAnswer:
    """What the account is in the campaign: nothing but the chain says so."""
    found = sorted(str(role) for role in here.desk.roles(campaign, session.account))
    return RolesAnswer.model_validate({"account": session.account, "roles": found})


def _key(created: CampaignCreated) -> Key:
    return (-created.log.block, -created.log.index)


def _line(created: CampaignCreated, status: Status, facts: Facts | None) -> CampaignLine:
    params = created.params
    return CampaignLine.model_validate(
        {
            "id": created.campaign,
            "title": facts.title if facts else None,
            "items": facts.items if facts else None,
            "price": facts.price if facts else None,
            "status": status.name.lower(),
            "requester": params.requester,
            "oracle": params.oracle,
            "dataset": params.dataset,
            "pool": params.pool,
            "token": params.token,
            "spec_hash": params.spec_hash,
            "accept_end": params.schedule.accept_end,
            "enrol_end": params.schedule.enrol_end,
            "commit_end": params.schedule.commit_end,
        }
    )


def _state(state: CampaignState) -> StateAnswer:
    fields = {name: getattr(state, name) for name in StateAnswer.model_fields if name != "status"}
    return StateAnswer.model_validate({"status": state.status.name.lower(), **fields})


def _timeline(now: int, state: CampaignState, schedule: Schedule) -> TimelineAnswer:
    return TimelineAnswer(
        now=now,
        round=round_at(schedule, now),
        accept_end=schedule.accept_end,
        enrol_end=schedule.enrol_end,
        work_start=schedule.work_start,
        commit_end=schedule.commit_end,
        reveal_end=schedule.reveal_end,
        settle_end=schedule.settle_end,
        propose_end=schedule.propose_end,
        hard_end=schedule.hard_end,
        final_expected=expected_at(state, schedule),
    )
