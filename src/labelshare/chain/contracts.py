"""The contracts as typed objects: what changes state returns a `Call` to send, what reads returns values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, ClassVar, Final, TypeVar

from labelshare.chain.abi import Entry, convert, function
from labelshare.chain.node import Call, Chain
from labelshare.chain.state import (
    CampaignState,
    Contest,
    Dataset,
    License,
    Limits,
    OfferId,
    OfferParams,
    OfferStatus,
    Pool,
    Seat,
    ShareRound,
    Stream,
)
from labelshare.errors import InputError
from labelshare.protocol.leaves import Payout
from labelshare.protocol.merkle import MultiProof
from labelshare.types import (
    Address,
    CampaignId,
    CampaignParams,
    Commit,
    Hash32,
    Inclusion,
    PoolId,
    PoolParams,
    Settlement,
)

__all__ = ["Arbitrator", "ContributorShare", "LicenseRegistry", "Parts", "Registry", "Token"]

Value = TypeVar("Value")

# Above what a claim with a new holder's payout and shares takes, each leaf; the first term covers the rest.
CLAIM_GAS: Final = 500_000
CLAIM_GAS_PER_LEAF: Final = 100_000


class Parts(IntFlag):
    """What a claim hands out."""

    PAYOUT = 1
    SHARES = 2
    BOTH = 3


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract at an address on a chain."""

    chain: Chain
    address: Address

    NAME: ClassVar[str]
    ARTIFACT: ClassVar[str]

    def _call(self, name: str, *arguments: Any, gas: int | None = None, value: int = 0) -> Call:
        entry = function(self.ARTIFACT, name)
        return Call(self.address, entry.encode_call(arguments), f"{self.NAME}.{entry.name}", value, gas)

    def _read(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        entry = function(self.ARTIFACT, name)
        call = Call(self.address, entry.encode_call(arguments), f"{self.NAME}.{entry.name}")
        return entry.decode_outputs(self.chain.call(call))

    def _view(self, kind: type[Value], name: str, *arguments: Any) -> Value:
        (value,) = self._read(name, *arguments)
        return convert(kind, value)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Token(Contract):
    """An ERC-20 token with ERC-2612 permit. Amounts in base units."""

    NAME: ClassVar[str] = "Token"
    ARTIFACT: ClassVar[str] = "RewardToken"

    def transfer(self, to: Address, value: int) -> Call:
        """Move the sender's tokens."""
        return self._call("transfer", to, value)

    def approve(self, spender: Address, value: int) -> Call:
        """Let `spender` take up to `value` of the sender's tokens."""
        return self._call("approve", spender, value)

    def transfer_from(self, owner: Address, to: Address, value: int) -> Call:
        """Move tokens that `owner` approved to the sender."""
        return self._call("transferFrom", owner, to, value)

    def permit(self, owner: Address, spender: Address, value: int, deadline: int, signature: bytes) -> Call:
        """Approve by the owner's signature (ERC-2612), 65 bytes r ‖ s ‖ v."""
        r, s, v = signature[:32], signature[32:64], signature[64]
        return self._call("permit", owner, spender, value, deadline, v, r, s)

    def balance_of(self, account: Address) -> int:
        """What an account holds."""
        return self._view(int, "balanceOf", account)

    def allowance(self, owner: Address, spender: Address) -> int:
        """What `spender` may take from `owner`."""
        return self._view(int, "allowance", owner, spender)

    def nonces(self, owner: Address) -> int:
        """The nonce of the owner's next permit."""
        return self._view(int, "nonces", owner)

    def domain_separator(self) -> Hash32:
        """The EIP-712 domain of permits."""
        return self._view(Hash32, "DOMAIN_SEPARATOR")

    def total_supply(self) -> int:
        """All tokens there are."""
        return self._view(int, "totalSupply")

    def name(self) -> str:
        """The token's name."""
        return self._view(str, "name")

    def symbol(self) -> str:
        """The token's symbol."""
        return self._view(str, "symbol")

    def decimals(self) -> int:
        """How many digits of an amount stand behind the point."""
        return self._view(int, "decimals")


@dataclass(frozen=True, slots=True)
class ContributorShare(Token):
    """The share token of a dataset, and the revenue that its holders earn."""

    NAME: ClassVar[str] = "ContributorShare"
    ARTIFACT: ClassVar[str] = "ContributorShare"

    def pay_revenue(self, amount: int) -> Call:
        """Pull `amount` of the revenue token from the sender and stream it to the holders over seven days."""
        return self._call("payRevenue", amount)

    def claim_revenue(self) -> Call:
        """Send the sender everything it has earned so far."""
        return self._call("claimRevenue")

    def claim_revenue_for(self, account: Address) -> Call:
        """Send an account without code everything it has earned so far."""
        return self._call("claimRevenueFor", account)

    def registry(self) -> Address:
        """The contract that mints and releases."""
        return self._view(Address, "registry")

    def revenue_token(self) -> Address:
        """The token in which revenue is paid."""
        return self._view(Address, "revenueToken")

    def claimable(self, account: Address) -> int:
        """What an account would be sent by a claim at the latest block."""
        return self._view(int, "claimable", account)

    def stream(self) -> Stream:
        """The stream as it was last written."""
        return self._view(Stream, "stream")

    def unstreamed(self) -> int:
        """Revenue not streamed to the holders yet."""
        return self._view(int, "unstreamed")

    def revenue_paid(self) -> int:
        """Revenue credited over the share's whole life."""
        return self._view(int, "revenuePaid")

    def accumulator(self) -> int:
        """Revenue per share up to now, scaled by 2^104."""
        return self._view(int, "accumulator")

    def rounds(self, campaign: CampaignId) -> ShareRound:
        """The shares of one campaign's settlement; all zero if it was never minted."""
        return self._view(ShareRound, "rounds", campaign)


@dataclass(frozen=True, slots=True)
class Registry(Contract):
    """Ledger, pools, seats, datasets and campaigns: everything the registry's address answers."""

    NAME: ClassVar[str] = "TaskRegistry"
    ARTIFACT: ClassVar[str] = "ITaskRegistry"

    # ------------------------------------------------------------------- ledger

    def deposit(self, token: Address, amount: int) -> Call:
        """Put tokens into the sender's credit."""
        return self._call("deposit", token, amount)

    def deposit_with_permit(self, token: Address, amount: int, deadline: int, signature: bytes) -> Call:
        """The same on the sender's permit for the registry (ERC-2612), 65 bytes r ‖ s ‖ v: no approval."""
        r, s, v = signature[:32], signature[32:64], signature[64]
        return self._call("depositWithPermit", token, amount, deadline, v, r, s)

    def withdraw(self, token: Address, amount: int) -> Call:
        """Pay credit of the sender to the sender."""
        return self._call("withdraw", token, amount)

    def withdraw_for(self, token: Address, account: Address) -> Call:
        """Pay all credit of an account to that account."""
        return self._call("withdrawFor", token, account)

    def credit_of(self, token: Address, account: Address) -> int:
        """Free credit in base units."""
        return self._view(int, "creditOf", token, account)

    def burned_of(self, token: Address) -> int:
        """What was burned of a token, in base units."""
        return self._view(int, "burnedOf", token)

    # ---------------------------------------------------------- pools and seats

    def create_pool(self, params: PoolParams) -> Call:
        """Open a pool; only its oracle may."""
        return self._call("createPool", params)

    def join(self, params: PoolParams, evidence: bytes = b"") -> Call:
        """Take a seat for the sender at the pool's stake."""
        return self._call("join", params, evidence)

    def refill(self, params: PoolParams) -> Call:
        """Make the sender's slashed seat whole again, so that it may be on rosters."""
        return self._call("refill", params)

    def leave(self, pool: PoolId) -> Call:
        """Start leaving: no new work from now on."""
        return self._call("leave", pool)

    def withdraw_seat(self, params: PoolParams, annotator: Address) -> Call:
        """Turn the stake of a seat that has left into credit."""
        return self._call("withdrawSeat", params, annotator)

    def pool_id(self, params: PoolParams) -> PoolId:
        """The id of a pool with these rules."""
        return self._view(PoolId, "poolIdOf", params)

    def pool(self, pool: PoolId) -> Pool:
        """A pool's state."""
        return self._view(Pool, "poolOf", pool)

    def seat(self, pool: PoolId, annotator: Address) -> Seat:
        """An annotator's seat; all zero if there is none."""
        return self._view(Seat, "seatOf", pool, annotator)

    # ----------------------------------------------------------------- datasets

    def create_dataset(
        self, name: str, symbol: str, revenue_token: Address, contributor_bps: int, max_shares: int
    ) -> Call:
        """Create a dataset of the sender with its share token; its address is in `DatasetCreated`."""
        return self._call("createDataset", name, symbol, revenue_token, contributor_bps, max_shares)

    def dataset(self, share: Address) -> Dataset:
        """A dataset by the address of its share; all zero if there is none."""
        return self._view(Dataset, "dataset", share)

    # ------------------------------------------------------- funding and consent

    def create_campaign(self, pool: PoolParams, params: CampaignParams, escrow: int) -> Call:
        """Open a campaign on the sender's own dataset and lock its escrow."""
        return self._call("createCampaign", pool, params, escrow)

    def top_up(self, params: CampaignParams, amount: int) -> Call:
        """Add to the escrow before the oracle accepts."""
        return self._call("topUp", params, amount)

    def accept(self, pool: PoolParams, params: CampaignParams) -> Call:
        """Take a campaign on and lock the oracle's bond."""
        return self._call("accept", pool, params)

    def cancel(self, params: CampaignParams) -> Call:
        """End a campaign that nobody accepted, or (from revealEnd on) nobody worked for, and refund it."""
        return self._call("cancel", params)

    # ------------------------------------------------------ enrolment and rounds

    def post_roster(self, params: CampaignParams, root: Hash32, count: int) -> Call:
        """Post the root over everyone who enrolled by signature."""
        return self._call("postRoster", params, root, count)

    def enrol(self, params: CampaignParams) -> Call:
        """Enrol the sender's seat alone."""
        return self._call("enrol", params)

    def arm_seed(self, pool: PoolParams, params: CampaignParams) -> Call:
        """Fix the block whose hash becomes the seed."""
        return self._call("armSeed", pool, params)

    def draw_seed(self, pool: PoolParams, params: CampaignParams) -> Call:
        """Record the seed."""
        return self._call("drawSeed", pool, params)

    def commit_aggregate(
        self, params: CampaignParams, number: int, root: Hash32, item_lists_hash: Hash32
    ) -> Call:
        """Post one root over all commitments of round `number`."""
        return self._call("commitAggregate", params, number, root, item_lists_hash)

    def commit(self, params: CampaignParams, commit: Commit, roster_proof: Sequence[bytes] = ()) -> Call:
        """Commit the sender's own batch; the proof is empty for whoever enrolled alone."""
        return self._call("commit", params, commit, list(roster_proof))

    # ---------------------------------------------------------------- settlement

    def propose(self, params: CampaignParams, settlement: Settlement) -> Call:
        """The oracle proposes what the campaign came to, in its own time."""
        return self._call("propose", params, settlement)

    def propose_late(self, params: CampaignParams, settlement: Settlement) -> Call:
        """The oracle proposes after its own time, or again, at 1% of its bond for each day begun."""
        return self._call("proposeLate", params, settlement)

    def propose_openly(
        self, pool: PoolParams, params: CampaignParams, settlement: Settlement, max_bond: int
    ) -> Call:
        """Anyone proposes once the rescue is over, on a bond of the sender's own, `max_bond` at most."""
        return self._call("proposeOpenly", pool, params, settlement, max_bond)

    def finalize(self, params: CampaignParams, settlement: Settlement) -> Call:
        """End a campaign whose proposal stood unchallenged."""
        return self._call("finalize", params, settlement)

    def claim(self, params: CampaignParams, leaf: Payout, proof: Sequence[bytes]) -> Call:
        """Hand one leaf's payout and shares to its account."""
        return self._call("claim", params, leaf, list(proof))

    def claim_many(
        self, params: CampaignParams, leaves: Sequence[Payout], proof: MultiProof, parts: Parts = Parts.BOTH
    ) -> Call:
        """Hand out many leaves under one multiproof; `leaves` in the order of `proof.order`."""
        batch = (list(leaves), list(proof.proof), proof.packed_flags())
        gas = CLAIM_GAS + CLAIM_GAS_PER_LEAF * len(leaves)
        return self._call("claimMany", params, batch, int(parts), gas=gas)

    def expire(self, params: CampaignParams) -> Call:
        """End a campaign that came to nothing after work was committed."""
        return self._call("expire", params)

    def free_place(self, params: CampaignParams) -> Call:
        """Give the pool its place back once nobody can be slashed for the campaign any more."""
        return self._call("freePlace", params)

    # ------------------------------------------------- receipts, openings and gold

    def post_receipt(
        self, params: CampaignParams, annotator: Address, commit_hash: Hash32, signature: bytes
    ) -> Call:
        """Hold the oracle to a receipt that it signed."""
        return self._call("postReceipt", params, annotator, commit_hash, signature)

    def answer_receipt(
        self, params: CampaignParams, annotator: Address, commit: Commit, proof: Sequence[bytes] = ()
    ) -> Call:
        """Show that a receipted commitment was included; no proof where it was committed alone."""
        return self._call("answerReceipt", params, annotator, commit, list(proof))

    def forfeit_bond(self, params: CampaignParams, annotator: Address, commit_hash: Hash32) -> Call:
        """Take the oracle's bond for a receipt that it did not answer."""
        return self._call("forfeitBond", params, annotator, commit_hash)

    def post_reveal(
        self, params: CampaignParams, inclusion: Inclusion, secret: Hash32, labels: bytes
    ) -> Call:
        """Open a batch on chain; `labels` as `commitments.label_bytes` writes them."""
        return self._call("postReveal", params, inclusion, secret, labels)

    def reveal_gold(self, params: CampaignParams, gold: bytes) -> Call:
        """Reveal the gold under the spec's root."""
        return self._call("revealGold", params, gold)

    # ----------------------------------------------------------- disputes, slashes

    def challenge(
        self, pool: PoolParams, params: CampaignParams, proposal: bytes, max_bond: int, evidence: str = ""
    ) -> Call:
        """Contest the proposal whose settlement hashes to `proposal`, with a bond of `max_bond` at most.

        `evidence` says why, or where that stands (ERC-1497).
        """
        return self._call("challenge", pool, params, proposal, max_bond, evidence)

    def request_ruling(self, pool: PoolParams, params: CampaignParams, wei: int) -> Call:
        """Bring a contest before the arbitrator and pay it; what `wei` exceeds its fee by comes back."""
        return self._call("requestRuling", pool, params, value=wei)

    def submit_evidence(self, pool: PoolParams, params: CampaignParams, evidence: str) -> Call:
        """Add evidence on a proposal or a contest (ERC-1497)."""
        return self._call("submitEvidence", pool, params, evidence)

    def resolve(self, pool: PoolParams, params: CampaignParams) -> Call:
        """Apply a ruling, or the lack of one once the ruling period is over."""
        return self._call("resolve", pool, params)

    def slash(
        self,
        pool: PoolParams,
        params: CampaignParams,
        leaf: Payout,
        proof: Sequence[bytes],
        inclusion: Inclusion,
    ) -> Call:
        """Take a leaf's slash from the seat of its account, which signed for it; 5% is the sender's."""
        return self._call("slash", pool, params, leaf, list(proof), inclusion)

    def multicall(self, calls: Sequence[Call]) -> Call:
        """Several calls of the registry in one transaction, all or none; none may bring ether."""
        if any(each.to != self.address or each.value for each in calls):
            raise InputError("a multicall takes calls of the registry alone, without ether")
        return self._call("multicall", [each.data for each in calls])

    # --------------------------------------------------------------------- views

    def campaign_id(self, params: CampaignParams) -> CampaignId:
        """The id of a campaign with these rules."""
        return self._view(CampaignId, "campaignIdOf", params)

    def campaign(self, campaign: CampaignId) -> CampaignState:
        """A campaign's state."""
        return self._view(CampaignState, "campaignOf", campaign)

    def round_root(self, campaign: CampaignId, number: int) -> Hash32:
        """The oracle's root of round `number`, or zero."""
        return self._view(Hash32, "roundRootOf", campaign, number)

    def commit_hash(self, campaign: CampaignId, annotator: Address, batch: int) -> Hash32:
        """The hash of a batch that an annotator committed alone, or zero."""
        return self._view(Hash32, "commitOf", campaign, annotator, batch)

    def enrolled_alone(self, campaign: CampaignId, annotator: Address) -> bool:
        """Whether an annotator enrolled by an own transaction."""
        return self._view(bool, "enrolledAlone", campaign, annotator)

    def claimed_parts(self, campaign: CampaignId, index: int) -> Parts:
        """Which parts of a leaf were handed out."""
        return Parts(self._view(int, "claimedParts", campaign, index))

    def contest(self, campaign: CampaignId) -> Contest:
        """Who stands against whom; all zero in a campaign that runs undisturbed."""
        return self._view(Contest, "contestOf", campaign)

    def receipt_end(self, campaign: CampaignId, annotator: Address, commit_hash: Hash32) -> int:
        """By when the oracle must answer a receipt; 0 if it is not posted, 2^256 - 1 once it is settled."""
        return self._view(int, "receiptEndOf", campaign, annotator, commit_hash)

    def is_slashed(self, campaign: CampaignId, annotator: Address) -> bool:
        """Whether a campaign has taken its slice of an annotator's seat."""
        return self._view(bool, "isSlashed", campaign, annotator)

    def extension(self) -> Address:
        """The registry's second part."""
        return self._view(Address, "extension")

    def contests(self) -> Address:
        """The registry's third part."""
        return self._view(Address, "contests")

    def share_implementation(self) -> Address:
        """The implementation behind all share tokens."""
        return self._view(Address, "shareImplementation")

    def limits(self) -> Limits:
        """The bounds of every schedule."""
        return self._view(Limits, "limits")


@dataclass(frozen=True, slots=True)
class Arbitrator(Contract):
    """Any ERC-792 arbitrator; the one function of it that is not the registry's to call."""

    NAME: ClassVar[str] = "Arbitrator"
    COST: ClassVar[Entry] = Entry("arbitrationCost", ({"type": "bytes"},), ({"type": "uint256"},), "view")

    def cost(self) -> int:
        """What a dispute costs now, in wei."""
        call = Call(self.address, self.COST.encode_call([b""]), f"{self.NAME}.{self.COST.name}")
        (cost,) = self.COST.decode_outputs(self.chain.call(call))
        return int(cost)


@dataclass(frozen=True, slots=True)
class LicenseRegistry(Contract):
    """Offers of dataset licences, the licences sold (ERC-721), and the publishers' proceeds."""

    NAME: ClassVar[str] = "LicenseRegistry"
    ARTIFACT: ClassVar[str] = "LicenseRegistry"

    def offer(self, params: OfferParams) -> Call:
        """Offer licences; only the dataset's publisher may."""
        return self._call("offer", params)

    def close_offer(self, offer: OfferId) -> Call:
        """End an offer for ever."""
        return self._call("closeOffer", offer)

    def buy(self, offer: OfferId, to: Address) -> Call:
        """Buy a licence for `to`, paid by the sender in the dataset's revenue token."""
        return self._call("buy", offer, to)

    def withdraw(self, token: Address) -> Call:
        """Send the sender all its proceeds in a token."""
        return self._call("withdraw", token)

    def approve(self, to: Address, token_id: int) -> Call:
        """Let `to` move one licence."""
        return self._call("approve", to, token_id)

    def set_approval_for_all(self, operator: Address, *, approved: bool) -> Call:
        """Let `operator` move all licences of the sender, or no longer."""
        return self._call("setApprovalForAll", operator, approved)

    def transfer_from(self, owner: Address, to: Address, token_id: int) -> Call:
        """Move a licence."""
        return self._call("transferFrom", owner, to, token_id)

    def safe_transfer_from(
        self, owner: Address, to: Address, token_id: int, data: bytes | None = None
    ) -> Call:
        """Move a licence; a contract that gets it must say that it can hold one."""
        if data is None:
            return self._call("safeTransferFrom(address,address,uint256)", owner, to, token_id)
        return self._call("safeTransferFrom(address,address,uint256,bytes)", owner, to, token_id, data)

    def offer_id(self, params: OfferParams) -> OfferId:
        """The id of an offer with these rules."""
        return self._view(OfferId, "offerId", params)

    def offer_params(self, offer: OfferId) -> OfferParams:
        """The rules of an offer; all zero if it was never made."""
        return self._view(OfferParams, "offerParams", offer)

    def offer_status(self, offer: OfferId) -> OfferStatus:
        """Whether licences of an offer are sold."""
        return self._view(OfferStatus, "offerStatus", offer)

    def license(self, token_id: int) -> License:
        """A licence; all zero if there is none."""
        return self._view(License, "license", token_id)

    def is_licensed(self, token_id: int, dataset: Address, account: Address) -> bool:
        """Whether an account holds a licence of a dataset that has not expired."""
        return self._view(bool, "isLicensed", token_id, dataset, account)

    def owner_of(self, token_id: int) -> Address:
        """Who holds a licence."""
        return self._view(Address, "ownerOf", token_id)

    def balance_of(self, owner: Address) -> int:
        """How many licences an account holds."""
        return self._view(int, "balanceOf", owner)

    def get_approved(self, token_id: int) -> Address:
        """Who may move a licence besides its holder; zero for nobody."""
        return self._view(Address, "getApproved", token_id)

    def is_approved_for_all(self, owner: Address, operator: Address) -> bool:
        """Whether `operator` may move all licences of `owner`."""
        return self._view(bool, "isApprovedForAll", owner, operator)

    def proceeds(self, publisher: Address, token: Address) -> int:
        """What a publisher may withdraw, in base units."""
        return self._view(int, "proceeds", publisher, token)

    def split(self, dataset: Address, price: int) -> tuple[int, int]:
        """How a price is split: the share holders' part (rounded up) and the publisher's."""
        contributors, publisher_part = self._read("split", dataset, price)
        return contributors, publisher_part

    def registry(self) -> Address:
        """The registry whose datasets are sold."""
        return self._view(Address, "registry")
