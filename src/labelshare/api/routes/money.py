"""What work came to: earnings, reasons with their evidence, and proofs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from labelshare.api.paging import Key, Paging
from labelshare.api.problems import documented
from labelshare.api.routes.items import ItemPath
from labelshare.api.site import CampaignPath, Here, SignedIn, Site, new_router
from labelshare.client.wire.base import AddressText, Page
from labelshare.client.wire.campaigns import ProposalAnswer
from labelshare.client.wire.money import (
    EarningsAnswer,
    LabelProofAnswer,
    LeafAnswer,
    ProofAnswer,
    ReasonAnswer,
    ReasonsAnswer,
    ScoreAnswer,
    TruthProofAnswer,
    VerdictAnswer,
    VotesAnswer,
)
from labelshare.errors import NotFoundError
from labelshare.oracle.settled import Reason, reasons_for
from labelshare.protocol.evidence import TruthRow
from labelshare.protocol.labels import Form
from labelshare.types import Address, CampaignId

__all__ = ["router"]

router = new_router("money")

AnnotatorPath = Annotated[AddressText, Path(description="Who gave the label.")]


@router.get(
    "/campaigns/{campaign}/earnings",
    summary="What one earns in a campaign",
    responses=documented("not-found", "no-evidence"),
)
def earnings(here: Here, session: SignedIn, campaign: CampaignPath) -> EarningsAnswer:
    """Pending, claimable and paid, and when what is pending is expected."""
    return _earnings(here, campaign, session.account)


@router.get("/earnings", summary="What one earns in each campaign", responses=documented("no-evidence"))
def every(here: Here, session: SignedIn, paging: Paging) -> Page[EarningsAnswer]:
    """The same for each campaign of this oracle in which the account is enrolled, the newest first."""
    desk = here.desk
    own = desk.campaigns_of(session.account)
    name = f"earnings:{session.account}"
    part, following = paging.cut(name, own, lambda each: (-each.log.block, -each.log.index))
    return Page(items=[_earnings(here, each.campaign, session.account) for each in part], next=following)


@router.get(
    "/campaigns/{campaign}/reasons",
    summary="Why labels were not paid in full",
    responses=documented("not-found", "no-evidence"),
)
def reasons(here: Here, session: SignedIn, campaign: CampaignPath, paging: Paging) -> ReasonsAnswer:
    """Each label of the account that was not accepted, with the evidence; once a settlement is proposed."""
    own = here.desk.findings(campaign).of(session.account)
    form, score = own.spec.task.form, own.scores.get(session.account)
    name = f"reasons:{campaign}:{session.account}"
    found = reasons_for(own, session.account, paging.after(name, (0, 0)), paging.limit + 1)
    part, following = paging.cut(name, found, _reason_key)
    return ReasonsAnswer(
        items=[_reason(form, each) for each in part],
        next=following,
        score=ScoreAnswer.model_validate(score) if score else None,
    )


@router.get(
    "/campaigns/{campaign}/proofs/{annotator}/{item}",
    summary="The proof for one label",
    responses=documented("not-found", "no-evidence"),
)
def proof(here: Here, campaign: CampaignPath, annotator: AnnotatorPath, item: ItemPath) -> ProofAnswer:
    """A label's leaf under the label root and its item's under the truth root, which are both on chain.

    Public, as the bundle is, once a settlement is proposed.
    """
    verdicts = here.desk.findings(campaign)
    label, truth = verdicts.label_proof(annotator, item), verdicts.truth_proof(item)
    form, posted = verdicts.spec.task.form, verdicts.record.posted
    if posted is None:
        raise NotFoundError("nothing is proposed")
    return ProofAnswer(
        chain_id=verdicts.record.chain_id,
        registry=verdicts.record.registry,
        campaign=campaign,
        settlement=ProposalAnswer.model_validate(posted.settlement),
        label=LabelProofAnswer(
            annotator=label.annotator,
            batch=label.batch,
            item=label.item,
            label=label.label,
            text=_words(form, label.label),
            label_digest=label.label_digest,
            leaf=label.leaf,
            proof=list(label.proof),
            root=label.root,
        ),
        truth=TruthProofAnswer(
            item=item,
            verdict=_verdict(form, truth.row),
            winner_digest=truth.row.leaf.winner_digest,
            leaf=truth.leaf,
            proof=list(truth.proof),
            root=truth.root,
        ),
    )


def _earnings(here: Site, campaign: CampaignId, account: Address) -> EarningsAnswer:
    found, params = here.desk.earnings(campaign, account), here.desk.catalogue.created(campaign).params
    return EarningsAnswer.model_validate(
        {
            "campaign": campaign,
            "token": params.token,
            "dataset": params.dataset,
            "status": found.status.name.lower(),
            "labels": found.labels,
            "at_most": found.at_most,
            "pending": found.pending,
            "claimable": found.claimable,
            "paid": found.paid,
            "shares_pending": found.shares_pending,
            "shares_claimable": found.shares_claimable,
            "shares_paid": found.shares_paid,
            "slash": found.slash,
            "expected_at": found.expected_at,
            "score": ScoreAnswer.model_validate(found.score) if found.score else None,
            "leaf": LeafAnswer.model_validate(found.leaf) if found.leaf else None,
        }
    )


def _reason_key(reason: Reason) -> Key:
    return (reason.batch, reason.item)


def _reason(form: Form, reason: Reason) -> ReasonAnswer:
    votes = sorted(reason.votes.items(), key=lambda vote: (-vote[1], vote[0]))
    return ReasonAnswer.model_validate(
        {
            "item": reason.item,
            "batch": reason.batch,
            "why": str(reason.why),
            "label": reason.label,
            "text": _words(form, reason.label) if reason.label else "",
            "verdict": _verdict(form, reason.truth) if reason.truth else None,
            "gold": str(reason.gold),
            "votes": [
                VotesAnswer(label=label, text=_words(form, label), count=count) for label, count in votes
            ],
        }
    )


def _verdict(form: Form, row: TruthRow) -> VerdictAnswer:
    return VerdictAnswer(
        winner=row.winner,
        winner_text=_words(form, row.winner),
        confidence_q16=row.confidence_q16,
        accepted=row.accepted,
    )


def _words(form: Form, label: bytes) -> str:
    return form.describe(form.decode(label))
