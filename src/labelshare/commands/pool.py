"""Pools: made by an oracle, joined by annotators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare.commands.common import SENDS, Session, command, group
from labelshare.commands.lines import fields
from labelshare.commands.paging import Limit, Page, PageNumber
from labelshare.commands.stake import PoolArgument, pool_of
from labelshare.commands.units import Unit, duration, span
from labelshare.errors import ChainError
from labelshare.types import Address, Hash32, PoolId, PoolParams

if TYPE_CHECKING:
    from labelshare.commands.lines import Pair

__all__ = ["pool"]

pool = group("pool", "Open and look up pools.")

NOBODY = Address(bytes(20))


@command(pool, "pool create --stake 100 --key oracle.json", SENDS)
def create(
    here: Session,
    *,
    stake: Annotated[str, typer.Option(help="What each seat stakes, in whole tokens.")],
    token: Annotated[
        str | None,
        typer.Option(help="The one token of stakes, bonds and pay; by default a development deployment's."),
    ] = None,
    unbonding: Annotated[
        str, typer.Option(help="How long leaving may take, and so how long a campaign may last.")
    ] = "180d",
    max_open: Annotated[
        int, typer.Option(help="Campaigns at once; each may slash this part of a seat.", min=1, max=65_535)
    ] = 4,
    gate: Annotated[
        str | None, typer.Option(help="Contract that says who may join; anyone by default.")
    ] = None,
    arbitrator: Annotated[
        str | None,
        typer.Option(help="Contract that rules contests (ERC-792); by default none, and they end unruled."),
    ] = None,
    arbitration_refund: Annotated[
        str, typer.Option(help="What the loser of a contest pays back of the arbitrator's fee, in tokens.")
    ] = "0",
    randomness: Annotated[
        str | None, typer.Option(help="Contract that the seed comes from; by default a block's hash.")
    ] = None,
    nonce: Annotated[int, typer.Option(help="Tells apart pools of the same rules.", min=0)] = 0,
) -> None:
    """Open a pool with the signer as its oracle; its rules never change."""
    from labelshare.client.pools import open_pool
    from labelshare.protocol.abi import pool_id

    chosen = here.token(token)
    unit = here.unit(chosen)
    rules = PoolParams(
        oracle=here.signer.address,
        token=chosen,
        seat_stake=unit.parse(stake),
        unbonding=duration(unbonding),
        max_open=max_open,
        gate=_contract(here, gate),
        arbitrator=_contract(here, arbitrator),
        arbitration_refund=unit.parse(arbitration_refund),
        randomness=_contract(here, randomness),
        nonce=nonce,
    )
    registry = here.contracts.registry
    name = pool_id(registry.chain.chain_id, registry.address, rules)
    if registry.pool(name).exists:
        raise ChainError(f"pool {name} exists; another --nonce makes another one")
    here.confirm(f"open pool {name}, for ever with " + _in_words(rules, unit))
    open_pool(here.sender, here.contracts, here.signer, rules)
    here.show_sent(_facts(name, rules, unit), [("pool", name)])


@command(pool, "pool show 0x" + "5f" * 32)
def show(here: Session, pool: PoolArgument) -> None:
    """Show a pool: its rules, who sits in it, and how many campaigns run."""
    from labelshare.chain.history import seat_spans

    rules, name = pool_of(here, pool), PoolId(Hash32(pool))
    registry, unit = here.contracts.registry, here.unit(rules.token)
    spans = seat_spans(registry.chain, here.deployment, name)
    seats = [each for each in spans if each.withdrawn is None]
    working = [each for each in seats if registry.seat(name, each.annotator).takes_work]
    state = registry.pool(name)
    counts = {"seats": len(seats), "taking_work": len(working), "open": state.open}
    rows: list[Pair] = [
        *_rows(name, rules, unit),
        ("seats", f"{len(seats)}, of which {len(working)} take work"),
        ("campaigns", f"{state.open} of {rules.max_open} places taken"),
    ]
    here.show(_facts(name, rules, unit) | counts, fields(rows))


@command(pool, "pool list", name="list")
def list_(here: Session, *, limit: Limit = 20, page: PageNumber = 1) -> None:
    """List the pools of the deployment, the newest first."""
    from labelshare.chain.listing import pools

    found = Page.of(pools(here.contracts.registry.chain, here.deployment), limit, page)
    lines: list[str] = []
    for each in found.rows:
        rows: list[Pair] = [
            ("oracle", each.oracle),
            ("stake", here.unit(each.params.token).show(each.params.seat_stake)),
            ("unbonding", span(each.params.unbonding)),
        ]
        lines += [str(each.pool), *fields(rows, indent=2)]
    facts = [_facts(each.pool, each.params, here.unit(each.params.token)) for each in found.rows]
    here.show(found.facts("pools", facts), found.lines("pools", lines))


def _contract(here: Session, given: str | None) -> Address:
    """A contract that is there: a pool with a gate or a source of seeds that is none could never work."""
    if given is None:
        return NOBODY
    address = Address(given)
    if not here.contracts.registry.chain.code(address):
        raise ChainError(f"no contract at {address}")
    return address


def _in_words(rules: PoolParams, unit: Unit) -> str:
    gate = f"whom {rules.gate} admits" if rules.gate != NOBODY else "anyone"
    judge = f"ruled by {rules.arbitrator}" if rules.arbitrator != NOBODY else "that end unruled"
    return (
        f"{unit.show(rules.seat_stake)} a seat, for {gate}, {rules.max_open} campaigns at once that may each "
        f"slash {unit.show(rules.campaign_slice)} of a seat, {span(rules.unbonding)} of unbonding, contests "
        f"{judge}, and {unit.show(rules.arbitration_refund)} as the refund of an arbitration"
    )


def _rows(name: PoolId, rules: PoolParams, unit: Unit) -> list[Pair]:
    return [
        ("pool", name),
        ("oracle", rules.oracle),
        ("token", rules.token),
        ("stake", unit.show(rules.seat_stake)),
        ("slice", f"{unit.show(rules.campaign_slice)} that each campaign may slash of a seat"),
        ("unbonding", span(rules.unbonding)),
        ("gate", _or_none(rules.gate, "none: anyone may join")),
        ("arbitrator", _or_none(rules.arbitrator, "none: contests end unruled")),
        ("refund", f"{unit.show(rules.arbitration_refund)} of an arbitration"),
        ("seed", _or_none(rules.randomness, "from a block's hash")),
    ]


def _or_none(address: Address, otherwise: str) -> str:
    return otherwise if address == NOBODY else str(address)


def _facts(name: PoolId, rules: PoolParams, unit: Unit) -> dict[str, Any]:
    return {
        "pool": str(name),
        "oracle": str(rules.oracle),
        "token": str(rules.token),
        "symbol": unit.symbol,
        "stake": str(rules.seat_stake),
        "slice": str(rules.campaign_slice),
        "unbonding": rules.unbonding,
        "max_open": rules.max_open,
        "gate": str(rules.gate),
        "arbitrator": str(rules.arbitrator),
        "arbitration_refund": str(rules.arbitration_refund),
        "randomness": str(rules.randomness),
        "nonce": rules.nonce,
    }
