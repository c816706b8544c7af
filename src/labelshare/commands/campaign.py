"""Campaigns: funded by a requester, followed and ended by anyone."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare.commands.claim import BundleOption, CampaignArgument
from labelshare.commands.common import SENDS, Session, command, group, read_pieces
from labelshare.commands.lines import fields
from labelshare.commands.quote import read_spec
from labelshare.commands.stake import pool_of
from labelshare.commands.units import PERCENT, SHARES, Unit, duration, fee_bps, moment, plain, printable, span
from labelshare.errors import ChainError, InputError
from labelshare.types import Address, CampaignId, Hash32, Schedule

if TYPE_CHECKING:
    from labelshare.chain.history import CampaignHistory
    from labelshare.chain.state import CampaignState
    from labelshare.client.contests import Challenger
    from labelshare.client.requester import Terms
    from labelshare.commands.lines import Pair
    from labelshare.protocol.spec import Spec
    from labelshare.types import PoolParams

__all__ = ["campaign"]

campaign = group("campaign", "Fund, follow, end and verify campaigns.")

ID = "0x" + "5f" * 32
ADDRESS = "0x" + "5f" * 20
PRICES_A_LABEL = 4  # the stake behind a label, by which a random answerer loses in expectation


def _length(help_: str) -> Any:
    return typer.Option(help=help_, rich_help_panel="Time line")


@command(campaign, f"campaign create --spec spec.json --pool {ID} --dataset {ADDRESS} --key pub.json", SENDS)
def create(
    here: Session,
    *,
    spec: Annotated[Path, typer.Option(help="The spec (JSON).")],
    pool: Annotated[str, typer.Option(help="Id of the pool whose annotators are to work.")],
    dataset: Annotated[str, typer.Option(help="Address of an own dataset.")],
    stake_per_label: Annotated[
        str | None, typer.Option(help="Stake behind each label, in tokens; by default four prices.")
    ] = None,
    fee: Annotated[str, typer.Option(help="The oracle's fee, in percent of pay.")] = "5",
    nonce: Annotated[int, typer.Option(help="Tells apart campaigns of the same terms.", min=0)] = 0,
    accept: Annotated[str, _length("Time for the oracle to accept.")] = "1d",
    enrol: Annotated[str, _length("Time to enrol.")] = "3d",
    pause: Annotated[str, _length("Time to draw the seed.")] = "1h",
    round_length: Annotated[str, _length("Of each round, its grace included.")] = "5d",
    grace: Annotated[str, _length("End of each round, for those left out.")] = "2d",
    rounds: Annotated[int, _length("Rounds of work.")] = 1,
    tries: Annotated[int, _length("Proposals after the oracle's own.")] = 2,
    reveal: Annotated[str, _length("Time to open labels.")] = "2d",
    settle: Annotated[str, _length("Time in which only the oracle may propose.")] = "3d",
    window: Annotated[str, _length("Time to challenge a proposal.")] = "2d",
    ruling: Annotated[str, _length("Time for the arbitrator.")] = "7d",
    rescue: Annotated[str, _length("Time to open labels where the oracle failed.")] = "7d",
    public: Annotated[str, _length("Then, time for anyone to propose.")] = "2d",
    slash: Annotated[str, _length("Time to slash, once final.")] = "7d",
) -> None:
    """Fund a campaign: escrow and share cap follow from the spec, and are shown first."""
    from labelshare.client.requester import Requester, Terms, escrow_for
    from labelshare.client.schedules import Steps, require_allowed

    rules, asked = pool_of(here, pool), read_spec(spec)
    steps = Steps(
        accept=duration(accept),
        enrol=duration(enrol),
        pause=duration(pause),
        round_length=duration(round_length),
        grace=duration(grace),
        rounds=rounds,
        tries=tries,
        reveal=duration(reveal),
        settle=duration(settle),
        window=duration(window),
        ruling=duration(ruling),
        rescue=duration(rescue),
        public=duration(public),
        slash=duration(slash),
    )
    require_allowed(steps, here.contracts.registry.limits(), rules)
    unit = here.unit(rules.token)
    behind = unit.parse(stake_per_label) if stake_per_label else PRICES_A_LABEL * int(asked.price)
    terms = Terms(behind, fee_bps(fee), steps.schedule(here.now()), nonce)
    address = Address(dataset)
    _require_room(here, address, asked)
    if not asked.label_limit(rules.campaign_slice, behind):
        raise InputError(
            f"the slice of a seat, {unit.show(rules.campaign_slice)}, covers no label at a stake of "
            f"{unit.show(behind)}"
        )
    escrow = escrow_for(asked, terms.fee_bps)
    here.confirm(
        *here.payment(rules.token, escrow),
        f"fund a campaign with {unit.show(escrow)}; once anybody has worked for it, only a settlement pays "
        "any of that back",
        details=_details(rules, address, asked, terms, unit),
    )
    requester = Requester(here.sender, here.contracts, here.signer)
    scope, params = requester.open_campaign(rules, address, asked, terms)
    here.show(
        {
            "campaign": str(scope.campaign_id),
            "escrow": str(escrow),
            "share_cap": str(params.share_cap),
            "spec_hash": str(params.spec_hash),
        },
        fields(
            [
                ("campaign", scope.campaign_id),
                ("escrow", unit.show(escrow)),
                ("share cap", SHARES.show(params.share_cap)),
                ("spec", params.spec_hash),
            ]
        ),
    )


@command(campaign, f"campaign show {ID}")
def show(here: Session, campaign: CampaignArgument) -> None:
    """Show a campaign: where it is in its life, its time line in local times, its money."""
    history, state = _history(here, campaign), _state(here, campaign)
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
    ]
    lines = [*fields(rows), "", f"Time line (now {moment(now)})", *_time_lines(params.schedule, now)]
    lines += ["", "Money", *fields(_money_rows(history, state, unit), indent=2)]
    here.show(_facts(campaign, history, state), lines)


@command(campaign, "campaign list", name="list")
def list_(here: Session) -> None:
    """List all campaigns of the deployment, the oldest first."""
    from labelshare.chain.listing import campaigns, statuses

    node = here.contracts.registry.chain
    found, states = campaigns(node, here.deployment), statuses(node, here.deployment)
    lines: list[str] = []
    for each in found:
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
        for each in found
    ]
    here.show({"campaigns": facts}, lines or ["no campaigns yet"])


@command(campaign, f"campaign cancel {ID} --key pub.json", SENDS)
def cancel(here: Session, campaign: CampaignArgument) -> None:
    """End a campaign that nobody accepted, or that nobody worked for; the escrow becomes credit."""
    from labelshare.client.requester import Requester

    params, state = _history(here, campaign).record.params, _state(here, campaign)
    unit, requester = here.unit(params.token), Requester(here.sender, here.contracts, here.signer)
    here.confirm(
        f"cancel campaign {campaign}: its escrow of {unit.show(state.escrow)} becomes credit of "
        f"{params.requester}"
    )
    ended = requester.cancel(params)
    here.show(
        {"refund": str(ended.refund), "transaction": str(ended.log.transaction)},
        fields([("refund", unit.show(ended.refund)), ("transaction", ended.log.transaction)]),
    )


@command(campaign, f"campaign finalize {ID} --key ann.json", SENDS)
def finalize(here: Session, campaign: CampaignArgument) -> None:
    """End a campaign whose proposed settlement stood unchallenged for its window."""
    from labelshare.protocol.rewards import fee

    history = _history(here, campaign)
    posted, params = history.record.posted, history.record.params
    if posted is None:
        raise ChainError("no settlement is proposed for this campaign")
    unit, settlement = here.unit(params.token), posted.settlement
    challenger = _challenger(here, history)
    here.confirm(
        f"make the settlement of campaign {campaign} final: {unit.show(settlement.payout_total)} of pay to "
        f"{settlement.leaves} accounts, {SHARES.show(settlement.share_total)}, and a fee of "
        f"{unit.show(fee(settlement.payout_total, params.fee_bps))}"
    )
    challenger.finalize(settlement)
    final = _history(here, campaign).finalized
    if final is None:
        raise ChainError("the campaign is not final")
    here.show(
        {
            "paid": str(final.payout_total),
            "shares": str(final.share_total),
            "fee": str(final.fee),
            "surplus": str(final.surplus),
            "transaction": str(final.log.transaction),
        },
        fields(
            [
                ("pay", unit.show(final.payout_total)),
                ("shares", SHARES.show(final.share_total)),
                ("fee", unit.show(final.fee)),
                ("surplus", unit.show(final.surplus)),
                ("transaction", final.log.transaction),
            ]
        ),
    )


@command(campaign, f"campaign expire {ID} --key ann.json", SENDS)
def expire(here: Session, campaign: CampaignArgument) -> None:
    """End a campaign that came to nothing after work was committed: its escrow and bond are burned."""
    history, state = _history(here, campaign), _state(here, campaign)
    unit, challenger = here.unit(history.record.params.token), _challenger(here, history)
    here.confirm(
        f"end campaign {campaign} without a settlement, which burns its escrow of {unit.show(state.escrow)} "
        f"and the oracle's bond of {unit.show(state.bond)}"
    )
    ended = challenger.expire()
    here.show(
        {"burned": str(ended.burned), "transaction": str(ended.log.transaction)},
        fields([("burned", unit.show(ended.burned)), ("transaction", ended.log.transaction)]),
    )


@command(campaign, f"campaign verify {ID} --bundle bundle.jsonl")
def verify(here: Session, campaign: CampaignArgument, *, bundle: BundleOption) -> None:
    """Recompute the posted settlement from the chain and the bundle; exit code 1 where they differ."""
    from labelshare.protocol.verify import verify as judge

    pieces = read_pieces(bundle)
    first = next(pieces, b"")
    report = judge(_history(here, campaign).record, chain([first], pieces))
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


# ------------------------------------------------------------------------ what it is


def _history(here: Session, campaign: str) -> CampaignHistory:
    from labelshare.chain.history import campaign_history

    name = CampaignId(Hash32(campaign))
    return campaign_history(here.contracts.registry.chain, here.deployment, name)


def _state(here: Session, campaign: str) -> CampaignState:
    return here.contracts.registry.campaign(CampaignId(Hash32(campaign)))


def _challenger(here: Session, history: CampaignHistory) -> Challenger:
    from labelshare.client.contests import Challenger
    from labelshare.types import Scope

    record = history.record
    scope = Scope(record.chain_id, record.registry, record.campaign_id)
    return Challenger(here.sender, here.contracts, here.signer, scope, record.pool, record.params)


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
            ("slashed", unit.show(sum(each.amount for each in history.slashed))),
        ]
    if history.cancelled is not None:
        rows.append(("refunded", unit.show(history.cancelled.refund)))
    if history.expired is not None:
        rows.append(("burned", unit.show(history.expired.burned)))
    return rows


def _facts(campaign: str, history: CampaignHistory, state: CampaignState) -> dict[str, Any]:
    params, final = history.record.params, history.finalized
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


# ------------------------------------------------------------------- before it exists


def _require_room(here: Session, dataset: Address, spec: Spec) -> None:
    """The dataset is the signer's own, and has the shares to promise."""
    from labelshare.client.requester import share_cap_for

    found, needed = here.contracts.registry.dataset(dataset), share_cap_for(spec)
    if found.publisher == Address(bytes(20)):
        raise ChainError(f"no dataset {dataset} in the registry {here.contracts.registry.address}")
    if found.publisher != here.signer.address:
        raise ChainError(f"only the dataset's publisher {found.publisher} may, not {here.signer.address}")
    free = found.max_shares - found.reserved
    if needed > free:
        raise ChainError(
            f"the spec may earn {SHARES.show(needed)}, the dataset has {SHARES.show(free)} left to promise"
        )


def _details(rules: PoolParams, dataset: Address, spec: Spec, terms: Terms, unit: Unit) -> list[Pair]:
    from labelshare.client.requester import escrow_for, share_cap_for

    line = terms.schedule
    return [
        ("spec", spec.hash),
        ("title", plain(spec.title)),
        ("dataset", dataset),
        ("oracle", rules.oracle),
        (
            "items",
            f"{len(spec.items)}, {spec.redundancy.k} labels each, {unit.show(int(spec.price))} a label",
        ),
        ("escrow", f"{unit.show(escrow_for(spec, terms.fee_bps))}: all labels and the fee"),
        ("fee", f"{PERCENT.show(terms.fee_bps)} of pay, for the oracle"),
        ("shares", f"{SHARES.show(share_cap_for(spec))} at most, for the annotators"),
        ("stake", f"{unit.show(terms.stake_per_label)} behind each label"),
        ("accepted by", moment(line.accept_end)),
        ("work", f"{moment(line.work_start)} to {moment(line.commit_end)}"),
        ("over by", moment(line.hard_end)),
    ]
