"""That nothing which was answered is lost: the store against the answers, and the answers against the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.intake.campaign import ORACLE
from benchmarks.sides import SideError
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import opening_hash
from labelshare.store.messages import Messages
from labelshare.store.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.intake.campaign import Open
    from benchmarks.intake.messages import Batch
    from labelshare.store.database import Database

__all__ = ["require_all_kept", "require_kept", "require_no_more"]

_SIGNED_ONE_IN = 50


def require_kept(
    place: Open,
    database: Database,
    work: Sequence[Sequence[Batch]],
    handed: Sequence[Sequence[bytes]],
    opened: Sequence[Sequence[bytes]],
) -> None:
    """Raise `SideError` unless the store holds every batch and opening that was answered, as it was sent.

    Every answer must name its batch; of one in fifty the signature is checked as well.
    """
    book = Messages(database, place.scope.campaign_id, Vault.of(ORACLE))
    kept = {(each.annotator, each.commit.batch): each for each in book.commits()}
    shown = {each.commit_hash: each for each in book.openings()}
    for own, first, second in zip(work, handed, opened, strict=True):
        require_all_kept("batches that were answered", len(first), len(own))
        for number, batch in enumerate(own):
            key = (batch.signed.annotator, batch.signed.commit.batch)
            opening = shown.get(batch.opening.commit_hash)
            if kept.get(key) != batch.signed or (number < len(second) and opening != batch.opening):
                raise SideError(f"batch {key[1]} of {key[0]} was answered, and is not in the store")
            answers = (first[number], *second[number : number + 1])
            _check_answers(place, batch, answers, signed=number % _SIGNED_ONE_IN == 0)


def require_no_more(place: Open, database: Database, answered: int) -> None:
    """Raise `SideError` unless the store holds just as many batches as were answered."""
    require_all_kept("batches", answered, len(Messages(database, place.scope.campaign_id).commits()))


def _check_answers(place: Open, batch: Batch, answers: Sequence[bytes], *, signed: bool) -> None:
    campaign, annotator, name = place.scope.campaign_id, batch.signed.annotator, batch.opening.commit_hash
    hashes = (
        typed_data.receipt_hash(campaign, annotator, name),
        typed_data.opening_receipt_hash(campaign, annotator, opening_hash(batch.opening)),
    )
    for struct_hash, body in zip(hashes, answers, strict=False):
        answer = json.loads(body)
        if answer["commitHash"] != str(name):
            raise SideError(f"the answer for {name} is for {answer['commitHash']}")
        if signed:
            digest = typed_data.digest(place.scope, struct_hash)
            typed_data.require_signer(digest, bytes.fromhex(answer["receipt"][2:]), ORACLE.address)


def require_all_kept(what: str, told: int, kept: int) -> None:
    """Raise `SideError` unless two numbers are the same."""
    if told != kept:
        raise SideError(f"{what}: {told} of {kept}")
