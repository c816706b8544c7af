"""What an oracle was sent for one campaign, and what it takes at the moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_keep

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
from labelshare.store.schema import bundles, campaigns, commits, enrolments, openings
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Messages"]


@dataclass(frozen=True)
class Messages:
    """The book of one campaign. Each method reads or writes the database; nothing is held in memory."""

    database: Database
    campaign: CampaignId

    # ------------------------------------------------------------- the campaign

    def open(self, spec: Spec) -> None:
        """Begin the book, enrolment open; nothing happens where it was begun before."""
        row = {"campaign": self._key, "spec": spec.canonical_bytes, "enrolling": True, "round": None}
        with self.database.writing() as connection:
            connection.execute(insert_or_keep(campaigns).on_conflict_do_nothing(), row)

    def is_enrolling(self) -> bool:
        """Whether enrolments are taken."""
        return bool(self._campaign("enrolling"))

    def end_enrolment(self) -> None:
        """Take no enrolment from now on."""
        self._set(enrolling=False)

    def round(self) -> int | None:
        """The round whose batches are taken; None between rounds."""
        number = self._campaign("round")
        return None if number is None else int(number)

    def set_round(self, number: int | None) -> None:
        """Take batches of this round alone, or none."""
        self._set(round=number)

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

    def commits(self, before: int | None = None) -> list[SignedCommit]:
        """All commitments, by annotator and batch; with `before` those of earlier rounds alone."""
        found = [signed_of(row) for row in self._all(commits, commits.c.annotator, commits.c.batch)]
        return [each for each in found if before is None or each.commit.round < before]

    def commits_of(self, number: int) -> list[SignedCommit]:
        """The commitments of one round, by annotator and batch."""
        return [each for each in self.commits() if each.commit.round == number]

    def add_commit(self, name: Hash32, signed: SignedCommit) -> None:
        """Keep a commitment."""
        self._add(commits, signed_row(name, signed))

    def opening(self, annotator: Address, name: Hash32) -> Opening | None:
        """The opening of the annotator's commitment of that hash."""
        row = self._one(openings, annotator=bytes(annotator), commit_hash=bytes(name))
        return None if row is None else opening_of(row)

    def openings(self) -> list[Opening]:
        """All openings, by annotator and commitment."""
        return [opening_of(row) for row in self._all(openings, openings.c.annotator, openings.c.commit_hash)]

    def add_opening(self, opening: Opening) -> None:
        """Keep an opening."""
        self._add(openings, opening_row(opening))

    # ---------------------------------------------------------------- the bundle

    def keep_bundle(self, name: Hash32, data: bytes) -> None:
        """Keep a bundle by its hash, before the settlement that names it is proposed."""
        row = {"campaign": self._key, "bundle_hash": bytes(name), "data": data}
        with self.database.writing() as connection:
            connection.execute(insert_or_keep(bundles).on_conflict_do_nothing(), row)

    def bundle(self, name: Hash32) -> bytes | None:
        """The bundle of that hash."""
        row = self._one(bundles, bundle_hash=bytes(name))
        return None if row is None else bytes(row.data)

    # ------------------------------------------------------------------- helpers

    @property
    def _key(self) -> bytes:
        return bytes(self.campaign)

    def _campaign(self, column: str) -> Any:
        row = self._one(campaigns)
        return None if row is None else getattr(row, column)

    def _set(self, **values: Any) -> None:
        with self.database.writing() as connection:
            connection.execute(update(campaigns).where(campaigns.c.campaign == self._key).values(values))

    def _add(self, table: Table, row: dict[str, Any]) -> None:
        with self.database.writing() as connection:
            connection.execute(insert(table), {"campaign": self._key} | row)

    def _one(self, table: Table, **known: bytes) -> Any:
        wanted = select(table).where(table.c.campaign == self._key)
        for column, value in known.items():
            wanted = wanted.where(table.c[column] == value)
        with self.database.reading() as connection:
            return connection.execute(wanted).one_or_none()

    def _all(self, table: Table, *order: Any) -> list[Any]:
        wanted = select(table).where(table.c.campaign == self._key).order_by(*order)
        with self.database.reading() as connection:
            return list(connection.execute(wanted))
