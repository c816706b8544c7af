from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol.aggregation.base import Crowd, break_tie
from labelshare.protocol.aggregation.leave_one_out import NONE, Peers, peers
from labelshare.protocol.aggregation.majority import majority
from labelshare.types import keccak
from tests.protocol.world import SEED

N_ITEMS = 7
N_CLASSES = 4
Row = tuple[int, int, int]

crowds = st.lists(
    st.tuples(st.integers(0, N_ITEMS - 1), st.integers(0, 5), st.integers(0, N_CLASSES - 1)),
    max_size=40,
    unique_by=lambda row: row[:2],
)


def crowd_of(rows: list[Row]) -> Crowd:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Crowd(N_ITEMS, N_CLASSES, *columns)


def found(rows: list[Row], n_annotators: int = 6) -> Peers:
    crowd = crowd_of(rows)
    return peers(crowd, majority(crowd, SEED), SEED, n_annotators)


def winners_without(rows: list[Row], annotator: int) -> dict[int, int]:
    """The vote counted anew without somebody, in plain Python."""
    votes: dict[int, Counter[int]] = {}
    for item, who, choice in rows:
        if who != annotator:
            votes.setdefault(item, Counter())[choice] += 1
    result = {}
    for item, counts in votes.items():
        most = max(counts.values())
        result[item] = break_tie(SEED, item, [choice for choice, n in counts.items() if n == most])
    return result


@given(crowds)
def test_it_is_the_vote_counted_again_without_each(rows: list[Row]) -> None:
    result = found(rows)
    for who in range(6):
        winners = winners_without(rows, who)
        wins = Counter(winners.values())
        assert result.n_items[who] == len(winners)
        for place, (item, annotator, choice) in enumerate(rows):
            if annotator == who:
                assert result.references[place] == winners.get(item, NONE)
                assert result.chance[place] == wins[choice]


@given(crowds, st.integers(0, 5), st.data())
def test_nobody_moves_its_own_yardstick(rows: list[Row], who: int, data: st.DataObject) -> None:
    other = [
        (item, annotator, data.draw(st.integers(0, N_CLASSES - 1)) if annotator == who else choice)
        for item, annotator, choice in rows
    ]
    before, after = found(rows), found(other)
    own = [place for place, row in enumerate(rows) if row[1] == who]
    assert before.references[own].tolist() == after.references[own].tolist()
    assert before.n_items[who] == after.n_items[who]


def test_a_tie_without_oneself_falls_by_the_seed() -> None:
    """Two against one: without one of the two it is one against one."""
    expected = {seed: break_tie(keccak(bytes([seed])), 0, [0, 1]) for seed in range(20)}
    assert set(expected.values()) == {0, 1}
    crowd = crowd_of([(0, 0, 0), (0, 1, 0), (0, 2, 1)])
    for number, heir in expected.items():
        seed = keccak(bytes([number]))
        result = peers(crowd, majority(crowd, seed), seed, 3)
        assert result.references.tolist() == [heir, heir, 0]


def test_no_labels_no_peers() -> None:
    result = found([], 0)
    assert (result.references.size, result.chance.size, result.n_items.size) == (0, 0, 0)
    assert found([], 2).n_items.tolist() == [0, 0]


def test_many_classes_do_not_overflow() -> None:
    big = 2**32
    rows = np.array([(999_999, 5, big - 1), (999_999, 4, big - 1), (0, 5, 3)], dtype=np.int64).T
    crowd = Crowd(1_000_000, big, *rows)
    result = peers(crowd, majority(crowd, SEED), SEED, 6)
    assert result.references.tolist() == [big - 1, big - 1, NONE]
    assert result.n_items.tolist() == [2, 2, 2, 2, 2, 1]
