"""What people sign, commit to and open: section 5 of docs/settlement.md."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

import coincurve

from tests.protocol.naive.trees import Domain, keccak, root, words

GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
TYPES = {
    "EIP712Domain": "string name,string version,uint256 chainId,address verifyingContract",
    "Enrol": "bytes32 campaignId",
    "Commit": "bytes32 campaignId,uint32 round,uint32 batch,bytes32 root,uint32 count,uint32 cumulativeCount",
    "Receipt": "bytes32 campaignId,address annotator,bytes32 commitHash",
    "OpeningReceipt": "bytes32 campaignId,address annotator,bytes32 openingHash",
}


@dataclass(frozen=True)
class Commitment:
    """A commitment and how it got in.

    Where an aggregate holds it, it has `signature` and `items`, the published list; `bound` says whether that
    list binds it, which it does not where the commitment was (also) sent alone, nor in a public settlement.
    """

    annotator: bytes
    round: int
    batch: int
    root: bytes
    count: int
    cumulative_count: int
    hash: bytes
    signature: bytes = b""
    items: tuple[int, ...] = ()
    bound: bool = False

    @property
    def aggregated(self) -> bool:
        return self.signature != b""

    @property
    def order(self) -> tuple[int, bytes, int, bytes]:
        return self.round, self.annotator, self.batch, self.hash


def struct_hash(name: str, *values: int | bytes) -> bytes:
    return keccak(keccak(f"{name}({TYPES[name]})".encode()) + words(*values))


def domain_separator(chain_id: int, registry: bytes) -> bytes:
    return struct_hash("EIP712Domain", keccak(b"labelshare"), keccak(b"1"), chain_id, registry)


def digest(domain: Domain, hashed: bytes) -> bytes:
    return keccak(b"\x19\x01" + domain_separator(domain.chain_id, domain.registry) + hashed)


def signer(signed: bytes, signature: bytes) -> bytes | None:
    """Whose account made the signature; None if it is not one."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (0 < r < GROUP_ORDER and 0 < s <= GROUP_ORDER // 2):
        return None
    try:
        key = coincurve.PublicKey.from_signature_and_message(
            signature[:64] + bytes([signature[64] - 27]), signed, hasher=None
        )
    except ValueError:
        return None
    return keccak(key.format(compressed=False)[1:])[12:]


def salt(secret: bytes, item: int) -> bytes:
    return hmac.digest(secret, item.to_bytes(8, "big"), "sha256")


def are_batch(items: tuple[int, ...]) -> bool:
    if not 1 <= len(items) <= 65_536:
        return False
    return list(items) == sorted(set(items)) and items[-1] < 2**32


def batch_root(
    domain: Domain,
    annotator: bytes,
    batch: int,
    secret: bytes,
    items: tuple[int, ...],
    labels: tuple[bytes, ...],
) -> bytes:
    return root(
        domain.leaf("COMMIT", annotator, batch, item, keccak(label), salt(secret, item))
        for item, label in zip(items, labels, strict=True)
    )


def label_bytes(items: Iterable[int], labels: Iterable[bytes]) -> bytes:
    return b"".join(
        item.to_bytes(8, "big") + len(label).to_bytes(2, "big") + label
        for item, label in zip(items, labels, strict=True)
    )


def read_labels(data: bytes) -> tuple[tuple[int, ...], tuple[bytes, ...]] | None:
    """Items and labels from `item (8) ‖ length (2) ‖ label` in line; None if the bytes end too early."""
    items, labels = [], []
    start = 0
    while start < len(data):
        end = start + 10 + int.from_bytes(data[start + 8 : start + 10], "big")
        if end > len(data):
            return None
        items.append(int.from_bytes(data[start : start + 8], "big"))
        labels.append(data[start + 10 : end])
        start = end
    return tuple(items), tuple(labels)


def opening_hash(commit_hash: bytes, secret: bytes, labels: bytes) -> bytes:
    return keccak(b"OPENING.v1" + commit_hash + secret + labels)


def aggregate_root(domain: Domain, commits: Iterable[Commitment]) -> bytes:
    return root(domain.leaf("AGGREGATE", each.annotator, each.hash) for each in commits)


def item_lists_hash(commits: Iterable[Commitment]) -> bytes:
    data = b""
    for each in sorted(commits, key=lambda commit: commit.order):
        data += each.annotator + each.batch.to_bytes(4, "big") + each.count.to_bytes(4, "big")
        data += b"".join(item.to_bytes(8, "big") for item in each.items)
    return keccak(data)


def standing(included: Iterable[Commitment], limit: int) -> list[Commitment]:
    """Of one annotator's included commitments, those that stand."""
    by_batch: dict[int, list[Commitment]] = {}
    for commit in included:
        by_batch.setdefault(commit.batch, []).append(commit)
    stand: list[Commitment] = []
    total = 0
    while len(here := by_batch.get(len(stand), [])) == 1:
        commit = here[0]
        total += commit.count
        turned_back = bool(stand) and commit.round < stand[-1].round
        if turned_back or commit.count == 0 or commit.cumulative_count != total or total > limit:
            break
        stand.append(commit)
    return stand
