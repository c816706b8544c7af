"""How far a campaign's work is, counted in the store: no label, no item, nobody's name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table, func, select

from labelshare.store.database import Database
from labelshare.store.schema import commits, enrolments, openings
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Counts", "RoundCount", "campaigns_with", "counts_of"]


@dataclass(frozen=True, slots=True)
class RoundCount:
    """What was handed in for a round: batches, and the labels in them."""

    round: int
    batches: int
    labels: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What an oracle has received for a campaign."""

    enrolled: int
    rounds: tuple[RoundCount, ...]
    opened: int

    @property
    def batches(self) -> int:
        """Of all rounds."""
        return sum(each.batches for each in self.rounds)

    @property
    def labels(self) -> int:
        """Of all rounds."""
        return sum(each.labels for each in self.rounds)


def counts_of(database: Database, campaign: CampaignId) -> Counts:
    """Counts a campaign's messages, all of one moment."""
    key = bytes(campaign)
    of_rounds = (
        select(commits.c.round, func.count(), func.sum(commits.c.count))
        .where(commits.c.campaign == key)
        .group_by(commits.c.round)
        .order_by(commits.c.round)
    )

    def number(table: Table) -> int:
        wanted = select(func.count()).select_from(table).where(table.c.campaign == key)
        return int(connection.execute(wanted).scalar_one())

    with database.reading() as connection:
        rounds = tuple(RoundCount(*map(int, row)) for row in connection.execute(of_rounds))
        return Counts(number(enrolments), rounds, number(openings))


def campaigns_with(database: Database, account: Address) -> frozenset[CampaignId]:
    """The campaigns for which an account has enrolled here, or has handed in a batch."""
    found: set[bytes] = set()
    with database.reading() as connection:
        for table in (enrolments, commits):
            wanted = select(table.c.campaign).where(table.c.annotator == bytes(account)).distinct()
            found.update(bytes(row.campaign) for row in connection.execute(wanted))
    return frozenset(CampaignId(Hash32(name)) for name in found)
