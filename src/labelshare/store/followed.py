"""The campaigns that an account works in: which spec, and whose service it asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from labelshare.store.database import Database
from labelshare.store.schema import followed as table
from labelshare.store.upsert import insert_or_keep
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Followed", "FollowedCampaigns"]


@dataclass(frozen=True, slots=True)
class Followed:
    """One of them; `service` is the address of the oracle's service, empty for none.

    `enrolled` says that the oracle has taken the account's enrolment.
    """

    campaign: CampaignId
    spec_hash: Hash32
    service: str
    enrolled: bool


@dataclass(frozen=True)
class FollowedCampaigns:
    """The list of one account."""

    database: Database
    annotator: Address

    def add(self, campaign: CampaignId, spec_hash: Hash32, service: str) -> None:
        """Follow a campaign, or ask another service about it from now on."""
        row = self._key(campaign) | {"spec_hash": bytes(spec_hash), "service": service, "enrolled": False}
        with self.database.writing() as connection:
            if not insert_or_keep(connection, table, row):
                connection.execute(self._one(update(table), campaign).values(service=service))

    def set_enrolled(self, campaign: CampaignId) -> None:
        """Keep that the oracle has taken the enrolment."""
        with self.database.writing() as connection:
            connection.execute(self._one(update(table), campaign).values(enrolled=True))

    def find(self, campaign: CampaignId) -> Followed | None:
        """A campaign of the list."""
        with self.database.reading() as connection:
            row = connection.execute(self._one(select(table), campaign)).one_or_none()
        return None if row is None else _followed(row)

    def all(self) -> list[Followed]:
        """Every campaign, by id."""
        wanted = select(table).where(table.c.annotator == bytes(self.annotator)).order_by(table.c.campaign)
        with self.database.reading() as connection:
            return [_followed(row) for row in connection.execute(wanted)]

    def _key(self, campaign: CampaignId) -> dict[str, Any]:
        return {"campaign": bytes(campaign), "annotator": bytes(self.annotator)}

    def _one(self, statement: Any, campaign: CampaignId) -> Any:
        own = table.c.annotator == bytes(self.annotator)
        return statement.where(table.c.campaign == bytes(campaign), own)


def _followed(row: Any) -> Followed:
    return Followed(CampaignId(Hash32(row.campaign)), Hash32(row.spec_hash), row.service, row.enrolled)
