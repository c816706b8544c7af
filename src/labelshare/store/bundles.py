"""Bundles by parts: one of a million labels has sixty megabytes, which nobody need hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, select, text

from labelshare.store.database import Database
from labelshare.store.postgres import DIALECT
from labelshare.store.schema import bundles
from labelshare.types import CampaignId, Hash32

__all__ = ["Bundle", "find_bundle"]

PIECE: Final = 4 * 1024**2


@dataclass(frozen=True)
class Bundle:
    """A bundle in a store.

    Attributes:
        database: Where it is.
        campaign: Whose.
        name: Its sha256.
        size: Its bytes.
    """

    database: Database
    campaign: CampaignId
    name: Hash32
    size: int

    def part(self, start: int, end: int) -> bytes:
        """The bytes from one place up to another, which is not behind the end; no more of it is read."""
        with self.database.reading() as connection:
            if connection.dialect.name == DIALECT:
                wanted = func.substr(bundles.c.data, start + 1, end - start)
                found = select(wanted).where(_is(self.campaign, self.name))
                return bytes(connection.execute(found).scalar_one())
            return self._part_of_file(connection, start, end)

    def pieces(self) -> Iterator[bytes]:
        """All of it, a few megabytes at a time."""
        for start in range(0, self.size, PIECE):
            yield self.part(start, min(self.size, start + PIECE))

    def _part_of_file(self, connection: Connection, start: int, end: int) -> bytes:
        """SQLite's `substr` would read the whole value; its handle on a value does not."""
        row = connection.execute(
            text("SELECT rowid FROM bundles WHERE campaign = :campaign AND bundle_hash = :name"),
            {"campaign": bytes(self.campaign), "name": bytes(self.name)},
        ).scalar_one()
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 (it has just answered)
        with driver.blobopen("bundles", "data", row, readonly=True) as value:
            value.seek(start)
            return bytes(value.read(end - start))


def find_bundle(database: Database, campaign: CampaignId, name: Hash32) -> Bundle | None:
    """The bundle of that hash; None where it is not here."""
    wanted = select(func.length(bundles.c.data)).where(_is(campaign, name))
    with database.reading() as connection:
        size = connection.execute(wanted).scalar_one_or_none()
    return None if size is None else Bundle(database, campaign, name, int(size))


def _is(campaign: CampaignId, name: Hash32) -> ColumnElement[bool]:
    return and_(bundles.c.campaign == bytes(campaign), bundles.c.bundle_hash == bytes(name))
