from __future__ import annotations

from fractions import Fraction
from math import comb, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol.skill import (
    ONE,
    Comparison,
    from_skill,
    full_skill,
    is_below,
    is_surely_below,
    skill_q16,
)
from labelshare.protocol.spec import Skill

RULE = Skill(policy="leave-one-out.v1")


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    compared, items = draw(st.integers(0, 300)), draw(st.integers(1, 10_000))
    agreed = draw(st.integers(0, compared))
    return Comparison(compared, agreed, draw(st.integers(0, compared * items)), items)


@st.composite
def rules(draw: st.DrawFn) -> Skill:
    full_bps = draw(st.integers(1, 10_000))
    return Skill(
        policy="leave-one-out.v1",
        strength=draw(st.integers(1, 1000)),
        prior_bps=draw(st.integers(0, 10_000)),
        from_bps=draw(st.integers(0, full_bps - 1)),
        full_bps=full_bps,
    )


@given(comparisons(), st.integers(0, 300), rules())
def test_skill_is_the_fraction_rounded_down_once(record: Comparison, unopened: int, rule: Skill) -> None:
    chance, prior = Fraction(record.chance, record.items), Fraction(rule.prior_bps, 10_000)
    gained = record.agreed - chance + rule.strength * prior
    room = record.compared + unopened - chance + rule.strength
    assert skill_q16(record, unopened, rule) == floor(gained / room * ONE)
    assert skill_q16(record, unopened, rule) <= ONE


@given(comparisons(), st.integers(0, 300), rules())
def test_agreeing_once_more_never_lowers_what_skill_pays(
    record: Comparison, unopened: int, rule: Skill
) -> None:
    """Also where the answer that agrees is of a class more often right by chance, which costs up to T."""
    if record.agreed == record.compared:
        return
    for dearer in {0, record.items // 2, record.items}:
        chance = min(record.chance + dearer, record.compared * record.items)
        better = Comparison(record.compared, record.agreed + 1, chance, record.items)
        before, after = skill_q16(record, unopened, rule), skill_q16(better, unopened, rule)
        assert max(after, 0) >= max(before, 0)


@given(comparisons(), st.integers(0, 300), rules())
def test_a_batch_kept_shut_never_raises_what_skill_pays(
    record: Comparison, unopened: int, rule: Skill
) -> None:
    assert max(skill_q16(record, unopened + 1, rule), 0) <= max(skill_q16(record, unopened, rule), 0)


def test_answering_without_looking_has_no_skill() -> None:
    """A coin on two even classes, the frequent class of an uneven pair: right as often as chance has it."""
    assert skill_q16(Comparison(100, 50, 100 * 500, 1000), 0, RULE) == 0
    assert skill_q16(Comparison(100, 90, 100 * 900, 1000), 0, RULE) == 0
    assert skill_q16(Comparison(0, 0, 0, 1), 0, RULE) == 0


@pytest.mark.parametrize(
    ("record", "skill"),
    [
        (Comparison(20, 18, 20 * 500, 1000), Fraction(8, 16)),  # 90% right of twenty even pairs
        (Comparison(5, 5, 5 * 500, 1000), Fraction(5, 17)),  # five labels tell little
        (Comparison(1, 1, 500, 1000), Fraction(1, 13)),
        (Comparison(40, 4, 40 * 500, 1000), Fraction(-16, 26)),  # worse than chance
    ],
)
def test_short_records_are_shrunk_to_nothing(record: Comparison, skill: Fraction) -> None:
    assert skill_q16(record, 0, RULE) == floor(skill * ONE)


def test_a_prior_pulls_towards_itself() -> None:
    rule = Skill(policy="leave-one-out.v1", prior_bps=6_000)
    assert skill_q16(Comparison(0, 0, 0, 1), 0, rule) == floor(Fraction(6, 10) * ONE)


def test_full_skill_is_never_nothing() -> None:
    assert full_skill(RULE) == 26_214
    assert full_skill(Skill(policy="leave-one-out.v1", from_bps=0, full_bps=1)) == 6


@given(rules())
def test_pay_begins_below_full_pay(rule: Skill) -> None:
    assert from_skill(rule) == floor(Fraction(rule.from_bps * ONE, 10_000))
    assert 0 <= from_skill(rule) < full_skill(rule)


def test_where_pay_begins() -> None:
    ends = {0: 0, 1: 6, 1_000: 6_553, 3_999: 26_207}
    for from_bps, skill in ends.items():
        assert from_skill(Skill(policy="leave-one-out.v1", from_bps=from_bps)) == skill
    assert from_skill(RULE) == 6_553


@given(comparisons(), st.integers(1, 10_000))
def test_below_is_exact(record: Comparison, below_bps: int) -> None:
    chance = Fraction(record.chance, record.items)
    room = record.compared - chance
    assert is_below(record, below_bps) == (record.agreed - chance < Fraction(below_bps, 10_000) * room)


@given(comparisons(), st.integers(1, 10_000))
def test_surely_below_is_exact(record: Comparison, below_bps: int) -> None:
    n, p = record.compared, Fraction(record.agreed + 1, record.compared + 2)
    chance = Fraction(record.chance, record.items)
    short = Fraction(below_bps, 10_000) * (n - chance) - (record.agreed - chance)
    variance = n * p * (1 - p)
    surely = short > 0 and short**2 > Fraction("2.33") ** 2 * variance
    assert is_surely_below(record, below_bps) == surely


@pytest.mark.parametrize(
    ("n", "agreed", "classes", "surely"),
    [
        (20, 6, 2, True),
        (20, 7, 2, False),
        (136, 68, 2, True),  # as often as by chance: so many labels say that this is no fifth of skill
        (134, 67, 2, False),
        (40, 8, 5, True),
        (35, 7, 5, False),
        (100, 85, 2, False),
        (0, 0, 2, False),
    ],
)
def test_surely_below_takes_the_more_labels_the_nearer_the_record_is(
    n: int, agreed: int, classes: int, surely: bool
) -> None:
    assert is_surely_below(Comparison(n, agreed, n * 1000 // classes, 1000), 2_000) == surely


def test_surely_below_begins_beyond_2_33_standard_errors() -> None:
    """Of 100 labels half agree: the standard deviation is 5, and 11.65 are missing to a fifth."""
    at = Comparison(100, 50, 520_625, 10_000)
    assert Fraction(1, 5) * (100 - Fraction(at.chance, at.items)) - (50 - Fraction(at.chance, at.items)) == (
        Fraction("2.33") * 5
    )
    assert not is_surely_below(at, 2_000)
    assert is_surely_below(Comparison(100, 50, 520_626, 10_000), 2_000)


def part_of_the_price(n: int, right: Fraction, chance: Fraction) -> float:
    """What one of n labels earns on average: each agrees with probability `right`, and is paid if it does."""
    begin, whole, mean = from_skill(RULE), full_skill(RULE) - from_skill(RULE), Fraction(0)
    for agreed in range(n + 1):
        odds = comb(n, agreed) * right**agreed * (1 - right) ** (n - agreed)
        skill = skill_q16(Comparison(n, agreed, n * int(1000 * chance), 1000), 0, RULE)
        mean += odds * Fraction(min(max(skill - begin, 0), whole), whole) * Fraction(agreed, n)
    return float(mean)


@pytest.mark.parametrize("n", [1, 5, 20, 50, 200])
def test_work_without_effort_earns_next_to_nothing_however_it_is_spread(n: int) -> None:
    half, fifth, most = Fraction(1, 2), Fraction(1, 5), Fraction(9, 10)
    assert part_of_the_price(n, half, half) < 0.053
    assert part_of_the_price(n, fifth, fifth) < 0.015
    assert part_of_the_price(n, most, most) < 0.11


@pytest.mark.parametrize(("n", "least"), [(5, 0.36), (20, 0.78), (50, 0.84)])
def test_honest_work_is_paid_from_twenty_labels_on(n: int, least: float) -> None:
    assert part_of_the_price(n, Fraction(85, 100), Fraction(1, 2)) > least
