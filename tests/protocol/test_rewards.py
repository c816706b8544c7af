from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import ConservationError
from labelshare.protocol.rewards import ONE_SHARE, Reward, Tally, budget, fee, flat, payout_rows
from labelshare.types import Address

ACCOUNTS = [Address(bytes([number]) * 20) for number in range(1, 9)]
tallies_of = st.dictionaries(
    st.sampled_from(ACCOUNTS), st.builds(Tally, st.integers(0, 50), st.integers(0, 50).map(lambda n: 2 * n))
)
amounts = st.integers(0, 2**90)
PLENTY = 2**128


@given(tallies_of, amounts, st.integers(ONE_SHARE, 2**70))
def test_a_contested_label_earns_half(tallies: dict[Address, Tally], price: int, weight: int) -> None:
    rewards = flat(tallies, price=price, share_weight=weight, available=PLENTY, share_cap=PLENTY)
    for account, tally in tallies.items():
        labels = tally.accepted + Fraction(tally.contested, 2)
        assert rewards[account] == Reward(floor(labels * price), floor(labels * weight), 0)


@given(tallies_of, amounts, st.integers(0, 2**95))
def test_pay_never_exceeds_the_budget(tallies: dict[Address, Tally], price: int, available: int) -> None:
    rewards = flat(tallies, price=price, share_weight=ONE_SHARE, available=available, share_cap=PLENTY)
    earned = {account: floor(Fraction(tally.halves * price, 2)) for account, tally in tallies.items()}
    total = sum(earned.values())
    paid = sum(reward.payout for reward in rewards.values())
    assert paid <= available
    if total <= available:
        assert paid == total
    else:
        assert available - paid <= len(tallies)
        assert all(rewards[a].payout == floor(Fraction(earned[a] * available, total)) for a in tallies)


@given(st.integers(0, 2**128 - 1), st.integers(0, 10_000))
def test_budget_and_fee_fit_the_escrow(escrow: int, fee_bps: int) -> None:
    available = budget(escrow, fee_bps)
    assert available == floor(Fraction(escrow * 10_000, 10_000 + fee_bps))
    assert available + fee(available, fee_bps) <= escrow
    assert fee(available, fee_bps) == floor(Fraction(available * fee_bps, 10_000))


def test_shares_beyond_the_cap_are_an_error() -> None:
    tallies = {ACCOUNTS[0]: Tally(3, 0)}
    terms = {"price": 1, "share_weight": ONE_SHARE, "available": 10}
    assert flat(tallies, share_cap=3 * ONE_SHARE, **terms)[ACCOUNTS[0]].shares == 3 * ONE_SHARE
    with pytest.raises(ConservationError, match="exceed the campaign's cap"):
        flat(tallies, share_cap=3 * ONE_SHARE - 1, **terms)


def test_less_than_one_share_in_all_is_an_error() -> None:
    with pytest.raises(ConservationError, match="less than one whole share"):
        flat({ACCOUNTS[0]: Tally(0, 1)}, price=1, share_weight=ONE_SHARE, available=10, share_cap=PLENTY)


def test_two_contested_labels_make_the_share_whole() -> None:
    tallies = {account: Tally(0, 1) for account in ACCOUNTS[:2]}
    rewards = flat(tallies, price=3, share_weight=ONE_SHARE, available=10, share_cap=PLENTY)
    assert set(rewards.values()) == {Reward(1, ONE_SHARE // 2)}


@given(st.dictionaries(st.sampled_from(ACCOUNTS), st.builds(Reward, *[st.integers(0, 3)] * 3)))
def test_rows_are_ordered_cumulative_and_never_empty(rewards: dict[Address, Reward]) -> None:
    rows = payout_rows(rewards)
    assert [row.index for row in rows] == list(range(len(rows)))
    accounts = [row.account for row in rows]
    assert accounts == sorted(a for a, r in rewards.items() if (r.payout, r.shares, r.slash) != (0, 0, 0))
    paid = minted = 0
    for row in rows:
        assert (row.payout, row.shares, row.slash) == (
            rewards[row.account].payout,
            rewards[row.account].shares,
            rewards[row.account].slash,
        )
        paid, minted = paid + row.payout, minted + row.shares
        assert (row.cum_payout, row.cum_shares) == (paid, minted)
