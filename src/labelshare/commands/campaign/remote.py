"""What an oracle that runs elsewhere tells of a campaign: how far the work is, and what came of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.campaign.shared import ID, campaign, history_of, state_of
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import Session, command
from labelshare.commands.files import write_same
from labelshare.commands.lines import Pair, fields
from labelshare.commands.units import moment, printable
from labelshare.errors import ChainError, InputError, LabelshareError, ServiceError

if TYPE_CHECKING:
    from labelshare.client.wire.campaigns import CampaignAnswer
    from labelshare.protocol.record import Record

__all__ = ["PlainHttpOption", "ServiceOption"]

PAUSE: Final = 5.0
_OVER: Final = frozenset({"final", "cancelled", "expired"})

ServiceOption = Annotated[
    str,
    typer.Option("--service", envvar="LABELSHARE_SERVICE", help="Address of the oracle's service."),
]
PlainHttpOption = Annotated[
    bool, typer.Option("--plain-http", help="Allow http:// to another machine, which shows the session.")
]


@command(campaign, f"campaign progress {ID} --service https://oracle.example")
def progress(
    here: Session,
    campaign: CampaignArgument,
    *,
    service: ServiceOption,
    plain_http: PlainHttpOption = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Go on until the campaign is over; changes go to the error stream."),
    ] = False,
) -> None:
    """Show how far the work is: who enrolled, what was handed in and opened, as the oracle tells.

    Also why it has not accepted the campaign yet, where that is so. The status is the chain's.
    """
    told = _progress(here, campaign, service, plain=plain_http)
    while watch and told["status"] not in _OVER:
        time.sleep(PAUSE)
        before = told
        try:
            told = _progress(here, campaign, service, plain=plain_http)
        except (ServiceError, ChainError, OSError) as error:  # it is asked again
            typer.echo(f"{moment(int(time.time()))} {printable(str(error))}", err=True)
            continue
        if told != before:
            typer.echo(f"{moment(int(time.time()))} {_in_a_line(told)}", err=True)
    rows: list[Pair] = [(name, told[name]) for name in ("status", "enrolled", "batches", "labels", "opened")]
    rows.insert(4, ("wanted", told["places"]))
    rounds = [
        (f"round {each['round']}", f"{each['labels']} labels in {each['batches']} batches")
        for each in told["rounds"]
    ]
    waits: list[Pair] = [("waits for", printable(told["waits_for"]))] if told["waits_for"] else []
    here.show(told, fields([("campaign", campaign), *rows, *waits, *rounds]))


@command(campaign, f"campaign results {ID} --service https://oracle.example --to results")
def results(
    here: Session,
    campaign: CampaignArgument,
    *,
    service: ServiceOption,
    to: Annotated[Path, typer.Option("--to", help="Folder for the files; made where need be.")],
    plain_http: PlainHttpOption = False,
) -> None:
    """Fetch the evidence of a campaign's settlement, verify it, and write the results.

    Written are results.csv, a row an item, and what `labelshare report` and `campaign challenge` read. Exit
    code 1 where the settlement is not the one recomputed.
    """
    from labelshare.protocol.verify import verify
    from labelshare.report.results import results_csv

    history, state = history_of(here, campaign), state_of(here, campaign)
    record = history.record
    bundle = _bundle(record, service, plain=plain_http)
    report = verify(record, bundle)
    _write(here, to, campaign, bundle, results_csv([bundle]))
    facts = {
        "campaign": campaign,
        "status": state.status.name.lower(),
        "ok": report.ok,
        "difference": report.difference,
        "labels": report.labels,
        "labelled": report.labelled,
        "accepted": report.accepted,
        "results": str(to / RESULTS),
        "bundle": str(to / BUNDLE),
    }
    words = f"verified: {report.labels} labels, {report.accepted} of {report.labelled} items accepted"
    rows: list[Pair] = [
        ("status", facts["status"]),
        ("results", facts["results"]),
        ("bundle", facts["bundle"]),
    ]
    here.show(facts, [words if report.ok else f"differs: {printable(report.difference)}", *fields(rows)])
    if not report.ok:
        raise typer.Exit(1)


RESULTS: Final = "results.csv"
BUNDLE: Final = "bundle.jsonl"


def _progress(here: Session, campaign: str, service: str, *, plain: bool) -> dict[str, Any]:
    from labelshare.chain.state import Status

    state, answer = state_of(here, campaign), _answer(campaign, service, plain=plain)
    told = answer.progress
    return {
        "campaign": campaign,
        "status": state.status.name.lower(),
        "waits_for": answer.waits_for if state.status is Status.CREATED else None,
        "enrolled": told.enrolled,
        "batches": told.batches,
        "labels": told.labels,
        "opened": told.opened,
        "places": told.places,
        "rounds": [
            {"round": each.round, "batches": each.batches, "labels": each.labels} for each in told.rounds
        ],
    }


def _answer(campaign: str, service: str, *, plain: bool) -> CampaignAnswer:
    from labelshare.client.connection import Connection, Sent
    from labelshare.client.wire.campaigns import CampaignAnswer
    from labelshare.types import CampaignId, Hash32

    name = CampaignId(Hash32(campaign))
    with Connection(service, plain=plain) as connection:
        answer = connection.ask(Sent("GET", f"/v1/campaigns/{name}"), CampaignAnswer)
    if answer.id != name:
        raise ServiceError(f"asked for campaign {name}, the service tells of {answer.id}")
    return answer


def _in_a_line(told: dict[str, Any]) -> str:
    waits = f"; waits: {told['waits_for']}" if told["waits_for"] else ""
    return (
        f"{told['status']}: {told['enrolled']} enrolled, {told['labels']} of {told['places']} labels "
        f"handed in, {told['opened']} opened{waits}"
    )


def _bundle(record: Record, service: str, *, plain: bool) -> bytes:
    """The evidence that the chain names, from the service; whoever gives another one is told so."""
    from labelshare.client.connection import Connection, Sent
    from labelshare.protocol.evidence import MAX_BUNDLE_BYTES, bundle_hash

    if record.posted is None:
        raise ChainError("no settlement is proposed yet: until then nobody is shown any labels")
    name = record.posted.settlement.bundle_hash
    path = f"/v1/campaigns/{record.campaign_id}/bundles/{name}"
    with Connection(service, plain=plain) as connection:
        data = connection.fetch(Sent("GET", path, most=MAX_BUNDLE_BYTES))
    if (found := bundle_hash([data])) != name:
        raise LabelshareError(f"the service gave evidence of hash {found}, the chain names {name}")
    return data


def _write(here: Session, folder: Path, campaign: str, bundle: bytes, table: str) -> None:
    """What may be there already if it is the same; a verdict is another one where another is proposed."""
    from labelshare.replay.saved import CAMPAIGN, DEPLOYMENT, prepare

    prepare(folder)
    write_same(folder / BUNDLE, bundle)
    write_same(folder / RESULTS, table.encode())
    write_same(folder / CAMPAIGN, f"{campaign}\n".encode())
    try:
        here.deployment.save(folder / DEPLOYMENT)
    except OSError as error:
        raise InputError(f"{folder / DEPLOYMENT}: cannot be written: {error.strerror}") from None
