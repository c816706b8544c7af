"""The labels of a bundle: what each item was found to be, and who said what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labelshare.errors import EvidenceError
from labelshare.protocol import evidence
from labelshare.protocol.aggregation.dawid_skene_layout import MAX_CELLS
from labelshare.protocol.spec import Committee, RegionTask, Spec
from labelshare.report.likeness import by_group, counted_truths
from labelshare.types import ZERO_HASH, Address, Hash32

__all__ = ["Labelled", "Score", "read_labels", "read_spec"]


@dataclass(frozen=True, slots=True)
class Score:
    """How right something was: `right` of `known`, the answers whose truth is known."""

    right: int
    known: int

    @property
    def share(self) -> float | None:
        """Part that was right, None where nothing is known."""
        return self.right / self.known if self.known else None


@dataclass(frozen=True)
class Labelled:
    """A bundle's rows, as a report needs them.

    Attributes:
        spec: The campaign's rules.
        seats: Everyone on the roster, ascending.
        gold: What was revealed as the gold, and what of it is void.
        truths: The verdict on each labelled item.
        scores: What everybody's work came to.
        payouts: The payout rows, in the order of their index.
        answers: Class by item, of each annotator; openings as they stand in the bundle. Of regions the number
            of the label that the class stands for, as `report.likeness` finds it.
        model_root: Over the tables of the model that found the verdicts; zero where a vote or committee did.
        said: Where answers are regions, their own numbers; else None.
    """

    spec: Spec
    seats: tuple[Address, ...]
    gold: tuple[evidence.GoldRow, ...]
    truths: tuple[evidence.TruthRow, ...]
    scores: tuple[evidence.ScoreRow, ...]
    payouts: tuple[evidence.PayoutRow, ...]
    answers: Mapping[Address, Mapping[int, int]]
    model_root: Hash32 = ZERO_HASH
    said: Mapping[Address, Mapping[int, int]] | None = None

    @property
    def given(self) -> Mapping[Address, Mapping[int, int]]:
        """The number of each answer as it was given, by item, of each annotator."""
        return self.answers if self.said is None else self.said

    @property
    def voted(self) -> bool:
        """Whether a vote found the verdicts: as the spec asks, or where its model takes no more labels."""
        if isinstance(self.spec.aggregation, Committee):  # it publishes no tables, so its root is always zero
            labels = sum(row.labels for row in self.scores)
            return labels * self.spec.task.form.n_classes > MAX_CELLS
        return not self.spec.modelled or self.model_root == ZERO_HASH

    @property
    def gold_items(self) -> frozenset[int]:
        """Items whose answers the requester knew, void or not: they score nothing."""
        return frozenset(row.item for row in self.gold)

    @property
    def flagged(self) -> frozenset[Address]:
        """Annotators whom both kinds of evidence speak against: what they lose, they lose by a slash."""
        return frozenset(row.annotator for row in self.scores if row.flagged)

    def winners(self) -> dict[int, int]:
        """The winning class of each labelled item."""
        decode = self.spec.task.form.decode
        return {row.item: decode(row.winner) for row in self.truths}

    def counted(self, truth: Mapping[int, int]) -> dict[int, int]:
        """What true answers, by item, count for: a class for itself, regions for what they are alike to."""
        task = self.spec.task
        if not isinstance(task, RegionTask):
            return dict(truth)
        return counted_truths(task, self.winners(), self.answers.values(), truth)

    def tied(self) -> dict[int, frozenset[int]]:
        """Items whose most frequent class is not alone, with the classes that share the lead.

        Empty where a model found the verdicts: whether its scores tie is not in the bundle, and votes decide
        nothing there.
        """
        if not self.voted:
            return {}
        votes: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for answers in self.answers.values():
            for item, choice in answers.items():
                votes[item][choice] += 1
        leaders = {item: _leaders(counts) for item, counts in votes.items()}
        return {item: leading for item, leading in leaders.items() if len(leading) > 1}

    def accuracy(self, truth: Mapping[int, int]) -> Score:
        """Winners against the truth, where it is known."""
        return score(self.winners(), truth)

    def accuracy_range(self, truth: Mapping[int, int]) -> tuple[Score, Score]:
        """The accuracy if each tie fell on a wrong class, and if each fell on the true one where it leads.

        Without ties both are the accuracy.
        """
        tied, winners = self.tied(), self.winners()
        known = [item for item in winners if item in truth]
        sure = sum(winners[item] == truth[item] for item in known if item not in tied)
        lucky = sum(truth[item] in tied[item] for item in known if item in tied)
        return Score(sure, len(known)), Score(sure + lucky, len(known))


@dataclass
class _Reader:
    spec: Spec | None = None
    seats: list[Address] = field(default_factory=list)
    gold: list[evidence.GoldRow] = field(default_factory=list)
    truths: list[evidence.TruthRow] = field(default_factory=list)
    scores: list[evidence.ScoreRow] = field(default_factory=list)
    payouts: list[evidence.PayoutRow] = field(default_factory=list)
    answers: defaultdict[Address, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    model_root: Hash32 = ZERO_HASH

    def take(self, row: evidence.Row) -> None:
        match row:
            case evidence.SpecRow():
                self.spec = Spec.parse(row.data)
            case evidence.SeatRow(annotator=annotator):
                self.seats.append(annotator)
            case evidence.OpeningRow():
                self._open(row)
            case evidence.GoldRow():
                self.gold.append(row)
            case evidence.TruthRow():
                self.truths.append(row)
            case evidence.ScoreRow():
                self.scores.append(row)
            case evidence.PayoutRow():
                self.payouts.append(row)
            case evidence.SummaryRow():
                self.model_root = row.model_root
            case _:
                pass

    def _open(self, row: evidence.OpeningRow) -> None:
        if self.spec is None:
            raise EvidenceError("an opening stands before the spec")
        answers, form = self.answers[row.annotator], self.spec.task.form
        for item, label in zip(row.items, row.labels, strict=True):
            answers.setdefault(item, form.decode(label))


def read_labels(bundle: Iterable[bytes]) -> Labelled:
    """Read a bundle's bytes, given in pieces; `EvidenceError` if it is none."""
    reader = _Reader()
    for row in evidence.read(bundle):
        reader.take(row)
    spec, said = reader.spec, dict(reader.answers)
    if spec is None:
        raise EvidenceError("the bundle has no spec")
    regions = spec.task if isinstance(spec.task, RegionTask) else None
    return Labelled(
        spec,
        tuple(reader.seats),
        tuple(reader.gold),
        tuple(reader.truths),
        tuple(reader.scores),
        tuple(reader.payouts),
        said if regions is None else by_group(regions, reader.truths, said),
        reader.model_root,
        None if regions is None else said,
    )


def read_spec(bundle: Iterable[bytes]) -> Spec:
    """The rules alone, for which only a bundle's beginning is read; `EvidenceError` if it has none."""
    for row in evidence.read(bundle):
        if isinstance(row, evidence.SpecRow):
            return Spec.parse(row.data)
    raise EvidenceError("the bundle has no spec")


def score(answers: Mapping[int, int], truth: Mapping[int, int]) -> Score:
    """How many answers are right, of those whose truth is known."""
    known = [item for item in answers if item in truth]
    return Score(sum(answers[item] == truth[item] for item in known), len(known))


def _leaders(counts: Counter[int]) -> frozenset[int]:
    most = max(counts.values())
    return frozenset(choice for choice, votes in counts.items() if votes == most)
