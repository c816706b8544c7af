"""Licences: offered by a dataset's publisher, bought by anyone, checked by anyone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelshare.commands.common import SENDS, Session, command, group, read_bytes
from labelshare.commands.dataset import DatasetArgument, history_of
from labelshare.commands.lines import fields
from labelshare.commands.paging import Limit, Page, PageNumber
from labelshare.commands.stake import TokenOption
from labelshare.commands.units import duration, moment, span
from labelshare.errors import ChainError
from labelshare.types import Address, Hash32

if TYPE_CHECKING:
    from labelshare.chain.events import LicenseSold, Offered
    from labelshare.chain.history import DatasetHistory
    from labelshare.chain.state import OfferId, OfferParams
    from labelshare.client.requester import Requester
    from labelshare.commands.lines import Pair

__all__ = ["licence"]

licence = group("licence", "Offer, buy and check licences of datasets.")

ID = "0x" + "5f" * 32
ADDRESS = "0x" + "5f" * 20

OfferArgument = Annotated[str, typer.Argument(metavar="OFFER", help="The offer's id.")]


@command(
    licence, f"licence offer {ADDRESS} --price 250 --duration 365d --terms terms.txt --key pub.json", SENDS
)
def offer(
    here: Session,
    dataset: DatasetArgument,
    *,
    price: Annotated[str, typer.Option(help="Of one licence, in the dataset's token.")],
    duration_: Annotated[
        str, typer.Option("--duration", help="How long a licence holds from its sale; 0 is for ever.")
    ],
    terms: Annotated[Path, typer.Option(help="The licence's text; its sha256 goes on chain.")],
    nonce: Annotated[int, typer.Option(help="Tells apart offers of the same terms.", min=0)] = 0,
) -> None:
    """Offer licences of an own dataset."""
    text, seconds = read_bytes(terms), duration(duration_)
    address = Address(dataset)
    rules = _published(here, address)
    unit = here.unit(here.contracts.share(address).revenue_token())
    units = unit.parse(price)
    requester = _requester(here)
    holders_part, own_part = here.contracts.licenses.split(address, units)
    here.confirm(
        f"offer licences of {address} at {unit.show(units)}, valid {_valid(seconds)}; of each sale "
        f"{unit.show(holders_part)} are for the share holders and {unit.show(own_part)} for {rules}"
    )
    made = requester.offer_licence(address, units, duration=seconds, terms=text, nonce=nonce)
    here.show_sent(
        {"offer": str(made), "dataset": str(address), "price": str(units), "duration": seconds},
        [("offer", made)],
    )


@command(licence, f"licence close {ID} --key pub.json", SENDS)
def close(here: Session, offer: OfferArgument) -> None:
    """End an own offer for ever; licences sold stay good."""
    name, rules = _open_offer(here, offer)
    requester = _requester(here)
    here.confirm(f"end offer {name} of {rules.dataset} for ever")
    closed = requester.close_offer(name)
    here.show_sent(
        {"offer": str(closed.offer)},
        [("closed", closed.offer)],
    )


@command(licence, f"licence buy {ID} --key lab.json", SENDS)
def buy(here: Session, offer: OfferArgument) -> None:
    """Buy a licence at its price."""
    from labelshare.client.holder import Licensee

    name, rules = _open_offer(here, offer)
    share = here.contracts.share(rules.dataset)
    if not share.total_supply():
        raise ChainError("the dataset has no share holders yet who could be paid")
    token = share.revenue_token()
    unit = here.unit(token)
    licensee = Licensee(here.sender, here.contracts, here.signer)
    here.require_wallet(token, rules.price)
    here.confirm(
        f"let the licence registry take {unit.show(rules.price)} from the wallet",
        f"buy a licence of {rules.dataset} for {unit.show(rules.price)}, valid {_valid(rules.duration)}, "
        f"under the terms with sha256 {rules.terms_hash}",
    )
    sold = licensee.buy(name)
    here.show_sent(
        {
            "token_id": sold.token_id,
            "expires_at": sold.expires_at or None,
            "paid": str(rules.price),
            "to_holders": str(sold.contributors),
            "to_publisher": str(sold.publisher_part),
        },
        [
            ("licence", sold.token_id),
            ("valid until", moment(sold.expires_at) if sold.expires_at else "for ever"),
            ("paid", unit.show(rules.price)),
            ("to holders", unit.show(sold.contributors)),
            ("to publisher", unit.show(sold.publisher_part)),
        ],
    )


@command(licence, f"licence list {ADDRESS}", name="list")
def list_(
    here: Session,
    dataset: DatasetArgument,
    *,
    sold: Annotated[
        bool, typer.Option("--sold", help="The licences sold, with who holds them, in place of the offers.")
    ] = False,
    limit: Limit = 20,
    page: PageNumber = 1,
) -> None:
    """List a dataset's offers, or the licences sold, the newest first."""
    found = history_of(here, dataset)
    if sold:
        _list_sold(here, Page.of(found.sold, limit, page))
    else:
        _list_offers(here, found, Page.of(found.offers, limit, page))


@command(licence, f"licence check 1 --holder {ADDRESS}")
def check(
    here: Session,
    token_id: Annotated[int, typer.Argument(help="The licence's number.", min=1)],
    *,
    holder: Annotated[str | None, typer.Option(help="Who says to hold it.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Address of the dataset that it says to be for.")
    ] = None,
    terms: Annotated[Path | None, typer.Option(help="The text that it says to be under.")] = None,
) -> None:
    """Check that a licence holds now; exit code 1 where it does not."""
    from hashlib import sha256

    licenses, now = here.contracts.licenses, here.contracts.registry.chain.now()
    found = licenses.license(token_id)
    if found.dataset == Address(bytes(20)):
        raise ChainError(f"there is no licence {token_id}")
    owner, rules = licenses.owner_of(token_id), licenses.offer_params(found.offer)
    faults = {
        f"it is held by {owner}": holder is not None and Address(holder) != owner,
        f"it is for dataset {found.dataset}": dataset is not None and Address(dataset) != found.dataset,
        f"its terms have sha256 {rules.terms_hash}": terms is not None
        and sha256(read_bytes(terms)).digest() != rules.terms_hash,
        f"it ended at {moment(found.expires_at)}": 0 < found.expires_at <= now,
    }
    fault = next((what for what, wrong in faults.items() if wrong), "")
    facts: dict[str, Any] = {
        "token_id": token_id,
        "owner": str(owner),
        "dataset": str(found.dataset),
        "offer": str(found.offer),
        "terms_hash": str(rules.terms_hash),
        "expires_at": found.expires_at or None,
        "valid": not fault,
    }
    if fault:
        raise ChainError(f"licence {token_id} does not hold: {fault}")
    here.show(
        facts,
        fields(
            [
                ("licence", f"{token_id} holds{_until(found.expires_at)}"),
                ("holder", owner),
                ("dataset", found.dataset),
                ("terms", rules.terms_hash),
            ]
        ),
    )


@command(licence, "licence withdraw --key pub.json", SENDS)
def withdraw(here: Session, *, token: TokenOption = None) -> None:
    """Take the publisher's part of all licences sold so far."""
    chosen = here.token(token)
    unit, requester = here.unit(chosen), _requester(here)
    due = here.contracts.licenses.proceeds(here.signer.address, chosen)
    here.confirm(f"pay the proceeds of {unit.show(due)} to the wallet")
    paid = requester.withdraw_proceeds(chosen)
    here.show_sent(
        {"paid": str(paid.amount)},
        [("paid", unit.show(paid.amount))],
    )


def _list_offers(here: Session, found: DatasetHistory, page: Page[Offered]) -> None:
    unit, closed = here.unit(found.created.revenue_token), {each.offer for each in found.closed}
    counts = Counter(each.offer for each in found.sold)
    lines: list[str] = []
    for each in page.rows:
        state = "closed" if each.offer in closed else "open"
        rows: list[Pair] = [
            ("offer", f"{state}, {unit.show(each.price)}, valid {_valid(each.duration)}"),
            ("sold", counts[each.offer]),
        ]
        lines += [str(each.offer), *fields(rows, indent=2)]
    offers = [
        {
            "offer": str(each.offer),
            "open": each.offer not in closed,
            "price": str(each.price),
            "duration": each.duration,
            "terms_hash": str(each.terms_hash),
            "sold": counts[each.offer],
        }
        for each in page.rows
    ]
    here.show(page.facts("offers", offers), page.lines("offers", lines))


def _list_sold(here: Session, page: Page[LicenseSold]) -> None:
    owners = {each.token_id: here.contracts.licenses.owner_of(each.token_id) for each in page.rows}
    lines: list[str] = []
    for each in page.rows:
        rows: list[Pair] = [
            ("holder", f"{owners[each.token_id]}{_until(each.expires_at)}"),
            ("offer", each.offer),
        ]
        lines += [f"licence {each.token_id}", *fields(rows, indent=2)]
    licences = [
        {
            "token_id": each.token_id,
            "offer": str(each.offer),
            "owner": str(owners[each.token_id]),
            "expires_at": each.expires_at or None,
        }
        for each in page.rows
    ]
    here.show(page.facts("licences", licences), page.lines("licences sold", lines))


def _requester(here: Session) -> Requester:
    from labelshare.client.requester import Requester

    return Requester(here.sender, here.contracts, here.signer)


def _published(here: Session, dataset: Address) -> Address:
    """The publisher of a dataset, by which alone anything of it is shown."""
    publisher = here.contracts.registry.dataset(dataset).publisher
    if publisher == Address(bytes(20)):
        raise ChainError(f"no dataset {dataset} in the registry {here.contracts.registry.address}")
    return publisher


def _open_offer(here: Session, offer: str) -> tuple[OfferId, OfferParams]:
    from labelshare.chain.state import OfferId, OfferStatus

    name = OfferId(Hash32(offer))
    status = here.contracts.licenses.offer_status(name)
    if status is not OfferStatus.OPEN:
        raise ChainError(f"offer {name} {'is closed' if status else 'was never made'}")
    return name, here.contracts.licenses.offer_params(name)


def _valid(seconds: int) -> str:
    return f"for {span(seconds)}" if seconds else "for ever"


def _until(expires_at: int) -> str:
    return f" until {moment(expires_at)}" if expires_at else " for ever"
