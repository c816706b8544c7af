"""A quote as it is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from labelshare.protocol.gas import CallGas
from labelshare.protocol.quote import BPS, Quote
from labelshare.protocol.spec import Spec
from labelshare.report.collect import Unit
from labelshare.report.quote import COIN, GOOD_BPS, Quoted
from labelshare.report.spelling import count, cut, exact, percent, skill_in_words, span

__all__ = ["show"]

SHARE: Final = Unit("shares", 18)
NAME_WIDTH: Final = 33
STARTS: Final = 2  # seconds that lie between the periods of a shortest time line; nobody wants to read them

Row = tuple[str, str]


def show(console: Console, quoted: Quoted) -> None:
    """Print a whole quote."""
    quote = quoted.quote
    console.print(Text(_title(quote), style="bold", overflow="fold"))
    console.print(Text(f"specHash {quote.spec.hash}", overflow="fold"))
    console.print(_part("The work", _work(quote)))
    console.print(_part("What the requester funds", _funds(quoted)))
    console.print(_part("What the oracle and the annotators lock", _stakes(quoted)))
    console.print(_part("What an annotator can lose of that stake", _losses(quoted)))
    console.print(_part("What an hour of work earns at the best skill", _hours(quoted)))
    console.print(_part("The least time on a public network, from funding on", _times(quote)))
    console.print(_gas(quoted))
    console.print(_warnings(quoted))


def _title(quote: Quote) -> str:
    """The spec's title without what could command a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in quote.spec.title)


def _part(heading: str, rows: Sequence[Row]) -> RenderableType:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(width=NAME_WIDTH)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return Group(_heading(heading), table)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _work(quote: Quote) -> list[Row]:
    least = "the fewest that can fill every place"
    if quote.annotators != quote.least_annotators:
        least = f"at least {quote.least_annotators:,} to fill every place"
    busy = span(quote.load * quote.spec.seconds_per_label)
    return [
        ("items", f"{quote.items:,}"),
        ("labels", f"{quote.labels:,}: {quote.spec.redundancy.k:,} an item"),
        ("annotators", f"{quote.annotators:,}: {least}"),
        ("labels one annotator may give", f"{quote.label_cap:,}"),
        ("labels each if all share alike", f"{quote.load:,}: {busy} of work"),
    ]


def _funds(quoted: Quoted) -> list[Row]:
    quote = quoted.quote
    return [
        ("price of an accepted label", exact(quoted.unit, quote.price)),
        ("pay at most", exact(quoted.unit, quote.pay)),
        ("fee at most", f"{exact(quoted.unit, quote.fee)}: {percent(quote.assumed.fee_bps)} of the pay"),
        ("escrow to fund", exact(quoted.unit, quote.escrow)),
        ("  in base units", f"{quote.escrow:,}"),
        ("shares of the dataset needed", exact(SHARE, quote.share_cap)),
    ]


def _stakes(quoted: Quoted) -> list[Row]:
    quote, refund = quoted.quote, quoted.quote.assumed.arbitration_refund
    of = "four arbitration refunds" if 4 * refund >= quote.bond and refund else "a quarter of the escrow"
    return [
        ("oracle's bond", f"{exact(quoted.unit, quote.bond)}: {of}"),
        ("stake behind a label", exact(quoted.unit, quote.stake_per_label)),
        ("stake for as many as one may give", f"{exact(quoted.unit, quote.stake)} of a seat"),
    ]


def _losses(quoted: Quoted) -> list[Row]:
    quote, unit = quoted.quote, quoted.unit
    if not quote.loss_at_most:
        return [("nothing", "by these rules no stake is taken")]
    slash, forfeit = quote.slash_per_label, quote.forfeit_per_label
    fails = f"{exact(unit, slash)} a label: fails gold and agreement"
    below = f"up to {exact(unit, forfeit)} a label: worse than chance"
    return [
        ("by a slash", fails if slash else "nothing: no record is long enough"),
        ("by a forfeit", below if forfeit else "nothing: the rules have none"),
        ("at worst, with all its labels", f"{exact(unit, quote.loss_at_most)}: never both of them"),
    ]


def _hours(quoted: Quoted) -> list[Row]:
    quote = quoted.quote
    return [
        ("all labels accepted", _hour(quoted, BPS)),
        (f"{percent(GOOD_BPS)} accepted", _hour(quoted, GOOD_BPS)),
        ("a label takes", count(quote.spec.seconds_per_label, "second")),
        *_by_skill(quote.spec),
    ]


def _by_skill(spec: Spec) -> list[Row]:
    """From which skill on work earns; nothing where neither pay nor shares look at it."""
    scaled = {"pay": spec.pay.policy, "shares": spec.shares.policy}
    names = " and ".join(name for name, policy in scaled.items() if policy == "skill.v1")
    return [(f"{names} by skill", skill_in_words(spec.skill))] if names else []


def _hour(quoted: Quoted, accepted_bps: int) -> str:
    pay, shares = quoted.quote.hourly_pay(accepted_bps), quoted.quote.hourly_shares(accepted_bps)
    return f"{cut(quoted.unit, pay)} and {cut(SHARE, shares)}"


def _times(quote: Quote) -> list[Row]:
    time = quote.schedule
    moments = [
        ("enrolment ends", time.enrol_end),
        (f"work ends, {count(quote.assumed.rounds, 'round')}", time.commit_end),
        ("labels are open", time.reveal_end),
        ("final, and everybody is paid", quote.final),
        ("slashing is over", time.slash_end(quote.final)),
        ("the last end, if all is contested", time.hard_end),
    ]
    return [(name, span(moment - STARTS)) for name, moment in moments]


def _gas(quoted: Quoted) -> RenderableType:
    annotators = count(quoted.quote.annotators, "annotator")
    job = [call for call in quoted.gas if call.in_job]
    table = _gas_table(job)
    new, held = quoted.job_gas
    table.add_section()
    table.add_row(Text("the whole job", style="bold"), f"{new:,}", f"{held:,}")
    table.add_row("a label", *(f"{each:,}" for each in quoted.label_gas))
    for name, *cells in _costs(quoted):
        table.add_row(name, *(Text(cell) for cell in cells))
    aside = [call for call in quoted.gas if not call.in_job]
    return Group(
        _heading(f"Gas of the whole job: {annotators}, new to the token or holding it"),
        table,
        Text("Gas outside the job: once for many jobs, or where wanted", style="bold"),
        _gas_table(aside),
        _source(quoted),
    )


def _source(quoted: Quoted) -> Text:
    sizes = quoted.measured.sizes
    known = ", ".join(f"{size:,}" for size in sizes[:-1])
    text = f"Measured with {known} and {sizes[-1]:,} annotators; other numbers are estimates from these."
    if quoted.quote.spec.gold.policy != "none.v1":
        text += " Revealing the gold is not in them."
    return Text(text, style="dim")


def _costs(quoted: Quoted) -> Iterator[tuple[str, str, str]]:
    if quoted.price is None:
        return
    new, held = quoted.job_gas
    coins = [exact(COIN, quoted.price.in_coins(gas)) for gas in (new, held)]
    yield "costs", coins[0], coins[1]
    tokens = [quoted.price.in_tokens(gas) for gas in (new, held)]
    shown = [cut(quoted.unit, amount) for amount in tokens if amount is not None]
    if shown:
        yield "worth", shown[0], shown[1]


def _gas_table(calls: Sequence[CallGas]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("call", overflow="fold")
    for variant in ("new", "held"):
        table.add_column(variant, justify="right", overflow="fold")
    for call in calls:
        table.add_row(call.call, f"{call.new:,}", f"{call.held:,}")
    return table


def _warnings(quoted: Quoted) -> RenderableType:
    warnings = quoted.warnings()
    if not warnings:
        return Text("\nNothing to warn of.")
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 0))
    for _, text in warnings:
        table.add_row(Text("*", style="yellow"), Text(text, overflow="fold"))
    return Group(_heading("Before anybody signs"), table)
