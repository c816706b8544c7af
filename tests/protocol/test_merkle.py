from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import InputError
from labelshare.protocol.merkle import (
    MerkleTree,
    MultiProof,
    leaf_hash,
    leaf_hashes,
    root_of,
    verify,
    verify_multi,
)
from labelshare.types import ZERO_HASH, keccak

leaf_sets = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def leaves(count: int) -> list[bytes]:
    return leaf_hashes(number.to_bytes(32, "big") for number in range(count))


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


def test_small_cases() -> None:
    one, two = leaves(2)
    assert root_of([]) == ZERO_HASH
    assert MerkleTree([one]).root == one
    assert MerkleTree([one]).proof(0) == []
    assert root_of([one, two]) == keccak(min(one, two) + max(one, two))
    assert leaf_hash(b"values") == keccak(keccak(b"values"))
    assert MerkleTree([one, one]).root == keccak(one + one)


def test_impossible_trees_and_proofs_are_refused() -> None:
    with pytest.raises(InputError, match="needs a leaf"):
        MerkleTree([])
    tree = MerkleTree(leaves(3))
    for index in (-1, 3):
        with pytest.raises(InputError, match="no leaf"):
            tree.proof(index)
    with pytest.raises(InputError, match="twice"):
        tree.multiproof([1, 1])
