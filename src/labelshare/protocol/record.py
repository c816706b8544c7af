"""What the chain says about one campaign: the facts that its settlement is judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

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

__all__ = ["END", "OwnCommit", "Place", "Posted", "Record", "Reveal", "RoundRoot"]

Place: TypeAlias = tuple[int, int]  # of an event: its block and its log's index
END: Final[Place] = (2**64, 0)  # behind every event


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
class Reveal:
    """An opening sent to the chain, which has checked that the commitment is signed and included.

    Attributes:
        annotator: Whose batch.
        commit: What it opens.
        secret: The batch's secret, as sent.
        labels: Items and labels, as sent (`commitments.read_labels`): what does not fit `commit` is void.
        place: Where its event stands.
    """

    annotator: Address
    commit: Commit
    secret: Hash32
    labels: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class Posted:
    """A settlement as proposed on chain.

    Attributes:
        settlement: The roots and totals.
        fee: Of the proposer in base units, known once it is final.
        public: Whether it stands on a bond of its proposer's own, so that the chain alone judges it.
        place: Where its event stands.
    """

    settlement: Settlement
    fee: int | None = None
    public: bool = False
    place: Place = END


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
        seated: Accounts whose pool seats were open and whole when the seed was first armed (if it was not, at
            the latest block): of all that enrolled only they count.
        enrolled_alone: Seats that enrolled by their own transaction, any order.
        seed: The campaign's randomness.
        rounds: Aggregates, in any order; a round without one is absent.
        own_commits: Commitments sent alone, in any order.
        reveals: Openings sent to the chain, void ones too, in their order.
        gold: What was sent as the gold, whether it holds or not, in its order.
        posted: The settlement under judgement, or final; None before a proposal and once it fell.
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
    reveals: tuple[Reveal, ...] = ()
    gold: tuple[bytes, ...] = ()
    posted: Posted | None = None

    def roster(self, signed: Iterable[Address]) -> frozenset[Address]:
        """The campaign's seats: who enrolled, by signature or alone, and had an open and whole seat then.

        Who leaves the pool or is slashed before the seed is armed has no seat, so that nobody can spoil a
        settlement by it, and every seat of the roster can be slashed until the campaign's place is free.
        """
        return self.seated.intersection((*signed, *self.enrolled_alone))

    @property
    def revealed(self) -> tuple[Reveal, ...]:
        """Openings sent before the settlement under judgement; all of them where there is none."""
        end = self.posted.place if self.posted else END
        return tuple(each for each in self.reveals if each.place < end)

    @property
    def scope(self) -> Scope:
        """Chain, registry and campaign, which every leaf and signature is bound to."""
        return Scope(self.chain_id, self.registry, self.campaign_id)
