"""Campaigns: which there are, and one of them with its rules, its time line and how far it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from labelshare.api.paging import Key, Paging
from labelshare.api.problems import documented
from labelshare.api.site import CampaignPath, Here, SignedIn, Site, new_router
from labelshare.chain.events import CampaignCreated
from labelshare.chain.state import CampaignState
from labelshare.client.wire.base import AddressText, Page
from labelshare.client.wire.campaigns import (
    CampaignAnswer,
    CampaignLine,
    ParamsAnswer,
    PoolAnswer,
    ProgressAnswer,
    ProposalAnswer,
    RolesAnswer,
    RoundAnswer,
    StateAnswer,
    TimelineAnswer,
)
from labelshare.errors import NotFoundError
from labelshare.oracle.desk import round_at
from labelshare.oracle.settled import expected_at
from labelshare.protocol.spec import Spec
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
    own = [
        each
        for each in here.desk.catalogue.campaigns()
        if each.params.oracle == here.desk.signer.address
        and requester in {None, each.requester}
        and dataset in {None, each.dataset}
    ]
    part, following = paging.cut("campaigns", own, _key)
    return Page(items=[_line(here, each) for each in part], next=following)


@router.get("/campaigns/{campaign}", summary="One campaign", responses=documented("not-found"))
def one(here: Here, campaign: CampaignPath) -> CampaignAnswer:
    """A campaign with its parameters, its state on chain, its time line and how far the work is."""
    desk = here.desk
    created, found = desk.catalogue.created(campaign), desk.catalogue.campaign(campaign)
    state, posted = desk.state(campaign), desk.catalogue.record(campaign).posted
    return CampaignAnswer(
        **_line(here, created, state).model_dump(),
        chain_id=found.scope.chain_id,
        registry=found.scope.registry,
        params=ParamsAnswer.model_validate(found.params),
        pool_params=PoolAnswer.model_validate(found.pool),
        state=_state(state),
        timeline=_timeline(desk.chain.now(), state, found.params.schedule),
        progress=_progress(here, created, found.spec),
        proposal=ProposalAnswer.model_validate(posted.settlement) if posted else None,
    )


@router.get("/campaigns/{campaign}/roles", summary="What one is here", responses=documented("not-found"))
def roles(here: Here, session: SignedIn, campaign: CampaignPath) -> RolesAnswer:
    """What the account is in the campaign: nothing but the chain says so."""
    found = sorted(str(role) for role in here.desk.roles(campaign, session.account))
    return RolesAnswer.model_validate({"account": session.account, "roles": found})


def _key(created: CampaignCreated) -> Key:
    return (-created.log.block, -created.log.index)


def _line(here: Site, created: CampaignCreated, state: CampaignState | None = None) -> CampaignLine:
    spec, params = _spec(here, created), created.params
    status = (state or here.desk.state(created.campaign)).status
    return CampaignLine.model_validate(
        {
            "id": created.campaign,
            "title": spec.title if spec else None,
            "items": len(spec.items) if spec else None,
            "price": spec.price if spec else None,
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


def _spec(here: Site, created: CampaignCreated) -> Spec | None:
    """The spec; None where nobody has handed it in, or what was is none that this version knows."""
    try:
        return here.desk.catalogue.campaign(created.campaign).spec
    except NotFoundError:
        return None


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


def _progress(here: Site, created: CampaignCreated, spec: Spec) -> ProgressAnswer:
    counts = here.desk.counts(created.campaign)
    return ProgressAnswer(
        enrolled=counts.enrolled,
        batches=counts.batches,
        labels=counts.labels,
        opened=counts.opened,
        places=len(spec.items) * spec.redundancy.k,
        rounds=[RoundAnswer.model_validate(each) for each in counts.rounds],
    )
