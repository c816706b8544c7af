"""The group of commands of annotators, and how each finds records, oracle and watch."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self

import typer

from labelshare.commands.common import Session, group
from labelshare.errors import InputError
from labelshare.types import CampaignId, Hash32

if TYPE_CHECKING:
    from labelshare.chain.campaign import Campaign
    from labelshare.client.keeping import Keeping
    from labelshare.client.leaving import SeatWatch
    from labelshare.client.service import ServiceClient
    from labelshare.client.transport import Transport
    from labelshare.client.watch import Done, Policy, Watch
    from labelshare.store.followed import Followed

__all__ = [
    "ID",
    "KeepOption",
    "OracleOption",
    "annotator",
    "Workplace",
    "done_lines",
]

annotator = group("annotator", "Work in campaigns, and see to being paid whatever the oracle does.")

ID: Final = "0x" + "5f" * 32

KeepOption = Annotated[
    Path | None,
    typer.Option(
        "--keep",
        envvar="LABELSHARE_KEEP",
        help="Folder of all records: answers, receipts, proofs. By default one of your account on this "
        "machine.",
    ),
]
OracleOption = Annotated[
    str | None,
    typer.Option(
        "--oracle", envvar="LABELSHARE_ORACLE", help="Address of the oracle's service, such as https://…"
    ),
]


class Workplace:
    """The records of whoever signs, and lines to oracles; all let go of at the end of its block."""

    def __init__(self, here: Session, root: Path | None) -> None:
        self._here = here
        self._root = root
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._held.close()

    @cached_property
    def keeping(self) -> Keeping:
        """The records, begun where there are none."""
        from labelshare.client.keeping import Keeping

        here, folder = self._here, self._root or Path(typer.get_app_dir("labelshare")) / "kept"
        chain = here.contracts.registry.chain
        found = Keeping.open(folder, here.deployment, chain, here.signer, here.fees)
        self._held.callback(found.close)
        return found

    def followed(self, campaign: str) -> Followed:
        """A campaign that is followed; `InputError` for another."""
        found = self.keeping.followed.find(CampaignId(Hash32(campaign)))
        if found is None:
            raise InputError(f"you do not work in {campaign}; `labelshare annotator enrol` begins")
        return found

    def chosen(self, campaign: str | None) -> list[Followed]:
        """The campaign that was named, or all that are followed."""
        return [self.followed(campaign)] if campaign else self.keeping.followed.all()

    def service(self, url: str | None) -> ServiceClient | None:
        """An oracle's service, asked as whoever signs; None where no address is known."""
        from labelshare.client.connection import Connection
        from labelshare.client.service import ServiceClient

        if not url:
            return None
        connection = self._held.enter_context(Connection(url))
        chain_id = self._here.contracts.registry.chain.chain_id
        return ServiceClient(connection, self._here.signer, chain_id=chain_id)

    def watch(self, campaign: Campaign, service: ServiceClient | None, policy: Policy | None = None) -> Watch:
        """The watch over one campaign."""
        from labelshare.client.transport import NoOracle
        from labelshare.client.watch import Policy, Watch

        name = campaign.scope.campaign_id
        transport: Transport = (
            service.transport(name) if service else NoOracle("no oracle is known: --oracle names its service")
        )
        own = self.keeping.annotator(campaign, transport)
        fetch = service.bundle if service else None
        return Watch(campaign, own, self.keeping.sender, policy or Policy(), fetch)

    def seats(self, campaigns: Iterable[Campaign], *, pay_out: bool) -> list[SeatWatch]:
        """The watches over the seats in these campaigns' pools, each once."""
        from labelshare.client.leaving import SeatWatch
        from labelshare.client.seats import SeatHolder

        pools = {each.params.pool: each for each in campaigns}
        sender, signer = self.keeping.sender, self._here.signer
        holders = [SeatHolder(sender, each.contracts, signer, each.pool) for each in pools.values()]
        return [SeatWatch(each, pay_out) for each in holders]


def done_lines(done: Iterable[Done]) -> list[str]:
    """What was done, and what could not be: a line each."""
    from labelshare.commands.lines import steps
    from labelshare.commands.units import printable

    told = [printable(each.told if each.ok else f"not done: {each.duty.kind}: {each.told}") for each in done]
    return list(steps(told))
