"""Watching over one's work, until the last claim."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.annotator.shared import (
    KeepOption,
    OracleOption,
    Workplace,
    annotator,
    done_lines,
)
from labelshare.commands.annotator.words import facts, plan_lines
from labelshare.commands.common import SENDS, Session, command
from labelshare.commands.units import moment, printable
from labelshare.errors import InputError, LabelshareError

if TYPE_CHECKING:
    from labelshare.client.leaving import SeatWatch
    from labelshare.client.watch import Done, Watch
    from labelshare.store.followed import Followed

LONGEST_PAUSE: Final = 30.0


@command(annotator, "annotator watch --most-bond 50 --key ann.json", SENDS)
def watch(
    here: Session,
    campaign: Annotated[
        str | None, typer.Argument(metavar="[CAMPAIGN]", help="One campaign; by default all you work in.")
    ] = None,
    *,
    oracle: OracleOption = None,
    most_bond: Annotated[
        str,
        typer.Option(
            help="What may be locked in bonds in each campaign, in whole tokens, to propose in the oracle's "
            "place or to contest a settlement that wrongs you; 0: never."
        ),
    ] = "0",
    open_on_chain: Annotated[
        bool, typer.Option("--open-on-chain", help="Open every batch on chain, whatever the oracle signs.")
    ] = False,
    keep_credit: Annotated[
        bool, typer.Option("--keep-credit", help="Leave credit in the registry at the end.")
    ] = False,
    take_stake: Annotated[
        bool,
        typer.Option(
            "--take-stake/--keep-stake", help="Whether to take the stake back from a pool that you have left."
        ),
    ] = True,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done and when; send nothing.")
    ] = False,
    keep: KeepOption = None,
) -> None:
    """See to being paid: commit, open, contest, propose and claim wherever the oracle fails to."""
    options = {"open_on_chain": open_on_chain, "withdraw": not keep_credit}
    with Workplace(here, keep) as at:
        chosen = at.chosen(campaign)
        if not chosen:
            raise InputError("you work in no campaign; `labelshare annotator enrol` begins")
        watches = [_watch(here, at, each, oracle, most_bond, options) for each in chosen]
        campaigns = [each.campaign for each in watches] if take_stake else []
        seats = at.seats(campaigns, pay_out=not keep_credit)
        if dry_run:
            _show_plans(here, watches, seats)
            return
        here.confirm(
            f"send whatever is needed so that your work in {len(watches)} campaign"
            f"{'' if len(watches) == 1 else 's'} is paid, with bonds of up to {most_bond} in each",
            *(["take your stake back from each pool that you have left, once it is free"] if seats else []),
        )
        (_show_once if once else _run)(here, watches, seats)


def _watch(
    here: Session,
    at: Workplace,
    followed: Followed,
    oracle: str | None,
    most_bond: str,
    options: dict[str, bool],
) -> Watch:
    from labelshare.client.watch import Policy

    campaign = at.keeping.campaign(followed)
    most = here.unit(campaign.params.token).parse(most_bond)
    policy = Policy(most_locked=most, **options)
    return at.watch(campaign, at.service(oracle or followed.service), policy)


def _show_plans(here: Session, watches: list[Watch], seats: list[SeatWatch]) -> None:
    told, pools, lines = [], [], list[str]()
    for each in watches:
        name, plan, now = str(each.campaign.scope.campaign_id), each.plan(), each.situation().now
        told.append({"campaign": name, "now": now, "plan": [facts(duty) for duty in plan]})
        lines += [name, *(plan_lines(plan, now) if plan else ["nothing is to be done"])]
    for seat in seats:
        plan, now = seat.plan(), seat.now()
        pools.append({"pool": str(seat.holder.pool_id), "now": now, "plan": [facts(duty) for duty in plan]})
        lines += [f"seat in {seat.holder.pool_id}", *plan_lines(plan, now)] if plan else []
    here.show({"campaigns": told, "seats": pools}, lines)


def _show_once(here: Session, watches: list[Watch], seats: list[SeatWatch]) -> None:
    told, pools, lines = [], [], list[str]()
    for each in watches:
        name, done = str(each.campaign.scope.campaign_id), each.step()
        told.append({"campaign": name, "done": _rows(done), "over": each.is_over()})
        lines += [name, *(done_lines(done) or ["nothing was to be done"])]
    for seat in seats:
        done = seat.step()
        pools.append({"pool": str(seat.holder.pool_id), "done": _rows(done), "over": seat.is_over()})
        lines += [f"seat in {seat.holder.pool_id}", *done_lines(done)] if done else []
    here.show({"campaigns": told, "seats": pools}, lines)


def _rows(done: list[Done]) -> list[dict[str, Any]]:
    return [
        {"kind": each.duty.kind.value, "about": each.duty.about, "ok": each.ok, "told": each.told}
        for each in done
    ]


def _run(here: Session, watches: list[Watch], seats: list[SeatWatch]) -> None:
    """Until all is over; what fails is told once, and tried again."""
    told: set[tuple[str, str, str]] = set()
    left, leaving = list(watches), list(seats)
    while left or leaving:
        left = [each for each in left if not _stepped(each, told)]
        leaving = [each for each in seats if not _stepped(each, told)]  # one may be left at any time
        if left or leaving:
            time.sleep(_pause(left))
    here.show({"over": [str(each.campaign.scope.campaign_id) for each in watches]}, ["all is over"])


def _stepped(watch: Watch | SeatWatch, told: set[tuple[str, str, str]]) -> bool:
    """One look at a campaign or a seat; whether it is over. A node that is away ends nothing."""
    name = _name(watch)
    try:
        for each in watch.step():
            words = each.told if each.ok else f"not done: {each.duty.kind}: {each.told}"
            if each.ok or (name, each.duty.kind, words) not in told:
                told.add((name, each.duty.kind, words))
                typer.echo(f"{moment(int(time.time()))} {name[:10]} {printable(words)}", err=True)
        return watch.is_over()
    except (LabelshareError, OSError) as error:
        typer.echo(f"{moment(int(time.time()))} {name[:10]} {printable(str(error))}", err=True)
        return False


def _name(watch: Watch | SeatWatch) -> str:
    from labelshare.client.watch import Watch

    return str(watch.campaign.scope.campaign_id if isinstance(watch, Watch) else watch.holder.pool_id)


def _pause(watches: list[Watch]) -> float:
    """Until the next thing is due, but no longer than a while: the chain moves on by others' doing too."""
    pauses = [LONGEST_PAUSE]
    for each in watches:
        try:
            now, at = each.situation().now, each.next_at()
        except (LabelshareError, OSError):
            continue
        if at is not None:
            pauses.append(max(1.0, float(at - now)))
    return min(pauses)
