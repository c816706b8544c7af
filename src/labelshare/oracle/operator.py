"""The operator: runs one campaign on chain, from its acceptance to the last payout.

Intake collects what annotators send; this turns it into the oracle's transactions. Each method is one step at
its time, and leaves the waiting to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from labelshare.chain.contracts import Parts, Registry
from labelshare.chain.deploy import Contracts
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain
from labelshare.chain.transactions import Sender
from labelshare.errors import CommitmentError, ProtocolError
from labelshare.oracle.assigner import Assigner
from labelshare.oracle.intake import Intake
from labelshare.protocol import settlement
from labelshare.protocol.record import Record
from labelshare.protocol.rewards import bond_for
from labelshare.protocol.rounds import Aggregate, aggregate, roster_root
from labelshare.protocol.settlement import Built
from labelshare.protocol.spec import Spec
from labelshare.types import Address, CampaignParams, Hash32, PoolParams, Scope

__all__ = ["CLAIMS_A_CALL", "Operator", "runs"]

Thing = TypeVar("Thing")

CLAIMS_A_CALL = 100


@dataclass
class Operator:
    """The oracle's side of one campaign.

    Attributes:
        sender: The way to the chain.
        contracts: The deployment.
        signer: The oracle's account.
        scope, pool, params, spec: The campaign.
        intake: Where annotators hand in their messages.
        aggregates: What was posted, by round.
        built: The settlement, once proposed.
    """

    sender: Sender
    contracts: Contracts
    signer: Signer
    scope: Scope
    pool: PoolParams
    params: CampaignParams
    spec: Spec
    intake: Intake = field(init=False)
    aggregates: dict[int, Aggregate] = field(default_factory=dict)
    built: Built | None = None
    _assigner: Assigner | None = None

    def __post_init__(self) -> None:
        self.intake = Intake(
            scope=self.scope,
            params=self.params,
            spec=self.spec,
            limit=self.spec.label_limit(self.pool.campaign_slice, self.params.stake_per_label),
            now=self._chain.now,
            sign=self.signer.sign_digest,
            is_seated=self._is_seated,
        )

    @property
    def registry(self) -> Registry:
        """Where the campaign is."""
        return self.contracts.registry

    @property
    def _chain(self) -> Chain:
        return self.sender.chain

    def _is_seated(self, account: Address) -> bool:
        return self.registry.seat(self.params.pool, account).takes_work

    # ------------------------------------------------------- before the work

    def accept(self) -> None:
        """Take the campaign on: locks the bond, from credit first and the wallet for the rest.

        Raises:
            ProtocolError: The campaign was made for another spec.
            SpecError: The campaign's escrow does not cover its spec, so that good work could go unpaid.
            RevertError: Too late, no place in the pool, or too little money.
        """
        state = self.registry.campaign(self.scope.campaign_id)
        if self.spec.hash != self.params.spec_hash:
            raise ProtocolError(
                f"the campaign is for spec {self.params.spec_hash}, this one is {self.spec.hash}"
            )
        self.spec.check_funding(self.params, state.escrow)
        bond = bond_for(state.escrow, self.pool.arbitration_refund)
        for approval in self.contracts.approvals(self.pool.token, self.signer.address, bond):
            self.sender.send(self.signer, approval)
        self.sender.send(self.signer, self.registry.accept(self.pool, self.params))

    def post_roster(self) -> None:
        """Post the root over everyone who enrolled by signature."""
        enrolled = self.intake.enrolments.keys()
        if not enrolled:
            raise ProtocolError("nobody has enrolled")
        self.intake.end_enrolment()
        root = roster_root(self.scope, enrolled)
        self.sender.send(self.signer, self.registry.post_roster(self.params, root, len(enrolled)))

    def arm_seed(self) -> None:
        """Fix the seed's block."""
        self.sender.send(self.signer, self.registry.arm_seed(self.pool, self.params))

    def draw_seed(self, record: Record) -> None:
        """Draw the seed and close the roster: `record` says who had a seat as the seed was armed."""
        self.sender.send(self.signer, self.registry.draw_seed(self.pool, self.params))
        self.intake.close_roster(record.roster(self.intake.enrolments))
        seed = self.registry.campaign(self.scope.campaign_id).seed
        self._assigner = Assigner(self.spec, seed, self.intake.roster, self.intake.limit)

    # ----------------------------------------------------------- the rounds

    def begin_round(self, number: int) -> None:
        """Work out who is assigned what, from the rounds before."""
        if self._assigner is None:
            raise ProtocolError("no round begins before the seed is drawn")
        self.intake.begin_round(number, self._assigner.places(number, self.intake.commits.values()))

    def assigned_to(self, annotator: Address) -> frozenset[int] | None:
        """The items of an annotator in this round; None where anyone labels anything."""
        if self.intake.assigned is None:
            return None
        return frozenset(self.intake.assigned.get(annotator, frozenset()))

    def post_commits(self, number: int) -> Aggregate | None:
        """Post the root over the round's batches; None if there are none."""
        self.intake.end_round()
        commits = [each for each in self.intake.commits.values() if each.commit.round == number]
        if not commits:
            return None
        made = aggregate(self.scope, number, commits)
        call = self.registry.commit_aggregate(self.params, number, made.root, made.item_lists_hash)
        self.sender.send(self.signer, call)
        self.aggregates[number] = made
        return made

    # -------------------------------------------------------- the settlement

    def answer_receipt(self, annotator: Address, name: Hash32) -> None:
        """Show that a receipted commitment is under the root of its round; `name` is its hash.

        Raises:
            CommitmentError: It is not: the bond is lost.
            RevertError: The receipt is not posted, or its time is over.
        """
        signed = self.intake.commits.get(name)
        made = self.aggregates.get(signed.commit.round) if signed else None
        if signed is None or made is None:
            raise CommitmentError(f"commitment {name} of {annotator} is in no round")
        proof = made.proof(annotator, name, self.scope)
        call = self.registry.answer_receipt(self.params, annotator, signed.commit, proof)
        self.sender.send(self.signer, call)

    def propose(self, record: Record, *, late: bool = False) -> Built:
        """Build the settlement from the chain's record and the openings received, and propose it.

        Args:
            record: What the chain says, the openings posted there included.
            late: After the oracle's own time or a proposal that fell, at 1% of the bond for each day begun.
                Before the rescue is over, an opening posted between `record` and the proposal puts it at
                fault.
        """
        self.built = settlement.build(
            self.spec,
            record,
            self.intake.enrolments.values(),
            self.intake.commits.values(),
            self.intake.openings.values(),
        )
        send = self.registry.propose_late if late else self.registry.propose
        self.sender.send(self.signer, send(self.params, self.built.settlement))
        return self.built

    def finalize(self) -> None:
        """End the campaign after the window."""
        self.sender.send(self.signer, self.registry.finalize(self.params, self._settled.settlement))

    def free_place(self) -> None:
        """Give the pool its place back."""
        self.sender.send(self.signer, self.registry.free_place(self.params))

    # ------------------------------------------------------------ the claims

    def pay_everyone(self, parts: Parts, progress: Callable[[int], None] = lambda _: None) -> None:
        """Claim for everyone in the settlement: payouts, shares or both, a hundred accounts a call.

        What somebody claimed before is passed over, so that calling again after a failure hands out the rest.

        Args:
            parts: What to hand out.
            progress: Told how many accounts each call paid.
        """
        if not self._settled.payouts:
            return
        tree = self._settled.payout_tree()
        for missing, indices in self._unclaimed(tree.order, parts).items():
            for run in runs(indices, CLAIMS_A_CALL):
                proof = tree.multiproof(run)
                leaves = [self._settled.payouts[index] for index in proof.order]
                self.sender.send(self.signer, self.registry.claim_many(self.params, leaves, proof, missing))
                progress(len(leaves))

    def _unclaimed(self, order: Sequence[int], parts: Parts) -> dict[Parts, list[int]]:
        """Leaves in the order given, by what of `parts` nobody has claimed of them."""
        found: dict[Parts, list[int]] = {}
        for index in order:
            missing = parts & ~self.registry.claimed_parts(self.scope.campaign_id, index)
            if missing:
                found.setdefault(missing, []).append(index)
        return found

    @property
    def _settled(self) -> Built:
        if self.built is None:
            raise ProtocolError("nothing is proposed yet")
        return self.built


def runs(things: Sequence[Thing], length: int) -> Iterator[Sequence[Thing]]:
    """Neighbours together, `length` at a time; leaves in tree order then share most of their proof."""
    for start in range(0, len(things), length):
        yield things[start : start + length]
