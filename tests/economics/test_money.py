"""Money of seats: what is counted, and how it is summed."""

from __future__ import annotations

import numpy as np
import pytest

from labelshare.economics.campaign import Played, play
from labelshare.economics.mixing import Attack, mix
from labelshare.economics.money import Costs, flow
from labelshare.economics.scene import tie_seed
from labelshare.economics.strategies import Strategy
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
    return money.pay, money.shares, money.lost, money.time, money.capital, money.profit


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


# ------------------------------------------------------------------------- forfeits


def forfeits_of(**slash: int) -> Played:
    """The same campaign with other numbers in the slash policy."""
    rule = {"policy": "skill-and-gold.v1", **slash}
    return play(terms_of({item: TRUTH[item] for item in range(10)}, 40, slash=rule), LABELS, tie_seed(1))


def test_who_is_below_chance_forfeits_in_proportion_and_is_not_slashed() -> None:
    """Of twelve labels ten are gold that counts five-fold: five right there, five wrong, two wrong elsewhere.

    n = 52, A = 25, X/T = 26: skill −1 / (52 − 26 + 6) = −1/32 = −2,048 of 65,536; full is 26,214. Of
    the stake of 12 × 4,000 base units half can be lost: floor(24,000 × 2,048 / 26,214) = 1,875.
    """
    assert PLAYED.skill[5] == -1 / 32
    assert PLAYED.forfeited.tolist() == [0, 0, 0, 0, 0, 1.875]
    assert PLAYED.slashed.tolist() == [0, 0, 0, 0, 80, 0]


def test_a_forfeit_is_a_loss_of_its_own() -> None:
    money = flow([(PLAYED, np.zeros(6, dtype=np.int64), np.arange(6) >= 4)], Costs(look=0))

    assert (money.slashed, money.forfeited, money.lost) == (80, 1.875, 81.875)
    assert money.profit == -81.875
    assert money.gaining == 0


def test_what_a_spec_says_of_forfeits_counts() -> None:
    """A tenth of the stake at the most instead of half; nothing; more than the slash of who is flagged."""
    tenth, nothing, all_of_it = (forfeits_of(forfeit_bps=bps) for bps in (1_000, 0, 10_000))

    assert tenth.forfeited.tolist() == [0, 0, 0, 0, 0, 0.375]
    assert not nothing.forfeited.any()
    assert nothing.slashed.tolist() == tenth.slashed.tolist() == PLAYED.slashed.tolist()
    assert all_of_it.forfeited[5] == 3.75
    assert all_of_it.slashed[4] == 160  # a skill of −1: all of what 40 labels stake, where half is a slash


def test_the_breaker_stops_slashes_and_forfeits() -> None:
    stopped = forfeits_of(breaker_gold=11)

    assert stopped.flagged.tolist() == PLAYED.flagged.tolist() == [False] * 4 + [True, False]
    assert not stopped.slashed.any()
    assert not stopped.forfeited.any()
    assert (stopped.pay == PLAYED.pay).all()


def test_pay_begins_at_the_skill_that_the_spec_says() -> None:
    """Four right labels have a skill of 1/4 (test_campaign); pay rises from there up to .4."""
    right = {0: 0, 1: 1, 2: 0, 3: 1}

    def paid(from_bps: int) -> list[float]:
        terms = terms_of({}, 4, skill={"policy": "leave-one-out.v1", "from_bps": from_bps})
        return [float(each) for each in play(terms, labels_of(*[right] * 4), tie_seed(1)).pay]

    assert paid(0) == [2.5] * 4
    assert paid(1_000) == pytest.approx([2] * 4, abs=0.001)
    assert paid(2_500) == [0] * 4


def test_colluders_are_paid_less_where_a_model_is_the_yardstick() -> None:
    def pay(policy: str) -> float:
        scene = honest_scene(policy)
        mixed = mix(
            scene.crowd, scene.question, Attack(Strategy.COLLUDING, 0.4, 40), np.random.default_rng(1)
        )
        return float(play(scene.terms, mixed.labels, tie_seed(1)).pay[mixed.attackers].sum())

    assert pay("dawid-skene.v1") < pay("majority.v1") / 2
