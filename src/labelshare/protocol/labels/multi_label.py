"""`multi-label.v1`: any of up to 32 classes, none and all included.

The config has one `<Choices choice="multiple">` tag. An answer is a set of classes, and its number a bit
mask: bit c says that class c applies. The canonical bytes are 0x02 ‖ the classes in ascending order, each as
two bytes.

Nothing chosen is an answer: no class applies. Label Studio's editor writes it as an empty result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import held, region, shown
from labelshare.protocol.labels.choices import Choices
from labelshare.protocol.labels.config import attribute, classes, only_control

__all__ = ["MAX_LABELS", "MULTI_LABEL", "MultiLabel", "parse_multi_label"]

MULTI_LABEL: Final = "multi-label.v1"
MAX_LABELS: Final = 32  # so that the sets of classes are at most 2^32
_TAG: Final = 0x02


@dataclass(frozen=True, slots=True)
class MultiLabel(Choices):
    """A multi-label task; an answer is a bit mask of classes: class c is bit c."""

    kind: ClassVar[str] = MULTI_LABEL

    @property
    def n_classes(self) -> int:
        """How many sets of classes there are."""
        return 1 << len(self.classes)

    def encode(self, answer: int) -> bytes:
        """Canonical bytes of a set."""
        return bytes([_TAG]) + b"".join(index.to_bytes(2, "big") for index in self._members(answer))

    def decode(self, label: bytes) -> int:
        """The set of canonical bytes."""
        indices = [int.from_bytes(label[at : at + 2], "big") for at in range(1, len(label), 2)]
        answer = sum(1 << index for index in set(indices) if index < len(self.classes))
        # Odd lengths, another order, repetitions and unknown classes: none of them is what the set spells.
        if label != self.encode(answer):
            raise self.no_label(label)
        return answer

    def from_result(self, result: Any) -> int:
        """The set of a result: choices in any order, each once; nothing at all is the empty set."""
        if result == []:
            return 0
        chosen = held(result, "choices", self.name, self.to_name, "choices")
        if not isinstance(chosen, list) or not all(isinstance(text, str) for text in chosen):
            raise LabelError("result.value.choices must be a list of texts")
        if unknown := [text for text in chosen if text not in self.answers]:
            raise LabelError(f"{shown(unknown[0])} is none of the classes")
        if len(set(chosen)) != len(chosen):
            raise LabelError("result.value.choices holds a class twice")
        return sum(1 << self.answers[text] for text in chosen)

    def to_result(self, answer: int) -> list[dict[str, Any]]:
        """The result of a set, its choices in document order."""
        members = set(self._members(answer))
        chosen = [text for text, index in self.answers.items() if index in members]
        return [region("choices", self.name, self.to_name, "choices", chosen)] if chosen else []

    def describe(self, answer: int) -> str:
        """The classes by name; `(none)` for the empty set."""
        return ", ".join(self.classes[index] for index in self._members(answer)) or "(none)"

    def _members(self, answer: int) -> list[int]:
        self.check(answer)
        return [index for index in range(len(self.classes)) if answer >> index & 1]


def parse_multi_label(config: str) -> MultiLabel:
    """Read a Label Studio config with one multiple-choice control.

    Raises:
        LabelError: If the XML is not acceptable, or holds anything but one `<Choices choice="multiple">` of 2
            to 32 static, unique `<Choice>` tags and tags that only display.
    """
    control = only_control(config, MULTI_LABEL, "Choices")
    if control.get("choice") != "multiple":
        raise LabelError(f'a multi-label config says choice="multiple", not {shown(control.get("choice"))}')
    names, answers = classes(control, at_most=MAX_LABELS)
    return MultiLabel(attribute(control, "name"), attribute(control, "toName"), names, answers)
