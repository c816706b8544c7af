"""Strategies are what their names say, and know no more than they can."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from labelshare.economics.strategies import ANSWERS, EFFORTLESS, Answers, Habits, Places, Strategy, answer
from tests.economics.scenes import question_of

TRUTH = question_of(*(item % 3 for item in range(300)))
SEATS = 6
PLACES = Places(np.repeat(np.arange(300), 4), np.arange(1_200) % SEATS)


def given(strategy: Strategy, habits: Habits | None = None, seed: int = 1) -> Answers:
    return answer(strategy, TRUTH, PLACES, habits or Habits(), np.random.default_rng(seed))


def right(strategy: Strategy, habits: Habits | None = None) -> float:
    return float(np.mean(given(strategy, habits).classes == TRUTH.truth[PLACES.items]))


def by_item(classes: np.ndarray) -> list[set[int]]:
    return [set(classes[PLACES.items == item].tolist()) for item in range(300)]


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy_answers_every_place_with_a_class_the_same_for_the_same_dice(
    strategy: Strategy,
) -> None:
    first, again, other = given(strategy), given(strategy), given(strategy, seed=2)

    assert strategy in ANSWERS
    assert first.classes.shape == first.looked.shape == PLACES.items.shape
    assert set(first.classes.tolist()) <= {0, 1, 2}
    assert (first.classes == again.classes).all()
    assert strategy is Strategy.FREQUENT or (first.classes != other.classes).any()


def test_the_honest_look_at_everything_and_are_right_as_often_as_they_see() -> None:
    assert given(Strategy.HONEST).looked.all()
    assert right(Strategy.HONEST, Habits(accuracy=1.0)) == 1
    assert right(Strategy.HONEST, Habits(accuracy=0.0)) == 0
    assert right(Strategy.HONEST) == pytest.approx(0.85, abs=0.03)


def test_the_lazy_look_at_a_part_and_guess_the_rest() -> None:
    lazy = given(Strategy.LAZY, Habits(accuracy=1.0, looks=0.5))

    assert lazy.looked.mean() == pytest.approx(0.5, abs=0.04)
    correct = lazy.classes == TRUTH.truth[PLACES.items]
    assert correct[lazy.looked].all()
    assert correct[~lazy.looked].mean() == pytest.approx(1 / 3, abs=0.06)


@pytest.mark.parametrize("strategy", EFFORTLESS)
def test_who_makes_no_effort_never_looks_and_is_right_by_chance(strategy: Strategy) -> None:
    assert not given(strategy).looked.any()
    assert right(strategy) == pytest.approx(1 / 3, abs=0.06)


def test_a_constant_seat_gives_one_class_and_seats_differ() -> None:
    classes = given(Strategy.CONSTANT).classes
    of_seat = [set(classes[PLACES.seats == seat].tolist()) for seat in range(SEATS)]

    assert all(len(each) == 1 for each in of_seat)
    assert len(set.union(*of_seat)) > 1


def test_the_frequent_class_is_all_that_is_given() -> None:
    assert set(given(Strategy.FREQUENT).classes.tolist()) == {TRUTH.frequent}


def test_guesses_of_one_item_differ_between_seats() -> None:
    assert sum(len(each) > 1 for each in by_item(given(Strategy.RANDOM).classes)) > 200


@pytest.mark.parametrize("strategy", [Strategy.COLLUDING, Strategy.COPYING, Strategy.WRECKING])
def test_own_seats_on_an_item_say_the_same(strategy: Strategy) -> None:
    classes = given(strategy).classes

    assert all(len(each) == 1 for each in by_item(classes))
    assert len(set(classes.tolist())) == 3


def test_one_look_an_item_is_shared() -> None:
    for strategy in (Strategy.COPYING, Strategy.WRECKING):
        looked = given(strategy).looked
        assert [int(looked[PLACES.items == item].sum()) for item in range(300)] == [1] * 300


def test_copies_are_right_as_often_as_the_look_and_wreckers_never_say_what_they_saw() -> None:
    sure = Habits(accuracy=1.0)

    assert right(Strategy.COPYING, sure) == 1
    assert right(Strategy.WRECKING, sure) == 0


def test_agreed_answers_are_drawn_anew_for_each_item() -> None:
    classes = [next(iter(each)) for each in by_item(given(Strategy.COLLUDING).classes)]

    assert sum(one != other for one, other in pairwise(classes)) > 150
