"""Campaigns in arrays: judged as real ones are, to the last base unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelshare.economics.campaign import ArrayCount, Labels, Terms, account, play, seat_of
from labelshare.economics.mixing import Attack, mix
from labelshare.economics.scene import tie_seed
from labelshare.economics.strategies import Strategy
from labelshare.errors import InputError
from labelshare.protocol.commitments import Opening
from labelshare.protocol.counting import Count
from labelshare.protocol.judging import judge
from labelshare.protocol.rewards import budget
from labelshare.types import ZERO_HASH, Commit
from tests.economics.scenes import honest_scene, labels_of, spec_of, terms_of

POLICIES = ("majority.v1", "dawid-skene.v1")
TRUTH = {0: 0, 1: 1, 2: 0, 3: 1}


def counted(terms: Terms, labels: Labels) -> Count:
    """The same labels, opened batch by batch."""
    form = terms.spec.task.form
    count = Count(terms.record.scope, form, len(terms.spec.items), lambda *_: True)
    for seat in range(labels.n_seats):
        rows = np.flatnonzero(labels.seats == seat)
        rows = rows[np.argsort(labels.items[rows])]
        if rows.size:
            items = tuple(labels.items[rows].tolist())
            answers = tuple(form.encode(choice) for choice in labels.classes[rows].tolist())
            commit = Commit(0, 0, ZERO_HASH, len(items), len(items))
            count.add(commit, Opening(account(seat), ZERO_HASH, ZERO_HASH, items, answers), None)
    return count


@pytest.mark.parametrize("policy", POLICIES)
def test_arrays_are_judged_like_labels_that_were_opened(policy: str) -> None:
    scene = honest_scene(policy)
    count = counted(scene.terms, scene.crowd)

    ours = judge(
        scene.terms.spec,
        scene.terms.record,
        ArrayCount(scene.terms, scene.crowd),
        dict(count.opened),
    )

    assert ours == judge(scene.terms.spec, scene.terms.record, count, dict(count.opened))


def test_accounts_are_in_the_order_of_seats() -> None:
    assert [seat_of(account(seat)) for seat in (0, 255, 70_000)] == [0, 255, 70_000]
    assert account(0) < account(1) < account(256)


def test_a_tiny_campaign_as_counted_by_hand() -> None:
    """Four seats are right on four items of two classes, one gives a class for each right and each wrong.

    Every reference of the four is the truth: n = A = 4, X/T = 2, skill (4 − 2) / (4 − 2 + 6) = 1/4 = 16,384
    of 65,536; pay begins at 6,553 and is full at 26,214: each is paid floor(8 × 1,000 × 9,831 / (2 × 19,661))
    = 2,000 base units. The fifth has A = 2 of 4, skill 0, and is paid nothing.
    """
    terms = terms_of({}, 4)
    wrong = {0: 0, 1: 1, 2: 1, 3: 0}

    played = play(terms, labels_of(TRUTH, TRUTH, TRUTH, TRUTH, wrong), tie_seed(1))

    assert [row.payout for row in played.verdict.payouts] == [2_000] * 4
    assert played.pay.tolist() == [2] * 4 + [0]
    assert played.skill.tolist() == [0.25] * 4 + [0]
    assert played.winners.tolist() == [0, 1, 0, 1]
    assert not played.slashed.any()
    assert not played.forfeited.any()


def test_a_slash_as_counted_by_hand() -> None:
    """Forty items, ten of them gold; who is always wrong loses half of 40 labels' stake of four prices."""
    truth = {item: item % 2 for item in range(40)}
    terms = terms_of({item: truth[item] for item in range(10)}, 40)
    wrong = {item: 1 - choice for item, choice in truth.items()}

    played = play(terms, labels_of(truth, truth, truth, truth, wrong), tie_seed(1))

    assert played.slashed.tolist() == [0, 0, 0, 0, 80]
    assert played.flagged.tolist() == [False] * 4 + [True]
    assert not played.forfeited.any()  # what is lost by a slash is no forfeit
    assert played.pay.tolist() == [40] * 4 + [0]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(POLICIES),
    st.sampled_from(list(Strategy)),
    st.floats(0, 0.9),
    st.integers(1, 60),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_no_attack_makes_a_campaign_pay_more_than_there_is(
    policy: str, strategy: Strategy, share: float, seat_labels: int, seed: int, by_lot: bool
) -> None:
    scene = honest_scene(policy)
    attack = Attack(strategy, share, seat_labels, by_lot=by_lot)
    mixed = mix(scene.crowd, scene.question, attack, np.random.default_rng(seed))

    played = play(scene.terms, mixed.labels, tie_seed(1))

    record = scene.terms.record
    paid = sum(row.payout for row in played.verdict.payouts)
    assert paid == round(played.pay.sum() * scene.terms.price)
    assert paid <= budget(record.escrow, record.params.fee_bps)
    assert sum(row.shares for row in played.verdict.payouts) <= record.params.share_cap
    half = played.labels * record.params.stake_per_label // 2 / scene.terms.price
    assert np.isin(played.slashed / np.maximum(half, 1), (0, 1)).all()
    assert (played.forfeited <= half).all()
    assert not played.forfeited[played.flagged | (played.skill >= 0)].any()
    assert not played.slashed[~played.flagged].any()
    lost = sum(row.slash for row in played.verdict.payouts)
    assert lost == round((played.slashed + played.forfeited).sum() * scene.terms.price)
    assert (played.pay <= played.labels).all()
    assert played.labels.sum() == scene.crowd.items.size


def test_nothing_is_told_in_prices_of_nothing() -> None:
    with pytest.raises(InputError, match="the price is nothing"):
        Terms(spec_of(4, 2, price="0"), None)
