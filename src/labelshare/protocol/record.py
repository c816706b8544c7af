"""What the chain says about one campaign: the facts that its settlement is judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labelshare.types import (
    Address,
    CampaignId,
    CampaignParams,
    Commit,
    Hash32,
    PoolParams,
    Scope,
    Settlement,
)

__all__ = ["OwnCommit", "Posted", "Record", "RoundRoot"]


@dataclass(frozen=True, slots=True)
class RoundRoot:
    """The oracle's aggregate of one round, as stored by `commitAggregate`."""

    round: int
    root: Hash32
    item_lists_hash: Hash32


@dataclass(frozen=True, slots=True)
class OwnCommit:
    """A commitment that an annotator sent to the chain alone."""

    annotator: Address
    commit: Commit


@dataclass(frozen=True, slots=True)
class Posted:
    """A settlement as proposed on chain; `fee` of the proposer in base units, known once it is final."""

    settlement: Settlement
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Facts from chain events, nothing else.

    Attributes:
        chain_id: EIP-155 chain id.
        registry: The registry that holds the campaign.
        campaign_id: Its id; must be the hash of `params`.
        params: As published by the creation event.
        pool: The parameters of `params.pool`; must hash to it.
        escrow: Base units the requester has funded, fee included.
        roster_root: Root of the seats that enrolled by signature; zero if none was posted.
        roster_count: How many they are.
        seated: Accounts whose pool seats could take new work when the roster was posted (if it was not, at
            the latest block): of the posted roster only they count.
        enrolled_alone: Seats that enrolled by their own transaction, any order.
        seed: The campaign's randomness.
        rounds: Aggregates, in any order; a round without one is absent.
        own_commits: Commitments sent alone, in any order.
        posted: The settlement under judgement; None before a proposal.
    """

    chain_id: int
    registry: Address
    campaign_id: CampaignId
    params: CampaignParams
    pool: PoolParams
    escrow: int
    roster_root: Hash32
    roster_count: int
    seated: frozenset[Address]
    enrolled_alone: tuple[Address, ...]
    seed: Hash32
    rounds: tuple[RoundRoot, ...]
    own_commits: tuple[OwnCommit, ...]
    posted: Posted | None = None

    def roster(self, signed: Iterable[Address]) -> frozenset[Address]:
        """The campaign's seats: who is on the posted roster with an open seat, and who enrolled alone.

        Who leaves the pool just before the roster lands is on it and has no seat, so that nobody can spoil a
        settlement by leaving.
        """
        return self.seated.intersection(signed).union(self.enrolled_alone)

    @property
    def scope(self) -> Scope:
        """Chain, registry and campaign, which every leaf and signature is bound to."""
        return Scope(self.chain_id, self.registry, self.campaign_id)
