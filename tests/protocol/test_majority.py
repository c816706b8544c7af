from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol.aggregation import ties
from labelshare.protocol.aggregation.base import Crowd, accepted, break_tie
from labelshare.protocol.aggregation.majority import majority
from labelshare.types import keccak
from tests.protocol.world import SEED

N_ITEMS, N_CLASSES = 12, 4
SIZES_OF_TASK = (N_CLASSES, 65_536)  # few classes are counted in a table, many by sorting
labels = st.dictionaries(
    st.tuples(st.integers(0, N_ITEMS - 1), st.integers(0, 8)), st.integers(0, N_CLASSES - 1), max_size=60
).map(lambda given: [(item, annotator, choice) for (item, annotator), choice in given.items()])


def crowd(rows: list[tuple[int, int, int]], n_classes: int = N_CLASSES) -> Crowd:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Crowd(N_ITEMS, n_classes, table[:, 0], table[:, 1], table[:, 2])


def by_the_book(rows: list[tuple[int, int, int]]) -> dict[int, tuple[int, int, int]]:
    """Winner, its votes and all votes of each item, one item after the other."""
    votes: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for item, _, choice in rows:
        votes[item][choice] += 1
    result = {}
    for item, counts in votes.items():
        best = max(counts.values())
        tied = [choice for choice, number in counts.items() if number == best]
        prefix = SEED + item.to_bytes(8, "big")
        winner = max(tied, key=lambda choice: keccak(prefix + choice.to_bytes(4, "big")))
        result[item] = (winner, best, counts.total())
    return result


@given(labels, st.sampled_from(SIZES_OF_TASK), st.randoms(use_true_random=False))
def test_votes_are_counted_whatever_their_order(
    rows: list[tuple[int, int, int]], n_classes: int, random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for each in (rows, shuffled):
        outcome = majority(crowd(each, n_classes), SEED)
        columns = (outcome.winners.tolist(), outcome.support.tolist(), outcome.weight.tolist())
        assert dict(zip(outcome.items.tolist(), zip(*columns, strict=True), strict=True)) == by_the_book(rows)
        assert outcome.items.tolist() == sorted(by_the_book(rows))


@given(labels, st.integers(1, 100), st.integers(1, 100))
def test_acceptance_and_confidence_are_exact(
    rows: list[tuple[int, int, int]], numerator: int, denominator: int
) -> None:
    outcome = majority(crowd(rows), SEED)
    posteriors = [
        Fraction(*pair) for pair in zip(outcome.support.tolist(), outcome.weight.tolist(), strict=True)
    ]
    expected = [posterior >= Fraction(numerator, denominator) for posterior in posteriors]
    assert accepted(outcome, numerator, denominator).tolist() == expected
    assert outcome.confidence_q16.tolist() == [int(posterior * 65_536) for posterior in posteriors]


def test_three_of_five_are_enough_and_two_of_four_are_not() -> None:
    rows = [(0, a, int(a > 2)) for a in range(5)] + [(1, a, int(a > 1)) for a in range(4)]
    outcome = majority(crowd(rows), SEED)
    assert accepted(outcome, 3, 5).tolist() == [True, False]
    assert outcome.confidence_q16.tolist() == [39_321, 32_768]


def test_ties_follow_the_seed() -> None:
    rows = [(item, a, a) for item in range(N_ITEMS) for a in range(2)]
    winners = majority(crowd(rows), SEED).winners.tolist()
    assert winners == [break_tie(SEED, item, [0, 1]) for item in range(N_ITEMS)]
    assert set(winners) == {0, 1}
    assert winners != majority(crowd(rows), keccak(b"other")).winners.tolist()


@pytest.mark.parametrize("n_classes", SIZES_OF_TASK)
def test_ties_fall_alike_where_hashes_begin_alike(monkeypatch: pytest.MonkeyPatch, n_classes: int) -> None:
    monkeypatch.setattr(ties, "_ranks", lambda _seed, items, _choices: items * 0)
    rows = [(item, a, a) for item in range(0, N_ITEMS, 2) for a in range(3)] + [(1, 0, 2)]
    winners = majority(crowd(rows, n_classes), SEED).winners.tolist()
    assert winners == [winner for _, (winner, _, _) in sorted(by_the_book(rows).items())]


@pytest.mark.parametrize("n_classes", SIZES_OF_TASK)
def test_an_outcome_is_of_64_bit_integers(n_classes: int) -> None:
    outcome = majority(crowd([(0, 0, 1), (0, 1, 2), (5, 0, 3)], n_classes), SEED)
    columns = (outcome.items, outcome.winners, outcome.support, outcome.weight)
    assert {column.dtype for column in columns} == {np.dtype(np.int64)}


def test_many_classes_cost_no_more() -> None:
    outcome = majority(crowd([(3, 0, 65_535), (3, 1, 65_535), (3, 2, 0)], 65_536), SEED)
    assert (outcome.items.tolist(), outcome.winners.tolist()) == ([3], [65_535])


def test_no_labels_no_verdicts() -> None:
    outcome = majority(crowd([]), SEED)
    assert outcome.items.size == 0
    assert accepted(outcome, 3, 5).tolist() == outcome.confidence_q16.tolist() == []
