"""Money of seats: what is counted, and how it is summed."""

from __future__ import annotations

import numpy as np
import pytest

from labelshare.economics.campaign import Played, play
from labelshare.economics.mixing import Attack, mix
from labelshare.economics.money import Costs, flow
from labelshare.economics.scene import tie_seed
from labelshare.economics.strategies import Strategy
from labelshare.economics.trial import Trial, tried
from tests.economics.scenes import honest_scene, labels_of, terms_of

TRUTH = {item: item % 2 for item in range(40)}
WRONG = {item: 1 - choice for item, choice in TRUTH.items()}
HALF = {item: TRUTH[item] for item in range(5)} | {item: WRONG[item] for item in range(5, 12)}
TERMS = terms_of({item: TRUTH[item] for item in range(10)}, 40)
LABELS = labels_of(TRUTH, TRUTH, TRUTH, TRUTH, WRONG, HALF)
PLAYED = play(TERMS, LABELS, tie_seed(1))


def of(seat: int, costs: Costs, played: Played = PLAYED, looks: int = 0) -> tuple[float, ...]:
    chosen = np.arange(played.labels.size) == seat
    money = flow([(played, np.full(played.labels.size, looks), chosen)], costs)
    return money.pay, money.shares, money.slashed, money.time, money.capital, money.profit


def test_pay_shares_slash_time_and_capital_of_a_seat() -> None:
    costs = Costs(look=0.5, share=0.1, seat=730, interest=0.1, days=10)

    assert of(0, costs, looks=40) == pytest.approx((40, 4, 0, 20, 2, 22))
    assert of(4, costs) == pytest.approx((0, 0, 80, 0, 2, -82))


def test_shares_and_capital_count_for_nothing_unless_it_is_said() -> None:
    assert of(0, Costs(look=0)) == pytest.approx((40, 0, 0, 0, 0, 40))


def test_sums_over_campaigns_and_the_part_that_gains() -> None:
    everyone = np.ones(6, dtype=np.bool_)
    money = flow([(PLAYED, np.zeros(6, dtype=np.int64), everyone)] * 2, Costs(look=0))

    assert (money.seats, money.labels) == (12, 2 * (5 * 40 + 12))
    assert money.pay == pytest.approx(2 * PLAYED.pay.sum())
    assert money.gaining_part == pytest.approx(4 / 6)
    assert money.per_seat * money.seats == pytest.approx(money.per_label * money.labels)


def test_who_gains_is_told_after_time_and_capital() -> None:
    """The four who are right earn 40: looks at .9 leave 4, of which 730 at 10% for 30 days take 6."""
    everyone, looks = np.ones(6, dtype=np.bool_), np.full(6, 40)

    gaining = [
        flow([(PLAYED, looks, everyone)], costs).gaining
        for costs in (Costs(look=0.9), Costs(look=1.1), Costs(look=0.9, seat=730, interest=0.1))
    ]

    assert gaining == [4, 0, 0]


def test_seats_without_a_label_are_no_seats() -> None:
    played = play(TERMS, labels_of(TRUTH, TRUTH, {}), tie_seed(1))
    nobody = np.array([False, False, True])

    money = flow([(played, np.zeros(3, dtype=np.int64), nobody)], Costs())

    assert (money.seats, money.labels, money.per_label, money.per_seat, money.gaining_part) == (0, 0, 0, 0, 0)


# --------------------------------------------------------------------- other rules


def test_pay_that_begins_at_a_skill() -> None:
    """The right have 30 of 30 and ten gold five-fold: skill (80 − 40) / (80 − 40 + 6) = .87: full."""
    none = tried(TERMS, LABELS, PLAYED, Trial(pay_from=0.39))

    assert none.pay[:4].tolist() == pytest.approx([40] * 4)
    assert (none.pay <= PLAYED.pay).all()
    assert (none.slashed == PLAYED.slashed).all()


def test_skill_half_way_between_the_beginning_and_full_is_paid_half() -> None:
    """Four right labels have a skill of 1/4 (test_campaign); from .1 on that is half of the way to .4."""
    terms, right = terms_of({}, 4), {0: 0, 1: 1, 2: 0, 3: 1}
    labels = labels_of(right, right, right, right)
    played = play(terms, labels, tie_seed(1))

    assert tried(terms, labels, played, Trial(pay_from=0.1)).pay.tolist() == pytest.approx([2] * 4, abs=0.001)


def test_below_chance_stake_is_lost_in_proportion() -> None:
    """Of twelve, ten are gold that counts five-fold: five right there, five wrong, two wrong elsewhere.

    n = 52, A = 25, X/T = 26: skill −1 / (52 − 26 + 6) = −1/32, of full .4 a part of .078; half of the stake
    of twelve labels at four prices is 24.
    """
    mirrored = tried(TERMS, LABELS, PLAYED, Trial(mirror=True))

    assert mirrored.slashed[5] == pytest.approx(24 * (1 / 32) / 0.4, abs=0.01)
    assert mirrored.slashed[:4].tolist() == [0] * 4
    assert mirrored.slashed[4] == 80  # never more than a slash takes
    assert (mirrored.pay == PLAYED.pay).all()


def test_a_trial_that_changes_nothing_pays_what_the_rules_pay() -> None:
    same = tried(TERMS, LABELS, PLAYED, Trial())

    assert same.pay.tolist() == pytest.approx(PLAYED.pay.tolist(), abs=0.001)
    assert same.slashed.tolist() == PLAYED.slashed.tolist()


def test_skill_by_the_winners_is_that_by_the_others_where_they_agree() -> None:
    by_winners = tried(TERMS, LABELS, PLAYED, Trial(by_winners=True, mirror=True))
    by_others = tried(TERMS, LABELS, PLAYED, Trial(mirror=True))

    assert by_winners.pay.tolist() == pytest.approx(by_others.pay.tolist())
    assert by_winners.slashed.tolist() == pytest.approx(by_others.slashed.tolist())


def test_colluders_earn_less_by_the_winners_of_a_model_than_by_a_vote_of_the_others() -> None:
    scene = honest_scene("dawid-skene.v1")
    attack = Attack(Strategy.COLLUDING, 0.4, 40)
    mixed = mix(scene.crowd, scene.question, attack, np.random.default_rng(1))
    played = play(scene.terms, mixed.labels, tie_seed(1))
    theirs = mixed.attackers

    now, then = (
        tried(scene.terms, mixed.labels, played, Trial(by_winners=each)).pay[theirs].sum()
        for each in (False, True)
    )

    assert then < now
