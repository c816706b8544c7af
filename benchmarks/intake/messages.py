"""What the annotators send, signed and sealed before any clock starts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.intake.campaign import CLASSES, LARGE
from labelshare.client.wire.work import CommitQuestion, OpeningQuestion
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Opening, SignedCommit, seal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel

    from benchmarks.intake.campaign import Open, Plan
    from labelshare.chain.keys import Signer

__all__ = ["Batch", "Work", "commits", "openings", "peers", "sealed"]


@dataclass(frozen=True)
class Batch:
    """A sealed batch, and what opens it."""

    signed: SignedCommit
    opening: Opening


@dataclass(frozen=True)
class Work:
    """The batches of each annotator: those of one label, and the large ones after them."""

    single: Sequence[Sequence[Batch]]
    large: Sequence[Sequence[Batch]]


def sealed(place: Open, plan: Plan, items: Sequence[Sequence[int]]) -> Work:
    """Everybody's batches; `items` are each annotator's, who sends fewer batches where it has too few."""
    single, large = [], []
    for signer, own in zip(place.people, items, strict=True):
        every = list(_batches(place, plan, signer, own))
        first = [each for each in every if len(each.opening.items) == 1]
        single.append(first)
        large.append(every[len(first) :])
    return Work(single, large)


def _batches(place: Open, plan: Plan, signer: Signer, items: Sequence[int]) -> Iterator[Batch]:
    sizes = [1] * plan.n_single + [LARGE] * plan.n_large
    at = 0
    for number, size in enumerate(sizes):
        if at + size > len(items):
            return
        yield _batch(place, signer, number, at, items[at : at + size])
        at += size


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
