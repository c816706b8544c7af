"""Tasks, answers and which bytes are a label: section 4 of docs/settlement.md."""

from __future__ import annotations

import math
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

DISPLAY = (
    "View Header Style Text HyperText Image Audio AudioPlus Video Paragraphs Table List Collapse Panel"
    " Markdown Pdf"
).split()
DECIMAL = r"-?(0|[1-9][0-9]*)(\.[0-9]{1,9})?"


# Configs


def read_config(config: str, *controls: str) -> Element:
    """The one control of a config, which is one of these; ValueError if the config breaks a rule."""
    if len(config.encode()) > 262_144:
        raise ValueError("the config is too long")
    if config.startswith("\ufeff") or "\0" in config:
        raise ValueError("the config holds a byte order mark or a NUL")
    declared = re.match(r"<\?xml\s[^>]*>", config)
    said = dict(re.findall(r"(version|encoding)\s*=\s*[\"']([^\"']*)", declared[0] if declared else ""))
    if said.get("version", "1.0") != "1.0" or said.get("encoding", "UTF-8").upper() != "UTF-8":
        raise ValueError("the config declares itself to be other than XML 1.0 in UTF-8")
    try:
        tree = fromstring(config, forbid_dtd=True)
    except (ParseError, DefusedXmlException) as fault:
        raise ValueError(f"the config is no XML: {fault}") from None
    if levels(tree) > 32 or sum(1 for _ in tree.iter()) > 16_384:
        raise ValueError("the config has too many tags or levels")
    found = [tag for tag in tree.iter() if tag.tag in controls]
    if len(found) != 1:
        raise ValueError(f"the config needs one of {controls}, and one only")
    inside = set(found[0].iter()) - {found[0]}
    if any(tag.tag not in DISPLAY for tag in tree.iter() if tag is not found[0] and tag not in inside):
        raise ValueError("the config holds tags that do more than display")
    attribute(found[0], "name")
    attribute(found[0], "toName")
    return found[0]


def levels(tree: Element) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for tag in level for child in tag]
    return deepest


def attribute(tag: Element, name: str) -> str:
    """An attribute that must be there: 1 to 1,024 code points without white space at either end."""
    value = tag.get(name)
    if value is None or not 1 <= len(value) <= 1_024 or value != value.strip():
        raise ValueError(f"<{tag.tag}> needs a proper {name}, not {value!r}")
    return value


def no_tags_in(tag: Element) -> None:
    if len(tag):
        raise ValueError(f"<{tag.tag}> may hold no tags")


# Answers


class Form(ABC):
    """One task: its answers are numbered from 0 to n - 1."""

    n: int

    @abstractmethod
    def encode(self, number: int) -> bytes:
        """The canonical bytes of an answer."""

    @abstractmethod
    def number(self, label: bytes) -> int | None:
        """The answer that some bytes spell, in whatever way; None if they spell none."""

    @abstractmethod
    def read(self, result: Any) -> int | None:
        """The answer of a Label Studio result; None if it is none."""

    def decode(self, label: bytes) -> int | None:
        """The answer if the bytes are its canonical ones."""
        number = self.number(label)
        if number is None or not 0 <= number < self.n or self.encode(number) != label:
            return None
        return number


def only_value(control: Element, kind: str, to_name: str, result: Any, key: str) -> Any:
    """What the one region of a result says; None if it is not one of this control."""
    if not isinstance(result, list) or len(result) != 1 or not isinstance(result[0], dict):
        return None
    region = result[0]
    wanted = {"type": kind, "from_name": control.get("name"), "to_name": to_name}
    if any(region.get(name) != value for name, value in wanted.items()):
        return None
    value = region.get("value")
    return value.get(key) if isinstance(value, dict) else None


def named(child: Element, tag: str) -> str:
    """What a choice or a name answers."""
    if child.tag != tag:
        raise ValueError(f"there may only be <{tag}> tags")
    no_tags_in(child)
    value = attribute(child, "value")
    if re.search(r"\$[A-Za-z0-9_\[\].{}]", value):
        raise ValueError(f"{value!r} would come from the item's data")
    return value if child.get("alias") is None else attribute(child, "alias")


class Choices(Form):
    """What single choice and multi-label have in common."""

    def __init__(self, config: str, kinds: tuple[str | None, ...], most: int) -> None:
        self.control = read_config(config, "Choices")
        if self.control.get("choice") not in kinds or self.control.get("value") is not None:
            raise ValueError("<Choices> asks for something else")
        self.answers = [named(choice, "Choice") for choice in self.control]
        values = {choice.get("value") for choice in self.control}
        if not 2 <= len(self.control) <= most:
            raise ValueError(f"<Choices> needs 2 to {most} choices")
        if len(values) < len(self.control) or len(set(self.answers)) < len(self.control):
            raise ValueError("two choices are the same")

    def chosen(self, result: Any) -> list[int] | None:
        """The choices of a result, each once."""
        given = only_value(self.control, "choices", self.control.get("toName", ""), result, "choices")
        if not isinstance(given, list) or any(each not in self.answers for each in given):
            return None
        numbers = sorted(map(self.answers.index, given))
        return numbers if len(set(numbers)) == len(numbers) else None


class SingleChoice(Choices):
    """`single-choice.v1`"""

    def __init__(self, config: str) -> None:
        super().__init__(config, (None, "single", "single-radio"), 65_536)
        self.n = len(self.answers)

    def encode(self, number: int) -> bytes:
        return b"\x01" + number.to_bytes(2, "big")

    def number(self, label: bytes) -> int | None:
        return int.from_bytes(label[1:3], "big")

    def read(self, result: Any) -> int | None:
        chosen = self.chosen(result)
        return chosen[0] if chosen is not None and len(chosen) == 1 else None


class MultiLabel(Choices):
    """`multi-label.v1`"""

    def __init__(self, config: str) -> None:
        super().__init__(config, ("multiple",), 32)
        self.n = 2 ** len(self.answers)

    def encode(self, number: int) -> bytes:
        choices = [choice for choice in range(len(self.answers)) if number & 2**choice]
        return b"\x02" + b"".join(choice.to_bytes(2, "big") for choice in choices)

    def number(self, label: bytes) -> int | None:
        choices = [int.from_bytes(label[i : i + 2], "big") for i in range(1, len(label), 2)]
        if any(choice >= len(self.answers) for choice in choices):
            return None
        return sum(1 << choice for choice in choices)

    def read(self, result: Any) -> int | None:
        chosen = [] if result == [] else self.chosen(result)
        return None if chosen is None else sum(1 << choice for choice in chosen)


class Pairwise(Form):
    """`pairwise.v1`"""

    n = 3

    def __init__(self, config: str) -> None:
        self.control = read_config(config, "Pairwise")
        no_tags_in(self.control)
        names = attribute(self.control, "toName").split(",")
        if len(set(names)) != 2 or len(names) != 2 or any(not name or name != name.strip() for name in names):
            raise ValueError("<Pairwise> compares two things")

    def encode(self, number: int) -> bytes:
        return b"\x03" + number.to_bytes(1, "big")

    def number(self, label: bytes) -> int | None:
        return int.from_bytes(label[1:], "big")

    def read(self, result: Any) -> int | None:
        if result == []:
            return 2
        side = only_value(self.control, "pairwise", self.control.get("name", ""), result, "selected")
        return ["left", "right"].index(side) if side in ("left", "right") else None


class Numeric(Form):
    """`numeric.v1`"""

    def __init__(self, config: str) -> None:
        self.control = read_config(config, "Number", "Rating")
        if self.control.tag == "Number":
            spelled = [attribute(self.control, name) for name in ("min", "max", "step")]
        else:
            spelled = ["1", self.control.get("maxRating", "5"), "1"]
            if "." in spelled[1]:
                raise ValueError("<Rating> has whole stars")
        no_tags_in(self.control)
        if not all(re.fullmatch(DECIMAL, each) for each in spelled):
            raise ValueError(f"not decimal numbers: {spelled}")
        self.scale = 10 ** max(len(each.partition(".")[2]) for each in spelled)
        self.low, self.high, self.step = (int(Fraction(each) * self.scale) for each in spelled)
        if max(abs(self.low), abs(self.high), abs(self.step)) >= 10**15:
            raise ValueError("numbers are too large")
        if self.step <= 0 or self.high <= self.low or (self.high - self.low) % self.step:
            raise ValueError("no range of steps")
        self.n = (self.high - self.low) // self.step + 1
        if self.n > 2**32:
            raise ValueError("too many values")

    def encode(self, number: int) -> bytes:
        return b"\x04" + (self.low + number * self.step).to_bytes(8, "big", signed=True)

    def number(self, label: bytes) -> int | None:
        return (int.from_bytes(label[1:9], "big", signed=True) - self.low) // self.step

    def read(self, result: Any) -> int | None:
        kind = self.control.tag.lower()
        value = only_value(self.control, kind, self.control.get("toName", ""), result, kind)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**15:
            return None
        place = (Fraction(repr(value)) * self.scale - self.low) / self.step
        return int(place) if place.denominator == 1 and 0 <= place < self.n else None


class Regions(Form):
    """What boxes and spans have in common; an answer's number is only a name for its bytes."""

    n = 2**32
    first: bytes
    sizes: tuple[int, ...]  # of a region's numbers, in bytes

    def __init__(self, config: str, control: str, kind: str, shown: str) -> None:
        self.control, self.kind = read_config(config, control), kind
        to_name = attribute(self.control, "toName")
        if all(tag.get("name") != to_name for tag in fromstring(config).iter(shown)):
            raise ValueError(f"<{control}> is for no <{shown}>")
        self.answers = [named(child, "Label") for child in self.control]
        values = {child.get("value") for child in self.control}
        if not 1 <= len(self.answers) <= 65_536 or self.control.get("value") is not None:
            raise ValueError(f"<{control}> needs 1 to 65,536 names")
        if len(values) < len(self.answers) or len(set(self.answers)) < len(self.answers):
            raise ValueError("two names are the same")

    @abstractmethod
    def exists(self, place: tuple[int, ...]) -> bool:
        """Whether there is such a region, its name apart."""

    @abstractmethod
    def place(self, value: dict[str, Any]) -> tuple[int, ...] | None:
        """Where a region of a result is; None if there is no such region."""

    @abstractmethod
    def cells(self, region: tuple[int, ...]) -> tuple[range, range]:
        """What a region covers: columns and rows."""

    def spell(self, regions: Iterable[tuple[int, ...]]) -> bytes:
        parts = [
            b"".join(each.to_bytes(size, "big") for each, size in zip(region, self.sizes, strict=True))
            for region in regions
        ]
        return self.first + b"".join(sorted(set(parts)))

    def regions(self, label: bytes) -> list[tuple[int, ...]]:
        """The regions that some bytes spell; what is left over is lost."""
        found, whole = [], sum(self.sizes)
        for start in range(1, len(label) - whole + 1, whole):
            numbers, at = [], start
            for size in self.sizes:
                numbers.append(int.from_bytes(label[at : at + size], "big"))
                at += size
            found.append(tuple(numbers))
        return found

    def encode(self, number: int) -> bytes:
        return number.to_bytes((number.bit_length() + 7) // 8, "big")

    def number(self, label: bytes) -> int | None:
        return int.from_bytes(label, "big")

    def decode(self, label: bytes) -> int | None:
        found = self.regions(label)
        if self.spell(found) != label or len(found) > 100:
            return None
        there = all(region[0] < len(self.answers) and self.exists(region[1:]) for region in found)
        return self.number(label) if there else None

    def read(self, result: Any) -> int | None:
        if not isinstance(result, list):
            return None
        found = set()
        for region in result:
            name = only_value(self.control, self.kind, self.control.get("toName", ""), [region], self.kind)
            if not isinstance(name, list) or len(name) != 1 or name[0] not in self.answers:
                return None
            place = self.place(region["value"])
            if place is None or not self.exists(place):
                return None
            found.add((self.answers.index(name[0]), *place))
        return self.number(self.spell(found)) if len(found) <= 100 else None


class Boxes(Regions):
    """`boxes.v1`"""

    first, sizes = b"\x05", (2, 2, 2, 2, 2)

    def __init__(self, config: str) -> None:
        super().__init__(config, "RectangleLabels", "rectanglelabels", "Image")
        if self.control.get("canRotate") != "false":
            raise ValueError("boxes must not be turned")

    def exists(self, place: tuple[int, ...]) -> bool:
        left, top, width, height = place
        return width >= 1 and height >= 1 and left + width <= 10_000 and top + height <= 10_000

    def place(self, value: dict[str, Any]) -> tuple[int, ...] | None:
        values = [value.get(key) for key in ("x", "y", "width", "height", "rotation")]
        x, y, width, height, turned = (0 if each is None else each for each in values)
        if None in values[:4] or value.get("rotation", 0) is None:
            return None
        if not all(is_number(each) for each in (x, y, width, height, turned)) or turned != 0:
            return None
        left, top = edge(float(x)), edge(float(y))
        right, bottom = edge(float(x) + float(width)), edge(float(y) + float(height))
        return (left, top, right - left, bottom - top) if left < right and top < bottom else None

    def cells(self, region: tuple[int, ...]) -> tuple[range, range]:
        _, left, top, width, height = region
        return range(left, left + width), range(top, top + height)


class Spans(Regions):
    """`spans.v1`"""

    first, sizes = b"\x06", (2, 4, 4)

    def __init__(self, config: str) -> None:
        super().__init__(config, "Labels", "labels", "Text")

    def exists(self, place: tuple[int, ...]) -> bool:
        return place[0] < place[1]

    def place(self, value: dict[str, Any]) -> tuple[int, ...] | None:
        ends: tuple[Any, Any] = value.get("start"), value.get("end")
        if any(not is_number(each) or each % 1 or not 0 <= each < 2**32 for each in ends):
            return None
        return int(ends[0] or 0), int(ends[1] or 0)

    def cells(self, region: tuple[int, ...]) -> tuple[range, range]:
        return range(region[1], region[2]), range(1)


def is_number(value: Any) -> bool:
    """Whether this is a number that a double can be near."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def edge(percent: float) -> int:
    whole = 100.0 * percent + 0.5
    return 10_000 if whole >= 10_000 else max(math.floor(whole), 0) if whole > 0 else 0


FORMS: dict[str, type[SingleChoice | MultiLabel | Pairwise | Numeric | Boxes | Spans]] = {
    "single-choice.v1": SingleChoice,
    "multi-label.v1": MultiLabel,
    "pairwise.v1": Pairwise,
    "numeric.v1": Numeric,
    "boxes.v1": Boxes,
    "spans.v1": Spans,
}


def form_of(task_type: Any, config: Any) -> Form:
    """The form of a task's labels; ValueError if there is no such task."""
    if not isinstance(task_type, str) or task_type not in FORMS or not isinstance(config, str):
        raise ValueError(f"unknown task {task_type!r}")
    return FORMS[task_type](config)
