from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelshare.errors import InputError
from labelshare.protocol.aggregation import dawid_skene_layout as layout
from labelshare.protocol.aggregation import dawid_skene_passes as passes
from labelshare.protocol.aggregation.base import Crowd, break_tie
from labelshare.protocol.aggregation.dawid_skene import Fit, Rule, dawid_skene, fit
from labelshare.protocol.aggregation.dawid_skene_model import model_leaves, model_root, packed_column
from labelshare.types import Address, Hash32, keccak
from tests.protocol.naive import dawid_skene as naive
from tests.protocol.renaming import ties_as_before
from tests.protocol.world import SEED

ONE = 65_536
Row = tuple[int, int, int]
WAYS = ("numpy", "numba")


@dataclass(frozen=True)
class Case:
    """A small crowd with its gold and rule."""

    rows: list[Row]
    n_classes: int
    gold: dict[int, int]
    rule: Rule = field(default_factory=Rule)

    def crowd(self, n_items: int = 12) -> Crowd:
        table = np.array(self.rows, dtype=np.int64).reshape(-1, 3)
        return Crowd(n_items, self.n_classes, *table.T.copy())

    def fit(self, seed: Hash32 = SEED) -> Fit:
        return fit(self.crowd(), seed, self.gold, self.rule)


@st.composite
def cases(draw: st.DrawFn, most_iterations: int = 30) -> Case:
    n_classes = draw(st.sampled_from([2, 2, 3, 4, 7, 11]))
    classes = st.integers(0, n_classes - 1)
    pairs = st.tuples(st.integers(0, 11), st.integers(0, 7))
    given_labels = draw(st.dictionaries(pairs, classes, max_size=60))
    gold = draw(st.one_of(st.just({}), st.dictionaries(st.integers(0, 11), classes, max_size=4)))
    iterations = draw(st.sampled_from([1, 2, 5, most_iterations]))
    rule = Rule(draw(st.sampled_from([4, 1, 64])), draw(st.sampled_from([5, 1, 20])), iterations)
    return Case([(*pair, choice) for pair, choice in given_labels.items()], n_classes, gold, rule)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of computing."""
    choose(request.param, monkeypatch)
    return str(request.param)


def choose(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "numba":
        pytest.importorskip("numba")
    monkeypatch.setattr(passes, "_WORTH_LOADING", 0 if way == "numba" else 10**18)


def verdicts(found: Fit) -> dict[int, int]:
    return dict(zip(found.outcome.items.tolist(), found.outcome.winners.tolist(), strict=True))


def shares(found: Fit) -> dict[int, list[int]]:
    return dict(zip(found.outcome.items.tolist(), found.posteriors.tolist(), strict=True))


def columns(found: Fit) -> dict[tuple[int, int], list[int]]:
    model = found.model
    pairs = zip(model.annotators.tolist(), model.answers.tolist(), strict=True)
    return dict(zip(pairs, model.columns.tolist(), strict=True))


def everything(found: Fit) -> tuple[object, ...]:
    return verdicts(found), shares(found), columns(found), found.model.priors.tolist()


def by_the_page(case: Case, seed: bytes = SEED) -> naive.Result:
    rule = case.rule
    return naive.run(
        case.rows, case.n_classes, seed, case.gold, rule.strength, rule.gold_weight, rule.iterations
    )


@pytest.mark.parametrize("way", WAYS)
def test_it_is_what_the_page_says_to_the_bit(way: str) -> None:
    @settings(deadline=None, max_examples=60)
    @given(cases())
    def agrees(case: Case) -> None:
        with pytest.MonkeyPatch.context() as patch:
            choose(way, patch)
            found = case.fit()
        expected = by_the_page(case)
        parts = (expected.winners, expected.posteriors, expected.columns, expected.priors)
        assert everything(found) == parts

    agrees()


@settings(deadline=None, max_examples=40)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_labels_changes_nothing(case: Case, random: object) -> None:
    shuffled = list(case.rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = Case(shuffled, case.n_classes, case.gold, case.rule)
    assert everything(other.fit()) == everything(case.fit())


@settings(deadline=None, max_examples=40)
@given(cases(), st.permutations(range(8)))
def test_the_numbers_of_annotators_are_names(case: Case, names: list[int]) -> None:
    rows = [(item, names[annotator], choice) for item, annotator, choice in case.rows]
    found, other = case.fit(), Case(rows, case.n_classes, case.gold, case.rule).fit()
    assert (verdicts(other), shares(other)) == (verdicts(found), shares(found))
    assert columns(other) == {(names[j], answer): row for (j, answer), row in columns(found).items()}


@settings(deadline=None, max_examples=40)
@given(cases(), st.data())
def test_the_numbers_of_items_and_classes_are_names(case: Case, data: st.DataObject) -> None:
    """But for ties, which go by hashes of them: here these are those of the original names."""
    items = data.draw(st.permutations(range(12)))
    classes = data.draw(st.permutations(range(case.n_classes)))
    rows = [(items[item], annotator, classes[choice]) for item, annotator, choice in case.rows]
    gold = {items[item]: classes[choice] for item, choice in case.gold.items()}
    found = case.fit()
    with ties_as_before(items, classes):
        other = Case(rows, case.n_classes, gold, case.rule).fit()
    assert verdicts(other) == {items[item]: classes[choice] for item, choice in verdicts(found).items()}
    for item, each in shares(found).items():
        assert [shares(other)[items[item]][classes[k]] for k in range(case.n_classes)] == each


@settings(deadline=None, max_examples=60)
@given(cases())
def test_a_winner_is_the_arg_max_of_the_published_tables_among_what_was_given(case: Case) -> None:
    found = case.fit()
    tables, priors = columns(found), found.model.priors.tolist()
    for item, winner in verdicts(found).items():
        labels = [tables[j, answer] for i, j, answer in case.rows if i == item]
        scores = [prior + sum(column[k] for column in labels) for k, prior in enumerate(priors)]
        given_classes = {answer for i, _, answer in case.rows if i == item}
        best = max(scores[k] for k in given_classes)
        tied = [k for k in given_classes if scores[k] == best]
        assert winner == (case.gold[item] if item in case.gold else break_tie(SEED, item, tied))


@settings(deadline=None, max_examples=60)
@given(cases())
def test_posteriors_add_up_and_the_winner_has_most_of_what_was_given(case: Case) -> None:
    found = case.fit()
    assert found.posteriors.sum(axis=1).tolist() == [ONE] * found.outcome.items.size
    assert found.posteriors.min(initial=0) >= 0
    for item, support in zip(found.outcome.items.tolist(), found.outcome.support.tolist(), strict=True):
        classes = {answer for i, _, answer in case.rows if i == item}
        assert support == (ONE if item in case.gold else max(shares(found)[item][k] for k in classes))
    assert set(found.outcome.weight.tolist()) <= {ONE}
    assert found.model.columns.max(initial=0) <= 0
    assert found.model.columns.min(initial=0) > -(2**27)


@pytest.mark.usefixtures("way")
def test_a_class_that_nobody_gave_keeps_its_posterior_and_wins_nothing() -> None:
    """Who is wrong wherever it is known is likely to be wrong on the last item, too; and yet wins it."""
    rows = [(item, who, (item + who) % 3) for item in range(11) for who in range(2)] + [(11, 1, 0)]
    found = Case(rows, 3, {item: item % 3 for item in range(11)}).fit()
    assert found.scores[:, -1].argmax() == 2
    assert found.posteriors[-1].argmax() == 2
    assert verdicts(found)[11] == 0
    assert found.outcome.support[-1] == found.posteriors[-1][0] < ONE // 4


def test_two_classes_that_somebody_gave_tie_below_one_that_nobody_gave() -> None:
    """Two who are wrong alike, each on a class of its own: the third class leads, the seed decides."""
    rows = [(item, who, (item + 1 + who) % 3) for item in range(9) for who in range(2)]
    rows += [(item, 2, item % 3) for item in range(9)]
    rows += [(item, who, who) for item in (9, 10, 11) for who in (0, 1)]
    found = Case(rows, 3, {item: item % 3 for item in range(9)}).fit()
    for place in (9, 10, 11):
        one, other, third = found.scores[:, place].tolist()
        assert third > max(one, other)
        best = [k for k, score in enumerate((one, other)) if score == max(one, other)]
        assert verdicts(found)[place] == break_tie(SEED, place, best)


@pytest.mark.usefixtures("way")
def test_gold_is_certain_and_teaches_who_is_right() -> None:
    """Two against one, but the one is right wherever it is known."""
    rows = [(item, who, int(who > 0)) for item in range(12) for who in range(3)]
    gold = dict.fromkeys(range(8), 0)
    without, told = Case(rows, 2, {}).fit(), Case(rows, 2, gold).fit()
    assert set(verdicts(without).values()) == {1}
    assert set(verdicts(told).values()) == {0}
    assert told.posteriors[:8].tolist() == [[ONE, 0]] * 8


@pytest.mark.usefixtures("way")
def test_a_label_on_gold_counts_as_often_as_the_rule_says() -> None:
    """Five labels on gold items weigh as one on each of five gold items does, but in the prior."""
    rows = [(item, who, (item + who) % 2) for item in range(4) for who in range(2)]
    light, heavy = (Case(rows, 2, {0: 0}, Rule(gold_weight=weight, iterations=1)).fit() for weight in (1, 5))
    assert light.model.priors.tolist() == heavy.model.priors.tolist()
    assert columns(light) != columns(heavy)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("n_classes", [2, 5, 1_000])
def test_one_label_is_believed(n_classes: int) -> None:
    found = Case([(3, 5, n_classes - 1)], n_classes, {}).fit()
    assert verdicts(found) == {3: n_classes - 1}
    assert found.posteriors.sum() == ONE


@pytest.mark.usefixtures("way")
def test_unlike_twins_tie_and_the_seed_decides() -> None:
    rows = [(item, who, who) for item in range(12) for who in range(2)]
    found = Case(rows, 2, {}).fit()
    assert verdicts(found) == {item: break_tie(SEED, item, [0, 1]) for item in range(12)}
    assert set(verdicts(found).values()) == {0, 1}
    assert found.posteriors.tolist() == [[ONE // 2, ONE // 2]] * 12


@pytest.mark.usefixtures("way")
def test_all_alike_are_right() -> None:
    rows = [(item, who, item % 3) for item in range(12) for who in range(4)]
    assert verdicts(Case(rows, 3, {}).fit()) == {item: item % 3 for item in range(12)}


def test_no_labels_no_verdicts() -> None:
    found = Case([], 3, {1: 2}).fit()
    assert found.posteriors.shape == (0, 3)
    assert found.model.columns.shape == (0, 3)
    assert len(set(found.model.priors.tolist())) == 1
    assert dawid_skene(Case([], 3, {}).crowd(), SEED).items.size == 0


def test_many_numbers_and_classes_are_sorted_not_tabled() -> None:
    """A table of annotators × classes would not fit."""
    rows = np.array([(999_999_999, 2**31, 999), (5, 7, 1), (5, 2**31, 1)], dtype=np.int64).T.copy()
    found = fit(Crowd(10**9, 1_000, *rows), SEED, {})
    assert verdicts(found) == {5: 1, 999_999_999: 999}
    assert sorted(columns(found)) == [(7, 1), (2**31, 1), (2**31, 999)]


@pytest.mark.parametrize("wrong", [(12, 0, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 2), (0, 2**32, 0)])
def test_what_is_out_of_range_is_refused(wrong: Row) -> None:
    with pytest.raises(InputError):
        Case([(0, 0, 0), wrong], 2, {}).fit()


@pytest.mark.parametrize("gold", [{12: 0}, {-1: 0}, {0: 2}, {0: -1}])
def test_gold_out_of_range_is_refused(gold: dict[int, int]) -> None:
    with pytest.raises(InputError):
        Case([(0, 0, 0)], 2, gold).fit()


@pytest.mark.parametrize(("n_labels", "n_classes"), [(1, 1), (1, 1_001), (2**27 + 1, 2), (2**20, 257)])
def test_a_task_that_is_too_large_is_refused_beforehand(n_labels: int, n_classes: int) -> None:
    with pytest.raises(InputError):
        layout.require_fits(n_labels, n_classes)
    layout.require_fits(2**27, 2)
    layout.require_fits(2**28 // 1_000, 1_000)


@pytest.mark.parametrize(
    "values", [(0, 5, 30), (65, 5, 30), (4, 0, 30), (4, 21, 30), (4, 5, 0), (4, 5, 1_001)]
)
def test_a_rule_keeps_to_its_limits(values: tuple[int, int, int]) -> None:
    with pytest.raises(InputError):
        Rule(*values)


def test_both_ways_agree_on_a_crowd_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    random = np.random.default_rng(5)
    items = np.repeat(np.arange(3_000), 5)
    people = random.integers(0, 4_000_000_000, 40)[random.integers(0, 40, items.size)]
    keys = np.unique(items * 2**32 + people)
    items, people = np.divmod(keys, 2**32)
    crowd = Crowd(3_000, 6, items, people, random.integers(0, 6, items.size))
    gold = {item: item % 6 for item in range(0, 3_000, 50)}
    found = []
    for way in WAYS:
        choose(way, monkeypatch)
        found.append(everything(fit(crowd, SEED, gold)))
    assert found[0] == found[1]


def test_numba_is_left_alone_until_there_is_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    monkeypatch.setattr(passes, "_loader", passes._Loader())
    monkeypatch.setattr(passes, "_load", lambda: loads.append("load"))
    Case([(0, 0, 0), (1, 1, 1)], 2, {}).fit()
    assert loads == []
    monkeypatch.setattr(passes, "_WORTH_LOADING", 4)
    for _ in range(2):
        Case([(0, 0, 0), (1, 1, 1)], 2, {}).fit()
    assert loads == ["load"]


def test_the_tree_holds_what_the_page_says() -> None:
    case = Case([(item, who, (item * who) % 3) for item in range(6) for who in range(4)], 3, {})
    accounts = [Address(keccak(bytes([who]))[:20]) for who in range(4)]
    domain, found = keccak(b"domain"), case.fit()
    root = naive.model_root(domain, [bytes(each) for each in accounts], by_the_page(case))
    assert bytes(model_root(domain, accounts, found.model)) == root
    assert model_leaves(domain, accounts, found.model).shape == (1 + found.model.answers.size, 32)
    assert packed_column(np.array([-1, 5], np.int32)) == bytes.fromhex("ffffffff00000005")


def test_the_tree_of_no_labels_holds_the_priors() -> None:
    found = Case([], 3, {}).fit()
    root = naive.model_root(keccak(b"d"), [], by_the_page(Case([], 3, {})))
    assert bytes(model_root(keccak(b"d"), [], found.model)) == root
