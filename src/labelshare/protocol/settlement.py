"""Build a settlement: from the campaign's record and evidence to roots, totals, leaves and the bundle.

The proposer's side: `build` for the oracle, `build_public` for whoever proposes in its place. `verify`
recomputes the same from chain and bundle with code of its own; the two share the rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

from labelshare.errors import CommitmentError, EvidenceError, ProtocolError, ReplayError
from labelshare.protocol import abi, assignment, evidence
from labelshare.protocol.commitments import (
    Enrolment,
    Opening,
    SignedCommit,
    check_opening,
    standing,
)
from labelshare.protocol.counting import Count, expect_labels
from labelshare.protocol.judging import Verdict, judge
from labelshare.protocol.leaves import Payout, payout_leaves, truth_leaves
from labelshare.protocol.merkle import Leaves, MerkleTree, root_of
from labelshare.protocol.record import Record
from labelshare.protocol.reveals import lowest_ranks, named_commits, posted_openings
from labelshare.protocol.rounds import aggregate, facts, order_of, roster_root
from labelshare.protocol.spec import Given, Spec
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Address, Commit, Hash32, Scope, Settlement

__all__ = ["Built", "build", "build_public", "reread"]


@dataclass(frozen=True, slots=True)
class Built:
    """A settlement ready to propose.

    Attributes:
        scope: The campaign.
        settlement: What to post.
        payouts: Payout leaves in index order.
        rows: The bundle, row by row.
        bundle: Its bytes.
    """

    scope: Scope
    settlement: Settlement
    payouts: tuple[Payout, ...]
    rows: tuple[evidence.Row, ...]
    bundle: bytes

    def lines(self) -> Iterator[bytes]:
        """The bundle's bytes, line by line."""
        return iter(self.bundle.splitlines(keepends=True))

    def payout_tree(self) -> MerkleTree:
        """The tree that claims are proven in; leaf i is `payouts[i]`. `InputError` if nobody is paid."""
        return MerkleTree(payout_leaves(self.scope, self.payouts))


class _Opened(NamedTuple):
    commit: Commit
    opening: Opening
    listed: Collection[int] | None


class _Evidence(NamedTuple):
    """What a settlement is made from, each in its order in the bundle."""

    seats: Sequence[evidence.SeatRow]
    signed: Sequence[SignedCommit]
    opened: Sequence[_Opened]
    committed: Mapping[Address, int]


def build(
    spec: Spec,
    record: Record,
    enrolments: Iterable[Enrolment],
    commits: Iterable[SignedCommit],
    openings: Iterable[Opening],
) -> Built:
    """Settle a campaign as its oracle.

    Args:
        spec: The campaign's spec.
        record: What the chain says. The openings posted there are in the settlement, received or not.
        enrolments: Seats of the posted roster with their signatures; who enrolled alone may be among them.
        commits: Every commitment of the oracle's aggregates, with signature and items.
        openings: Those received. A batch without one is unpaid; one of a void batch is left out.

    Raises:
        ProtocolError: If the evidence does not fit the record (another spec, roster or round root), or holds
            an opening that does not fit its commitment.
        LabelError: If an opening holds a label that is not canonical.
    """
    _require_terms(spec, record)
    seats = _seats(record, enrolments)
    roster = record.roster(seat.annotator for seat in seats if seat.signature)
    signed = _included(record, roster, commits)
    stands = _standing(spec, record, signed)
    opened = _opened(spec, record, signed, stands, openings)
    found = _Evidence(seats, signed, opened, _committed(stands))
    return _settle(spec, record, found, _assigned(spec, record, roster, signed))


def build_public(spec: Spec, record: Record) -> Built:
    """Settle a campaign in its oracle's place: from what is on chain and nothing else.

    Args:
        spec: The campaign's spec.
        record: What the chain says.

    Raises:
        ProtocolError: If the spec is not the campaign's.
    """
    _require_terms(spec, record)
    signed = [SignedCommit(annotator, commit, b"", ()) for annotator, commit in named_commits(record)]
    seats = [evidence.SeatRow(annotator, b"") for annotator in sorted({each.annotator for each in signed})]
    stands = _standing(spec, record, signed)
    opened = _opened(spec, record, signed, stands, ())
    found = _Evidence(seats, signed, opened, _committed(stands))
    return _settle(spec, record, found, _assigned_openly(spec, record, opened))


def reread(bundle: bytes) -> Built:
    """The settlement that a bundle holds, taken at its word: for whoever built and kept it.

    Raises:
        EvidenceError: Not a well-formed bundle, or one without an end.
    """
    rows = tuple(evidence.read([bundle]))
    match rows:
        case [evidence.Header() as header, *_, evidence.SummaryRow() as summary]:
            scope = Scope(header.chain_id, header.registry, header.campaign_id)
            payouts = tuple(row.leaf for row in rows if isinstance(row, evidence.PayoutRow))
            return Built(scope, summary.settlement(evidence.bundle_hash([bundle])), payouts, rows, bundle)
        case _:
            raise EvidenceError("the bundle is cut off")


def _settle(spec: Spec, record: Record, found: _Evidence, assigned: assignment.Assigned) -> Built:
    count = _count(spec, record, assigned, found.opened)
    verdict = judge(spec, record, count, found.committed)
    summary = _summary(record.scope, count.leaves, verdict)
    rows: tuple[evidence.Row, ...] = (
        evidence.header_of(record),
        evidence.SpecRow(spec.canonical_bytes),
        *found.seats,
        *_rounds(record),
        *map(_commit_row, found.signed),
        *(_opening_row(each.opening) for each in found.opened),
        *verdict.gold,
        *verdict.truths,
        *verdict.scores,
        *map(evidence.PayoutRow.of, verdict.payouts),
        summary,
    )
    written = BytesIO()  # no list of all lines beside the bundle, as a join would make
    written.writelines(map(evidence.write_row, rows))
    bundle = written.getvalue()
    settlement = summary.settlement(evidence.bundle_hash([bundle]))
    return Built(record.scope, settlement, tuple(verdict.payouts), rows, bundle)


def _require_terms(spec: Spec, record: Record) -> None:
    scope = record.scope
    if spec.hash != record.params.spec_hash:
        raise ProtocolError(f"the campaign's spec is {record.params.spec_hash}, this one is {spec.hash}")
    if abi.campaign_id(scope.chain_id, scope.registry, record.params) != scope.campaign_id:
        raise ProtocolError(f"the parameters are not those of campaign {scope.campaign_id}")
    if abi.pool_id(scope.chain_id, scope.registry, record.pool) != record.params.pool:
        raise ProtocolError(f"the parameters are not those of pool {record.params.pool}")


def _seats(record: Record, enrolments: Iterable[Enrolment]) -> list[evidence.SeatRow]:
    signatures: dict[Address, bytes] = dict.fromkeys(record.enrolled_alone, b"")
    by_signature = set()
    for enrolment in enrolments:
        if not enrolment.signature:
            continue
        if enrolment.annotator in by_signature:
            raise ReplayError(f"{enrolment.annotator} is on the roster twice")
        by_signature.add(enrolment.annotator)
        signatures[enrolment.annotator] = enrolment.signature
    root = roster_root(record.scope, by_signature)
    if (root, len(by_signature)) != (record.roster_root, record.roster_count):
        raise ProtocolError(f"enrolments give roster {root}, posted {record.roster_root}")
    return [evidence.SeatRow(annotator, signatures[annotator]) for annotator in sorted(signatures)]


def _included(
    record: Record, roster: AbstractSet[Address], commits: Iterable[SignedCommit]
) -> list[SignedCommit]:
    """All commitments in canonical order; those sent alone have no signature and no items."""
    by_round: defaultdict[int, list[SignedCommit]] = defaultdict(list)
    for signed in commits:
        if signed.annotator not in roster or not signed.signature:
            raise CommitmentError(
                f"a commitment by {signed.annotator} is unsigned, or its seat not on the roster"
            )
        by_round[signed.commit.round].append(signed)
    posted = {each.round: (each.root, each.item_lists_hash) for each in record.rounds}
    for number in posted.keys() | by_round.keys():
        _require_round(record.scope, number, by_round[number], posted.get(number))
    known = {(signed.annotator, signed.commit) for group in by_round.values() for signed in group}
    for own in record.own_commits:
        if own.annotator in roster and (own.annotator, own.commit) not in known:
            by_round[own.commit.round].append(SignedCommit(own.annotator, own.commit, b"", ()))
    ordered = []
    for number in sorted(by_round):
        ordered += sorted(by_round[number], key=lambda signed: order_of(record.scope, signed))
    return ordered


def _require_round(
    scope: Scope, number: int, commits: Sequence[SignedCommit], posted: tuple[Hash32, Hash32] | None
) -> None:
    made = aggregate(scope, number, commits) if commits else None
    if posted != (made and (made.root, made.item_lists_hash)):
        raise ProtocolError(f"the commitments of round {number} do not make the aggregate posted for it")


def _standing(spec: Spec, record: Record, signed: Iterable[SignedCommit]) -> dict[Address, list[Commit]]:
    limit = spec.label_limit(record.pool.campaign_slice, record.params.stake_per_label)
    return standing(((each.annotator, each.commit) for each in signed), limit)


def _committed(stands: Mapping[Address, Sequence[Commit]]) -> dict[Address, int]:
    """Labels in standing commitments, of everyone who has any."""
    return {annotator: commits[-1].cumulative_count for annotator, commits in stands.items() if commits}


def _opened(
    spec: Spec,
    record: Record,
    signed: Sequence[SignedCommit],
    stands: Mapping[Address, Sequence[Commit]],
    openings: Iterable[Opening],
) -> list[_Opened]:
    """Openings of standing batches, checked, in the order of their commitments; posted ones among them."""
    received: dict[tuple[Address, Hash32], Opening] = {}
    for opening in openings:
        if received.setdefault((opening.annotator, opening.commit_hash), opening) is not opening:
            raise ReplayError(f"opening of {opening.commit_hash} by {opening.annotator} is given twice")
    posted = posted_openings(record, spec.task.form)
    expect_labels(sum(each.commit.count for each in signed))
    sent = {(own.annotator, own.commit) for own in record.own_commits}
    opened = []
    for each in signed:
        name = each.annotator, commit_hash(record.campaign_id, each.commit)
        opening_or_none = received.pop(name, posted.get(name))
        if opening_or_none and each.commit in stands[each.annotator]:
            check_opening(record.scope, each.commit, opening_or_none)
            alone = not each.signature or (each.annotator, each.commit) in sent
            opened.append(_Opened(each.commit, opening_or_none, None if alone else each.items))
    if received:
        annotator, missing = next(iter(received))
        raise CommitmentError(f"opening of {missing} by {annotator}: no such commitment is included")
    return opened


def _count(spec: Spec, record: Record, assigned: assignment.Assigned, opened: Iterable[_Opened]) -> Count:
    count = Count(record.scope, spec.task.form, len(spec.items), assigned)
    for each in opened:
        count.add(*each)
    return count


def _assigned(
    spec: Spec, record: Record, roster: AbstractSet[Address], signed: Sequence[SignedCommit]
) -> assignment.Assigned:
    if isinstance(spec.assignment, Given):
        return _anyone
    limit = spec.label_limit(record.pool.campaign_slice, record.params.stake_per_label)
    plan = assignment.Plan(record.seed, tuple(sorted(roster)), len(spec.items), spec.redundancy.k, limit)
    own = ((each.annotator, each.commit) for each in record.own_commits)
    aggregated = (each for each in signed if each.signature)
    return assignment.checker(plan, facts(record.params.schedule.rounds, aggregated, own))


def _assigned_openly(spec: Spec, record: Record, opened: Iterable[_Opened]) -> assignment.Assigned:
    if isinstance(spec.assignment, Given):
        return _anyone
    return lowest_ranks(record.seed, spec.redundancy.k, (each.opening for each in opened))


def _anyone(_annotator: Address, _round: int, _item: int) -> bool:
    """The assignment of `given.v1`."""
    return True


def _summary(scope: Scope, label_leaves: Leaves, verdict: Verdict) -> evidence.SummaryRow:
    last = verdict.payouts[-1] if verdict.payouts else None
    return evidence.SummaryRow(
        payout_root=root_of(payout_leaves(scope, verdict.payouts)),
        label_root=root_of(label_leaves),
        model_root=verdict.model_root,
        truth_root=root_of(truth_leaves(scope, [row.leaf for row in verdict.truths])),
        payout_total=last.cum_payout if last else 0,
        share_total=last.cum_shares if last else 0,
        leaves=len(verdict.payouts),
    )


def _rounds(record: Record) -> list[evidence.RoundRow]:
    ordered = sorted(record.rounds, key=lambda each: each.round)
    return [evidence.RoundRow(each.round, each.root, each.item_lists_hash) for each in ordered]


def _commit_row(signed: SignedCommit) -> evidence.CommitRow:
    commit = signed.commit
    head = (commit.round, commit.batch, commit.root, commit.count, commit.cumulative_count)
    return evidence.CommitRow(signed.annotator, *head, signed.signature, signed.items)


def _opening_row(opening: Opening) -> evidence.OpeningRow:
    return evidence.OpeningRow(
        opening.annotator, opening.commit_hash, opening.secret, opening.items, opening.labels
    )
