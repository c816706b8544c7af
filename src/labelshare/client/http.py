"""An oracle over HTTP, as an annotator's client takes it: the same messages, receipts and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from labelshare.client.connection import Connection
from labelshare.client.service import ServiceClient
from labelshare.client.wire.base import AddressText, Question
from labelshare.client.wire.work import (
    CommitAnswer,
    CommitQuestion,
    EnrolledAnswer,
    EnrolmentQuestion,
    OpeningQuestion,
    ReceiptAnswer,
)
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.types import Address, CampaignId

__all__ = ["Connection", "HttpTransport", "ServiceClient"]

Kind = TypeVar("Kind", bound=BaseModel)


@dataclass(frozen=True)
class HttpTransport:
    """A campaign's oracle behind a service (`client.transport.Transport`).

    A message that the oracle refuses raises `ProtocolError` as in process. Where the service fails or the
    line is lost it is a `ServiceError`: the message may have arrived, so it is kept and handed in again.

    Example:
        >>> annotator = Annotator.of(campaign, ann, service.transport(scope.campaign_id), database)
    """

    service: ServiceClient
    campaign: CampaignId

    def enrol(self, enrolment: Enrolment) -> None:
        """Ask for a place on the roster."""
        question = EnrolmentQuestion(annotator=enrolment.annotator, signature=enrolment.signature)
        self._post("enrolments", question, EnrolledAnswer)

    def enrolled(self) -> Sequence[Address]:
        """Everyone on the roster that was posted."""
        return list(self.service.pages(self._path("roster"), AddressText))

    def commit(self, signed: SignedCommit) -> bytes:
        """Hand in a sealed batch; returns the oracle's signature over Receipt."""
        return self._post("commitments", CommitQuestion.of(signed), ReceiptAnswer).receipt

    def open(self, opening: Opening) -> bytes:
        """Open a batch; returns the oracle's signature over OpeningReceipt."""
        return self._post("openings", OpeningQuestion.of(opening), ReceiptAnswer).receipt

    def published(self, number: int) -> Sequence[SignedCommit]:
        """The commitments of a round that was posted, with their item lists."""
        rows = self.service.pages(self._path(f"rounds/{number}/commitments"), CommitAnswer)
        return [row.message for row in rows]

    def _post(self, what: str, question: Question, kind: type[Kind]) -> Kind:
        return self.service.post(self._path(what), question, kind)

    def _path(self, what: str) -> str:
        return f"/v1/campaigns/{self.campaign}/{what}"
