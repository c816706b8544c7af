"""What the annotators send: enrolments, sealed and signed batches, and what opens them.

Up to two thousand annotators share the labels evenly, five an item, in one batch each: four times of five
they answer right, else at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.settle.campaign import ANNOTATORS, CLASSES, LABELS_AN_ITEM, items_of_each, spec_fields
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, seal
from labelshare.protocol.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelshare.chain.keys import Signer
    from labelshare.types import Scope

__all__ = ["Plan", "enrolments", "sealed"]


@dataclass(frozen=True)
class Plan:
    """How many items, annotators and labels."""

    n_labels: int

    @property
    def n_items(self) -> int:
        """Five labels each."""
        return max(self.n_labels // LABELS_AN_ITEM, 1)

    @property
    def n_people(self) -> int:
        """Two thousand, but each has twenty labels at least."""
        return min(ANNOTATORS, max(self.n_labels // 20, LABELS_AN_ITEM))

    @property
    def most_labels(self) -> int:
        """Of one annotator."""
        return -(-self.n_labels // self.n_people)

    def spec(self) -> Spec:
        """The campaign's spec: no gold, pay and shares by skill."""
        return Spec.of(spec_fields(self.n_items))

    def choices(self) -> list[dict[int, int]]:
        """Class by item, of each annotator."""
        rng = np.random.default_rng(1)
        truth = rng.integers(0, CLASSES, self.n_items)
        every = []
        for items in items_of_each(self.n_labels, self.n_people, rng):
            right = rng.random(items.size) < 0.8
            classes = np.where(right, truth[items], rng.integers(0, CLASSES, items.size))
            every.append(dict(zip(items.tolist(), classes.tolist(), strict=True)))
        return every


def enrolments(scope: Scope, people: Sequence[Signer]) -> list[Enrolment]:
    """Everybody's signature over Enrol."""
    digest = typed_data.digest(scope, typed_data.enrol_hash(scope.campaign_id))
    return [Enrolment(each.address, each.sign_digest(digest)) for each in people]


def sealed(
    scope: Scope, spec: Spec, people: Sequence[Signer], choices: Sequence[dict[int, int]]
) -> tuple[list[SignedCommit], list[Opening]]:
    """A batch of each annotator in round 0: its signed commitment, and its opening."""
    batches = [_sealed(scope, spec, signer, answers) for signer, answers in zip(people, choices, strict=True)]
    return [signed for signed, _ in batches], [opening for _, opening in batches]


def _sealed(
    scope: Scope, spec: Spec, signer: Signer, answers: dict[int, int]
) -> tuple[SignedCommit, Opening]:
    labels = {item: spec.task.form.encode(choice) for item, choice in answers.items()}
    secret = signer.derive_secret(b"labelshare.batch.v1" + scope.campaign_id + bytes(4))
    commit, opening = seal(
        scope, signer.address, round_number=0, batch=0, committed_before=0, secret=secret, labels=labels
    )
    digest = typed_data.digest(scope, opening.commit_hash)
    return SignedCommit(signer.address, commit, signer.sign_digest(digest), opening.items), opening
