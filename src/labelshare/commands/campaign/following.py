"""Following a campaign: what it is, where it stands, whether its settlement is right."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import typer

from labelshare.commands.campaign.shared import ID, campaign, history_of, state_of
from labelshare.commands.claim import BundleOption, CampaignArgument
from labelshare.commands.common import Session, command, read_pieces
from labelshare.commands.lines import fields
from labelshare.commands.paging import Limit, Page, PageNumber
from labelshare.commands.units import PERCENT, SHARES, Unit, moment, printable, span
from labelshare.types import Schedule

if TYPE_CHECKING:
    from labelshare.chain.history import CampaignHistory
    from labelshare.chain.state import CampaignState
    from labelshare.commands.lines import Pair


@command(campaign, f"campaign show {ID}")
def show(here: Session, campaign: CampaignArgument) -> None:
    """Show a campaign: where it is in its life, its time line in local times, its money.

    All of it is the chain's. Why an oracle has not accepted it yet, `campaign progress` asks the oracle.
    """
    history, state = history_of(here, campaign), state_of(here, campaign)
    params, now = history.record.params, here.contracts.registry.chain.now()
    unit = here.unit(params.token)
    rows: list[Pair] = [
        ("campaign", campaign),
        ("status", f"{state.status.name.lower()} since {moment(state.since)}"),
        ("requester", params.requester),
        ("oracle", params.oracle),
        ("dataset", params.dataset),
        ("pool", params.pool),
        ("spec", params.spec_hash),
        *_contest_rows(here, history, state),
    ]
    lines = [*fields(rows), "", f"Time line (now {moment(now)})", *_time_lines(params.schedule, now)]
    lines += ["", "Money", *fields(_money_rows(history, state, unit), indent=2)]
    here.show(_facts(campaign, history, state), lines)


@command(campaign, "campaign list", name="list")
def list_(here: Session, *, limit: Limit = 20, page: PageNumber = 1) -> None:
    """List the campaigns of the deployment, the newest first."""
    from labelshare.chain.listing import campaigns, statuses

    node = here.contracts.registry.chain
    found = Page.of(campaigns(node, here.deployment), limit, page)
    states = statuses(node, here.deployment, [each.campaign for each in found.rows])
    lines: list[str] = []
    for each in found.rows:
        rows: list[Pair] = [
            ("status", states[each.campaign].name.lower()),
            ("requester", each.requester),
            ("dataset", each.dataset),
            ("escrow", here.unit(each.params.token).show(each.escrow)),
        ]
        lines += [str(each.campaign), *fields(rows, indent=2)]
    facts = [
        {
            "campaign": str(each.campaign),
            "status": states[each.campaign].name.lower(),
            "requester": str(each.requester),
            "dataset": str(each.dataset),
            "escrow": str(each.escrow),
        }
        for each in found.rows
    ]
    here.show(found.facts("campaigns", facts), found.lines("campaigns", lines))


@command(campaign, f"campaign verify {ID} --bundle bundle.jsonl")
def verify(here: Session, campaign: CampaignArgument, *, bundle: BundleOption) -> None:
    """Recompute the posted settlement from the chain and the bundle; exit code 1 where they differ."""
    from labelshare.protocol.verify import verify as judge

    pieces = read_pieces(bundle)
    first = next(pieces, b"")
    report = judge(history_of(here, campaign).record, chain([first], pieces))
    facts = {
        "ok": report.ok,
        "difference": report.difference,
        "annotators": report.annotators,
        "labels": report.labels,
        "labelled": report.labelled,
        "accepted": report.accepted,
        "payout_total": str(report.payout_total),
        "share_total": str(report.share_total),
    }
    words = f"verified: {report.labels} labels, {report.accepted} of {report.labelled} items accepted"
    here.show(facts, [words if report.ok else f"differs: {printable(report.difference)}"])
    if not report.ok:
        raise typer.Exit(1)


def _contest_rows(here: Session, history: CampaignHistory, state: CampaignState) -> list[Pair]:
    """The settlement at hand, and until when it may be contested or ruled on."""
    from labelshare.chain.state import Status

    posted = history.record.posted
    if posted is None:
        return []
    rows: list[Pair] = [("bundle hash", posted.settlement.bundle_hash)]
    if state.status is Status.PROPOSED:
        rows.append(("contest by", moment(state.since + history.record.params.schedule.window)))
    if state.status is Status.DISPUTED:
        contest = here.contracts.registry.contest(history.record.campaign_id)
        rows.append(("ruling by", moment(contest.ruling_end)))
    return rows


def _time_line(schedule: Schedule) -> list[tuple[str, int]]:
    return [
        ("accepted by", schedule.accept_end),
        ("enrol by", schedule.enrol_end),
        ("work from", schedule.work_start),
        ("work until", schedule.commit_end),
        ("open by", schedule.reveal_end),
        ("oracle settles by", schedule.settle_end),
        ("proposals until", schedule.propose_end),
        ("over by", schedule.hard_end),
    ]


def _time_lines(schedule: Schedule, now: int) -> list[str]:
    """Each step with how far away it is; what has passed says so."""
    rows: list[Pair] = [
        (name, f"{moment(time)}  {f'in {span(time - now)}' if time > now else 'past'}")
        for name, time in _time_line(schedule)
    ]
    rows.insert(3, ("rounds", f"{schedule.rounds} of {span(schedule.round_length)}"))
    return list(fields(rows, indent=2))


def _money_rows(history: CampaignHistory, state: CampaignState, unit: Unit) -> list[Pair]:
    params, final = history.record.params, history.finalized
    rows: list[Pair] = [
        ("funded with", unit.show(history.record.escrow)),
        ("locked now", f"{unit.show(state.escrow)}, and bonds of {unit.show(history.bonds)}"),
        ("oracle's fee", f"{PERCENT.show(params.fee_bps)} of pay"),
        ("stake a label", unit.show(params.stake_per_label)),
        ("shares", f"{SHARES.show(params.share_cap)} at most"),
    ]
    if final is not None:
        rows += [
            ("paid", f"{unit.show(final.payout_total)}, with a fee of {unit.show(final.fee)}"),
            ("minted", SHARES.show(final.share_total)),
            ("back", f"{unit.show(final.surplus)} to the requester"),
            ("stakes lost", unit.show(sum(each.amount for each in history.slashed))),
        ]
    if history.cancelled is not None:
        rows.append(("refunded", unit.show(history.cancelled.refund)))
    if history.expired is not None:
        rows.append(("burned", unit.show(history.expired.burned)))
    return rows


def _facts(campaign: str, history: CampaignHistory, state: CampaignState) -> dict[str, Any]:
    params, final, posted = history.record.params, history.finalized, history.record.posted
    return {
        "campaign": campaign,
        "status": state.status.name.lower(),
        "since": state.since,
        "requester": str(params.requester),
        "oracle": str(params.oracle),
        "dataset": str(params.dataset),
        "pool": str(params.pool),
        "token": str(params.token),
        "spec_hash": str(params.spec_hash),
        "bundle_hash": str(posted.settlement.bundle_hash) if posted else None,
        "time_line": {name.replace(" ", "_"): time for name, time in _time_line(params.schedule)},
        "rounds": params.schedule.rounds,
        "funded": str(history.record.escrow),
        "escrow": str(state.escrow),
        "bonds": str(history.bonds),
        "fee_bps": params.fee_bps,
        "stake_per_label": str(params.stake_per_label),
        "share_cap": str(params.share_cap),
        "paid": str(final.payout_total) if final else None,
        "fee": str(final.fee) if final else None,
        "surplus": str(final.surplus) if final else None,
        "shares": str(final.share_total) if final else None,
    }
