"""What a label is worth to whoever gives it, by strategy, under the rules of a spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.common import Session, bar
from labelshare.commands.quote import SpecFile, read_spec
from labelshare.commands.units import Unit, plain
from labelshare.errors import InputError

if TYPE_CHECKING:
    from labelshare.economics.money import Costs
    from labelshare.protocol.spec import Spec

__all__ = ["MOST", "PERCENT", "Picture", "economics", "fractions", "sizes"]

HOUR: Final = 3_600
PERCENT: Final = 100
DAYS: Final = 36_500
LONG: Final = "long"

MOST: Final = 1_000_000
"""Prices, at most, that an option may name: more is a slip of the pen."""

Picture = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Picture to write, .svg or .html; it loads nothing."),
]


def economics(
    here: Session,
    spec: SpecFile,
    *,
    accuracy: Annotated[
        str,
        typer.Option(help="How often the honest are right, in parts of 1, by commas: a third of them each."),
    ] = "0.95,0.85,0.75",
    labels_each: Annotated[int, typer.Option(min=1, help="Labels of each honest seat.")] = 50,
    frequent: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="The part of the items that are of the most frequent class."),
    ] = None,
    looks: Annotated[float, typer.Option(min=0, max=1, help="The part of the items the lazy look at.")] = 0.5,
    attackers: Annotated[
        float, typer.Option(min=1, max=90, help="Percent of the places that the valued seats take.")
    ] = 20,
    seat_labels: Annotated[
        str, typer.Option(help="Labels of a valued seat, by commas; long: as many as the cap allows.")
    ] = "5,19,30,long",
    stake_per_label: Annotated[
        float, typer.Option(min=0, max=MOST, help="Stake behind a label, in prices.")
    ] = 4,
    margin: Annotated[
        float,
        typer.Option(min=0, max=MOST, help="By how much a label without effort is to lose, in prices."),
    ] = 0.1,
    hourly: Annotated[
        str | None,
        typer.Option(
            help="What an hour of work costs whoever looks, in tokens; by default half of full pay."
        ),
    ] = None,
    share_value: Annotated[str, typer.Option(help="What one share is worth, in tokens.")] = "0",
    seat_stake: Annotated[
        str | None,
        typer.Option(
            help="What a seat locks, in tokens; by default the stake of as many labels as it may give."
        ),
    ] = None,
    interest: Annotated[
        float, typer.Option(min=0, max=10, help="What locked stake would earn elsewhere a year; 0.05 is 5 %.")
    ] = 0.05,
    days: Annotated[float, typer.Option(min=0, max=DAYS, help="Days that stake is locked.")] = 30,
    runs: Annotated[int, typer.Option(min=1, max=1_000, help="Campaigns for each figure.")] = 4,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same figures.")
    ] = 1,
    token_decimals: Annotated[int, typer.Option(min=0, max=255, help="Decimals of the token.")] = 18,
    symbol: Annotated[str, typer.Option(help="What the token is called.")] = "tokens",
    plot: Picture = None,
) -> None:
    """Value a label by strategy under the real rules, and say which stake and gold make guessing lose."""
    from rich.console import Console

    from labelshare.economics.picture import prepare, save, value_figure
    from labelshare.economics.scene import Crew
    from labelshare.economics.value import Assumed, campaigns, value_of
    from labelshare.economics.value_text import show_value, value_json
    from labelshare.report import collect

    if plot is not None:
        prepare(plot)
    rules, unit = _priced(spec), Unit(plain(symbol), token_decimals)
    amounts = {"--hourly": hourly, "--share-value": share_value, "--seat-stake": seat_stake}
    assumed = Assumed(
        crew=Crew(fractions("--accuracy", accuracy), labels_each, frequent),
        looks=looks,
        share=attackers / PERCENT,
        sizes=sizes(seat_labels),
        stakes_per_label=stake_per_label,
        margin=margin,
        costs=_costs(rules, _parsed(amounts, unit), interest, days),
        runs=runs,
        seed=seed,
    )
    with bar("Campaigns", campaigns(rules, assumed)) as advance:
        valued = value_of(rules, assumed, advance)
    if plot is not None:
        save(value_figure(valued), plot)
    shown = collect.Unit(unit.symbol, unit.decimals)
    if here.as_json:
        here.show(value_json(valued, shown), ())
    else:
        show_value(Console(), valued, shown)


def fractions(option: str, text: str) -> tuple[float, ...]:
    """Parts of 1 by commas; `InputError` for anything else."""
    try:
        found = tuple(float(each) for each in text.split(","))
    except ValueError:
        raise InputError(f"{option}: {plain(text)!r} is not a list of numbers such as 0.95,0.85") from None
    if not all(0 <= each <= 1 for each in found):
        raise InputError(f"{option}: {plain(text)!r} has a number that is not from 0 to 1")
    return tuple(dict.fromkeys(found))


def sizes(text: str) -> tuple[int, ...]:
    """Labels of a seat by commas, `long` for as many as it may give; `InputError` for anything else."""
    from labelshare.economics.mixing import LONG as LONGEST

    parts = [each.strip() for each in text.split(",")]
    if not all(
        each == LONG or (each.isascii() and each.isdigit() and 0 < int(each) < 2**32) for each in parts
    ):
        raise InputError(f"--seat-labels: {plain(text)!r} is not a list of numbers such as 5,19,long")
    return tuple(dict.fromkeys(LONGEST if each == LONG else int(each) for each in parts))


def _priced(file: Path) -> Spec:
    spec = read_spec(file)
    if not int(spec.price):
        raise InputError("the price is nothing, so nothing can be told in prices")
    return spec


def _parsed(amounts: dict[str, str | None], unit: Unit) -> dict[str, int | None]:
    """Base units by option."""
    found: dict[str, int | None] = {}
    for option, text in amounts.items():
        try:
            found[option] = None if text is None else unit.parse(text)
        except InputError as error:
            raise InputError(f"{option}: {error}") from None
    return found


def _costs(spec: Spec, amounts: dict[str, int | None], interest: float, days: float) -> Costs:
    """Amounts of the token in prices of a label."""
    from labelshare.economics.money import Costs

    price = int(spec.price)
    hourly, share, seat = (amounts[option] for option in ("--hourly", "--share-value", "--seat-stake"))
    look = 0.5 if hourly is None else hourly * spec.seconds_per_label / HOUR / price
    of_label = (share or 0) * int(spec.share_weight) / 10**18
    return Costs(look, of_label / price, (seat or 0) / price, interest, days)
