"""Deploying the contracts, with the record by which everybody else finds and checks them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.common import Session
from labelshare.commands.files import refuse_existing, write_new
from labelshare.commands.lines import fields
from labelshare.commands.units import ETHER, span
from labelshare.errors import ChainError, FundsError, WrongChainError

if TYPE_CHECKING:
    from labelshare.chain.deploy import Deployment
    from labelshare.chain.node import Chain
    from labelshare.chain.state import Limits
    from labelshare.commands.lines import Pair
    from labelshare.commands.sending import Sent

__all__ = ["deploy"]

# What each contract is for, in the order in which they are deployed.
PURPOSES: Final = {
    "RegistryContests": "the registry's part for contests",
    "RegistryExtension": "the registry's second part",
    "TaskRegistry": "the registry of pools, datasets and campaigns, with the code of their shares",
    "LicenseRegistry": "the registry of licences",
    "RewardToken": "a token to try things out with, whose whole supply goes to the account",
}
NAME: Final = "deploy"


def deploy(
    here: Session,
    *,
    out: Annotated[Path, typer.Option(help="Where the record goes; no other file is overwritten.")] = Path(
        "deployment.json"
    ),
) -> None:
    """Deploy the contracts, and write the record that --deployment names.

    Nobody owns them or can change them: who deploys them gains no right.
    Periods of campaigns are two days at least; on development chains a
    minute, and a token to try things out with is deployed there as well.

    Shows the contracts, limits and cost, and asks. What was sent is kept in
    the folder OUT.sending until the record is written: if anything fails,
    the same command goes on from there, and pays for no contract twice.
    """
    from labelshare.chain.deploy import DEVELOPMENT_LIMITS, PUBLIC_LIMITS
    from labelshare.chain.deploy import deploy as deploy_all

    refuse_existing(out)
    limits = DEVELOPMENT_LIMITS if here.chain.is_development else PUBLIC_LIMITS
    kept = out.with_name(f"{out.name}.sending")
    with _sending(here, kept if kept.exists() else None):
        _ask(here, limits, out)
    with _sending(here, kept):
        try:
            deployment = deploy_all(here.sender.named(NAME), here.signer, limits)
            deployment.check(here.chain)
        except ChainError:
            typer.echo(f"{out} is not written yet; the same command goes on where this one stopped", err=True)
            raise
    write_new(out, deployment.to_json())
    shutil.rmtree(kept)
    _show(here, deployment, limits, out)


@contextmanager
def _sending(here: Session, kept: Path | None) -> Iterator[None]:
    """Sends, for the length of the block, by way of a journal in that folder, if there is to be one."""
    from labelshare.commands.sending import KeepingSender

    if kept is None:
        here.sender = KeepingSender(here.chain, here.fees)
        yield
        return
    from labelshare.store.database import Database
    from labelshare.store.journal import TransactionJournal

    database = Database.open(kept)
    try:
        database.bind(here.chain)
        here.sender = KeepingSender(here.chain, here.fees, TransactionJournal(database), _told)
        yield
    except WrongChainError as error:
        raise WrongChainError(f"{error}; without {kept} the deployment begins anew") from None
    finally:
        database.close()


def _told(sent: Sent) -> None:
    typer.echo(f"{sent.call}: block {sent.block}, transaction {sent.transaction}", err=True)


def _ask(here: Session, limits: Limits, out: Path) -> None:
    """Say what is left to be deployed, and what it costs; raises where the account cannot pay or says no."""
    named, address = here.sender.named(NAME), here.signer.address
    gas = _rehearsed(here.chain, limits)
    left = [name for name in gas if not named.knows(here.signer, name)]
    now = here.fees.now(here.chain)
    most = here.fees.offer(now).max_fee
    needed = sum(gas[name] for name in left)
    cost, held = needed * (now.base + now.tip), here.chain.balance(address)
    if held < cost:
        raise FundsError(f"{address} holds {_coins(held)}; the {needed:,} gas needed cost {_coins(cost)} now")
    done = [name for name in gas if name not in left]
    here.confirm(
        *([f"deploy {name}: {PURPOSES[name]}" for name in left] or ["write the record: all is sent"]),
        details=[
            *([("sent before", ", ".join(done))] if done else []),
            *_in_words(limits),
            ("gas", f"about {needed:,}"),
            ("cost", f"about {_coins(cost)} now, {_coins(needed * most)} if the base fee doubles"),
            ("balance", _coins(held)),
            ("record", out),
        ],
    )


def _rehearsed(chain: Chain, limits: Limits) -> dict[str, int]:
    """The gas of each contract, in order: they are deployed on a chain in this process first."""
    from labelshare.chain.connect import connect
    from labelshare.chain.deploy import deploy as deploy_all
    from labelshare.chain.keys import development_signer
    from labelshare.chain.transactions import Sender

    here, someone = connect(), development_signer("rehearsal")
    here.fund(someone.address, 10**21)
    sender = Sender(here)
    deploy_all(sender, someone, limits)
    return {
        name: used[0] for name, used in sender.gas.items() if name != "RewardToken" or chain.is_development
    }


def _coins(wei: int) -> str:
    """To nine digits: more of an estimate says nothing."""
    return ETHER.show(round(wei, -9))


def _in_words(limits: Limits) -> list[Pair]:
    return [
        ("periods", f"{span(limits.min_period)} at least, {span(limits.max_period)} at most"),
        ("rescue", f"{span(limits.min_rescue)} at least, where an oracle is silent"),
        ("campaigns", f"end within {span(limits.max_horizon)}"),
    ]


def _show(here: Session, deployment: Deployment, limits: Limits, out: Path) -> None:
    gas = {name: used[0] for name, used in here.sender.gas.items()}
    facts = {
        "chain": deployment.chain_id,
        "record": str(out),
        "contracts": {name: str(address) for name, address in deployment.addresses.items()},
        "limits": asdict(limits),
        "gas": sum(gas.values()),
    }
    rows: list[Pair] = [*_in_words(limits), ("gas", f"{sum(gas.values()):,}"), ("record", out)]
    here.show_sent(facts, rows, fields(list(deployment.addresses.items())))
