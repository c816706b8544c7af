"""A complete, valid spec of each task type, to start from."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from labelshare.protocol.labels import BOXES, MULTI_LABEL, NUMERIC, PAIRWISE, SINGLE_CHOICE, SPANS
from labelshare.protocol.spec import Spec

__all__ = ["EXAMPLES", "example"]

_ITEMS: Final = 30


def _view(*tags: str) -> str:
    return f"<View>{''.join(tags)}</View>"


def _choices(name: str, *classes: str, choice: str = "single") -> str:
    listed = "".join(f'<Choice value="{each}"/>' for each in classes)
    control = f'<Choices name="{name}" toName="text" choice="{choice}">{listed}</Choices>'
    return _view('<Text name="text" value="$text"/>', control)


def _regions(shown: str, name: str, control: str, *classes: str) -> str:
    listed = "".join(f'<Label value="{each}"/>' for each in classes)
    opened = f'<{control} name="found" toName="{name}">'
    return _view(
        f'<{shown} name="{name}" value="${name}"/>', f"{opened}{listed}</{control.partition(' ')[0]}>"
    )


_EXAMPLES: Final[Mapping[str, tuple[str, str, str]]] = {
    SINGLE_CHOICE: (
        "Moods of sentences",
        "Choose the mood that the sentence has.",
        _choices("mood", "good", "bad", "neither"),
    ),
    MULTI_LABEL: (
        "Subjects of sentences",
        "Choose every subject that the sentence is about, or none.",
        _choices("subjects", "sport", "science", "art", choice="multiple"),
    ),
    PAIRWISE: (
        "Better translations",
        "Choose the better translation; leave both unmarked where neither is.",
        _view(
            '<Text name="left" value="$left"/><Text name="right" value="$right"/>',
            '<Pairwise name="better" toName="left,right"/>',
        ),
    ),
    NUMERIC: (
        "Temperatures on photographs",
        "Read the thermometer to half a degree.",
        _view(
            '<Image name="photo" value="$photo"/>',
            '<Number name="degrees" toName="photo" min="-20" max="50" step="0.5"/>',
        ),
    ),
    BOXES: (
        "Animals on photographs",
        "Draw a box close around each cat and each dog; none where there is neither.",
        _regions("Image", "photo", 'RectangleLabels canRotate="false"', "cat", "dog"),
    ),
    SPANS: (
        "Names in sentences",
        "Mark each name of a person or a place, all of it and nothing else; none where there is no name.",
        _regions("Text", "text", "Labels", "person", "place"),
    ),
}

EXAMPLES: Final = {kind.removesuffix(".v1"): kind for kind in _EXAMPLES}
"""The names of the task types of which there are examples → the task types."""


def example(kind: str) -> Spec:
    """The example of a task type; its items are placeholders."""
    title, instructions, config = _EXAMPLES[kind]
    fields: dict[str, Any] = {
        "title": title,
        "instructions": instructions,
        "task": {"type": kind, "config": config},
        "items": [_item(number) for number in range(1, _ITEMS + 1)],
        "price": "50000000000000000",
        "share_weight": "1000000000000000000",
        "seconds_per_label": 12,
        "redundancy": {"policy": "fixed.v1", "k": 5},
        "assignment": {"policy": "rendezvous.v1"},
        "aggregation": {"policy": "majority.v1" if kind in (BOXES, SPANS) else "dawid-skene.v1"},
        "acceptance": {"policy": "threshold.v1", "numerator": 3, "denominator": 5},
        "skill": {"policy": "leave-one-out.v1"},
        "pay": {"policy": "skill.v1"},
        "shares": {"policy": "skill.v1"},
        "slash": {"policy": "none.v1"},
        "gold": {"policy": "none.v1"},
    }
    return Spec.of(fields)


def _item(number: int) -> dict[str, str]:
    name = f"item {number}"
    digest = sha256(name.encode()).hexdigest()
    return {"digest": digest, "name": name, "uri": f"https://example.org/items/{number}"}
