"""Credit, pools and seats."""

from __future__ import annotations

from dataclasses import replace

from labelshare.protocol.ledger.books import Move, Place
from labelshare.protocol.ledger.checks import ONE_SHARE, require_caller
from labelshare.protocol.ledger.refusals import Refusal, RefusedError, refuse_if
from labelshare.protocol.ledger.state import Call, Dataset, Ledger, Pool, Seat, Step, put, without
from labelshare.types import Address, PoolId, PoolParams

__all__ = [
    "create_dataset",
    "create_pool",
    "deposit",
    "join",
    "leave",
    "pay",
    "refill",
    "withdraw",
    "withdraw_for",
    "withdraw_seat",
]

NOBODY = Address(bytes(20))
BPS = 10_000


def pay(ledger: Ledger, call: Call, token: Address, receiver: Address, amount: int) -> Step:
    """A transfer between wallets; the registry may be the receiver, and has then been given a present."""
    return Step.of(ledger, Move(Place.wallet(token, call.sender), Place.wallet(token, receiver), amount))


def deposit(ledger: Ledger, call: Call, token: Address, amount: int) -> Step:
    """Tokens from the caller's wallet become the caller's credit."""
    refuse_if(amount == 0, Refusal.ZERO_AMOUNT)
    return Step.of(ledger, Move(Place.wallet(token, call.sender), Place.credit(token, call.sender), amount))


def withdraw(ledger: Ledger, call: Call, token: Address, amount: int) -> Step:
    """Credit of the caller goes to the caller's wallet."""
    refuse_if(amount == 0, Refusal.ZERO_AMOUNT)
    credit = Place.credit(token, call.sender)
    refuse_if(ledger.books[credit] < amount, Refusal.CREDIT_TOO_SMALL)
    return Step.of(ledger, Move(credit, Place.wallet(token, call.sender), amount))


def withdraw_for(ledger: Ledger, token: Address, account: Address) -> Step:
    """All credit of an account goes to that account's wallet, whoever calls."""
    credit = Place.credit(token, account)
    amount = ledger.books[credit]
    refuse_if(amount == 0, Refusal.ZERO_AMOUNT)
    return Step.of(ledger, Move(credit, Place.wallet(token, account), amount))


def create_dataset(ledger: Ledger, call: Call, share: Address, contributor_bps: int, max_shares: int) -> Step:
    """The caller owns a dataset from now on, named by its share."""
    refuse_if(contributor_bps > BPS, Refusal.BASIS_POINTS)
    refuse_if(max_shares < ONE_SHARE, Refusal.MAX_SHARES_OUT_OF_RANGE)
    return Step(replace(ledger, datasets=put(ledger.datasets, share, Dataset(call.sender, max_shares))))


def create_pool(ledger: Ledger, call: Call, name: PoolId, rules: PoolParams) -> Step:
    """An operator opens a pool of its own."""
    require_caller(call, rules.oracle)
    refuse_if(rules.token == NOBODY, Refusal.ZERO_ADDRESS)
    refuse_if(rules.max_open == 0 or rules.seat_stake == 0, Refusal.ZERO_AMOUNT)
    refuse_if(name in ledger.pools, Refusal.POOL_EXISTS)
    return Step(ledger.with_pool(name, Pool(rules)))


def join(ledger: Ledger, call: Call, name: PoolId) -> Step:
    """The caller puts up the pool's stake and has a seat."""
    rules = _pool(ledger, name).rules
    refuse_if((name, call.sender) in ledger.seats, Refusal.ALREADY_SEATED)
    seat = Place.stake(rules.token, name, call.sender)
    moves = ledger.books.take(rules.token, call.sender, seat, rules.seat_stake)
    return Step.of(_with_seat(ledger, name, call.sender, Seat(call.now)), *moves)


def refill(ledger: Ledger, call: Call, name: PoolId) -> Step:
    """The caller makes up for slashes: the stake is whole again, from now on."""
    rules, seat = _pool(ledger, name).rules, _seat(ledger, name, call.sender)
    refuse_if(seat.release_at is not None, Refusal.ALREADY_LEAVING)
    refuse_if(seat.short_since is None, Refusal.SEAT_WHOLE)
    stake = Place.stake(rules.token, name, call.sender)
    missing = rules.seat_stake - ledger.books[stake]
    moves = ledger.books.take(rules.token, call.sender, stake, missing)
    return Step.of(_with_seat(ledger, name, call.sender, Seat(call.now)), *moves)


def leave(ledger: Ledger, call: Call, name: PoolId) -> Step:
    """The caller takes no new work and waits for what runs now, to the latest end of it at most."""
    seat = _seat(ledger, name, call.sender)
    refuse_if(seat.release_at is not None, Refusal.ALREADY_LEAVING)
    pool, waits_for = ledger.pools[name].closed()
    leaving = replace(seat, release_at=max(pool.latest_end, call.now), waits_for=waits_for)
    return Step(_with_seat(ledger.with_pool(name, pool), name, call.sender, leaving))


def withdraw_seat(ledger: Ledger, call: Call, name: PoolId, annotator: Address) -> Step:
    """The stake of a seat that has left becomes its annotator's credit, whoever calls."""
    pool, seat = _pool(ledger, name), _seat(ledger, name, annotator)
    refuse_if(seat.release_at is None, Refusal.SEAT_LOCKED)
    free = pool.oldest >= seat.waits_for or not pool.places or call.now >= (seat.release_at or 0)
    refuse_if(not free, Refusal.SEAT_LOCKED)
    token = pool.rules.token
    stake = Place.stake(token, name, annotator)
    gone = replace(ledger, seats=without(ledger.seats, (name, annotator)))
    return Step.of(gone, Move(stake, Place.credit(token, annotator), ledger.books[stake]))


def _pool(ledger: Ledger, name: PoolId) -> Pool:
    refuse_if(name not in ledger.pools, Refusal.UNKNOWN_POOL)
    return ledger.pools[name]


def _seat(ledger: Ledger, name: PoolId, annotator: Address) -> Seat:
    found = ledger.seats.get((name, annotator))
    if found is None:
        raise RefusedError(Refusal.NOT_SEATED)
    return found


def _with_seat(ledger: Ledger, name: PoolId, annotator: Address, seat: Seat) -> Ledger:
    return replace(ledger, seats=put(ledger.seats, (name, annotator), seat))
