"""How far an oracle is with a campaign, by what it has received: read without a key and without answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select

from labelshare.store.database import Database
from labelshare.store.schema import bundles, commits, enrolments, openings
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Name", "Progress"]

Name = tuple[Address, Hash32]
"""Of a batch: its annotator and the hash of its commitment."""


@dataclass(frozen=True)
class Progress:
    """The progress of one campaign."""

    database: Database
    campaign: CampaignId

    def has_enrolments(self) -> bool:
        """Whether anybody has enrolled."""
        return self._any(enrolments)

    def has_bundle(self, name: Hash32) -> bool:
        """Whether the bundle of that hash is here."""
        return self._any(bundles, bundles.c.bundle_hash == bytes(name))

    def rounds(self) -> frozenset[int]:
        """Rounds of which batches were received: one step into the index for each, however many batches."""
        of_campaign = commits.c.campaign == bytes(self.campaign)
        first = select(func.min(commits.c.round).label("round")).where(of_campaign)
        found = first.cte("found", recursive=True)
        later = select(func.min(commits.c.round)).where(of_campaign, commits.c.round > found.c.round)
        found = found.union_all(select(later.scalar_subquery()).where(found.c.round.is_not(None)))
        with self.database.reading() as connection:
            rows = connection.execute(select(found.c.round).where(found.c.round.is_not(None)))
            return frozenset(rows.scalars())

    def received(self, rounds: Collection[int]) -> frozenset[Name]:
        """Batches received in some rounds."""
        return self._names(commits, commits.c.round.in_(sorted(rounds)))

    def opened(self) -> frozenset[Name]:
        """Batches whose opening was received."""
        return self._names(openings)

    def _names(self, table: Table, *where: Any) -> frozenset[Name]:
        wanted = select(table.c.annotator, table.c.commit_hash)
        with self.database.reading() as connection:
            rows = connection.execute(wanted.where(table.c.campaign == bytes(self.campaign), *where))
            return frozenset((Address(row.annotator), Hash32(row.commit_hash)) for row in rows)

    def _any(self, table: Table, *where: Any) -> bool:
        wanted = select(table.c.campaign).where(table.c.campaign == bytes(self.campaign), *where).limit(1)
        with self.database.reading() as connection:
            return connection.execute(wanted).first() is not None
