"""What an annotator's client keeps of one campaign: sealed batches, and the oracle's receipts for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from labelshare.protocol.commitments import label_bytes, read_labels
from labelshare.store.coding import commit_fields, commit_of
from labelshare.store.database import Database
from labelshare.store.schema import batches as table
from labelshare.store.schema import memberships
from labelshare.store.upsert import insert_or_keep
from labelshare.store.vault import Vault
from labelshare.types import Address, CampaignId, Commit

__all__ = ["Batches", "Kept"]

_SEALED: Final = b"batches.labels"


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch as stored: what was signed, its items and labels, and the receipts so far, empty for none.

    `alone` is what goes to the chain without the oracle.
    """

    commit: Commit
    items: tuple[int, ...]
    labels: tuple[bytes, ...]
    alone: bool
    receipt: bytes
    opening_receipt: bytes


@dataclass(frozen=True)
class Batches:
    """The book of one annotator in one campaign; `vault` seals the answers."""

    database: Database
    campaign: CampaignId
    annotator: Address
    vault: Vault

    def all(self) -> list[Kept]:
        """Every batch, by number."""
        with self.database.reading() as connection:
            rows = connection.execute(self._own(select(table)).order_by(table.c.batch)).all()
        return [self._kept(row) for row in rows]

    def add(
        self, commit: Commit, items: tuple[int, ...], labels: tuple[bytes, ...], *, alone: bool = False
    ) -> None:
        """Keep a sealed batch, before it is sent to anybody; `alone` if that is not to be the oracle."""
        sealed = self.vault.seal(label_bytes(items, labels), *self._place(commit.batch))
        row = self._key | commit_fields(commit) | {"labels": sealed, "alone": alone}
        with self.database.writing() as connection:
            connection.execute(insert(table), row)

    def drop(self, number: int) -> None:
        """Forget a batch that the oracle refused."""
        with self.database.writing() as connection:
            connection.execute(self._own(delete(table)).where(table.c.batch == number))

    def set_alone(self, number: int, *, alone: bool) -> None:
        """Say whether a batch goes to the chain without the oracle."""
        self._set(number, alone=alone)

    def set_receipt(self, number: int, receipt: bytes) -> None:
        """Keep the receipt for a commitment."""
        self._set(number, receipt=receipt)

    def set_opening_receipt(self, number: int, receipt: bytes) -> None:
        """Keep the receipt for an opening."""
        self._set(number, opening_receipt=receipt)

    def set_roster_proof(self, proof: Sequence[bytes]) -> None:
        """Keep the annotator's place under the roster's root, which never changes."""
        row = self._key | {"roster_proof": b"".join(proof)}
        with self.database.writing() as connection:
            insert_or_keep(connection, memberships, row)

    def roster_proof(self) -> tuple[bytes, ...] | None:
        """The place under the roster's root; None if it was never seen."""
        wanted = select(memberships.c.roster_proof).where(
            memberships.c.campaign == bytes(self.campaign),
            memberships.c.annotator == bytes(self.annotator),
        )
        with self.database.reading() as connection:
            steps = connection.execute(wanted).scalar_one_or_none()
        return None if steps is None else tuple(steps[at : at + 32] for at in range(0, len(steps), 32))

    @property
    def _key(self) -> dict[str, bytes]:
        return {"campaign": bytes(self.campaign), "annotator": bytes(self.annotator)}

    def _set(self, number: int, **values: bytes | bool) -> None:
        with self.database.writing() as connection:
            connection.execute(self._own(update(table)).where(table.c.batch == number).values(values))

    def _own(self, statement: Any) -> Any:
        return statement.where(
            table.c.campaign == bytes(self.campaign), table.c.annotator == bytes(self.annotator)
        )

    def _place(self, number: int) -> tuple[bytes, ...]:
        return _SEALED, bytes(self.campaign), bytes(self.annotator), number.to_bytes(8, "big")

    def _kept(self, row: Any) -> Kept:
        items, labels = read_labels(self.vault.unseal(row.labels, *self._place(row.batch)))
        receipts = (row.receipt or b"", row.opening_receipt or b"")
        return Kept(commit_of(row), items, labels, row.alone, *receipts)
