"""A quote's escrow is the least that is accepted, its figures are exact, and each caution comes and goes."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.chain.deploy import PUBLIC_LIMITS
from labelshare.errors import SpecError
from labelshare.protocol.ledger.amounts import bond_up, fee_down
from labelshare.protocol.ledger.state import Limits
from labelshare.protocol.ledger.work import _is_valid
from labelshare.protocol.quote import Assumptions, Caution, Periods, Quote
from labelshare.protocol.rewards import ONE_SHARE
from labelshare.protocol.skill import ONE
from labelshare.protocol.slashing import loss
from labelshare.protocol.spec import SkillAndGold, Spec
from labelshare.types import Schedule
from tests.protocol.world import World, spec_fields

DAY = 86_400
LIMITS = Limits(*(getattr(PUBLIC_LIMITS, each.name) for each in fields(PUBLIC_LIMITS)))
PERIODS = Periods(LIMITS.min_period, LIMITS.min_rescue, LIMITS.max_period, LIMITS.max_horizon)
CAMPAIGN = World().campaign
GOLD = {"policy": "merkle.v1", "root": "0x" + "ab" * 32, "count": 10}
SLASH = {"policy": "skill-and-gold.v1", "min_labels": 20, "breaker_gold": 10}


def spec_of(n_items: int = 100, k: int = 5, cap_bps: int = 2_000, **changes: Any) -> Spec:
    """A spec of which there is nothing to warn: gold, slashes, records long enough."""
    sound: dict[str, Any] = {
        "items": [{"digest": f"{number:064x}"} for number in range(n_items)],
        "price": "1000",
        "redundancy": {"policy": "fixed.v1", "k": k},
        "assignment": {"policy": "rendezvous.v1", "cap_bps": cap_bps},
        "pay": {"policy": "skill.v1"},
        "shares": {"policy": "skill.v1"},
        "gold": GOLD,
        "slash": SLASH,
    }
    return Spec.of(spec_fields(**(sound | changes)))


def quote_of(spec: Spec | None = None, **assumed: Any) -> Quote:
    return Quote(spec or spec_of(), Assumptions(**assumed), PERIODS)


NO_GOLD: dict[str, Any] = {"gold": {"policy": "none.v1"}, "slash": {"policy": "none.v1"}}

sizes = st.integers(1, 30)
redundancies = st.integers(1, 40)
prices = st.integers(1, 2**80)
fees = st.integers(0, 10_000)


# ------------------------------------------------------------------------- money


@given(sizes, redundancies, prices, st.integers(ONE_SHARE, 3 * ONE_SHARE), fees)
def test_the_escrow_is_accepted_and_one_unit_less_is_not(
    n_items: int, k: int, price: int, weight: int, fee_bps: int
) -> None:
    spec = spec_of(n_items, k, price=str(price), share_weight=str(weight), **NO_GOLD)
    quote = quote_of(spec, fee_bps=fee_bps)
    params = replace(CAMPAIGN, fee_bps=fee_bps, share_cap=quote.share_cap)

    spec.check_funding(params, quote.escrow)

    with pytest.raises(SpecError, match=r"^price: "):
        spec.check_funding(params, quote.escrow - 1)
    with pytest.raises(SpecError, match=r"^share_weight: "):
        spec.check_funding(replace(params, share_cap=quote.share_cap - 1), quote.escrow)
    assert quote.pay == n_items * k * price
    assert quote.fee == fee_down(quote.pay, fee_bps)
    assert 0 <= quote.escrow - quote.pay - quote.fee <= 1  # what rounding the fee leaves


@given(prices, st.integers(0, 2**90))
def test_the_bond_is_that_of_the_contracts(price: int, refund: int) -> None:
    quote = quote_of(spec_of(price=str(price)), arbitration_refund=refund)

    assert quote.bond == bond_up(quote.escrow, refund)


@given(sizes, st.integers(1, 2_000), prices, st.integers(1, 9))
def test_the_stake_is_the_least_slice_that_covers_the_cap(
    n_items: int, cap_bps: int, price: int, stakes: int
) -> None:
    spec = spec_of(n_items, cap_bps=cap_bps, price=str(price), **NO_GOLD)
    quote = quote_of(spec, stakes_per_label=stakes)

    assert quote.stake_per_label == stakes * price
    assert spec.label_limit(quote.stake, quote.stake_per_label) == quote.label_cap
    assert spec.label_limit(quote.stake - 1, quote.stake_per_label) == quote.label_cap - 1


# -------------------------------------------------------------------------- work


@given(sizes, redundancies, st.integers(1, 2_000))
def test_the_fewest_annotators_can_fill_every_place_and_fewer_cannot(
    n_items: int, k: int, cap_bps: int
) -> None:
    quote = quote_of(spec_of(n_items, k, cap_bps, **NO_GOLD))
    n, cap = quote.least_annotators, quote.label_cap

    taken = [(place // k, place % n) for place in range(quote.labels)]  # in turn, item by item

    assert quote.annotators == n
    assert len(set(taken)) == quote.labels
    assert max(sum(who == each for _, who in taken) for each in range(n)) == quote.load <= cap
    assert n - 1 < k or (n - 1) * cap < quote.labels


def test_nobody_labels_an_item_twice_where_nothing_is_assigned() -> None:
    quote = quote_of(spec_of(6, 3, assignment={"policy": "given.v1"}, **NO_GOLD))

    assert (quote.label_cap, quote.least_annotators, quote.load) == (6, 3, 6)


def test_more_annotators_share_the_work() -> None:
    assert [quote_of(annotators=n).load for n in (1, 25, 26, 499, 500, 9_999)] == [20, 20, 20, 2, 1, 1]
    assert quote_of(annotators=40).load == 13  # 500 labels


# ------------------------------------------------------------------ what an hour earns


def test_what_an_hour_earns_is_exact() -> None:
    quote = quote_of(spec_of(price="1001", seconds_per_label=7))

    assert quote.hourly_pay(10_000) == Fraction(1001 * 3_600, 7)
    assert quote.hourly_pay(8_500) == Fraction(1001 * 3_600 * 17, 7 * 20)
    assert quote.hourly_shares(8_500) == Fraction(ONE_SHARE * 3_600 * 17, 7 * 20)


def test_an_hour_of_short_records_earns_no_more_than_their_best_skill() -> None:
    short = quote_of(annotators=167)  # 3 labels each: a skill of 3 / (3 + 6)
    begin, full = (part * ONE // 10 for part in (1, 4))
    part = Fraction(ONE // 3 - begin, full - begin)

    assert short.hourly_pay(10_000) == quote_of().hourly_pay(10_000) * part
    assert short.hourly_shares(8_500) == quote_of().hourly_shares(8_500) * part
    flat = quote_of(spec_of(pay=FLAT), annotators=167)
    assert flat.hourly_pay(10_000) == quote_of().hourly_pay(10_000)
    assert flat.hourly_shares(10_000) == quote_of().hourly_shares(10_000) * part


@given(prices, st.integers(1, 86_400), st.integers(0, 10_000))
def test_an_hour_earns_what_its_accepted_labels_do(price: int, seconds: int, bps: int) -> None:
    quote = quote_of(spec_of(price=str(price), seconds_per_label=seconds))
    labels = Fraction(3_600, seconds)

    assert quote.hourly_pay(bps) == labels * price * Fraction(bps, 10_000)


# -------------------------------------------------------------------------- time


@given(st.integers(1, 5), st.integers(1, 600))
def test_the_time_line_is_the_shortest_that_a_public_deployment_takes(rounds: int, seconds: int) -> None:
    time = quote_of(spec_of(seconds_per_label=seconds), rounds=rounds).schedule
    shorter: list[Schedule] = [
        replace(time, **{each.name: getattr(time, each.name) - 1})
        for each in fields(time)
        if each.name not in ("round_length", "work_start", "rounds", "tries")
    ]

    assert _is_valid(time, LIMITS, 0)
    assert not any(_is_valid(each, LIMITS, 0) for each in shorter)
    assert not _is_valid(replace(time, work_start=time.enrol_end), LIMITS, 0)
    assert rounds * (time.round_length - time.grace) >= 20 * seconds  # the work fits
    assert rounds * (time.round_length - time.grace - 1) < 20 * seconds


def test_the_moments_of_a_time_line() -> None:
    quote = quote_of(spec_of(seconds_per_label=30), rounds=2)

    assert quote.schedule.commit_end == 2 + 2 * DAY + 2 * (2 * DAY + 300)
    assert quote.final == quote.schedule.commit_end + 4 * DAY


# ------------------------------------------------------------------------ cautions


def test_there_is_nothing_to_warn_of_a_sound_campaign() -> None:
    assert quote_of(living_wage=720_000).cautions == ()  # exactly what an hour earns


LONG = {"seconds_per_label": 86_400}
FLAT = {"policy": "flat.v1"}

# What it takes for each caution to come, alone or with those that it implies, and how close to it is none.
CASES: dict[Caution, tuple[Quote, Quote, set[Caution]]] = {
    Caution.UNFUNDABLE: (
        quote_of(spec_of(price=str(2**96 // 525 + 1))),
        quote_of(spec_of(price=str(2**96 // 525 - 1))),
        set(),
    ),
    Caution.TOO_LONG: (
        quote_of(spec_of(441, **LONG)),
        quote_of(spec_of(440, **LONG)),  # 88 labels of a day and the grace: a round of 90 days
        set(),
    ),
    Caution.TOO_FEW_ANNOTATORS: (quote_of(annotators=24), quote_of(annotators=25), set()),
    Caution.UNPAID: (
        quote_of(spec_of(price="0")),
        quote_of(spec_of(price="1")),
        {Caution.UNFUNDABLE, Caution.NO_STAKE},
    ),
    Caution.LOW_PAY: (quote_of(living_wage=720_001), quote_of(living_wage=720_000), set()),
    Caution.SHORT_RECORDS: (quote_of(annotators=167), quote_of(annotators=125), set()),
    Caution.FLAT_PAY: (quote_of(spec_of(pay=FLAT)), quote_of(spec_of(shares=FLAT)), set()),
    Caution.ONE_ANSWER_DECIDES: (quote_of(spec_of(k=2)), quote_of(spec_of(k=3)), set()),
    Caution.NOT_PROVABLE: (quote_of(spec_of(k=17)), quote_of(spec_of(k=16)), set()),
    Caution.CHOSEN_ITEMS: (quote_of(spec_of(assignment={"policy": "given.v1"})), quote_of(), set()),
    Caution.NO_GOLD: (quote_of(spec_of(**NO_GOLD)), quote_of(), set()),
    Caution.NO_SLASH: (quote_of(spec_of(slash={"policy": "none.v1"})), quote_of(), set()),
    Caution.FEW_GOLD: (
        quote_of(spec_of(gold=GOLD | {"count": 9})),
        quote_of(spec_of(gold=GOLD | {"count": 10})),
        set(),
    ),
    Caution.RECORDS_TOO_SHORT_TO_SLASH: (quote_of(spec_of(95)), quote_of(spec_of(96)), set()),
    Caution.NO_STAKE: (quote_of(stakes_per_label=0), quote_of(stakes_per_label=1), set()),
}


def test_every_caution_has_a_case() -> None:
    assert set(CASES) == set(Caution)


@pytest.mark.parametrize("caution", Caution)
def test_a_caution_comes_and_goes(caution: Caution) -> None:
    with_it, without, implied = CASES[caution]

    assert set(with_it.cautions) == {caution} | implied
    assert caution not in without.cautions


MODEL, COMMITTEE = {"policy": "dawid-skene.v1"}, {"policy": "committee.v1"}


@pytest.mark.parametrize("model", [MODEL, COMMITTEE], ids=lambda model: model["policy"])
@pytest.mark.parametrize(("count", "left"), [(17, 9), (18, 9), (19, 10), (20, 10)])
def test_of_the_gold_half_is_told_to_a_model_and_the_rest_judges_it(
    count: int, left: int, model: dict[str, str]
) -> None:
    gold = GOLD | {"count": count}
    by_vote, by_model = quote_of(spec_of(gold=gold)), quote_of(spec_of(gold=gold, aggregation=model))

    assert (by_vote.judging_gold, by_model.judging_gold) == (count, left)
    assert Caution.FEW_GOLD not in by_vote.cautions
    assert (Caution.FEW_GOLD in by_model.cautions) == (left < 10)


@pytest.mark.parametrize("k", [3, 16, 17])
def test_a_committees_winners_are_never_provable(k: int) -> None:
    gold = GOLD | {"count": 20}
    of = {
        policy: quote_of(spec_of(k=k, gold=gold, aggregation={"policy": policy})).cautions
        for policy in ("majority.v1", "dawid-skene.v1", "committee.v1")
    }
    assert {policy for policy, cautions in of.items() if Caution.NOT_PROVABLE in cautions} == (
        {"committee.v1"} if k <= 16 else set(of)
    )


def test_what_can_be_lost_at_worst() -> None:
    quote = quote_of(spec_of(slash=SLASH | {"part_bps": 5_001, "forfeit_bps": 2_500}))
    mild = quote_of(spec_of(slash=SLASH | {"part_bps": 100, "forfeit_bps": 2_500}))
    none = quote_of(spec_of(slash=SLASH | {"forfeit_bps": 0}))

    assert (quote.slash_per_label, quote.forfeit_per_label, quote.loss_at_most) == (2_000, 1_000, 40_008)
    assert (mild.slash_per_label, mild.forfeit_per_label, mild.loss_at_most) == (40, 1_000, 20_000)
    assert (none.slash_per_label, none.forfeit_per_label) == (2_000, 0)


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.integers(1, 20), st.integers(-(2**20), 2**16))
def test_nobody_can_lose_more_than_a_quote_says(
    forfeit_bps: int, part_bps: int, labels: int, skill: int
) -> None:
    spec = spec_of(slash=SLASH | {"forfeit_bps": forfeit_bps, "part_bps": part_bps})
    quote, rule = quote_of(spec), spec.slash
    assert isinstance(rule, SkillAndGold)
    signed = labels * quote.stake_per_label

    for flagged in (True, False):
        assert loss(signed, skill, rule, spec.skill, flagged=flagged) <= quote.loss_at_most


@pytest.mark.parametrize(
    "changes",
    [
        NO_GOLD,
        {"slash": {"policy": "none.v1"}},
        {"gold": GOLD | {"count": 9}},  # the circuit breaker can never let it
    ],
)
def test_where_nobody_can_lose_anything_a_quote_says_so(changes: dict[str, Any]) -> None:
    quote = quote_of(spec_of(**changes))

    assert (quote.slash_per_label, quote.forfeit_per_label, quote.loss_at_most) == (0, 0, 0)


def test_a_short_record_is_never_slashed_and_can_forfeit() -> None:
    quote = quote_of(spec_of(95))

    assert (quote.label_cap, quote.slash_per_label, quote.forfeit_per_label) == (19, 0, 2_000)
    assert quote.loss_at_most == 19 * 2_000


@pytest.mark.parametrize(
    "quote",
    [
        quote_of(spec_of(share_weight=str(2**96 // 500 + 1))),
        quote_of(arbitration_refund=2**94),
        quote_of(stakes_per_label=2**96 // 20_000 + 1),
    ],
    ids=["shares", "bond", "stake"],
)
def test_nothing_else_may_be_too_large_either(quote: Quote) -> None:
    assert quote.cautions == (Caution.UNFUNDABLE,)


def test_many_rounds_are_too_long_as_well() -> None:
    assert Caution.TOO_LONG not in quote_of(rounds=500).cautions
    assert Caution.TOO_LONG in quote_of(rounds=530).cautions


def test_flat_rules_do_not_look_at_the_length_of_a_record() -> None:
    for pay, shares, expected in (("flat", "flat", False), ("flat", "skill", True), ("skill", "flat", True)):
        spec = spec_of(pay={"policy": f"{pay}.v1"}, shares={"policy": f"{shares}.v1"})
        assert (Caution.SHORT_RECORDS in quote_of(spec, annotators=500).cautions) is expected


def test_a_stated_prior_lets_short_records_earn_in_full() -> None:
    spec = spec_of(skill={"policy": "leave-one-out.v1", "prior_bps": 4_000})

    assert Caution.SHORT_RECORDS not in quote_of(spec, annotators=500).cautions


def test_the_gravest_cautions_come_first() -> None:
    quote = quote_of(spec_of(price="0", k=1, **NO_GOLD))

    assert list(quote.cautions) == sorted(quote.cautions, key=list(Caution).index)
    assert quote.cautions[0] == Caution.UNFUNDABLE
