"""The values of every kind of leaf, ABI-encoded and hashed.

Each encoder returns leaf hashes ready for a tree, those of many leaves as an array of shape (n, 32). Many are
encoded column by column: a column holds one value of every leaf, big-endian, in as many bytes as it needs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from labelshare.protocol.abi import address_word, encode
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.keccak import Rows, expect, hash_twice
from labelshare.protocol.merkle import leaf_hash
from labelshare.types import U32, U64, U128, Address, Hash32, Scope, keccak

__all__ = [
    "Payout",
    "Truth",
    "aggregate_leaf",
    "commit_leaves",
    "gold_leaves",
    "label_leaves",
    "packed",
    "payout_leaf",
    "payout_leaves",
    "roster_leaf",
    "truth_leaf",
    "truth_leaves",
]

Row = TypeVar("Row")

_WORD: Final = 32
_CHUNK: Final = 16_384  # leaves encoded at a time, so that the encodings take little memory


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


def payout_leaves(scope: Scope, rows: Sequence[Payout]) -> Rows:
    """`payout_leaf` of each row: shape (n, 32)."""
    expect(3 * len(rows))
    return _in_chunks(scope, rows, _payout_chunk)


def truth_leaf(scope: Scope, row: Truth) -> bytes:
    """[domain, item, winnerDigest, confidenceQ16, accepted]."""
    words = (row.item.to_bytes(32, "big"), row.winner_digest, row.confidence_q16.to_bytes(32, "big"))
    return leaf_hash(domain(Kind.TRUTH, scope) + b"".join(words) + row.accepted.to_bytes(32, "big"))


def truth_leaves(scope: Scope, rows: Sequence[Truth]) -> Rows:
    """`truth_leaf` of each row: shape (n, 32)."""
    expect(3 * len(rows))
    return _in_chunks(scope, rows, _truth_chunk)


def roster_leaf(scope: Scope, annotator: Address) -> bytes:
    """[domain, annotator]."""
    return leaf_hash(domain(Kind.ROSTER, scope) + address_word(annotator))


def aggregate_leaf(scope: Scope, annotator: Address, commit_hash: bytes) -> bytes:
    """[domain, annotator, commitHash]."""
    return leaf_hash(domain(Kind.AGGREGATE, scope) + address_word(annotator) + commit_hash)


def label_leaves(
    scope: Scope, annotator: Address, batch: int, items: Iterable[int], digests: Iterable[bytes]
) -> Rows:
    """[domain, annotator, batch, item, labelDigest] for each label of a batch."""
    head = _batch_head(Kind.LABEL, scope, annotator, batch)
    return _hashed(head, _numbers(list(items)), _joined(list(digests), _WORD))


def commit_leaves(
    scope: Scope,
    annotator: Address,
    batch: int,
    items: Sequence[int],
    digests: Sequence[bytes],
    salts: Sequence[bytes] | Rows,
) -> Rows:
    """[domain, annotator, batch, item, labelDigest, salt] for each label of a batch."""
    head = _batch_head(Kind.COMMIT, scope, annotator, batch)
    return _hashed(head, _numbers(items), _joined(digests, _WORD), _joined(salts, _WORD))


def gold_leaves(items: Sequence[int], digests: Sequence[bytes], salts: Sequence[bytes] | Rows) -> Rows:
    """[keccak256("GOLD.v1"), item, labelDigest, salt] for each gold item.

    The spec holds their root and the campaign's id holds the spec's hash: they are bound to no campaign
    themselves.
    """
    head = keccak(b"GOLD.v1")
    return _hashed(head, _numbers(items), _joined(digests, _WORD), _joined(salts, _WORD))


def packed(values: Sequence[int]) -> bytes:
    """Integers in 8 bytes each, big-endian; `OverflowError` for one that does not fit."""
    try:
        return struct.pack(f">{len(values)}Q", *values)
    except struct.error:
        raise OverflowError("an integer does not fit 8 bytes") from None


def _batch_head(kind: Kind, scope: Scope, annotator: Address, batch: int) -> bytes:
    return domain(kind, scope) + address_word(annotator) + batch.to_bytes(32, "big")


def _in_chunks(
    scope: Scope, rows: Sequence[Row], encode_chunk: Callable[[Scope, Sequence[Row]], Rows]
) -> Rows:
    leaves = np.empty((len(rows), _WORD), np.uint8)
    for start in range(0, len(rows), _CHUNK):
        leaves[start : start + _CHUNK] = encode_chunk(scope, rows[start : start + _CHUNK])
    return leaves


def _payout_chunk(scope: Scope, rows: Sequence[Payout]) -> Rows:
    try:
        return _hashed(
            domain(Kind.PAYOUT, scope),
            _numbers([row.index for row in rows]),
            _joined([row.account for row in rows], Address.SIZE),
            _amounts([row.payout for row in rows]),
            _amounts([row.shares for row in rows]),
            _amounts([row.slash for row in rows]),
            _amounts([row.cum_payout for row in rows]),
            _amounts([row.cum_shares for row in rows]),
        )
    except OverflowError:  # the encoder of one row says which value it is
        return _joined([payout_leaf(scope, row) for row in rows], _WORD)


def _truth_chunk(scope: Scope, rows: Sequence[Truth]) -> Rows:
    return _hashed(
        domain(Kind.TRUTH, scope),
        _numbers([row.item for row in rows]),
        _joined([row.winner_digest for row in rows], _WORD),
        _numbers([row.confidence_q16 for row in rows]),
        _numbers([row.accepted for row in rows]),
    )


def _hashed(head: bytes, *columns: Rows) -> Rows:
    """The leaves whose first words are `head`, the same for all, and whose further ones are the columns."""
    count = len(columns[0])
    if any(len(column) != count for column in columns):
        raise ValueError(f"columns of {[len(column) for column in columns]} values")
    table = np.zeros((count, len(head) + _WORD * len(columns)), np.uint8)
    table[:, : len(head)] = np.frombuffer(head, np.uint8)
    for number, column in enumerate(columns, 1):
        end = len(head) + _WORD * number
        table[:, end - column.shape[1] : end] = column
    return hash_twice(table)


def _numbers(values: Sequence[int]) -> Rows:
    """Integers below 2^64 as a column; `OverflowError` for others."""
    return np.frombuffer(packed(values), np.uint8).reshape(-1, 8)


def _amounts(values: Sequence[int]) -> Rows:
    """Integers below 2^128 as a column; `OverflowError` for others."""
    try:
        return _numbers(values)
    except OverflowError:
        return _joined([value.to_bytes(16, "big") for value in values], 16)


def _joined(values: Sequence[bytes] | Rows, size: int) -> Rows:
    """Values of `size` bytes as a column."""
    if isinstance(values, np.ndarray):
        return values
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, size)
