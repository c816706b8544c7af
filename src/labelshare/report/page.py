"""The report as one HTML file: no script, nothing loaded from anywhere, everything escaped.

It tells the outcome, which comes from chain and bundle. Names, kinds, truths, gas and images are what only
whoever ran the campaign can say; the page says so.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelshare.chain.deploy import Deployment
from labelshare.chain.node import Chain
from labelshare.errors import InputError
from labelshare.report import figures
from labelshare.report.breaker import reasons, spared
from labelshare.report.collect import Loss, Outcome, Person, Unit
from labelshare.report.confidence import confidence_of, policy_in_words, shown, threshold_of
from labelshare.report.figures import Naming
from labelshare.report.gallery import chosen
from labelshare.report.gas import job_gas
from labelshare.report.listing import listed
from labelshare.report.pictures.canvas import clean, count, fit, percent
from labelshare.report.pictures.marks import mark
from labelshare.types import Address

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Told", "prepare", "render", "save", "times_of"]

_PEOPLE = 1_000


@dataclass(frozen=True)
class Told:
    """What the page is told beside the outcome.

    Attributes:
        deployment: The contracts, as checked against the chain.
        names: What to call the annotators.
        gas: Gas used by each call; empty where nobody kept it.
        truth: True class by item, where known; as given to `collect`.
        kinds: What each simulated annotator was made to be; empty where they are people.
        simulated: Whether programs gave the labels.
        images: PNG of some items.
        credit: Where the images are from, and their licence.
    """

    deployment: Deployment
    names: Mapping[Address, str]
    gas: Mapping[str, Sequence[int]]
    truth: Mapping[int, int] = field(default_factory=dict)
    kinds: Mapping[Address, str] = field(default_factory=dict)
    simulated: bool = False
    images: Mapping[int, bytes] = field(default_factory=dict)
    credit: str = ""


def times_of(chain: Chain, outcome: Outcome) -> dict[int, int]:
    """Timestamps of the blocks in which revenue was paid or claimed."""
    happened = (*outcome.dataset.paid, *outcome.dataset.claimed)
    return {block: chain.timestamp_of(block) for block in sorted({event.log.block for event in happened})}


def prepare(path: Path) -> None:
    """Check before anything long begins that there is a place for the file; `InputError` if not."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(f"cannot write a report to {path}: no such folder, or a folder itself")


def save(path: Path, html: str) -> None:
    """Write the page; `InputError` if it cannot be written."""
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write a report to {path}: {error}") from error


def render(outcome: Outcome, told: Told, times: Mapping[int, int]) -> str:
    """The page.

    Args:
        outcome: What happened, from chain and bundle.
        told: What neither of them holds.
        times: Timestamps by block, of `times_of`.
    """
    naming = Naming(told.names, told.kinds)
    style = resources.files("labelshare.report").joinpath("page.css").read_text(encoding="utf-8")
    gas = figures.gas_figure(told.gas) if told.gas else None
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            style=style,
            style_hash=b64encode(sha256(style.encode()).digest()).decode("ascii"),
            outcome=outcome,
            told=told,
            title=outcome.labelled.spec.title,
            facts=_facts(outcome, told),
            places=_places(outcome, told.deployment),
            wrong=[balance for balance in outcome.balances if not balance.holds],
            policy=policy_in_words(outcome.labelled),
            threshold=threshold_of(outcome.labelled.spec),
            shown=chosen(outcome, naming, told.truth, told.images),
            items=listed(outcome, told.truth),
            sections=_sections(outcome, told, naming, times),
            gas=gas,
            people=_people(outcome, naming),
            headings=_headings(outcome),
            added=_added(outcome, told),
            unit=outcome.unit,
            mark=mark,
            fit=fit,
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("labelshare.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )


def _printable(value: Any) -> Any:
    """Plain text without what cannot be printed; markup of ours as it is."""
    return clean(value) if type(value) is str else value


@dataclass(frozen=True, slots=True)
class _Fact:
    """A figure at the top of the page, with what it is and a remark."""

    what: str
    value: str
    remark: str


def _facts(outcome: Outcome, told: Told) -> list[_Fact]:
    final, labels = outcome.campaign.finalized, outcome.accepted_labels
    earning = sum(bool(person.payout) for person in outcome.people)
    gas = job_gas(told.gas)
    facts = [
        _accuracy(outcome),
        _confidence(outcome),
        _Fact(
            "labels accepted",
            f"{labels:,}",
            f"of {outcome.verification.labels:,}; "
            f"{outcome.contested_labels:,} more on contested items at half pay",
        ),
        _Fact(
            "paid for labels",
            outcome.unit.show(final.payout_total if final else 0),
            f"to {earning:,} of {count(len(outcome.people), 'annotator')}",
        ),
    ]
    if told.gas:
        each = f"{gas // labels:,}" if labels else "–"
        facts.append(_Fact("gas per accepted label", each, f"{gas:,} for the whole job"))
    return [*facts, _stakes(outcome)] if outcome.labelled.gold else facts


def _added(outcome: Outcome, told: Told) -> str:
    """What is on the page that comes neither from the chain nor from the bundle."""
    parts = {
        "names": told.names,
        "kinds": told.kinds,
        "truths": outcome.accuracy.known,
        "images": told.images,
        "gas": told.gas,
    }
    *most, last = [name for name, is_told in parts.items() if is_told] or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last


def _stakes(outcome: Outcome) -> _Fact:
    unit, taken, total = outcome.unit, outcome.losses, outcome.losses.total
    void = sum(row.void for row in outcome.labelled.gold)
    parts = [
        _lost(taken.slashed, unit, "slashed", "failing gold and agreement"),
        _lost(taken.forfeited, unit, "forfeited", "with a skill below 0"),
        f"{unit.show(total.due - total.amount)} more is due" if total.due > total.amount else "",
        f"none, by the circuit breaker: {why}; spared: {spared(outcome)}"
        if (why := reasons(outcome))
        else "",
        f"{count(len(outcome.labelled.gold), 'gold item')}, {void:,} of them void",
    ]
    return _Fact("stakes taken", unit.show(total.amount), "; ".join(part for part in parts if part))


def _lost(loss: Loss, unit: Unit, what: str, who: str) -> str:
    """Nothing where nobody lost so."""
    if not loss.annotators:
        return ""
    return f"{what} {unit.show(loss.amount)} of {count(loss.annotators, 'annotator')} {who}"


def _accuracy(outcome: Outcome) -> _Fact:
    score = outcome.accuracy
    if score.share is None:
        return _Fact("accuracy", "–", "no truth was given")
    low, high = outcome.accuracy_range
    remark = f"{score.right:,} of {count(score.known, 'item')} with a known truth"
    remark += ", gold left out" if outcome.labelled.gold else ""
    if outcome.ties:
        least, most = percent(low.right, low.known, 1), percent(high.right, high.known, 1)
        remark += f"; {count(outcome.ties, 'tie')} fell by the seed: {least} to {most} were possible"
    return _Fact("accuracy", percent(score.right, score.known, 1), remark)


def _confidence(outcome: Outcome) -> _Fact:
    found = confidence_of(outcome.labelled)
    labels = f", with {count(found.labels, 'label')}," if found.contested else ""
    remark = f"median; {count(found.contested, 'item')}{labels} below {found.threshold} and so contested"
    return _Fact("confidence", "–" if found.median is None else shown(found.median, 3), remark)


def _places(outcome: Outcome, deployment: Deployment) -> list[tuple[str, str]]:
    return [
        ("chain", str(outcome.chain_id)),
        ("campaign", str(outcome.campaign.record.campaign_id)),
        ("dataset", str(outcome.dataset.created.dataset)),
        ("registry", str(deployment.registry.address)),
        ("licences", str(deployment.licenses.address)),
        ("token", str(outcome.campaign.record.params.token)),
    ]


def _sections(
    outcome: Outcome, told: Told, naming: Naming, times: Mapping[int, int]
) -> list[tuple[str, list[Any]]]:
    money = [figures.money_figure(outcome, naming), figures.revenue_figure(outcome, times)]
    return [
        ("Money", [figure for figure in money if figure]),
        ("Labels", figures.label_figures(outcome, told.truth)),
        ("Annotators", figures.people_figures(outcome, naming)),
    ]


def _headings(outcome: Outcome) -> tuple[str, ...]:
    always = "annotator, labels, right, accepted, contested, skill, raw skill (90 %), pay, owns, revenue"
    return (*always.split(", "), *(("gold right", "stake lost", "lost by") if outcome.labelled.gold else ()))


def _people(outcome: Outcome, naming: Naming) -> list[tuple[str, ...]]:
    """Everyone's row, best paid first; of very many the first."""
    unit, total = outcome.unit, sum(person.shares for person in outcome.people)
    gold = bool(outcome.labelled.gold)
    return [
        (
            naming.name(person.account),
            f"{person.labels:,}",
            percent(person.score.right, person.score.known, 1),
            f"{person.accepted:,}",
            f"{person.contested:,}",
            f"{person.skill:.2f}",
            person.interval_in_words,
            unit.number(person.payout),
            percent(person.shares, total, 2),
            figures.revenue_unit(outcome).number(person.revenue),
            *(_losing(person, unit) if gold else ()),
        )
        for person in outcome.people[:_PEOPLE]
    ]


def _losing(person: Person, unit: Unit) -> tuple[str, ...]:
    gold = f"{person.gold_right:,} of {person.gold:,}"
    return gold, unit.number(person.lost), person.lost_by or "–"
