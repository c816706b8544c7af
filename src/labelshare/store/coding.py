"""Messages as rows, and rows as messages."""

from __future__ import annotations

from struct import unpack
from typing import Any, Final

from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, label_bytes, read_labels
from labelshare.protocol.leaves import packed
from labelshare.store.vault import Vault
from labelshare.types import Address, Commit, Hash32

__all__ = [
    "commit_fields",
    "commit_of",
    "enrolment_of",
    "enrolment_row",
    "opening_of",
    "opening_row",
    "signed_of",
    "signed_row",
]


# What is sealed, as the vault is told it.
_OPENED_SECRET: Final = b"openings.secret"
_OPENED_LABELS: Final = b"openings.labels"


def commit_fields(commit: Commit) -> dict[str, Any]:
    """The columns that a commitment takes, sealed or received."""
    return {
        "round": commit.round,
        "batch": commit.batch,
        "root": bytes(commit.root),
        "count": commit.count,
        "cumulative_count": commit.cumulative_count,
    }


def commit_of(row: Any) -> Commit:
    """The commitment in a row."""
    return Commit(row.round, row.batch, Hash32(row.root), row.count, row.cumulative_count)


def enrolment_row(enrolment: Enrolment) -> dict[str, Any]:
    """The columns of an enrolment."""
    return {"annotator": bytes(enrolment.annotator), "signature": enrolment.signature}


def enrolment_of(row: Any) -> Enrolment:
    """The enrolment in a row."""
    return Enrolment(Address(row.annotator), row.signature)


def signed_row(name: Hash32, signed: SignedCommit) -> dict[str, Any]:
    """The columns of a commitment as received; `name` is its hash."""
    return commit_fields(signed.commit) | {
        "commit_hash": bytes(name),
        "annotator": bytes(signed.annotator),
        "signature": signed.signature,
        "items": packed(signed.items),
    }


def signed_of(row: Any) -> SignedCommit:
    """The commitment as received in a row."""
    items = unpack(f">{len(row.items) // 8}Q", row.items)
    return SignedCommit(Address(row.annotator), commit_of(row), row.signature, items)


def opening_row(vault: Vault, campaign: bytes, opening: Opening) -> dict[str, Any]:
    """The columns of an opening, its secret and its labels sealed for this row."""
    annotator, name = bytes(opening.annotator), bytes(opening.commit_hash)
    labels = label_bytes(opening.items, opening.labels)
    return {
        "commit_hash": name,
        "annotator": annotator,
        "secret": vault.seal(bytes(opening.secret), _OPENED_SECRET, campaign, annotator, name),
        "labels": vault.seal(labels, _OPENED_LABELS, campaign, annotator, name),
    }


def opening_of(vault: Vault, row: Any) -> Opening:
    """The opening in a row."""
    place = (bytes(row.campaign), bytes(row.annotator), bytes(row.commit_hash))
    secret = vault.unseal(row.secret, _OPENED_SECRET, *place)
    labels = read_labels(vault.unseal(row.labels, _OPENED_LABELS, *place))
    return Opening(Address(row.annotator), Hash32(row.commit_hash), Hash32(secret), *labels)
