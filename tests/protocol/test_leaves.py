from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import InputError
from labelshare.protocol import leaves
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.leaves import (
    Payout,
    Truth,
    commit_leaves,
    gold_leaves,
    label_leaves,
    packed,
    payout_leaf,
    payout_leaves,
    truth_leaf,
    truth_leaves,
)
from labelshare.protocol.merkle import leaf_hash
from labelshare.types import Address, Hash32, keccak
from tests.protocol.world import World, account

SCOPE = World().scope
ANN = account("ann")

uint128 = st.one_of(st.integers(0, 2**128 - 1), st.integers(0, 2**64 + 1))
uint64 = st.integers(0, 2**64 - 1)
addresses = st.binary(min_size=20, max_size=20).map(Address)
hashes = st.binary(min_size=32, max_size=32).map(Hash32)
payouts = st.builds(Payout, uint64, addresses, *[uint128] * 5)
truths = st.builds(Truth, uint64, hashes, st.integers(0, 2**32 - 1), st.booleans())
labels = st.lists(st.tuples(uint64, hashes, hashes), max_size=20)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


@given(st.lists(payouts, max_size=5))
def test_many_payouts_are_hashed_as_each(rows: list[Payout]) -> None:
    assert list(map(bytes, payout_leaves(SCOPE, rows))) == [payout_leaf(SCOPE, row) for row in rows]


@given(st.lists(truths, max_size=5))
def test_many_truths_are_hashed_as_each(rows: list[Truth]) -> None:
    assert list(map(bytes, truth_leaves(SCOPE, rows))) == [truth_leaf(SCOPE, row) for row in rows]


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Payout(number, ANN, number, 2**70, 0, number**2, 2**70 * number) for number in range(50)]
    whole = payout_leaves(SCOPE, rows)
    monkeypatch.setattr(leaves, "_CHUNK", 7)
    assert (payout_leaves(SCOPE, rows) == whole).all()


@pytest.mark.parametrize("field", ["index", "payout", "shares", "slash", "cum_payout", "cum_shares"])
@pytest.mark.parametrize("value", [-1, 2**128])
def test_an_impossible_payout_is_named(field: str, value: int) -> None:
    good = Payout(0, ANN, 1, 2, 3, 4, 5)
    changes: dict[str, Any] = {field: value}
    with pytest.raises(InputError, match=rf"Payout\.{field}: {value} does not fit"):
        payout_leaves(SCOPE, [good, replace(good, **changes)])


@given(labels)
def test_leaves_of_a_batch(rows: list[tuple[int, Hash32, Hash32]]) -> None:
    items, digests, salts = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    seat = bytes(12) + ANN + word(3)
    made = {
        Kind.LABEL: label_leaves(SCOPE, ANN, 3, iter(items), iter(digests)),
        Kind.COMMIT: commit_leaves(SCOPE, ANN, 3, items, digests, salts),
    }
    for kind, salted in ((Kind.LABEL, False), (Kind.COMMIT, True)):
        expected = [
            leaf_hash(domain(kind, SCOPE) + seat + word(item) + digest + (salt if salted else b""))
            for item, digest, salt in rows
        ]
        assert list(map(bytes, made[kind])) == expected
    head = keccak(b"GOLD.v1")
    assert list(map(bytes, gold_leaves(items, digests, salts))) == [
        leaf_hash(head + word(item) + digest + salt) for item, digest, salt in rows
    ]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"columns of \[2, 1\] values"):
        label_leaves(SCOPE, ANN, 0, [1, 2], [bytes(32)])


def test_integers_are_packed_in_eight_bytes() -> None:
    assert packed([]) == b""
    assert packed([1, 2**64 - 1]) == bytes(7) + b"\x01" + b"\xff" * 8
    assert packed(np.array([258]).tolist()) == bytes(6) + b"\x01\x02"
    for value in (-1, 2**64):
        with pytest.raises(OverflowError):
            packed([value])
