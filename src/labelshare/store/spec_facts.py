"""What a list shows of a spec: kept beside it, since reading a spec of a million items takes seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from labelshare.protocol.spec import Spec
from labelshare.store.database import Database
from labelshare.store.schema import spec_facts
from labelshare.store.upsert import insert_or_keep
from labelshare.types import Hash32

__all__ = ["Facts", "SpecFacts"]


@dataclass(frozen=True, slots=True)
class Facts:
    """A spec's title, the number of its items, and its price a label in base units, as it spells it."""

    title: str
    items: int
    price: str

    @classmethod
    def of(cls, spec: Spec) -> Facts:
        """Those of a spec."""
        return cls(spec.title, len(spec.items), str(spec.price))


@dataclass(frozen=True)
class SpecFacts:
    """The facts that a store holds."""

    database: Database

    def add(self, name: Hash32, facts: Facts) -> None:
        """Keep the facts of a spec."""
        row = {
            "spec_hash": bytes(name),
            "title": facts.title,
            "items": facts.items,
            "price": facts.price,
        }
        with self.database.writing() as connection:
            insert_or_keep(connection, spec_facts, row)

    def find(self, names: Collection[Hash32]) -> dict[Hash32, Facts]:
        """The facts of those of the specs whose facts are kept."""
        wanted = select(spec_facts).where(spec_facts.c.spec_hash.in_([bytes(each) for each in names]))
        with self.database.reading() as connection:
            rows = connection.execute(wanted)
            return {Hash32(row.spec_hash): Facts(row.title, row.items, row.price) for row in rows}
