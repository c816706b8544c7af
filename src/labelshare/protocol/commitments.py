"""Sealed labels: secrets, salts, commitment roots, openings, and which batches stand.

An annotator seals a batch of labels under one 32-byte secret. Each label's salt is an HMAC of its item under
that secret, so an opened label leaks no other. The root over the salted leaves is what is signed; the opening
is the secret with items and labels, from which anyone rebuilds the root. A batch opens whole or not at all.
"""

from __future__ import annotations

import hmac
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import lt
from typing import Final

from sha3 import keccak_256

from labelshare.errors import CommitmentError, ReplayError
from labelshare.protocol import typed_data
from labelshare.protocol.abi import address_word
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.hmac_sha256 import salt_rows
from labelshare.protocol.keccak import kernels_for
from labelshare.protocol.leaves import commit_leaves
from labelshare.protocol.merkle import root_of
from labelshare.types import Address, Commit, Hash32, Scope, keccak

__all__ = [
    "MAX_BATCH",
    "MAX_ITEMS",
    "MAX_LABEL_BYTES",
    "Enrolment",
    "Opening",
    "SignedCommit",
    "check_opening",
    "commit_root",
    "label_bytes",
    "label_digests",
    "opening_hash",
    "read_labels",
    "require_unique",
    "salts",
    "seal",
    "standing",
]

MAX_BATCH: Final = 65_536
MAX_ITEMS: Final = 2**32  # leaves hold a uint64, bundles a JSON number
MAX_LABEL_BYTES: Final = 65_535
_FEW: Final = 64  # labels
_OPENING_TAG: Final = b"OPENING.v1"
_HEAD: Final = struct.Struct(">QH")  # an item and its label's length


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A seat on the roster; `signature` over Enrol, empty for a seat that enrolled on chain alone."""

    annotator: Address
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedCommit:
    """A commitment as sent to the oracle: signature over Commit, and the items it covers, ascending."""

    annotator: Address
    commit: Commit
    signature: bytes
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens the commitment `commit_hash` of `annotator`: secret, items ascending, their label bytes."""

    annotator: Address
    commit_hash: Hash32
    secret: Hash32
    items: tuple[int, ...]
    labels: tuple[bytes, ...]


def salts(secret: bytes, items: Iterable[int]) -> list[bytes]:
    """HMAC-SHA256(secret, item as 8 bytes big-endian) per item (RFC 2104)."""
    return list(map(bytes, salt_rows(secret, tuple(items))))


def label_digests(labels: Iterable[bytes]) -> list[bytes]:
    """keccak256 of each label; equal labels are hashed once."""
    every = list(labels)
    known = {label: keccak_256(label).digest() for label in set(every)}
    return [known[label] for label in every]


def commit_root(
    scope: Scope, annotator: Address, batch: int, secret: bytes, items: Sequence[int], labels: Sequence[bytes]
) -> Hash32:
    """The root over the salted leaves of a batch."""
    if len(items) <= _FEW and kernels_for(len(items)) is None:
        return _root_of_few(scope, annotator, batch, secret, items, labels)
    digests, batch_salts = label_digests(labels), salt_rows(secret, items)
    return root_of(commit_leaves(scope, annotator, batch, items, digests, batch_salts))


def _root_of_few(
    scope: Scope, annotator: Address, batch: int, secret: bytes, items: Sequence[int], labels: Sequence[bytes]
) -> Hash32:
    """The same without arrays, which for few labels take longer to make than they save."""
    hasher, mac = keccak_256, hmac.digest
    head = domain(Kind.COMMIT, scope) + address_word(annotator) + batch.to_bytes(32, "big") + bytes(24)
    leaves = []
    for item, label in zip(items, labels, strict=True):
        number = item.to_bytes(8, "big")
        row = head + number + hasher(label).digest() + mac(secret, number, "sha256")
        leaves.append(hasher(hasher(row).digest()).digest())
    return root_of(leaves)


def seal(
    scope: Scope,
    annotator: Address,
    *,
    round_number: int,
    batch: int,
    committed_before: int,
    secret: Hash32,
    labels: Mapping[int, bytes],
) -> tuple[Commit, Opening]:
    """Commit to a batch.

    Args:
        scope: The campaign.
        annotator: Who labels.
        round_number: The round, from 0.
        batch: Number of this batch, counted from 0 through all rounds.
        committed_before: Labels in all earlier batches.
        secret: 32 fresh random bytes, never used for another batch.
        labels: Canonical label bytes by item.

    Returns:
        The commitment to sign, and its opening to keep until the reveal.

    Raises:
        CommitmentError: If the batch is empty or too large, or a label is too long.
    """
    items = tuple(sorted(labels))
    ordered = tuple(labels[item] for item in items)
    _check_shape(items, ordered)
    root = commit_root(scope, annotator, batch, secret, items, ordered)
    commit = Commit(round_number, batch, root, len(items), committed_before + len(items))
    name = typed_data.commit_hash(scope.campaign_id, commit)
    return commit, Opening(annotator, name, secret, items, ordered)


def check_opening(scope: Scope, commit: Commit, opening: Opening) -> None:
    """Raise `CommitmentError` unless the opening rebuilds exactly what the commitment says."""
    if opening.commit_hash != typed_data.commit_hash(scope.campaign_id, commit):
        raise CommitmentError(f"opening is for commitment {opening.commit_hash}")
    _check_shape(opening.items, opening.labels)
    if len(opening.items) != commit.count:
        raise CommitmentError(f"{len(opening.items)} labels opened, {commit.count} committed")
    root = commit_root(scope, opening.annotator, commit.batch, opening.secret, opening.items, opening.labels)
    if root != commit.root:
        raise CommitmentError(f"opening has root {root}, committed {commit.root}")


def opening_hash(opening: Opening) -> Hash32:
    """keccak256("OPENING.v1" ‖ commitHash ‖ secret ‖ label bytes)."""
    body = label_bytes(opening.items, opening.labels)
    return keccak(_OPENING_TAG + opening.commit_hash + opening.secret + body)


def label_bytes(items: Iterable[int], labels: Iterable[bytes]) -> bytes:
    """Labels as they are hashed, and as they are posted on chain: item 8 bytes ‖ length 2 ‖ label, each."""
    head = _HEAD.pack
    try:
        return b"".join([head(item, len(label)) + label for item, label in zip(items, labels, strict=True)])
    except struct.error:
        raise OverflowError("an item does not fit 8 bytes, or the length of a label 2") from None


def read_labels(data: bytes) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
    """Items and labels from their bytes; `CommitmentError` if these are cut off."""
    return _read_even(data) or _read_uneven(data)


def _read_even(data: bytes) -> tuple[tuple[int, ...], tuple[bytes, ...]] | None:
    """The labels where all are as long as the first, as choices are; else None. Several times quicker."""
    if len(data) < _HEAD.size:
        return None
    length = _HEAD.unpack_from(data)[1]
    if len(data) % (_HEAD.size + length):
        return None
    items, lengths, labels = zip(*struct.iter_unpack(f">QH{length}s", data), strict=True)
    return (items, labels) if set(lengths) == {length} else None


def _read_uneven(data: bytes) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
    items, labels, at, size = [], [], 0, len(data)
    while at < size:
        start = at + _HEAD.size
        item, length = _HEAD.unpack_from(data, at) if start <= size else (0, size)
        end = start + length
        if end > size:
            raise CommitmentError(f"the labels end in the middle of one, at byte {size}")
        items.append(item)
        labels.append(data[start:end])
        at = end
    return tuple(items), tuple(labels)


def standing(commits: Iterable[tuple[Address, Commit]], limit: int) -> dict[Address, list[Commit]]:
    """The commitments of each annotator that stand, by batch.

    A batch is void, and every later one of the same annotator with it, if its number is taken twice or
    follows a gap, its round is earlier than the batch before, its count is 0, its `cumulative_count` is not
    the running sum, or that sum exceeds `limit`.

    Args:
        commits: All included commitments of the campaign, in any order; the same one may be given twice (sent
        to
            the oracle and to the chain).
        limit: Labels one annotator may commit.
    """
    by_annotator: defaultdict[Address, set[Commit]] = defaultdict(set)
    for annotator, commit in commits:
        by_annotator[annotator].add(commit)
    return {annotator: _unbroken(own, limit) for annotator, own in by_annotator.items()}


def require_unique(names: Iterable[tuple[Address, Hash32]], what: str) -> None:
    """Raise `ReplayError` at the first (annotator, hash) that comes twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise ReplayError(f"{what} {name[1]} of {name[0]} is given twice")
        seen.add(name)


def _unbroken(commits: Iterable[Commit], limit: int) -> list[Commit]:
    by_batch: defaultdict[int, list[Commit]] = defaultdict(list)
    for commit in commits:
        by_batch[commit.batch].append(commit)
    kept: list[Commit] = []
    total = round_number = 0
    while len(found := by_batch.get(len(kept), [])) == 1:
        commit = found[0]
        total += commit.count
        if (
            commit.count == 0
            or commit.round < round_number
            or commit.cumulative_count != total
            or total > limit
        ):
            break
        round_number = commit.round
        kept.append(commit)
    return kept


def _check_shape(items: Sequence[int], labels: Sequence[bytes]) -> None:
    if not 0 < len(items) <= MAX_BATCH:
        raise CommitmentError(f"a batch holds 1 to {MAX_BATCH} labels, this one {len(items)}")
    if len(labels) != len(items):
        raise CommitmentError(f"{len(items)} items with {len(labels)} labels")
    if not items[0] >= 0 or items[-1] >= MAX_ITEMS or not all(map(lt, items, items[1:])):
        raise CommitmentError("items must ascend without repetition, below 2^32")
    if max(map(len, labels)) > MAX_LABEL_BYTES:
        raise CommitmentError(f"a label has at most {MAX_LABEL_BYTES} bytes")
