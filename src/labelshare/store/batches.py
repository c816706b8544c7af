"""What an annotator's client keeps of one campaign: drafts, sealed batches, receipts and proofs for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, delete, insert, select, update

from labelshare.protocol.commitments import label_bytes, read_labels
from labelshare.store.coding import commit_fields, commit_of
from labelshare.store.database import Database
from labelshare.store.schema import batches as table
from labelshare.store.schema import drafts, inclusions, memberships, refused
from labelshare.store.upsert import insert_or_keep
from labelshare.store.vault import Vault
from labelshare.types import Address, CampaignId, Commit, Hash32

__all__ = ["Batches", "Kept"]

_SEALED: Final = b"batches.labels"
_DRAFT: Final = b"drafts.label"


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch as stored: what was signed, its items and labels, and the receipts so far, empty for none.

    `alone` is what goes to the chain without the oracle; `proof` the place under its round's root, None
    before it was seen.
    """

    commit: Commit
    items: tuple[int, ...]
    labels: tuple[bytes, ...]
    alone: bool
    receipt: bytes
    opening_receipt: bytes
    proof: tuple[bytes, ...] | None = None


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
            rows = connection.execute(self._own(select(table), table).order_by(table.c.batch)).all()
            proofs = connection.execute(self._own(select(inclusions), inclusions)).all()
        known = {bytes(row.root): _steps(row.proof) for row in proofs}
        return [self._kept(row, known.get(bytes(row.root))) for row in rows]

    def add(
        self, commit: Commit, items: tuple[int, ...], labels: tuple[bytes, ...], *, alone: bool = False
    ) -> None:
        """Keep a sealed batch, before it is sent to anybody; `alone` if that is not to be the oracle.

        Its items are drafts no more from the same moment on.
        """
        sealed = self.vault.seal(label_bytes(items, labels), *self._place(commit.batch))
        row = self._key | commit_fields(commit) | {"labels": sealed, "alone": alone}
        with self.database.writing() as connection:
            connection.execute(insert(table), row)
            for item in items:
                connection.execute(self._own(delete(drafts), drafts).where(drafts.c.item == item))

    def refuse(self, number: int) -> None:
        """Take a batch that the oracle refused out of the row: its number is free, its answers are kept."""
        with self.database.writing() as connection:
            row = connection.execute(self._own(select(table), table).where(table.c.batch == number)).one()
            insert_or_keep(connection, refused, self._key | _sealed_fields(row))
            connection.execute(self._own(delete(table), table).where(table.c.batch == number))

    def refused(self) -> list[Kept]:
        """Batches that the oracle refused, by number."""
        with self.database.reading() as connection:
            rows = connection.execute(self._own(select(refused), refused).order_by(refused.c.batch)).all()
        return [self._of(row) for row in rows]

    def reinstate(self, root: Hash32, *, alone: bool) -> None:
        """Put a refused batch back into the row; one that took its number since is refused in its place."""
        with self.database.writing() as connection:
            own = self._own(select(refused), refused).where(refused.c.root == bytes(root))
            row = connection.execute(own).one()
            taken = self._own(select(table), table).where(table.c.batch == row.batch)
            if (other := connection.execute(taken).one_or_none()) is not None:
                insert_or_keep(connection, refused, self._key | _sealed_fields(other))
                connection.execute(self._own(delete(table), table).where(table.c.batch == row.batch))
            connection.execute(insert(table), self._key | _sealed_fields(row) | {"alone": alone})
            connection.execute(self._own(delete(refused), refused).where(refused.c.root == bytes(root)))

    # ------------------------------------------------------------------------ drafts

    def set_draft(self, item: int, label: bytes) -> None:
        """Keep an answer (canonical bytes) that is not handed in yet; the latest for an item counts."""
        row = self._key | {"item": item, "label": self.vault.seal(label, *self._draft_place(item))}
        with self.database.writing() as connection:
            connection.execute(self._own(delete(drafts), drafts).where(drafts.c.item == item))
            connection.execute(insert(drafts), row)

    def drafts(self) -> Mapping[int, bytes]:
        """Answers given and not sealed into a batch, by item."""
        with self.database.reading() as connection:
            rows = connection.execute(self._own(select(drafts), drafts).order_by(drafts.c.item)).all()
        return {row.item: self.vault.unseal(row.label, *self._draft_place(row.item)) for row in rows}

    # --------------------------------------------------------------------- what is held

    def set_alone(self, number: int, *, alone: bool) -> None:
        """Say whether a batch goes to the chain without the oracle."""
        self._set(number, alone=alone)

    def set_receipt(self, number: int, receipt: bytes) -> None:
        """Keep the receipt for a commitment."""
        self._set(number, receipt=receipt)

    def set_opening_receipt(self, number: int, receipt: bytes) -> None:
        """Keep the receipt for an opening."""
        self._set(number, opening_receipt=receipt)

    def set_proof(self, root: Hash32, proof: Sequence[bytes]) -> None:
        """Keep where the batch of that commitment is under the root of its round; the latest counts."""
        row = self._key | {"root": bytes(root), "proof": b"".join(proof)}
        with self.database.writing() as connection:
            connection.execute(
                self._own(delete(inclusions), inclusions).where(inclusions.c.root == bytes(root))
            )
            connection.execute(insert(inclusions), row)

    def set_roster_proof(self, proof: Sequence[bytes], roster: Sequence[Address] = ()) -> None:
        """Keep the annotator's place under the roster's root, and who else is there; the latest counts."""
        row = self._key | {"roster_proof": b"".join(proof), "roster": b"".join(map(bytes, roster))}
        with self.database.writing() as connection:
            connection.execute(self._own(delete(memberships), memberships))
            connection.execute(insert(memberships), row)

    def roster(self) -> tuple[Address, ...]:
        """Everyone on the roster as it was kept; nobody if it was never seen."""
        wanted = self._own(select(memberships.c.roster), memberships)
        with self.database.reading() as connection:
            members = connection.execute(wanted).scalar_one_or_none() or b""
        return tuple(Address(members[at : at + 20]) for at in range(0, len(members), 20))

    def roster_proof(self) -> tuple[bytes, ...] | None:
        """The place under the roster's root; None if it was never seen."""
        wanted = select(memberships.c.roster_proof).where(
            memberships.c.campaign == bytes(self.campaign),
            memberships.c.annotator == bytes(self.annotator),
        )
        with self.database.reading() as connection:
            steps = connection.execute(wanted).scalar_one_or_none()
        return None if steps is None else _steps(steps)

    @property
    def _key(self) -> dict[str, bytes]:
        return {"campaign": bytes(self.campaign), "annotator": bytes(self.annotator)}

    def _set(self, number: int, **values: bytes | bool) -> None:
        with self.database.writing() as connection:
            connection.execute(self._own(update(table), table).where(table.c.batch == number).values(values))

    def _own(self, statement: Any, of: Table) -> Any:
        return statement.where(of.c.campaign == bytes(self.campaign), of.c.annotator == bytes(self.annotator))

    def _place(self, number: int) -> tuple[bytes, ...]:
        return _SEALED, bytes(self.campaign), bytes(self.annotator), number.to_bytes(8, "big")

    def _draft_place(self, item: int) -> tuple[bytes, ...]:
        return _DRAFT, bytes(self.campaign), bytes(self.annotator), item.to_bytes(8, "big")

    def _of(self, row: Any) -> Kept:
        items, labels = read_labels(self.vault.unseal(row.labels, *self._place(row.batch)))
        return Kept(commit_of(row), items, labels, alone=False, receipt=b"", opening_receipt=b"")

    def _kept(self, row: Any, proof: tuple[bytes, ...] | None) -> Kept:
        receipts = (row.receipt or b"", row.opening_receipt or b"")
        bare = self._of(row)
        return Kept(bare.commit, bare.items, bare.labels, row.alone, *receipts, proof)


def _sealed_fields(row: Any) -> dict[str, Any]:
    return commit_fields(commit_of(row)) | {"labels": row.labels}


def _steps(proof: bytes) -> tuple[bytes, ...]:
    return tuple(proof[at : at + 32] for at in range(0, len(proof), 32))
