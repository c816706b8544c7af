from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol.skill import Comparison
from labelshare.protocol.slashing import (
    Audit,
    Correlation,
    Record,
    amount,
    is_flagged,
    is_void,
    may_slash,
)
from labelshare.protocol.spec import SkillAndGold

RULE = SkillAndGold(policy="skill-and-gold.v1")
LENIENT = RULE.model_copy(update={"evidence": "gold-or-correlation"})
T = 1000
BAD = Record(
    plain=Comparison(40, 18, 40 * 500, T),
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
        (Audit(10, 7, 7), True),
        (Audit(9, 9, 9), False),  # too little gold to know
        (Audit(10, 6, 6), False),  # the verdicts are bad
        (Audit(100, 90, 93), True),
        (Audit(100, 90, 94), False),  # a plain vote does better by more than three points
        (Audit(0, 0, 0), False),
    ],
)
def test_the_circuit_breaker(audit: Audit, slashes: bool) -> None:
    assert may_slash(audit, RULE) == slashes


@given(st.integers(0, 10**6), st.integers(0, 2**64), st.integers(1, 10_000))
def test_a_slash_never_exceeds_what_was_signed(labels: int, stake: int, part_bps: int) -> None:
    taken = amount(labels, stake, RULE.model_copy(update={"part_bps": part_bps}))
    assert 0 <= taken <= labels * stake
    assert taken == labels * stake * part_bps // 10_000
