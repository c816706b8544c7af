"""Proofs for single labels: that one counted, and what its item was found to be.

From a bundle and the chain's record the two trees are built again whose roots the settlement posts. Whoever
holds a proof needs neither: leaf and siblings lead to the root that is on chain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from labelshare.errors import EvidenceError, NotFoundError
from labelshare.protocol import assignment, evidence
from labelshare.protocol.commitments import Opening, SignedCommit, label_digests
from labelshare.protocol.keccak import Rows
from labelshare.protocol.labels import digest
from labelshare.protocol.leaves import label_leaves, truth_leaf, truth_leaves
from labelshare.protocol.merkle import Leaves, MerkleTree
from labelshare.protocol.record import Record
from labelshare.protocol.reveals import lowest_ranks
from labelshare.protocol.rounds import facts
from labelshare.protocol.spec import Given, Spec
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import ZERO_HASH, Address, Hash32

__all__ = ["Counted", "LabelProof", "TruthProof", "Verdicts"]

_NO_LEAVES: Final = np.empty((0, 32), np.uint8)


@dataclass(frozen=True, slots=True)
class Counted:
    """A label that counts: the batch it came in, its canonical bytes, and its leaf's place in the tree."""

    batch: int
    label: bytes
    place: int


@dataclass(frozen=True, slots=True)
class LabelProof:
    """That `annotator` gave a label that counts.

    Attributes:
        annotator, batch, item, label_digest: The values of the leaf after its domain.
        label: The label's canonical bytes, which hash to the digest.
        leaf, proof, root: The leaf's hash, its siblings, and the label root that they lead to.
    """

    annotator: Address
    batch: int
    item: int
    label: bytes
    label_digest: Hash32
    leaf: Hash32
    proof: tuple[Hash32, ...]
    root: Hash32


@dataclass(frozen=True, slots=True)
class TruthProof:
    """What an item was found to be: the row, its leaf's hash, its siblings, and the truth root."""

    row: evidence.TruthRow
    leaf: Hash32
    proof: tuple[Hash32, ...]
    root: Hash32


@dataclass
class Verdicts:
    """A settlement's labels and verdicts, read from its bundle.

    Attributes:
        record: What the chain says of the campaign.
        spec: Its rules.
        commits, openings: The bundle's, in their order.
        truths, gold: By item.
        scores: By annotator.
        payouts: By account.
        counted: Labels that count, by annotator and item.
    """

    record: Record
    spec: Spec
    commits: list[evidence.CommitRow] = field(default_factory=list)
    openings: list[evidence.OpeningRow] = field(default_factory=list)
    truths: dict[int, evidence.TruthRow] = field(default_factory=dict)
    gold: dict[int, evidence.GoldRow] = field(default_factory=dict)
    scores: dict[Address, evidence.ScoreRow] = field(default_factory=dict)
    payouts: dict[Address, evidence.PayoutRow] = field(default_factory=dict)
    counted: dict[Address, dict[int, Counted]] = field(default_factory=dict)
    _signed: set[Address] = field(default_factory=set)
    _leaves: list[Rows] = field(default_factory=lambda: [_NO_LEAVES])
    _label_root: Hash32 | None = None
    _size: int = 0

    @classmethod
    def read(cls, record: Record, spec: Spec, bundle: Iterable[bytes]) -> Verdicts:
        """The verdicts of the settlement that is proposed or final.

        Raises:
            EvidenceError: Not a well-formed bundle, or not one whose labels make the root that it states.
        """
        found = cls(record, spec)
        for row in evidence.read(bundle):
            found._take(row)
        found._count()
        tree = found.label_tree
        if found._label_root != (tree.root if tree else ZERO_HASH):
            raise EvidenceError("the labels of the bundle do not make the root that it states")
        return found

    def answers(self, account: Address) -> Mapping[int, Counted]:
        """An annotator's labels that count, by item."""
        return self.counted.get(account, {})

    def votes(self, item: int, *, without: Address) -> Counter[bytes]:
        """How many others gave each label of an item."""
        return Counter(
            own[item].label for account, own in self.counted.items() if account != without and item in own
        )

    def label_proof(self, annotator: Address, item: int) -> LabelProof:
        """The proof that a label counted; `NotFoundError` for one that is not there or does not count."""
        found, tree = self.answers(annotator).get(item), self.label_tree
        if found is None or tree is None:
            raise NotFoundError(f"{annotator} gave no label of item {item} that counts")
        (leaf,) = self._leaf(annotator, item, found)
        return LabelProof(
            annotator,
            found.batch,
            item,
            found.label,
            digest(found.label),
            Hash32(bytes(leaf)),
            tuple(map(Hash32, tree.proof(found.place))),
            tree.root,
        )

    def truth_proof(self, item: int) -> TruthProof:
        """The proof of an item's verdict; `NotFoundError` for an item that nobody labelled."""
        row = self.truths.get(item)
        if row is None:
            raise NotFoundError(f"item {item} has no verdict")
        tree = self.truth_tree
        leaf = Hash32(truth_leaf(self.record.scope, row.leaf))
        return TruthProof(row, leaf, tuple(map(Hash32, tree.proof(self._truth_places[item]))), tree.root)

    # ------------------------------------------------------------------ mechanics

    def _take(self, row: evidence.Row) -> None:
        match row:
            case evidence.SeatRow(annotator=annotator, signature=signature) if signature:
                self._signed.add(annotator)
            case evidence.CommitRow():
                self.commits.append(row)
            case evidence.OpeningRow():
                self.openings.append(row)
            case evidence.TruthRow(item=item):
                self.truths[item] = row
            case evidence.GoldRow(item=item):
                self.gold[item] = row
            case evidence.ScoreRow(annotator=annotator):
                self.scores[annotator] = row
            case evidence.PayoutRow(account=account):
                self.payouts[account] = row
            case evidence.SummaryRow(label_root=root):
                self._label_root = root
            case _:
                pass

    def _count(self) -> None:
        """Which labels count, by the rule that `counting` states."""
        by_name = {(row.annotator, self._name(row)): row for row in self.commits}
        sent = {(own.annotator, own.commit) for own in self.record.own_commits}
        assigned = self._assigned()
        for opening in self.openings:
            commit = by_name.get((opening.annotator, opening.commit_hash))
            if commit is None:
                raise EvidenceError(f"an opening of {opening.commit_hash}, which is not in the bundle")
            alone = not commit.signature or (commit.annotator, commit.commit) in sent
            self._add(commit, opening, None if alone else frozenset(commit.items), assigned)

    def _add(
        self,
        commit: evidence.CommitRow,
        opening: evidence.OpeningRow,
        listed: frozenset[int] | None,
        assigned: assignment.Assigned,
    ) -> None:
        own = self.counted.setdefault(opening.annotator, {})
        kept: dict[int, bytes] = {}
        for item, label in zip(opening.items, opening.labels, strict=True):
            is_listed = item < len(self.spec.items) and (listed is None or item in listed)
            if is_listed and item not in own and assigned(opening.annotator, commit.round, item):
                kept[item] = label
        for place, (item, label) in enumerate(kept.items(), self._size):
            own[item] = Counted(commit.batch, label, place)
        self._size += len(kept)
        if kept:
            digests = label_digests(kept.values())
            self._leaves.append(
                label_leaves(self.record.scope, opening.annotator, commit.batch, kept, digests)
            )

    def _assigned(self) -> assignment.Assigned:
        if isinstance(self.spec.assignment, Given):
            return lambda *_: True
        record, k = self.record, self.spec.redundancy.k
        if record.posted is not None and record.posted.public:
            return lowest_ranks(record.seed, k, map(_opening, self.openings))
        limit = self.spec.label_limit(record.pool.campaign_slice, record.params.stake_per_label)
        roster = tuple(sorted(record.roster(self._signed)))
        plan = assignment.Plan(record.seed, roster, len(self.spec.items), k, limit)
        own = [(each.annotator, each.commit) for each in record.own_commits]
        aggregated = (_signed(row) for row in self.commits if row.signature)
        return assignment.checker(plan, facts(record.params.schedule.rounds, aggregated, own))

    def _name(self, row: evidence.CommitRow) -> Hash32:
        return commit_hash(self.record.campaign_id, row.commit)

    def _leaf(self, annotator: Address, item: int, found: Counted) -> Rows:
        return label_leaves(self.record.scope, annotator, found.batch, [item], [bytes(digest(found.label))])

    @cached_property
    def label_tree(self) -> MerkleTree | None:
        """The tree of the labels that count, in the order of their `place`; None where none does."""
        return _tree(np.concatenate(self._leaves))

    @cached_property
    def _truth_places(self) -> dict[int, int]:
        return {item: place for place, item in enumerate(self.truths)}

    @cached_property
    def truth_tree(self) -> MerkleTree:
        """The tree of the verdicts, in the order of `truths`."""
        return MerkleTree(truth_leaves(self.record.scope, [row.leaf for row in self.truths.values()]))


def _tree(leaves: Leaves) -> MerkleTree | None:
    return MerkleTree(leaves) if len(leaves) else None


def _opening(row: evidence.OpeningRow) -> Opening:
    return Opening(row.annotator, row.commit_hash, row.secret, row.items, row.labels)


def _signed(row: evidence.CommitRow) -> SignedCommit:
    return SignedCommit(row.annotator, row.commit, row.signature, row.items)
