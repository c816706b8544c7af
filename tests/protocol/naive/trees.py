"""Hashes, ids, leaves and trees: section 2 of docs/settlement.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from sha3 import keccak_256


def keccak(data: bytes) -> bytes:
    return bytes(keccak_256(data).digest())


def word(value: int | bytes) -> bytes:
    """One ABI word: integers, booleans and addresses stand right, 32 bytes fill it."""
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    if len(value) not in (20, 32):
        raise ValueError(f"neither an address nor a bytes32: {value!r}")
    return bytes(12) + value if len(value) == 20 else bytes(value)


def words(*values: int | bytes) -> bytes:
    return b"".join(word(value) for value in values)


def struct(value: Any) -> bytes:
    """A static struct: its fields in line, an inner struct's inside."""
    parts = [getattr(value, field.name) for field in fields(value)]
    return b"".join(struct(part) if is_dataclass(part) else word(part) for part in parts)


def id_of(chain_id: int, registry: bytes, params: Any) -> bytes:
    """The id of a pool or a campaign."""
    return keccak(words(chain_id, registry) + struct(params))


class Domain:
    """What binds a leaf to its kind, chain, registry and campaign."""

    def __init__(self, chain_id: int, registry: bytes, campaign_id: bytes) -> None:
        self.chain_id = chain_id
        self.registry = registry
        self.campaign_id = campaign_id

    def word(self, kind: str) -> bytes:
        name = (kind + ".v1").encode()
        head = words(4 * 32, self.chain_id, self.registry, self.campaign_id)
        return keccak(head + word(len(name)) + name.ljust(32, b"\0"))

    def leaf(self, kind: str, *values: int | bytes) -> bytes:
        return leaf(self.word(kind), *values)


def leaf(*values: int | bytes) -> bytes:
    return keccak(keccak(words(*values)))


def root(leaves: Iterable[bytes]) -> bytes:
    """The root of a tree as `StandardMerkleTree` builds it."""
    hashes = sorted(leaves, reverse=True)
    if not hashes:
        return bytes(32)
    nodes = [b""] * (len(hashes) - 1) + hashes
    for i in range(len(hashes) - 2, -1, -1):
        nodes[i] = keccak(b"".join(sorted(nodes[2 * i + 1 : 2 * i + 3])))
    return nodes[0]
