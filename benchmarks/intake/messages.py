"""What the annotators send, signed and sealed before any clock starts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.intake.campaign import CLASSES
from labelshare.client.wire.work import CommitQuestion, OpeningQuestion
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Opening, SignedCommit, seal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from benchmarks.intake.campaign import Open
    from labelshare.chain.keys import Signer

__all__ = ["Batch", "commits", "openings", "peers", "sealed"]


@dataclass(frozen=True)
class Batch:
    """A sealed batch, and what opens it."""

    signed: SignedCommit
    opening: Opening


def sealed(
    place: Open, items: Sequence[Sequence[int]], size: int, most: int, before: Sequence[int]
) -> list[list[Batch]]:
    """Batches of `size` labels, as many as `most` of each annotator.

    Args:
        place: The campaign.
        items: What each annotator is assigned; who has too few for a batch sends fewer of them.
        size: Labels a batch.
        most: Batches of each.
        before: Batches of one label that each has handed in.
    """
    return [
        [
            _batch(place, signer, done + number, at, own[at : at + size])
            for number in range(most)
            if (at := done + number * size) + size <= len(own)
        ]
        for signer, own, done in zip(place.people, items, before, strict=True)
    ]


def _batch(place: Open, signer: Signer, number: int, before: int, items: Sequence[int]) -> Batch:
    form, scope = place.spec.task.form, place.scope
    commit, opening = seal(
        scope,
        signer.address,
        round_number=0,
        batch=number,
        committed_before=before,
        secret=signer.derive_secret(b"benchmark" + number.to_bytes(4, "big")),
        labels={item: form.encode(item % CLASSES) for item in items},
    )
    signature = signer.sign_digest(typed_data.digest(scope, opening.commit_hash))
    return Batch(SignedCommit(signer.address, commit, signature, opening.items), opening)


def commits(place: Open, tokens: Sequence[str], work: Sequence[Sequence[Batch]]) -> list[list[bytes]]:
    """The requests that hand the batches in, by connection."""
    return [
        [_request(f"{place.path}/commitments", CommitQuestion.of(each.signed), token) for each in own]
        for token, own in zip(tokens, work, strict=True)
    ]


def openings(place: Open, tokens: Sequence[str], work: Sequence[Sequence[Batch]]) -> list[list[bytes]]:
    """The requests that open them."""
    return [
        [_request(f"{place.path}/openings", OpeningQuestion.of(each.opening), token) for each in own]
        for token, own in zip(tokens, work, strict=True)
    ]


def peers(n_people: int, n_single: int) -> list[list[bytes]]:
    """As many labels for the floor, from as many connections."""
    return [[_post("/labels", _label(who, item), "") for item in range(n_single)] for who in range(n_people)]


def _label(who: int, item: int) -> bytes:
    return json.dumps({"annotator": f"0x{who:040x}", "item": item, "label": "0x000001"}).encode()


def _request(path: str, question: BaseModel, token: str) -> bytes:
    body = question.model_dump_json(by_alias=True).encode()
    return _post(path, body, f"Authorization: Bearer {token}\r\n")


def _post(path: str, body: bytes, header: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{header}"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
