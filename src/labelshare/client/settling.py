"""What the watch does once work is done: judge a settlement, contest it, propose another, take the money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Final, TypeAlias

from labelshare.chain.campaign import Campaign
from labelshare.chain.state import CampaignState, Status
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.client.contests import Challenger
from labelshare.client.duties import Kind, Situation
from labelshare.client.payouts import Claimant, Payouts, read_payouts
from labelshare.client.purse import holdings
from labelshare.errors import ChainError, EvidenceError, FundsError, ProtocolError, VerificationError
from labelshare.protocol import evidence, settlement
from labelshare.protocol.commitments import standing
from labelshare.protocol.record import Posted, Record
from labelshare.protocol.verify import verify
from labelshare.store.messages import Messages
from labelshare.types import NOBODY, CampaignId, Hash32

__all__ = ["Fetch", "Settling"]

Fetch: TypeAlias = Callable[[CampaignId, Hash32], bytes]
"""Gives the bytes of a bundle by its campaign and hash; raises where they are not to be had."""

_MOST_RECEIPTS: Final = 8


@dataclass
class Settling:
    """One annotator's side of the settlement of a campaign; what it judges by is kept in its store.

    Attributes:
        campaign, annotator, sender: Who does it, where, and by which way.
        fetch: Where bundles are published; None for nowhere.
    """

    campaign: Campaign
    annotator: Annotator
    sender: Sender
    fetch: Fetch | None = None
    _faults: dict[Hash32, str] = field(default_factory=dict)
    _payouts: dict[Hash32, Payouts] = field(default_factory=dict)

    def do(self, kind: Kind, at: Situation, record: Record) -> str:
        """Do what is due; says in words what was done. Raises as `Acts.do` does."""
        match kind:
            case Kind.PROPOSE:
                return self._propose(at, record)
            case Kind.CHECK:
                return self._check(record)
            case Kind.CHALLENGE:
                return self._challenge(at, record)
            case Kind.ASK_RULING:
                return self._ask_ruling()
            case Kind.RESOLVE:
                outcome = self._challenger.resolve().outcome
                return f"the contest is over: the settlement is {outcome.name.lower()}"
            case Kind.FINALIZE:
                return self._finalize(record)
            case Kind.CLAIM:
                return self._claim(record)
            case Kind.WITHDRAW:
                return self._withdraw(at)
            case _:
                raise AssertionError(kind)

    @property
    def _id(self) -> CampaignId:
        return self.campaign.scope.campaign_id

    @cached_property
    def _challenger(self) -> Challenger:
        return Challenger.of(self.campaign, self.sender, self.annotator.signer)

    @cached_property
    def _bundles(self) -> Messages:
        return Messages(self.annotator.database, self._id)

    def fault_of(self, record: Record, state: CampaignState) -> str | None:
        """What is wrong with the settlement at hand, "" for nothing; None while its evidence is not kept."""
        posted = record.posted
        if posted is None:
            return None
        name = posted.settlement.bundle_hash
        if name not in self._faults:
            data = self._bundles.bundle(name)
            if data is None:
                return None
            self._faults[name] = self._judge(record, data, is_final=state.status is Status.FINAL)
        return self._faults[name]

    def _check(self, record: Record) -> str:
        """Get the evidence of the settlement at hand, keep it, and judge it."""
        posted = _require(record.posted)
        name = posted.settlement.bundle_hash
        data = self._public_bundle(record) if posted.public else self._fetched(name)
        if sha256(data).digest() != name:
            self._faults[name] = "its evidence is not what follows from the chain"
            return self._faults[name]
        self._bundles.keep_bundle(name, data)
        self._faults[name] = fault = self._judge(record, data, is_final=False)
        return f"the settlement is at fault: {fault}" if fault else "checked the settlement: it holds"

    def _fetched(self, name: Hash32) -> bytes:
        if self.fetch is None:
            raise EvidenceError(f"bundle {name} is nowhere to be had")
        return self.fetch(self._id, name)

    def _public_bundle(self, record: Record) -> bytes:
        """Everybody can build it again: it follows from the chain."""
        return settlement.build_public(self.campaign.spec, record).bundle

    def _judge(self, record: Record, bundle: bytes, *, is_final: bool) -> str:
        report = verify(record, bundle)
        if not report.ok:
            return report.difference
        return "" if is_final else self._missing_opening(record, bundle)

    def _missing_opening(self, record: Record, bundle: bytes) -> str:
        """An opening that the oracle signed for and keeps to itself: the chain cannot know of it."""
        if record.posted is None or record.posted.public:
            return ""
        own = self.annotator.address
        rows = list(evidence.read([bundle]))
        opened = {each.commit_hash for each in rows if isinstance(each, evidence.OpeningRow)}
        listed = [
            (own, each.commit)
            for each in rows
            if isinstance(each, evidence.CommitRow) and each.annotator == own
        ]
        limit = self.campaign.spec.label_limit(
            self.campaign.pool.campaign_slice, self.campaign.params.stake_per_label
        )
        stands = set(standing(listed, limit).get(own, ()))
        for batch in self.annotator.batches:
            if batch.opening_receipt and batch.commit in stands and batch.name not in opened:
                number = batch.commit.batch
                return f"left out the opening of batch {number} of {own}, for which the oracle signed"
        return ""

    def payouts(self, record: Record) -> Payouts | None:
        """What the final settlement pays, by its evidence; None while that is not to be had."""
        posted = _require(record.posted)
        root = posted.settlement.payout_root
        if root not in self._payouts:
            data = self._bundles.bundle(posted.settlement.bundle_hash)
            if data is None:
                return None
            found = read_payouts([data])
            if not found.rows or found.tree.root != root:
                return None
            self._payouts[root] = found
        return self._payouts[root]

    def _propose(self, at: Situation, record: Record) -> str:
        self._require_lasting(at)
        built = settlement.build_public(self.campaign.spec, record)
        if not any(row.account == self.annotator.address and row.payout for row in built.payouts):
            raise ProtocolError("a settlement from the chain alone pays this account nothing: not proposed")
        report = verify(replace(record, posted=Posted(built.settlement, public=True)), built.bundle)
        if not report.ok:
            raise VerificationError(f"own settlement does not hold: {report.difference}")
        bond = self._challenger.proposal_bond()
        self._require_affordable(bond, at)
        self._bundles.keep_bundle(built.settlement.bundle_hash, built.bundle)
        proposed = self._challenger.propose_openly(built.settlement)
        return f"proposed a settlement in the oracle's place, on a bond of {proposed.bond} base units"

    def _require_lasting(self, at: Situation) -> None:
        """What it is built from cannot be replaced any more."""
        chain, end = self.sender.chain, at.rescue_start + at.params.schedule.rescue_period
        final = chain.finalized()
        if not chain.is_development and (final is None or chain.timestamp_of(final) < end):
            raise ChainError("not proposed yet: the end of the rescue is not final on the chain")

    def _require_affordable(self, bond: int, at: Situation) -> None:
        contest, own = at.contest, self.annotator.address
        locked = contest.proposer_bond if contest.proposer == own and at.proposed else 0
        locked += contest.challenge_bond if contest.challenger == own else 0
        if locked + bond > at.policy.most_locked:
            raise FundsError(
                f"a bond of {bond} base units is more than may be locked: {at.policy.most_locked}, of which "
                f"{locked} are locked"
            )
        held = holdings(self.campaign.contracts, at.params.token, own)
        if held.total < bond:
            raise FundsError(f"{own} holds {held.total} base units of the token; a bond of {bond} is needed")

    def _challenge(self, at: Situation, record: Record) -> str:
        posted = _require(record.posted)
        reason = at.fault or f"its evidence, {posted.settlement.bundle_hash}, cannot be had"
        bond = self._challenger.challenge_bond()
        self._require_affordable(bond, at)
        self._challenger.challenge(self._reasons(reason), at.state.settlement)
        return f"contested the settlement on a bond of {bond} base units: {reason}"

    def _reasons(self, reason: str) -> str:
        """With the oracle's signatures over the openings that were handed to it."""
        signed = [each for each in self.annotator.batches if each.opening_receipt][:_MOST_RECEIPTS]
        words = (f"batch {each.commit.batch}: 0x{each.opening_receipt.hex()}" for each in signed)
        return f"{reason}; opening receipts: {', '.join(words)}" if signed else reason

    def _ask_ruling(self) -> str:
        if self.campaign.pool.arbitrator == NOBODY:
            raise ProtocolError("the pool has no arbitrator: the contest ends unruled")
        asked = self._challenger.request_ruling()
        return f"asked the arbitrator to rule, for {asked.cost} wei"

    def _finalize(self, record: Record) -> str:
        self._challenger.finalize(_require(record.posted).settlement)
        return "ended the campaign: its settlement stood"

    # ------------------------------------------------------------------ the money

    def _claim(self, record: Record) -> str:
        payouts = self.payouts(record)
        if payouts is None:
            raise EvidenceError("what the settlement pays cannot be had: nobody shows its evidence")
        row = payouts.row_of(self.annotator.address)
        if row is None:
            raise ProtocolError("the settlement pays this account nothing")
        contracts, signer = self.campaign.contracts, self.annotator.signer
        Claimant(self.sender, contracts.registry, signer, self.campaign.params, payouts).claim(row)
        return f"claimed {row.payout} base units of pay and {row.shares} of shares"

    def _withdraw(self, at: Situation) -> str:
        registry = self.campaign.contracts.registry
        self.sender.send(self.annotator.signer, registry.withdraw(at.params.token, at.credit))
        return f"paid {at.credit} base units of credit to the wallet"


def _require(posted: Posted | None) -> Posted:
    if posted is None:
        raise ProtocolError("nothing is proposed any more")
    return posted
