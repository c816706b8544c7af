"""Labels: from Label Studio's XML config and results to canonical bytes, task type by task type.

`single-choice.v1`: one `<Choices>` tag; the classes are its `<Choice>` values in document order. The
canonical bytes of class c are 0x01 ‖ c as two bytes, big-endian. The first byte is the tag of the form, so
that the bytes of two task types never coincide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from labelshare.errors import LabelError
from labelshare.types import Hash32, keccak

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = [
    "MAX_CLASSES",
    "MAX_CONFIG_BYTES",
    "SINGLE_CHOICE",
    "SingleChoice",
    "digest",
    "parse_single_choice",
]

SINGLE_CHOICE: Final = "single-choice.v1"
MAX_CONFIG_BYTES: Final = 256 * 1024
MAX_CONFIG_DEPTH: Final = 32
MAX_CLASSES: Final = 65_536
MAX_CLASS_CHARS: Final = 1024

_TAG: Final = 0x01
# Tags that show something or lay out; any other control tag would add answers that the canonical form lacks.
_PASSIVE_TAGS: Final = frozenset(
    "View Header Style Text HyperText Image Audio AudioPlus Video Paragraphs Table List Collapse Panel "
    "Markdown Pdf".split()
)


def digest(label: bytes) -> Hash32:
    """The digest of a label's canonical bytes, which leaves hold."""
    return keccak(label)


@dataclass(frozen=True, slots=True)
class SingleChoice:
    """A single-choice task.

    Attributes:
        name: The `name` of the Choices tag, `from_name` in results.
        to_name: The object tag it labels.
        classes: Values in document order; a class is its index.
        answers: What a result may hold for each class (value or alias) → class.
    """

    name: str
    to_name: str
    classes: tuple[str, ...]
    answers: Mapping[str, int]

    def encode(self, choice: int) -> bytes:
        """Canonical bytes of a class; `LabelError` if there is no such class."""
        if not 0 <= choice < len(self.classes):
            raise LabelError(f"class {choice} of {len(self.classes)} does not exist")
        return bytes([_TAG]) + choice.to_bytes(2, "big")

    def decode(self, label: bytes) -> int:
        """The class of canonical bytes; `LabelError` for any other bytes."""
        if len(label) != 3 or label[0] != _TAG:
            raise LabelError(f"0x{label.hex()} is not the canonical form of a single choice")
        choice = int.from_bytes(label[1:], "big")
        if choice >= len(self.classes):
            raise LabelError(f"class {choice} of {len(self.classes)} does not exist")
        return choice

    def from_result(self, result: Any) -> int:
        """The class of a Label Studio result (the `result` list of an annotation).

        Raises:
            LabelError: If it is not exactly one choice, made with this task's control.
        """
        if not isinstance(result, list) or len(result) != 1 or not isinstance(result[0], Mapping):
            raise LabelError("a single choice is a result with exactly one region")
        region = result[0]
        expected = {"type": "choices", "from_name": self.name, "to_name": self.to_name}
        for key, value in expected.items():
            if region.get(key) != value:
                raise LabelError(f"result.{key} is {region.get(key)!r}, expected {value!r}")
        return self._choice(region.get("value"))

    def to_result(self, choice: int) -> list[dict[str, Any]]:
        """The Label Studio result of a class; `LabelError` if there is no such class."""
        self.encode(choice)
        answer = next(text for text, index in self.answers.items() if index == choice)
        value = {"choices": [answer]}
        return [{"from_name": self.name, "to_name": self.to_name, "type": "choices", "value": value}]

    def _choice(self, value: Any) -> int:
        choices = value.get("choices") if isinstance(value, Mapping) else None
        if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], str):
            raise LabelError("result.value.choices must hold exactly one text")
        if choices[0] not in self.answers:
            raise LabelError(f"{choices[0]!r} is none of the classes")
        return self.answers[choices[0]]


def parse_single_choice(config: str) -> SingleChoice:
    """Read a Label Studio config with one single-choice control.

    Raises:
        LabelError: If the XML is malformed, too large or too deep, declares a DTD or entities, or holds
            anything but one `<Choices>` of static, unique `<Choice>` tags and tags that only display.
    """
    control = _only_control(_elements(config))
    answers: dict[str, int] = {}
    classes = []
    for index, choice in enumerate(control):
        classes.append(_class_name(choice))
        answer = choice.get("alias") or classes[-1]
        if answers.setdefault(answer, index) != index:
            raise LabelError(f"two classes answer {answer!r}")
    _check_classes(classes)
    return SingleChoice(_attribute(control, "name"), _attribute(control, "toName"), tuple(classes), answers)


def _elements(config: str) -> list[Element]:
    """All tags, level by level, within the limits of size and depth."""
    data = config.encode(errors="surrogatepass")
    if len(data) > MAX_CONFIG_BYTES:
        raise LabelError(f"a label config has at most {MAX_CONFIG_BYTES} bytes, this one {len(data)}")
    try:
        level = [fromstring(data, forbid_dtd=True)]
    except (ParseError, DefusedXmlException) as error:
        raise LabelError(f"label config is not acceptable XML: {error!r}") from None
    found = []
    for _ in range(MAX_CONFIG_DEPTH):
        found += level
        level = [child for element in level for child in element]
    if level:
        raise LabelError(f"a label config nests at most {MAX_CONFIG_DEPTH} tags")
    return found


def _only_control(elements: list[Element]) -> Element:
    controls = [element for element in elements if element.tag == "Choices"]
    if len(controls) != 1:
        raise LabelError(f"a single-choice config has one <Choices>, this one {len(controls)}")
    control = controls[0]
    own = {id(control), *map(id, control)}
    for element in elements:
        if element.tag not in _PASSIVE_TAGS and id(element) not in own:
            raise LabelError(f"<{element.tag}> has no place in a single-choice config")
    if control.get("choice", "single") not in ("single", "single-radio"):
        raise LabelError(f'choice="{control.get("choice")}" is not a single choice')
    if control.get("value") is not None:
        raise LabelError("classes must stand in the config, not come from the task's data")
    return control


def _class_name(choice: Element) -> str:
    if choice.tag != "Choice" or len(choice):
        raise LabelError("<Choices> holds plain <Choice> tags only")
    name = _attribute(choice, "value")
    if name.startswith("$"):
        raise LabelError(f"class {name!r} would come from the task's data")
    return name


def _check_classes(classes: list[str]) -> None:
    if not 2 <= len(classes) <= MAX_CLASSES:
        raise LabelError(f"a single choice has 2 to {MAX_CLASSES} classes, this one {len(classes)}")
    if len(set(classes)) != len(classes):
        raise LabelError("two classes have the same value")


def _attribute(element: Element, name: str) -> str:
    text = element.get(name, "")
    if not 0 < len(text) <= MAX_CLASS_CHARS or text != text.strip():
        raise LabelError(
            f'<{element.tag}> needs {name}="…" of 1 to {MAX_CLASS_CHARS} characters, no outer spaces'
        )
    return text
