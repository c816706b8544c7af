"""A cheating oracle: alters one value of a bundle, then makes everything that follows from it fit again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from labelshare.errors import LabelshareError
from labelshare.protocol.commitments import Opening, SignedCommit, commit_root
from labelshare.protocol.counting import Count
from labelshare.protocol.evidence import (
    CommitRow,
    GoldRow,
    OpeningRow,
    PayoutRow,
    RoundRow,
    Row,
    ScoreRow,
    SeatRow,
    SummaryRow,
    TruthRow,
    bundle_hash,
    write_row,
)
from labelshare.protocol.judging import judge
from labelshare.protocol.leaves import payout_leaf, truth_leaf
from labelshare.protocol.merkle import root_of
from labelshare.protocol.record import Record, RoundRoot
from labelshare.protocol.rewards import fee
from labelshare.protocol.rounds import aggregate, roster_root
from labelshare.protocol.spec import Spec
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Address, Hash32

R = TypeVar("R")
Cheat = tuple[Record, list[bytes]]


def rows_of(rows: Iterable[Row], kind: type[R]) -> list[R]:
    return [row for row in rows if isinstance(row, kind)]


def summed(
    rows: Sequence[Row],
    record: Record,
    label_root: Hash32 | None = None,
    model_root: Hash32 | None = None,
) -> Cheat:
    """Index, sums, roots, totals, summary and the settlement on chain are made to fit the rows."""
    payouts: list[PayoutRow] = []
    paid = minted = 0
    for row in rows_of(rows, PayoutRow):
        paid, minted = paid + row.payout, minted + row.shares
        payouts.append(replace(row, index=len(payouts), cum_payout=paid, cum_shares=minted))
    (old,) = rows_of(rows, SummaryRow)
    summary = replace(
        old,
        payout_root=root_of([payout_leaf(record.scope, row.leaf) for row in payouts]),
        truth_root=root_of([truth_leaf(record.scope, row.leaf) for row in rows_of(rows, TruthRow)]),
        label_root=old.label_root if label_root is None else label_root,
        model_root=old.model_root if model_root is None else model_root,
        payout_total=paid,
        share_total=minted,
        leaves=len(payouts),
    )
    other = [row for row in rows if not isinstance(row, PayoutRow | SummaryRow)]
    return posted([*other, *payouts, summary], record)


def posted(rows: Sequence[Row], record: Record) -> Cheat:
    """The settlement on chain is the one that the rows' summary states."""
    lines = [write_row(row) for row in rows]
    (summary,) = rows_of(rows, SummaryRow)
    settlement = summary.settlement(bundle_hash(lines))
    assert record.posted is not None
    reward = fee(settlement.payout_total, record.params.fee_bps)
    return replace(record, posted=replace(record.posted, settlement=settlement, fee=reward)), lines


def judged_anew(rows: Sequence[Row], record: Record, spec: Spec) -> Cheat | None:
    """Seals, verdicts, scores and pay are worked out again from the altered evidence; None where that fails.

    Nothing is checked on the way; what the annotators signed is out of reach.
    """
    evidence = resealed(rows, record)
    count = Count(record.scope, spec.task.form, len(spec.items), lambda *_: True)
    committed: Counter[Address] = Counter()
    commits = {
        (row.annotator, commit_hash(record.campaign_id, row.commit)): row
        for row in rows_of(evidence, CommitRow)
    }
    try:
        for commit in commits.values():
            committed[commit.annotator] += commit.count
        for row in rows_of(evidence, OpeningRow):
            commit = commits[row.annotator, row.commit_hash]
            count.add(commit.commit, opening_of(row), commit.items if commit.signature else None)
        verdict = judge(spec, record, count, committed)
    except (LabelshareError, KeyError, ValueError, IndexError, OverflowError):
        return None
    derived = GoldRow | TruthRow | ScoreRow | PayoutRow | SummaryRow
    base = [row for row in evidence if not isinstance(row, derived)]
    made: list[Row] = [*verdict.gold, *verdict.truths, *verdict.scores, *map(PayoutRow.of, verdict.payouts)]
    summary = rows_of(rows, SummaryRow)
    return summed([*base, *made, *summary], record, root_of(count.leaves), verdict.model_root)


def resealed(rows: Sequence[Row], record: Record) -> list[Row]:
    """Commitments get the root and count of their opening, openings the name of their commitment."""
    commits = {
        (row.annotator, commit_hash(record.campaign_id, row.commit)): place
        for place, row in enumerate(rows)
        if isinstance(row, CommitRow)
    }
    result = list(rows)
    for place, row in enumerate(rows):
        where = commits.get((row.annotator, row.commit_hash)) if isinstance(row, OpeningRow) else None
        if where is None or not isinstance(row, OpeningRow):
            continue
        commit = rows[where]
        assert isinstance(commit, CommitRow)
        try:
            root = commit_root(record.scope, row.annotator, commit.batch, row.secret, row.items, row.labels)
        except (LabelshareError, ValueError, IndexError, OverflowError):
            continue
        made = replace(commit, root=root)
        result[where] = made
        result[place] = replace(row, commit_hash=commit_hash(record.campaign_id, made.commit))
    return result


def reposted(rows: Sequence[Row], record: Record) -> tuple[Record, list[Row]]:
    """What the oracle itself sends to the chain, roster and aggregates, fits the rows too, from the start."""
    signed = [row.annotator for row in rows_of(rows, SeatRow) if row.signature]
    record = replace(record, roster_root=roster_root(record.scope, signed), roster_count=len(signed))
    rounds = []
    for number in sorted({row.round for row in rows_of(rows, CommitRow) if row.signature}):
        group = [
            SignedCommit(row.annotator, row.commit, row.signature, row.items)
            for row in rows_of(rows, CommitRow)
            if row.signature and row.round == number
        ]
        made = aggregate(record.scope, number, group)
        rounds.append(RoundRoot(number, made.root, made.item_lists_hash))
    published = [RoundRow(each.round, each.root, each.item_lists_hash) for each in rounds]
    result: list[Row] = []
    for row in rows:
        if isinstance(row, CommitRow) and published:
            result += published
            published = []
        if not isinstance(row, RoundRow):
            result.append(row)
    return replace(record, rounds=tuple(rounds)), result


def opening_of(row: OpeningRow) -> Opening:
    return Opening(row.annotator, row.commit_hash, row.secret, row.items, row.labels)


__all__ = ["Any", "judged_anew", "posted", "reposted", "summed"]
