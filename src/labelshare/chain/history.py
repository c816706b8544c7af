"""What the events of a deployment tell: campaigns, pools, datasets, licences and credit, without one call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from labelshare.chain import events as ev
from labelshare.chain.contracts import Parts
from labelshare.chain.deploy import Deployment
from labelshare.chain.node import LogSource, Topics
from labelshare.chain.standing import Standing, standing
from labelshare.chain.state import Status
from labelshare.errors import ChainError
from labelshare.protocol.record import END, OwnCommit, Place, Posted, Record, Reveal, RoundRoot
from labelshare.types import ZERO_HASH, Address, CampaignId, PoolId, PoolParams

__all__ = [
    "CampaignHistory",
    "DatasetHistory",
    "Ledger",
    "SeatSpan",
    "campaign_history",
    "campaign_record",
    "dataset_history",
    "handed_out",
    "ledger",
    "ledger_of",
    "pool_params",
    "seat_spans",
]

Kind = TypeVar("Kind", bound=ev.Event)


@dataclass(frozen=True, slots=True)
class SeatSpan:
    """One stay of an annotator in a pool.

    Attributes:
        annotator: Who.
        joined: The log that took the seat.
        left: The log that started leaving, after which the seat takes no new work; None while it stays.
        withdrawn: The log that gave the stake back, if it has been.
        changes: Slashes, each of which leaves the seat short, and refills, which make it whole; in order.
    """

    annotator: Address
    joined: ev.Joined
    left: ev.Left | None = None
    withdrawn: ev.SeatWithdrawn | None = None
    changes: tuple[ev.Slashed | ev.Refilled, ...] = ()

    def takes_work_at(self, place: Place) -> bool:
        """Whether the seat could be on a new roster at a place (block, log index): open and whole."""
        stays = _place(self.joined) < place and (self.left is None or place < _place(self.left))
        before = [each for each in self.changes if _place(each) < place]
        return stays and not (before and isinstance(before[-1], ev.Slashed))


@dataclass(frozen=True, slots=True)
class CampaignHistory:
    """One campaign from its events.

    Attributes:
        record: The facts that its settlement is judged by.
        status: Where it is in its life.
        bonds: What is locked in it as bonds of the oracle, a public proposer and a challenger, base units.
        fallen: Proposals that fell.
        accepted: The oracle's acceptance with its bond.
        armed: Each arming of the seed, with what it burned of the bond.
        finalized: How it ended, if by a settlement.
        cancelled: How it ended, if by a refund.
        expired: How it ended, if by nothing.
        contests: How challenges ended, in order.
        revealed: Batches opened on chain.
        slashed: Stakes taken from seats.
        place_freed: Whether the pool has its place back.
        claimed: What was handed out of each payout leaf, by index.
    """

    record: Record
    status: Status
    bonds: int
    fallen: int
    accepted: ev.Accepted | None
    armed: tuple[ev.SeedArmed, ...]
    finalized: ev.Finalized | None
    cancelled: ev.Cancelled | None
    expired: ev.Expired | None
    contests: tuple[ev.ContestEnded, ...]
    revealed: tuple[ev.Revealed, ...]
    slashed: tuple[ev.Slashed, ...]
    place_freed: bool
    claimed: Mapping[int, Parts]


@dataclass(frozen=True, slots=True)
class DatasetHistory:
    """One dataset from its events, each kind in the order in which it happened.

    Attributes:
        created: Its rules.
        minted: Shares minted, one a settlement.
        released: Shares that reached those who earned them.
        transfers: All moves of shares, mints and releases among them.
        balances: Who holds how many shares, the registry's unreleased ones included; nobody with none.
        paid: Revenue that arrived.
        claimed: Revenue that holders took.
        offers: Licences for sale.
        closed: Offers that ended.
        sold: Licences sold.
    """

    created: ev.DatasetCreated
    minted: tuple[ev.RoundMinted, ...]
    released: tuple[ev.RoundReleased, ...]
    transfers: tuple[ev.Transfer, ...]
    balances: Mapping[Address, int]
    paid: tuple[ev.RevenuePaid, ...]
    claimed: tuple[ev.RevenueClaimed, ...]
    offers: tuple[ev.Offered, ...]
    closed: tuple[ev.OfferClosed, ...]
    sold: tuple[ev.LicenseSold, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The free credit of every account in one token, and what was burned of it, in base units."""

    credits: Mapping[Address, int]
    burned: int


def campaign_record(chain: LogSource, deployment: Deployment, campaign: CampaignId) -> Record:
    """The facts that a campaign's settlement is judged by; `ChainError` if there is no such campaign.

    The seed is zero until it is drawn. Of several proposals the latest that has not fallen counts.
    """
    return campaign_history(chain, deployment, campaign).record


def campaign_history(chain: LogSource, deployment: Deployment, campaign: CampaignId) -> CampaignHistory:
    """Everything that happened to a campaign up to the latest block."""
    happened = _registry_events(chain, deployment, campaign)
    created = _first(happened, ev.CampaignCreated)
    if created is None:
        raise ChainError(f"no campaign {campaign} in the registry {deployment.registry.address}")
    pool = pool_params(chain, deployment, created.params.pool)
    spans = seat_spans(chain, deployment, created.params.pool)
    stands = standing(happened)
    return CampaignHistory(
        record=_record(deployment, created, pool, spans, happened, stands),
        status=stands.status,
        bonds=stands.bonds,
        fallen=stands.fallen,
        accepted=_first(happened, ev.Accepted),
        armed=_all(happened, ev.SeedArmed),
        finalized=_first(happened, ev.Finalized),
        cancelled=_first(happened, ev.Cancelled),
        expired=_first(happened, ev.Expired),
        contests=_all(happened, ev.ContestEnded),
        revealed=_all(happened, ev.Revealed),
        slashed=_all(happened, ev.Slashed),
        place_freed=_freed(happened),
        claimed=handed_out(_all(happened, ev.Claimed)),
    )


def pool_params(chain: LogSource, deployment: Deployment, pool: PoolId) -> PoolParams:
    """The rules of a pool as it was created with; `ChainError` if there is none."""
    created = _first(_registry_events(chain, deployment, pool), ev.PoolCreated)
    if created is None:
        raise ChainError(f"no pool {pool} in the registry {deployment.registry.address}")
    return created.params


def seat_spans(chain: LogSource, deployment: Deployment, pool: PoolId) -> tuple[SeatSpan, ...]:
    """Every stay in a pool, in the order of joining."""
    spans: list[SeatSpan] = []
    latest: dict[Address, int] = {}
    for event in _seat_events(chain, deployment, pool):
        match event:
            case ev.Joined(annotator=annotator):
                latest[annotator] = len(spans)
                spans.append(SeatSpan(annotator, event))
            case ev.Left(annotator=annotator):
                spans[latest[annotator]] = replace(spans[latest[annotator]], left=event)
            case ev.SeatWithdrawn(annotator=annotator):
                spans[latest[annotator]] = replace(spans[latest[annotator]], withdrawn=event)
            case ev.Slashed(annotator=annotator) | ev.Refilled(annotator=annotator):
                stay = spans[latest[annotator]]
                spans[latest[annotator]] = replace(stay, changes=(*stay.changes, event))
            case _:
                pass
    return tuple(spans)


def _seat_events(chain: LogSource, deployment: Deployment, pool: PoolId) -> list[ev.Event]:
    """What happened to the seats of a pool, in order; slashes name the campaign, which names the pool."""
    accepted = _events(chain, deployment, (ev.topic_of(ev.Accepted), None, None, pool))
    campaigns = {event.campaign for event in _all(accepted, ev.Accepted)}
    slashes = _all(_events(chain, deployment, (ev.topic_of(ev.Slashed),)), ev.Slashed)
    own = [event for event in slashes if event.campaign in campaigns]
    return sorted([*_registry_events(chain, deployment, pool), *own], key=_place)


def dataset_history(chain: LogSource, deployment: Deployment, dataset: Address) -> DatasetHistory:
    """Everything that happened to a dataset's shares, revenue and licences up to the latest block."""
    created = _first(_registry_events(chain, deployment, _word(dataset)), ev.DatasetCreated)
    if created is None:
        raise ChainError(f"no dataset {dataset} in the registry {deployment.registry.address}")
    head = chain.block_number
    shares = ev.events(chain, dataset, created.log.block, head)
    licences = ev.events(chain, deployment.licenses.address, created.log.block, head)
    offers = tuple(each for each in _all(licences, ev.Offered) if each.dataset == dataset)
    ids = {each.offer for each in offers}
    transfers = _all(shares, ev.Transfer)
    return DatasetHistory(
        created=created,
        minted=_all(shares, ev.RoundMinted),
        released=_all(shares, ev.RoundReleased),
        transfers=transfers,
        balances=_balances(transfers),
        paid=_all(shares, ev.RevenuePaid),
        claimed=_all(shares, ev.RevenueClaimed),
        offers=offers,
        closed=tuple(each for each in _all(licences, ev.OfferClosed) if each.offer in ids),
        sold=tuple(each for each in _all(licences, ev.LicenseSold) if each.offer in ids),
    )


def ledger(chain: LogSource, deployment: Deployment, token: Address) -> Ledger:
    """Credit in a token as the events add up; accounts without any are left out."""
    return ledger_of(_registry_events(chain, deployment, _word(token)), token)


def ledger_of(happened: Iterable[ev.Event], token: Address) -> Ledger:
    """The same from events of the registry, which may be about other things too."""
    held: defaultdict[Address, int] = defaultdict(int)
    burned = 0
    for event in happened:
        match event:
            case ev.Credited(token=of, account=account, amount=amount) if of == token:
                held[account] += amount
            case ev.Debited(token=of, account=account, amount=amount) if of == token:
                held[account] -= amount
            case ev.Burned(token=of, amount=amount) if of == token:
                burned += amount
            case _:
                pass
    return Ledger({account: amount for account, amount in held.items() if amount}, burned)


def _record(
    deployment: Deployment,
    created: ev.CampaignCreated,
    pool: PoolParams,
    spans: Sequence[SeatSpan],
    happened: Sequence[ev.Event],
    stands: Standing,
) -> Record:
    roster = _first(happened, ev.RosterPosted)
    seed = _first(happened, ev.SeedDrawn)
    return Record(
        chain_id=deployment.chain_id,
        registry=deployment.registry.address,
        campaign_id=created.campaign,
        params=created.params,
        pool=pool,
        escrow=created.escrow + sum(each.amount for each in _all(happened, ev.ToppedUp)),
        roster_root=roster.root if roster else ZERO_HASH,
        roster_count=roster.count if roster else 0,
        seated=_seated_at(spans, _first(happened, ev.SeedArmed)),
        enrolled_alone=tuple(each.annotator for each in _all(happened, ev.Enrolled)),
        seed=seed.seed if seed else ZERO_HASH,
        rounds=tuple(
            RoundRoot(each.round, each.root, each.item_lists_hash)
            for each in _all(happened, ev.CommitsAggregated)
        ),
        own_commits=tuple(OwnCommit(each.annotator, each.commit) for each in _all(happened, ev.Committed)),
        reveals=tuple(
            Reveal(each.annotator, each.commit, each.secret, each.labels, _place(each))
            for each in _all(happened, ev.Revealed)
        ),
        gold=tuple(each.gold for each in _all(happened, ev.GoldRevealed)),
        posted=_posted(stands, _first(happened, ev.Finalized)),
    )


def _posted(stands: Standing, finalized: ev.Finalized | None) -> Posted | None:
    """The proposal at hand, with the fee once it is final."""
    if stands.proposal is None:
        return None
    fee = finalized.fee if finalized else None
    return Posted(stands.proposal.settlement, fee, stands.public, _place(stands.proposal))


def _seated_at(spans: Sequence[SeatSpan], armed: ev.SeedArmed | None) -> frozenset[Address]:
    """Who could be on a roster when it was complete: as the seed was first armed, or else now."""
    place = _place(armed) if armed else END
    return frozenset(span.annotator for span in spans if span.takes_work_at(place))


def _freed(happened: Sequence[ev.Event]) -> bool:
    return bool(_all(happened, ev.PlaceFreed))


def handed_out(claims: Iterable[ev.Claimed]) -> dict[int, Parts]:
    """What was handed out of each payout leaf, by index; leaves of which nothing was are left out."""
    parts: defaultdict[int, Parts] = defaultdict(lambda: Parts(0))
    for claim in claims:
        for index in claim.indices:
            parts[index] |= Parts(claim.parts)
    return dict(parts)


def _balances(transfers: Iterable[ev.Transfer]) -> dict[Address, int]:
    held: defaultdict[Address, int] = defaultdict(int)
    for move in transfers:
        held[move.from_] -= move.value
        held[move.to] += move.value
    return {account: amount for account, amount in held.items() if amount > 0}


def _registry_events(chain: LogSource, deployment: Deployment, subject: bytes) -> list[ev.Event]:
    """Events of the registry about one pool, campaign, dataset or token, which is their first argument."""
    return _events(chain, deployment, (None, subject))


def _events(chain: LogSource, deployment: Deployment, topics: Topics) -> list[ev.Event]:
    address = deployment.registry.address
    return ev.events(chain, address, deployment.block, chain.block_number, topics)


def _word(address: Address) -> bytes:
    return bytes(12) + address


def _place(event: ev.Event) -> Place:
    return event.log.block, event.log.index


def _all(happened: Iterable[ev.Event], kind: type[Kind]) -> tuple[Kind, ...]:
    return tuple(event for event in happened if isinstance(event, kind))


def _first(happened: Iterable[ev.Event], kind: type[Kind]) -> Kind | None:
    return next((event for event in happened if isinstance(event, kind)), None)
