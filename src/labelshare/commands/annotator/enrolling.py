"""Taking part in a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.annotator.shared import (
    ID,
    KeepOption,
    OracleOption,
    Workplace,
    annotator,
    done_lines,
)
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.lines import fields
from labelshare.commands.units import moment, plain
from labelshare.errors import ChainError, InputError
from labelshare.types import CampaignId, Hash32

if TYPE_CHECKING:
    from labelshare.client.service import ServiceClient
    from labelshare.commands.lines import Pair
    from labelshare.protocol.record import Record
    from labelshare.protocol.spec import Spec

SpecOption = Annotated[
    Path | None,
    typer.Option("--spec", help="The campaign's spec, where the oracle is not to be asked for it."),
]


@command(annotator, f"annotator enrol {ID} --oracle https://oracle.example --key ann.json", SENDS)
def enrol(
    here: Session,
    campaign: CampaignArgument,
    *,
    oracle: OracleOption = None,
    spec: SpecOption = None,
    keep: KeepOption = None,
) -> None:
    """Take part in a campaign: consent to its rules, and follow it from now on."""
    from labelshare.chain.history import campaign_record

    name = CampaignId(Hash32(campaign))
    record = campaign_record(here.contracts.registry.chain, here.deployment, name)
    if not here.contracts.registry.seat(record.params.pool, here.signer.address).takes_work:
        raise ChainError(
            f"{here.signer.address} holds no whole seat in pool {record.params.pool}; "
            "`labelshare stake join` takes one"
        )
    with Workplace(here, keep) as at:
        service = at.service(oracle)
        rules = _spec(record.params.spec_hash, spec, service)
        unit = here.unit(record.params.token)
        most, each = unit.show(record.pool.campaign_slice), unit.show(record.params.stake_per_label)
        here.confirm(
            f"take part in campaign {campaign} under its rules: up to {most} of your stake may be lost, "
            f"{each} for each label at most",
            details=[*_rows(record, rules), ("a label pays", unit.show(int(rules.price)))],
        )
        found = at.keeping.follow(name, rules, oracle or "")
        done = at.watch(found, service).step()
        folder = at.keeping.folder
    here.show(
        {
            "campaign": campaign,
            "folder": str(folder),
            "done": [{"kind": each.duty.kind.value, "ok": each.ok, "told": each.told} for each in done],
        },
        [*done_lines(done), *fields([("campaign", campaign), ("records", folder)])],
    )


def _spec(digest: Hash32, file: Path | None, service: ServiceClient | None) -> Spec:
    from labelshare.commands.quote import read_spec

    if file is not None:
        found = read_spec(file)
        if found.hash != digest:
            raise InputError(f"{file}: this spec has hash {found.hash}, the campaign's has {digest}")
        return found
    if service is None:
        raise InputError("which rules? --oracle names the service that has the spec, or --spec its file")
    return service.spec(digest)


def _rows(record: Record, spec: Spec) -> list[Pair]:
    line = record.params.schedule
    return [
        ("title", plain(spec.title)),
        ("items", len(spec.items)),
        ("enrol by", moment(line.enrol_end)),
        ("work", f"{moment(line.work_start)} to {moment(line.commit_end)}"),
        ("over by", moment(line.hard_end)),
    ]
