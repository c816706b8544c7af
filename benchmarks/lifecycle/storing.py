"""Messages into the oracle's store in bulk: the rows that intake writes one by one, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, insert

from labelshare.errors import StoreError
from labelshare.protocol.typed_data import commit_hash
from labelshare.store.coding import enrolment_row, opening_row, signed_row
from labelshare.store.schema import commits, enrolments, openings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
    from labelshare.store.messages import Messages

__all__ = ["store_commits", "store_enrolments", "store_openings"]


def store_enrolments(book: Messages, received: Iterable[Enrolment]) -> None:
    """Keep enrolments."""
    _store(book, enrolments, map(enrolment_row, received))


def store_commits(book: Messages, received: Iterable[SignedCommit]) -> None:
    """Keep commitments."""
    _store(book, commits, (signed_row(commit_hash(book.campaign, each.commit), each) for each in received))


def store_openings(book: Messages, received: Iterable[Opening]) -> None:
    """Keep openings."""
    vault, campaign = book.vault, bytes(book.campaign)
    if vault is None:
        raise StoreError("openings are kept sealed")
    _store(book, openings, (opening_row(vault, campaign, each) for each in received))


def _store(book: Messages, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    campaign = {"campaign": bytes(book.campaign)}
    with book.database.writing() as connection:
        connection.execute(insert(table), [campaign | row for row in rows])
