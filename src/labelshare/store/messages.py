"""What an oracle was sent for one campaign, and what it takes at the moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Table, and_, insert, or_, select, update

from labelshare.errors import StoreError
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.protocol.spec import Spec
from labelshare.store.coding import (
    enrolment_of,
    enrolment_row,
    opening_of,
    opening_row,
    signed_of,
    signed_row,
)
from labelshare.store.database import Database
from labelshare.store.many import found, held, insert_many
from labelshare.store.schema import bundles, campaigns, commits, enrolments, openings
from labelshare.store.upsert import insert_or_keep
from labelshare.store.vault import Vault
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Last", "Messages", "Name", "State"]

Name: TypeAlias = tuple[Address, Hash32]
"""What a commitment is known by: who committed, and its hash."""

_COMMITS: Final = (
    "SELECT t.* FROM wanted JOIN commits AS t "
    "ON t.campaign = {} AND t.annotator = wanted.k0 AND t.commit_hash = wanted.k1"
)
_STATE: Final = "SELECT enrolling, round FROM campaigns WHERE campaign = {}"
_OPENINGS: Final = _COMMITS.replace("commits AS", "openings AS")
_LAST: Final = (
    "SELECT t.annotator, t.batch, t.cumulative_count FROM wanted JOIN commits AS t "
    "ON t.campaign = {} AND t.annotator = wanted.k0 AND t.batch = "
    "(SELECT MAX(m.batch) FROM commits AS m WHERE m.campaign = {} AND m.annotator = wanted.k0)"
)


class State(NamedTuple):
    """What a campaign takes: enrolments, and batches of a round; None between rounds."""

    enrolling: bool
    round: int | None


class Last(NamedTuple):
    """An annotator's latest batch: its number, and the labels up to its end."""

    batch: int
    cumulative_count: int


@dataclass(frozen=True)
class Messages:
    """The book of one campaign. Each method reads or writes the database; nothing is held in memory.

    Attributes:
        database: Where it is.
        campaign: Whose messages.
        vault: What seals the answers; a book without one has no answers to take or to show.
    """

    database: Database
    campaign: CampaignId
    vault: Vault | None = None

    # ------------------------------------------------------------- the campaign

    def open(self, spec: Spec) -> None:
        """Begin the book, enrolment open; nothing happens where it was begun before."""
        row = {"campaign": self._key, "spec": spec.canonical_bytes, "enrolling": True, "round": None}
        with self.database.writing() as connection:
            insert_or_keep(connection, campaigns, row)

    def turn_of(self, annotator: Address) -> bytes:
        """What `Database.take_turns` calls an annotator's turn."""
        return self._key + annotator

    def hold(self) -> State:
        """What is taken at the moment; within a block of `Database.writing`.

        Nobody ends the enrolment or the round before that block ends, in any process: what was taken under a
        state of the campaign is in the store before the state changes.
        """
        with self.database.writing() as connection:
            row = held(connection, _STATE, (self._key,))
        return State(enrolling=False, round=None) if row is None else State(bool(row[0]), _taken(row[1]))

    def is_enrolling(self) -> bool:
        """Whether enrolments are taken."""
        return bool(self._campaign("enrolling"))

    def end_enrolment(self) -> None:
        """Take no enrolment from now on."""
        self._set(enrolling=False)

    def round(self) -> int | None:
        """The round whose batches are taken; None between rounds."""
        return _taken(self._campaign("round"))

    def begin_round(self, number: int) -> None:
        """Take batches of this round alone; not where it, or a later one, was closed before."""
        self._set_round(number, number)

    def close_round(self, number: int) -> None:
        """Take no more batches of this round, ever; nothing happens where a later one was begun.

        A process that was about to begin it, and is late, must not: what came in then would be in no root.
        """
        self._set_round(number, -1 - number)

    def _set_round(self, number: int, value: int) -> None:
        """Only onward: a round that was closed is kept as the number below zero that mirrors it."""
        now = campaigns.c.round
        earlier = or_(now.is_(None), and_(now >= 0, now <= number), and_(now < 0, now > -1 - number))
        onward = update(campaigns).where(campaigns.c.campaign == self._key, earlier)
        with self.database.writing() as connection:
            connection.execute(onward.values(round=value))

    # -------------------------------------------------------------- the messages

    def has_enrolled(self, annotator: Address) -> bool:
        """Whether an enrolment is in."""
        return self._one(enrolments, annotator=bytes(annotator)) is not None

    def enrolments(self) -> list[Enrolment]:
        """All enrolments, by annotator."""
        return [enrolment_of(row) for row in self._all(enrolments, enrolments.c.annotator)]

    def add_enrolment(self, enrolment: Enrolment) -> None:
        """Keep an enrolment."""
        self._add(enrolments, enrolment_row(enrolment))

    def commit(self, annotator: Address, name: Hash32) -> SignedCommit | None:
        """The annotator's commitment of that hash."""
        row = self._one(commits, annotator=bytes(annotator), commit_hash=bytes(name))
        return None if row is None else signed_of(row)

    def last_commit(self, annotator: Address) -> SignedCommit | None:
        """The annotator's latest batch."""
        own = select(commits).where(commits.c.campaign == self._key, commits.c.annotator == bytes(annotator))
        with self.database.reading() as connection:
            row = connection.execute(own.order_by(commits.c.batch.desc()).limit(1)).one_or_none()
        return None if row is None else signed_of(row)

    def commits_named(self, names: Sequence[Name]) -> dict[Name, SignedCommit]:
        """The commitments of these names that are in."""
        with self.database.reading() as connection:
            rows = list(found(connection, _COMMITS, names, more=(self._key,)))
        every = ((Hash32(row.commit_hash), signed_of(row)) for row in rows)
        return {(signed.annotator, name): signed for name, signed in every}

    def last_commits(self, annotators: Iterable[Address]) -> dict[Address, Last]:
        """The latest batch of each of these annotators who has one."""
        wanted = [(each,) for each in dict.fromkeys(annotators)]
        with self.database.reading() as connection:
            rows = list(found(connection, _LAST, wanted, more=(self._key, self._key)))
        return {Address(annotator): Last(batch, total) for annotator, batch, total in rows}

    def commits(self, before: int | None = None) -> list[SignedCommit]:
        """All commitments, by annotator and batch; with `before` those of earlier rounds alone."""
        own = () if before is None else (commits.c.round < before,)
        return [signed_of(row) for row in self._all(commits, commits.c.annotator, commits.c.batch, where=own)]

    def commits_of(self, number: int) -> list[SignedCommit]:
        """The commitments of one round, by annotator and batch."""
        own = (commits.c.round == number,)
        return [signed_of(row) for row in self._all(commits, commits.c.annotator, commits.c.batch, where=own)]

    def commits_by(self, annotator: Address) -> list[SignedCommit]:
        """The commitments of one annotator, by batch."""
        own = (commits.c.annotator == bytes(annotator),)
        return [signed_of(row) for row in self._all(commits, commits.c.batch, where=own)]

    def add_commit(self, name: Hash32, signed: SignedCommit) -> None:
        """Keep a commitment."""
        self.add_commits([(name, signed)])

    def add_commits(self, new: Iterable[tuple[Hash32, SignedCommit]]) -> None:
        """Keep commitments, by their hashes."""
        self._add_many(commits, [signed_row(name, signed) for name, signed in new])

    def opening(self, annotator: Address, name: Hash32) -> Opening | None:
        """The opening of the annotator's commitment of that hash."""
        row = self._one(openings, annotator=bytes(annotator), commit_hash=bytes(name))
        return None if row is None else opening_of(self._opener, row)

    def openings_named(self, names: Sequence[Name]) -> dict[Name, Opening]:
        """The openings of the commitments of these names that are in."""
        with self.database.reading() as connection:
            rows = list(found(connection, _OPENINGS, names, more=(self._key,)))
        every = (opening_of(self._opener, row) for row in rows)
        return {(each.annotator, each.commit_hash): each for each in every}

    def openings(self) -> list[Opening]:
        """All openings, by annotator and commitment."""
        rows = self._all(openings, openings.c.annotator, openings.c.commit_hash)
        return [opening_of(self._opener, row) for row in rows]

    def add_opening(self, opening: Opening) -> None:
        """Keep an opening."""
        self.add_openings([self.sealed(opening)])

    def sealed(self, opening: Opening) -> dict[str, Any]:
        """An opening's row, its answers sealed."""
        return opening_row(self._opener, self._key, opening)

    def add_openings(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keep openings, as `sealed` made them."""
        self._add_many(openings, rows)

    # ---------------------------------------------------------------- the bundle

    def keep_bundle(self, name: Hash32, data: bytes) -> None:
        """Keep a bundle by its hash, before the settlement that names it is proposed."""
        row = {"campaign": self._key, "bundle_hash": bytes(name), "data": data}
        with self.database.writing() as connection:
            insert_or_keep(connection, bundles, row)

    def bundle(self, name: Hash32) -> bytes | None:
        """The bundle of that hash."""
        row = self._one(bundles, bundle_hash=bytes(name))
        return None if row is None else bytes(row.data)

    # ------------------------------------------------------------------- helpers

    @property
    def _key(self) -> bytes:
        return bytes(self.campaign)

    @property
    def _opener(self) -> Vault:
        if self.vault is None:
            raise StoreError("this book was opened without its vault: it takes and shows no answers")
        return self.vault

    def _campaign(self, column: str) -> Any:
        row = self._one(campaigns)
        return None if row is None else getattr(row, column)

    def _set(self, **values: Any) -> None:
        with self.database.writing() as connection:
            connection.execute(update(campaigns).where(campaigns.c.campaign == self._key).values(values))

    def _add(self, table: Table, row: dict[str, Any]) -> None:
        with self.database.writing() as connection:
            connection.execute(insert(table), {"campaign": self._key} | row)

    def _add_many(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        with self.database.writing() as connection:
            insert_many(connection, table, [{"campaign": self._key} | row for row in rows])

    def _one(self, table: Table, **known: bytes) -> Any:
        wanted = select(table).where(table.c.campaign == self._key)
        for column, value in known.items():
            wanted = wanted.where(table.c[column] == value)
        with self.database.reading() as connection:
            return connection.execute(wanted).one_or_none()

    def _all(self, table: Table, *order: Any, where: Sequence[Any] = ()) -> list[Any]:
        wanted = select(table).where(table.c.campaign == self._key, *where).order_by(*order)
        with self.database.reading() as connection:
            return list(connection.execute(wanted))


def _taken(number: int | None) -> int | None:
    """A round that was closed is kept as a number below zero."""
    return None if number is None or number < 0 else int(number)
