"""Which content was handed in for which campaign, by whom, and how large it is: what a quota goes by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from labelshare.errors import ProtocolError
from labelshare.store.database import Database
from labelshare.store.schema import contents
from labelshare.store.upsert import insert_or_keep
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Contents", "Quota"]


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes of content at most, for one campaign and for one account in all its campaigns."""

    campaign: int
    account: int


@dataclass(frozen=True)
class Contents:
    """The content of a store's campaigns."""

    database: Database

    def note(self, campaign: CampaignId, account: Address, name: Hash32, size: int, quota: Quota) -> bool:
        """Note a content before it is kept; whether it is new.

        Raises:
            ProtocolError: With it the campaign, or the account, would have more than it may.
        """
        row = {"campaign": bytes(campaign), "digest": bytes(name), "account": bytes(account), "size": size}
        with self.database.writing(b"labelshare.contents" + account) as connection:
            if not insert_or_keep(connection, contents, row):
                return False
            self._require(connection, quota.campaign, "this campaign", contents.c.campaign == bytes(campaign))
            self._require(connection, quota.account, "this account", contents.c.account == bytes(account))
        return True

    def forget(self, campaign: CampaignId, name: Hash32) -> None:
        """Take a note back, of what was not kept after all."""
        with self.database.writing() as connection:
            connection.execute(
                delete(contents).where(
                    contents.c.campaign == bytes(campaign), contents.c.digest == bytes(name)
                )
            )

    def used(self, campaign: CampaignId) -> int:
        """The bytes of a campaign's content."""
        with self.database.reading() as connection:
            return _sum(connection, contents.c.campaign == bytes(campaign))

    @staticmethod
    def _require(connection: Connection, most: int, whose: str, where: object) -> None:
        if _sum(connection, where) > most:
            raise ProtocolError(f"the content of {whose} has at most {most} bytes in all")


def _sum(connection: Connection, where: object) -> int:
    total = select(func.coalesce(func.sum(contents.c.size), 0)).where(where)  # type: ignore[arg-type]
    return int(connection.execute(total).scalar_one())
