"""Settling a campaign in its oracle's place: what follows from the chain, and proposing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.campaign.shared import (
    ID,
    SpecOption,
    campaign,
    challenger_of,
    history_of,
    spec_of,
    state_of,
)
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.files import write_same
from labelshare.commands.lines import fields
from labelshare.commands.units import SHARES, Unit, moment
from labelshare.errors import ChainError

if TYPE_CHECKING:
    from labelshare.chain.history import CampaignHistory
    from labelshare.chain.state import CampaignState, Contest
    from labelshare.commands.lines import Pair
    from labelshare.protocol.settlement import Built
    from labelshare.types import Settlement

OutOption = Annotated[Path, typer.Option(help="Where the evidence goes, which is then to be published.")]


@command(campaign, f"campaign compute-openly {ID} --spec spec.json --out bundle.jsonl", name="compute-openly")
def compute_openly(here: Session, campaign: CampaignArgument, *, spec: SpecOption, out: OutOption) -> None:
    """Work out what follows from the chain alone, where the oracle failed; sends nothing and needs no key.

    The file can be proposed by a wallet in the browser, on the campaign's page for a silent oracle.
    """
    history, built = _worked_out(here, campaign, spec)
    write_same(out, built.bundle)
    unit = here.unit(history.record.params.token)
    here.show({"bundle": str(out), **_facts(built.settlement)}, fields(_details(built.settlement, out, unit)))


@command(
    campaign,
    f"campaign propose-openly {ID} --spec spec.json --out bundle.jsonl --key ann.json",
    SENDS,
    name="propose-openly",
)
def propose_openly(
    here: Session,
    campaign: CampaignArgument,
    *,
    spec: SpecOption,
    out: OutOption,
) -> None:
    """Propose what follows from the chain alone, where the oracle failed; on a bond of one's own."""
    history, built = _worked_out(here, campaign, spec)
    challenger = challenger_of(here, history)
    bond, unit = challenger.proposal_bond(), here.unit(history.record.params.token)
    payment = here.payment(history.record.params.token, bond)
    write_same(out, built.bundle)
    here.confirm(
        *payment,
        f"propose a settlement of campaign {campaign} with a bond of {unit.show(bond)}, which is back once "
        "it is final, with the oracle's fee, and lost where a challenge of it succeeds",
        details=_details(built.settlement, out, unit),
    )
    proposed = challenger.propose_openly(built.settlement)
    here.show_sent(
        {"bond": str(proposed.bond), "bundle": str(out), **_facts(built.settlement)},
        [("bond", unit.show(proposed.bond)), *_details(built.settlement, out, unit)],
    )


def _worked_out(here: Session, campaign: str, spec: Path) -> tuple[CampaignHistory, Built]:
    from labelshare.protocol.settlement import build_public

    history, state = history_of(here, campaign), state_of(here, campaign)
    contest = here.contracts.registry.contest(history.record.campaign_id)
    _require_open_to_all(here, history, state, contest)
    return history, build_public(spec_of(history, spec), history.record)


def _require_open_to_all(
    here: Session, history: CampaignHistory, state: CampaignState, contest: Contest
) -> None:
    """Anyone may propose now; told before a bond is approved."""
    from labelshare.chain.state import Status

    schedule, now = history.record.params.schedule, here.now()
    if state.status is not Status.OPEN:
        raise ChainError(f"the campaign is {state.status.name.lower()}; proposals are for open ones")
    if not state.committed:
        raise ChainError("nobody committed any work; `campaign cancel` gives the escrow back")
    if contest.rejections > schedule.tries or now >= schedule.propose_end:
        raise ChainError("the time or the tries to propose are used up; `campaign expire` ends the campaign")
    start = (state.since if contest.rejections else schedule.settle_end) + schedule.rescue_period
    if now < start:
        raise ChainError(f"too early: anyone may propose from {moment(start)}")


def _details(settlement: Settlement, out: Path, unit: Unit) -> list[Pair]:
    return [
        ("pay", f"{unit.show(settlement.payout_total)} to {settlement.leaves} accounts"),
        ("shares", SHARES.show(settlement.share_total)),
        ("evidence", f"{out}, to be published"),
        ("its hash", settlement.bundle_hash),
    ]


def _facts(settlement: Settlement) -> dict[str, str | int]:
    return {
        "paid": str(settlement.payout_total),
        "shares": str(settlement.share_total),
        "accounts": settlement.leaves,
        "bundle_hash": str(settlement.bundle_hash),
    }
