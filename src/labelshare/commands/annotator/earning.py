"""What the work earns: expected, to claim, paid, and why something is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare.commands.annotator.shared import (
    KeepOption,
    OracleOption,
    Workplace,
    annotator,
)
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.lines import fields
from labelshare.commands.units import SHARES, moment, printable
from labelshare.errors import LabelshareError

if TYPE_CHECKING:
    from labelshare.client.wire.money import EarningsAnswer, ReasonAnswer
    from labelshare.commands.lines import Pair
    from labelshare.store.followed import Followed


@command(annotator, "annotator earnings --key ann.json", SENDS)
def earnings(
    here: Session,
    campaign: Annotated[
        str | None, typer.Argument(metavar="[CAMPAIGN]", help="One campaign; by default all you work in.")
    ] = None,
    *,
    oracle: OracleOption = None,
    keep: KeepOption = None,
) -> None:
    """Show what each campaign earns, and the labels that were not paid in full, with the reason."""
    told, lines = [], list[str]()
    with Workplace(here, keep) as at:
        for each in at.chosen(campaign):
            found, rows = _of(here, at, each, oracle or each.service)
            told.append(found)
            lines += [str(each.campaign), *fields(rows, indent=2)]
    here.show({"campaigns": told}, lines or ["you work in no campaign"])


def _of(here: Session, at: Workplace, followed: Followed, url: str) -> tuple[dict[str, Any], list[Pair]]:
    """By the oracle's service where it answers, else by the chain and the evidence that is kept."""
    service = at.service(url)
    if service is not None:
        try:
            earned = service.earnings(followed.campaign)
            reasons = service.reasons(followed.campaign)[0] if earned.leaf or earned.score else []
            return _told(here, earned, reasons)
        except LabelshareError as error:
            found, rows = _from_chain(here, at, followed)
            return found, [*rows, ("oracle", f"does not answer: {printable(str(error))}")]
    return _from_chain(here, at, followed)


def _told(
    here: Session, earned: EarningsAnswer, reasons: list[ReasonAnswer]
) -> tuple[dict[str, Any], list[Pair]]:
    unit = here.unit(earned.token)
    rows: list[Pair] = [
        ("status", earned.status),
        ("labels", earned.labels),
        ("at most", unit.show(earned.at_most)),
        ("pending", unit.show(earned.pending)),
        ("to claim", f"{unit.show(earned.claimable)} and {SHARES.show(earned.shares_claimable)}"),
        ("paid", f"{unit.show(earned.paid)} and {SHARES.show(earned.shares_paid)}"),
    ]
    if earned.slash:
        rows.append(("stake lost", unit.show(earned.slash)))
    if earned.expected_at is not None:
        rows.append(("final by", moment(earned.expected_at)))
    rows += [(f"item {each.item}", _reason(each)) for each in reasons]
    found = earned.model_dump(mode="json")
    return found | {"reasons": [each.model_dump(mode="json") for each in reasons]}, rows


def _reason(each: ReasonAnswer) -> str:
    verdict = f", found to be {printable(each.verdict.winner_text)}" if each.verdict else ""
    return f"{each.why}: you said {printable(each.text)}{verdict}"


def _from_chain(here: Session, place: Workplace, followed: Followed) -> tuple[dict[str, Any], list[Pair]]:
    campaign = place.keeping.campaign(followed)
    watch = place.watch(campaign, None)
    at, unit = watch.situation(), here.unit(campaign.params.token)
    labels = sum(each.commit.count for each in at.batches)
    committed = sum(each.commit.count for each in at.batches if at.on_chain[each.commit.batch].committed)
    most = committed * int(campaign.spec.price)
    row = watch.own_row()
    status = at.state.status.name.lower()
    found: dict[str, Any] = {
        "campaign": str(followed.campaign),
        "status": status,
        "labels": labels,
        "committed": committed,
        "at_most": str(most),
        "payout": str(row.payout) if row else None,
        "shares": str(row.shares) if row else None,
        "unpaid": at.unpaid,
        "credit": str(at.credit),
    }
    rows: list[Pair] = [
        ("status", status),
        ("labels", f"{labels}, of which the chain has {committed}"),
        ("at most", unit.show(most)),
    ]
    if row is not None:
        claim = ", to claim" if at.unpaid else ""
        rows.append(("settled", f"{unit.show(row.payout)} and {SHARES.show(row.shares)}{claim}"))
    if at.credit:
        rows.append(("credit", unit.show(at.credit)))
    return found, rows
