"""Small scenes to attack."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from labelshare.economics.campaign import Labels, Terms
from labelshare.economics.scene import Crew, Scene, make_scene, seal
from labelshare.economics.strategies import Question
from labelshare.protocol.examples import example
from labelshare.protocol.labels import SINGLE_CHOICE
from labelshare.protocol.spec import Spec

CHOICES = '<View><Text name="text" value="$text"/><Choices name="c" toName="text">{}</Choices></View>'


def spec_of(n_items: int, n_classes: int, **changes: Any) -> Spec:
    """The example with so many items and classes, majority, skill pay; other fields as given."""
    fields = example(SINGLE_CHOICE).fields
    choices = "".join(f'<Choice value="{number}"/>' for number in range(n_classes))
    usual = {
        "task": {"type": SINGLE_CHOICE, "config": CHOICES.format(choices)},
        "items": [fields["items"][0]] * n_items,
        "price": "1000",
        "aggregation": {"policy": "majority.v1"},
    }
    return Spec.of(fields | usual | changes)


def terms_of(answers: dict[int, int], n_items: int, n_classes: int = 2, **changes: Any) -> Terms:
    """Rules with gold at these items, by which seats are slashed if there is any."""
    slash = {"slash": {"policy": "skill-and-gold.v1"}} if answers else {}
    spec, gold = seal(spec_of(n_items, n_classes), answers, slash | changes)
    return Terms(spec, gold)


def labels_of(*seats: dict[int, int]) -> Labels:
    """What each seat answered, by item."""
    rows = [(item, seat, choice) for seat, given in enumerate(seats) for item, choice in given.items()]
    items, numbers, classes = np.array(rows, dtype=np.int64).T
    return Labels(len(seats), items, numbers, classes)


@cache
def honest_scene(policy: str = "majority.v1", n_items: int = 200) -> Scene:
    """Items of two classes, five labels each by seats of 50, a fifth of the items gold."""
    spec = spec_of(n_items, 2, aggregation={"policy": policy})
    return make_scene(spec, Crew(), 1, gold_part=0.2, slash=True)


def question_of(*truth: int, n_classes: int = 3) -> Question:
    """Items of these classes; class 1 is the frequent one."""
    return Question(n_classes, np.array(truth, dtype=np.int64), 1)
