"""Attackers take their part of every item's places, and no seat has an item twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.economics.mixing import LONG, Attack, Mixed, deal, fitting, mix
from labelshare.economics.strategies import Strategy
from tests.economics.scenes import honest_scene

SCENE = honest_scene()


def mixed(share: float, seat_labels: int = 10, *, by_lot: bool = False, seed: int = 1) -> Mixed:
    attack = Attack(Strategy.RANDOM, share, seat_labels, by_lot=by_lot)
    return mix(SCENE.crowd, SCENE.question, attack, np.random.default_rng(seed))


def per_item(items: np.ndarray) -> np.ndarray:
    return np.bincount(items, minlength=SCENE.question.truth.size)


@given(st.floats(0, 1), st.integers(1, 300), st.booleans(), st.integers(0, 1_000))
def test_every_item_keeps_its_labels_and_no_seat_has_it_twice(
    share: float, seat_labels: int, by_lot: bool, seed: int
) -> None:
    made = mixed(share, seat_labels, by_lot=by_lot, seed=seed).labels

    assert (per_item(made.items) == per_item(SCENE.crowd.items)).all()
    assert np.unique(made.items * made.n_seats + made.seats).size == made.items.size
    assert made.seats.max() < made.n_seats


@pytest.mark.parametrize(
    ("share", "places"), [(0.2, {1}), (0.4, {2}), (0.6, {3}), (0.3, {1, 2}), (0, {0}), (1, {5})]
)
def test_the_part_is_that_of_every_item(share: float, places: set[int]) -> None:
    made = mixed(share)
    theirs = made.labels.items[made.attackers[made.labels.seats]]

    assert set(per_item(theirs).tolist()) == places
    assert theirs.size == pytest.approx(share * SCENE.crowd.items.size, rel=0.05)


def test_by_lot_some_items_have_more_of_them_than_others() -> None:
    made = mixed(0.3, by_lot=True)
    theirs = made.labels.items[made.attackers[made.labels.seats]]

    assert set(per_item(theirs).tolist()) >= {0, 1, 2, 3}
    assert theirs.size == pytest.approx(0.3 * SCENE.crowd.items.size, rel=0.1)


def test_the_crowds_own_labels_are_not_touched() -> None:
    made = mixed(0.4)
    stayed = ~made.attackers[made.labels.seats]
    before = set(
        zip(
            *(column.tolist() for column in (SCENE.crowd.items, SCENE.crowd.seats, SCENE.crowd.classes)),
            strict=True,
        )
    )
    rows = (made.labels.items, made.labels.seats, made.labels.classes)

    assert set(zip(*(column[stayed].tolist() for column in rows), strict=True)) < before
    assert made.looked[stayed].all()
    assert not made.looked[~stayed].any()
    assert made.looks.sum() == stayed.sum()


@pytest.mark.parametrize("seat_labels", [1, 7, 40])
def test_seats_have_as_many_labels_as_asked_for_alike(seat_labels: int) -> None:
    places = deal(np.repeat(np.arange(50), 4), 50, seat_labels, np.random.default_rng(1))
    labels = np.bincount(places.seats)

    assert labels.max() <= seat_labels
    assert labels.max() - labels.min() <= 1


def test_there_are_as_many_seats_as_an_item_has_places_however_long_the_records() -> None:
    places = deal(np.repeat(np.arange(5), 4), 5, 1_000, np.random.default_rng(1))

    assert np.bincount(places.seats).tolist() == [5, 5, 5, 5]


def test_no_record_is_longer_than_a_seat_may_give() -> None:
    assert fitting((5, 19, 30, LONG), 19) == (5, LONG)
    assert fitting((5, 19), 100) == (5, 19)
    assert fitting((30,), 6) == (LONG,)
