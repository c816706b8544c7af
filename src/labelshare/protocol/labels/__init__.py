"""Labels: from Label Studio's XML config and results to canonical bytes, one file a task type.

A *form* is what the labels of a task can be, read from the task's config. An *answer* is a number from 0 to
`n_classes` - 1, the class that aggregation counts; but for regions, which are too many to be counted so. A
*label* is an answer in the form's canonical bytes: one spelling each, and no other bytes are a label. The
first byte names the form, so that the bytes of two task types never coincide.

    single-choice.v1    0x01 ‖ class (2)
    multi-label.v1      0x02 ‖ classes (2 each, ascending)
    pairwise.v1         0x03 ‖ 0 left, 1 right, 2 tie
    numeric.v1          0x04 ‖ scaled value (8)
    boxes.v1            0x05 ‖ boxes, ascending: class (2) ‖ left (2) ‖ top (2) ‖ width (2) ‖ height (2)
    spans.v1            0x06 ‖ spans, ascending: class (2) ‖ start (4) ‖ end (4)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import MAX_ANSWERS, Form, digest, shown
from labelshare.protocol.labels.boxes import BOXES, Boxes, parse_boxes
from labelshare.protocol.labels.config import (
    MAX_CLASSES,
    MAX_CONFIG_BYTES,
    MAX_CONFIG_DEPTH,
    MAX_CONFIG_TAGS,
)
from labelshare.protocol.labels.multi_label import MULTI_LABEL, MultiLabel, parse_multi_label
from labelshare.protocol.labels.numeric import NUMERIC, Numeric, parse_numeric
from labelshare.protocol.labels.pairwise import PAIRWISE, Pairwise, parse_pairwise
from labelshare.protocol.labels.regions import MAX_REGIONS, Regions
from labelshare.protocol.labels.single_choice import SINGLE_CHOICE, SingleChoice, parse_single_choice
from labelshare.protocol.labels.spans import SPANS, Spans, parse_spans

__all__ = [
    "BOXES",
    "KINDS",
    "MAX_ANSWERS",
    "MAX_CLASSES",
    "MAX_CONFIG_BYTES",
    "MAX_CONFIG_DEPTH",
    "MAX_CONFIG_TAGS",
    "MAX_REGIONS",
    "MULTI_LABEL",
    "NUMERIC",
    "PAIRWISE",
    "SINGLE_CHOICE",
    "SPANS",
    "Boxes",
    "Form",
    "MultiLabel",
    "Numeric",
    "Pairwise",
    "Regions",
    "SingleChoice",
    "Spans",
    "digest",
    "parse_boxes",
    "parse_multi_label",
    "parse_numeric",
    "parse_pairwise",
    "parse_single_choice",
    "parse_spans",
    "read_form",
]

_READERS: Final[Mapping[str, Callable[[str], Form]]] = {
    SINGLE_CHOICE: parse_single_choice,
    MULTI_LABEL: parse_multi_label,
    PAIRWISE: parse_pairwise,
    NUMERIC: parse_numeric,
    BOXES: parse_boxes,
    SPANS: parse_spans,
}

KINDS: Final = tuple(_READERS)
"""The names of all task types."""


def read_form(kind: str, config: str) -> Form:
    """The form of a task type, read from the task's config.

    Raises:
        LabelError: If there is no such task type, or the config is none of it.
    """
    if kind not in _READERS:
        raise LabelError(f"{shown(kind)} is no task type; there are {', '.join(KINDS)}")
    return _READERS[kind](config)
