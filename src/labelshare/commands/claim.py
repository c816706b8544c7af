"""Claims: pay and shares of a final settlement, and the revenue that shares earn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare.commands.common import READS, SENDS, Session, bar, command, group, read_pieces
from labelshare.commands.dataset import DatasetArgument
from labelshare.commands.lines import fields
from labelshare.commands.stake import TokenOption
from labelshare.commands.units import SHARES, plain
from labelshare.errors import ChainError, VerificationError
from labelshare.types import Address, CampaignId, Hash32

if TYPE_CHECKING:
    from labelshare.client.payouts import Claimant, Payouts
    from labelshare.commands.lines import Pair

__all__ = ["BundleOption", "CampaignArgument", "claim"]

claim = group("claim", "Claim pay, shares and revenue.")

ID = "0x" + "5f" * 32
ADDRESS = "0x" + "5f" * 20

CampaignArgument = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id.")]
BundleOption = Annotated[Path, typer.Option(help="The published evidence of its settlement (JSON Lines).")]


@command(claim, f"claim pay {ID} --bundle bundle.jsonl --key ann.json", SENDS)
def pay(
    here: Session,
    campaign: CampaignArgument,
    *,
    bundle: BundleOption,
    for_others: Annotated[
        bool, typer.Option("--for-others", help="Claim for everybody who has not; each is paid its own.")
    ] = False,
) -> None:
    """Claim pay and shares of a campaign, with the proof from its bundle."""
    claimant = _claimant(here, campaign, bundle)
    if for_others:
        _pay_all(here, claimant)
    else:
        _pay_one(here, claimant)


@command(claim, f"claim revenue {ADDRESS} --key ann.json", SENDS)
def revenue(here: Session, dataset: DatasetArgument) -> None:
    """Claim what the shares of a dataset have earned so far."""
    from labelshare.client.holder import Holder

    address = Address(dataset)
    if here.contracts.registry.dataset(address).publisher == Address(bytes(20)):
        raise ChainError(f"no dataset {address} in the registry {here.contracts.registry.address}")
    unit = here.unit(here.contracts.share(address).revenue_token())
    holder = Holder(here.sender, here.contracts, here.signer, address)
    due = holder.claimable()
    if not due:
        raise ChainError(f"{here.signer.address} has earned nothing of {address} that is not claimed")
    here.confirm(
        f"claim the revenue of {SHARES.show(holder.shares())} of {address}: {unit.show(due)} or more"
    )
    paid = holder.claim()
    here.show_sent({"paid": str(paid), "dataset": str(address)}, [("paid", unit.show(paid))])


@command(claim, f"claim show {ADDRESS}", (*READS, "key"))
def show(
    here: Session,
    address: Annotated[str | None, typer.Argument(help="Whose; by default the keystore's.")] = None,
    *,
    bundle: Annotated[
        Path | None, typer.Option(help="Evidence of a settlement, to show what it pays as well.")
    ] = None,
    token: TokenOption = None,
) -> None:
    """Show what an account can claim: credit, pay by a bundle, and revenue of each dataset it holds."""
    from labelshare.chain.listing import datasets

    owner, chosen = here.account(address), here.token(token)
    registry, unit = here.contracts.registry, here.unit(chosen)
    credit = registry.credit_of(chosen, owner)
    rows: list[Pair] = [("account", owner), ("credit", unit.show(credit))]
    facts: dict[str, Any] = {"account": str(owner), "credit": str(credit)}
    if bundle is not None:
        due = _due(here, bundle, owner)
        rows += due[0]
        facts["pay"] = due[1]
    held = []
    for each in datasets(registry.chain, here.deployment):
        share = here.contracts.share(each.dataset)
        shares, claimable = share.balance_of(owner), share.claimable(owner)
        if shares or claimable:
            held.append({"dataset": str(each.dataset), "shares": str(shares), "claimable": str(claimable)})
            earned = here.unit(each.revenue_token).show(claimable)
            rows.append((plain(each.symbol), f"{SHARES.show(shares)}, {earned} of revenue to claim"))
    here.show(facts | {"datasets": held}, fields(rows))


def _claimant(here: Session, campaign: str, bundle: Path) -> Claimant:
    from labelshare.chain.history import campaign_record
    from labelshare.client.payouts import Claimant, require_final

    name, payouts = CampaignId(Hash32(campaign)), _payouts(bundle)
    registry = here.contracts.registry
    params = campaign_record(registry.chain, here.deployment, name).params
    if payouts.scope.campaign_id != name:
        raise VerificationError(f"the bundle is of campaign {payouts.scope.campaign_id}")
    require_final(registry, payouts)
    return Claimant(here.sender, registry, here.signer, params, payouts)


def _payouts(bundle: Path) -> Payouts:
    from labelshare.client.payouts import read_payouts

    return read_payouts(read_pieces(bundle))


def _pay_one(here: Session, claimant: Claimant) -> None:
    from labelshare.chain.contracts import Parts
    from labelshare.client.payouts import left_of

    row = claimant.payouts.row_of(here.signer.address)
    if row is None or not (row.payout or row.shares):
        raise ChainError(f"the settlement pays {here.signer.address} nothing")
    missing = left_of(claimant.registry, claimant.payouts, row.index)
    if not missing:
        raise ChainError(f"all that {row.account} earned here was claimed before")
    pay_due = row.payout if Parts.PAYOUT in missing else 0
    shares_due = row.shares if Parts.SHARES in missing else 0
    unit = here.unit(claimant.params.token)
    here.confirm(f"claim {unit.show(pay_due)} and {SHARES.show(shares_due)} of {claimant.params.dataset}")
    claimant.claim(row)
    here.show_sent(
        {"paid": str(pay_due), "shares": str(shares_due)},
        [("paid", unit.show(pay_due)), ("shares", SHARES.show(shares_due))],
    )


def _pay_all(here: Session, claimant: Claimant) -> None:
    from labelshare.chain.contracts import Parts

    rows, left = claimant.payouts.rows, claimant.unclaimed()
    if not left:
        raise ChainError("all that this settlement pays was claimed before")
    pay_due = sum(rows[index].payout for parts in left if Parts.PAYOUT in parts for index in left[parts])
    shares_due = sum(rows[index].shares for parts in left if Parts.SHARES in parts for index in left[parts])
    unit, accounts = here.unit(claimant.params.token), sum(map(len, left.values()))
    here.confirm(
        f"claim {unit.show(pay_due)} and {SHARES.show(shares_due)} of {claimant.params.dataset} for "
        f"{accounts} accounts, to each its own, a hundred in a transaction"
    )
    with bar("claim", accounts) as advance:
        done = claimant.claim_all(advance)
    here.show_sent(
        {"accounts": done, "paid": str(pay_due), "shares": str(shares_due)},
        [("accounts", done), ("paid", unit.show(pay_due)), ("shares", SHARES.show(shares_due))],
    )


def _due(here: Session, bundle: Path, owner: Address) -> tuple[list[Pair], dict[str, Any]]:
    """What the final settlement of a bundle pays an account, and what of that it has got."""
    from labelshare.chain.contracts import Parts
    from labelshare.chain.history import campaign_record
    from labelshare.client.payouts import left_of, require_final

    payouts, registry = _payouts(bundle), here.contracts.registry
    require_final(registry, payouts)
    campaign = payouts.scope.campaign_id
    params = campaign_record(registry.chain, here.deployment, campaign).params
    unit, row = here.unit(params.token), payouts.row_of(owner)
    left = left_of(registry, payouts, row.index) if row else Parts(0)
    paid, shares = (row.payout, row.shares) if row else (0, 0)
    rows: list[Pair] = [
        ("campaign", campaign),
        ("pay", f"{unit.show(paid)}{', to claim' if Parts.PAYOUT in left else ''}"),
        ("shares", f"{SHARES.show(shares)}{', to claim' if Parts.SHARES in left else ''}"),
    ]
    facts = {
        "campaign": str(campaign),
        "payout": str(paid),
        "shares": str(shares),
        "payout_left": Parts.PAYOUT in left,
        "shares_left": Parts.SHARES in left,
    }
    return rows, facts
