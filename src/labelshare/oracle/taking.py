"""Messages taken together: checked, kept in one transaction, and answered after it.

A disk makes some hundred transactions durable in a second, so messages that come while one is under way share
the next. Each has a verdict of its own: a receipt, or the error that refused it; one that is refused changes
nothing, for itself or for its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from labelshare.errors import CommitmentError, LabelshareError
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.store.database import Database
from labelshare.store.messages import Last, Name
from labelshare.types import Address, Commit

if TYPE_CHECKING:
    from labelshare.oracle.intake import Intake

__all__ = [
    "Commits",
    "Enrolling",
    "NotReady",
    "Openings",
    "Verdict",
    "Work",
    "keep",
    "only",
    "receipt_of",
    "take",
]

Verdict: TypeAlias = bytes | LabelshareError
"""A receipt, or why there is none."""


class NotReady(LabelshareError):  # noqa: N818 (no fault: never shown)
    """This process does not know the campaign's round yet: nothing was checked, and it may be asked again."""


class Work(Protocol):
    """Messages of one kind for one campaign."""

    def check(self) -> None:
        """Do what takes long and needs no turn; all that the chain is asked is asked here."""

    @property
    def turns(self) -> Collection[bytes]:
        """What `Database.take_turns` must take first; none where nothing is to be kept."""

    def keep(self) -> None:
        """Check what depends on the store, and keep what passes; within a transaction, and all turns.

        Others wait for it: nobody but the store is asked anything.
        """

    def answers(self) -> list[Verdict]:
        """The verdicts, in the order of the messages; to be handed out after the transaction."""


def take(database: Database, works: Sequence[Work]) -> None:
    """Take messages in one transaction, which is on the disk when this returns.

    Works of several campaigns must come in an order that everybody keeps: they are held one after the other.

    Raises:
        StoreError: The store refuses; none of them is taken.
    """
    for work in works:
        work.check()
    keep(database, works)


def keep(database: Database, works: Sequence[Work]) -> None:
    """The second half of `take`, for works that were checked."""
    turns = {turn for work in works for turn in work.turns}
    if not turns:
        return
    with database.writing() as connection:
        database.take_turns(connection, turns)
        for work in works:
            work.keep()


def only(verdicts: Sequence[Verdict]) -> bytes:
    """The receipt of one message; raises what refused it."""
    (verdict,) = verdicts
    if isinstance(verdict, LabelshareError):
        raise verdict
    return verdict


def receipt_of(database: Database, work: Work) -> bytes:
    """Take one message; raises what refused it."""
    take(database, [work])
    return only(work.answers())


class Enrolling:
    """One enrolment, whose answer is empty: no receipt is given for it.

    Args:
        intake: Whose.
        enrolment: The message.
    """

    def __init__(self, intake: Intake, enrolment: Enrolment) -> None:
        self._intake, self._enrolment = intake, enrolment
        self._is_new = True

    def check(self) -> None:
        """The signature; and, unless it is in already, what the chain says of time and seat.

        Raises:
            SignatureError: Signed by somebody else, or for another campaign.
            ProtocolError: Too late, or no whole seat in the pool.
        """
        self._intake.check_signed(self._enrolment)
        self._is_new = not self._intake.book.has_enrolled(self._enrolment.annotator)
        if self._is_new:
            self._intake.check_may_enrol(self._enrolment.annotator)

    @property
    def turns(self) -> Collection[bytes]:
        """See `Work`."""
        return [self._intake.book.turn_of(self._enrolment.annotator)] if self._is_new else []

    def keep(self) -> None:
        """Unless somebody has kept it, or ended the enrolment, meanwhile."""
        book = self._intake.book
        goes_on = book.hold().enrolling
        if not book.has_enrolled(self._enrolment.annotator):
            self._intake.require_enrolment(goes_on=goes_on)
            book.add_enrolment(self._enrolment)

    def answers(self) -> list[Verdict]:
        """See `Work`."""
        return [b""]


class _Taken:
    """Verdicts so far, and who signs the receipts of those that are kept."""

    def __init__(self, intake: Intake, count: int, age: float) -> None:
        self._intake, self._age = intake, age
        self._refused: list[LabelshareError | None] = [None] * count
        self._signed: dict[int, bytes] = {}

    @property
    def _open(self) -> list[int]:
        """The messages that nothing was found against."""
        return [number for number, error in enumerate(self._refused) if error is None]

    def _unless_refused(self, number: int, check: Callable[[], None]) -> None:
        try:
            check()
        except LabelshareError as error:
            self._refused[number] = error

    def _answers(self, receipt: Callable[[int], bytes]) -> list[Verdict]:
        for number in self._open:
            if number not in self._signed:
                self._signed[number] = receipt(number)
        return [error or self._signed[number] for number, error in enumerate(self._refused)]


class Commits(_Taken):
    """Sealed batches.

    Args:
        intake: Whose.
        handed: The batches; of one annotator in the order of their numbers.
        is_ready: Whether this process can judge batches of a round; `NotReady` is the verdict where it
            cannot.
        age: How old the chain's time may be, see `Intake.time`.
    """

    def __init__(
        self,
        intake: Intake,
        handed: Sequence[SignedCommit],
        is_ready: Callable[[int | None], bool] = lambda _: True,
        age: float = 0.0,
    ) -> None:
        super().__init__(intake, len(handed), age)
        self._handed, self._is_ready = handed, is_ready
        campaign = intake.scope.campaign_id
        self._names: list[Name] = [
            (each.annotator, typed_data.commit_hash(campaign, each.commit)) for each in handed
        ]

    def check(self) -> None:
        """The signatures; and what time it is, which a node far away may take long to tell."""
        for number in range(len(self._handed)):
            self._unless_refused(number, partial(self._check_signer, number))
        self._now = self._intake.time(self._suits, self._age) if self._open else 0

    def _suits(self, now: int) -> bool:
        rounds = {self._handed[number].commit.round for number in self._open}
        return all(self._intake.takes_round(each, now) for each in rounds)

    @property
    def turns(self) -> Collection[bytes]:
        """See `Work`."""
        return [self._intake.book.turn_of(self._names[number][0]) for number in self._open]

    def _check_signer(self, number: int) -> None:
        signed, (annotator, name) = self._handed[number], self._names[number]
        typed_data.require_signer(typed_data.digest(self._intake.scope, name), signed.signature, annotator)

    def keep(self) -> None:
        """See `Work`."""
        if not (here := self._open):
            return
        book, names = self._intake.book, [self._names[number] for number in here]
        state = book.hold()
        if not self._is_ready(state.round):
            for number in here:
                self._refused[number] = NotReady("the round is not known here yet")
            return
        known = {name: signed.items for name, signed in book.commits_named(names).items()}
        last: dict[Address, Last | Commit] = {**book.last_commits(annotator for annotator, _ in names)}
        new = []
        for number in here:
            name, signed = self._names[number], self._handed[number]
            if known.get(name) != signed.items and self._passes(number, state.round, last):
                new.append((name[1], signed))
                known[name], last[name[0]] = signed.items, signed.commit
        book.add_commits(new)

    def _passes(self, number: int, taken: int | None, last: Mapping[Address, Last | Commit]) -> bool:
        check = self._intake.check_commit
        self._unless_refused(number, partial(check, self._handed[number], taken, last, self._now))
        return self._refused[number] is None

    def answers(self) -> list[Verdict]:
        """See `Work`."""
        return self._answers(lambda number: self._intake.receipt(*self._names[number]))


class Openings(_Taken):
    """Openings of batches.

    Args:
        intake: Whose.
        handed: The openings.
        age: How old the chain's time may be, see `Intake.time`.
    """

    def __init__(self, intake: Intake, handed: Sequence[Opening], age: float = 0.0) -> None:
        super().__init__(intake, len(handed), age)
        self._handed = handed
        self._names: list[Name] = [(each.annotator, each.commit_hash) for each in handed]
        self._rows: dict[int, dict[str, Any]] = {}

    def check(self) -> None:
        """Each against what was committed, which never changes; and seals the answers."""
        book = self._intake.book
        committed, opened = book.commits_named(self._names), book.openings_named(self._names)
        for number, (name, opening) in enumerate(zip(self._names, self._handed, strict=True)):
            if opened.get(name) != opening:
                self._unless_refused(number, partial(self._check, number, committed.get(name)))

    def _check(self, number: int, signed: SignedCommit | None) -> None:
        annotator, name = self._names[number]
        if signed is None:
            raise CommitmentError(f"{annotator} committed no batch {name}")
        self._intake.check_opening(signed, self._handed[number], self._now)
        self._rows[number] = self._intake.book.sealed(self._handed[number])

    @cached_property
    def _now(self) -> int | LabelshareError:
        return self._intake.time(self._intake.takes_openings, self._age)

    @property
    def turns(self) -> Collection[bytes]:
        """See `Work`."""
        return [self._intake.book.turn_of(self._names[number][0]) for number in self._rows]

    def keep(self) -> None:
        """Those that nobody has kept meanwhile."""
        book = self._intake.book
        known, new = set(book.openings_named([self._names[number] for number in self._rows])), []
        for number, row in self._rows.items():
            if self._names[number] not in known:
                known.add(self._names[number])
                new.append(row)
        book.add_openings(new)

    def answers(self) -> list[Verdict]:
        """See `Work`."""
        return self._answers(lambda number: self._intake.opening_receipt(self._handed[number]))
