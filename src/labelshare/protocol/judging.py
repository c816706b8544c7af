"""The rules that turn the labels that count into verdicts, scores and pay.

What `settlement` publishes and `verify` recomputes: both gather the labels by code of their own and call
this. The naive verifier of the tests shares nothing with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelshare.protocol import rewards, slashing
from labelshare.protocol.aggregation.base import Crowd, Integers, Outcome, accepted, sums
from labelshare.protocol.aggregation.leave_one_out import NONE, Peers, peers, peers_by
from labelshare.protocol.aggregation.majority import majority
from labelshare.protocol.classes import Classes, classes_of
from labelshare.protocol.counting import Count
from labelshare.protocol.evidence import GoldRow, ScoreRow, TruthRow
from labelshare.protocol.gold import posted_gold
from labelshare.protocol.leaves import Payout
from labelshare.protocol.record import Record
from labelshare.protocol.skill import ONE, Comparison, from_skill, full_skill, skill_q16
from labelshare.protocol.spec import MerkleGold, SkillAndGold, Spec
from labelshare.protocol.verdicts import Verdicts, verdicts
from labelshare.types import Address, Hash32

__all__ = ["Verdict", "judge"]

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a campaign came to, as the bundle's rows have it, each kind in its order.

    `model_root` is the root over the tables of the model that found the truths, zero for a vote; `audit` is
    what the circuit breaker goes by, which no row holds.
    """

    model_root: Hash32
    gold: Sequence[GoldRow]
    truths: Sequence[TruthRow]
    scores: Sequence[ScoreRow]
    payouts: Sequence[Payout]
    audit: slashing.Audit


def judge(spec: Spec, record: Record, count: Count, committed: Mapping[Address, int]) -> Verdict:
    """Judge a campaign.

    Args:
        spec: Its rules.
        record: What the chain says: seed, gold, money.
        count: The labels that count, and how many labels each annotator opened.
        committed: Labels in standing commitments, by annotator; everyone who opened any is among them.

    Raises:
        ConservationError: Never, unless the code is wrong.
    """
    people = _People(count.annotators, committed, count.opened)
    classes = classes_of(spec, count, record.seed)
    crowd = classes.crowd
    vote = majority(crowd, record.seed)
    votes = _Peers(spec, crowd, peers(crowd, vote, record.seed, len(people)))
    gold = _Gold(spec, votes, classes, posted_gold(spec, record.gold), people)
    found = verdicts(spec, crowd, vote, record.seed, gold.tellable(crowd))
    others = votes
    if (measure := found.measure) is not None:
        others = _Peers(spec, crowd, peers_by(crowd, measure.outcome, measure.references, len(people)))
    good = accepted(found.outcome, spec.acceptance.numerator, spec.acceptance.denominator)
    scores = _scores(others, found.outcome, gold, people, good)
    audit = gold.audit(vote, found)
    return Verdict(
        found.root(record.scope, people.accounts),
        gold.rows(),
        _truths(classes, found.outcome, good),
        scores,
        _payouts(spec, record, audit, people, scores),
        audit,
    )


class _People:
    """Everyone with a standing commitment: first those whose labels count, by their number in the crowd."""

    def __init__(
        self, numbers: Mapping[Address, int], committed: Mapping[Address, int], opened: Mapping[Address, int]
    ) -> None:
        silent = sorted(committed.keys() - numbers.keys())
        self.accounts = [*sorted(numbers, key=numbers.__getitem__), *silent]
        self.committed = [committed[who] for who in self.accounts]
        self.unopened = [committed[who] - opened.get(who, 0) for who in self.accounts]

    def __len__(self) -> int:
        return len(self.accounts)


@dataclass(frozen=True)
class _Peers:
    """The crowd with what each annotator's peers say, by vote or by the model; rows are labels."""

    spec: Spec
    crowd: Crowd
    peers: Peers

    @property
    def comparable(self) -> Flags:
        """Rows on items that somebody else labelled."""
        return np.not_equal(self.peers.references, NONE)

    def by_item(self, items: Integers, values: NDArray[np.int64]) -> Integers:
        """Values of some items spread over all, `NONE` for the others."""
        spread = np.full(self.crowd.n_items, NONE, dtype=np.int64)
        spread[items] = values
        return spread

    def compare(self, rows: Flags, references: Integers) -> list[Comparison]:
        """Each annotator's labels of some rows against references, by its number."""
        who, size = self.crowd.annotators[rows], self.peers.n_items.size
        agrees = self.crowd.classes[rows] == references[rows]
        columns = (
            np.bincount(who, minlength=size),
            np.bincount(who[agrees], minlength=size),
            sums(who, self.peers.chance[rows], size),
            np.maximum(self.peers.n_items, 1),
        )
        return [Comparison(*each) for each in zip(*(column.tolist() for column in columns), strict=True)]


class _Gold:
    """The gold that was revealed, and which of it the skilled contradict."""

    def __init__(
        self, spec: Spec, votes: _Peers, classes: Classes, answers: Mapping[int, int], people: _People
    ) -> None:
        self._spec = spec
        self._answers = dict(sorted(answers.items()))
        self._known = classes.of_gold(self._answers)
        self._classes = np.full(votes.crowd.n_items, NONE, dtype=np.int64)
        self._classes[list(self._known)] = list(self._known.values())
        self.void = self._void(votes, people)
        self.valid = self._classes.copy()
        self.valid[list(self.void)] = NONE

    def rows(self) -> list[GoldRow]:
        """The bundle's rows."""
        form = self._spec.task.form
        return [
            GoldRow(item, form.encode(answer), item in self.void) for item, answer in self._answers.items()
        ]

    def tellable(self, crowd: Crowd) -> dict[int, int]:
        """The class of each gold item that is not void and to which somebody gave that class."""
        borne_out = set(crowd.items[crowd.classes == self.valid[crowd.items]].tolist())
        return {item: known for item, known in self._known.items() if item in borne_out}

    def plain(self, others: _Peers) -> list[Comparison]:
        """Each annotator's labels on items that are no gold."""
        rows = others.comparable & (self._classes[others.crowd.items] == NONE)
        return others.compare(rows, others.peers.references)

    def on_gold(self, others: _Peers) -> list[Comparison]:
        """Each annotator's labels on gold items that are not void."""
        rows = self.valid[others.crowd.items]
        return others.compare(rows != NONE, rows)

    def audit(self, vote: Outcome, found: Verdicts) -> slashing.Audit:
        """Winners against gold that is not void and that the model was not told."""
        judged, outcome = self.valid.copy(), found.outcome
        judged[list(found.told)] = NONE
        labelled = judged[outcome.items] != NONE
        truth, winners = judged[outcome.items[labelled]], outcome.winners[labelled]
        named = Counter(truth.tolist())  # classes may be millions
        return slashing.Audit(
            items=truth.size,
            right=int(np.count_nonzero(winners == truth)),
            right_by_majority=int(np.count_nonzero(vote.winners[labelled] == truth)),
            chance=sum(named[winner] for winner in winners.tolist()),
            gold=len(self._answers),
            void=len(self.void),
        )

    def _void(self, votes: _Peers, people: _People) -> frozenset[int]:
        rule = self._spec.gold
        if not self._answers or not isinstance(rule, MerkleGold):
            return frozenset()
        full, crowd = full_skill(self._spec.skill), votes.crowd
        records = zip(self.plain(votes), people.unopened, strict=True)
        skilled = np.array([skill_q16(*each, self._spec.skill) >= full for each in records], dtype=np.bool_)
        rows = (self._classes[crowd.items] != NONE) & skilled[crowd.annotators]
        contradicts = rows & (crowd.classes != self._classes[crowd.items])
        asked = np.bincount(crowd.items[rows], minlength=crowd.n_items)
        against = np.bincount(crowd.items[contradicts], minlength=crowd.n_items)
        return frozenset(
            item
            for item in self._answers
            if slashing.is_void(int(against[item]), int(asked[item]), rule.void_bps)
        )


def _truths(classes: Classes, outcome: Outcome, good: Flags) -> list[TruthRow]:
    labels = {winner: classes.label(winner) for winner in np.unique(outcome.winners).tolist()}
    columns = (outcome.items, outcome.winners, outcome.confidence_q16, good)
    return [
        TruthRow(item, labels[winner], confidence, fine)
        for item, winner, confidence, fine in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _scores(others: _Peers, outcome: Outcome, gold: _Gold, people: _People, good: Flags) -> list[ScoreRow]:
    """One row for everyone, by account."""
    spec, crowd, size = others.spec, others.crowd, len(people)
    winners = others.by_item(outcome.items, np.where(good, outcome.winners, NONE))[crowd.items]
    labels = np.bincount(crowd.annotators, minlength=size).tolist()
    right = np.bincount(crowd.annotators[crowd.classes == winners], minlength=size).tolist()
    contested = np.bincount(crowd.annotators[winners == NONE], minlength=size).tolist()
    unmarked = others.comparable & (gold.valid[crowd.items] == NONE)
    ordinary, on_gold = others.compare(unmarked, others.peers.references), gold.on_gold(others)
    flagged = _flagged(others, gold, on_gold)
    weight = spec.gold.weight if isinstance(spec.gold, MerkleGold) else 0
    rows = []
    for number, account in enumerate(people.accounts):
        unopened = people.unopened[number]
        record = _joined(ordinary[number], on_gold[number], weight)
        rows.append(
            ScoreRow(
                annotator=account,
                labels=labels[number],
                accepted=right[number],
                contested=contested[number],
                unopened=unopened,
                compared=record.compared,
                agreed=record.agreed,
                chance=record.chance,
                items=record.items,
                gold=on_gold[number].compared,
                gold_right=on_gold[number].agreed,
                skill_q16=max(skill_q16(record, unopened, spec.skill), -ONE),
                flagged=flagged[number],
            )
        )
    return sorted(rows, key=lambda row: row.annotator)


def _joined(ordinary: Comparison, on_gold: Comparison, weight: int) -> Comparison:
    return Comparison(
        ordinary.compared + weight * on_gold.compared,
        ordinary.agreed + weight * on_gold.agreed,
        ordinary.chance + weight * on_gold.chance,
        ordinary.items,
    )


def _flagged(others: _Peers, gold: _Gold, on_gold: list[Comparison]) -> list[bool]:
    rule, size = others.spec.slash, others.peers.n_items.size
    if not isinstance(rule, SkillAndGold):
        return [False] * size
    asked = rule.evidence == "gold-or-correlation"  # counting pairs takes as long as the vote
    correlations = _correlations(others.crowd, size) if asked else [None] * size
    evidence = zip(gold.plain(others), on_gold, correlations, strict=True)
    return [slashing.is_flagged(slashing.Record(*each), rule) for each in evidence]


def _correlations(crowd: Crowd, size: int) -> list[slashing.Correlation]:
    on_item = np.bincount(crowd.items, minlength=crowd.n_items)[crowd.items] - 1
    equal = _occurrences(crowd.items * crowd.n_classes + crowd.classes) - 1
    of_class = _occurrences(crowd.classes) - _occurrences(crowd.annotators * crowd.n_classes + crowd.classes)
    agreed, expected = sums(crowd.annotators, equal, size), sums(crowd.annotators, on_item * of_class, size)
    others = crowd.items.size - np.bincount(crowd.annotators, minlength=size)
    columns = (agreed.tolist(), expected.tolist(), others.tolist())
    return [slashing.Correlation(*each) for each in zip(*columns, strict=True)]


def _payouts(
    spec: Spec, record: Record, audit: slashing.Audit, people: _People, scores: Sequence[ScoreRow]
) -> list[Payout]:
    terms = rewards.Terms(
        price=int(spec.price),
        share_weight=int(spec.share_weight),
        pay_by_skill=spec.pay.policy == "skill.v1",
        shares_by_skill=spec.shares.policy == "skill.v1",
        from_skill=from_skill(spec.skill),
        full_skill=full_skill(spec.skill),
        available=rewards.budget(record.escrow, record.params.fee_bps),
        share_cap=record.params.share_cap,
    )
    tallies = {row.annotator: rewards.Tally(row.accepted, row.contested, row.skill_q16) for row in scores}
    slashes = _slashes(spec, record, audit, people, scores)
    return rewards.payout_rows(rewards.earned(tallies, terms, slashes))


def _slashes(
    spec: Spec, record: Record, audit: slashing.Audit, people: _People, scores: Sequence[ScoreRow]
) -> dict[Address, int]:
    rule = spec.slash
    if not isinstance(rule, SkillAndGold) or not slashing.may_slash(audit, rule):
        return {}
    stake, signed = record.params.stake_per_label, dict(zip(people.accounts, people.committed, strict=True))
    return {
        row.annotator: slashing.loss(
            signed[row.annotator] * stake, row.skill_q16, rule, spec.skill, flagged=row.flagged
        )
        for row in scores
    }


def _occurrences(keys: Integers) -> Integers:
    """For each key, how many are equal to it."""
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse], dtype=np.int64)
