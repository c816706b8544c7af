"""How sure the verdicts are, and what found them, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from labelshare.protocol.evidence import TruthRow
from labelshare.protocol.skill import ONE
from labelshare.protocol.spec import Committee, RegionTask, Spec
from labelshare.report.labels import Labelled

__all__ = ["Confidence", "confidence_of", "policy_in_words", "shown", "threshold_of"]


@dataclass(frozen=True, slots=True)
class Confidence:
    """The confidence of all verdicts together.

    Attributes:
        median: Of the items' confidence, in 1/65,536 and rounded down; None without items.
        contested: Items below the acceptance.
        labels: Opened on those.
        threshold: The acceptance.
    """

    median: int | None
    contested: int
    labels: int
    threshold: Fraction


def confidence_of(labelled: Labelled) -> Confidence:
    """Sum up the verdicts of a bundle."""
    contested = {row.item for row in labelled.truths if not row.accepted}
    labels = sum(item in contested for answers in labelled.answers.values() for item in answers)
    return Confidence(_median(labelled.truths), len(contested), labels, threshold_of(labelled.spec))


def _median(truths: Sequence[TruthRow]) -> int | None:
    return int(median(row.confidence_q16 for row in truths)) if truths else None


def threshold_of(spec: Spec) -> Fraction:
    """The confidence from which on a winner is accepted."""
    return Fraction(spec.acceptance.numerator, spec.acceptance.denominator)


def shown(confidence_q16: int, places: int = 2) -> str:
    """A confidence cut after `places` digits, not rounded, so that only certainty is shown as 1."""
    whole, rest = divmod(confidence_q16 * 10**places // ONE, 10**places)
    return f"{whole}.{rest:0{places}}"


def policy_in_words(labelled: Labelled) -> str:
    """Which policy found the verdicts, and what confidence is under it."""
    policy = labelled.spec.aggregation.policy
    if isinstance(labelled.spec.task, RegionTask):
        return f"{policy}: answers that are alike are one; the most labels win; confidence is their part"
    if policy == "majority.v1":
        return "majority.v1: the most labels win; confidence is the winner's part of the labels"
    if labelled.voted:
        return f"{policy}, which does not take so many: the most labels won; confidence is their part"
    if isinstance(labelled.spec.aggregation, Committee):
        return (
            f"{policy}: three models vote, and two outvote the third; confidence is the mean of their "
            "posteriors"
        )
    return f"{policy}: labels weigh what their annotators' records say; confidence is the winner's posterior"
