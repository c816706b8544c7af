from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol.assignment import (
    Plan,
    RoundFacts,
    cap_labels,
    checker,
    is_assigned,
    label_limit,
    offers,
    places,
    ranking,
)
from labelshare.types import Address, keccak
from tests.protocol.world import SEED

ROSTER = tuple(Address(keccak(bytes([number]))[:20]) for number in range(12))


def plan(n_items: int = 30, k: int = 3, limit: int = 1000, roster: tuple[Address, ...] = ROSTER) -> Plan:
    return Plan(SEED, roster, n_items, k, limit)


def everybody(terms: Plan, history: list[RoundFacts]) -> RoundFacts:
    """A round in which all assigned labels were committed and published."""
    return RoundFacts({who: frozenset(items) for who, items in places(terms, history).items()})


def test_the_ranking_is_by_hash() -> None:
    order = ranking(SEED, 7, ROSTER)
    hashes = [keccak(SEED + (7).to_bytes(8, "big") + annotator) for annotator in order]
    assert hashes == sorted(hashes)
    assert sorted(order) == sorted(ROSTER)
    assert ranking(SEED, 7, ROSTER[::-1]) == order != ranking(SEED, 8, ROSTER)


def test_each_item_gets_k_different_annotators() -> None:
    terms = plan()
    given_places = places(terms, [])
    assert Counter(item for items in given_places.values() for item in items) == dict.fromkeys(range(30), 3)
    for item in range(30):
        assert offers(terms, [], item)[0] == ranking(SEED, item, ROSTER)[:3]


def test_nothing_is_left_once_every_place_is_filled() -> None:
    terms = plan()
    assert places(terms, [everybody(terms, [])]) == {}


def test_a_place_not_taken_passes_on() -> None:
    terms, item = plan(), 5
    first, second, third, fourth, fifth, *_ = ranking(SEED, item, ROSTER)
    history = [RoundFacts({second: frozenset({item})})]
    assert offers(terms, history, item) == [[first, second, third], [fourth, fifth]]


def test_after_the_last_rank_places_come_round_again() -> None:
    terms = plan(roster=ROSTER[:4])
    order = ranking(SEED, 0, ROSTER[:4])
    rounds = offers(terms, [RoundFacts()] * 3, 0)
    assert rounds == [order[:3], [order[3], *order[:2]], [order[2], order[3], order[0]], order[1:4]]


def test_who_committed_alone_is_taken_to_have_filled_its_places() -> None:
    terms, item = plan(), 5
    first, second, third, fourth, *_ = ranking(SEED, item, ROSTER)
    history = [RoundFacts({second: frozenset({item})}, {first: 1})]
    assert offers(terms, history, item)[1] == [fourth]
    assert third not in offers(terms, history, item)[1]


def test_items_that_were_not_assigned_fill_nothing() -> None:
    terms, item = plan(), 5
    order = ranking(SEED, item, ROSTER)
    history = [RoundFacts({order[10]: frozenset({item}), order[11]: frozenset({item})})]
    assert offers(terms, history, item)[1] == order[3:6]


def test_who_has_reached_the_limit_is_passed_over() -> None:
    terms, item = plan(limit=2), 5
    first, second, third, fourth, *_ = ranking(SEED, item, ROSTER)
    history = [RoundFacts({fourth: frozenset({90, 91})}, {})]
    assert fourth not in offers(terms, history, item)[1]
    assert offers(terms, [RoundFacts({}, {fourth: 2})], item)[1] == offers(terms, history, item)[1]
    assert fourth in offers(terms, [RoundFacts({fourth: frozenset({90})})], item)[1]
    assert {first, second, third} == set(offers(terms, history, item)[0])


def test_nobody_works_with_a_limit_of_nothing() -> None:
    assert places(plan(limit=0), []) == {}


histories = st.lists(
    st.builds(
        RoundFacts,
        st.dictionaries(st.sampled_from(ROSTER), st.frozensets(st.integers(0, 5))),
        st.dictionaries(st.sampled_from(ROSTER), st.integers(1, 3)),
    ),
    max_size=4,
)


@given(histories, st.integers(1, 5), st.integers(0, 8))
def test_one_place_is_checked_alone_as_in_the_whole(history: list[RoundFacts], k: int, limit: int) -> None:
    terms = plan(n_items=6, k=k, limit=limit)
    whole, check = places(terms, history), checker(terms, history)
    for annotator in ROSTER:
        for item in range(6):
            expected = item in whole.get(annotator, [])
            assert is_assigned(terms, history, annotator, item) == expected
            assert check(annotator, len(history), item) == expected
        assert not is_assigned(terms, history, annotator, 6)
        assert not is_assigned(terms, history, annotator, -1)


@given(histories, st.integers(1, 5))
def test_an_item_never_has_more_than_k_filled_places(history: list[RoundFacts], k: int) -> None:
    rounds = offers(plan(n_items=6, k=k), history, 0)
    filled = [
        annotator
        for facts, chosen in zip(history, rounds, strict=False)
        for annotator in chosen
        if annotator in facts.alone or 0 in facts.items.get(annotator, ())
    ]
    assert len(set(filled)) == len(filled) <= k


@given(histories)
def test_the_past_does_not_change(history: list[RoundFacts]) -> None:
    terms = plan(n_items=6)
    for item in range(6):
        rounds = offers(terms, history, item)
        assert [offers(terms, history[:number], item)[-1] for number in range(len(history) + 1)] == rounds


def test_limits() -> None:
    assert [cap_labels(n, 2000) for n in (1, 4, 5, 6, 1000)] == [1, 1, 1, 2, 200]
    assert label_limit(200, 1000, 0) == 200
    assert label_limit(200, 1000, 10) == 100
    assert label_limit(50, 1000, 10) == 50
    assert label_limit(50, 9, 10) == 0


@pytest.mark.slow
def test_ten_thousand_items_and_a_hundred_seats_take_seconds() -> None:
    roster = tuple(Address(keccak(number.to_bytes(2, "big"))[:20]) for number in range(100))
    start = time.process_time()
    given_places = places(plan(n_items=10_000, roster=roster), [])
    assert time.process_time() - start < 30
    assert sum(map(len, given_places.values())) == 30_000
    assert max(map(len, given_places.values())) < 400
