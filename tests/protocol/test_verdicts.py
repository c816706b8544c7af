"""A model beside the vote: whose winners pay, what of the gold it is told, and when nobody is slashed by it.

The gold that is not void
├── somebody gave it the gold class
│   ├── the half the seed draws: told, wins whatever else the crowd says, judges nothing
│   └── the other half: an item like others to the model, which it judges
└── nobody did: likewise
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol import slashing, verdicts
from labelshare.protocol.evidence import TruthRow
from labelshare.protocol.gold import SealedGold, clamped
from labelshare.protocol.judging import Verdict
from labelshare.protocol.slashing import Audit
from labelshare.types import ZERO_HASH, keccak
from tests.protocol.test_judging import (
    MODEL,
    N_ITEMS,
    PEOPLE,
    ROB,
    Answers,
    Case,
    answers_of,
    gold_of,
    pay_of,
    rows_of,
    scores,
    slashes,
)
from tests.protocol.world import SEED, STRICT, World, skilled_world, spec_fields

VOTE = {"policy": "majority.v1"}
DRAWN = sorted(range(N_ITEMS), key=lambda item: keccak(SEED + item.to_bytes(8, "big")))
"""Items in the order in which the seed draws gold to tell."""


def by_model(answers: Answers, gold: Mapping[int, int] | None = None, **fields: Any) -> Case:
    return Case(answers, gold or {}, fields={"aggregation": MODEL} | fields)


def by_vote(case: Case) -> Case:
    return replace(case, fields=dict(case.fields) | {"aggregation": VOTE})


def winners(verdict: Verdict) -> dict[int, int]:
    return {row.item: row.winner[2] for row in verdict.truths}


def audit_of(case: Case) -> Audit:
    """What the circuit breaker was given."""
    seen: list[Audit] = []

    def may_slash(audit: Audit, _rule: object) -> bool:
        seen.append(audit)
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slashing, "may_slash", may_slash)
        case.verdict()
    (audit,) = seen
    return audit


def judged(case: Case) -> tuple[int, int, int]:
    """How many gold items judged the truth, and how many of it, and of the vote, were right."""
    audit = audit_of(case)
    return audit.items, audit.right, audit.right_by_majority


# Three are right on items 0 to 4 and two wrong; item 5 has the label of one of the three against the two.
CLEAR: Answers = {(who, item): item % 3 for who in range(3) for item in range(5)}
CLEAR |= {(who, item): (item + 1) % 3 for who in (3, 4) for item in range(N_ITEMS)} | {(0, 5): 2}


def test_who_was_right_elsewhere_outweighs_the_vote() -> None:
    vote, model = by_vote(by_model(CLEAR)).verdict(), by_model(CLEAR).verdict()
    assert winners(vote) == {item: item % 3 for item in range(5)} | {5: 0}
    assert winners(model) == {item: item % 3 for item in range(N_ITEMS)}
    assert vote.model_root == ZERO_HASH != model.model_root


def comparison_of(verdict: Verdict, who: int) -> tuple[int, int, int, int, int]:
    """n, A, X, T and the skill in 1/65,536."""
    row = next(row for row in verdict.scores if row.annotator == PEOPLE[who])
    return row.compared, row.agreed, row.chance, row.items, row.skill_q16


def test_pay_and_skill_follow_the_model() -> None:
    """Without one of the three who are right a vote is two against two, and the model as sure as before."""
    vote, model = by_vote(by_model(CLEAR)).verdict(), by_model(CLEAR).verdict()
    accepted = [{row.annotator: row.accepted for row in each.scores} for each in (vote, model)]
    assert [accepted[0][person] for person in PEOPLE[:5]] == [5, 5, 5, 1, 1]
    assert [accepted[1][person] for person in PEOPLE[:5]] == [6, 5, 5, 0, 0]
    # references 0, 1, 2, 0, 1 and, of item 5 without its own label, 0
    assert comparison_of(model, 0) == (6, 5, 12, 6, 65_536 * (5 * 6 - 12) // (6 * 6 - 12 + 36))
    # the winner of item 5, which it did not label, is 2
    assert comparison_of(model, 1) == (5, 5, 10, 6, 65_536 * (5 * 6 - 10) // (5 * 6 - 10 + 36))
    # wrong everywhere; item 5 without it is 2 all the same
    assert comparison_of(model, 3) == (6, 0, 12, 6, 65_536 * -12 // (6 * 6 - 12 + 36))
    assert comparison_of(vote, 0)[1] < 5
    assert pay_of(model, PEOPLE[0])[0] == 6 * 1001 * (19_660 - 6_553) // (26_214 - 6_553)
    assert pay_of(model, PEOPLE[3]) == (0, 0)


# Two gave gold the right class and one the next, who then labels the last item alone.
CONTRARY: Answers = {(who, item): item % 3 for who in (0, 1) for item in DRAWN[:5]}
CONTRARY |= {(2, item): (item + 1) % 3 for item in DRAWN}


def test_a_class_that_nobody_gave_wins_nothing() -> None:
    """Who is wrong on all gold is likely to be so on an item of its own, which is contested."""
    case = by_model(CONTRARY, {item: item % 3 for item in DRAWN[:5]}, pay={"policy": "flat.v1"})
    verdict, own = case.verdict(), DRAWN[5]
    row = next(row for row in verdict.truths if row.item == own)
    assert (row.winner[2], row.accepted) == ((own + 1) % 3, False)
    assert row.confidence_q16 < 65_536 // 3
    score = next(row for row in verdict.scores if row.annotator == PEOPLE[2])
    assert (score.labels, score.accepted, score.contested) == (6, 0, 1)
    assert pay_of(verdict, PEOPLE[2])[0] == 1001 // 2


def test_an_item_is_accepted_by_the_posterior_of_the_model() -> None:
    """Three of five votes are .6; the model is surer than nine in ten."""
    rule = {"policy": "threshold.v1", "numerator": 9, "denominator": 10}
    model = by_model(CLEAR, acceptance=rule)
    assert not any(row.accepted for row in by_vote(model).verdict().truths)
    assert all(row.accepted for row in model.verdict().truths)
    one = by_model({(0, 0): 1, (1, 0): 2}, acceptance=rule).verdict()
    assert [row.accepted for row in one.truths] == [False]
    assert [row.contested for row in one.scores] == [1, 1]


# Everybody says class 0 everywhere: nobody's skill is above 0, so that no gold is void
ALIKE: Answers = {(who, item): 0 for who in range(4) for item in range(N_ITEMS)}
# … but one, who says 2: of no skill either, as nobody else ever does
BUT_ONE: Answers = ALIKE | {(4, item): 2 for item in range(N_ITEMS)}


def drawn_of(answers: Answers, gold: Mapping[int, int]) -> set[int]:
    """The gold items that a model is told, none of them being void."""
    said = {(item, choice) for (_, item), choice in answers.items()}
    borne_out = [item for item in DRAWN if item in gold and (item, gold[item]) in said]
    return set(borne_out[: len(borne_out) // 2])


@pytest.mark.parametrize("count", range(1, N_ITEMS + 1))
def test_half_of_the_gold_is_told_and_wins_whatever_else_the_crowd_says(count: int) -> None:
    gold = dict.fromkeys(DRAWN[:count], 2)
    told = DRAWN[: count // 2]
    assert clamped(SEED, gold) == set(told)
    truths = {row.item: row for row in by_model(BUT_ONE, gold).verdict().truths}
    for item in told:
        assert (truths[item].winner[2], truths[item].confidence_q16, truths[item].accepted) == (
            2,
            65_536,
            True,
        )
    assert audit_of(by_model(BUT_ONE, gold)).items == count - count // 2
    assert judged(by_vote(by_model(BUT_ONE, gold))) == (count, 0, 0)


@pytest.mark.parametrize("count", range(1, N_ITEMS + 1))
def test_gold_of_a_class_that_nobody_gave_is_not_told_and_judges(count: int) -> None:
    gold = dict.fromkeys(DRAWN[:count], 2)
    assert winners(by_model(ALIKE, gold).verdict()) == dict.fromkeys(range(N_ITEMS), 0)
    assert judged(by_model(ALIKE, gold)) == (count, 0, 0)
    without = by_model(ALIKE).verdict()
    assert by_model(ALIKE, gold).verdict().model_root == without.model_root


def test_half_is_taken_of_the_gold_that_somebody_gives() -> None:
    """Two of the four that the seed would draw first nobody gives: of the other two it tells the first."""
    answers = ALIKE | {(4, item): 2 for item in DRAWN[1:4:2]}
    gold = dict.fromkeys(DRAWN[:4], 2)
    assert drawn_of(answers, gold) == {DRAWN[1]}
    assert winners(by_model(answers, gold).verdict())[DRAWN[1]] == 2
    assert audit_of(by_model(answers, gold)).items == 3


@given(answers_of, gold_of.filter(bool))
def test_the_audit_counts_the_gold_that_was_not_told(answers: Answers, gold: dict[int, int]) -> None:
    case = by_model(answers, gold)
    model, vote = case.verdict(), winners(by_vote(case).verdict())
    valid = {row.item for row in model.gold if not row.void}
    told = drawn_of(answers, {item: gold[item] for item in valid})
    rest = [item for item in valid - told if item in vote]
    found = winners(model)
    right, by_majority = (sum(each[item] == gold[item] for item in rest) for each in (found, vote))
    chance = sum(found[one] == gold[other] for one in rest for other in rest)
    n_void = len(model.gold) - len(valid)
    assert audit_of(case) == Audit(len(rest), right, by_majority, chance, len(model.gold), n_void)


def test_gold_that_nobody_labelled_is_not_told_has_no_truth_and_judges_nothing() -> None:
    answers = {key: answer for key, answer in BUT_ONE.items() if key[1] not in (DRAWN[0], DRAWN[3])}
    case = by_model(answers, dict.fromkeys(DRAWN[:4], 2))
    assert winners(case.verdict()).keys() == set(range(N_ITEMS)) - {DRAWN[0], DRAWN[3]}
    assert winners(case.verdict())[DRAWN[1]] == 2
    assert audit_of(case).items == 1


def test_void_gold_is_neither_told_nor_judges() -> None:
    """The first that the seed would draw is wrong, and everybody else is skilled."""
    right = {(who, item): item % 3 for who in range(6) for item in range(N_ITEMS)}
    false = DRAWN[0]
    gold = {item: item % 3 for item in DRAWN[:5]} | {false: (false + 1) % 3}
    skill = {"policy": "leave-one-out.v1", "strength": 1, "from_bps": 0, "full_bps": 1_000}
    case = by_model(right, gold, skill=skill)
    assert {row.item for row in case.verdict().gold if row.void} == {false}
    assert winners(case.verdict()) == {item: item % 3 for item in range(N_ITEMS)}
    assert judged(case) == (2, 2, 2)
    without = {item: answer for item, answer in gold.items() if item != false}
    assert case.verdict().model_root == by_model(right, without, skill=skill).verdict().model_root


def test_gold_weighs_as_often_as_the_spec_says() -> None:
    """Four are wrong wherever it is told, and one right: heavy gold turns the verdict on the rest."""
    answers = {(who, item): (item + (who > 0)) % 3 for who in range(5) for item in range(N_ITEMS)}
    gold = {item: item % 3 for item in DRAWN[:2]}
    found = {}
    for weight in (1, 5):
        verdict = replace(by_model(answers, gold), weight=weight).verdict()
        assert not any(row.void for row in verdict.gold)
        found[weight] = winners(verdict)[DRAWN[5]] == DRAWN[5] % 3
    assert found == {1: False, 5: True}


@given(answers_of, gold_of)
def test_labels_and_what_is_compared_with_what_gold_depend_on_no_policy(
    answers: Answers, gold: dict[int, int]
) -> None:
    case = by_model(answers, gold)
    vote, model = by_vote(case).verdict(), case.verdict()
    assert vote.gold == model.gold
    assert [row.item for row in vote.truths] == [row.item for row in model.truths]
    by_truth: dict[str, Any] = dict.fromkeys(("accepted", "contested", "agreed", "chance", "skill_q16"), 0)
    plain = [[replace(row, **by_truth, flagged=False) for row in each.scores] for each in (vote, model)]
    assert plain[0] == plain[1]
    told = drawn_of(answers, {row.item: gold[row.item] for row in model.gold if not row.void})
    for row in model.truths:
        if row.item in told:
            assert (row.winner[2], row.confidence_q16, row.accepted) == (gold[row.item], 65_536, True)


@given(answers_of, gold_of, st.permutations(range(6)))
def test_the_order_of_openings_changes_no_bit(
    answers: Answers, gold: dict[int, int], order: list[int]
) -> None:
    case = by_model(answers, gold)
    assert replace(case, order=tuple(order)).verdict() == case.verdict()


def test_beyond_the_bound_all_is_as_by_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    gold = dict.fromkeys((1, 2, 4, 5), 2)
    case = by_model(CLEAR, gold)
    assert drawn_of(CLEAR, gold)
    cells = len(CLEAR) * 3
    by_tables, vote = case.verdict(), by_vote(case).verdict()
    assert by_tables != vote
    monkeypatch.setattr(verdicts, "MAX_CELLS", cells)
    assert case.verdict() == by_tables
    monkeypatch.setattr(verdicts, "MAX_CELLS", cells - 1)
    assert case.verdict() == vote
    assert vote.model_root == ZERO_HASH
    assert audit_of(case) == audit_of(by_vote(case))
    assert judged(case) == (4, 1, 1)


def test_without_labels_the_tree_holds_the_priors_alone() -> None:
    one, other = by_model({}).verdict(), by_model({}, {0: 1}).verdict()
    assert one.truths == other.truths == []
    assert one.model_root == other.model_root != ZERO_HASH


# The circuit breaker


def test_the_breaker_counts_the_gold_that_was_not_told() -> None:
    """Of six gold items one is void and two are told."""
    rule = STRICT | {"breaker_gold": 3}
    enough = skilled_world(aggregation=MODEL, slash=rule)
    assert slashes(enough) == {"rob": ROB, "con": 48 * 4_000 // 2}
    too_few = skilled_world(aggregation=MODEL, slash=rule | {"breaker_gold": 4})
    assert slashes(too_few) == {}
    assert scores(too_few)["con"].flagged
    assert slashes(skilled_world(slash=rule | {"breaker_gold": 4})) == slashes(enough)


def misled_world(aggregation: dict[str, Any] = MODEL, **breaker: int) -> World:
    """The half of the gold that is told is false, and nobody is skilled enough to make it void.

    So liars are believed. `rex` answers as nobody does, and is flagged whoever is believed.
    """
    truth = {item: item % 3 for item in range(30)}
    told = clamped(SEED, range(12))
    answers = {item: (truth[item] + (item in told)) % 3 for item in range(12)}
    sealed = SealedGold.of(keccak(b"gold"), {item: bytes([1, 0, each]) for item, each in answers.items()})
    fields = spec_fields(
        items=[{"digest": f"{item:064x}"} for item in truth],
        aggregation=aggregation,
        skill={"policy": "leave-one-out.v1", "full_bps": 10_000},
        slash={"policy": "skill-and-gold.v1", "breaker_gold": 6, "min_labels": 15} | breaker,
        gold={"policy": "merkle.v1", "root": str(sealed.root), "count": 12, "weight": 20},
    )
    world = World(names=("ann", "bob", "cat", "liz", "lou", "rex"), fields=fields)
    for name in world.names:
        shift = {"liz": 1, "lou": 1, "rex": 2}.get(name, 0)
        world.label(name, 0, {item: (each + shift) % 3 for item, each in truth.items()})
    world.gold.append(sealed.reveal)
    return world


def test_the_breaker_stops_slashes_where_the_model_is_behind_the_vote() -> None:
    """All six items that judge it are wrong by the model and right by vote."""
    lenient = misled_world(breaker_floor_bps=0, breaker_margin_bps=10_000)
    wrong = {row.item for row in rows_of(TruthRow, lenient) if row.winner[2] != row.item % 3}
    assert wrong >= set(range(12)) - clamped(SEED, range(12))
    assert "rex" in slashes(lenient)
    behind = misled_world(breaker_floor_bps=0, breaker_margin_bps=9_999)
    assert slashes(behind) == {}
    assert scores(behind)["rex"].flagged


def test_the_breaker_stops_slashes_where_the_model_is_wrong_on_gold() -> None:
    assert slashes(misled_world(breaker_floor_bps=1, breaker_margin_bps=10_000)) == {}


def test_the_breaker_of_a_vote_judges_by_all_gold() -> None:
    """Half of it is false."""
    vote = {"policy": "majority.v1"}
    assert "rex" in slashes(misled_world(vote, breaker_gold=12, breaker_floor_bps=2_500))
    assert slashes(misled_world(vote, breaker_gold=12, breaker_floor_bps=2_501)) == {}


def test_the_breaker_stops_slashes_where_the_skilled_contradict_the_gold() -> None:
    """One of six gold items is void."""
    rule = {"policy": "skill-and-gold.v1", "breaker_gold": 3}
    least = 10_000 // 6
    assert slashes(skilled_world(aggregation=MODEL, slash=rule | {"breaker_void_bps": least + 1})) != {}
    assert slashes(skilled_world(aggregation=MODEL, slash=rule | {"breaker_void_bps": least})) == {}
