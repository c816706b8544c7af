"""How far an oracle is with a campaign, by what it has received: read without a key and without answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, exists, func, select

from labelshare.store.database import Database
from labelshare.store.many import found
from labelshare.store.schema import bundles, commits, enrolments, openings
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Name", "Progress"]

_OPENED: Final = (
    "SELECT t.annotator, t.commit_hash FROM wanted JOIN openings AS t "
    "ON t.campaign = {} AND t.annotator = wanted.k0 AND t.commit_hash = wanted.k1"
)

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
        known = first.cte("known", recursive=True)
        later = select(func.min(commits.c.round)).where(of_campaign, commits.c.round > known.c.round)
        known = known.union_all(select(later.scalar_subquery()).where(known.c.round.is_not(None)))
        with self.database.reading() as connection:
            rows = connection.execute(select(known.c.round).where(known.c.round.is_not(None)))
            return frozenset(rows.scalars())

    def unopened(self, rounds: Collection[int], most: int) -> frozenset[Name]:
        """Batches received in some rounds whose opening was not: at most so many of them."""
        has_opening = exists().where(
            openings.c.campaign == commits.c.campaign,
            openings.c.annotator == commits.c.annotator,
            openings.c.commit_hash == commits.c.commit_hash,
        )
        wanted = select(commits.c.annotator, commits.c.commit_hash).where(
            commits.c.campaign == bytes(self.campaign), commits.c.round.in_(sorted(rounds)), ~has_opening
        )
        with self.database.reading() as connection:
            return frozenset(map(_name, connection.execute(wanted.limit(most))))

    def opened(self, names: Collection[Name]) -> frozenset[Name]:
        """Those of some batches whose opening was received."""
        of_campaign = (bytes(self.campaign),)
        with self.database.reading() as connection:
            return frozenset(map(_name, found(connection, _OPENED, sorted(names), more=of_campaign)))

    def _any(self, table: Table, *where: Any) -> bool:
        wanted = select(table.c.campaign).where(table.c.campaign == bytes(self.campaign), *where).limit(1)
        with self.database.reading() as connection:
            return connection.execute(wanted).first() is not None


def _name(row: Any) -> Name:
    return Address(row[0]), Hash32(row[1])
