"""Every event of our contracts as a frozen class, decoded from logs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final, cast

from labelshare.chain.abi import Entry, convert, decode_parameters, entries, field_kinds
from labelshare.chain.node import Log, LogSource, Topics
from labelshare.chain.state import OfferId, Outcome
from labelshare.errors import EventError
from labelshare.types import (
    Address,
    CampaignId,
    CampaignParams,
    Commit,
    Hash32,
    PoolId,
    PoolParams,
    Settlement,
)

__all__ = [
    "EVENTS",
    "Accepted",
    "Approval",
    "BondForfeited",
    "Burned",
    "CampaignCreated",
    "Cancelled",
    "Challenged",
    "Claimed",
    "CommitsAggregated",
    "Committed",
    "ContestEnded",
    "Credited",
    "DatasetCreated",
    "Debited",
    "Dispute",
    "Eip712DomainChanged",
    "Enrolled",
    "Event",
    "Evidence",
    "Expired",
    "Finalized",
    "GoldRevealed",
    "Initialized",
    "Joined",
    "Left",
    "LicenseApproval",
    "LicenseApprovalForAll",
    "LicenseSold",
    "LicenseTransfer",
    "OfferClosed",
    "Offered",
    "PlaceFreed",
    "PoolCreated",
    "ProceedsWithdrawn",
    "Proposed",
    "ProposedLate",
    "ProposedOpenly",
    "ReceiptAnswered",
    "ReceiptPosted",
    "Refilled",
    "Revealed",
    "RevenueClaimed",
    "RevenuePaid",
    "RosterPosted",
    "RoundMinted",
    "RoundReleased",
    "Ruling",
    "RulingRequested",
    "SeatWithdrawn",
    "SeedArmed",
    "SeedDrawn",
    "Slashed",
    "ToppedUp",
    "Transfer",
    "decode",
    "events",
    "topic_of",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `log` says where and when. Fields are the event's arguments in ABI order."""

    log: Log

    ABI_NAME: ClassVar[str] = ""


# ------------------------------------------------------------ ledger, pools, seats


@dataclass(frozen=True, slots=True)
class Credited(Event):
    """An account owns `amount` more free credit."""

    token: Address
    account: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Debited(Event):
    """An account spent or withdrew credit."""

    token: Address
    account: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Burned(Event):
    """Tokens that nobody can ever take out."""

    token: Address
    amount: int


@dataclass(frozen=True, slots=True)
class PoolCreated(Event):
    """A pool opened."""

    pool: PoolId
    oracle: Address
    params: PoolParams


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """An annotator took a seat."""

    pool: PoolId
    annotator: Address
    stake: int


@dataclass(frozen=True, slots=True)
class Refilled(Event):
    """A slashed seat is whole again."""

    pool: PoolId
    annotator: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Left(Event):
    """A seat takes no new work; its stake is free from `release_at` at the latest."""

    pool: PoolId
    annotator: Address
    release_at: int


@dataclass(frozen=True, slots=True)
class SeatWithdrawn(Event):
    """A seat's stake became credit."""

    pool: PoolId
    annotator: Address
    stake: int


# ---------------------------------------------------------- datasets and campaigns


@dataclass(frozen=True, slots=True)
class DatasetCreated(Event):
    """A dataset with its share token."""

    dataset: Address
    publisher: Address
    revenue_token: Address
    name: str
    symbol: str
    contributor_bps: int
    max_shares: int


@dataclass(frozen=True, slots=True)
class CampaignCreated(Event):
    """A campaign with its escrow locked."""

    campaign: CampaignId
    requester: Address
    dataset: Address
    escrow: int
    params: CampaignParams


@dataclass(frozen=True, slots=True)
class ToppedUp(Event):
    """More escrow."""

    campaign: CampaignId
    from_: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Accepted(Event):
    """The oracle took the campaign on."""

    campaign: CampaignId
    oracle: Address
    pool: PoolId
    bond: int


@dataclass(frozen=True, slots=True)
class RosterPosted(Event):
    """The root over everyone who enrolled by signature."""

    campaign: CampaignId
    root: Hash32
    count: int


@dataclass(frozen=True, slots=True)
class Enrolled(Event):
    """A seat enrolled alone."""

    campaign: CampaignId
    annotator: Address


@dataclass(frozen=True, slots=True)
class SeedArmed(Event):
    """The block whose hash becomes the seed."""

    campaign: CampaignId
    seed_block: int
    bond_burned: int


@dataclass(frozen=True, slots=True)
class SeedDrawn(Event):
    """The seed."""

    campaign: CampaignId
    seed: Hash32


@dataclass(frozen=True, slots=True)
class CommitsAggregated(Event):
    """The oracle's root over a round's commitments."""

    campaign: CampaignId
    round: int
    root: Hash32
    item_lists_hash: Hash32


@dataclass(frozen=True, slots=True)
class Committed(Event):
    """A batch that an annotator committed alone."""

    campaign: CampaignId
    annotator: Address
    commit_hash: Hash32
    commit: Commit


@dataclass(frozen=True, slots=True)
class Proposed(Event):
    """A settlement to be judged."""

    campaign: CampaignId
    proposer: Address
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class ProposedLate(Event):
    """The proposal that follows is the oracle's, after its own time; `burned` of its bond was the price."""

    campaign: CampaignId
    burned: int


@dataclass(frozen=True, slots=True)
class ProposedOpenly(Event):
    """The proposal that follows stands on a bond of its proposer's own."""

    campaign: CampaignId
    proposer: Address
    bond: int


@dataclass(frozen=True, slots=True)
class Finalized(Event):
    """A settlement that stands."""

    campaign: CampaignId
    payout_total: int
    share_total: int
    fee: int
    surplus: int


@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """Leaves whose `parts` were handed out."""

    campaign: CampaignId
    parts: int
    packed: bytes

    @property
    def indices(self) -> tuple[int, ...]:
        """The leaves' indices, of eight bytes each in `packed`."""
        return tuple(int.from_bytes(self.packed[at : at + 8]) for at in range(0, len(self.packed), 8))


@dataclass(frozen=True, slots=True)
class Cancelled(Event):
    """A campaign refunded."""

    campaign: CampaignId
    refund: int


@dataclass(frozen=True, slots=True)
class Expired(Event):
    """A campaign that came to nothing."""

    campaign: CampaignId
    burned: int


@dataclass(frozen=True, slots=True)
class PlaceFreed(Event):
    """The pool has its place back."""

    campaign: CampaignId
    pool: PoolId


# ----------------------------------------------- receipts, openings, disputes, slashes


@dataclass(frozen=True, slots=True)
class ReceiptPosted(Event):
    """The oracle is held to a receipt that it signed: it must answer before `answer_end`."""

    campaign: CampaignId
    annotator: Address
    commit_hash: Hash32
    answer_end: int


@dataclass(frozen=True, slots=True)
class ReceiptAnswered(Event):
    """A receipted commitment was shown to be included."""

    campaign: CampaignId
    annotator: Address
    commit_hash: Hash32


@dataclass(frozen=True, slots=True)
class BondForfeited(Event):
    """A receipt was not answered: `paid` of the oracle's bond became credit, the rest was burned."""

    campaign: CampaignId
    annotator: Address
    commit_hash: Hash32
    paid: int
    burned: int


@dataclass(frozen=True, slots=True)
class Revealed(Event):
    """An opening on chain; `labels` in the form that `commitments.read_labels` reads."""

    campaign: CampaignId
    annotator: Address
    commit_hash: Hash32
    commit: Commit
    secret: Hash32
    labels: bytes


@dataclass(frozen=True, slots=True)
class GoldRevealed(Event):
    """What somebody says is the gold; void unless it matches the spec's root."""

    campaign: CampaignId
    by: Address
    gold: bytes


@dataclass(frozen=True, slots=True)
class Challenged(Event):
    """The proposal at hand is contested; the arbitrator may rule before `ruling_end`."""

    campaign: CampaignId
    challenger: Address
    bond: int
    ruling_end: int


@dataclass(frozen=True, slots=True)
class RulingRequested(Event):
    """A contest is before the arbitrator, for `cost` in wei."""

    campaign: CampaignId
    payer: Address
    dispute_id: int
    cost: int


@dataclass(frozen=True, slots=True)
class ContestEnded(Event):
    """A contest is over: what the loser's bond became, or, unruled, what both sides lost."""

    campaign: CampaignId
    outcome: Outcome
    won: int
    refunded: int
    burned: int


@dataclass(frozen=True, slots=True)
class Slashed(Event):
    """Stake was taken from a seat; `reward` of it is the executor's, the rest was burned."""

    campaign: CampaignId
    annotator: Address
    executor: Address
    index: int
    amount: int
    reward: int


@dataclass(frozen=True, slots=True)
class Dispute(Event):
    """A contest as arbitration interfaces read it (ERC-1497); both ids are the campaign's."""

    arbitrator: Address
    dispute_id: int
    meta_evidence_id: int
    evidence_group_id: int


@dataclass(frozen=True, slots=True)
class Evidence(Event):
    """Reasons, or where they are (ERC-1497); the group's id is the campaign's."""

    arbitrator: Address
    evidence_group_id: int
    party: Address
    evidence: str


@dataclass(frozen=True, slots=True)
class Ruling(Event):
    """What the arbitrator said (ERC-792): 1 for the proposer, 2 for the challenger, 0 for neither."""

    arbitrator: Address
    dispute_id: int
    ruling: int


# -------------------------------------------------------------- tokens and shares


@dataclass(frozen=True, slots=True)
class Transfer(Event):
    """ERC-20 tokens moved."""

    from_: Address
    to: Address
    value: int


@dataclass(frozen=True, slots=True)
class Approval(Event):
    """ERC-20 allowance set."""

    owner: Address
    spender: Address
    value: int


@dataclass(frozen=True, slots=True)
class RoundMinted(Event):
    """A settlement's shares were minted; `accumulator` is revenue per share by then, scaled by 2^104."""

    round: Hash32
    amount: int
    accumulator: int


@dataclass(frozen=True, slots=True)
class RoundReleased(Event):
    """Shares of a settlement reached the accounts that earned them."""

    round: Hash32
    amount: int


@dataclass(frozen=True, slots=True)
class RevenuePaid(Event):
    """Revenue arrived; `left` streams until `end`."""

    payer: Address
    amount: int
    left: int
    end: int


@dataclass(frozen=True, slots=True)
class RevenueClaimed(Event):
    """Revenue was sent to an account."""

    account: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """OpenZeppelin's mark on an implementation that nobody can initialise."""

    version: int


@dataclass(frozen=True, slots=True)
class Eip712DomainChanged(Event):
    """ERC-5267; ours never changes."""

    ABI_NAME: ClassVar[str] = "EIP712DomainChanged"


# ----------------------------------------------------------------------- licences


@dataclass(frozen=True, slots=True)
class Offered(Event):
    """Licences are for sale."""

    offer: OfferId
    dataset: Address
    publisher: Address
    price: int
    duration: int
    terms_hash: Hash32
    nonce: int


@dataclass(frozen=True, slots=True)
class OfferClosed(Event):
    """No more licences of an offer."""

    offer: OfferId


@dataclass(frozen=True, slots=True)
class LicenseSold(Event):
    """A licence and how its price was split."""

    token_id: int
    offer: OfferId
    buyer: Address
    to: Address
    expires_at: int
    contributors: int
    publisher_part: int


@dataclass(frozen=True, slots=True)
class ProceedsWithdrawn(Event):
    """A publisher took its proceeds."""

    publisher: Address
    token: Address
    amount: int


@dataclass(frozen=True, slots=True)
class LicenseTransfer(Event):
    """A licence moved (ERC-721)."""

    ABI_NAME: ClassVar[str] = "Transfer"

    from_: Address
    to: Address
    token_id: int


@dataclass(frozen=True, slots=True)
class LicenseApproval(Event):
    """Who may move one licence (ERC-721)."""

    ABI_NAME: ClassVar[str] = "Approval"

    owner: Address
    approved: Address
    token_id: int


@dataclass(frozen=True, slots=True)
class LicenseApprovalForAll(Event):
    """Who may move all licences of an account (ERC-721)."""

    ABI_NAME: ClassVar[str] = "ApprovalForAll"

    owner: Address
    operator: Address
    approved: bool


_ERC20: Final = (Transfer, Approval, Eip712DomainChanged)

EVENTS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "ITaskRegistry": (
        *(Credited, Debited, Burned, PoolCreated, Joined, Refilled, Left, SeatWithdrawn),
        *(DatasetCreated, CampaignCreated, ToppedUp, Accepted, RosterPosted, Enrolled, SeedArmed, SeedDrawn),
        *(CommitsAggregated, Committed, Proposed, ProposedLate, ProposedOpenly, Finalized),
        *(Claimed, Cancelled, Expired, PlaceFreed),
        *(ReceiptPosted, ReceiptAnswered, BondForfeited, Revealed, GoldRevealed, Slashed),
        *(Challenged, RulingRequested, ContestEnded, Dispute, Evidence, Ruling),
    ),
    "ContributorShare": (*_ERC20, RoundMinted, RoundReleased, RevenuePaid, RevenueClaimed, Initialized),
    "LicenseRegistry": (
        *(Offered, OfferClosed, LicenseSold, ProceedsWithdrawn),
        *(LicenseTransfer, LicenseApproval, LicenseApprovalForAll),
    ),
    "RewardToken": _ERC20,
}
"""The events of each contract, by the name of its artifact."""


def decode(log: Log) -> Event | None:
    """The event in a log, None if it is none of ours."""
    found = _by_topic().get((log.topics[0], len(log.topics))) if log.topics else None
    return found.decode(log) if found else None


def events(
    chain: LogSource, address: Address, from_block: int, to_block: int, topics: Topics = ()
) -> list[Event]:
    """All events of one of our contracts in a closed range of blocks, in order.

    Raises:
        EventError: A log that no class describes: the contract is not one of ours, or of another version.
    """
    found = []
    for log in chain.logs(address, from_block, to_block, topics):
        event = decode(log)
        if event is None:
            raise EventError(
                f"unknown event {log.topics[:1]} of {address} in block {log.block}, log {log.index}"
            )
        found.append(event)
    return found


def topic_of(kind: type[Event]) -> Hash32:
    """The first topic of an event, to ask a chain for its logs."""
    return next(topic for (topic, _), codec in _by_topic().items() if codec.kind is kind)


@dataclass(frozen=True, slots=True)
class _Codec:
    """How to read one event: which arguments are topics, and the types of all."""

    kind: type[Event]
    entry: Entry

    def decode(self, log: Log) -> Event:
        indexed = iter(log.topics[1:])
        body = iter(decode_parameters(self._plain, log.data))
        values = [
            decode_parameters((each,), next(indexed))[0] if each.get("indexed") else next(body)
            for each in self.entry.inputs
        ]
        kinds = field_kinds(cast("Hashable", self.kind))[1:]
        return self.kind(log, *(convert(kind, value) for kind, value in zip(kinds, values, strict=True)))

    @property
    def _plain(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(each for each in self.entry.inputs if not each.get("indexed"))


@cache
def _by_topic() -> Mapping[tuple[Hash32, int], _Codec]:
    """By first topic and number of topics: ERC-20 and ERC-721 share the names, types and order of theirs."""
    codecs = {}
    for artifact, kinds in EVENTS.items():
        by_name = {entry.name: entry for entry in entries("event", artifact)}
        for kind in kinds:
            entry = by_name[kind.ABI_NAME or kind.__name__]
            codecs[entry.topic, 1 + len(entry.indexed)] = _Codec(kind, entry)
    return codecs
