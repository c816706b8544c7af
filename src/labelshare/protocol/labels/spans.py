"""`spans.v1`: parts of a text, each of one class; any number up to 100, none included.

The config has one `<Labels>` tag, which marks parts of a `<Text>`; the classes are its `<Label>` values in
document order. The canonical bytes are 0x06 ‖ for each span: class (2) ‖ start (4) ‖ end (4), in code points
of the text, the end excluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import shown
from labelshare.protocol.labels.regions import Region, Regions, number, parse_regions

__all__ = ["SPANS", "Spans", "parse_spans"]

SPANS: Final = "spans.v1"
_MAX_END: Final = (1 << 32) - 1
_SPAN: Final = np.dtype([("class", ">u2"), ("start", ">u4"), ("end", ">u4")])


@dataclass(frozen=True, slots=True)
class Spans(Regions):
    """A task of spans; a region is class, start and end."""

    kind: ClassVar[str] = SPANS
    tag: ClassVar[bytes] = b"\x06"
    layout: ClassVar[Struct] = Struct(">HII")
    control: ClassVar[str] = "labels"

    def extents(self, bodies: bytes) -> NDArray[np.int64]:
        """Spans as boxes of height 1."""
        found = np.frombuffer(bodies, _SPAN)
        rows = np.zeros((found.size, 5), np.int64)
        rows[:, 0], rows[:, 1], rows[:, 3], rows[:, 4] = found["class"], found["start"], found["end"], 1
        return rows

    def _fits(self, region: Region) -> bool:
        return region[1] < region[2]

    def _place(self, value: Mapping[Any, Any]) -> Region:
        start, end = _offset(value, "start"), _offset(value, "end")
        if start >= end:
            raise LabelError("a span is empty: its start must be before its end")
        return start, end

    def _drawn(self, region: Region) -> dict[str, Any]:
        return {"start": region[1], "end": region[2]}

    def _words(self, region: Region) -> str:
        return f"{region[1]}-{region[2]}"


def parse_spans(config: str) -> Spans:
    """Read a Label Studio config with one `<Labels>` on a `<Text>`.

    Raises:
        LabelError: As `parse_regions` does.
    """
    return Spans(*parse_regions(config, SPANS, "Labels", "Text"))


def _offset(value: Mapping[Any, Any], key: str) -> int:
    found = number(value, key)
    if not 0 <= found <= _MAX_END or found != int(found):
        raise LabelError(f"result.value.{key} is {shown(value[key])}, expected a whole number below 2^32")
    return int(found)
