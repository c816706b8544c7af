"""The oracle: runs one campaign on chain, from its acceptance to the last payout.

Intake collects what annotators send; this turns it into the oracle's transactions. Each method is one step at
its time, and leaves the waiting to the caller. What is done is told by the chain, what was received by the
store: a step that is done already does nothing, so a process that ended anywhere goes on by calling again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from labelshare.chain.campaign import Campaign
from labelshare.chain.contracts import Parts, Registry
from labelshare.chain.deploy import Contracts, Deployment
from labelshare.chain.events import Claimed, events, topic_of
from labelshare.chain.history import campaign_record, handed_out
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain, LogSource
from labelshare.chain.state import CampaignState, Status
from labelshare.chain.transactions import Call, Sender
from labelshare.errors import (
    CommitmentError,
    EvidenceError,
    ProtocolError,
    RevertError,
    VerificationError,
)
from labelshare.oracle.assigner import Assigner
from labelshare.oracle.intake import Intake
from labelshare.protocol import settlement
from labelshare.protocol.commitments import Enrolment, SignedCommit
from labelshare.protocol.merkle import MultiProof
from labelshare.protocol.record import Posted, Record
from labelshare.protocol.rewards import bond_for
from labelshare.protocol.rounds import Aggregate, aggregate, roster_root
from labelshare.protocol.settlement import Built
from labelshare.protocol.spec import Spec
from labelshare.protocol.typed_data import commit_hash
from labelshare.protocol.verify import verify
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.store.vault import Vault
from labelshare.types import ZERO_HASH, Address, CampaignParams, Hash32, PoolParams, Scope

__all__ = ["CLAIMS_A_CALL", "Oracle", "runs"]

Thing = TypeVar("Thing")

CLAIMS_A_CALL = 100
# As many as are signed and sent at once where the chain takes several.
CALLS_AT_ONCE = 10


@dataclass
class Oracle:
    """The oracle's side of one campaign.

    Attributes:
        sender: The way to the chain.
        deployment: Where the contracts are.
        contracts: The same, checked.
        signer: The oracle's account.
        scope, pool, params, spec: The campaign.
        database: Where all that it receives is kept.
        intake: Where annotators hand in their messages.
        logs: Gives where events are read; the chain by default.

    Example:
        >>> oracle = Oracle.of(campaign, sender, operator, database)
        >>> annotator = Annotator.of(campaign, ann, oracle.intake)
    """

    sender: Sender
    deployment: Deployment
    contracts: Contracts
    signer: Signer
    scope: Scope
    pool: PoolParams
    params: CampaignParams
    spec: Spec
    database: Database
    logs: Callable[[], LogSource] | None = None
    intake: Intake = field(init=False)
    _built: Built | None = None
    _known_round: int | None = None

    @classmethod
    def of(
        cls,
        campaign: Campaign,
        sender: Sender,
        signer: Signer,
        database: Database,
        logs: Callable[[], LogSource] | None = None,
    ) -> Oracle:
        """The oracle of a campaign that was read from the chain.

        Example:
            >>> oracle = Oracle.of(campaign, sender, operator, database)
            >>> oracle.signer.address == campaign.params.oracle
            True
        """
        return cls(
            sender,
            campaign.deployment,
            campaign.contracts,
            signer,
            campaign.scope,
            campaign.pool,
            campaign.params,
            campaign.spec,
            database,
            logs,
        )

    def __post_init__(self) -> None:
        book = Messages(self.database, self.scope.campaign_id, Vault.of(self.signer))
        book.open(self.spec)
        self.intake = Intake(
            scope=self.scope,
            params=self.params,
            spec=self.spec,
            limit=self.spec.label_limit(self.pool.campaign_slice, self.params.stake_per_label),
            book=book,
            now=self._chain.now,
            sign=self.signer.sign_digest,
            is_seated=self._is_seated,
        )

    @property
    def registry(self) -> Registry:
        """Where the campaign is.

        Example:
            >>> oracle.registry.credit_of(token.address, ann.address)
            0
        """
        return self.contracts.registry

    @property
    def book(self) -> Messages:
        """What was received for the campaign.

        Example:
            >>> oracle.book.has_enrolled(ann.address)
            True
        """
        return self.intake.book

    @property
    def _chain(self) -> Chain:
        return self.sender.chain

    def state(self) -> CampaignState:
        """Where the campaign is on chain, once all that was stored to be sent is there.

        Example:
            >>> oracle.state().status
            <Status.OPEN: 2>
        """
        self.sender.catch_up(self.signer)
        return self.registry.campaign(self.scope.campaign_id)

    def record(self) -> Record:
        """What the chain says of the campaign, by which its settlement is judged; caught up like `state`.

        Example:
            >>> oracle.record().roster_count
            4
        """
        self.sender.catch_up(self.signer)
        return self._record()

    def _record(self) -> Record:
        return campaign_record(self._source(), self.deployment, self.scope.campaign_id)

    def _source(self) -> LogSource:
        return self.logs() if self.logs else self._chain

    def _is_seated(self, account: Address) -> bool:
        return self.registry.seat(self.params.pool, account).takes_work

    # ------------------------------------------------------- before the work

    def accept(self) -> None:
        """Take the campaign on: locks the bond, from credit first and the wallet for the rest.

        Raises:
            ProtocolError: The campaign was made for another spec.
            SpecError: The campaign's escrow does not cover its spec, so that good work could go unpaid.
            RevertError: Too late, no place in the pool, or too little money.

        Example:
            >>> oracle.accept()
            >>> oracle.state().bond // COIN
            21
        """
        state = self.state()
        if self.spec.hash != self.params.spec_hash:
            raise ProtocolError(
                f"the campaign is for spec {self.params.spec_hash}, this one is {self.spec.hash}"
            )
        if state.status in {Status.OPEN, Status.PROPOSED, Status.DISPUTED, Status.FINAL}:
            return
        self.spec.check_funding(self.params, state.escrow)
        bond = bond_for(state.escrow, self.pool.arbitration_refund)
        for approval in self.contracts.approvals(self.pool.token, self.signer.address, bond):
            self._send(approval)
        self._send(self.registry.accept(self.pool, self.params))

    def post_roster(self) -> None:
        """Post the root over everyone who enrolled by signature.

        Example:
            >>> oracle.post_roster()
        """
        if self.state().roster_root != ZERO_HASH:
            return
        if not self.book.enrolments():
            raise ProtocolError("nobody has enrolled")
        self.book.end_enrolment()
        enrolled = [each.annotator for each in self.book.enrolments()]
        root = roster_root(self.scope, enrolled)
        self._send(self.registry.post_roster(self.params, root, len(enrolled)))

    def arm_seed(self) -> None:
        """Fix the seed's block; again where the one before was missed, which the contract knows best.

        Example:
            >>> oracle.arm_seed()
            >>> oracle.state().seed_block > chain.block_number
            True
        """
        state, call = self.state(), self.registry.arm_seed(self.pool, self.params)
        if state.seed != ZERO_HASH or (state.seed_block and self._refuses(call)):
            return
        self._send(call)

    def _refuses(self, call: Call) -> bool:
        try:
            self._chain.call(call, self.signer.address)
        except RevertError:
            return True
        return False

    def draw_seed(self) -> None:
        """Draw the seed, which closes the roster: who had a seat as the seed was armed is on it.

        Example:
            >>> oracle.draw_seed()
            >>> ann.address in oracle.intake.roster
            True
        """
        if self.state().seed == ZERO_HASH:
            self._send(self.registry.draw_seed(self.pool, self.params))
        self._close_roster()

    def _close_roster(self) -> None:
        self.book.end_enrolment()
        self._know_roster(self.record())

    # ----------------------------------------------------------- the rounds

    def refresh(self) -> None:
        """Know the roster and the round at hand as chain and store have them: nothing is sent or stored.

        For a process that takes messages while another one moves the campaign on.

        Example:
            >>> oracle.refresh()
            >>> ann.address in oracle.intake.roster
            True
        """
        number = self.book.round()
        if self.knows(number):
            return
        record = self._record()
        if record.seed == ZERO_HASH:
            return
        self._know_roster(record)
        if number is not None:
            self._assign(record, number)

    def knows(self, number: int | None) -> bool:
        """Whether messages can be judged while batches of that round are taken: else `refresh` first.

        Example:
            >>> oracle.knows(oracle.book.round())
            True
        """
        return self.intake.roster is not None and number in (None, self._known_round)

    def _know_roster(self, record: Record) -> None:
        self.intake.roster = record.roster(each.annotator for each in self._enrolled(record))

    def _enrolled(self, record: Record) -> list[Enrolment]:
        """Who is under the posted root; nobody where none was posted in time: seats enrol alone then."""
        return [] if record.roster_root == ZERO_HASH else self.book.enrolments()

    def _assign(self, record: Record, number: int) -> None:
        """A function of seed, roster and what is committed on chain, under the oracle's roots and alone."""
        roster = tuple(sorted(self.intake.roster or ()))
        commits = _under(record, self.book.commits(before=number))
        assigner = Assigner(self.spec, record.seed, roster, self.intake.limit)
        self.intake.assigned = assigner.places(number, commits, record.own_commits)
        self._known_round = number

    def begin_round(self, number: int) -> None:
        """Take batches of this round, of whoever is assigned what after the rounds before.

        Where the round was closed already none is taken: its receipt could not be kept.

        Example:
            >>> oracle.begin_round(0)
        """
        record = self.record()
        if record.seed == ZERO_HASH:
            raise ProtocolError("no round begins before the seed is drawn")
        self.book.end_enrolment()
        self._know_roster(record)
        self._assign(record, number)
        if self.registry.round_root(self.scope.campaign_id, number) == ZERO_HASH:
            self.book.begin_round(number)
        else:
            self.book.close_round(number)

    def assigned_to(self, annotator: Address) -> frozenset[int] | None:
        """The items of an annotator in this round; None where anyone labels anything.

        Example:
            >>> items = sorted(oracle.assigned_to(annotator.address))[:2]
            >>> annotator.submit(0, dict.fromkeys(items, 0)).commit.count
            2
        """
        if self.intake.assigned is None:
            return None
        return frozenset(self.intake.assigned.get(annotator, frozenset()))

    def post_commits(self, number: int) -> Aggregate | None:
        """Post the root over the round's batches, and take no more; None if there are none.

        Raises:
            CommitmentError: Another root is posted than the store makes: some of its messages are lost.

        Example:
            >>> aggregate = oracle.post_commits(0)
            >>> len(aggregate.commits)
            5
        """
        self.book.close_round(number)
        made = self.aggregate(number)
        self.sender.catch_up(self.signer)
        posted = self.registry.round_root(self.scope.campaign_id, number)
        if posted != ZERO_HASH and (made is None or posted != made.root):
            own = made.root if made else "none"
            raise CommitmentError(f"round {number} has root {posted}, the store's messages make {own}")
        if made is None or posted == made.root:
            return made
        self._send(self.registry.commit_aggregate(self.params, number, made.root, made.item_lists_hash))
        return made

    def aggregate(self, number: int) -> Aggregate | None:
        """What the batches of a round come to; None if there are none.

        Example:
            >>> oracle.aggregate(0).root == oracle.registry.round_root(scope.campaign_id, 0)
            True
        """
        commits = self.book.commits_of(number)
        return aggregate(self.scope, number, commits) if commits else None

    # -------------------------------------------------------- the settlement

    def answer_receipt(self, annotator: Address, name: Hash32) -> None:
        """Show that a receipted commitment is included, under a root or alone; `name` is its hash.

        Raises:
            CommitmentError: It is not: the bond is lost.
            RevertError: The receipt is not posted, or its time is over.

        Example:
            >>> oracle.answer_receipt(annotator.address, batch.opening.commit_hash)
        """
        signed = self.book.commit(annotator, name)
        if signed is None:
            raise CommitmentError(f"commitment {name} of {annotator} was never received")
        proof = self._inclusion(signed, name)
        self._send(self.registry.answer_receipt(self.params, annotator, signed.commit, proof))

    def _inclusion(self, signed: SignedCommit, name: Hash32) -> list[bytes]:
        """The place under the round's root; nothing where the annotator committed alone."""
        made = self.aggregate(signed.commit.round)
        if made is not None and self._is_posted(made):
            return made.proof(signed.annotator, name, self.scope)
        campaign = self.scope.campaign_id
        if self.registry.commit_hash(campaign, signed.annotator, signed.commit.batch) == name:
            return []
        raise CommitmentError(f"commitment {name} of {signed.annotator} is in no round")

    def _is_posted(self, made: Aggregate) -> bool:
        return self.registry.round_root(self.scope.campaign_id, made.round) == made.root

    def propose(self, record: Record | None = None, *, late: bool = False, check: bool = False) -> Built:
        """Build the settlement from the chain's record and the openings received, and propose it.

        Its bundle is stored before it is proposed: what is on chain can always be shown.

        Args:
            record: What the chain says, the openings posted there included; as it is now by default.
            late: After the oracle's own time or a proposal that fell, at 1% of the bond for each day begun.
                Before the rescue is over, an opening posted between `record` and the proposal puts it at
                fault.
            check: Verify it first, as everybody else will; `VerificationError` if it does not hold.

        Example:
            >>> built = oracle.propose()
            >>> built.settlement.payout_total // COIN
            60
            >>> bundle = built.bundle  # to be published: whoever holds it can check the settlement
        """
        record = record or self.record()
        if record.posted is not None and (known := self._stored(record)) is not None:
            return known
        built = self._build(record)
        if check:
            _require_holds(record, built)
        self.book.keep_bundle(built.settlement.bundle_hash, built.bundle)
        send = self.registry.propose_late if late else self.registry.propose
        self._send(send(self.params, built.settlement))
        self._built = built
        return built

    def _build(self, record: Record) -> Built:
        """From what is included: a batch whose round was not posted in time is nobody's evidence."""
        commits = _under(record, self.book.commits())
        included = {(each.annotator, commit_hash(self.scope.campaign_id, each.commit)) for each in commits}
        included |= {
            (own.annotator, commit_hash(self.scope.campaign_id, own.commit)) for own in record.own_commits
        }
        openings = [each for each in self.book.openings() if (each.annotator, each.commit_hash) in included]
        return settlement.build(self.spec, record, self._enrolled(record), commits, openings)

    def finalize(self) -> None:
        """End the campaign after the window, whoever proposed.

        Example:
            >>> oracle.finalize()
            >>> oracle.state().status
            <Status.FINAL: 5>
        """
        if self.state().status is Status.FINAL:
            return
        posted = self._record().posted
        if posted is None:
            raise ProtocolError("nothing is proposed yet")
        self._send(self.registry.finalize(self.params, posted.settlement))

    def free_place(self) -> None:
        """Give the pool its place back.

        Example:
            >>> oracle.free_place()
            >>> oracle.state().place_freed
            True
        """
        if not self.state().place_freed:
            self._send(self.registry.free_place(self.params))

    def settled(self) -> Built:
        """The settlement that is proposed or final, from the stored bundle that its hash names.

        Raises:
            ProtocolError: Nothing is proposed.
            EvidenceError: Somebody else proposed it, or the store has lost its bundle.

        Example:
            >>> oracle.settled().settlement == built.settlement
            True
        """
        record = self.record()
        if record.posted is None:
            raise ProtocolError("nothing is proposed yet")
        if self._built is None or self._built.settlement != record.posted.settlement:
            self._built = self._stored(record)
        if self._built is None:
            raise EvidenceError("the proposal on chain is not of a bundle in this store")
        return self._built

    def _stored(self, record: Record) -> Built | None:
        if record.posted is None:
            return None
        data = self.book.bundle(record.posted.settlement.bundle_hash)
        return None if data is None else settlement.reread(data)

    # ------------------------------------------------------------ the claims

    def pay_everyone(self, parts: Parts, progress: Callable[[int], None] = lambda _: None) -> None:
        """Claim for everyone in the settlement: payouts, shares or both, a hundred accounts a call.

        What somebody claimed before is passed over, so that calling again after a failure hands out the rest.

        Args:
            parts: What to hand out.
            progress: Told how many accounts each call paid, once it and those sent with it are in blocks.

        Example:
            >>> oracle.pay_everyone(Parts.BOTH)
            >>> token.balance_of(annotator.address) // COIN
            4
        """
        self.sender.catch_up(self.signer)
        built = self.settled()
        if not built.payouts:
            return
        tree = built.payout_tree()
        claims = [
            (tree.multiproof(run), missing)
            for missing, indices in self._unclaimed(tree.order, parts).items()
            for run in runs(indices, CLAIMS_A_CALL)
        ]
        for some in runs(claims, CALLS_AT_ONCE):
            self.sender.send_many((self.signer, self._claim(built, *each)) for each in some)
            for proof, _ in some:
                progress(len(proof.order))

    def _claim(self, built: Built, proof: MultiProof, parts: Parts) -> Call:
        leaves = [built.payouts[index] for index in proof.order]
        return self.registry.claim_many(self.params, leaves, proof, parts)

    def _unclaimed(self, order: Sequence[int], parts: Parts) -> dict[Parts, list[int]]:
        """Leaves in the order given, by what of `parts` nobody has claimed of them, as the events tell."""
        claimed = self._claimed()
        found: dict[Parts, list[int]] = {}
        for index in order:
            missing = parts & ~claimed.get(index, Parts(0))
            if missing:
                found.setdefault(missing, []).append(index)
        return found

    def _claimed(self) -> Mapping[int, Parts]:
        """What was handed out of each leaf, by index."""
        topics = (topic_of(Claimed), self.scope.campaign_id)
        source = self._source()
        found = events(source, self.registry.address, self.deployment.block, source.block_number, topics)
        return handed_out(event for event in found if isinstance(event, Claimed))

    def _send(self, call: Call) -> None:
        self.sender.send(self.signer, call)


def _under(record: Record, commits: Iterable[SignedCommit]) -> list[SignedCommit]:
    """Those of rounds whose root is posted."""
    posted = {each.round for each in record.rounds}
    return [each for each in commits if each.commit.round in posted]


def _require_holds(record: Record, built: Built) -> None:
    report = verify(replace(record, posted=Posted(built.settlement)), built.bundle)
    if not report.ok:
        raise VerificationError(f"the settlement does not hold, nothing is proposed: {report.difference}")


def runs(things: Sequence[Thing], length: int) -> Iterator[Sequence[Thing]]:
    """Neighbours together, `length` at a time; leaves in tree order then share most of their proof."""
    for start in range(0, len(things), length):
        yield things[start : start + length]
