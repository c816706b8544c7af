"""Whether a store is the one of an oracle's campaigns: what the chain says it took on, beside what is kept.

With another store the service would go on as if nobody had handed anything in, cancel what has receipts, and
lose the bond. The chain tells of such a campaign that the oracle accepted it; the store knew it before that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, exists, select

from labelshare.chain import events as ev
from labelshare.chain.contracts import Registry
from labelshare.chain.deploy import Deployment
from labelshare.chain.node import Chain, LogSource
from labelshare.chain.state import Status
from labelshare.errors import StoreError
from labelshare.oracle.indexer import DEPTH
from labelshare.store import dump, revisions
from labelshare.store.database import FILE
from labelshare.store.schema import campaigns, enrolments
from labelshare.types import ZERO_HASH, Address, CampaignId, Hash32

__all__ = ["Kept", "accepted", "advice", "missing", "named", "require_all"]

_RUNNING: Final = frozenset({Status.OPEN, Status.PROPOSED, Status.DISPUTED})
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store knows of its oracle's campaigns.

    Attributes:
        campaigns: Those that it was opened for, as each is before it is accepted.
        enrolled: Of these, those for which somebody enrolled.
    """

    campaigns: frozenset[CampaignId] = frozenset()
    enrolled: frozenset[CampaignId] = frozenset()

    @classmethod
    def by(cls, connection: Connection) -> Kept:
        """What a database of ours holds."""
        has_enrolled = exists().where(enrolments.c.campaign == campaigns.c.campaign)
        rows = [
            (CampaignId(Hash32(each.campaign)), bool(each.enrolled))
            for each in connection.execute(select(campaigns.c.campaign, has_enrolled.label("enrolled")))
        ]
        return cls(frozenset(name for name, _ in rows), frozenset(name for name, has in rows if has))

    @classmethod
    def at(cls, folder: Path | None, url: str | None) -> Kept | None:
        """The same of a folder or a URL, which is left as it is; None where no store was made yet.

        Raises:
            InputError: No such URL.
            StoreError: The database refuses.
        """
        if folder is not None and not (folder / FILE).exists():
            return None
        with dump.reading(folder, url) as connection:
            return None if revisions.revision_of(connection) is None else cls.by(connection)


def accepted(source: LogSource, deployment: Deployment, oracle: Address, first: int = 0) -> set[CampaignId]:
    """Every campaign that an oracle accepted, from a block on."""
    topics = (ev.topic_of(ev.Accepted), None, bytes(12) + oracle)
    first, last = max(first, deployment.block), source.block_number
    if last < first:
        return set()
    found = ev.events(source, deployment.registry.address, first, last, topics)
    return {each.campaign for each in found if isinstance(each, ev.Accepted)}


def missing(
    chain: Chain, deployment: Deployment, oracle: Address, kept: Kept, indexed: LogSource | None = None
) -> list[CampaignId]:
    """The oracle's campaigns that it accepted and that are not over, of which a store knows nothing.

    Or nothing of those whom the posted roster holds. Campaigns of which it does are not asked about.

    Args:
        chain: Where the contracts are.
        deployment: Their record.
        oracle: The account.
        kept: What the store knows.
        indexed: The store's index, so that only the latest blocks are read of the chain.
    """
    names, first = set[CampaignId](), deployment.block
    if indexed is not None:
        names = accepted(indexed, deployment, oracle)
        first = indexed.block_number - DEPTH  # later ones may have been replaced
    names |= accepted(chain, deployment, oracle, first)
    registry = Registry(chain, deployment.registry.address)
    return [name for name in sorted(names - kept.enrolled) if _is_missing(registry, name, kept)]


def _is_missing(registry: Registry, name: CampaignId, kept: Kept) -> bool:
    state = registry.campaign(name)
    return state.status in _RUNNING and (name not in kept.campaigns or state.roster_root != ZERO_HASH)


def require_all(found: Collection[CampaignId]) -> None:
    """Raise `StoreError` where any is missing."""
    if found:
        raise StoreError(f"the store knows nothing of {named(sorted(found))}. {advice()}")


def named(found: Sequence[CampaignId]) -> str:
    """The first few of some campaigns, and how many there are."""
    more = len(found) - _NAMED
    told = ", ".join(map(str, found[:_NAMED])) + (f" and {more} more" if more > 0 else "")
    campaigns, run = ("a campaign", "runs") if len(found) == 1 else (f"{len(found)} campaigns", "run")
    return f"{campaigns} that this oracle has accepted on chain and that {run}: {told}"


def advice() -> str:
    """What to do where some are missing."""
    return (
        "Name the store that they are in, or restore a backup of it: receipts that were given bind the bond. "
        "If it is lost for good, serve --accept-loss goes on without them"
    )
