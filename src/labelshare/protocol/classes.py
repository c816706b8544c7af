"""Which class each label counts for, and which label each class stands for.

Of most tasks the answer's number is its class. Of a task of regions a class is a group of answers that are
alike, and its label is that of the group's centre.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from labelshare.protocol.aggregation.base import Crowd
from labelshare.protocol.alike import Shapes, alike
from labelshare.protocol.counting import Count
from labelshare.protocol.groups import NOTHING, Groups, gather, groups_of
from labelshare.protocol.labels import Form
from labelshare.protocol.spec import RegionTask, Spec, Task
from labelshare.types import Hash32

__all__ = ["Classes", "Standing", "classes_of", "standing_of"]


class Classes(Protocol):
    """The classes of a campaign."""

    @property
    def crowd(self) -> Crowd:
        """The labels that count, by class."""

    def of_gold(self, answers: Mapping[int, int]) -> dict[int, int]:
        """The class of each gold item, of the answers' numbers; no label moves by it."""

    def label(self, winner: int) -> bytes:
        """The canonical label that a class of the crowd stands for."""


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Classes that are the numbers of the answers."""

    crowd: Crowd
    form: Form

    def of_gold(self, answers: Mapping[int, int]) -> dict[int, int]:
        """The answers themselves."""
        return dict(answers)

    def label(self, winner: int) -> bytes:
        """The answer's label."""
        return self.form.encode(winner)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Classes that are groups of answers that are alike."""

    crowd: Crowd
    task: RegionTask
    labels: Sequence[bytes]
    groups: Groups

    def of_gold(self, answers: Mapping[int, int]) -> dict[int, int]:
        """That of the item's first group whose centre is alike; a class that nobody gave where none is."""
        form = self.task.form
        labels = [form.encode(answer) for answer in answers.values()]
        tried = [
            (place, found)
            for place, item in enumerate(answers)
            for found in self.groups.of_item.get(item, ())
            if labels[place] != form.nothing
        ]
        ones = np.array([place for place, _ in tried], dtype=np.int64)
        others = np.array([len(labels) + at for at in range(len(tried))], dtype=np.int64)
        centres = [self.labels[self.groups.centres[found]] for _, found in tried]
        shapes = Shapes.of(form, [*labels, *centres])
        same = alike(shapes, ones, others, self.task.overlap_bps, self.task.alike_bps).tolist()
        known: dict[int, int] = {}
        for (place, found), is_alike in zip(tried, same, strict=True):
            if is_alike:
                known.setdefault(place, found)
        return {
            item: NOTHING if labels[place] == form.nothing else known.get(place, self.crowd.n_classes + place)
            for place, item in enumerate(answers)
        }

    def label(self, winner: int) -> bytes:
        """That of the group's centre."""
        return self.task.form.nothing if winner == NOTHING else self.labels[self.groups.centres[winner]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the labels of one item stand for.

    Attributes:
        task: What is asked.
        centres: For each label the one that its class stands for; groups in the order they were found.
    """

    task: Task | RegionTask
    centres: Mapping[bytes, bytes]

    def of(self, label: bytes) -> bytes:
        """What a label stands for, whether it counts or not: itself where nobody's is of its class."""
        if label in self.centres or not label or not isinstance(self.task, RegionTask):
            return self.centres.get(label, label)
        centres = [*dict.fromkeys(self.centres.values())]
        shapes = Shapes.of(self.task.form, [label, *centres])
        others = np.arange(1, len(centres) + 1)
        same = alike(shapes, np.zeros_like(others), others, self.task.overlap_bps, self.task.alike_bps)
        return next((centre for centre, is_alike in zip(centres, same, strict=True) if is_alike), label)


def standing_of(spec: Spec, seed: Hash32, item: int, votes: Mapping[bytes, int]) -> Standing:
    """What the labels of one item that count stand for, by how many they are."""
    task = spec.task
    if not isinstance(task, RegionTask):
        return Standing(task, {label: label for label in votes})
    groups = groups_of(task, seed, item, votes)
    return Standing(task, {label: group[0] for group in groups for label in group})


def classes_of(spec: Spec, count: Count, seed: Hash32) -> Classes:
    """The classes of the labels that count.

    Args:
        spec: The rules.
        count: The labels.
        seed: The campaign's, for ties.
    """
    crowd, task = count.crowd(), spec.task
    if not isinstance(task, RegionTask):
        return _Numbered(crowd, task.form)
    labels = count.labels
    groups = gather(task, seed, labels, crowd.items, crowd.classes)
    grouped = replace(crowd, n_classes=len(groups.centres), classes=groups.classes)
    return _Grouped(grouped, task, labels, groups)
