from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.accuracy.sets import SETS, UNKNOWN, Recorded, folder, load
from labelshare.errors import InputError
from labelshare.protocol.aggregation import dawid_skene, ties
from labelshare.protocol.aggregation.base import Crowd, Outcome, break_tie
from labelshare.protocol.aggregation.committee import Rule, committee
from labelshare.protocol.aggregation.dawid_skene_layout import lay_out
from labelshare.protocol.aggregation.item_kinds import item_kinds
from labelshare.protocol.aggregation.weighted_average import weighted_average
from labelshare.types import Hash32, keccak
from tests.protocol.naive import committee as plain
from tests.protocol.world import SEED

ONE = 65_536
Row = tuple[int, int, int]
Verdicts = dict[int, tuple[int, int]]
SHORT = Rule(iterations=4, average_iterations=6)


@dataclass(frozen=True)
class Case:
    """A small crowd with its gold and rule."""

    rows: list[Row]
    n_classes: int
    gold: dict[int, int] = field(default_factory=dict)
    rule: Rule = SHORT

    def crowd(self, n_items: int = 12) -> Crowd:
        table = np.array(self.rows, dtype=np.int64).reshape(-1, 3)
        return Crowd(n_items, self.n_classes, *table.T.copy())

    def outcome(self, seed: Hash32 = SEED) -> Outcome:
        return committee(self.crowd(), seed, self.gold, self.rule)

    def verdicts(self, seed: Hash32 = SEED) -> Verdicts:
        return verdicts(self.outcome(seed))

    def by_the_page(self, seed: Hash32 = SEED) -> plain.Case:
        rule = self.rule
        return plain.Case(
            self.rows,
            self.n_classes,
            seed,
            self.gold,
            rule.strength,
            rule.gold_weight,
            rule.iterations,
            rule.average_strength,
            rule.average_iterations,
        )


def verdicts(found: Outcome) -> Verdicts:
    pairs = zip(found.winners.tolist(), found.support.tolist(), strict=True)
    return dict(zip(found.items.tolist(), pairs, strict=True))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n_classes = draw(st.sampled_from([2, 2, 3, 4, 7]))
    classes = st.integers(0, n_classes - 1)
    pairs = st.tuples(st.integers(0, 11), st.integers(0, 7))
    labels = draw(st.dictionaries(pairs, classes, max_size=50))
    gold = draw(st.one_of(st.just({}), st.dictionaries(st.integers(0, 11), classes, max_size=4)))
    rule = Rule(
        draw(st.sampled_from([4, 1, 64])),
        draw(st.sampled_from([5, 1, 20])),
        draw(st.sampled_from([1, 2, 5, 20])),
        draw(st.sampled_from([15, 1, 64])),
        draw(st.sampled_from([1, 3, 30])),
    )
    return Case([(*pair, choice) for pair, choice in labels.items()], n_classes, gold, rule)


@settings(deadline=None, max_examples=100)
@given(cases())
def test_it_is_what_the_page_says_to_the_bit(case: Case) -> None:
    assert case.verdicts() == plain.run(case.by_the_page())


@settings(deadline=None, max_examples=60)
@given(cases())
def test_each_member_is_what_the_page_says_to_the_bit(case: Case) -> None:
    layout, rule, page = lay_out(case.crowd(), case.gold), case.rule, case.by_the_page()
    if not case.rows:
        return
    by_kinds = item_kinds(layout, rule.strength, rule.gold_weight, rule.iterations)
    by_average = weighted_average(layout, rule.average_strength, rule.gold_weight, rule.average_iterations)
    tables = dawid_skene.Rule(rule.strength, rule.gold_weight, rule.iterations)
    by_tables = dawid_skene.fit(case.crowd(), SEED, case.gold, tables).posteriors
    items = layout.items.tolist()
    assert dict(zip(items, by_tables.tolist(), strict=True)) == plain.by_tables(page)
    assert dict(zip(items, by_kinds.T.tolist(), strict=True)) == plain.by_kinds(page)
    assert dict(zip(items, by_average.T.tolist(), strict=True)) == plain.by_average(page)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_shares_of_an_item_add_up_to_no_more_than_one(case: Case) -> None:
    if not case.rows:
        return
    layout, rule = lay_out(case.crowd(), case.gold), case.rule
    for found in (
        item_kinds(layout, rule.strength, rule.gold_weight, rule.iterations),
        weighted_average(layout, rule.average_strength, rule.gold_weight, rule.average_iterations),
    ):
        assert found.min() >= 0
        assert found.sum(axis=0).max() <= ONE
        assert found.sum(axis=0).min() > ONE - 2 * case.n_classes


@settings(deadline=None, max_examples=60)
@given(cases())
def test_a_winner_was_given_or_is_gold(case: Case) -> None:
    outcome = case.outcome()
    given_labels = {(item, choice) for item, _, choice in case.rows}
    for item, (winner, support) in verdicts(outcome).items():
        if item in case.gold:
            assert (winner, support) == (case.gold[item], ONE)
        else:
            assert (item, winner) in given_labels
            assert 0 <= support <= ONE
    assert set(outcome.weight.tolist()) <= {ONE}
    assert outcome.items.tolist() == sorted({item for item, _ in given_labels})


@settings(deadline=None, max_examples=40)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_labels_changes_nothing(case: Case, random: object) -> None:
    shuffled = list(case.rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Case(shuffled, case.n_classes, case.gold, case.rule).verdicts() == case.verdicts()


@settings(deadline=None, max_examples=40)
@given(cases(), st.permutations(range(8)))
def test_the_numbers_of_annotators_are_names(case: Case, names: list[int]) -> None:
    rows = [(item, names[annotator], choice) for item, annotator, choice in case.rows]
    assert Case(rows, case.n_classes, case.gold, case.rule).verdicts() == case.verdicts()


@settings(deadline=None, max_examples=40)
@given(cases(), st.data())
def test_the_numbers_of_items_and_classes_are_names(case: Case, data: st.DataObject) -> None:
    """But for ties, which go by hashes of them: here these are those of the original names."""
    items = data.draw(st.permutations(range(12)))
    classes = data.draw(st.permutations(range(case.n_classes)))
    rows = [(items[item], annotator, classes[choice]) for item, annotator, choice in case.rows]
    gold = {items[item]: classes[choice] for item, choice in case.gold.items()}

    def as_before(_seed: Hash32, asked: np.ndarray, contests: np.ndarray, choices: np.ndarray) -> np.ndarray:
        tied: dict[int, tuple[int, list[int]]] = {}
        for item, contest, choice in zip(asked.tolist(), contests.tolist(), choices.tolist(), strict=True):
            tied.setdefault(contest, (items.index(item), []))[1].append(classes.index(choice))
        return np.array([classes[break_tie(SEED, *each)] for each in tied.values()], dtype=np.int64)

    found = case.verdicts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ties, "settle_ties", as_before)
        other = Case(rows, case.n_classes, gold, case.rule).verdicts()
    assert other == {items[item]: (classes[winner], support) for item, (winner, support) in found.items()}


def test_gold_teaches_every_member_who_is_right() -> None:
    """Two against one, but the one is right wherever it is known."""
    rows = [(item, who, int(who > 0)) for item in range(12) for who in range(3)]
    gold = dict.fromkeys(range(8), 0)
    assert {winner for winner, _ in Case(rows, 2).verdicts().values()} == {1}
    told = Case(rows, 2, gold, Rule())
    assert {winner for winner, _ in told.verdicts().values()} == {0}
    layout = lay_out(told.crowd(), gold)
    for found in (item_kinds(layout, 4, 5, 20), weighted_average(layout, 15, 5, 100)):
        assert found[0, :8].min() > ONE - 4
        assert found[0, 8:].min() > ONE // 2


@pytest.mark.parametrize("n_classes", [2, 5, 1_000])
def test_one_label_is_believed(n_classes: int) -> None:
    assert {
        item: winner for item, (winner, _) in Case([(3, 5, n_classes - 1)], n_classes).verdicts().items()
    } == {3: n_classes - 1}


def test_one_annotator_is_believed() -> None:
    rows = [(item, 0, item * item % 3) for item in range(12)]
    assert {i: winner for i, (winner, _) in Case(rows, 3).verdicts().items()} == {
        i: i * i % 3 for i in range(12)
    }


def test_all_alike_are_right_and_sure() -> None:
    rows = [(item, who, item % 3) for item in range(12) for who in range(4)]
    for item, (winner, support) in Case(rows, 3, {}, Rule()).verdicts().items():
        assert winner == item % 3
        assert support > 0.95 * ONE


def test_unlike_twins_tie_and_the_seed_decides() -> None:
    rows = [(item, who, who) for item in range(12) for who in range(2)]
    for number in range(4):
        seed = keccak(bytes([number]))
        found = Case(rows, 2).verdicts(seed)
        assert {i: winner for i, (winner, _) in found.items()} == {
            i: break_tie(seed, i, [0, 1]) for i in range(12)
        }
        assert {support for _, support in found.values()} == {ONE // 2}


def test_no_labels_no_verdicts() -> None:
    assert Case([], 3, {1: 2}).verdicts() == {}
    assert plain.run(Case([], 3, {1: 2}).by_the_page()) == {}


def test_a_thousand_classes() -> None:
    random = np.random.default_rng(3)
    rows = [(item, who, int(random.integers(0, 1_000))) for item in range(3) for who in range(2)]
    case = Case(rows, 1_000, {1: 999}, Rule(iterations=2, average_iterations=2))
    assert case.verdicts() == plain.run(case.by_the_page())


def test_two_members_outvote_one() -> None:
    """Where members differ, the winner has two of three; seen on a crowd on which they do."""
    random = np.random.default_rng(7)
    right = random.integers(0, 3, 60)
    rows = [
        (item, who, int(right[item]) if random.random() < 0.3 + 0.05 * who else int(random.integers(0, 3)))
        for item in range(60)
        for who in range(9)
    ]
    crowd = Crowd(60, 3, *np.array(rows, dtype=np.int64).T.copy())
    layout = lay_out(crowd, {})
    members = (
        dawid_skene.fit(crowd, SEED, {}).posteriors.argmax(axis=1),
        item_kinds(layout, 4, 5, 20).argmax(axis=0),
        weighted_average(layout, 15, 5, 100).argmax(axis=0),
    )
    winners = committee(crowd, SEED).winners
    agree = np.array([(member == winners) for member in members]).sum(axis=0)
    differ = np.array([(member != members[0]) for member in members]).any(axis=0)
    assert differ.any()
    assert agree[differ].min() >= 1
    assert (agree[differ] == 2).any()


def test_integers_stay_within_the_bounds_of_the_page() -> None:
    """On extremes that a small crowd can reach: all wrong by gold, all right, the largest rule."""
    rows = [(item, who, item % 2) for item in range(12) for who in range(8)]
    for gold in ({}, {item: 1 - item % 2 for item in range(12)}):
        page = Case(rows, 2, gold, Rule(64, 20, 3, 64, 3)).by_the_page()
        plain.run(page)
        seen = page.watch.largest
        assert seen["product"] < 2**48
        assert seen["argument"] < 2**56
        assert seen["score"] < 2**34
        assert seen["power"] <= 2**46
        assert seen["weight"] <= 2**10 + 8 * 2**22
        assert seen["squares"] <= 12 * 20 * ONE


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("value", [0, -1, 1_001])
def test_a_rule_keeps_to_its_limits(place: int, value: int) -> None:
    values = [4, 5, 20, 15, 100]
    values[place] = value
    with pytest.raises(InputError):
        Rule(*values)


@pytest.mark.parametrize("values", [(65, 5, 20, 15, 100), (4, 21, 20, 15, 100), (4, 5, 20, 65, 100)])
def test_a_rule_has_a_largest_strength_and_weight(values: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        Rule(*values)
    assert Rule(64, 20, 1_000, 64, 1_000).iterations == 1_000


@pytest.mark.parametrize("wrong", [(12, 0, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 2), (0, 2**32, 0)])
def test_what_is_out_of_range_is_refused(wrong: Row) -> None:
    with pytest.raises(InputError):
        Case([(0, 0, 0), wrong], 2).outcome()


@pytest.mark.parametrize("gold", [{12: 0}, {-1: 0}, {0: 2}, {0: -1}])
def test_gold_out_of_range_is_refused(gold: dict[int, int]) -> None:
    with pytest.raises(InputError):
        Case([(0, 0, 0)], 2, gold).outcome()


@cache
def recorded() -> tuple[Recorded, ...]:
    return tuple(load(name) for name in SETS)


def require_sets() -> None:
    absent = [name for name in SETS if not (folder() / name / "labels.csv").is_file()]
    if absent:
        pytest.skip(f"recorded crowds are not on this machine: {absent}; LABELSHARE_DATA names their folder")


def share_right(each: Recorded, seed: Hash32) -> float:
    found = committee(each.crowd, seed)
    truth = each.truth[found.items]
    return float((found.winners == truth)[truth != UNKNOWN].mean())


def test_it_names_more_of_the_recorded_truth_than_was_asked() -> None:
    require_sets()
    for seed in (SEED, keccak(b"another")):
        shares = [share_right(each, seed) for each in recorded()]
        assert np.mean(shares) >= 0.889
        assert min(shares) >= 0.83
