"""Specs by their hash: the chain has the hash alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from labelshare.protocol.spec import Spec
from labelshare.store.database import Database
from labelshare.store.schema import campaigns, specs
from labelshare.store.upsert import insert_or_keep
from labelshare.types import CampaignId, Hash32

__all__ = ["Specs"]


@dataclass(frozen=True)
class Specs:
    """The specs that a store holds."""

    database: Database

    def add(self, spec: Spec) -> bool:
        """Keep a spec; whether it was new."""
        return self.add_bytes(spec.hash, spec.canonical_bytes)

    def add_bytes(self, name: Hash32, data: bytes) -> bool:
        """Keep the canonical bytes of a spec, which hash to its name; whether they were new."""
        row = {"spec_hash": bytes(name), "spec": data}
        with self.database.writing() as connection:
            return insert_or_keep(connection, specs, row)

    def find(self, name: Hash32) -> bytes | None:
        """The canonical bytes of the spec of that hash."""
        wanted = select(specs.c.spec).where(specs.c.spec_hash == bytes(name))
        with self.database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else bytes(row.spec)

    def of_campaign(self, name: CampaignId) -> bytes | None:
        """The canonical bytes of the spec of a campaign that the oracle of this store runs."""
        wanted = select(campaigns.c.spec).where(campaigns.c.campaign == bytes(name))
        with self.database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else bytes(row.spec)
