"""Merkle trees equal to `StandardMerkleTree` of @openzeppelin/merkle-tree, proof for proof.

A leaf hash is keccak256(keccak256(abi.encode(values))), so that no inner node can pass for a leaf. Leaves are
sorted by hash and laid out backwards at the end of an array that holds a complete binary tree: the children
of node i are 2i + 1 and 2i + 2, and a parent hashes its children in sorted order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sha3 import keccak_256

from labelshare.errors import InputError
from labelshare.types import ZERO_HASH, Hash32, keccak

__all__ = ["MerkleTree", "MultiProof", "leaf_hash", "leaf_hashes", "root_of", "verify", "verify_multi"]


def leaf_hash(encoded: bytes) -> bytes:
    """The leaf of ABI-encoded values."""
    return keccak(keccak(encoded))


def leaf_hashes(encoded: Iterable[bytes]) -> list[bytes]:
    """The leaves of many ABI-encoded values."""
    hasher = keccak_256
    return [hasher(hasher(values).digest()).digest() for values in encoded]


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

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise InputError("a Merkle tree needs a leaf; the root of an empty set is zero")
        self._order = sorted(range(len(leaves)), key=leaves.__getitem__)
        self._nodes = _nodes([leaves[index] for index in self._order])
        self._places: list[int] | None = None

    def __len__(self) -> int:
        return len(self._order)

    @property
    def root(self) -> Hash32:
        """The root."""
        return Hash32(self._nodes[0])

    @property
    def order(self) -> Sequence[int]:
        """Leaf indices in tree order: neighbours here share most of their proof, so prove runs of them."""
        return self._order

    def proof(self, index: int) -> list[bytes]:
        """The siblings from leaf `index` up to the root."""
        place, siblings = self._place(index), []
        while place:
            siblings.append(self._nodes[_sibling(place)])
            place = (place - 1) // 2
        return siblings

    def multiproof(self, indices: Iterable[int]) -> MultiProof:
        """One proof of several leaves, equal to `getMultiProof` of @openzeppelin/merkle-tree."""
        places = sorted((self._place(index) for index in indices), reverse=True)
        if len(set(places)) != len(places):
            raise InputError("a leaf cannot be proven twice in one proof")
        proof, flags = self._climb(deque(places)) if places else ([self._nodes[0]], [])
        order = tuple(self._order[len(self._nodes) - 1 - place] for place in places)
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
        if self._places is None:
            self._places = [0] * len(self._order)
            for rank, leaf in enumerate(self._order):
                self._places[leaf] = len(self._nodes) - 1 - rank
        return self._places[index]


def root_of(leaves: Sequence[bytes]) -> Hash32:
    """The root over leaf hashes, zero for none."""
    return Hash32(_nodes(sorted(leaves))[0]) if leaves else ZERO_HASH


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


def _parent(one: bytes, other: bytes) -> bytes:
    return keccak(one + other if one < other else other + one)


def _sibling(place: int) -> int:
    return place + 1 if place % 2 else place - 1
