"""The watch: does by itself what an annotator has to do, whatever the oracle does or leaves undone.

All that it goes by is the chain and what the client has kept, so it may end at any moment and begin again on
any machine that has the records: what is done already, the chain says. An oracle is asked first, and believed
only where the chain agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from labelshare.chain.campaign import Campaign
from labelshare.chain.contracts import Parts
from labelshare.chain.state import CampaignState, Contest, Status
from labelshare.chain.transactions import Sender
from labelshare.client.acts import Acts, Fetch
from labelshare.client.annotator import Annotator, Batch
from labelshare.client.duties import Duty, OnChain, Policy, Situation, duties
from labelshare.client.payouts import left_of
from labelshare.errors import KeyRefusedError, LabelshareError, StoreError, WrongChainError
from labelshare.protocol.leaves import Payout, aggregate_leaf
from labelshare.protocol.merkle import verify
from labelshare.protocol.record import Record
from labelshare.protocol.reveals import posted_openings
from labelshare.types import CampaignId, Hash32

__all__ = ["Done", "Fetch", "Policy", "Watch"]

MOST_ACTS = 1_000
_ENDED = frozenset({Status.FINAL, Status.CANCELLED, Status.EXPIRED})
_FATAL = (StoreError, KeyRefusedError, WrongChainError)


@dataclass(frozen=True, slots=True)
class Done:
    """A duty that was done, or tried: what came of it in plain words."""

    duty: Duty
    ok: bool
    told: str


@dataclass(frozen=True, slots=True)
class _Head:
    """What the chain says as of one block: asked once a block."""

    block: int
    hash: Hash32
    now: int
    state: CampaignState
    contest: Contest
    record: Record
    credit: int


@dataclass
class Watch:
    """Watches over one annotator's work in one campaign.

    Attributes:
        campaign: The campaign.
        annotator: The account with all that it has kept, and its way to the oracle.
        sender: The way to the chain; its journal is best kept where the rest is.
        policy: How far it goes.
        fetch: Gives the evidence of a settlement by campaign and hash, from wherever it is published.

    Example:
        >>> watch = Watch(campaign, annotator, sender, Policy(most_locked=50 * COIN))
        >>> [done.told for done in watch.step() if not done.ok]
        []
    """

    campaign: Campaign
    annotator: Annotator
    sender: Sender
    policy: Policy = field(default_factory=Policy)
    fetch: Fetch | None = None
    _over_at: int | None = field(default=None, init=False)
    _seen: _Head | None = field(default=None, init=False)

    # ------------------------------------------------------------------- what is due

    def plan(self) -> list[Duty]:
        """All that will have to be done as things stand, what is due now first; nothing is sent.

        Example:
            >>> [duty.at <= chain.now() for duty in watch.plan()]
            []
        """
        return sorted(duties(self.situation()), key=lambda each: each.at)

    def next_at(self) -> int | None:
        """When time alone makes the next thing due, Unix seconds; None if nothing waits for that.

        Example:
            >>> watch.next_at() is None
            True
        """
        at = self.situation()
        return min((each.at for each in duties(at) if each.at > at.now), default=None)

    def step(self) -> list[Done]:
        """Do everything that is due, each thing once; a failure stops nothing else and is told.

        Raises:
            StoreError: Nothing can be kept: then nothing is sent.
            KeyRefusedError: A development key off a development chain.

        Example:
            >>> watch.step()
            []
        """
        self.sender.catch_up(self.annotator.signer)
        done: list[Done] = []
        tried: set[tuple[object, ...]] = set()
        for _ in range(MOST_ACTS):
            at, record = self._look()
            new = (each for each in duties(at) if each.is_due(at.now) and _name(each) not in tried)
            if (duty := next(new, None)) is None:
                break
            tried.add(_name(duty))
            done.append(self._do(duty, at, record))
        return done

    def _do(self, duty: Duty, at: Situation, record: Record) -> Done:
        try:
            return Done(duty, ok=True, told=self._acts.do(duty, at, record))
        except _FATAL:
            raise
        except (LabelshareError, OSError) as error:
            return Done(duty, ok=False, told=f"{error}" or type(error).__name__)

    def is_over(self) -> bool:
        """Whether the campaign has ended, all is claimed, and no reorganisation will take that back.

        Example:
            >>> watch.is_over()
            False
        """
        at = self.situation()
        if at.state.status not in _ENDED or duties(at):
            self._over_at = None
            return False
        if self._over_at is None:
            self._over_at = at.block
        chain = self.sender.chain
        final = at.block if chain.is_development else chain.finalized()
        return final is not None and final >= self._over_at

    def own_row(self) -> Payout | None:
        """What the settlement at hand, or the final one, has for the account; None while nobody can tell.

        Example:
            >>> watch.own_row().payout // COIN
            20
        """
        record = self._head().record
        payouts = None if record.posted is None else self._acts.settling.payouts(record)
        return None if payouts is None else payouts.row_of(self.annotator.address)

    # -------------------------------------------------------------- where it stands

    def situation(self) -> Situation:
        """Where the campaign stands for the annotator.

        Example:
            >>> watch.situation().state.status
            <Status.FINAL: 5>
        """
        return self._look()[0]

    def _look(self) -> tuple[Situation, Record]:
        head = self._head()
        record, batches = head.record, tuple(self.annotator.batches)
        judged = self._acts.settling.fault_of(record, head.state)
        return Situation(
            account=self.annotator.address,
            params=self.campaign.params,
            state=head.state,
            contest=head.contest,
            now=head.now,
            block=head.block,
            policy=self.policy,
            batches=batches,
            refused=self._replaceable(batches),
            on_chain=self._on_chain(head, batches),
            left_out=self._left_out(record, batches),
            enrolled=self._acts.is_enrolled(),
            placed=self._is_placed(record),
            proposed=record.posted is not None,
            own=head.contest.proposer == self.annotator.address,
            bundle=judged is not None,
            fault=judged or "",
            unpaid=self._unpaid(head),
            credit=head.credit,
        ), record

    def _head(self) -> _Head:
        """The chain as of its latest block; read anew where that is another one."""
        registry, chain = self.campaign.contracts.registry, self.sender.chain
        block = chain.block_number
        name = chain.block_hash(block)
        if self._seen is None or (self._seen.block, self._seen.hash) != (block, name):
            state = registry.campaign(self._id)
            ended = state.status in _ENDED
            token, own = self.campaign.params.token, self.annotator.address
            self._seen = _Head(
                block=block,
                hash=name,
                now=chain.timestamp_of(block),
                state=state,
                contest=registry.contest(self._id),
                record=self.campaign.record(),
                credit=registry.credit_of(token, own) if ended else 0,
            )
        return self._seen

    @property
    def _id(self) -> CampaignId:
        return self.campaign.scope.campaign_id

    @cached_property
    def _acts(self) -> Acts:
        return Acts(self.campaign, self.annotator, self.sender, self.fetch)

    def _is_placed(self, record: Record) -> bool:
        """It can commit alone: it enrolled so, or holds its place under the root that is posted."""
        return self.annotator.address in record.enrolled_alone or self._acts.holds_place(record)

    def _replaceable(self, batches: Sequence[Batch]) -> tuple[Batch, ...]:
        """Refused batches that could follow what there is: the next number, and a sum that goes on."""
        before = batches[-1].commit.cumulative_count if batches else 0
        return tuple(
            each
            for each in self.annotator.refused
            if each.commit.batch == len(batches)
            and each.commit.cumulative_count == before + each.commit.count
        )[:1]

    def _on_chain(self, head: _Head, batches: Sequence[Batch]) -> dict[int, OnChain]:
        scope, account, record = self.campaign.scope, self.annotator.address, head.record
        roots = {each.round: each.root for each in record.rounds}
        alone = {each.commit for each in record.own_commits if each.annotator == account}
        shown = {
            name for who, name in posted_openings(record, self.campaign.spec.task.form) if who == account
        }
        found = {}
        for batch in batches:
            root, leaf = roots.get(batch.commit.round), aggregate_leaf(scope, account, batch.name)
            known = OnChain(
                root=root is not None,
                included=root is not None and batch.proof is not None and verify(root, leaf, batch.proof),
                alone=batch.commit in alone,
                revealed=batch.name in shown,
            )
            due = batch.receipt and not known.committed
            found[batch.commit.batch] = (
                replace(known, receipt_end=self._receipt_end(batch, head)) if due else known
            )
        return found

    def _receipt_end(self, batch: Batch, head: _Head) -> int | None:
        if head.state.status in _ENDED or head.now < self.campaign.params.schedule.commit_end:
            return 0
        registry = self.campaign.contracts.registry
        end = registry.receipt_end(self._id, self.annotator.address, batch.name)
        return None if end == 2**256 - 1 else end

    def _left_out(self, record: Record, batches: Sequence[Batch]) -> frozenset[int]:
        roots = {each.round: each.root for each in record.rounds}
        return frozenset(
            each.commit.batch
            for each in batches
            if (each.name, roots.get(each.commit.round)) in self._acts.left_out
        )

    def _unpaid(self, head: _Head) -> bool | None:
        """Whether the final settlement has something left for the account; None while nobody can tell."""
        if head.state.status is not Status.FINAL:
            return None
        payouts = self._acts.settling.payouts(head.record)
        if payouts is None:
            return None
        row = payouts.row_of(self.annotator.address)
        if row is None or not (row.payout or row.shares):
            return False
        left = left_of(self.campaign.contracts.registry, payouts, row.index)
        return bool((left & Parts.PAYOUT and row.payout) or (left & Parts.SHARES and row.shares))


def _name(duty: Duty) -> tuple[object, ...]:
    """What is tried once a step, however its times move on."""
    return duty.kind, duty.about
