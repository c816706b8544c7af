"""What the ledger knows, apart from the money itself.

Hashes, proofs and signatures are replaced by what they stand for: a root by the set under it, a signature by
whether it is the right account's. So the model rests on none of the contracts' encodings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from labelshare.protocol.leaves import Payout
from labelshare.protocol.ledger.books import Books, Kind, Move, Place
from labelshare.protocol.ledger.refusals import Refusal, RefusedError
from labelshare.types import Address, CampaignId, CampaignParams, Commit, PoolId, PoolParams, Settlement

__all__ = [
    "Call",
    "Campaign",
    "Challenge",
    "Dataset",
    "Ledger",
    "Limits",
    "Mint",
    "Pool",
    "Proposal",
    "Receipt",
    "Release",
    "Ruling",
    "Seat",
    "Status",
    "Step",
]


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


class Call(NamedTuple):
    """Who calls, when (Unix seconds, block number), and with how much ether (wei)."""

    sender: Address
    now: int
    block: int = 0
    value: int = 0


class Status(Enum):
    """Where a campaign is in its life; the last three are ends."""

    CREATED = 1
    OPEN = 2
    PROPOSED = 3
    DISPUTED = 4
    FINAL = 5
    CANCELLED = 6
    EXPIRED = 7


class Ruling(Enum):
    """What an arbitrator may say."""

    NEITHER = 0
    PROPOSER = 1
    CHALLENGER = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of every schedule of a deployment, in seconds."""

    min_period: int
    min_rescue: int
    max_period: int
    max_horizon: int


@dataclass(frozen=True, slots=True)
class Pool:
    """A workforce.

    A seat that leaves waits for the places taken before. To tell these from later ones places are counted in
    cohorts: leaving closes the newest cohort, unless it is empty, or the oldest place is seven cohorts back.

    Attributes:
        rules: What it is for ever.
        places: The cohort of each campaign that holds a place.
        newest: The cohort that takes new places.
        latest_end: The latest end of any campaign ever accepted, Unix seconds.
    """

    rules: PoolParams
    places: Mapping[CampaignId, int] = field(default_factory=_none)
    newest: int = 0
    latest_end: int = 0

    @property
    def oldest(self) -> int:
        """The cohort of the oldest place, or the newest cohort where no place is taken."""
        return min(self.places.values(), default=self.newest)

    def closed(self) -> tuple[Pool, int]:
        """Somebody leaves: the pool after it, and which cohort must be the oldest for the seat to be free."""
        if self.newest not in self.places.values():
            return self, self.newest
        if self.newest - self.oldest >= 7:
            return self, self.newest + 1
        return replace(self, newest=self.newest + 1), self.newest + 1


@dataclass(frozen=True, slots=True)
class Seat:
    """A place to work from. Its stake lies in the books.

    Attributes:
        full_since: Since when the stake is (or, while it is short, had been) whole.
        short_since: Since when slashes have left the stake short; None while it is whole.
        release_at: When a leaving seat is free at the latest; None while it stays.
        waits_for: The cohort that must be the oldest (or no place taken) for it to be free earlier.
    """

    full_since: int
    short_since: int | None = None
    release_at: int | None = None
    waits_for: int = 0

    @property
    def works(self) -> bool:
        """Whether the seat may be on a new roster."""
        return self.short_since is None and self.release_at is None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Shares in 10^-18: the most there can be, and those minted or promised to running campaigns."""

    publisher: Address
    max_shares: int
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody says a campaign came to.

    Attributes:
        settlement: The totals and roots.
        rows: What lies under the payout root.
        proposer: Who answers with a bond of its own; None for the oracle on the campaign's bond.
        withstood: Challenges it survived.
    """

    settlement: Settlement
    rows: tuple[Payout, ...]
    proposer: Address | None = None
    withstood: int = 0


@dataclass(frozen=True, slots=True)
class Challenge:
    """A contest of the proposal at hand; `payer` brought it before the arbitrator as `dispute`."""

    challenger: Address
    ruling_end: int
    payer: Address | None = None
    dispute: int = 0
    ruling: Ruling | None = None


class Receipt(NamedTuple):
    """The oracle's word that it will include an annotator's commitment."""

    annotator: Address
    commit: Commit


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's course. Its escrow and bonds lie in the books.

    Attributes:
        params: Its rules.
        status: Where it is, `since` when (Unix seconds).
        roster: Whom the oracle enrolled; None until posted.
        enrolled: Who enrolled alone.
        armed: The block whose hash becomes the seed; None until armed.
        drawn: Whether the seed is known.
        rounds: What lies under the root of each round.
        alone: What annotators committed on their own, by annotator and batch.
        receipts: By when each open receipt must be answered (Unix seconds); None once that is settled.
        proposal: The one at hand, or the one that became final.
        challenge: The one at hand.
        rejections: Proposals that fell.
        claimed: Parts handed out of each row, by index.
        slashed: Who was slashed.
    """

    params: CampaignParams
    status: Status
    since: int
    roster: frozenset[Address] | None = None
    enrolled: frozenset[Address] = frozenset()
    armed: int | None = None
    drawn: bool = False
    rounds: Mapping[int, frozenset[Receipt]] = field(default_factory=_none)
    alone: Mapping[tuple[Address, int], Commit] = field(default_factory=_none)
    receipts: Mapping[Receipt, int | None] = field(default_factory=_none)
    proposal: Proposal | None = None
    challenge: Challenge | None = None
    rejections: int = 0
    claimed: Mapping[int, int] = field(default_factory=_none)
    slashed: frozenset[Address] = frozenset()

    @property
    def committed(self) -> bool:
        """Whether there is work: from then on only a final settlement returns money to the requester."""
        return bool(self.rounds or self.alone)

    @property
    def open_receipts(self) -> int:
        """Receipts that the oracle has neither answered nor paid for."""
        return sum(due is not None for due in self.receipts.values())

    @property
    def rescue_start(self) -> int:
        """When the rescue at hand began: as a proposal fell, or at the end of the oracle's own time."""
        return self.since if self.rejections else self.params.schedule.settle_end

    def includes(self, annotator: Address, commit: Commit) -> bool:
        """Whether a commitment lies under the root of its round."""
        return Receipt(annotator, commit) in self.rounds.get(commit.round, frozenset())

    def committed_alone(self, annotator: Address, commit: Commit) -> bool:
        """Whether the annotator put the commitment on chain."""
        return self.alone.get((annotator, commit.batch)) == commit


class Mint(NamedTuple):
    """A settlement's shares come into being, for the registry to hand out."""

    dataset: Address
    round_id: CampaignId
    amount: int


class Release(NamedTuple):
    """Shares of a settlement go to the accounts that earned them."""

    dataset: Address
    round_id: CampaignId
    parts: tuple[tuple[Address, int], ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything at one moment. Operations take it and return the one after."""

    limits: Limits
    books: Books = field(default_factory=Books)
    pools: Mapping[PoolId, Pool] = field(default_factory=_none)
    seats: Mapping[tuple[PoolId, Address], Seat] = field(default_factory=_none)
    datasets: Mapping[Address, Dataset] = field(default_factory=_none)
    campaigns: Mapping[CampaignId, Campaign] = field(default_factory=_none)
    disputes: Mapping[tuple[Address, int], CampaignId] = field(default_factory=_none)

    def campaign(self, name: CampaignId, *statuses: Status) -> Campaign:
        """The campaign, which must be in one of these states."""
        found = self.campaigns.get(name)
        if found is None or found.status not in statuses:
            raise RefusedError(Refusal.WRONG_STATUS)
        return found

    def rules_of(self, campaign: Campaign) -> PoolParams:
        """The rules of a campaign's pool."""
        return self.pools[campaign.params.pool].rules

    def held(self, kind: Kind, name: CampaignId) -> int:
        """A campaign's escrow, or one of its bonds, in base units."""
        return self.books[Place.of(kind, self.campaigns[name].params.token, name)]

    def at_stake(self, name: CampaignId) -> Place:
        """What answers for the proposal at hand."""
        campaign = self.campaigns[name]
        public = campaign.proposal is not None and campaign.proposal.proposer is not None
        return Place.of(Kind.PROPOSER_BOND if public else Kind.BOND, campaign.params.token, name)

    def with_campaign(self, name: CampaignId, campaign: Campaign) -> Ledger:
        """The same with another state of a campaign."""
        return replace(self, campaigns=put(self.campaigns, name, campaign))

    def with_pool(self, name: PoolId, pool: Pool) -> Ledger:
        """The same with another state of a pool."""
        return replace(self, pools=put(self.pools, name, pool))

    def reserving(self, dataset: Address, shares: int) -> Ledger:
        """The same with more (or, below zero, fewer) shares promised."""
        row = self.datasets[dataset]
        return replace(
            self, datasets=put(self.datasets, dataset, replace(row, reserved=row.reserved + shares))
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What a call did: the ledger after it, the moves of money, and what happened to shares."""

    ledger: Ledger
    moves: tuple[Move, ...] = ()
    shares: tuple[Mint | Release, ...] = ()

    @classmethod
    def of(cls, ledger: Ledger, *moves: Move, shares: tuple[Mint | Release, ...] = ()) -> Step:
        """Posts the moves; those of nothing are left out."""
        real = tuple(move for move in moves if move.amount)
        return cls(replace(ledger, books=ledger.books.post(real)), real, shares)


def put(mapping: Mapping[Any, Any], key: Any, value: Any) -> Mapping[Any, Any]:
    """The mapping with one entry more, or another in its place."""
    return MappingProxyType({**mapping, key: value})


def without(mapping: Mapping[Any, Any], key: Any) -> Mapping[Any, Any]:
    """The mapping without an entry."""
    return MappingProxyType({name: value for name, value in mapping.items() if name != key})
