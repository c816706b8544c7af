"""`single-choice.v1`: one class of several.

The config has one `<Choices>` tag; the classes are its `<Choice>` values in document order. The canonical
bytes of class c are 0x01 ‖ c as two bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import held, region, shown
from labelshare.protocol.labels.choices import Choices
from labelshare.protocol.labels.config import attribute, classes, only_control

__all__ = ["SINGLE_CHOICE", "SingleChoice", "parse_single_choice"]

SINGLE_CHOICE: Final = "single-choice.v1"
_TAG: Final = 0x01


@dataclass(frozen=True, slots=True)
class SingleChoice(Choices):
    """A single-choice task; an answer is the index of a class."""

    kind: ClassVar[str] = SINGLE_CHOICE

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.classes)

    def encode(self, answer: int) -> bytes:
        """Canonical bytes of a class."""
        self.check(answer)
        return bytes([_TAG]) + answer.to_bytes(2, "big")

    def decode(self, label: bytes) -> int:
        """The class of canonical bytes."""
        if len(label) != 3 or label[0] != _TAG:
            raise self.no_label(label)
        answer = int.from_bytes(label[1:], "big")
        self.check(answer)
        return answer

    def from_result(self, result: Any) -> int:
        """The class of a result with exactly one choice."""
        chosen = held(result, "choices", self.name, self.to_name, "choices")
        if not isinstance(chosen, list) or len(chosen) != 1 or not isinstance(chosen[0], str):
            raise LabelError("result.value.choices must hold exactly one text")
        if chosen[0] not in self.answers:
            raise LabelError(f"{shown(chosen[0])} is none of the classes")
        return self.answers[chosen[0]]

    def to_result(self, answer: int) -> list[dict[str, Any]]:
        """The result of a class."""
        self.check(answer)
        text = next(text for text, index in self.answers.items() if index == answer)
        return [region("choices", self.name, self.to_name, "choices", [text])]

    def describe(self, answer: int) -> str:
        """The class by name."""
        self.check(answer)
        return self.classes[answer]


def parse_single_choice(config: str) -> SingleChoice:
    """Read a Label Studio config with one single-choice control.

    Raises:
        LabelError: If the XML is not acceptable, or holds anything but one `<Choices>` of static, unique
            `<Choice>` tags and tags that only display.
    """
    control = only_control(config, SINGLE_CHOICE, "Choices")
    if control.get("choice", "single") not in ("single", "single-radio"):
        raise LabelError(f"choice={shown(control.get('choice'))} is not a single choice")
    names, answers = classes(control)
    return SingleChoice(attribute(control, "name"), attribute(control, "toName"), names, answers)
