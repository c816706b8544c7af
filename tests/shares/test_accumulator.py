"""The model by itself: worked examples, and what holds for any history."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import ConservationError, InputError
from labelshare.protocol.accumulator import MAX_PAID, MAX_SUPPLY, SCALE, STREAM_SECONDS, Share
from labelshare.types import Address, Hash32, keccak

ONE = 10**18
DAY = 86_400
HOLDER, OTHER, STRANGER = (Address(keccak(name)[12:]) for name in (b"holder", b"other", b"stranger"))
FIRST, SECOND = keccak(b"first"), keccak(b"second")


def held(shares: int = ONE) -> Share:
    """All of one round in the holder's hands at time 0."""
    return Share().mint(FIRST, shares, 0).release(FIRST, [(HOLDER, shares)], 0)


def books(share: Share, now: int) -> int:
    """Everything that was paid, scaled, less everything it went to: what rounding has kept."""
    share = share.transfer(HOLDER, HOLDER, 0, now)  # credits everyone
    _, carry = share._grown(now)
    accounts = sum(row.running + row.settled for row in share.holdings.values())
    rounds = sum(row.left * row.earned for row in share.rounds.values())
    return (share.paid - share.claimed - share.unstreamed(now)) * SCALE - carry - accounts - rounds


def test_revenue_streams_over_seven_days() -> None:
    share = held().pay(7_000_000, 0)
    for day in range(8):
        assert share.claimable(HOLDER, day * DAY) in {day * 1_000_000, max(day * 1_000_000 - 1, 0)}
    assert share.unstreamed(3 * DAY) == 4_000_000


def test_a_payment_ends_at_the_weighted_mean() -> None:
    share = held().pay(7_000, 0).pay(6_000, 5 * DAY)
    assert share.stream.end - 5 * DAY == (2 * DAY * 2_000 + 7 * DAY * 6_000) // 8_000


def test_dust_delays_nobody() -> None:
    share = held().pay(10**12, 0)
    for second in range(100):
        share = share.pay(1, DAY + second // 10)
    assert share.stream.end == STREAM_SECONDS


def test_revenue_waits_for_a_supply() -> None:
    share = Share().pay(7_000, 0)
    assert share.unstreamed(100 * DAY) == 7_000
    share = share.mint(FIRST, ONE, 100 * DAY).release(FIRST, [(HOLDER, ONE)], 100 * DAY)
    assert share.claimable(HOLDER, 100 * DAY) == 0
    assert share.claimable(HOLDER, 107 * DAY) in {6_999, 7_000}


def test_buying_before_a_payment_and_selling_in_its_second_earns_nothing() -> None:
    share = held().transfer(HOLDER, STRANGER, ONE, DAY).pay(10**24, DAY).transfer(STRANGER, HOLDER, ONE, DAY)
    assert share.claimable(STRANGER, 100 * DAY) == 0


def test_a_late_release_equals_an_early_one() -> None:
    early = held(2 * ONE).mint(SECOND, 2 * ONE, 0).release(SECOND, [(OTHER, ONE)], 0).pay(10**9 + 7, DAY)
    late = early.release(SECOND, [(STRANGER, ONE)], 4 * DAY)
    assert late.claimable(STRANGER, 4 * DAY) == late.claimable(OTHER, 4 * DAY)
    assert late.claimable(STRANGER, 9 * DAY) == late.claimable(OTHER, 9 * DAY)


def test_a_claim_keeps_the_fraction() -> None:
    share, taken = held(3 * ONE).pay(1_000_003, 0), 0
    for hour in range(24 * 8):
        share, units = share.claim(HOLDER, hour * 3600)
        taken += units
    assert taken in {1_000_002, 1_000_003}


@pytest.mark.parametrize(
    ("error", "move"),
    [
        (ConservationError, lambda share: share.mint(FIRST, ONE, 0)),
        (ConservationError, lambda share: share.mint(SECOND, MAX_SUPPLY, 0)),
        (InputError, lambda share: share.mint(SECOND, ONE - 1, 0)),
        (ConservationError, lambda share: share.release(FIRST, [(OTHER, 1)], 0)),
        (ConservationError, lambda share: share.release(SECOND, [(OTHER, 1)], 0)),
        (ConservationError, lambda share: share.transfer(HOLDER, OTHER, ONE + 1, 0)),
        (ConservationError, lambda share: share.pay(1, 0).pay(MAX_PAID, 0)),
        (InputError, lambda share: share.pay(0, 0)),
    ],
)
def test_what_the_contract_refuses_the_model_refuses(
    error: type[Exception], move: Callable[[Share], Share]
) -> None:
    with pytest.raises(error):
        move(held())


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["pay", "mint", "release", "transfer", "claim"]),
        st.integers(0, 10 * DAY),
        st.integers(1, 2**96),
        st.sampled_from([HOLDER, OTHER, STRANGER]),
        st.sampled_from([HOLDER, OTHER, STRANGER]),
    ),
    max_size=40,
)


@given(MOVES)
def test_the_books_balance_for_any_history(moves: list[tuple[str, int, int, Address, Address]]) -> None:
    share, now, merged = held(), 0, ONE
    for kind, wait, size, first, second in moves:
        now += wait
        share = apply(share, kind, now, size, first, second)
        merged += share.holdings[second].shares if second in share.holdings else 0
        merged += share.holdings[first].shares if first in share.holdings else 0
        assert 0 <= books(share, now) <= merged


def apply(share: Share, kind: str, now: int, size: int, first: Address, second: Address) -> Share:
    """One move, bounded by what the state allows."""
    name = Hash32(size.to_bytes(32))
    match kind:
        case "pay":
            return share.pay(size, now)
        case "mint" if name not in share.rounds and share.supply + size + ONE <= MAX_SUPPLY:
            return share.mint(name, size + ONE, now)
        case "release":
            name = max(share.rounds, key=lambda key: share.rounds[key].left)
            left = share.rounds[name].left
            return share.release(name, [(first, size % (left + 1)), (second, 0)], now)
        case "transfer" if first in share.holdings:
            return share.transfer(first, second, size % (share.holdings[first].shares + 1), now)
        case "claim":
            return share.claim(first, now)[0]
    return share
