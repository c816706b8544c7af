"""What the forms have in common whose answers are regions of the item: boxes on an image, spans of a text.

An answer is a set of at most 100 regions, each of one class; that there are none is an answer. Its canonical
bytes are the form's tag ‖ the regions, all of one length, ascending by their bytes and none twice. There are
too many answers to number them from 0 on, so an answer's number is its canonical bytes, read as one integer.

Two people hardly ever draw the same region, so answers count together that are alike: see
`labelshare.protocol.groups`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from operator import lt
from struct import Struct
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import MAX_ANSWERS, Form, shown, value_of
from labelshare.protocol.labels.config import attribute, classes, only_control

__all__ = ["MAX_REGIONS", "Region", "Regions", "number", "parse_regions"]

MAX_REGIONS: Final = 100

Region: TypeAlias = tuple[int, ...]
"""A class, and where the region is: the values that its canonical bytes hold."""


@dataclass(frozen=True, slots=True)
class Regions(Form):
    """A task whose answers are sets of regions.

    Attributes:
        name: The `name` of the control, `from_name` in results.
        to_name: The object tag it labels.
        classes: Values in document order; a class is its index.
        answers: What a result may hold for each class (alias or value) → class.
    """

    tag: ClassVar[bytes]
    """The first byte of the canonical bytes."""
    layout: ClassVar[Struct]
    """A region in them."""
    control: ClassVar[str]
    """What results call the control, and the key of a region's class."""

    name: str
    to_name: str
    classes: tuple[str, ...]
    answers: Mapping[str, int]

    @property
    def n_classes(self) -> int:
        """2^32, which stands for more than any model takes."""
        return MAX_ANSWERS

    @property
    def nothing(self) -> bytes:
        """The label without a region."""
        return self.tag

    @abstractmethod
    def extents(self, bodies: bytes) -> NDArray[np.int64]:
        """Regions that follow each other, as rectangles on a grid.

        Args:
            bodies: Their canonical bytes.

        Returns:
            int64, shape (regions, 5): class, left, top, right, bottom; of spans top is 0 and bottom 1.
        """

    @abstractmethod
    def _fits(self, region: Region) -> bool:
        """Whether a region's values, the class apart, are such as there can be."""

    @abstractmethod
    def _place(self, value: Mapping[Any, Any]) -> Region:
        """Where a region is by its value in a result; `LabelError` if there can be none."""

    @abstractmethod
    def _drawn(self, region: Region) -> dict[str, Any]:
        """The value of a region in a result, its class apart."""

    @abstractmethod
    def _words(self, region: Region) -> str:
        """Where a region is, in words."""

    def encode(self, answer: int) -> bytes:
        """Canonical bytes of an answer."""
        if answer < 0:
            raise LabelError("no answer has a number below 0")
        label = answer.to_bytes((answer.bit_length() + 7) // 8, "big")
        self.regions(label)
        return label

    def decode(self, label: bytes) -> int:
        """The number of canonical bytes."""
        self.regions(label)
        return int.from_bytes(label, "big")

    def check(self, answer: int) -> None:
        """Raise `LabelError` unless there is such an answer."""
        self.encode(answer)

    def regions(self, label: bytes) -> list[Region]:
        """The regions of canonical bytes; `LabelError` for any other bytes."""
        whole, part = divmod(len(label) - 1, self.layout.size)
        if label[:1] != self.tag or part or whole > MAX_REGIONS:
            raise self.no_label(label)
        found = list(self.layout.iter_unpack(label[1:]))
        # Values are unsigned, of fixed lengths and big-endian: they ascend as their bytes do.
        ascending = all(map(lt, found, found[1:])) and (not found or found[-1][0] < len(self.classes))
        if not ascending or not all(map(self._fits, found)):
            raise self.no_label(label)
        return found

    def from_result(self, result: Any) -> int:
        """The answer of a result: its regions in any order; equal ones are one."""
        if not isinstance(result, list):
            raise LabelError(f"a label of {self.name!r} is a list of regions, not {shown(result)}")
        found = sorted({self._region(each) for each in result})
        if len(found) > MAX_REGIONS:
            raise LabelError(f"a label has at most {MAX_REGIONS} regions, this one {len(found)}")
        return int.from_bytes(self.tag + b"".join(self.layout.pack(*each) for each in found), "big")

    def to_result(self, answer: int) -> list[dict[str, Any]]:
        """The result of an answer, a region each in the order of the canonical bytes."""
        texts = {index: text for text, index in self.answers.items()}
        return [
            {
                "from_name": self.name,
                "to_name": self.to_name,
                "type": self.control,
                "value": {**self._drawn(each), self.control: [texts[each[0]]]},
            }
            for each in self.regions(self.encode(answer))
        ]

    def describe(self, answer: int) -> str:
        """The regions in words, with semicolons between them; `(none)` for no region."""
        found = self.regions(self.encode(answer))
        return "; ".join(f"{self.classes[each[0]]} {self._words(each)}" for each in found) or "(none)"

    def _region(self, given: Any) -> Region:
        value = value_of(given, self.control, self.name, self.to_name)
        chosen = value.get(self.control)
        if not isinstance(chosen, list) or len(chosen) != 1 or not isinstance(chosen[0], str):
            raise LabelError(f"result.value.{self.control} must hold exactly one text")
        if chosen[0] not in self.answers:
            raise LabelError(f"{shown(chosen[0])} is none of the classes")
        return (self.answers[chosen[0]], *self._place(value))


def number(value: Mapping[Any, Any], key: str) -> float:
    """A finite number of a region's value as the double that a reader of JSON makes of it.

    Raises:
        LabelError: If there is none.
    """
    found = value.get(key)
    try:
        if isinstance(found, int | float) and not isinstance(found, bool) and isfinite(found):
            return float(found)
    except OverflowError:
        pass
    raise LabelError(f"result.value.{key} is {shown(found)}, expected a finite number")


def parse_regions(
    config: str, kind: str, control: str, on: str, **required: str
) -> tuple[str, str, tuple[str, ...], dict[str, int]]:
    """What `Regions` is made of, from a Label Studio config.

    Args:
        config: XML that a stranger wrote.
        kind: The task type.
        control: The tag of its control.
        on: The tag that it draws on.
        required: Attributes that the control must have, and their values.

    Raises:
        LabelError: If the XML is not acceptable, or holds anything but one such control of 1 to 65,536
            static, unique `<Label>` tags and tags that only display, one of which, an `on`, it names.
    """
    found = only_control(config, kind, control, on=on)
    for name, value in required.items():
        if found.get(name) != value:
            raise LabelError(f'<{control}> needs {name}="{value}", not {shown(found.get(name))}')
    names, answers = classes(found, "Label", at_least=1)
    return attribute(found, "name"), attribute(found, "toName"), names, answers
