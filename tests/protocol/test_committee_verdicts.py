"""A campaign under a committee: its verdicts pay, its first member measures skill, no root proves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from labelshare.protocol import verdicts
from labelshare.protocol.aggregation.base import Crowd
from labelshare.protocol.aggregation.committee import Found, Rule, convene
from labelshare.protocol.evidence import ScoreRow, TruthRow
from labelshare.protocol.judging import Verdict
from labelshare.protocol.settlement import Built
from labelshare.protocol.spec import Spec
from labelshare.protocol.verify import verify
from labelshare.types import ZERO_HASH
from tests.protocol.naive import check as second
from tests.protocol.test_judging import N_ITEMS, Answers, Case, answers_of, gold_of
from tests.protocol.test_verdicts import BUT_ONE, CLEAR, DRAWN, audit_of, by_vote, drawn_of, winners
from tests.protocol.world import SEED, World, modelled_world, propose

RULE = {"strength": 4, "iterations": 9, "average_strength": 15, "average_iterations": 12}
COMMITTEE = {"policy": "committee.v1", **RULE}
FIRST = {"policy": "dawid-skene.v1", "strength": 4, "iterations": 9}


def by_committee(answers: Answers, gold: Mapping[int, int] | None = None, **fields: Any) -> Case:
    return Case(answers, gold or {}, fields={"aggregation": COMMITTEE} | fields)


def by_first(case: Case) -> Case:
    """The same campaign by the first member alone."""
    return replace(case, fields=dict(case.fields) | {"aggregation": FIRST})


def found_by(answers: Answers, known: Mapping[int, int], weight: int) -> Found:
    rows = np.array([(item, who, choice) for (who, item), choice in answers.items()], dtype=np.int64)
    crowd = Crowd(N_ITEMS, 3, *rows.reshape(-1, 3).T.copy())
    return convene(crowd, SEED, known, Rule(4, weight, 9, 15, 12))


def told_in(case: Case, verdict: Verdict) -> dict[int, int]:
    """The gold that is told, of that which is not void."""
    valid = {row.item: case.gold[row.item] for row in verdict.gold if not row.void}
    return {item: valid[item] for item in drawn_of(dict(case.answers), valid)}


def record_of(row: ScoreRow) -> tuple[object, ...]:
    """What says how skilled somebody is."""
    numbers = (row.compared, row.agreed, row.chance, row.items, row.gold, row.gold_right)
    return row.annotator, *numbers, row.skill_q16, row.flagged


# Six people of all kinds: Dawid–Skene stands alone with its winner of item 3
_DICE = Random(21)
SPLIT: Answers = {
    (who, item): item % 3 if _DICE.random() < 0.2 + 0.13 * who else _DICE.randrange(3)
    for who in range(6)
    for item in range(N_ITEMS)
    if _DICE.random() < 0.8
}


@settings(deadline=None)
@given(answers_of, gold_of)
def test_winners_and_posteriors_are_the_committees(answers: Answers, gold: dict[int, int]) -> None:
    case = by_committee(answers, gold)
    verdict = case.verdict()
    found = found_by(answers, told_in(case, verdict), 5 if gold else 1).outcome
    assert [row.item for row in verdict.truths] == found.items.tolist()
    assert [row.winner[2] for row in verdict.truths] == found.winners.tolist()
    assert [row.confidence_q16 for row in verdict.truths] == found.support.tolist()
    assert [row.accepted for row in verdict.truths] == [5 * each >= 3 * 65_536 for each in found.support]
    assert verdict.model_root == ZERO_HASH


@settings(deadline=None)
@given(answers_of, gold_of)
def test_skill_is_that_of_the_first_member(answers: Answers, gold: dict[int, int]) -> None:
    case = by_committee(answers, gold)
    ours, first = case.verdict(), by_first(case).verdict()
    assert [record_of(row) for row in ours.scores] == [record_of(row) for row in first.scores]
    assert ours.gold == first.gold
    assert not gold or audit_of(case).items == audit_of(by_first(case)).items


def test_a_member_that_is_outvoted_still_measures_skill() -> None:
    found = found_by(SPLIT, {}, 1)
    assert found.outcome.winners.tolist() != found.first.outcome.winners.tolist()
    ours, first = by_committee(SPLIT).verdict(), by_first(by_committee(SPLIT)).verdict()
    assert winners(ours) == dict(enumerate(found.outcome.winners.tolist()))
    assert winners(first) == dict(enumerate(found.first.outcome.winners.tolist()))
    assert [record_of(row) for row in ours.scores] == [record_of(row) for row in first.scores]
    assert [row.accepted for row in ours.scores] != [row.accepted for row in first.scores]


@pytest.mark.parametrize("count", range(1, N_ITEMS + 1))
def test_half_of_the_gold_is_told_and_wins(count: int) -> None:
    case = by_committee(BUT_ONE, dict.fromkeys(DRAWN[:count], 2))
    truths = {row.item: row for row in case.verdict().truths}
    for item in DRAWN[: count // 2]:
        row = truths[item]
        assert (row.winner[2], row.confidence_q16, row.accepted) == (2, 65_536, True)
    assert set(winners(by_committee(BUT_ONE).verdict()).values()) == {0}
    assert audit_of(case).items == count - count // 2


def test_the_posterior_is_milder_than_that_of_the_first_member() -> None:
    """Where two of three are unsure: what one model is sure of is contested under the committee."""
    rule = {"policy": "threshold.v1", "numerator": 9, "denominator": 10}
    case = by_committee(CLEAR, acceptance=rule)
    assert all(row.accepted for row in by_first(case).verdict().truths)
    assert not all(row.accepted for row in case.verdict().truths)


def test_beyond_the_bound_all_is_as_by_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    gold = dict.fromkeys((1, 2, 4, 5), 2)
    case = by_committee(CLEAR, gold)
    cells = len(CLEAR) * 3
    decided, vote = case.verdict(), by_vote(case).verdict()
    assert decided != vote
    monkeypatch.setattr(verdicts, "MAX_CELLS", cells)
    assert case.verdict() == decided
    monkeypatch.setattr(verdicts, "MAX_CELLS", cells - 1)
    assert case.verdict() == vote
    assert audit_of(case).items == 4


def test_without_labels_there_is_nothing() -> None:
    for gold in ({}, {0: 1}):
        verdict = by_committee({}, gold).verdict()
        assert (verdict.truths, verdict.model_root) == ([], ZERO_HASH)


# A whole settlement


def world() -> World:
    return modelled_world(aggregation={"policy": "committee.v1"})


@pytest.mark.parametrize("public", [False, True])
def test_a_settlement_is_built_and_verified(public: bool) -> None:
    made = world()
    if public:
        for name in ("ann", "bob", "liz", "lou"):
            made.reveal(name)
    built = made.build_public() if public else made.build()
    record = propose(made.record(), built, public=public)
    assert verify(record, built.bundle).difference == ""
    assert second.check(record, built.bundle).ok
    assert built.settlement.model_root == ZERO_HASH != built.settlement.truth_root
    assert Spec.of(made.spec.fields).aggregation.policy == "committee.v1"


def truths_of(built: Built) -> list[TruthRow]:
    return [row for row in built.rows if isinstance(row, TruthRow)]


def test_another_policy_settles_otherwise() -> None:
    """The same labels; the bundle of one is at fault under the other."""
    ours, first = world().build(), modelled_world().build()
    assert {row.item for row in truths_of(ours)} == {row.item for row in truths_of(first)}
    assert truths_of(ours) != truths_of(first)
    assert not verify(propose(world().record(), first), first.bundle).ok
