"""Recompute a settlement from the chain's record and the published bundle, and say where they first differ.

Needs nothing else: no clock, no call, no trust in who built the bundle. A public settlement is judged by the
record alone: the bundle must hold what follows from it. What the oracle leaves out that nobody ever sent to
the chain (an opening it kept to itself) cannot be seen here; receipts and openings on chain are for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby

from labelshare.errors import LabelshareError, SpecError, VerificationError
from labelshare.protocol import abi, assignment, evidence, rewards, typed_data
from labelshare.protocol.commitments import Opening, SignedCommit, check_opening, standing
from labelshare.protocol.compare import Groups, ascending, differ, same, same_fields, signed_by
from labelshare.protocol.counting import Count, expect_labels
from labelshare.protocol.evidence import (
    CommitRow,
    GoldRow,
    Header,
    OpeningRow,
    PayoutRow,
    RoundRow,
    ScoreRow,
    SeatRow,
    SpecRow,
    SummaryRow,
    TruthRow,
)
from labelshare.protocol.judging import Verdict, judge
from labelshare.protocol.leaves import payout_leaves, truth_leaves
from labelshare.protocol.merkle import root_of
from labelshare.protocol.record import Record
from labelshare.protocol.reveals import Name, lowest_ranks, named_commits, posted_openings
from labelshare.protocol.rounds import aggregate, facts, roster_root
from labelshare.protocol.slashing import Audit
from labelshare.protocol.spec import Rendezvous, Spec
from labelshare.types import Address, Commit, Hash32, Settlement

__all__ = ["Report", "verify"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found.

    Attributes:
        ok: Whether the posted settlement is the one recomputed.
        difference: The first difference, empty if there is none.
        annotators: Seats on the roster.
        labels: Labels that count.
        labelled: Items with such a label.
        accepted: Items accepted.
        payout_total, share_total: Recomputed sums in base units.
        audit: What the circuit breaker goes by; None where a difference was found before it was reached.
    """

    ok: bool
    difference: str = ""
    annotators: int = 0
    labels: int = 0
    labelled: int = 0
    accepted: int = 0
    payout_total: int = 0
    share_total: int = 0
    audit: Audit | None = None


def verify(record: Record, bundle: bytes | Iterable[bytes]) -> Report:
    """Judge the posted settlement of a campaign.

    Args:
        record: What the chain says, a posted settlement included.
        bundle: The bundle's bytes, at once or in pieces of any size.

    Returns:
        A report; it never raises for what the bundle holds.

    Raises:
        VerificationError: If nothing is posted, so that there is nothing to judge.
    """
    if record.posted is None:
        raise VerificationError("no settlement is posted for this campaign")
    source = _Hashed([bundle] if isinstance(bundle, bytes) else bundle)
    kind = _PublicCheck if record.posted.public else _Check
    check = kind(record, record.posted.settlement, record.posted.fee)
    difference = ""
    try:
        check.run(source)
    except LabelshareError as error:
        difference = str(error)
    if source.finish() != record.posted.settlement.bundle_hash:
        found = f"the bundle has hash {source.finish()}, posted {record.posted.settlement.bundle_hash}"
        difference = f"{found}; first difference: {difference}" if difference else found
    return check.report(difference)


class _Hashed:
    """Pieces of bytes that are hashed as they pass."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._state = iter(chunks), sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._state.update(chunk)
            yield chunk

    def finish(self) -> Hash32:
        """The hash of all bytes, those nobody has read included."""
        for _ in self:
            pass
        return Hash32(self._state.digest())


@dataclass
class _Check:
    """One pass over a bundle: each step takes the rows of its kind and checks them against what is known."""

    record: Record
    posted: Settlement
    fee: int | None
    roster: set[Address] = field(default_factory=set)
    aggregated: list[SignedCommit] = field(default_factory=list)
    listed: dict[Name, tuple[int, ...]] = field(default_factory=dict)
    included: dict[Name, Commit] = field(default_factory=dict)
    committed: Counter[Address] = field(default_factory=Counter)
    labels: int = 0
    labelled: int = 0
    accepted: int = 0
    payout_total: int = 0
    share_total: int = 0
    audit: Audit | None = None

    def run(self, chunks: Iterable[bytes]) -> None:
        """Check every row, in the order in which they stand."""
        groups = Groups(chunks)
        self._check_header(groups.one(Header))
        spec = self._check_spec(groups.one(SpecRow))
        self._check_seats(groups)
        self._check_rounds(groups)
        self._check_commits(groups)
        count = self._check_openings(spec, groups.take(OpeningRow))
        verdict = judge(spec, self.record, count, self.committed)
        self._check_verdict(verdict, groups)
        self._check_summary(groups.one(SummaryRow), self._settlement(verdict, root_of(count.leaves)))
        groups.end()

    def report(self, difference: str) -> Report:
        """What was found so far."""
        counts = (len(self.roster), self.labels, self.labelled, self.accepted)
        return Report(not difference, difference, *counts, *self._totals, self.audit)

    @property
    def _totals(self) -> tuple[int, int]:
        return self.payout_total, self.share_total

    def _check_header(self, header: Header) -> None:
        record = self.record
        same("version", header.version, evidence.BUNDLE_VERSION)
        same("chain id", header.chain_id, record.chain_id)
        same("registry", header.registry, record.registry)
        same("campaign", header.campaign_id, record.campaign_id)
        same_fields("the campaign", header.params, record.params)
        same_fields("the pool", header.pool, record.pool)
        chain = (record.chain_id, record.registry)
        same("hash of the campaign's parameters", abi.campaign_id(*chain, header.params), record.campaign_id)
        same("hash of the pool's parameters", abi.pool_id(*chain, header.pool), record.params.pool)

    def _check_spec(self, row: SpecRow) -> Spec:
        same("spec hash", Hash32(sha256(row.data).digest()), self.record.params.spec_hash)
        try:
            return Spec.parse(row.data)
        except SpecError as error:
            raise VerificationError(f"the campaign's spec is not valid: {error}") from None

    def _check_seats(self, groups: Groups) -> None:
        scope, signed, listed = self.record.scope, [], set()
        digest = typed_data.digest(scope, typed_data.enrol_hash(scope.campaign_id))
        for row in ascending(groups.take(SeatRow), lambda row: row.annotator):
            if row.signature:
                signed.append(row.annotator)
                signed_by(row.annotator, digest, row.signature, "enrolment")
            elif row.annotator not in self.record.enrolled_alone:
                differ(f"seat of {row.annotator} has no signature, and it did not enrol alone")
            listed.add(row.annotator)
        for annotator in self.record.enrolled_alone:
            if annotator not in listed:
                differ(f"{annotator} enrolled alone and has no seat")
        self.roster.update(self.record.roster(signed))
        same("number of signed seats", len(signed), self.record.roster_count)
        same("roster root", roster_root(scope, signed), self.record.roster_root)

    def _check_rounds(self, groups: Groups) -> None:
        expected = [RoundRow(r.round, r.root, r.item_lists_hash) for r in self.record.rounds]
        groups.match(RoundRow, sorted(expected, key=lambda row: row.round), lambda row: f"round {row.round}")

    def _check_commits(self, groups: Groups) -> None:
        sent = {
            (own.annotator, own.commit) for own in self.record.own_commits if own.annotator in self.roster
        }
        for row in ascending(groups.take(CommitRow), self._order):
            self.included[row.annotator, self._name(row.commit)] = row.commit
            if row.annotator not in self.roster:
                differ(f"commit of {row.annotator}, who has no seat")
            if row.signature:
                digest = typed_data.digest(self.record.scope, self._name(row.commit))
                signed_by(row.annotator, digest, row.signature, f"batch {row.batch}")
                self.aggregated.append(SignedCommit(row.annotator, row.commit, row.signature, row.items))
                if (row.annotator, row.commit) not in sent:
                    self.listed[row.annotator, self._name(row.commit)] = row.items
            elif row.items or (row.annotator, row.commit) not in sent:
                differ(f"batch {row.batch} of {row.annotator} is unsigned, and was not committed alone so")
        self._check_aggregates()
        for annotator, commit in sorted(sent, key=lambda own: (own[0], own[1].batch)):
            if (annotator, self._name(commit)) not in self.included:
                differ(f"batch {commit.batch} that {annotator} committed alone is missing")

    def _check_aggregates(self) -> None:
        posted = {each.round: each for each in self.record.rounds}
        for number, group in groupby(self.aggregated, lambda signed: signed.commit.round):
            if number not in posted:
                differ(f"commits of round {number}, for which no aggregate is posted")
            made, stored = aggregate(self.record.scope, number, group), posted.pop(number)
            same(f"aggregate root of round {number}", made.root, stored.root)
            same(f"item lists hash of round {number}", made.item_lists_hash, stored.item_lists_hash)
        for number in posted:
            differ(f"round {number} has an aggregate and no commits")

    def _check_openings(self, spec: Spec, rows: Iterable[OpeningRow]) -> Count:
        limit = spec.label_limit(self.record.pool.campaign_slice, self.record.params.stake_per_label)
        stands = self._standing(limit)
        for (annotator, _), commit in stands.items():
            self.committed[annotator] += commit.count
        expect_labels(self.committed.total())
        on_chain = posted_openings(self.record, spec.task.form)
        posted = {name: on_chain[name] for name in stands if name in on_chain}
        assigned = self._assigned(spec, limit, posted.values())
        count = Count(self.record.scope, spec.task.form, len(spec.items), assigned)
        places = {name: place for place, name in enumerate(self.included)}
        opened = set()
        for row in ascending(rows, lambda row: places.get((row.annotator, row.commit_hash), -1)):
            name = row.annotator, row.commit_hash
            self._require_open(name, stands, posted)
            self._count(count, stands[name], row)
            opened.add(name)
        self._require_all(name for name in posted if name not in opened)
        self.labels = len(count.leaves)
        return count

    def _require_all(self, missing: Iterable[Name]) -> None:
        for name in missing:
            what = f"the opening of batch {self.included[name].batch} of {name[0]}"
            differ(f"left out {what}, which is posted on chain")

    def _standing(self, limit: int) -> dict[Name, Commit]:
        """Included commitments that stand, in their order."""
        stands = standing(((annotator, commit) for (annotator, _), commit in self.included.items()), limit)
        return {name: commit for name, commit in self.included.items() if commit in stands[name[0]]}

    def _require_open(self, name: Name, stands: Mapping[Name, Commit], _posted: Collection[Name]) -> None:
        """Require that an opening of that commitment may be in the bundle."""
        if name not in self.included:
            differ(f"opening of {name[1]} by {name[0]}, which is not included")
        if name not in stands:
            differ(f"opening of batch {self.included[name].batch} of {name[0]}, which is void")

    def _count(self, count: Count, commit: Commit, row: OpeningRow) -> None:
        opening = Opening(row.annotator, row.commit_hash, row.secret, row.items, row.labels)
        try:
            check_opening(self.record.scope, commit, opening)
            count.add(commit, opening, self.listed.get((row.annotator, row.commit_hash)))
        except LabelshareError as error:
            differ(f"batch {commit.batch} of {row.annotator}: {error}")

    def _assigned(self, spec: Spec, limit: int, _posted: Iterable[Opening]) -> assignment.Assigned:
        if not isinstance(spec.assignment, Rendezvous):
            return lambda *_: True
        record = self.record
        plan = assignment.Plan(
            record.seed, tuple(sorted(self.roster)), len(spec.items), spec.redundancy.k, limit
        )
        own = [(each.annotator, each.commit) for each in record.own_commits]
        return assignment.checker(plan, facts(record.params.schedule.rounds, self.aggregated, own))

    def _check_verdict(self, verdict: Verdict, groups: Groups) -> None:
        """Every row that the rules give, in the bundle's order."""
        self.labelled, self.audit = len(verdict.truths), verdict.audit
        self.accepted = sum(row.accepted for row in verdict.truths)
        groups.match(GoldRow, verdict.gold, lambda row: f"gold item {row.item}")
        groups.match(TruthRow, verdict.truths, lambda row: f"item {row.item}")
        groups.match(ScoreRow, verdict.scores, lambda row: str(row.annotator))
        if verdict.payouts:
            self.payout_total = verdict.payouts[-1].cum_payout
            self.share_total = verdict.payouts[-1].cum_shares
        expected = map(PayoutRow.of, verdict.payouts)
        groups.match(PayoutRow, expected, lambda row: str(row.account))

    def _settlement(self, verdict: Verdict, label_root: Hash32) -> Settlement:
        scope, leaves = self.record.scope, len(verdict.payouts)
        payout_root = root_of(payout_leaves(scope, verdict.payouts))
        truth_root = root_of(truth_leaves(scope, [row.leaf for row in verdict.truths]))
        roots = (payout_root, label_root, verdict.model_root, truth_root)
        return Settlement(*roots, *self._totals, leaves, self.posted.bundle_hash)

    def _check_summary(self, row: SummaryRow, recomputed: Settlement) -> None:
        same_fields("summary", row.settlement(recomputed.bundle_hash), recomputed)
        same_fields("posted settlement", self.posted, recomputed)
        if self.fee is not None:
            same("fee", self.fee, rewards.fee(recomputed.payout_total, self.record.params.fee_bps))

    def _order(self, row: CommitRow) -> tuple[int, Address, int, Hash32]:
        return row.round, row.annotator, row.batch, self._name(row.commit)

    def _name(self, commit: Commit) -> Hash32:
        return typed_data.commit_hash(self.record.campaign_id, commit)


class _PublicCheck(_Check):
    """The same for a public settlement: its seats, commitments and openings are those the chain names."""

    def _check_seats(self, groups: Groups) -> None:
        self.roster.update(annotator for annotator, _ in named_commits(self.record))
        expected = [SeatRow(annotator, b"") for annotator in sorted(self.roster)]
        groups.match(SeatRow, expected, lambda row: str(row.annotator))

    def _check_commits(self, groups: Groups) -> None:
        expected = []
        for annotator, commit in named_commits(self.record):
            self.included[annotator, self._name(commit)] = commit
            fields = (commit.round, commit.batch, commit.root, commit.count, commit.cumulative_count)
            expected.append(CommitRow(annotator, *fields, b"", ()))
        groups.match(CommitRow, expected, lambda row: f"batch {row.batch} of {row.annotator}")

    def _require_open(self, name: Name, stands: Mapping[Name, Commit], posted: Collection[Name]) -> None:
        super()._require_open(name, stands, posted)
        if name not in posted:
            differ(f"opening of batch {stands[name].batch} of {name[0]}, which is not posted on chain")

    def _assigned(self, spec: Spec, limit: int, posted: Iterable[Opening]) -> assignment.Assigned:
        if not isinstance(spec.assignment, Rendezvous):
            return super()._assigned(spec, limit, posted)
        return lowest_ranks(self.record.seed, spec.redundancy.k, posted)
