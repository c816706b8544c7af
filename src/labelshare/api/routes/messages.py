"""What annotators hand in, and what the oracle publishes of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response

from labelshare.api.idempotency import Once
from labelshare.api.paging import Paging
from labelshare.api.problems import documented
from labelshare.api.site import CampaignPath, Here, SignedIn, new_router
from labelshare.client.wire.base import AddressText, Page
from labelshare.client.wire.work import (
    CommitAnswer,
    CommitQuestion,
    EnrolledAnswer,
    EnrolmentQuestion,
    OpeningQuestion,
    ReceiptAnswer,
)
from labelshare.errors import AccessError
from labelshare.protocol.typed_data import commit_hash
from labelshare.store.sign_ins import Session
from labelshare.types import Address

__all__ = ["router"]

router = new_router("messages")

RoundPath = Annotated[int, Path(ge=0, lt=2**16, description="The round, from 0.")]


def _require_own(session: Session, annotator: Address) -> None:
    if session.account != annotator:
        raise AccessError(f"signed in as {session.account}, which hands in nothing for {annotator}")


@router.post(
    "/campaigns/{campaign}/enrolments",
    status_code=201,
    summary="Enrol for a campaign",
    response_model=EnrolledAnswer,
    responses=documented("not-found", "forbidden", "bad-signature", "refused"),
)
def enrol(
    here: Here, session: SignedIn, campaign: CampaignPath, question: EnrolmentQuestion, once: Once
) -> Response:
    """A place on the roster for a seat that signs for the campaign, and with it for every rule of it."""
    _require_own(session, question.annotator)
    return once(
        lambda: here.desk.enrolling(campaign, question.message),
        lambda _: EnrolledAnswer(annotator=question.annotator),
    )


@router.get(
    "/campaigns/{campaign}/roster",
    summary="The roster that was posted",
    responses=documented("not-found", "refused"),
)
def roster(here: Here, campaign: CampaignPath, paging: Paging) -> Page[AddressText]:
    """Everyone under the posted root, ascending: whoever keeps it can prove its own place."""
    found = here.desk.roster(campaign)
    part, following = paging.cut(f"roster:{campaign}", found, lambda account: (account.hex(),))
    return Page(items=list(part), next=following)


@router.post(
    "/campaigns/{campaign}/commitments",
    status_code=201,
    summary="Hand in a sealed batch",
    response_model=ReceiptAnswer,
    responses=documented(
        "not-found", "forbidden", "bad-signature", "commitment-refused", "replay", "refused"
    ),
)
def commit(
    here: Here, session: SignedIn, campaign: CampaignPath, question: CommitQuestion, once: Once
) -> Response:
    """The oracle's receipt for a batch, which binds its bond to include it. No label is in it yet.

    Refused, with the reason, is a batch out of its round or its turn, with items that are not assigned, or
    with more labels than the spec and the seat's stake allow. The same batch again gets the same receipt.
    """
    _require_own(session, question.annotator)
    signed = question.message
    name = commit_hash(campaign, signed.commit)
    return once(
        lambda: here.desk.committing(campaign, signed),
        lambda receipt: ReceiptAnswer(commit_hash=name, receipt=receipt),
    )


@router.get(
    "/campaigns/{campaign}/rounds/{number}/commitments",
    summary="The published lists of a round",
    responses=documented("not-found", "refused"),
)
def published(here: Here, campaign: CampaignPath, number: RoundPath, paging: Paging) -> Page[CommitAnswer]:
    """The commitments of a round that takes no more, with the items that each covers; no labels."""
    found = here.desk.published(campaign, number)
    name = f"round:{campaign}:{number}"
    part, following = paging.cut(name, found, lambda each: (each.annotator.hex(), each.commit.batch))
    return Page(items=[CommitAnswer.of(each) for each in part], next=following)


@router.post(
    "/campaigns/{campaign}/openings",
    status_code=201,
    summary="Open a batch",
    response_model=ReceiptAnswer,
    responses=documented("not-found", "forbidden", "commitment-refused"),
)
def open_batch(
    here: Here, session: SignedIn, campaign: CampaignPath, question: OpeningQuestion, once: Once
) -> Response:
    """The oracle's second receipt, for what opens a batch. Nobody is shown it before the settlement."""
    _require_own(session, question.annotator)
    return once(
        lambda: here.desk.opening(campaign, question.message),
        lambda receipt: ReceiptAnswer(commit_hash=question.commit_hash, receipt=receipt),
    )
