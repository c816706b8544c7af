from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import ConservationError
from labelshare.protocol import rewards
from labelshare.protocol.rewards import ONE_SHARE, Reward, Tally, Terms, budget, earned, fee, payout_rows
from labelshare.types import Address

ACCOUNTS = [Address(bytes([number]) * 20) for number in range(1, 9)]
FROM, FULL = 6_553, 26_214
tallies_of = st.dictionaries(
    st.sampled_from(ACCOUNTS),
    st.builds(Tally, st.integers(0, 50), st.integers(0, 50), st.integers(-200_000, 65_536)),
)
amounts = st.integers(0, 2**90)
PLENTY = 2**128
TERMS = Terms(
    price=1_000,
    share_weight=ONE_SHARE,
    pay_by_skill=False,
    shares_by_skill=False,
    from_skill=FROM,
    full_skill=FULL,
    available=PLENTY,
    share_cap=PLENTY,
)


def part(tally: Tally) -> Fraction:
    """What skill scales a price by."""
    return min(max(Fraction(tally.skill_q16 - FROM, FULL - FROM), Fraction(0)), Fraction(1))


@given(tallies_of, amounts, st.integers(ONE_SHARE, 2**70), st.booleans(), st.booleans())
def test_pay_and_shares_are_rounded_down_once(
    tallies: dict[Address, Tally], price: int, weight: int, pay_scaled: bool, shares_scaled: bool
) -> None:
    terms = replace(
        TERMS, price=price, share_weight=weight, pay_by_skill=pay_scaled, shares_by_skill=shares_scaled
    )
    found = earned(tallies, terms, {})
    for account, tally in tallies.items():
        labels = tally.accepted + Fraction(tally.contested, 2)
        assert found[account].payout == floor(labels * price * (part(tally) if pay_scaled else 1))
        shares = floor(labels * weight * (part(tally) if shares_scaled else 1))
        assert found[account].shares in (shares, 0)
        assert found[account].shares == shares or sum(r.shares for r in found.values()) == 0


@given(tallies_of, amounts, st.integers(0, 2**95), st.integers(0, 2**66), st.booleans())
def test_nothing_exceeds_what_there_is(
    tallies: dict[Address, Tally], price: int, available: int, cap: int, scaled: bool
) -> None:
    terms = replace(TERMS, price=price, pay_by_skill=scaled, shares_by_skill=scaled)
    free = earned(tallies, terms, {})
    held = earned(tallies, replace(terms, available=available, share_cap=cap), {})
    for parts, limit in (("payout", available), ("shares", cap)):
        before = {account: getattr(reward, parts) for account, reward in free.items()}
        after = {account: getattr(reward, parts) for account, reward in held.items()}
        total = sum(before.values())
        assert sum(after.values()) <= limit
        if total <= limit:
            assert after == before
        elif parts == "payout" or sum(after.values()):
            assert limit - sum(after.values()) <= len(tallies)
            assert after == {a: floor(Fraction(before[a] * limit, total)) for a in tallies}


@given(tallies_of)
def test_skill_beyond_full_pay_earns_no_more_and_up_to_where_pay_begins_nothing(
    tallies: dict[Address, Tally],
) -> None:
    scaled = replace(TERMS, pay_by_skill=True)
    for account, reward in earned(tallies, scaled, {}).items():
        flat = earned(tallies, TERMS, {})[account].payout
        assert 0 <= reward.payout <= flat
        if tallies[account].skill_q16 >= FULL:
            assert reward.payout == flat
        if tallies[account].skill_q16 <= FROM:
            assert reward.payout == 0


@pytest.mark.parametrize(
    ("skill", "pay"),
    [
        (-65_536, 0),
        (0, 0),
        (6_553, 0),
        (6_554, 0),  # 5,000 × 1 / 39,322 of a unit and more: rounded down
        (6_561, 1),  # the first to reach one
        (6_553 + 19_661 // 2, 1_249),  # 2,500 × 9,830 / 19,661
        (26_213, 2_499),
        (26_214, 2_500),
        (65_536, 2_500),
    ],
)
def test_pay_rises_from_the_one_skill_to_the_other(skill: int, pay: int) -> None:
    """Two labels accepted and one contested, 1,000 each."""
    found = earned({ACCOUNTS[0]: Tally(2, 1, skill)}, replace(TERMS, pay_by_skill=True), {})
    assert found[ACCOUNTS[0]].payout == pay


def test_pay_may_begin_at_nothing_or_just_below_full() -> None:
    half = {ACCOUNTS[0]: Tally(1, 0, FULL // 2), ACCOUNTS[1]: Tally(1, 0, FULL)}
    terms = replace(TERMS, pay_by_skill=True)
    for from_skill, pay in ((0, [500, 1_000]), (FULL - 1, [0, 1_000])):
        found = earned(half, replace(terms, from_skill=from_skill), {})
        assert [each.payout for each in found.values()] == pay


@given(st.integers(0, 2**128 - 1), st.integers(0, 10_000))
def test_budget_and_fee_fit_the_escrow(escrow: int, fee_bps: int) -> None:
    available = budget(escrow, fee_bps)
    assert available == floor(Fraction(escrow * 10_000, 10_000 + fee_bps))
    assert available + fee(available, fee_bps) <= escrow
    assert fee(available, fee_bps) == floor(Fraction(available * fee_bps, 10_000))


def test_shares_give_way_where_the_cap_is_short() -> None:
    tallies = {ACCOUNTS[0]: Tally(3, 0), ACCOUNTS[1]: Tally(1, 0)}
    found = earned(tallies, replace(TERMS, share_cap=2 * ONE_SHARE), {})
    assert [found[account].shares for account in tallies] == [3 * ONE_SHARE // 2, ONE_SHARE // 2]


@pytest.mark.parametrize(("tally", "cap"), [(Tally(0, 1), PLENTY), (Tally(3, 0), ONE_SHARE - 1)])
def test_less_than_one_share_in_all_is_none(tally: Tally, cap: int) -> None:
    found = earned({ACCOUNTS[0]: tally}, replace(TERMS, share_cap=cap), {})
    assert found[ACCOUNTS[0]] == Reward(1_000 * tally.halves // 2, 0)


def test_two_contested_labels_make_the_share_whole() -> None:
    tallies = {account: Tally(0, 1) for account in ACCOUNTS[:2]}
    found = earned(tallies, replace(TERMS, price=3), {})
    assert set(found.values()) == {Reward(1, ONE_SHARE // 2)}


def test_a_slash_takes_nothing_from_pay() -> None:
    found = earned({ACCOUNTS[0]: Tally(2, 0)}, TERMS, {ACCOUNTS[0]: 77})
    assert found == {ACCOUNTS[0]: Reward(2_000, 2 * ONE_SHARE, 77)}


def test_pay_beyond_the_budget_is_raised_and_not_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fault in the rule would meet."""
    monkeypatch.setattr(rewards, "_within", lambda parts, _available: parts)
    with pytest.raises(ConservationError, match="pay of 2000 exceeds the 1999 there is"):
        earned({ACCOUNTS[0]: Tally(2, 0)}, replace(TERMS, available=1_999), {})


@given(st.dictionaries(st.sampled_from(ACCOUNTS), st.builds(Reward, *[st.integers(0, 3)] * 3)))
def test_rows_are_ordered_cumulative_and_never_empty(found: dict[Address, Reward]) -> None:
    rows = payout_rows(found)
    assert [row.index for row in rows] == list(range(len(rows)))
    accounts = [row.account for row in rows]
    assert accounts == sorted(a for a, r in found.items() if (r.payout, r.shares, r.slash) != (0, 0, 0))
    paid = minted = 0
    for row in rows:
        assert Reward(row.payout, row.shares, row.slash) == found[row.account]
        paid, minted = paid + row.payout, minted + row.shares
        assert (row.cum_payout, row.cum_shares) == (paid, minted)
