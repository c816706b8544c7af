"""One campaign of ours from its funding to the last payout, with a signed batch of every annotator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from benchmarks.gas.world import ORACLE, REQUESTER, TOKEN
from labelshare.chain.contracts import Parts
from labelshare.oracle.engine import CLAIMS_A_CALL
from labelshare.protocol import typed_data
from labelshare.protocol.abi import campaign_id, pool_id
from labelshare.protocol.commitments import Opening, SignedCommit, label_digests, seal
from labelshare.protocol.leaves import Payout, Truth, label_leaves, payout_leaf, truth_leaf
from labelshare.protocol.merkle import MerkleTree, root_of
from labelshare.protocol.rewards import bond_for
from labelshare.protocol.rounds import aggregate, roster_root
from labelshare.replay.rules import schedule_from
from labelshare.types import ZERO_HASH, CampaignParams, Commit, Hash32, Schedule, Scope, Settlement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.gas.book import Book
    from benchmarks.gas.world import World
    from labelshare.chain.keys import Signer

__all__ = ["Campaign", "Work"]

# Times are in the call data, so they are fixed: two runs give the same figures.
FIRST_START: Final = 1_760_000_000
SPACING: Final = 40 * 86_400
SEED_BLOCKS: Final = 5

FEE_BPS: Final = 500  # any fee above 0 costs the same gas
SURPLUS: Final = 10 * TOKEN  # as in the peer's job
LABELS: Final = 20  # an annotator; no call's gas depends on it
SHARES: Final = LABELS * TOKEN


@dataclass(frozen=True)
class Campaign:
    """Everything about a campaign that is decided off chain.

    Attributes:
        world: Where it runs.
        number: Its number in this world, from 0: sets its time.
        annotators: Who works and is paid, at least one.
        rounds: Rounds of work; all labels come in the first.
    """

    world: World
    number: int
    annotators: Sequence[Signer]
    rounds: int = 1

    @property
    def start(self) -> int:
        """When it is funded, Unix seconds."""
        return FIRST_START + self.number * SPACING

    @property
    def schedule(self) -> Schedule:
        """Its time line."""
        return schedule_from(self.start, self.rounds)

    @cached_property
    def params(self) -> CampaignParams:
        """The parameters that its id is the hash of."""
        world = self.world
        return CampaignParams(
            pool=pool_id(world.chain.chain_id, world.registry.address, world.pool),
            dataset=world.dataset,
            requester=REQUESTER.address,
            oracle=ORACLE.address,
            token=world.token.address,
            spec_hash=Hash32(sha256(b"spec").digest()),
            share_cap=SHARES * (len(self.annotators) + 1),
            stake_per_label=TOKEN // 5,
            fee_bps=FEE_BPS,
            nonce=self.number,
            schedule=self.schedule,
        )

    @cached_property
    def scope(self) -> Scope:
        """What its leaves and signatures are bound to."""
        chain_id, registry = self.world.chain.chain_id, self.world.registry.address
        return Scope(chain_id, registry, campaign_id(chain_id, registry, self.params))

    @cached_property
    def payouts(self) -> tuple[Payout, ...]:
        """A row for each annotator; the amounts are the peer's."""
        pay = [TOKEN + place for place in range(len(self.annotators))]
        return tuple(
            Payout(index, each.address, pay[index], SHARES, 0, paid, SHARES * (index + 1))
            for index, (each, paid) in enumerate(zip(self.annotators, accumulate(pay), strict=True))
        )

    @cached_property
    def tree(self) -> MerkleTree:
        """The payout tree."""
        return MerkleTree([payout_leaf(self.scope, row) for row in self.payouts])

    @cached_property
    def settlement(self) -> Settlement:
        """What the oracle proposes. A majority vote has no model, so its root is zero."""
        items = range(LABELS)
        digests = label_digests(_labels().values())
        labels = [
            leaf
            for each in self.annotators
            for leaf in label_leaves(self.scope, each.address, 0, items, digests)
        ]
        verdicts = (Truth(item, Hash32(digest), 65_536, True) for item, digest in enumerate(digests))  # noqa: FBT003
        return Settlement(
            payout_root=self.tree.root,
            label_root=root_of(labels),
            model_root=ZERO_HASH,
            truth_root=root_of([truth_leaf(self.scope, verdict) for verdict in verdicts]),
            payout_total=self.payouts[-1].cum_payout,
            share_total=self.payouts[-1].cum_shares,
            leaves=len(self.payouts),
            bundle_hash=Hash32(sha256(b"bundle").digest()),
        )

    @property
    def escrow(self) -> int:
        """Pay, the fee on it, and what nobody will have earned."""
        pay = self.payouts[-1].cum_payout
        return -(-pay * (10_000 + FEE_BPS) // 10_000) + SURPLUS

    @property
    def bond(self) -> int:
        """What accepting locks."""
        return bond_for(self.escrow, self.world.pool.arbitration_refund)

    def seal(self, annotator: Signer, round_number: int = 0) -> tuple[Commit, Opening]:
        """The sealed batch of an annotator."""
        return seal(
            self.scope,
            annotator.address,
            round_number=round_number,
            batch=0,
            committed_before=0,
            secret=annotator.derive_secret(self.scope.campaign_id),
            labels=_labels(),
        )

    def signed(self, annotator: Signer, round_number: int = 0) -> SignedCommit:
        """The sealed batch as the oracle gets it."""
        commit, opening = self.seal(annotator, round_number)
        digest = typed_data.digest(self.scope, opening.commit_hash)
        return SignedCommit(annotator.address, commit, annotator.sign_digest(digest), opening.items)


@dataclass(frozen=True)
class Work:
    """The transactions of a campaign, step by step at their time; what they cost goes into the book."""

    campaign: Campaign
    book: Book

    def whole(self) -> None:
        """The undisturbed path, until the pay is in the annotators' wallets."""
        self.fund()
        self.accept("accept (bond from credit)")
        self.enrol(roster_root(self.campaign.scope, [each.address for each in self.campaign.annotators]))
        self.commit()
        self.settle(self.campaign.settlement)
        self.claim(Parts.PAYOUT, "claimMany (payout)")

    def fund(self) -> None:
        """Locks the escrow: what an earlier job left in credit, and the rest by an exact approval."""
        campaign, world = self.campaign, self.campaign.world
        world.chain.advance_to(campaign.start)
        missing = campaign.escrow - world.registry.credit_of(world.token.address, REQUESTER.address)
        approve = world.token.approve(world.registry.address, missing)
        self.book.send("approve (escrow)", REQUESTER, approve)
        create = world.registry.create_campaign(world.pool, campaign.params, campaign.escrow)
        self.book.send("createCampaign", REQUESTER, create)
        world.campaigns.append(campaign.scope.campaign_id)

    def accept(self, name: str) -> None:
        """Locks the bond."""
        world = self.campaign.world
        self.book.send(name, ORACLE, world.registry.accept(world.pool, self.campaign.params))

    def enrol(self, root: Hash32) -> None:
        """Posts the roster and draws the seed."""
        world, params = self.campaign.world, self.campaign.params
        roster = world.registry.post_roster(params, root, len(self.campaign.annotators))
        self.book.send("postRoster", ORACLE, roster)
        world.chain.advance_to(params.schedule.enrol_end)
        self.book.send("armSeed", ORACLE, world.registry.arm_seed(world.pool, params))
        world.chain.mine(SEED_BLOCKS)
        self.book.send("drawSeed", ORACLE, world.registry.draw_seed(world.pool, params))

    def commit(self, name: str = "commitAggregate", number: int = 0) -> None:
        """Posts the root over a batch of every annotator."""
        campaign, registry = self.campaign, self.campaign.world.registry
        campaign.world.chain.advance_to(campaign.schedule.round_start(number))
        batches = [campaign.signed(each, number) for each in campaign.annotators]
        made = aggregate(campaign.scope, number, batches)
        call = registry.commit_aggregate(campaign.params, number, made.root, made.item_lists_hash)
        self.book.send(name, ORACLE, call)

    def settle(self, settlement: Settlement) -> None:
        """Proposes the settlement and makes it final after the window."""
        chain, registry, params = (
            self.campaign.world.chain,
            self.campaign.world.registry,
            self.campaign.params,
        )
        chain.advance_to(params.schedule.reveal_end)
        self.book.send("propose", ORACLE, registry.propose(params, settlement))
        chain.advance_to(chain.now() + params.schedule.window)
        self.book.send("finalize", ORACLE, registry.finalize(params, settlement))

    def claim(self, parts: Parts, name: str) -> None:
        """Claims for everyone, neighbours in the tree together."""
        campaign, registry = self.campaign, self.campaign.world.registry
        order = campaign.tree.order
        for start in range(0, len(order), CLAIMS_A_CALL):
            proof = campaign.tree.multiproof(order[start : start + CLAIMS_A_CALL])
            leaves = [campaign.payouts[index] for index in proof.order]
            self.book.send(name, ORACLE, registry.claim_many(campaign.params, leaves, proof, parts))


def _labels() -> dict[int, bytes]:
    """Single choices in their canonical form: the class as one byte."""
    return {item: bytes([item % 10]) for item in range(LABELS)}
