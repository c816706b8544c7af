from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol.skill import ONE, Comparison
from labelshare.protocol.slashing import (
    Audit,
    Correlation,
    Record,
    amount,
    forfeit,
    is_flagged,
    is_void,
    loss,
    may_slash,
)
from labelshare.protocol.spec import Skill, SkillAndGold

RULE = SkillAndGold(policy="skill-and-gold.v1")
SCALE = Skill(policy="leave-one-out.v1")
FULL = 26_214  # of the scale, in 1/65,536
LENIENT = RULE.model_copy(update={"evidence": "gold-or-correlation"})
T = 1000
BAD = Record(
    plain=Comparison(40, 16, 40 * 500, T),
    gold=Comparison(4, 1, 4 * 500, T),
    correlation=Correlation(agreed=10, expected=10 * 100, others=100),
)


def test_both_kinds_of_evidence_are_needed() -> None:
    assert is_flagged(BAD, RULE)
    assert not is_flagged(replace(BAD, plain=Comparison(40, 36, 40 * 500, T)), RULE)
    assert not is_flagged(replace(BAD, gold=Comparison(4, 4, 4 * 500, T)), RULE)


@pytest.mark.parametrize(
    ("plain", "flagged"), [(Comparison(20, 4, 20 * 500, T), True), (Comparison(19, 4, 19 * 500, T), False)]
)
def test_a_short_record_tells_nothing(plain: Comparison, flagged: bool) -> None:
    assert is_flagged(replace(BAD, plain=plain), RULE) == flagged


@pytest.mark.parametrize(
    ("gold", "flagged"), [(Comparison(3, 0, 3 * 500, T), True), (Comparison(2, 0, 2 * 500, T), False)]
)
def test_two_gold_answers_tell_nothing(gold: Comparison, flagged: bool) -> None:
    assert is_flagged(replace(BAD, gold=gold), RULE) == flagged


def test_naming_the_frequent_class_on_gold_fails_it() -> None:
    """Nine of ten right, where nine of ten are of that class."""
    always = Comparison(10, 9, 10 * 900, T)
    seldom_wrong = Comparison(10, 10, 9 * 900 + 100, T)
    assert is_flagged(replace(BAD, gold=always), RULE)
    assert not is_flagged(replace(BAD, gold=seldom_wrong), RULE)


def test_correlation_counts_only_where_the_spec_says_so() -> None:
    on_gold = replace(BAD, gold=Comparison(0, 0, 0, T))
    assert not is_flagged(on_gold, RULE)
    assert is_flagged(on_gold, LENIENT)
    assert not is_flagged(replace(on_gold, correlation=Correlation(11, 10 * 100, 100)), LENIENT)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 10_000))
def test_a_gold_item_falls_by_a_share_of_the_skilled(against: int, skilled: int, void_bps: int) -> None:
    against = min(against, skilled)
    expected = skilled > 0 and Fraction(against, max(skilled, 1)) >= Fraction(void_bps, 10_000)
    assert is_void(against, skilled, void_bps) == expected


@pytest.mark.parametrize(
    ("audit", "slashes"),
    [
        (Audit(10, 7, 7, 50, 20, 0), True),  # two balanced classes: .4 beyond chance
        (Audit(9, 9, 9, 41, 20, 0), False),  # too little gold to know
        (Audit(10, 6, 6, 50, 20, 0), False),  # the verdicts are bad
        (Audit(10, 9, 9, 90, 20, 0), False),  # nine of ten, as one who always says the same
        (Audit(10, 5, 5, 20, 20, 0), False),
        (Audit(25, 13, 13, 125, 50, 0), True),  # five balanced classes: as well, and half right
        (Audit(25, 12, 12, 125, 50, 0), False),
        (Audit(10, 10, 10, 100, 20, 0), False),  # all of one class: right, and nothing shown
        (Audit(100, 90, 93, 5_000, 200, 0), True),
        (Audit(100, 90, 94, 5_000, 200, 0), False),  # a plain vote does better by more than three points
        (Audit(10, 8, 9, 50, 20, 0), True),  # by one item, which is luck
        (Audit(10, 7, 9, 50, 20, 0), False),  # by two
        (Audit(10, 10, 10, 50, 30, 9), True),
        (Audit(10, 10, 10, 50, 30, 10), False),  # a third of the gold is void, and a little
        (Audit(0, 0, 0, 0, 0, 0), False),
    ],
)
def test_the_circuit_breaker(audit: Audit, slashes: bool) -> None:
    assert may_slash(audit, RULE) == slashes


def test_a_breaker_without_a_floor_asks_for_no_knowledge() -> None:
    rule = RULE.model_copy(update={"breaker_floor_bps": 0})
    assert may_slash(Audit(10, 0, 0, 100, 20, 0), rule)


signed_stakes = st.integers(0, 10**6 * 2**64)
skills = st.integers(-3 * ONE, ONE)


@given(signed_stakes, st.integers(1, 10_000))
def test_a_slash_never_exceeds_what_was_signed(signed: int, part_bps: int) -> None:
    taken = amount(signed, RULE.model_copy(update={"part_bps": part_bps}))
    assert 0 <= taken <= signed
    assert taken == floor(Fraction(signed * part_bps, 10_000))


@given(signed_stakes, skills, st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_forfeit_is_the_part_below_chance_rounded_down_once(
    signed: int, skill: int, forfeit_bps: int, full_bps: int
) -> None:
    scale = Skill(policy="leave-one-out.v1", from_bps=0, full_bps=full_bps)
    full = ONE * full_bps // 10_000
    below = min(max(Fraction(-skill, full), Fraction(0)), Fraction(1))
    taken = forfeit(signed, skill, RULE.model_copy(update={"forfeit_bps": forfeit_bps}), scale)
    assert taken == floor(signed * Fraction(forfeit_bps, 10_000) * below)
    assert 0 <= taken <= signed
    assert taken == 0 or (skill < 0 and forfeit_bps > 0)


@pytest.mark.parametrize(
    ("skill", "taken"),
    [
        (ONE, 0),
        (0, 0),
        (-1, 1),  # 192,000 × 5,000 / (10,000 × 26,214) = 3.66…: see below
        (-FULL // 2, 48_000),
        (1 - FULL, 95_996),
        (-FULL, 96_000),
        (-ONE, 96_000),
        (-9 * ONE, 96_000),
    ],
)
def test_forfeits_by_hand(skill: int, taken: int) -> None:
    """Of 48 labels at 4,000 each, half at stake."""
    expected = 3 if skill == -1 else taken
    assert forfeit(48 * 4_000, skill, RULE, SCALE) == expected


@pytest.mark.parametrize(
    ("skill", "flagged", "taken"),
    [
        (0, True, 48_000),  # the part of a slash
        (-FULL // 4, True, 48_000),  # a forfeit of 25,000 is less
        (-FULL, True, 96_000),  # one of 100,000 … is more
        (-FULL, False, 96_000),
        (-FULL // 4, False, 24_001),
        (0, False, 0),
        (ONE, False, 0),
    ],
)
def test_whoever_is_flagged_loses_the_larger_of_the_two(skill: int, flagged: bool, taken: int) -> None:
    rule = RULE.model_copy(update={"part_bps": 2_500})
    assert loss(192_000, skill, rule, SCALE, flagged=flagged) == taken


@given(signed_stakes, skills, st.booleans(), st.integers(1, 10_000), st.integers(0, 10_000))
def test_no_loss_exceeds_what_was_signed(
    signed: int, skill: int, flagged: bool, part_bps: int, forfeit_bps: int
) -> None:
    rule = RULE.model_copy(update={"part_bps": part_bps, "forfeit_bps": forfeit_bps})
    taken = loss(signed, skill, rule, SCALE, flagged=flagged)
    assert 0 <= taken <= signed
    parts = forfeit(signed, skill, rule, SCALE), amount(signed, rule) if flagged else 0
    assert taken == max(parts)


@given(signed_stakes, skills, skills)
def test_agreeing_more_never_loses_more(signed: int, one: int, other: int) -> None:
    better, worse = max(one, other), min(one, other)
    assert forfeit(signed, better, RULE, SCALE) <= forfeit(signed, worse, RULE, SCALE)
