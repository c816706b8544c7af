"""Datasets: published once, owned by whoever labels them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare.commands.common import SENDS, Session, command, group
from labelshare.commands.lines import fields
from labelshare.commands.paging import Limit, Page, PageNumber
from labelshare.commands.units import PERCENT, SHARES, Unit, plain
from labelshare.errors import InputError
from labelshare.types import Address

if TYPE_CHECKING:
    from labelshare.chain.events import DatasetCreated
    from labelshare.chain.history import DatasetHistory
    from labelshare.commands.lines import Pair

__all__ = ["DatasetArgument", "dataset", "history_of"]

dataset = group("dataset", "Publish and look up datasets.")

ADDRESS = "0x" + "5f" * 20
SHOWN = 10
WHOLE = 10_000

DatasetArgument = Annotated[str, typer.Argument(metavar="DATASET", help="Address of its share token.")]


@command(
    dataset, "dataset create --name 'Street signs' --symbol SIGNS --max-shares 1000000 --key pub.json", SENDS
)
def create(
    here: Session,
    *,
    name: Annotated[str, typer.Option(help="Of the share token, at most 31 bytes.")],
    symbol: Annotated[str, typer.Option(help="Of the share token, at most 31 bytes.")],
    max_shares: Annotated[str, typer.Option(help="The most shares there can ever be.")],
    holders: Annotated[
        str, typer.Option(help="The share holders' part of licence income, in percent.")
    ] = "70",
    token: Annotated[
        str | None,
        typer.Option(help="The token in which licences are paid; by default a development deployment's."),
    ] = None,
) -> None:
    """Publish a dataset with its share token; its rules never change."""
    from labelshare.client.requester import Requester

    chosen, most, part = here.token(token), SHARES.parse(max_shares), PERCENT.parse(holders)
    unit = here.unit(chosen)
    if part > WHOLE:
        raise InputError(f"{PERCENT.show(part)} is more than all of the licence income")
    requester = Requester(here.sender, here.contracts, here.signer)
    here.confirm(
        f"publish the dataset {plain(name)!r} ({plain(symbol)}), for ever with at most {SHARES.show(most)}, "
        f"licences paid in {unit.symbol} ({chosen}), and {PERCENT.show(part)} of each for the share holders"
    )
    made = requester.create_dataset(name, symbol, revenue_token=chosen, contributor_bps=part, max_shares=most)
    here.show_sent(
        {"dataset": str(made), "max_shares": str(most), "contributor_bps": part, "token": str(chosen)},
        [("dataset", made)],
    )


@command(dataset, f"dataset show {ADDRESS}")
def show(here: Session, dataset: DatasetArgument) -> None:
    """Show a dataset: its shares and who holds them, its revenue, its licences."""
    found = history_of(here, dataset)
    unit = here.unit(found.created.revenue_token)
    facts = _money(here, found) | {
        "holders": {str(account): str(held) for account, held in _holders(here, found)},
        "licences": len(found.sold),
        "offers": len(found.offers) - len(found.closed),
    }
    here.show(_facts(found.created) | facts, [*_rows(here, found, unit), *_holder_rows(here, found)])


@command(dataset, "dataset list", name="list")
def list_(here: Session, *, limit: Limit = 20, page: PageNumber = 1) -> None:
    """List the datasets of the deployment, the newest first."""
    from labelshare.chain.listing import datasets

    found = Page.of(datasets(here.contracts.registry.chain, here.deployment), limit, page)
    lines: list[str] = []
    for each in found.rows:
        rows: list[Pair] = [
            ("name", f"{plain(each.name)} ({plain(each.symbol)})"),
            ("publisher", each.publisher),
            ("holders get", PERCENT.show(each.contributor_bps)),
        ]
        lines += [str(each.dataset), *fields(rows, indent=2)]
    here.show(found.facts("datasets", list(map(_facts, found.rows))), found.lines("datasets", lines))


def history_of(here: Session, dataset: str) -> DatasetHistory:
    """All that happened to a dataset."""
    from labelshare.chain.history import dataset_history

    address = Address(dataset)
    return dataset_history(here.contracts.registry.chain, here.deployment, address)


def _holders(here: Session, found: DatasetHistory) -> list[tuple[Address, int]]:
    """Accounts by their shares, the most first; what the registry has not released yet is nobody's so far."""
    registry = here.contracts.registry.address
    held = [(account, shares) for account, shares in found.balances.items() if account != registry]
    return sorted(held, key=lambda each: (-each[1], each[0]))


def _facts(created: DatasetCreated) -> dict[str, Any]:
    return {
        "dataset": str(created.dataset),
        "name": created.name,
        "symbol": created.symbol,
        "publisher": str(created.publisher),
        "token": str(created.revenue_token),
        "contributor_bps": created.contributor_bps,
        "max_shares": str(created.max_shares),
    }


def _money(here: Session, found: DatasetHistory) -> dict[str, str]:
    share = here.contracts.share(found.created.dataset)
    supply, registry = share.total_supply(), here.contracts.registry.address
    return {
        "shares": str(supply),
        "unreleased": str(found.balances.get(registry, 0)),
        "reserved": str(here.contracts.registry.dataset(found.created.dataset).reserved),
        "revenue": str(sum(each.amount for each in found.paid)),
        "claimed": str(sum(each.amount for each in found.claimed)),
        "unstreamed": str(share.unstreamed()),
    }


def _rows(here: Session, found: DatasetHistory, unit: Unit) -> list[str]:
    created = found.created
    money = {name: int(amount) for name, amount in _money(here, found).items()}
    earned = f"{unit.show(money['revenue'])}, of which {unit.show(money['claimed'])} are claimed and "
    rows: list[Pair] = [
        ("dataset", created.dataset),
        ("name", f"{plain(created.name)} ({plain(created.symbol)})"),
        ("publisher", created.publisher),
        ("token", created.revenue_token),
        ("holders get", f"{PERCENT.show(created.contributor_bps)} of licence income"),
        ("shares", f"{SHARES.show(money['shares'])} of at most {SHARES.show(created.max_shares)}"),
        ("promised", f"{SHARES.show(money['reserved'] - money['shares'])} to campaigns that run"),
        ("unreleased", f"{SHARES.show(money['unreleased'])} not claimed by who earned them"),
        ("revenue", f"{earned}{unit.show(money['unstreamed'])} still stream"),
        ("licences", f"{len(found.sold)} sold, {len(found.offers) - len(found.closed)} offers open"),
    ]
    return list(fields(rows))


def _holder_rows(here: Session, found: DatasetHistory) -> list[str]:
    holders = _holders(here, found)
    total = sum(found.balances.values())
    rows: list[Pair] = [
        (str(account), f"{SHARES.show(held)}, {PERCENT.show(WHOLE * held // total)}")
        for account, held in holders[:SHOWN]
    ]
    rest = [f"  … {len(holders) - SHOWN} more"] if len(holders) > SHOWN else []
    return ["", "Holders", *fields(rows, indent=2), *rest] if holders else []
