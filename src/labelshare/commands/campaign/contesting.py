"""Contesting a proposed settlement, until the contest ends."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.campaign.shared import ID, campaign, challenger_of, history_of, state_of
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, command, read_pieces
from labelshare.commands.units import ETHER, Unit, moment, printable
from labelshare.errors import ChainError, InputError, VerificationError
from labelshare.types import Address, Hash32

if TYPE_CHECKING:
    from labelshare.chain.history import CampaignHistory
    from labelshare.chain.state import CampaignState, Contest
    from labelshare.commands.lines import Pair
    from labelshare.protocol.record import Record

NOBODY: Final = Address(bytes(20))
MOST_CHALLENGES: Final = 3  # of one proposal, by the contract
MOST_EVIDENCE: Final = 500  # characters of a difference that go on chain
RULINGS: Final = {  # by the number that the contract keeps
    0: "nobody ruled, so it falls, and an eighth of both bonds is burned",
    1: "the arbitrator ruled for neither, so it falls, and an eighth of both bonds is burned",
    2: "the arbitrator ruled for the proposer, so it stands, and the challenger's bond is lost",
    3: "the arbitrator ruled for the challenger, so it falls, and the proposer's bond is lost",
}


@command(campaign, f"campaign challenge {ID} --bundle bundle.jsonl --key ann.json", SENDS)
def challenge(
    here: Session,
    campaign: CampaignArgument,
    *,
    bundle: Annotated[
        Path | None, typer.Option(help="The published evidence of the settlement, to verify it with first.")
    ] = None,
    evidence: Annotated[
        str, typer.Option(help="Why, or where that stands (ERC-1497); by default the difference found.")
    ] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Challenge also where no difference was found, or looked for.")
    ] = False,
) -> None:
    """Contest a proposed settlement with a bond; one that verifies is left alone."""
    state, history = state_of(here, campaign), history_of(here, campaign)
    contest = here.contracts.registry.contest(history.record.campaign_id)
    _require_window(here, history, state, contest)
    fault = _fault(history.record, bundle, anyway=anyway)
    challenger = challenger_of(here, history)
    bond, unit = challenger.challenge_bond(), here.unit(history.record.params.token)
    here.confirm(
        *here.payment(history.record.params.token, bond),
        f"contest the settlement of campaign {campaign} with a bond of {unit.show(bond)}",
        details=[
            ("settlement", state.settlement),
            ("fault", fault or "none was found"),
            ("evidence", printable(evidence) or ("the fault" if fault else "none")),
            *_stakes(here, history, contest.proposer_bond or state.bond, bond, unit),
        ],
    )
    begun = challenger.challenge(evidence or fault, state.settlement)
    here.show_sent(
        {
            "bond": str(begun.bond),
            "settlement": str(state.settlement),
            "fault": fault,
            "ruling_end": begun.ruling_end,
        },
        [("bond", unit.show(begun.bond)), ("ruling by", moment(begun.ruling_end))],
    )


@command(campaign, f"campaign request-ruling {ID} --key ann.json", SENDS, name="request-ruling")
def request_ruling(here: Session, campaign: CampaignArgument) -> None:
    """Bring a contest before the pool's arbitrator, at its fee in the chain's own coin."""
    from labelshare.chain.contracts import Arbitrator

    history = history_of(here, campaign)
    _require_disputed(state_of(here, campaign))
    pool, unit = history.record.pool, here.unit(history.record.params.token)
    if pool.arbitrator == NOBODY:
        raise ChainError("the pool names no arbitrator; the contest ends unruled")
    fee = Arbitrator(here.contracts.registry.chain, pool.arbitrator).cost()
    challenger = challenger_of(here, history)
    here.confirm(
        f"ask {pool.arbitrator} to rule on campaign {campaign} for {ETHER.show(fee)}; once it has, "
        f"{unit.show(pool.arbitration_refund)} of the loser's bond are for whoever paid this"
    )
    asked = challenger.request_ruling()
    here.show_sent(
        {"dispute": str(asked.dispute_id), "fee": str(asked.cost), "arbitrator": str(pool.arbitrator)},
        [("dispute", asked.dispute_id), ("fee", ETHER.show(asked.cost)), ("arbitrator", pool.arbitrator)],
    )


@command(campaign, f"campaign resolve {ID} --key ann.json", SENDS)
def resolve(here: Session, campaign: CampaignArgument) -> None:
    """Apply the ruling on a contest, or the lack of one once its time is over."""
    history = history_of(here, campaign)
    _require_disputed(state_of(here, campaign))
    contest = here.contracts.registry.contest(history.record.campaign_id)
    if not contest.ruling and here.now() < contest.ruling_end:
        raise ChainError(f"too early: nobody ruled yet, who may until {moment(contest.ruling_end)}")
    challenger, unit = challenger_of(here, history), here.unit(history.record.params.token)
    here.confirm(f"end the contest of the settlement of campaign {campaign}: {RULINGS[contest.ruling]}")
    ended = challenger.resolve()
    here.show_sent(
        {
            "outcome": ended.outcome.name.lower(),
            "won": str(ended.won),
            "refunded": str(ended.refunded),
            "burned": str(ended.burned),
        },
        [
            ("settlement", ended.outcome.name.lower()),
            ("won", unit.show(ended.won)),
            ("refunded", unit.show(ended.refunded)),
            ("burned", unit.show(ended.burned)),
        ],
    )


def _require_window(here: Session, history: CampaignHistory, state: CampaignState, contest: Contest) -> None:
    """The proposal may be contested now; told before a bond is approved."""
    from labelshare.chain.state import Status

    if state.status is not Status.PROPOSED or history.record.posted is None:
        raise ChainError(
            f"the campaign is {state.status.name.lower()}; only a proposed settlement is contested"
        )
    end = state.since + history.record.params.schedule.window
    if here.now() >= end:
        raise ChainError(f"too late: the settlement could be contested until {moment(end)}")
    if contest.withstood >= MOST_CHALLENGES:
        raise ChainError(f"the settlement withstood {MOST_CHALLENGES} challenges; there is no further one")


def _require_disputed(state: CampaignState) -> None:
    from labelshare.chain.state import Status

    if state.status is not Status.DISPUTED:
        raise ChainError(f"the campaign is {state.status.name.lower()}; nobody contests a settlement of it")


def _fault(record: Record, bundle: Path | None, *, anyway: bool) -> str:
    """The difference that a verification finds; empty where none was found, or looked for.

    Raises:
        InputError: There is no bundle to verify.
        VerificationError: The settlement verifies, or the bundle is not the one that it names.
    """
    if bundle is None:
        if not anyway:
            raise InputError("--bundle names the evidence to verify first; --anyway challenges without")
        return ""
    fault, doubt = _judged(record, bundle)
    if doubt and not anyway:
        raise VerificationError(f"{doubt}; --anyway challenges all the same")
    return fault


def _judged(record: Record, bundle: Path) -> tuple[str, str]:
    """What is wrong with the settlement, and what speaks against a challenge; one of the two is empty."""
    from labelshare.protocol.verify import verify

    named = record.posted.settlement.bundle_hash if record.posted else None
    if (found := _hash_of(bundle)) != named:
        return (
            "",
            f"this is not the evidence that was posted: it has hash {found}, the settlement names {named}",
        )
    report = verify(record, read_pieces(bundle))
    if report.ok:
        return (
            "",
            f"the settlement verifies ({report.labels} labels), and who contests a right one loses the bond",
        )
    return printable(report.difference)[:MOST_EVIDENCE], ""


def _hash_of(file: Path) -> Hash32:
    state = sha256()
    for piece in read_pieces(file):
        state.update(piece)
    return Hash32(state.digest())


def _stakes(here: Session, history: CampaignHistory, against: int, bond: int, unit: Unit) -> list[Pair]:
    """What each way to end would bring and take; halves and eighths fall as the contract rounds them."""
    pool, params = history.record.pool, history.record.params
    judge = f"{pool.arbitrator}, once somebody pays its fee (`campaign request-ruling`)"
    if pool.arbitrator == NOBODY:
        judge = "nobody: the pool names no arbitrator"
    paid = f", less {unit.show(pool.arbitration_refund)} for whoever pays the arbitrator"
    return [
        ("who rules", judge),
        ("until", moment(here.now() + params.schedule.ruling_period)),
        ("if it falls", f"the bond is back, with {unit.show(against // 2)} of the proposer's{paid}"),
        (
            "if it stands",
            f"the whole bond is lost: {unit.show(bond - bond // 2)} burned, the rest the proposer's",
        ),
        ("if unruled", f"it falls, and {unit.show(-(-bond // 8))} of the bond are burned"),
    ]
