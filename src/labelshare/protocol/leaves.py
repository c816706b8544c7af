"""The values of every kind of leaf, ABI-encoded and hashed.

Each encoder returns leaf hashes ready for a tree. Encodings are joined by hand: words that many leaves share
are joined once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labelshare.protocol.abi import address_word, encode
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.merkle import leaf_hash, leaf_hashes
from labelshare.types import U32, U64, U128, Address, Hash32, Scope

__all__ = [
    "Payout",
    "Truth",
    "aggregate_leaf",
    "commit_leaves",
    "label_leaves",
    "payout_leaf",
    "roster_leaf",
    "truth_leaf",
]


@dataclass(frozen=True, slots=True)
class Payout:
    """One row of the payout tree; amounts in base units, the cumulative sums include the row itself."""

    index: U64
    account: Address
    payout: U128
    shares: U128
    slash: U128
    cum_payout: U128
    cum_shares: U128


@dataclass(frozen=True, slots=True)
class Truth:
    """The verdict on an item: digest of the winning label, its confidence in 1/65,536, and acceptance."""

    item: U64
    winner_digest: Hash32
    confidence_q16: U32
    accepted: bool


def payout_leaf(scope: Scope, row: Payout) -> bytes:
    """[domain, index, account, payout, shares, slash, cumPayout, cumShares]."""
    return leaf_hash(domain(Kind.PAYOUT, scope) + encode(row))


def truth_leaf(scope: Scope, row: Truth) -> bytes:
    """[domain, item, winnerDigest, confidenceQ16, accepted]."""
    words = (row.item.to_bytes(32, "big"), row.winner_digest, row.confidence_q16.to_bytes(32, "big"))
    return leaf_hash(domain(Kind.TRUTH, scope) + b"".join(words) + row.accepted.to_bytes(32, "big"))


def roster_leaf(scope: Scope, annotator: Address) -> bytes:
    """[domain, annotator]."""
    return leaf_hash(domain(Kind.ROSTER, scope) + address_word(annotator))


def aggregate_leaf(scope: Scope, annotator: Address, commit_hash: bytes) -> bytes:
    """[domain, annotator, commitHash]."""
    return leaf_hash(domain(Kind.AGGREGATE, scope) + address_word(annotator) + commit_hash)


def label_leaves(
    scope: Scope, annotator: Address, batch: int, items: Iterable[int], digests: Iterable[bytes]
) -> list[bytes]:
    """[domain, annotator, batch, item, labelDigest] for each label of a batch."""
    head = _batch_head(Kind.LABEL, scope, annotator, batch)
    pairs = zip(items, digests, strict=True)
    return leaf_hashes(head + item.to_bytes(32, "big") + digest for item, digest in pairs)


def commit_leaves(
    scope: Scope,
    annotator: Address,
    batch: int,
    items: Sequence[int],
    digests: Sequence[bytes],
    salts: Sequence[bytes],
) -> list[bytes]:
    """[domain, annotator, batch, item, labelDigest, salt] for each label of a batch."""
    head = _batch_head(Kind.COMMIT, scope, annotator, batch)
    rows = zip(items, digests, salts, strict=True)
    return leaf_hashes(head + item.to_bytes(32, "big") + digest + salt for item, digest, salt in rows)


def _batch_head(kind: Kind, scope: Scope, annotator: Address, batch: int) -> bytes:
    return domain(kind, scope) + address_word(annotator) + batch.to_bytes(32, "big")
