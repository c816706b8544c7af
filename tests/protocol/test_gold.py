from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import CommitmentError
from labelshare.protocol.gold import SealedGold, posted_gold, read_gold
from labelshare.protocol.spec import Spec
from labelshare.types import Hash32, keccak
from tests.protocol.world import spec_fields

SECRET = keccak(b"gold secret")
CLASSES = {0: 2, 3: 0, 5: 1}
LABELS = {item: bytes([1, 0, choice]) for item, choice in CLASSES.items()}
GOLD = SealedGold.of(SECRET, LABELS)


def spec(gold: SealedGold = GOLD, **changes: Any) -> Spec:
    rule = {"policy": "merkle.v1", "root": str(gold.root), "count": len(gold.items)} | changes
    return Spec.of(spec_fields(gold=rule))


def test_what_was_sealed_is_what_is_revealed() -> None:
    assert read_gold(GOLD.reveal) == GOLD
    assert posted_gold(spec(), (GOLD.reveal,)) == CLASSES


def test_without_gold_in_the_spec_nothing_holds() -> None:
    assert posted_gold(Spec.of(spec_fields()), (GOLD.reveal,)) == {}


def test_nothing_revealed_is_no_gold() -> None:
    assert posted_gold(spec(), ()) == {}


def test_the_first_reveal_that_holds_counts_whatever_else_is_sent() -> None:
    noise = (b"", b"\0" * 31, GOLD.reveal[:-1], GOLD.reveal + b"\0", bytes(32) + GOLD.reveal[32:])
    assert posted_gold(spec(), (*noise, GOLD.reveal, GOLD.reveal)) == CLASSES


@given(st.binary(max_size=80))
def test_other_bytes_are_no_gold(data: bytes) -> None:
    assert posted_gold(spec(), (data,)) == {}


@given(st.integers(0, len(GOLD.reveal) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, change: int) -> None:
    data = bytearray(GOLD.reveal)
    data[place] ^= change
    assert posted_gold(spec(), (bytes(data),)) == {}


@pytest.mark.parametrize(
    "gold",
    [
        SealedGold(SECRET, (3, 0), (LABELS[3], LABELS[0])),  # not ascending
        SealedGold(SECRET, (0, 0), (LABELS[0], LABELS[0])),  # twice
        SealedGold(SECRET, (0, 6), (LABELS[0], LABELS[0])),  # item 6 of 6
        SealedGold(SECRET, (0,), (b"\1\0\3",)),  # class 3 of 3
        SealedGold(SECRET, (0,), (b"",)),
    ],
)
def test_gold_that_does_not_fit_the_campaign_is_void(gold: SealedGold) -> None:
    assert posted_gold(spec(gold), (gold.reveal,)) == {}


def test_a_part_of_the_gold_is_void() -> None:
    assert posted_gold(spec(count=2), (GOLD.reveal,)) == {}


def test_salts_hide_the_answer() -> None:
    other = SealedGold.of(Hash32(keccak(b"another")), LABELS)
    assert other.root != GOLD.root
    assert other.labels == GOLD.labels


def test_bytes_cut_off_are_refused() -> None:
    with pytest.raises(CommitmentError, match="begins with a secret"):
        read_gold(b"short")
