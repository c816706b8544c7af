"""What a campaign will cost and pay, before anybody signs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.common import Session, read_bytes
from labelshare.commands.units import Unit, fee_bps, plain
from labelshare.errors import InputError

if TYPE_CHECKING:
    from labelshare.protocol.spec import Spec
    from labelshare.report.quote import GasPrice

__all__ = ["SpecFile", "quote", "read_spec"]

GWEI: Final = Unit("gwei", 9)

SpecFile = Annotated[
    Path, typer.Argument(metavar="SPEC", help="The spec (JSON); - reads the standard input.")
]


def read_spec(file: Path) -> Spec:
    """The spec in a file, or on the standard input; `SpecError` names the first bad field."""
    from labelshare.protocol.spec import Spec

    return Spec.read(sys.stdin.buffer.read() if str(file) == "-" else read_bytes(file))


def quote(
    here: Session,
    spec: SpecFile,
    *,
    fee: Annotated[str, typer.Option(help="The oracle's fee, in percent of pay.")] = "5",
    stake_per_label: Annotated[int, typer.Option(min=0, help="Stake behind a label, in prices.")] = 4,
    annotators: Annotated[
        int | None,
        typer.Option(
            min=1, max=2**32 - 1, help="How many will work; by default the fewest that can fill every place."
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=65_535, help="Rounds of work.")] = 1,
    arbitration_refund: Annotated[str, typer.Option(help="The pool's arbitration refund, in tokens.")] = "0",
    living_wage: Annotated[
        str | None, typer.Option(help="Tokens an hour; a warning says where pay is below.")
    ] = None,
    token_decimals: Annotated[int, typer.Option(min=0, max=255, help="Decimals of the token.")] = 18,
    symbol: Annotated[str, typer.Option(help="What the token is called.")] = "tokens",
    gas_price: Annotated[str | None, typer.Option(help="Price of gas in gwei.")] = None,
    coin_price: Annotated[
        str | None, typer.Option(help="What one coin of the chain is worth in tokens; needs --gas-price.")
    ] = None,
) -> None:
    """Say what a campaign will cost and pay, and what to think of first; reads no chain."""
    from rich.console import Console

    from labelshare.chain.deploy import PUBLIC_LIMITS
    from labelshare.protocol.quote import Assumptions, Periods, Quote
    from labelshare.report import collect
    from labelshare.report.measured import measured_gas
    from labelshare.report.quote import Quoted, as_json
    from labelshare.report.quote_text import show

    unit = Unit(plain(symbol), token_decimals)
    assumed = Assumptions(
        fee_bps=fee_bps(fee),
        stakes_per_label=stake_per_label,
        annotators=annotators,
        rounds=rounds,
        arbitration_refund=_amount("--arbitration-refund", arbitration_refund, unit),
        living_wage=None if living_wage is None else _amount("--living-wage", living_wage, unit),
    )
    price = _gas_price(gas_price, coin_price, unit)
    least = PUBLIC_LIMITS
    periods = Periods(least.min_period, least.min_rescue, least.max_period, least.max_horizon)
    shown = collect.Unit(unit.symbol, unit.decimals)
    quoted = Quoted(Quote(read_spec(spec), assumed, periods), shown, measured_gas(), price)
    if here.as_json:
        here.show(as_json(quoted), ())
    else:
        show(Console(), quoted)


def _gas_price(gas: str | None, coin: str | None, unit: Unit) -> GasPrice | None:
    from labelshare.report.quote import GasPrice

    if gas is None:
        if coin is not None:
            raise InputError("--coin-price says what gas costs only with --gas-price")
        return None
    wei = _amount("--gas-price", gas, GWEI)
    return GasPrice(wei, None if coin is None else _amount("--coin-price", coin, unit))


def _amount(option: str, text: str, unit: Unit) -> int:
    try:
        return unit.parse(text)
    except InputError as error:
        raise InputError(f"{option}: {error}") from None
