"""What an annotator hands in, and what it gets for it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, FailFast, Field

from labelshare.client.wire.base import (
    AddressText,
    Answer,
    BytesText,
    HashText,
    ItemNumber,
    Question,
    Small,
    Time,
)
from labelshare.client.wire.campaigns import ItemAnswer
from labelshare.protocol.commitments import MAX_BATCH, Enrolment, Opening, SignedCommit
from labelshare.types import Commit

__all__ = [
    "AssignmentAnswer",
    "BatchAnswer",
    "CommitAnswer",
    "CommitQuestion",
    "EnrolledAnswer",
    "EnrolmentQuestion",
    "OpeningQuestion",
    "ReceiptAnswer",
]

_SIGNATURE: Final = "0x" + "3a" * 64 + "1b"

Items = Annotated[
    list[ItemNumber],
    Field(min_length=1, max_length=MAX_BATCH, examples=[[3, 17]], description="Ascending."),
    FailFast(),
]
Signature = Annotated[BytesText, Field(examples=[_SIGNATURE])]


class EnrolmentQuestion(Question):
    """A seat that enrols: its signature over Enrol."""

    annotator: AddressText
    signature: Signature

    @property
    def message(self) -> Enrolment:
        """As the protocol has it."""
        return Enrolment(self.annotator, self.signature)


class EnrolledAnswer(Answer):
    """The enrolment is kept."""

    annotator: AddressText


class _SealedBatch(BaseModel):
    """A commitment, the annotator's signature over it, and the items that it covers."""

    annotator: AddressText
    round: Small
    batch: Small
    root: HashText
    count: Small
    cumulative_count: Small
    signature: Signature
    items: Items

    @property
    def message(self) -> SignedCommit:
        """As the protocol has it."""
        return _signed(self)

    @classmethod
    def of(cls, signed: SignedCommit) -> Self:
        """The batch on the wire."""
        return cls(**_fields(signed))


class CommitQuestion(_SealedBatch, Question):
    """A sealed batch: the commitment, the annotator's signature over it, and the items that it covers."""


class CommitAnswer(_SealedBatch, Answer):
    """A published commitment: as it was handed in."""


def _signed(row: _SealedBatch) -> SignedCommit:
    commit = Commit(row.round, row.batch, row.root, row.count, row.cumulative_count)
    return SignedCommit(row.annotator, commit, row.signature, tuple(row.items))


def _fields(signed: SignedCommit) -> dict[str, Any]:
    commit = signed.commit
    return {
        "annotator": signed.annotator,
        "round": commit.round,
        "batch": commit.batch,
        "root": commit.root,
        "count": commit.count,
        "cumulative_count": commit.cumulative_count,
        "signature": signed.signature,
        "items": list(signed.items),
    }


class OpeningQuestion(Question):
    """What opens a batch: its secret, its items, and their labels in canonical bytes."""

    annotator: AddressText
    commit_hash: HashText
    secret: HashText
    items: Items
    labels: Annotated[
        list[BytesText],
        Field(min_length=1, max_length=MAX_BATCH, examples=[["0x0000", "0x0001"]]),
        FailFast(),
    ]

    @property
    def message(self) -> Opening:
        """As the protocol has it."""
        labels = tuple(self.labels)
        return Opening(self.annotator, self.commit_hash, self.secret, tuple(self.items), labels)

    @classmethod
    def of(cls, opening: Opening) -> OpeningQuestion:
        """The opening on the wire."""
        return cls(
            annotator=opening.annotator,
            commit_hash=opening.commit_hash,
            secret=opening.secret,
            items=list(opening.items),
            labels=list(opening.labels),
        )


class ReceiptAnswer(Answer):
    """The oracle's signature over Receipt or OpeningReceipt, which binds its bond."""

    commit_hash: HashText
    receipt: Signature


class BatchAnswer(Answer):
    """A batch of one's own with its receipts; `openingReceipt` is empty until it is opened."""

    commit: CommitAnswer
    commit_hash: HashText
    receipt: Signature
    opened: bool = Field(examples=[True])
    opening_receipt: Signature


class AssignmentAnswer(Answer):
    """What one may label now.

    Attributes:
        now: The chain's time.
        round: The round at hand; null before the first and after the last.
        opens_at, closes_at, ends_at: When it begins, when the oracle takes its last batch, when it ends.
        takes_batches: Whether batches are taken now.
        any_item: Whether any item may be labelled; `items` are the first of all then.
        open_count: How many items are open for the account.
        items: The first of them.
        limit, committed: Labels that the account may commit in all, and those that it has.
        next_batch: The number of its next batch.
    """

    now: Time
    round: Small | None = None
    opens_at: Time | None = None
    closes_at: Time | None = None
    ends_at: Time | None = None
    takes_batches: bool = Field(examples=[True])
    any_item: bool = Field(examples=[False])
    open_count: Small
    items: list[ItemAnswer]
    limit: Small
    committed: Small
    next_batch: Small
