from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import InputError
from labelshare.protocol import keccak as hashing
from labelshare.protocol.keccak import Rows
from labelshare.protocol.merkle import (
    MerkleTree,
    MultiProof,
    encoded_leaves,
    leaf_hash,
    root_of,
    verify,
    verify_multi,
)
from labelshare.types import ZERO_HASH, keccak

leaf_sets = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(32, "big")) for number in range(count)]


def as_rows(hashes: Sequence[bytes]) -> Rows:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)


def plain_nodes(hashes: Sequence[bytes]) -> list[bytes]:
    """The nodes as the definition says."""
    count = len(hashes)
    nodes = [b""] * (count - 1) + sorted(hashes, reverse=True)
    for place in range(count - 2, -1, -1):
        nodes[place] = keccak(b"".join(sorted(nodes[2 * place + 1 : 2 * place + 3])))
    return nodes


def require_equal(tree: MerkleTree, other: MerkleTree) -> None:
    count = len(tree)
    assert tree.root == other.root
    assert len(other) == count
    assert list(tree.order) == list(other.order)
    indices = range(0, count, 1 + count // 60)
    assert [tree.proof(index) for index in indices] == [other.proof(index) for index in indices]
    assert tree.multiproof(indices) == other.multiproof(indices)


def require_definition(hashes: list[bytes]) -> None:
    tree, nodes = MerkleTree(hashes), plain_nodes(hashes)
    assert tree.root == root_of(hashes) == root_of(as_rows(hashes)) == nodes[0]
    assert list(tree.order) == sorted(range(len(hashes)), key=hashes.__getitem__)
    assert all(type(index) is int for index in tree.order)
    require_equal(tree, MerkleTree(as_rows(hashes)))
    assert all(verify(tree.root, leaf, tree.proof(index)) for index, leaf in enumerate(hashes))


@given(leaf_sets)
def test_every_leaf_is_proven(hashes: list[bytes]) -> None:
    tree = MerkleTree(hashes)
    assert tree.root == root_of(hashes)
    assert len(tree) == len(hashes)
    assert all(verify(tree.root, leaf, tree.proof(index)) for index, leaf in enumerate(hashes))


@given(leaf_sets, st.randoms(use_true_random=False))
def test_the_root_does_not_depend_on_the_order(hashes: list[bytes], random: object) -> None:
    shuffled = list(hashes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert root_of(shuffled) == root_of(hashes)


@given(leaf_sets, st.data())
def test_every_subset_is_proven_at_once(hashes: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(hashes)
    chosen = data.draw(st.lists(st.sampled_from(range(len(hashes))), unique=True))
    proof = tree.multiproof(chosen)
    assert sorted(proof.order) == sorted(chosen)
    assert proof.leaves == tuple(hashes[index] for index in proof.order)
    assert verify_multi(tree.root, proof)


@given(leaf_sets, st.binary(min_size=32, max_size=32))
def test_a_stranger_is_not_proven(hashes: list[bytes], stranger: bytes) -> None:
    tree = MerkleTree(hashes)
    if stranger not in hashes:
        assert not any(verify(tree.root, stranger, tree.proof(index)) for index in range(len(hashes)))


def test_an_altered_multiproof_fails() -> None:
    tree = MerkleTree(leaves(11))
    proof = tree.multiproof([2, 3, 9])
    altered = [
        dataclasses.replace(proof, leaves=(bytes(32), *proof.leaves[1:])),
        dataclasses.replace(proof, proof=(bytes(32), *proof.proof[1:])),
        dataclasses.replace(proof, proof=proof.proof[1:]),
        dataclasses.replace(proof, flags=proof.flags[1:]),
        dataclasses.replace(proof, flags=(*proof.flags[1:], proof.flags[0])),
        dataclasses.replace(proof, leaves=proof.leaves[:-1]),
        MultiProof((), (), (), ()),
        MultiProof((), (bytes(32),), (), (True,)),
        MultiProof((), (), (), (True,)),
    ]
    assert verify_multi(tree.root, proof)
    assert not any(verify_multi(tree.root, each) for each in altered)


def test_neighbours_in_tree_order_share_their_proof() -> None:
    tree = MerkleTree(leaves(1 << 12))
    run = tree.order[512 : 512 + 100]
    assert len(tree.multiproof(run).proof) <= 2 * 12
    assert len(tree.multiproof(range(100)).proof) > 400


def test_lists_and_arrays_of_every_size_make_the_same_tree() -> None:
    for count in [*range(1, 71), 127, 128, 129, 257]:
        require_definition(leaves(count))


@pytest.mark.parametrize("count", [5, 70, 300])
def test_leaves_may_be_equal_or_begin_alike(count: int) -> None:
    distinct = leaves(count // 3 + 1)
    require_definition([distinct[number % len(distinct)] for number in range(count)])
    require_definition([bytes(8) + leaf[:24] for leaf in leaves(count)])
    require_definition([bytes(31) + bytes([number % 7]) for number in range(count)])
    require_definition([bytes(32)] * count)


def test_a_large_tree_is_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    hashes = np.random.default_rng(7).integers(0, 256, (20_011, 32), dtype=np.uint8)
    hashes[::1_000] = hashes[0]
    trees = []
    for expected in (0, 10**9):
        monkeypatch.setattr(hashing, "_loader", hashing._Loader())
        hashing.expect(expected)
        trees.append(MerkleTree(hashes))
    require_equal(*trees)
    assert trees[0].root == plain_nodes(list(map(bytes, hashes)))[0]


def test_many_encoded_rows_are_hashed_as_each() -> None:
    table = np.random.default_rng(7).integers(0, 256, (50, 64), dtype=np.uint8)
    assert list(map(bytes, encoded_leaves(table))) == [leaf_hash(row.tobytes()) for row in table]


def test_what_is_not_a_hash_is_no_leaf() -> None:
    with pytest.raises(InputError, match="32 bytes"):
        root_of([bytes(31), bytes(33)] * 100)


def test_small_cases() -> None:
    one, two = leaves(2)
    assert root_of([]) == root_of(np.empty((0, 32), np.uint8)) == ZERO_HASH
    assert MerkleTree([one]).root == one
    assert MerkleTree([one]).proof(0) == []
    assert root_of([one, two]) == keccak(min(one, two) + max(one, two))
    assert leaf_hash(b"values") == keccak(keccak(b"values"))
    assert MerkleTree([one, one]).root == keccak(one + one)


def test_impossible_trees_and_proofs_are_refused() -> None:
    with pytest.raises(InputError, match="needs a leaf"):
        MerkleTree([])
    with pytest.raises(InputError, match="needs a leaf"):
        MerkleTree(np.empty((0, 32), np.uint8))
    tree = MerkleTree(leaves(3))
    for index in (-1, 3):
        with pytest.raises(InputError, match="no leaf"):
            tree.proof(index)
    with pytest.raises(InputError, match="twice"):
        tree.multiproof([1, 1])
