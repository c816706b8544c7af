"""Merkle trees equal to `StandardMerkleTree` of @openzeppelin/merkle-tree, proof for proof.

A leaf hash is keccak256(keccak256(abi.encode(values))), so that no inner node can pass for a leaf. Leaves are
sorted by hash and laid out backwards at the end of an array that holds a complete binary tree: the children
of node i are 2i + 1 and 2i + 2, and a parent hashes its children in sorted order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sha3 import keccak_256

from labelshare.errors import InputError
from labelshare.protocol.keccak import Rows, expect, hash_parents, hash_twice
from labelshare.types import ZERO_HASH, Hash32, keccak

__all__ = [
    "Leaves",
    "MerkleTree",
    "MultiProof",
    "encoded_leaves",
    "leaf_hash",
    "root_of",
    "siblings",
    "verify",
    "verify_multi",
]

# Leaf hashes, one by one or as an array of shape (n, 32).
Leaves: TypeAlias = Sequence[bytes] | Rows

_SIZE: Final = 32
_MANY: Final = 128  # leaves from which on arrays sort them faster than lists


def leaf_hash(encoded: bytes) -> bytes:
    """The leaf of ABI-encoded values."""
    return keccak(keccak(encoded))


def encoded_leaves(table: Rows) -> Rows:
    """The leaves of many rows of ABI words: shape (n, 32 * words) to (n, 32)."""
    expect(3 * len(table))  # two hashes a leaf, and a tree over them
    return hash_twice(table)


@dataclass(frozen=True, slots=True)
class MultiProof:
    """A proof of several leaves, as OpenZeppelin's `multiProofVerify` takes it.

    Attributes:
        order: The leaf indices asked for, in the order in which the leaves must be given to the verifier.
        leaves: Their hashes in that order.
        proof: Sibling hashes.
        flags: Per step, whether the second operand comes from the leaves and nodes so far (or from `proof`).
    """

    order: tuple[int, ...]
    leaves: tuple[bytes, ...]
    proof: tuple[bytes, ...]
    flags: tuple[bool, ...]

    def packed_flags(self) -> list[int]:
        """The flags as the registry takes them: that of step i is bit i % 256 of word i // 256."""
        words = [0] * -(-len(self.flags) // 256)
        for step, met in enumerate(self.flags):
            words[step // 256] |= met << step % 256
        return words


class MerkleTree:
    """A tree over leaf hashes; leaves are named by their index in the sequence given."""

    def __init__(self, leaves: Leaves) -> None:
        if not len(leaves):
            raise InputError("a Merkle tree needs a leaf; the root of an empty set is zero")
        self._order: list[int] | NDArray[np.int64]
        self._nodes: list[bytes] | _Packed
        if len(leaves) < _MANY:
            hashes = _as_list(leaves)
            self._order = sorted(range(len(hashes)), key=hashes.__getitem__)
            self._nodes = _nodes([hashes[index] for index in self._order])
        else:
            rows = _as_rows(leaves)
            self._order = _ascending(rows)
            self._nodes = _packed_nodes(rows.take(self._order, axis=0))

    def __len__(self) -> int:
        return len(self._order)

    @property
    def root(self) -> Hash32:
        """The root."""
        return Hash32(self._nodes[0])

    @cached_property
    def order(self) -> Sequence[int]:
        """Leaf indices in tree order: neighbours here share most of their proof, so prove runs of them."""
        return self._order.tolist() if isinstance(self._order, np.ndarray) else self._order

    @property
    def nodes(self) -> bytes:
        """Every node, 32 bytes each, the root first: with them and a leaf's place a proof needs no tree."""
        return bytes(self._nodes.data) if isinstance(self._nodes, _Packed) else b"".join(self._nodes)

    @property
    def places(self) -> NDArray[np.int64]:
        """The place of each leaf among the nodes."""
        places = np.empty(len(self), np.int64)
        places[self._order] = 2 * len(self) - 2 - np.arange(len(self))
        return places

    def proof(self, index: int) -> list[bytes]:
        """The siblings from leaf `index` up to the root."""
        return [self._nodes[place] for place in siblings(self._place(index))]

    def multiproof(self, indices: Iterable[int]) -> MultiProof:
        """One proof of several leaves, equal to `getMultiProof` of @openzeppelin/merkle-tree."""
        places = sorted((self._place(index) for index in indices), reverse=True)
        if len(set(places)) != len(places):
            raise InputError("a leaf cannot be proven twice in one proof")
        proof, flags = self._climb(deque(places)) if places else ([self._nodes[0]], [])
        order = tuple(int(self._order[2 * len(self) - 2 - place]) for place in places)
        return MultiProof(order, tuple(self._nodes[place] for place in places), tuple(proof), tuple(flags))

    def _climb(self, queue: deque[int]) -> tuple[list[bytes], list[bool]]:
        """Take the deepest node, meet its sibling in the queue or in the proof, queue the parent."""
        proof: list[bytes] = []
        flags: list[bool] = []
        while queue[0]:
            place = queue.popleft()
            sibling = _sibling(place)
            met = bool(queue) and queue[0] == sibling
            if met:
                queue.popleft()
            else:
                proof.append(self._nodes[sibling])
            flags.append(met)
            queue.append((place - 1) // 2)
        return proof, flags

    def _place(self, index: int) -> int:
        if not 0 <= index < len(self._order):
            raise InputError(f"no leaf {index} in a tree of {len(self._order)}")
        rank = self._order.index(index) if isinstance(self._order, list) else int(self._ranks[index])
        return 2 * len(self) - 2 - rank

    @cached_property
    def _ranks(self) -> NDArray[np.int64]:
        """The place of each leaf in the order."""
        ranks = np.empty(len(self), np.int64)
        ranks[self._order] = np.arange(len(self))
        return ranks


@dataclass(frozen=True, slots=True)
class _Packed:
    """Nodes in a row, which take a third of the memory of a list of them."""

    data: bytearray

    def __getitem__(self, place: int) -> bytes:
        return bytes(self.data[_SIZE * place : _SIZE * (place + 1)])


def root_of(leaves: Leaves) -> Hash32:
    """The root over leaf hashes, zero for none."""
    if not len(leaves):
        return ZERO_HASH
    if len(leaves) < _MANY:
        return Hash32(_nodes(sorted(_as_list(leaves)))[0])
    rows = _as_rows(leaves)
    return Hash32(_packed_nodes(rows.take(_ascending(rows), axis=0))[0])


def verify(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` leads from the leaf hash to the root."""
    node = leaf
    for sibling in proof:
        node = _parent(node, sibling)
    return node == root


def verify_multi(root: bytes, proof: MultiProof) -> bool:
    """Whether the leaves of a multiproof lead to the root; False for a proof of the wrong shape."""
    if len(proof.leaves) + len(proof.proof) != len(proof.flags) + 1:
        return False
    nodes, siblings = deque(proof.leaves), deque(proof.proof)
    for met in proof.flags:
        if len(nodes) < 1 + met or not (met or siblings):
            return False
        first = nodes.popleft()
        nodes.append(_parent(first, nodes.popleft() if met else siblings.popleft()))
    left = [*nodes, *siblings]
    return len(left) == 1 and left[0] == root


def _nodes(ordered: list[bytes]) -> list[bytes]:
    """The whole array of nodes over leaf hashes already in order."""
    count, hasher = len(ordered), keccak_256
    nodes = [b""] * (count - 1) + ordered[::-1]
    for place in range(count - 2, -1, -1):
        left, right = nodes[2 * place + 1], nodes[2 * place + 2]
        nodes[place] = hasher(left + right if left < right else right + left).digest()
    return nodes


def _packed_nodes(ordered: Rows) -> _Packed:
    """The same in one piece of memory, for many leaves."""
    inner = _SIZE * (len(ordered) - 1)
    nodes = bytearray(inner + ordered.size)
    np.frombuffer(nodes, np.uint8)[inner:].reshape(ordered.shape)[:] = ordered[::-1]
    hash_parents(nodes)
    return _Packed(nodes)


def _as_list(leaves: Leaves) -> list[bytes]:
    return list(map(bytes, leaves))


def _as_rows(leaves: Leaves) -> Rows:
    if isinstance(leaves, np.ndarray):
        return leaves
    if set(map(len, leaves)) != {_SIZE}:
        raise InputError(f"a leaf is a hash of {_SIZE} bytes")
    return np.frombuffer(b"".join(leaves), np.uint8).reshape(-1, _SIZE)


def _ascending(hashes: Rows) -> NDArray[np.int64]:
    """The stable order of hashes by their bytes."""
    first = _column(hashes, 0)
    order = np.argsort(first)
    ranked = first[order]
    if (ranked[1:] != ranked[:-1]).all():
        return order
    return np.lexsort([_column(hashes, number) for number in (3, 2, 1)] + [first])


def _column(hashes: Rows, number: int) -> NDArray[np.uint64]:
    """Eight bytes of each hash as a number."""
    eight = np.ascontiguousarray(hashes[:, 8 * number : 8 * (number + 1)])
    return eight.view(">u8").ravel().astype(np.uint64)


def _parent(one: bytes, other: bytes) -> bytes:
    return keccak(one + other if one < other else other + one)


def siblings(place: int) -> Iterator[int]:
    """The places of the nodes that prove the one at a place, up to the root."""
    while place:
        yield _sibling(place)
        place = (place - 1) // 2


def _sibling(place: int) -> int:
    return place + 1 if place % 2 else place - 1
