"""Stake: a seat in a pool, and credit in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.common import READS, SENDS, Session, command, group
from labelshare.commands.lines import fields
from labelshare.commands.units import Unit, moment, span
from labelshare.errors import ChainError, InputError
from labelshare.types import Address, Hash32, PoolId, PoolParams

if TYPE_CHECKING:
    from labelshare.chain.state import Pool, Seat
    from labelshare.client.purse import Purse
    from labelshare.client.seats import SeatHolder

__all__ = ["PoolArgument", "TokenOption", "pool_of", "stake"]

stake = group("stake", "Take, keep and leave a seat in a pool; move credit.")

ID = "0x" + "5f" * 32

PoolArgument = Annotated[str, typer.Argument(metavar="POOL", help="The pool's id.")]
Amount = Annotated[str, typer.Argument(help="Such as 12.5, in whole tokens.")]
TokenOption = Annotated[
    str | None, typer.Option(help="Address of the token; by default a development deployment's own.")
]


@command(stake, f"stake join {ID} --key ann.json", SENDS)
def join(
    here: Session,
    pool: PoolArgument,
    *,
    evidence: Annotated[str, typer.Option(help="What the pool's gate asks for, as 0x and hex digits.")] = "",
) -> None:
    """Take a seat in a pool at its stake, which is consent to the pool's rules."""
    shown = _bytes_of(evidence)
    holder = _holder(here, pool)
    if holder.seat().full_since:
        raise ChainError(f"{here.signer.address} holds a seat in this pool already")
    rules, unit = holder.pool, here.unit(holder.pool.token)
    here.confirm(
        *here.payment(rules.token, rules.seat_stake),
        f"take a seat in pool {holder.pool_id} and stake {unit.show(rules.seat_stake)}: each campaign worked "
        f"in may take up to {unit.show(rules.campaign_slice)} of it, and leaving may take as long as "
        f"{span(rules.unbonding)}",
    )
    joined = holder.join(shown)
    here.show_sent(
        {"pool": str(joined.pool), "stake": str(joined.stake)},
        [("staked", unit.show(joined.stake))],
    )


@command(stake, f"stake refill {ID} --key ann.json", SENDS)
def refill(here: Session, pool: PoolArgument) -> None:
    """Put back what was slashed of a seat, so that it may take new work."""
    holder = _holder(here, pool)
    seat, unit = _seated(holder), here.unit(holder.pool.token)
    missing = holder.pool.seat_stake - seat.stake
    if not missing:
        raise ChainError("nothing of the stake is missing")
    here.confirm(
        *here.payment(holder.pool.token, missing),
        f"add {unit.show(missing)} to the stake in pool {holder.pool_id}, to make it "
        f"{unit.show(holder.pool.seat_stake)} again",
    )
    refilled = holder.refill()
    here.show_sent(
        {"added": str(refilled.amount)},
        [("added", unit.show(refilled.amount))],
    )


@command(stake, f"stake leave {ID} --key ann.json", SENDS)
def leave(here: Session, pool: PoolArgument) -> None:
    """Start leaving a pool: no new work from now on, and the stake is free once the work so far is over."""
    holder = _holder(here, pool)
    seat, unit = _seated(holder), here.unit(holder.pool.token)
    here.confirm(
        f"take no new work in pool {holder.pool_id}; the stake of {unit.show(seat.stake)} stays bound for "
        "the campaigns accepted so far"
    )
    left = holder.leave()
    here.show_sent(
        {"free_at": left.release_at},
        [("free by", moment(left.release_at))],
    )


@command(stake, f"stake withdraw {ID} --key ann.json", SENDS)
def withdraw(here: Session, pool: PoolArgument) -> None:
    """Turn the stake of a seat that has left into credit; `stake withdraw-credit` pays that out."""
    holder = _holder(here, pool)
    seat, unit = _seated(holder), here.unit(holder.pool.token)
    here.confirm(f"turn the stake of {unit.show(seat.stake)} in pool {holder.pool_id} into credit")
    taken = holder.withdraw()
    here.show_sent(
        {"credited": str(taken.stake)},
        [("credited", unit.show(taken.stake))],
    )


@command(stake, f"stake show {ID} --key ann.json", (*READS, "key"))
def show(
    here: Session,
    pool: PoolArgument,
    address: Annotated[str | None, typer.Argument(help="Whose; by default the keystore's.")] = None,
) -> None:
    """Show a seat: its stake, whether it takes work, when it is free, and what could be lost."""
    from labelshare.client.seats import is_released

    owner, rules = here.account(address), pool_of(here, pool)
    registry, name = here.contracts.registry, PoolId(Hash32(pool))
    seat, state, now = registry.seat(name, owner), registry.pool(name), registry.chain.now()
    released = is_released(seat, state, now)
    status = _status(seat, released=released)
    unit, at_risk = here.unit(rules.token), _at_risk(rules, seat, state)
    rows: list[tuple[str, object]] = [("account", owner), ("seat", status)]
    if seat.full_since:
        rows += [
            ("stake", f"{unit.show(seat.stake)} of {unit.show(rules.seat_stake)}"),
            ("free", _free(rules, seat, released=released)),
            ("can be lost", _in_words(unit, rules.campaign_slice, state.open, at_risk)),
        ]
    here.show(
        {
            "account": str(owner),
            "pool": pool,
            "status": status,
            "stake": str(seat.stake),
            "full_stake": str(rules.seat_stake),
            "free_at": seat.release_at or None,
            "free_now": released,
            "slice": str(rules.campaign_slice),
            "at_risk": str(at_risk),
        },
        fields(rows),
    )


@command(stake, "stake deposit 12.5 --key ann.json", SENDS)
def deposit(here: Session, amount: Amount, *, token: TokenOption = None) -> None:
    """Put tokens from the wallet into credit, which the registry takes first."""
    chosen = here.token(token)
    unit = here.unit(chosen)
    units = unit.parse(amount)
    purse = _purse(here, chosen)
    here.require_wallet(chosen, units)
    here.confirm(
        f"let the registry take {unit.show(units)} from the wallet", f"put {unit.show(units)} into credit"
    )
    credited = purse.deposit(units)
    here.show_sent(
        {"credited": str(credited.amount)},
        [("credited", unit.show(credited.amount))],
    )


@command(stake, "stake withdraw-credit 12.5 --key ann.json", SENDS, name="withdraw-credit")
def withdraw_credit(here: Session, amount: Amount, *, token: TokenOption = None) -> None:
    """Pay credit out to the wallet."""
    chosen = here.token(token)
    unit = here.unit(chosen)
    units = unit.parse(amount)
    purse = _purse(here, chosen)
    here.confirm(f"pay {unit.show(units)} of credit to the wallet")
    paid = purse.withdraw(units)
    here.show_sent(
        {"paid": str(paid.amount)},
        [("paid", unit.show(paid.amount))],
    )


def pool_of(here: Session, pool: str) -> PoolParams:
    """The rules of a pool by its id."""
    from labelshare.chain.history import pool_params

    name = PoolId(Hash32(pool))
    chain = here.contracts.registry.chain
    return pool_params(chain, here.deployment, name)


def _holder(here: Session, pool: str) -> SeatHolder:
    from labelshare.client.seats import SeatHolder

    rules = pool_of(here, pool)
    return SeatHolder(here.sender, here.contracts, here.signer, rules)


def _purse(here: Session, token: Address) -> Purse:
    from labelshare.client.purse import Purse

    return Purse(here.sender, here.contracts, here.signer, token)


def _seated(holder: SeatHolder) -> Seat:
    seat = holder.seat()
    if not seat.full_since:
        raise ChainError(f"{holder.signer.address} holds no seat in this pool")
    return seat


def _status(seat: Seat, *, released: bool) -> str:
    if not seat.full_since:
        return "none"
    if seat.release_at:
        return "left: its stake may be withdrawn" if released else "leaving: takes no new work"
    return "short: takes no new work until it is refilled" if seat.short_since else "open: takes work"


def _in_words(unit: Unit, slice_: int, running: int, at_risk: int) -> str:
    return (
        f"at most {unit.show(slice_)} in each campaign worked in, and only as far as signed for; {running} "
        f"of the pool's campaigns may slash now, so at most {unit.show(at_risk)}"
    )


def _free(rules: PoolParams, seat: Seat, *, released: bool) -> str:
    if released:
        return "now"
    if seat.release_at:
        return f"at {moment(seat.release_at)} at the latest, or once the campaigns before have ended"
    return f"after leaving, once the campaigns accepted by then have ended: {span(rules.unbonding)} at most"


def _at_risk(rules: PoolParams, seat: Seat, state: Pool) -> int:
    """A slice for each place taken: nothing tells from the chain alone which of them it worked in."""
    return min(seat.stake, state.open * rules.campaign_slice)


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise InputError("the evidence is not 0x and hex digits") from None
