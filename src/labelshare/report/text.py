"""The report that is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from labelshare.chain.deploy import Deployment
from labelshare.protocol.skill import ONE
from labelshare.report.breaker import reasons, spared, stops_of
from labelshare.report.collect import Loss, Outcome, Person
from labelshare.report.confidence import confidence_of, policy_in_words, shown
from labelshare.report.gas import GasLine, gas_lines, job_gas
from labelshare.report.interval import IN_WORDS
from labelshare.report.labels import Score
from labelshare.types import Address

__all__ = ["as_json", "banner", "show"]

SHOWN = 12
BAR = 10
NAME = 13


def banner(deployment: Deployment, outcome: Outcome) -> Group:
    """Where it all is, and who runs it: chain, contracts, accounts, campaign."""
    record = outcome.campaign.record
    rows = [
        ("chain", str(deployment.chain_id)),
        ("registry", str(deployment.registry.address)),
        ("licences", str(deployment.licenses.address)),
        ("token", str(record.params.token)),
        ("requester", str(record.params.requester)),
        ("oracle", str(record.params.oracle)),
        ("dataset", str(record.params.dataset)),
        ("campaign", str(record.campaign_id)),
    ]
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows:
        table.add_row(Text(name, style="bold"), Text(value, overflow="fold"))
    return Group(Text(), table, Text())


def show(
    console: Console, outcome: Outcome, names: Mapping[Address, str], gas: Mapping[str, Sequence[int]]
) -> None:
    """Print a whole report: people, labels, money and, where its gas is known, gas."""
    console.print(_fitted(console, _people(outcome, names)))
    console.print(Text(f"raw skill: its {IN_WORDS}", style="dim"))
    console.print()
    if losers := [person for person in outcome.people if person.lost]:
        console.print(_losers(outcome, losers, names))
    console.print(_results(outcome, gas))
    console.print(_balances(outcome))
    if gas:
        console.print(_gas(gas))


def _fitted(console: Console, table: Table) -> Table:
    """The table, with narrower gaps where it is too wide for the terminal."""
    wide = console.measure(table, options=console.options.update(width=1_000)).maximum
    if wide > console.width:
        table.padding = (0, 0, 0, 0)
    return table


def _people(outcome: Outcome, names: Mapping[Address, str]) -> Table:
    unit, share_total = outcome.unit, sum(each.shares for each in outcome.people)
    title = f"Who earned, and who owns the dataset now (pay and revenue in {unit.symbol})"
    columns = ("labels", "right", "skill", "raw skill", "pay", "owns", "revenue")
    table = _table(title, "annotator", *columns)
    for person in _shown(outcome.people):
        if person is None:
            table.add_row(f"… {len(outcome.people) - SHOWN} more")
            continue
        table.add_row(
            _name(names.get(person.account, str(person.account))),
            f"{person.labels:,}",
            _percent(person.score),
            f"{person.skill:.2f}",
            person.interval_in_words,
            unit.number(person.payout),
            f"{100 * person.shares / share_total:.2f} %" if share_total else "–",
            unit.number(person.revenue),
        )
    return table


def _losers(outcome: Outcome, losers: Sequence[Person], names: Mapping[Address, str]) -> RenderableType:
    """Whose stake was taken, the largest loss first, with the evidence."""
    unit, stake = outcome.unit, outcome.campaign.record.pool.seat_stake
    title = f"Who lost a stake, and why (in {unit.symbol})"
    table = _table(title, "annotator", "labels", "skill", "gold right", "by", "stake", "lost")
    ordered = sorted(losers, key=lambda person: (-person.lost, person.account))
    for person in ordered[:SHOWN]:
        table.add_row(
            _name(names.get(person.account, str(person.account))),
            f"{person.labels:,}",
            f"{person.skill:.2f}",
            f"{person.gold_right:,} of {person.gold:,}",
            person.lost_by or "–",
            unit.number(stake),
            unit.number(person.lost),
        )
    if len(ordered) > SHOWN:
        table.add_row(f"… {len(ordered) - SHOWN} more")
    return table


def _name(name: str) -> Text:
    """A name as it is: what looks like markup in it is none."""
    text = Text(name)
    text.truncate(NAME)
    return text


def _shown(people: Sequence[Person]) -> list[Person | None]:
    """The best and the least paid, with a gap between them."""
    if len(people) <= SHOWN + 1:
        return list(people)
    return [*people[: SHOWN - 4], None, *people[-4:]]


def _results(outcome: Outcome, gas: Mapping[str, Sequence[int]]) -> RenderableType:
    total = job_gas(gas)
    rows: list[tuple[str, str | Text]] = [
        ("items labelled", f"{len(outcome.labelled.truths):,}"),
        ("labels", f"{outcome.verification.labels:,}"),
        ("accepted", f"{outcome.accepted_labels:,} in full, {outcome.contested_labels:,} at half pay"),
        *_gold(outcome),
        ("verdicts", policy_in_words(outcome.labelled)),
        ("confidence", _confidence(outcome)),
        ("accuracy", _accuracy(outcome)),
        ("gas per accepted label", _per_label(total, outcome.accepted_labels)),
        ("settlement", _verdict(outcome)),
    ]
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows:
        table.add_row(Text(name, style="bold"), value)
    return Group(Text(), table, Text())


def _gold(outcome: Outcome) -> list[tuple[str, str | Text]]:
    """Nothing where there was no gold."""
    rows = outcome.labelled.gold
    if not rows:
        return []
    void = sum(row.void for row in rows)
    spoilt = f"; {void:,} void: the skilled disagree" if void else ""
    return [
        ("gold", f"{_count(len(rows), 'item')}, not scored{spoilt}"),
        ("slashed", _slashed(outcome)),
        *_forfeited(outcome),
        *_stopped(outcome),
    ]


def _slashed(outcome: Outcome) -> str:
    loss = outcome.losses.slashed
    return _lost(outcome, loss) if loss.due else "nobody"


def _stopped(outcome: Outcome) -> list[tuple[str, str | Text]]:
    """Why nobody lost a stake, where it was the circuit breaker that took none."""
    if not stops_of(outcome):
        return []
    return [("losses", f"none, by the circuit breaker: {reasons(outcome)}\nspared: {spared(outcome)}")]


def _forfeited(outcome: Outcome) -> list[tuple[str, str | Text]]:
    """Nothing where there is none."""
    loss = outcome.losses.forfeited
    return [("forfeited", _lost(outcome, loss, " with a skill below 0"))] if loss.due else []


def _lost(outcome: Outcome, loss: Loss, why: str = "") -> str:
    unit, who = outcome.unit, f"{_count(loss.annotators, 'annotator')}{why}"
    text = f"{who} lost {unit.show(loss.amount)}, {unit.show(loss.burned)} of it burned"
    open_ = f"\n{unit.show(loss.due - loss.amount)} more is due and was not taken"
    return text + (open_ if loss.due > loss.amount else "")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _confidence(outcome: Outcome) -> str:
    found = confidence_of(outcome.labelled)
    if found.median is None:
        return "–"
    where = f"of {_count(found.labels, 'label')} " if found.contested else ""
    contested = f"{_count(found.contested, 'item')} {where}contested: below {found.threshold}"
    return f"median {shown(found.median, 4)}; {contested}"


def _accuracy(outcome: Outcome) -> str:
    if outcome.accuracy.share is None:
        return "no truth given"
    low, high = (f"{each.share:.4f}" for each in outcome.accuracy_range if each.share is not None)
    word = "tie" if outcome.ties == 1 else "ties"
    ties = f"\n{outcome.ties} {word} fell by the seed: could be {low} to {high}" if outcome.ties else ""
    return f"{outcome.accuracy.share:.4f} on {outcome.accuracy.known} items with a known truth{ties}"


def _per_label(gas: int, labels: int) -> str:
    return f"{gas // labels:,}  ({gas:,} for the whole job)" if gas and labels else "–"


def _verdict(outcome: Outcome) -> Text:
    if outcome.verification.ok:
        return Text("verified: recomputed from chain and bundle", style="green")
    return Text(f"NOT verified: {outcome.verification.difference}", style="bold red")


def _balances(outcome: Outcome) -> Table:
    table = _table("Every unit accounted for (base units)", "both sides", "amount", "equal")
    for balance in outcome.balances:
        mark = Text("yes", "green") if balance.holds else Text(f"NO: {balance.right:,}", "bold red")
        table.add_row(balance.what, f"{balance.left:,}", mark)
    return table


def _gas(gas: Mapping[str, Sequence[int]]) -> RenderableType:
    lines = gas_lines(gas)
    return Group(
        _gas_table("Gas of the whole job", [line for line in lines if line.in_job]),
        Text(),
        _gas_table(
            "Gas outside the job: set-up, seats, gold, licence and revenue",
            [line for line in lines if not line.in_job],
        ),
    )


def _gas_table(title: str, lines: Sequence[GasLine]) -> Table:
    table = _table(title, "call", "calls", "mean", "total", "")
    table.columns[-1].justify = "left"
    most = max((line.total for line in lines), default=1)
    for line in lines:
        name = line.call.removeprefix("TaskRegistry.") if "." in line.call else f"deploy {line.call}"
        bar = "█" * max(1, BAR * line.total // most)
        table.add_row(name, f"{line.count:,}", f"{line.mean:,}", f"{line.total:,}", bar)
    return table


def _table(title: str, *headings: str) -> Table:
    """Left-justified first column, numbers to the right; what is too wide goes on below, uncut."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    return table


def _percent(score: Score) -> str:
    return f"{100 * score.share:.1f} %" if score.share is not None else "–"


def as_json(outcome: Outcome, gas: Mapping[str, Sequence[int]], seconds: float) -> dict[str, Any]:
    """The figures of a report; amounts are decimal strings of base units."""
    labels, final = outcome.accepted_labels, outcome.campaign.finalized
    sure = confidence_of(outcome.labelled)
    return {
        "items": len(outcome.labelled.truths),
        "annotators": len(outcome.labelled.seats),
        "labels": outcome.verification.labels,
        "accepted_labels": labels,
        "contested_labels": outcome.contested_labels,
        "gold": {
            "count": len(outcome.labelled.gold),
            "void": sum(row.void for row in outcome.labelled.gold),
        },
        "slashed": _loss_json(outcome.losses.slashed) | {"flagged": outcome.losses.flagged},
        "forfeited": _loss_json(outcome.losses.forfeited),
        "breaker": [stop.value for stop in stops_of(outcome)],
        "aggregation": outcome.labelled.spec.aggregation.policy,
        "confidence_median": None if sure.median is None else sure.median / ONE,
        "contested_items": sure.contested,
        "accuracy": outcome.accuracy.share,
        "accuracy_items": outcome.accuracy.known,
        "ties": outcome.ties,
        "accuracy_range": [each.share for each in outcome.accuracy_range],
        "gas_per_accepted_label": job_gas(gas) // labels if gas and labels else None,
        "gas": {
            line.call: {"calls": line.count, "mean": line.mean, "job": line.in_job} for line in gas_lines(gas)
        },
        "paid": str(final.payout_total if final else 0),
        "fee": str(final.fee if final else 0),
        "surplus": str(final.surplus if final else 0),
        "shares": str(final.share_total if final else 0),
        "revenue_claimed": str(sum(person.revenue for person in outcome.people)),
        "conserved": outcome.conserved,
        "verified": outcome.verification.ok,
        "seconds": round(seconds, 2),
    }


def _loss_json(loss: Loss) -> dict[str, Any]:
    return {
        "annotators": loss.annotators,
        "amount": str(loss.amount),
        "rewards": str(loss.rewards),
        "due": str(loss.due),
    }
