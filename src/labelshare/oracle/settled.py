"""What a settlement means for one annotator: earnings, and why a label was not paid in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple, Protocol

from labelshare.chain.contracts import Parts, Registry
from labelshare.chain.state import CampaignState, Status
from labelshare.protocol.classes import Standing, standing_of
from labelshare.protocol.evidence import CommitRow, GoldRow, OpeningRow, PayoutRow, ScoreRow, TruthRow
from labelshare.protocol.proofs import Counted
from labelshare.protocol.record import Record
from labelshare.protocol.spec import Spec
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Address, Hash32, Schedule

__all__ = ["Earnings", "Findings", "Gold", "Reason", "Why", "earnings_of", "expected_at", "reasons_for"]


class Findings(Protocol):
    """What a settlement found, as `Verdicts` has it; the commits and openings of one account are enough."""

    @property
    def record(self) -> Record:
        """What the chain says of the campaign."""

    @property
    def spec(self) -> Spec:
        """Its rules."""

    @property
    def commits(self) -> Sequence[CommitRow]:
        """Commitments, in the bundle's order."""

    @property
    def openings(self) -> Sequence[OpeningRow]:
        """What opens them."""

    @property
    def truths(self) -> Mapping[int, TruthRow]:
        """Verdicts by item."""

    @property
    def gold(self) -> Mapping[int, GoldRow]:
        """Gold by item."""

    @property
    def scores(self) -> Mapping[Address, ScoreRow]:
        """What the work of each came to."""

    @property
    def payouts(self) -> Mapping[Address, PayoutRow]:
        """The payout leaf of each."""

    def answers(self, account: Address) -> Mapping[int, Counted]:
        """An account's labels that count, by item."""

    def votes(self, item: int, *, without: Address) -> Counter[bytes]:
        """How many others gave each label of an item that counts."""


class Why(StrEnum):
    """Why a label earned less than an accepted one."""

    DIFFERS = "differs"
    """Its item has an accepted winner, and that is another label; of regions, one that is not alike."""
    CONTESTED = "contested"
    """Its item has no accepted winner: half pay and half shares, whatever the label."""
    NOT_COUNTED = "not-counted"
    """It was opened and does not count: not assigned, not listed, or given twice."""
    UNOPENED = "unopened"
    """Its batch was never opened, or does not stand."""


class Gold(StrEnum):
    """What the requester's own answer says of a label."""

    NONE = "none"
    RIGHT = "right"
    WRONG = "wrong"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one label was not paid in full, with the evidence.

    Attributes:
        item, batch: Which label.
        why: The rule that applies.
        label: What was answered; empty where the batch was not opened.
        truth: The item's verdict; None where nobody's label of it counts.
        gold: Whether it is a gold item, and what that says.
        votes: How many others gave each label; of regions, labels that are alike count for their centre.
    """

    item: int
    batch: int
    why: Why
    label: bytes
    truth: TruthRow | None
    gold: Gold
    votes: dict[bytes, int]


@dataclass(frozen=True, slots=True)
class Earnings:
    """What one campaign earns an account. Amounts in base units; each sum is in one of the three states.

    Attributes:
        status: Where the campaign is.
        labels: Labels committed.
        at_most: What they would earn if each were accepted at the full price; the pay is not known before a
            settlement is proposed.
        pending: Of a settlement that is proposed and not final.
        claimable: Of the final one, not handed out yet.
        paid: Handed out.
        shares_pending, shares_claimable, shares_paid: Likewise.
        slash: What the settlement takes of the stake.
        expected_at: When what is pending can be claimed at the earliest, Unix seconds; None where nothing is.
        score: What the work came to; None before a settlement.
        leaf: The payout leaf; None before a settlement, or where there is none.
    """

    status: Status
    labels: int
    at_most: int
    pending: int = 0
    claimable: int = 0
    paid: int = 0
    shares_pending: int = 0
    shares_claimable: int = 0
    shares_paid: int = 0
    slash: int = 0
    expected_at: int | None = None
    score: ScoreRow | None = None
    leaf: PayoutRow | None = None


def expected_at(state: CampaignState, schedule: Schedule) -> int | None:
    """When a campaign can be final at the earliest; None where it is, or will not be."""
    match state.status:
        case Status.CREATED | Status.OPEN:
            return max(schedule.reveal_end, state.since) + schedule.window
        case Status.PROPOSED:
            return state.since + schedule.window
        case Status.DISPUTED:
            return state.since + schedule.ruling_period + schedule.window
        case _:
            return None


def earnings_of(
    registry: Registry,
    state: CampaignState,
    verdicts: Findings,
    account: Address,
    *,
    labels: int,
    at_most: int,
) -> Earnings:
    """What a settlement, proposed or final, earns an account."""
    leaf, score = verdicts.payouts.get(account), verdicts.scores.get(account)
    when = expected_at(state, verdicts.record.params.schedule)
    if leaf is None:
        return Earnings(state.status, labels, at_most, expected_at=when, score=score)
    payout, shares, slash = leaf.payout, leaf.shares, leaf.slash
    if state.status is not Status.FINAL:
        return Earnings(
            state.status,
            labels,
            at_most,
            pending=payout,
            shares_pending=shares,
            slash=slash,
            expected_at=when,
            score=score,
            leaf=leaf,
        )
    done = registry.claimed_parts(verdicts.record.campaign_id, leaf.index)
    paid, released = Parts.PAYOUT in done, Parts.SHARES in done
    return Earnings(
        state.status,
        labels,
        at_most,
        claimable=0 if paid else payout,
        paid=payout if paid else 0,
        shares_claimable=0 if released else shares,
        shares_paid=shares if released else 0,
        slash=slash,
        score=score,
        leaf=leaf,
    )


def reasons_for(
    verdicts: Findings, account: Address, after: tuple[Any, ...] | None = None, most: int | None = None
) -> list[Reason]:
    """The labels of an annotator that were not accepted, by batch and item.

    Args:
        verdicts: What was found.
        account: Whose labels.
        after: The batch and item behind which to begin; None for the first.
        most: So many at most: no label is looked at beyond those; None for all.
    """
    own = _Labels(verdicts, account, verdicts.answers(account))
    left = sorted(each for each in _handed_in(own) if after is None or each[:2] > after)
    return list(islice(_refused(own, left), most))


class _Votes(NamedTuple):
    """What others gave, and what each label of the item stands for, the account's own among them."""

    others: Counter[bytes]
    standing: Standing


@dataclass(frozen=True, slots=True)
class _Labels:
    """An account's labels of a settlement, those that count by item."""

    verdicts: Findings
    account: Address
    counted: Mapping[int, Counted]

    def votes(self, item: int) -> _Votes:
        """The labels of an item that count."""
        others = self.verdicts.votes(item, without=self.account)
        own = self.counted.get(item)
        every = others + Counter([own.label] if own else [])
        return _Votes(others, standing_of(self.verdicts.spec, self.verdicts.record.seed, item, every))

    def reason(self, item: int, batch: int, label: bytes, why: Why, votes: _Votes | None = None) -> Reason:
        """Why a label was not paid in full; the votes on its item where they are at hand."""
        others, standing = votes or self.votes(item)
        given = Counter[bytes]()
        for each, count in others.items():
            given[standing.of(each)] += count
        gold = _gold(self.verdicts.gold.get(item), standing, label)
        return Reason(item, batch, why, label, self.verdicts.truths.get(item), gold, dict(given))

    def differs(self, item: int, batch: int, label: bytes) -> Reason | None:
        """The reason of a label that counts and is not of the winner's class; None where it is."""
        winner = self.verdicts.truths[item].winner
        if label == winner:
            return None
        votes = self.votes(item)
        is_alike = votes.standing.of(label) == winner
        return None if is_alike else self.reason(item, batch, label, Why.DIFFERS, votes)


def _handed_in(own: _Labels) -> Iterator[tuple[int, int, bool, bytes]]:
    """Batch, item, whether it was opened and then its bytes, of every label of the account."""
    commits = [row for row in own.verdicts.commits if row.annotator == own.account]
    opened = {row.commit_hash: row for row in own.verdicts.openings if row.annotator == own.account}
    for row in commits:
        opening = opened.get(_name(own.verdicts, row))
        if opening is None:
            yield from ((row.batch, item, False, b"") for item in row.items)
        else:
            labels = zip(opening.items, opening.labels, strict=True)
            yield from ((row.batch, item, True, label) for item, label in labels)


def _refused(own: _Labels, labels: Iterable[tuple[int, int, bool, bytes]]) -> Iterator[Reason]:
    for batch, item, is_open, label in labels:
        counted = own.counted.get(item)
        if not is_open:
            yield own.reason(item, batch, b"", Why.UNOPENED)
        elif counted is None or counted.batch != batch:
            yield own.reason(item, batch, label, Why.NOT_COUNTED)
        elif not own.verdicts.truths[item].accepted:
            yield own.reason(item, batch, label, Why.CONTESTED)
        elif reason := own.differs(item, batch, label):
            yield reason


def _gold(row: GoldRow | None, standing: Standing, label: bytes) -> Gold:
    if row is None:
        return Gold.NONE
    if row.void:
        return Gold.VOID
    return Gold.RIGHT if standing.of(label) == standing.of(row.label) else Gold.WRONG


def _name(verdicts: Findings, row: CommitRow) -> Hash32:
    return commit_hash(verdicts.record.campaign_id, row.commit)
