"""Intake: takes enrolments, sealed batches and openings, and answers with receipts that bind the oracle.

Every message is checked before anything is kept, so a refused one changes nothing; it is kept before it is
answered, so a receipt is never given for what could be lost. The same message again gets the same answer.
What depends on the annotator's messages so far is checked and kept in one turn, whichever process takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from time import monotonic

from labelshare.errors import CommitmentError, LabelError, LabelshareError, ProtocolError, ReplayError
from labelshare.oracle.taking import Commits, Enrolling, Openings, receipt_of
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, check_opening, opening_hash
from labelshare.protocol.rounds import check_items
from labelshare.protocol.spec import Spec
from labelshare.store.messages import Last, Messages
from labelshare.types import Address, CampaignParams, Commit, Hash32, Scope

__all__ = ["Intake"]

SignDigest = Callable[[Hash32], bytes]


@dataclass
class Intake:
    """The messages of one campaign.

    Attributes:
        scope: The campaign.
        params: Its parameters.
        spec: Its rules.
        limit: Labels that one annotator may commit.
        book: Where the messages are kept.
        now: The chain's time in Unix seconds.
        sign: Signs a digest with the oracle's key.
        is_seated: Whether an account may enrol: a whole stake in the pool, not leaving.
        roster: Who may hand in batches; None while the roster is open.
        assigned: Items by annotator in the round at hand; None where anyone labels anything. Nobody labels
            anything before a round has begun, in this process.
    """

    scope: Scope
    params: CampaignParams
    spec: Spec
    limit: int
    book: Messages
    now: Callable[[], int]
    sign: SignDigest
    is_seated: Callable[[Address], bool]
    roster: AbstractSet[Address] | None = None
    assigned: Mapping[Address, AbstractSet[int]] | None = field(default_factory=dict)
    _told: tuple[float, int] | None = field(default=None, init=False)

    # ------------------------------------------------------------- enrolment

    def enrol(self, enrolment: Enrolment) -> None:
        """Keep an enrolment for the roster.

        Raises:
            SignatureError: Signed by somebody else, or for another campaign.
            ProtocolError: Too late, or no whole seat in the pool.
        """
        receipt_of(self.book.database, Enrolling(self, enrolment))

    def check_signed(self, enrolment: Enrolment) -> None:
        """Raise `SignatureError` unless an enrolment is its annotator's, and for this campaign."""
        digest = typed_data.digest(self.scope, typed_data.enrol_hash(self.scope.campaign_id))
        typed_data.require_signer(digest, enrolment.signature, enrolment.annotator)

    def check_may_enrol(self, annotator: Address) -> None:
        """Raise `ProtocolError` unless enrolments are taken now, and of this account; asks the chain."""
        schedule = self.params.schedule
        self.require_enrolment(
            goes_on=self.book.is_enrolling() and self.now() < schedule.enrol_end - schedule.grace
        )
        if not self.is_seated(annotator):
            raise ProtocolError(f"{annotator} has no whole seat in the pool")

    def require_enrolment(self, *, goes_on: bool) -> None:
        """Raise `ProtocolError` where enrolments are not taken any more."""
        if not goes_on:
            raise ProtocolError(
                "the oracle takes no more enrolments; until the roster closes a seat can enrol alone"
            )

    def enrolled(self) -> tuple[Address, ...]:
        """Everyone under the roster's root; `ProtocolError` while enrolment runs."""
        if self.book.is_enrolling():
            raise ProtocolError("enrolment is not over")
        return tuple(each.annotator for each in self.book.enrolments())

    # --------------------------------------------------------------- batches

    def commit(self, signed: SignedCommit) -> bytes:
        """Keep a sealed batch and sign for it.

        Returns:
            The signature over Receipt: the oracle's bond answers for including the batch.

        Raises:
            SignatureError: Signed by somebody else, or altered since.
            ReplayError: The batch number is taken by another batch.
            CommitmentError: Wrong round, numbering, sums or items.
        """
        return receipt_of(self.book.database, Commits(self, [signed]))

    def receipt(self, annotator: Address, name: Hash32) -> bytes:
        """The signature over Receipt, for a commitment that is kept."""
        return self._signed(typed_data.receipt_hash(self.scope.campaign_id, annotator, name))

    def published(self, number: int) -> list[SignedCommit]:
        """The commitments of a round with their item lists; `ProtocolError` while it takes batches."""
        if self.book.round() == number:
            raise ProtocolError(f"round {number} still takes batches")
        return self.book.commits_of(number)

    def time(self, suits: Callable[[int], bool], age: float = 0.0) -> int | LabelshareError:
        """The chain's time, or why nobody tells it: what needs none is answered all the same.

        Args:
            suits: Whether messages may be taken at a time.
            age: Seconds since the chain told it, for a time that suits: one that does not is asked for anew,
                so that nobody is refused by an old one.
        """
        asked = monotonic()
        if self._told is not None and asked - self._told[0] < age and suits(self._told[1]):
            return self._told[1]
        try:
            now = self.now()
        except LabelshareError as error:
            return error
        self._told = (asked, now)
        return now

    def takes_round(self, number: int, now: int) -> bool:
        """Whether it is the time for batches of a round."""
        schedule = self.params.schedule
        return schedule.round_start(number) <= now < schedule.aggregate_close(number)

    def takes_openings(self, now: int) -> bool:
        """Whether it is the time for openings."""
        return self.params.schedule.commit_end <= now < self.params.schedule.reveal_end

    def check_commit(
        self,
        signed: SignedCommit,
        taken: int | None,
        last: Mapping[Address, Last | Commit],
        now: int | LabelshareError,
    ) -> None:
        """Check a batch whose signature is its annotator's, in the annotator's turn.

        Args:
            signed: The batch.
            taken: The round whose batches are taken.
            last: The latest batch of each annotator who has one.
            now: See `time`.

        Raises:
            ProtocolError: As `commit` does.
        """
        if self.roster is None:
            raise ProtocolError("the roster is still open")
        if signed.annotator not in self.roster:
            raise ProtocolError(f"{signed.annotator} is not on the roster")
        self._check_round(signed.commit.round, taken, now)
        self._check_batch(signed, last.get(signed.annotator))
        check_items(signed)
        self._check_assigned(signed)

    def _check_round(self, number: int, taken: int | None, now: int | LabelshareError) -> None:
        schedule = self.params.schedule
        if number >= schedule.rounds:
            raise CommitmentError(f"there is no round {number}, only {schedule.rounds}")
        if not self.takes_round(number, _told(now)) or number != taken:
            raise CommitmentError(f"round {number} does not take batches now")

    def _check_batch(self, signed: SignedCommit, last: Last | Commit | None) -> None:
        commit = signed.commit
        own = last.batch + 1 if last else 0
        if commit.count == 0:
            raise CommitmentError(f"batch {commit.batch} of {signed.annotator} is empty")
        if commit.batch < own:
            raise ReplayError(f"batch {commit.batch} of {signed.annotator} is in already, and is another one")
        if commit.batch > own:
            raise CommitmentError(f"batch {commit.batch} follows a gap: {own} is next")
        before = last.cumulative_count if last else 0
        if commit.cumulative_count != before + commit.count:
            raise CommitmentError(
                f"cumulative count {commit.cumulative_count}, should be {before + commit.count}"
            )
        if commit.cumulative_count > self.limit:
            raise CommitmentError(self._too_many(commit.cumulative_count))

    def _too_many(self, count: int) -> str:
        behind = (
            f"the spec allows no more, or this campaign's part of a seat at {self.params.stake_per_label}"
        )
        return f"{count} labels exceed the limit of {self.limit}: {behind} base units of stake a label"

    def _check_assigned(self, signed: SignedCommit) -> None:
        if any(item >= len(self.spec.items) for item in signed.items):
            raise CommitmentError(f"item {signed.items[-1]} does not exist: there are {len(self.spec.items)}")
        if self.assigned is None:
            return
        foreign = set(signed.items) - self.assigned.get(signed.annotator, frozenset())
        if foreign:
            raise CommitmentError(f"item {min(foreign)} is not assigned to {signed.annotator} in this round")

    # -------------------------------------------------------------- openings

    def open(self, opening: Opening) -> bytes:
        """Keep an opening and sign for it.

        Returns:
            The signature over OpeningReceipt.

        Raises:
            CommitmentError: Too early or late, of no batch of this annotator, or not what was committed.
            LabelError: A label that is not a canonical one of this task.
        """
        return receipt_of(self.book.database, Openings(self, [opening]))

    def opening_receipt(self, opening: Opening) -> bytes:
        """The signature over OpeningReceipt, for an opening that is kept."""
        campaign, annotator = self.scope.campaign_id, opening.annotator
        return self._signed(typed_data.opening_receipt_hash(campaign, annotator, opening_hash(opening)))

    def check_opening(self, signed: SignedCommit, opening: Opening, now: int | LabelshareError) -> None:
        """Check an opening against the batch that it opens; raises as `open` does."""
        if not self.takes_openings(_told(now)):
            raise CommitmentError("batches are opened between the last round and the end of the reveal")
        check_opening(self.scope, signed.commit, opening)
        if opening.items != signed.items:
            raise CommitmentError("the opened items are not those committed")
        self._check_labels(opening)

    def _check_labels(self, opening: Opening) -> None:
        for item, label in zip(opening.items, opening.labels, strict=True):
            try:
                self.spec.task.form.decode(label)
            except LabelError as error:
                raise LabelError(f"item {item}: {error}") from None

    def _signed(self, struct_hash: Hash32) -> bytes:
        return self.sign(typed_data.digest(self.scope, struct_hash))


def _told(now: int | LabelshareError) -> int:
    if isinstance(now, LabelshareError):
        raise now
    return now
