"""The report that is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from labelshare.chain.deploy import Deployment
from labelshare.report.collect import Outcome, Person
from labelshare.report.gas import gas_lines, job_gas
from labelshare.report.labels import Score
from labelshare.types import Address

__all__ = ["as_json", "banner", "show"]

SHOWN = 12
BAR = 24


def banner(deployment: Deployment, title: str, notes: Sequence[str]) -> Panel:
    """What runs where."""
    lines = [
        *notes,
        f"chain     {deployment.chain_id}",
        f"registry  {deployment.registry.address}",
        f"licences  {deployment.licenses.address}",
    ]
    return Panel("\n".join(lines), title=title, title_align="left", expand=False)


def show(
    console: Console, outcome: Outcome, names: Mapping[Address, str], gas: Mapping[str, Sequence[int]]
) -> None:
    """Print a whole report: people, labels, money, gas."""
    console.print(_people(outcome, names))
    console.print(_results(outcome, gas))
    console.print(_balances(outcome))
    console.print(_gas(gas))


def _people(outcome: Outcome, names: Mapping[Address, str]) -> RenderableType:
    unit, share_total = outcome.unit, sum(each.shares for each in outcome.people)
    table = Table(title="Who earned, and who owns the dataset now", title_justify="left")
    for heading in ("annotator", "labels", "accepted", "half paid", "right", "pay", "owns", "revenue"):
        table.add_column(heading, justify="left" if heading == "annotator" else "right", no_wrap=True)
    shown = _shown(outcome.people)
    for person in shown:
        if person is None:
            table.add_row(f"… {len(outcome.people) - SHOWN} more", *["…"] * 7)
            continue
        table.add_row(
            names.get(person.account, str(person.account)),
            f"{person.labels:,}",
            f"{person.accepted:,}",
            f"{person.contested:,}",
            _percent(person.score),
            unit.show(person.payout),
            f"{100 * person.shares / share_total:.2f} %" if share_total else "–",
            unit.show(person.revenue),
        )
    return table


def _shown(people: Sequence[Person]) -> list[Person | None]:
    """The best and the least paid, with a gap between them."""
    if len(people) <= SHOWN + 1:
        return list(people)
    return [*people[: SHOWN - 4], None, *people[-4:]]


def _results(outcome: Outcome, gas: Mapping[str, Sequence[int]]) -> RenderableType:
    total = job_gas(gas)
    rows = [
        ("items labelled", f"{len(outcome.labelled.truths):,}"),
        ("labels", f"{outcome.verification.labels:,}"),
        ("accepted", f"{outcome.accepted_labels:,} in full, {outcome.contested_labels:,} at half pay"),
        ("accuracy", _accuracy(outcome)),
        ("gas per accepted label", _per_label(total, outcome.accepted_labels)),
        ("settlement", _verdict(outcome)),
    ]
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows:
        table.add_row(Text(name, style="bold"), value)
    return Group(Text(), table, Text())


def _accuracy(outcome: Outcome) -> str:
    if outcome.accuracy.share is None:
        return "no truth given"
    low, high = (f"{each.share:.4f}" for each in outcome.accuracy_range if each.share is not None)
    ties = f"; {outcome.ties} ties, drawn by the seed: between {low} and {high}" if outcome.ties else ""
    return f"{outcome.accuracy.share:.4f} on {outcome.accuracy.known} items with a known truth{ties}"


def _per_label(gas: int, labels: int) -> str:
    return f"{gas // labels:,}  ({gas:,} for the whole job)" if labels else "–"


def _verdict(outcome: Outcome) -> Text:
    if outcome.verification.ok:
        return Text("verified: recomputed from chain and bundle, equal to the last bit", style="green")
    return Text(f"NOT verified: {outcome.verification.difference}", style="bold red")


def _balances(outcome: Outcome) -> Table:
    table = Table(title="Every unit accounted for", title_justify="left")
    table.add_column("sum")
    table.add_column("base units", justify="right", no_wrap=True)
    table.add_column("")
    for balance in outcome.balances:
        mark = Text("✓", style="green") if balance.holds else Text(f"✗ {balance.right:,}", style="bold red")
        table.add_row(balance.what, f"{balance.left:,}", mark)
    return table


def _gas(gas: Mapping[str, Sequence[int]]) -> Table:
    lines = gas_lines(gas)
    table = Table(title="Gas", title_justify="left", caption_justify="left")
    for heading in ("call", "calls", "mean", "total", ""):
        table.add_column(heading, justify="left" if heading in ("call", "") else "right")
    most = max((line.count * line.mean for line in lines if line.in_job), default=1)
    for line in lines:
        total = line.count * line.mean
        bar = "█" * max(1, BAR * total // most) if line.in_job else "not in the job's total"
        table.add_row(line.call, f"{line.count:,}", f"{line.mean:,}", f"{total:,}", bar)
    return table


def _percent(score: Score) -> str:
    return f"{100 * score.share:.1f} %" if score.share is not None else "–"


def as_json(outcome: Outcome, gas: Mapping[str, Sequence[int]], seconds: float) -> dict[str, Any]:
    """The figures of a report; amounts are decimal strings of base units."""
    labels, final = outcome.accepted_labels, outcome.campaign.finalized
    return {
        "items": len(outcome.labelled.truths),
        "annotators": len(outcome.labelled.seats),
        "labels": outcome.verification.labels,
        "accepted_labels": labels,
        "contested_labels": outcome.contested_labels,
        "accuracy": outcome.accuracy.share,
        "accuracy_items": outcome.accuracy.known,
        "ties": outcome.ties,
        "accuracy_range": [each.share for each in outcome.accuracy_range],
        "gas_per_accepted_label": job_gas(gas) // labels if labels else None,
        "gas": {line.call: {"calls": line.count, "mean": line.mean, "job": line.in_job} for line in gas_lines(gas)},
        "paid": str(final.payout_total if final else 0),
        "fee": str(final.fee if final else 0),
        "surplus": str(final.surplus if final else 0),
        "shares": str(final.share_total if final else 0),
        "revenue_claimed": str(sum(person.revenue for person in outcome.people)),
        "conserved": outcome.conserved,
        "verified": outcome.verification.ok,
        "seconds": round(seconds, 2),
    }
