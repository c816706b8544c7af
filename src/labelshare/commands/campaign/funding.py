"""Funding a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.campaign.asking import require_taken
from labelshare.commands.campaign.remote import PlainHttpOption
from labelshare.commands.campaign.shared import ADDRESS, ID, campaign
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.quote import read_spec
from labelshare.commands.stake import pool_of
from labelshare.commands.units import PERCENT, SHARES, Unit, duration, fee_bps, moment, plain
from labelshare.errors import ChainError, InputError
from labelshare.types import Address, Schedule

if TYPE_CHECKING:
    from labelshare.client.requester import Terms
    from labelshare.commands.lines import Pair
    from labelshare.protocol.spec import Spec
    from labelshare.types import PoolParams

PRICES_A_LABEL: Final = 4  # the stake behind a label, by which a random answerer loses in expectation


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
    service: Annotated[
        str | None,
        typer.Option(
            envvar="LABELSHARE_SERVICE",
            help="Address of the oracle's service, asked first whether it takes the campaign on.",
        ),
    ] = None,
    plain_http: PlainHttpOption = False,
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
    requester = Requester(here.sender, here.contracts, here.signer)
    details = _details(rules, address, asked, terms, unit)
    if service is not None:
        params = requester.params_of(rules, address, asked, terms)
        waits = require_taken(
            service, rules, params, asked, escrow, now=here.now(), unit=unit, plain=plain_http
        )
        details.append(("acceptance", f"not at once: {waits}" if waits else "at once, says the oracle"))
    here.confirm(
        *here.payment(rules.token, escrow),
        f"fund a campaign with {unit.show(escrow)}; once anybody has worked for it, only a settlement pays "
        "any of that back",
        details=details,
    )
    scope, params = requester.open_campaign(rules, address, asked, terms)
    if not here.sender.sent:
        raise ChainError(f"campaign {scope.campaign_id} exists; another --nonce makes another one")
    here.show_sent(
        {
            "campaign": str(scope.campaign_id),
            "escrow": str(escrow),
            "share_cap": str(params.share_cap),
            "spec_hash": str(params.spec_hash),
        },
        [
            ("campaign", scope.campaign_id),
            ("escrow", unit.show(escrow)),
            ("share cap", SHARES.show(params.share_cap)),
            ("spec", params.spec_hash),
        ],
    )


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
        ("gold", _gold(spec, line)),
        ("accepted by", moment(line.accept_end)),
        ("work", f"{moment(line.work_start)} to {moment(line.commit_end)}"),
        ("over by", moment(line.hard_end)),
    ]


def _gold(spec: Spec, line: Schedule) -> str:
    from labelshare.protocol.spec import MerkleGold

    if not isinstance(spec.gold, MerkleGold):
        return "none: nobody can lose a stake"
    return (
        f"{spec.gold.count} items, to reveal from {moment(line.commit_end)} until {moment(line.reveal_end)}; "
        "keep their file"
    )
