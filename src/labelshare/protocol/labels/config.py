"""Reading a label config: Label Studio XML that strangers wrote.

Every reader must find the same tags in the same text, so what could be read in two ways is refused: DTDs and
entities, encodings other than UTF-8, NUL (from which an XML parser guesses UTF-16). Sizes are limited.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import shown

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = [
    "MAX_CLASSES",
    "MAX_CONFIG_BYTES",
    "MAX_CONFIG_DEPTH",
    "MAX_CONFIG_TAGS",
    "MAX_TEXT_CHARS",
    "attribute",
    "childless",
    "classes",
    "only_control",
]

MAX_CONFIG_BYTES: Final = 256 * 1024
MAX_CONFIG_DEPTH: Final = 32
MAX_CONFIG_TAGS: Final = 16_384
MAX_CLASSES: Final = 65_536
MAX_TEXT_CHARS: Final = 1024

# Tags that show something or lay out; any other control tag would add answers that the canonical form lacks.
_PASSIVE_TAGS: Final = frozenset(
    "View Header Style Text HyperText Image Audio AudioPlus Video Paragraphs Table List Collapse Panel "
    "Markdown Pdf".split()
)
_DECLARED: Final = re.compile(r"<\?xml[ \t\r\n]")
_DECLARATION: Final = re.compile(
    r"""<\?xml\s+version\s*=\s*["']1\.0["'](\s+encoding\s*=\s*["'](?i:utf-8)["'])?"""
    r"""(\s+standalone\s*=\s*["'](yes|no)["'])?\s*\?>"""
)
# What Label Studio replaces by the task's data, wherever it stands in a value.
_VARIABLE: Final = re.compile(r"\$[A-Za-z0-9_\[\].{}]")


def only_control(config: str, kind: str, *names: str, on: str | None = None) -> Element:
    """The one tag of these names in a config of a task type.

    Args:
        config: XML that a stranger wrote.
        kind: The task type.
        names: What its control may be.
        on: The tag of what its `toName` must name; None for anything.

    Raises:
        LabelError: If the XML is malformed, too large or too deep, declares a DTD, entities or another
            encoding, or holds anything but one such tag, its children and tags that only display; if the tag
            labels no `on`.
    """
    task = kind.partition(".")[0]
    elements = _elements(config)
    controls = [element for element in elements if element.tag in names]
    own = {id(element) for control in controls for element in (control, *control)}
    for element in elements:
        if element.tag not in _PASSIVE_TAGS and id(element) not in own:
            raise LabelError(f"{_tag(element)} has no place in a {task} config")
    if len(controls) != 1:
        wanted = " or ".join(f"<{name}>" for name in names)
        raise LabelError(f"a {task} config has one {wanted}, this one {len(controls)}")
    if on is not None and attribute(controls[0], "toName") not in _names(elements, on):
        raise LabelError(f"{_tag(controls[0])} needs a toName that is the name of an <{on}>")
    return controls[0]


def childless(control: Element) -> None:
    """Raise `LabelError` unless a control holds no tags."""
    if len(control):
        raise LabelError(f"{_tag(control)} holds no tags")


def attribute(element: Element, name: str) -> str:
    """An attribute that must be there; `LabelError` if it is not, is too long or has outer spaces."""
    text = element.get(name, "")
    if not 0 < len(text) <= MAX_TEXT_CHARS or text != text.strip():
        raise LabelError(
            f'{_tag(element)} needs {name}="…" of 1 to {MAX_TEXT_CHARS} characters, no outer spaces'
        )
    return text


def classes(
    control: Element, child: str = "Choice", *, at_least: int = 2, at_most: int = MAX_CLASSES
) -> tuple[tuple[str, ...], dict[str, int]]:
    """The classes of a control, and what a result may hold for each (alias or value) → class.

    Raises:
        LabelError: If they are not `at_least` to `at_most` plain, static tags `child`, no two of one value or
            of one answer.
    """
    if control.get("value") is not None:
        raise LabelError("classes must stand in the config, not come from the task's data")
    names: list[str] = []
    answers: dict[str, int] = {}
    for index, choice in enumerate(control):
        names.append(_class_name(control, choice, child))
        answer = names[-1] if choice.get("alias") is None else attribute(choice, "alias")
        if answers.setdefault(answer, index) != index:
            raise LabelError(f"two classes answer {shown(answer)}")
    if not at_least <= len(names) <= at_most:
        raise LabelError(f"the task has {len(names)} classes, allowed are {at_least} to {at_most} classes")
    if len(set(names)) != len(names):
        raise LabelError("two classes have the same value")
    return tuple(names), answers


def _class_name(control: Element, choice: Element, child: str) -> str:
    if choice.tag != child or len(choice):
        raise LabelError(f"{_tag(control)} holds plain <{child}> tags only")
    name = attribute(choice, "value")
    if _VARIABLE.search(name):
        raise LabelError(f"class {shown(name)} would come from the task's data")
    return name


def _elements(config: str) -> list[Element]:
    """All tags, level by level, within the limits."""
    level = [_root(config)]
    found: list[Element] = []
    for _ in range(MAX_CONFIG_DEPTH):
        found += level
        level = [child for element in level for child in element]
    if level:
        raise LabelError(f"a label config nests at most {MAX_CONFIG_DEPTH} tags")
    if len(found) > MAX_CONFIG_TAGS:
        raise LabelError(f"a label config has at most {MAX_CONFIG_TAGS} tags, this one {len(found)}")
    return found


def _root(config: str) -> Element:
    try:
        return fromstring(_utf8(config), forbid_dtd=True)
    except (ParseError, DefusedXmlException) as error:
        raise LabelError(f"label config is not acceptable XML: {error!r:.200}") from None


def _utf8(config: str) -> bytes:
    """The bytes, which a parser takes for UTF-8 and nothing else."""
    try:
        data = config.encode()
    except UnicodeEncodeError as error:
        raise LabelError(f"label config is not acceptable XML: lone surrogate at {error.start}") from None
    if len(data) > MAX_CONFIG_BYTES:
        raise LabelError(f"a label config has at most {MAX_CONFIG_BYTES} bytes, this one {len(data)}")
    if "\0" in config or config.startswith("\ufeff"):
        raise LabelError("label config is not acceptable XML: NUL or a byte order mark")
    if _DECLARED.match(config) and not _DECLARATION.match(config):
        raise LabelError("the XML declaration of a label config says version 1.0 and UTF-8, or there is none")
    return data


def _names(elements: list[Element], tag: str) -> set[str | None]:
    return {element.get("name") for element in elements if element.tag == tag}


def _tag(element: Element) -> str:
    return f"<{element.tag:.80}>"
