"""The ledger's model by itself: its roundings, its double entry, and the names of its refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.chain import abi, artifacts
from labelshare.protocol import rewards
from labelshare.protocol.ledger import (
    Books,
    Division,
    Move,
    Place,
    Refusal,
    RefusedError,
    bond_up,
    division_of_lost_bond,
    eighth_up,
    executor_reward_down,
    fee_down,
    late_fee_up,
    seed_cost_down,
)
from labelshare.types import Address, keccak

DAY = 86_400
GOLD, SILVER, ANNA, BERT = (Address(keccak(name)[12:]) for name in (b"gold", b"silver", b"anna", b"bert"))
amounts = st.integers(0, 2**128)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (bond_up(1, 0), 1),
        (bond_up(4, 0), 1),
        (bond_up(5, 0), 2),
        (bond_up(5, 1), 4),
        (fee_down(10_000, 333), 333),
        (fee_down(10_001, 333), 333),
        (fee_down(29, 333), 0),
        (late_fee_up(100, 0), 1),
        (late_fee_up(101, 0), 2),
        (late_fee_up(100, DAY - 1), 1),
        (late_fee_up(100, DAY), 2),
        (late_fee_up(1_000, 99 * DAY), 1_000),
        (seed_cost_down(63), 0),
        (seed_cost_down(64), 1),
        (eighth_up(1), 1),
        (eighth_up(8), 1),
        (eighth_up(9), 2),
        (executor_reward_down(19), 0),
        (executor_reward_down(20), 1),
        (executor_reward_down(39), 1),
        (division_of_lost_bond(9, 0), Division(5, 0, 4)),
        (division_of_lost_bond(9, 3), Division(5, 3, 1)),
        (division_of_lost_bond(9, 100), Division(5, 4, 0)),
        (division_of_lost_bond(1, 1), Division(1, 0, 0)),
    ],
)
def test_worked_examples(got: object, expected: object) -> None:
    assert got == expected


@given(amounts, amounts)
def test_a_lost_bond_is_divided_without_rest_and_half_of_it_is_nobodys(lost: int, refund: int) -> None:
    division = division_of_lost_bond(lost, refund)
    assert sum(division) == lost
    assert min(division) >= 0
    assert 2 * division.burned >= lost
    assert division.refunded <= refund


@given(amounts, st.integers(0, 10_000))
def test_the_fee_is_that_of_the_settlement(payout: int, fee_bps: int) -> None:
    assert fee_down(payout, fee_bps) == rewards.fee(payout, fee_bps)


@given(amounts, amounts)
def test_the_bond_is_the_one_that_proposers_expect(escrow: int, refund: int) -> None:
    assert bond_up(escrow, refund) == rewards.bond_for(escrow, refund)


def test_books_never_make_or_lose_a_token() -> None:
    wallet, credit = Place.wallet(GOLD, ANNA), Place.credit(GOLD, ANNA)
    books = Books({wallet: 10}).post([Move(wallet, credit, 4)])
    assert (books[wallet], books[credit]) == (6, 4)
    assert books.total(GOLD, outside=True) == 6
    assert books.total(GOLD, outside=False) == 4


def test_a_wallet_pays_what_credit_does_not_cover() -> None:
    wallet, credit, target = Place.wallet(GOLD, ANNA), Place.credit(GOLD, ANNA), Place.burned(GOLD)
    books = Books({wallet: 10, credit: 4})
    for amount, left in [(3, (10, 1)), (4, (10, 0)), (9, (5, 0))]:
        after = books.post(books.take(GOLD, ANNA, target, amount))
        assert (after[wallet], after[credit]) == left
    with pytest.raises(RefusedError) as refused:
        books.post(books.take(GOLD, ANNA, target, 15))
    assert refused.value.reason is Refusal.WALLET_TOO_SMALL


@pytest.mark.parametrize(
    "move",
    [
        Move(Place.credit(GOLD, ANNA), Place.wallet(GOLD, ANNA), 5),
        Move(Place.wallet(GOLD, ANNA), Place.wallet(SILVER, ANNA), 1),
        Move(Place.wallet(GOLD, ANNA), Place.credit(GOLD, BERT), -1),
    ],
)
def test_books_do_not_follow_rules_at_odds_with_themselves(move: Move) -> None:
    with pytest.raises(ArithmeticError):
        Books({Place.wallet(GOLD, ANNA): 10, Place.credit(GOLD, ANNA): 4}).post([move])


def test_refusals_are_named_as_the_contracts_name_their_errors() -> None:
    known = {entry.name for name in artifacts.names() for entry in abi.entries("error", name)}
    assert {refusal.value for refusal in Refusal} - known == set()
