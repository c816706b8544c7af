"""What the watch does, each duty by its own means; whether it is needed is decided in `duties`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from labelshare.chain.campaign import Campaign
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator, Batch
from labelshare.client.duties import Duty, Kind, Situation
from labelshare.client.publications import Lists, Roster
from labelshare.client.settling import Fetch, Settling
from labelshare.errors import ChainError, CommitmentError, RevertError
from labelshare.protocol.leaves import roster_leaf
from labelshare.protocol.merkle import verify as holds_under
from labelshare.protocol.record import Record
from labelshare.store.followed import FollowedCampaigns
from labelshare.types import ZERO_HASH, CampaignId, Hash32

__all__ = ["Acts", "Fetch"]

_BEFORE_WORK: Final = frozenset(
    {Kind.ENROL, Kind.KEEP_PLACE, Kind.ENROL_ALONE, Kind.ARM_SEED, Kind.DRAW_SEED}
)


@dataclass
class Acts:
    """Everything that can be due for one annotator in one campaign.

    Attributes:
        campaign, annotator, sender: Who does it, where, and by which way.
        fetch: Where bundles are published; None for nowhere.
        left_out: What the oracle's lists, once checked, lack: a batch's commitment and its round's root.
    """

    campaign: Campaign
    annotator: Annotator
    sender: Sender
    fetch: Fetch | None = None
    left_out: set[tuple[Hash32, Hash32 | None]] = field(default_factory=set)

    @cached_property
    def settling(self) -> Settling:
        """What concerns the settlement."""
        return Settling(self.campaign, self.annotator, self.sender, self.fetch)

    def do(self, duty: Duty, at: Situation, record: Record) -> str:
        """Do what is due; says in words what was done.

        Raises:
            LabelshareError: It could not be done.
            OSError: The oracle cannot be reached.
        """
        if duty.kind in _BEFORE_WORK:
            return self._prepare(duty.kind, record)
        if duty.kind is Kind.TAKE_UP:
            return self._take_up(at.refused[0])
        if duty.about is None:
            return self.settling.do(duty.kind, at, record)
        batch = next(each for each in at.batches if each.commit.batch == duty.about)
        return self._with(duty.kind, batch, at, record)

    def _with(self, kind: Kind, batch: Batch, at: Situation, record: Record) -> str:
        number = batch.commit.batch
        match kind:
            case Kind.HAND_IN:
                return self._hand_in(batch, at)
            case Kind.KEEP_PROOF:
                return self._keep_proof(batch, record)
            case Kind.COMMIT_ALONE:
                self.annotator.commit_alone(self.sender, batch)
                return f"committed batch {number} on chain alone"
            case Kind.OPEN:
                self.annotator.open(batch)
                return f"opened batch {number} to the oracle, which signed for it"
            case Kind.REVEAL:
                proof = batch.proof if at.on_chain[number].included else None
                self.annotator.post_reveal(self.sender, batch, proof)
                return f"opened batch {number} on chain"
            case Kind.POST_RECEIPT:
                self.annotator.post_receipt(self.sender, batch)
                return f"held the oracle to its receipt for batch {number}, on chain"
            case Kind.FORFEIT:
                registry = self.campaign.contracts.registry
                call = registry.forfeit_bond(self.campaign.params, self.annotator.address, batch.name)
                self.sender.send(self.annotator.signer, call)
                return f"took the oracle's bond for the receipt for batch {number}, which it did not answer"
            case _:
                raise AssertionError(kind)

    # ------------------------------------------------------------- before the work

    @cached_property
    def _followed(self) -> FollowedCampaigns:
        return FollowedCampaigns(self.annotator.database, self.annotator.address)

    @property
    def _id(self) -> CampaignId:
        return self.campaign.scope.campaign_id

    def is_enrolled(self) -> bool:
        """Whether the oracle has taken the enrolment, as far as is kept."""
        known = self._followed.find(self._id)
        return known is not None and known.enrolled

    def holds_place(self, record: Record) -> bool:
        """Whether the place that is kept holds under the roster's root on chain."""
        proof = self.annotator.book.roster_proof()
        if proof is None or record.roster_root == ZERO_HASH:
            return False
        leaf = roster_leaf(self.campaign.scope, self.annotator.address)
        return holds_under(record.roster_root, leaf, proof)

    def _prepare(self, kind: Kind, record: Record) -> str:
        registry, signer = self.campaign.contracts.registry, self.annotator.signer
        pool, params = self.campaign.pool, self.campaign.params
        match kind:
            case Kind.ENROL:
                self.annotator.enrol()
                self._followed.add(self._id, self.campaign.spec.hash, self._service())
                self._followed.set_enrolled(self._id)
                return "enrolled with the oracle"
            case Kind.KEEP_PLACE:
                shown = self.annotator.transport.enrolled()
                self.annotator.keep_place(Roster.checked(self.campaign.scope, record, shown))
                return "kept the place on the roster that the oracle posted"
            case Kind.ENROL_ALONE:
                self.annotator.enrol_alone(self.sender)
                return "enrolled on chain alone"
            case Kind.ARM_SEED:
                self.sender.send(signer, registry.arm_seed(pool, params))
                return "armed the seed, which the oracle had not"
            case _:
                try:
                    self.sender.send(signer, registry.draw_seed(pool, params))
                except RevertError as error:
                    if error.name != "SeedMissed":
                        raise
                    self.sender.send(signer, registry.arm_seed(pool, params))
                    return "armed the seed anew: its block had been missed"
                return "drew the seed, which the oracle had not"

    def _service(self) -> str:
        known = self._followed.find(self._id)
        return known.service if known else ""

    # ------------------------------------------------------------------- the rounds

    def _hand_in(self, batch: Batch, at: Situation) -> str:
        number = batch.commit.batch
        if any(each.alone for each in at.batches if each.commit.batch < number):
            self.annotator.book.set_alone(number, alone=True)
            return f"batch {number} goes to the chain, as the one before it did: the oracle sees a gap"
        self.annotator.deliver()
        return f"handed in batch {number} again; the oracle signed for it"

    def _take_up(self, batch: Batch) -> str:
        self.annotator.reinstate(batch, alone=True)
        return f"batch {batch.commit.batch}, which the oracle refused, is to be committed alone"

    def _keep_proof(self, batch: Batch, record: Record) -> str:
        """From the oracle's lists, if they make the root on chain; what they lack is noted."""
        number, scope = batch.commit.round, self.campaign.scope
        roots = {each.round: each.root for each in record.rounds}
        if number not in roots:
            raise ChainError(f"the oracle has posted no root for round {number}")
        lists = Lists.checked(scope, record, number, self.annotator.transport.published(number))
        self._reinstate_included(lists)
        if lists.items.get((self.annotator.address, batch.commit)) == batch.opening.items and lists.made:
            proof = lists.made.proof(self.annotator.address, batch.name, scope)
            self.annotator.keep_proof(batch, proof)
            return f"kept the proof that batch {batch.commit.batch} is under the root of round {number}"
        self.left_out.add((batch.name, roots[number]))
        raise CommitmentError(f"the oracle left batch {batch.commit.batch} out of round {number}")

    def _reinstate_included(self, lists: Lists) -> None:
        """The oracle said no and kept it all the same: it is opened like any other."""
        for each in self.annotator.refused:
            taken = {own.commit.batch: own.receipt for own in self.annotator.batches}
            if (self.annotator.address, each.commit) in lists.items and not taken.get(each.commit.batch):
                self.annotator.reinstate(each, alone=False)
