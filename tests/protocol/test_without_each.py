"""What the model says of an item without one of its annotators.

An item, and an annotator
├── who labelled it alone: nothing, told or not
├── it was told: its gold class
└── else: of the classes that others gave, the one of the highest score without the annotator's own column
"""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelshare.protocol.aggregation import ties, without_each
from labelshare.protocol.aggregation.base import Integers, break_tie
from labelshare.protocol.aggregation.dawid_skene import Rule, fit
from labelshare.protocol.aggregation.leave_one_out import NONE, peers, peers_by
from labelshare.protocol.aggregation.majority import majority
from labelshare.protocol.aggregation.without_each import model_references
from labelshare.types import Hash32
from tests.protocol.naive import dawid_skene as naive
from tests.protocol.renaming import ties_as_before
from tests.protocol.test_dawid_skene import Case, by_the_page, cases, columns
from tests.protocol.world import SEED

Said = dict[tuple[int, int], int]  # the reference by item and annotator


def found(case: Case, seed: Hash32 = SEED) -> Said:
    references = model_references(case.crowd(), case.fit(seed), case.gold, seed).tolist()
    return {row[:2]: each for row, each in zip(case.rows, references, strict=True)}


def recounted(case: Case) -> Said:
    """From the published tables, adding up all labels of an item but one."""
    model = case.fit()
    tables, priors = columns(model), model.model.priors.tolist()
    said = {}
    for item, who, _ in case.rows:
        others = [(j, answer) for i, j, answer in case.rows if i == item and j != who]
        scores = {
            k: priors[k] + sum(tables[other][k] for other in others) for k in {answer for _, answer in others}
        }
        best = [k for k, score in scores.items() if score == max(scores.values())]
        said[item, who] = break_tie(SEED, item, best) if best else NONE
        if best and item in case.gold:
            said[item, who] = case.gold[item]
    return said


@settings(max_examples=60)
@given(cases(most_iterations=8))
def test_it_is_the_sum_over_the_others_labels(case: Case) -> None:
    assert found(case) == recounted(case)


@settings(max_examples=60)
@given(cases(most_iterations=8))
def test_references_chance_and_items_are_what_the_page_says(case: Case) -> None:
    """Of items that somebody did not label, too, which count in T and W."""
    crowd, model, page = case.crowd(), case.fit(), by_the_page(case)
    references = model_references(crowd, model, case.gold, SEED)
    result = peers_by(crowd, model.outcome, references, 8)
    labelled = {item for item, _, _ in case.rows}
    gold = {item: choice for item, choice in case.gold.items() if item in labelled}
    for who in range(8):
        said = naive.references_for(who, case.rows, SEED, gold, page)
        assert result.n_items[who] == len(said)
        for place, (item, annotator, choice) in enumerate(case.rows):
            if annotator == who:
                assert references[place] == said.get(item, NONE)
                assert result.chance[place] == list(said.values()).count(choice)


@settings(max_examples=40)
@given(cases(most_iterations=5), st.randoms(use_true_random=False), st.permutations(range(8)))
def test_order_and_the_numbers_of_annotators_change_nothing(
    case: Case, random: Random, names: list[int]
) -> None:
    rows = [(item, names[who], choice) for item, who, choice in case.rows]
    random.shuffle(rows)
    other = found(Case(rows, case.n_classes, case.gold, case.rule))
    assert other == {(item, names[who]): each for (item, who), each in found(case).items()}


@settings(max_examples=40)
@given(cases(most_iterations=5), st.data())
def test_the_numbers_of_items_and_classes_are_names(case: Case, data: st.DataObject) -> None:
    """But for ties, which fall as they did."""
    items = data.draw(st.permutations(range(12)))
    classes = data.draw(st.permutations(range(case.n_classes)))
    rows = [(items[item], who, classes[choice]) for item, who, choice in case.rows]
    gold = {items[item]: classes[choice] for item, choice in case.gold.items()}
    before = found(case)
    with ties_as_before(items, classes):
        after = found(Case(rows, case.n_classes, gold, case.rule))
    assert after == {
        (items[item], who): NONE if each == NONE else classes[each] for (item, who), each in before.items()
    }


@settings(max_examples=30)
@given(cases(most_iterations=3), st.integers(1, 30))
def test_a_few_labels_at_a_time_give_the_same(case: Case, cells: int) -> None:
    """Also where a class has more cells than may be looked at in one go."""
    whole = found(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(without_each, "_CELLS", cells)
        assert found(case) == whole


# Three are right on items 0 to 10, two say the class behind it on all twelve.
CLEAR = [(item, who, item % 3) for item in range(11) for who in range(3)]
CLEAR += [(item, who, (item + 1) % 3) for item in range(12) for who in (3, 4)]


def test_whoever_is_found_out_is_no_reference() -> None:
    """By vote two right ones are level with two wrong ones; the model knows whom to believe."""
    case = Case([*CLEAR, (11, 0, 2)], 3, {})
    said = found(case)
    assert [said[item, 0] for item in range(11)] == [item % 3 for item in range(11)]
    assert said[11, 3] == said[11, 4] == 2
    crowd = case.crowd()
    by_vote = peers(crowd, majority(crowd, SEED), SEED, 5).references[: 3 * 11 : 3].tolist()
    assert by_vote != [item % 3 for item in range(11)]


def test_ones_own_label_is_no_reference_however_good_ones_record() -> None:
    said = found(Case([*CLEAR, (11, 0, 2)], 3, {}))
    assert said[11, 0] == 0


def test_of_a_told_item_the_gold_is_the_reference_though_nobody_else_gives_it() -> None:
    case = Case([(0, 0, 0), (0, 1, 0), (0, 2, 1), (1, 0, 2), (1, 1, 2)], 3, {0: 1, 1: 0})
    assert found(case) == {(0, 0): 1, (0, 1): 1, (0, 2): 1, (1, 0): 0, (1, 1): 0}


@pytest.mark.parametrize("gold", [{}, {3: 1}])
def test_who_labelled_an_item_alone_has_no_reference_there(gold: dict[int, int]) -> None:
    case = Case([(3, 5, 1), (4, 5, 0), (4, 6, 0)], 3, gold)
    assert found(case) == {(3, 5): NONE, (4, 5): 0, (4, 6): 0}
    crowd, model = case.crowd(), case.fit()
    result = peers_by(crowd, model.outcome, model_references(crowd, model, gold, SEED), 8)
    assert result.n_items.tolist() == [2, 2, 2, 2, 2, 1, 2, 2]
    assert result.chance.tolist() == [0, 1, 1]


def test_who_is_alone_costs_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def ranks(_seed: Hash32, items: Integers, _choices: Integers) -> np.ndarray:
        asked.extend(items.tolist())
        return np.arange(items.size, dtype=np.uint64)

    monkeypatch.setattr(ties, "_ranks", ranks)
    found(Case([(item, item % 5, item % 3) for item in range(12)], 3, {}))
    assert asked == []
    found(Case([(4, 0, 0), (4, 1, 1), (4, 2, 2), (5, 0, 0)], 3, {}, Rule(iterations=1)))
    assert set(asked) == {4}


def test_a_tie_without_oneself_falls_by_the_seed() -> None:
    """Two who are alike in everything say each its own class; a third makes no difference to either."""
    rows = [(item, who, who) for item in range(12) for who in (0, 1)] + [(item, 2, 2) for item in range(12)]
    said = found(Case(rows, 3, {}, Rule(iterations=1)))
    assert [said[item, 2] for item in range(12)] == [break_tie(SEED, item, [0, 1]) for item in range(12)]
    assert {said[item, 2] for item in range(12)} == {0, 1}


def test_no_labels_no_references() -> None:
    assert found(Case([], 3, {1: 2})) == {}


def test_many_numbers_and_classes_are_looked_up_and_not_tabled() -> None:
    case = Case([(999_999, 2**31, 999), (5, 7, 1), (5, 2**31, 1), (5, 3, 998)], 1_000, {})
    crowd = case.crowd(1_000_000)
    references = model_references(crowd, fit(crowd, SEED, {}), {}, SEED)
    assert references.dtype == np.int64
    assert (references[0], references[3]) == (NONE, 1)
