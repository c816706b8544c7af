"""What the forms with a `<Choices>` tag have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labelshare.protocol.labels.base import Form

__all__ = ["Choices"]


@dataclass(frozen=True, slots=True)
class Choices(Form):
    """A task whose control is one `<Choices>` tag.

    Attributes:
        name: The `name` of the Choices tag, `from_name` in results.
        to_name: The object tag it labels.
        classes: Values in document order; a class is its index.
        answers: What a result may hold for each class (alias or value) → class.
    """

    name: str
    to_name: str
    classes: tuple[str, ...]
    answers: Mapping[str, int]
