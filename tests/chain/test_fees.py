"""What is offered for gas: enough, never above the limit, and enough more that nodes take a replacement."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.chain.connect import connect
from labelshare.chain.fees import DEVELOPMENT, GWEI, PUBLIC, FeePolicy, Offer, policy_of, raised
from labelshare.chain.node import Fees
from labelshare.errors import ChainError, FeeError

wei = st.integers(0, 2**96)
fees = st.builds(Fees, base=st.integers(0, 2**64), tip=st.integers(0, 2**64))
offers = st.tuples(wei, wei).map(lambda pair: Offer(min(pair), max(pair)))


@pytest.mark.parametrize(
    ("before", "after"),
    [(0, 1), (1, 2), (2, 3), (7, 8), (8, 9), (9, 11), (16, 18), (17, 20), (100, 113), (10**9, 1_125_000_000)],
)
def test_an_eighth_more_is_rounded_up(before: int, after: int) -> None:
    assert raised(before) == after


@given(wei)
def test_an_eighth_more_passes_the_rule_of_public_nodes(before: int) -> None:
    """geth: more than before, and at least 110% of it; rounded in whichever way a node may round."""
    after = raised(before)
    assert after > before
    assert after >= Fraction(before * 9, 8)
    assert after >= -(-before * 110 // 100)
    assert after == before + 1 or after - 1 < Fraction(before * 9, 8)


@given(offers, fees)
def test_a_replacement_raises_both_fields(before: Offer, now: Fees) -> None:
    after = FeePolicy(cap=None).replacement(before, now)

    assert after.tip >= raised(before.tip)
    assert after.max_fee >= raised(before.max_fee)
    assert after.max_fee >= after.tip
    assert after.max_fee >= 2 * now.base + min(now.tip, after.tip)


@given(offers, fees, wei)
def test_a_replacement_never_exceeds_the_limit(before: Offer, now: Fees, cap: int) -> None:
    policy = FeePolicy(cap=cap)
    if raised(before.max_fee) > cap:
        with pytest.raises(FeeError, match="is stuck, and an eighth more is above the limit"):
            policy.replacement(before, now)
        return

    after = policy.replacement(before, now)
    assert raised(before.tip) <= after.tip <= after.max_fee <= cap
    assert after.max_fee >= raised(before.max_fee)


@given(fees, st.integers(1, 20), wei)
def test_an_offer_pays_the_fees_of_now_or_is_refused(now: Fees, headroom: int, cap: int) -> None:
    policy = FeePolicy(headroom=headroom, cap=cap)
    if now.base + now.tip > cap:
        with pytest.raises(FeeError, match="more than the limit"):
            policy.offer(now)
        return

    offer = policy.offer(now)
    assert offer.tip == now.tip
    assert now.base + now.tip <= offer.max_fee <= min(cap, headroom * now.base + now.tip)
    assert offer.max_fee in {cap, headroom * now.base + now.tip}


def test_a_batch_is_offered_with_more_room() -> None:
    assert DEVELOPMENT.offer(Fees(7, 1), DEVELOPMENT.batch_headroom) == Offer(1, 71)
    assert DEVELOPMENT.offer(Fees(7, 1)) == Offer(1, 15)


def test_a_refusal_says_what_gas_costs_and_what_the_limit_is() -> None:
    policy = FeePolicy(cap=100 * GWEI)

    with pytest.raises(FeeError, match=r"^gas costs 100\.000000001 gwei now, more than the limit 100 gwei$"):
        policy.offer(Fees(99 * GWEI, GWEI + 1))
    with pytest.raises(FeeError, match=r"offers 90 gwei is stuck, .* above the limit 100 gwei$"):
        policy.replacement(Offer(GWEI, 90 * GWEI), Fees(GWEI, GWEI))
    assert policy.offer(Fees(99 * GWEI, GWEI)) == Offer(GWEI, 100 * GWEI)
    assert issubclass(FeeError, ChainError)


def test_a_stuck_transaction_passes_the_public_rule_at_every_step_up_to_the_limit() -> None:
    policy, offer, steps = FeePolicy(cap=500 * GWEI), Offer(GWEI, 20 * GWEI + 1), 0
    while raised(offer.max_fee) <= 500 * GWEI:
        following = policy.replacement(offer, Fees(GWEI, GWEI))
        assert following.tip * 100 >= offer.tip * 110
        assert following.max_fee * 100 >= offer.max_fee * 110
        offer, steps = following, steps + 1
    assert steps == 27


def test_a_chain_has_its_policy() -> None:
    assert policy_of(connect()) is DEVELOPMENT
    assert PUBLIC.cap == 500 * GWEI
    assert PUBLIC.certain > 0
    assert DEVELOPMENT.cap is None
    # Whoever waits for an account's turn is patient enough for all that its holder may do.
    assert PUBLIC.patience * (PUBLIC.replacements + 1) + PUBLIC.certain < 900
