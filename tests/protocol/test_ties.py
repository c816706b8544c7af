"""Ties of many items at once fall as each does on its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol.aggregation import ties
from labelshare.protocol.aggregation.base import Integers, break_tie
from labelshare.protocol.aggregation.ties import highest, leaders, settle_ties
from labelshare.types import Hash32, keccak
from tests.protocol.world import SEED

seeds = st.integers(0, 2**32).map(lambda number: keccak(number.to_bytes(8, "big")))
columns = st.lists(
    st.tuples(
        st.integers(0, 2**32 - 1),
        st.lists(
            st.sampled_from([-(2**55), -1, 0, 1, 2**55, np.iinfo(np.int64).min]), min_size=4, max_size=4
        ),
    ),
    min_size=1,
    max_size=12,
)
contests = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.sets(st.integers(0, 2**32 - 1), min_size=1, max_size=5)),
    max_size=9,
)


def coarse(seed: Hash32, items: Integers, choices: Integers) -> np.ndarray:
    """Ranks of which many are equal: the first two bits of the eight bytes."""
    return RANKS(seed, items, choices) >> np.uint64(62)


def level(_seed: Hash32, items: Integers, _choices: Integers) -> np.ndarray:
    return np.zeros(items.size, dtype=np.uint64)


RANKS = ties._ranks
WAYS = {"by eight bytes": RANKS, "some begin alike": coarse, "all begin alike": level}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_highest_wins_and_ties_fall_one_by_one(way: object) -> None:
    @given(columns, seeds)
    def agrees(rows: list[tuple[int, list[int]]], seed: Hash32) -> None:
        items = np.array([item for item, _ in rows], dtype=np.int64)
        scores = np.array([each for _, each in rows], dtype=np.int64).T.copy()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ties, "_ranks", way)
            found = highest(scores, items, seed).tolist()
        for (item, each), winner in zip(rows, found, strict=True):
            tied = [choice for choice, score in enumerate(each) if score == max(each)]
            assert winner == break_tie(seed, item, tied)

    agrees()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_contests_of_any_size_are_settled_in_their_order(way: object) -> None:
    @given(contests, seeds, st.integers(0, 5))
    def agrees(rows: list[tuple[int, set[int]]], seed: Hash32, step: int) -> None:
        flat = [
            (item, place * (step + 1), choice) for place, (item, tied) in enumerate(rows) for choice in tied
        ]
        table = np.array(flat, dtype=np.int64).reshape(-1, 3)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ties, "_ranks", way)
            found = settle_ties(seed, table[:, 0], table[:, 1], table[:, 2])
        assert found.dtype == np.int64
        assert found.tolist() == [break_tie(seed, item, list(tied)) for item, tied in rows]

    agrees()


def test_ranks_are_the_first_eight_bytes_of_the_hash() -> None:
    rank = RANKS(SEED, np.array([7]), np.array([2**32 - 1]))
    hashed = keccak(SEED + (7).to_bytes(8, "big") + (2**32 - 1).to_bytes(4, "big"))
    assert rank.tolist() == [int.from_bytes(hashed[:8], "big")]


def test_the_slow_way_is_taken_only_where_hashes_begin_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []

    def recorded(seed: Hash32, item: int, tied: list[int]) -> int:
        asked.append(tied)
        return break_tie(seed, item, tied)

    monkeypatch.setattr(ties, "break_tie", recorded)
    scores = np.zeros((3, 2), dtype=np.int64)
    highest(scores, np.arange(2), SEED)
    assert asked == []
    monkeypatch.setattr(ties, "_ranks", level)
    highest(scores, np.arange(2), SEED)
    assert asked == [[0, 1, 2], [0, 1, 2]]


def test_leaders_are_all_that_lead() -> None:
    best, tied, choices = leaders(np.array([[3, 0, 5], [3, 1, 5], [2, 0, 5]], dtype=np.int64))
    assert best.tolist() == [1, 1, 2]
    assert (tied.tolist(), choices.tolist()) == ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])


def test_no_columns_no_winners() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert highest(np.zeros((3, 0), dtype=np.int64), nothing, SEED).size == 0
    assert settle_ties(SEED, nothing, nothing, nothing).size == 0
