"""`boxes.v1`: upright boxes on an image, each of one class; any number up to 100, none included.

The config has one `<RectangleLabels canRotate="false">` tag, which draws on an `<Image>`; the classes are its
`<Label>` values in document order. The canonical bytes are 0x05 ‖ for each box: class (2) ‖ left (2) ‖ top
(2) ‖ width (2) ‖ height (2), in 1/10,000 of the image's width and height.

Results hold percentages as doubles. An edge is floor(100 · percent + 0.5) of IEEE doubles, multiplied and
added in this order, so that every reader of the same result finds the same box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from struct import Struct
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labelshare.errors import LabelError
from labelshare.protocol.labels.regions import Region, Regions, number, parse_regions

__all__ = ["BOXES", "WHOLE", "Boxes", "parse_boxes"]

BOXES: Final = "boxes.v1"
WHOLE: Final = 10_000
"""The width or height of an image."""
_PERCENT: Final = WHOLE // 100


@dataclass(frozen=True, slots=True)
class Boxes(Regions):
    """A task of boxes; a region is class, left, top, width and height."""

    kind: ClassVar[str] = BOXES
    tag: ClassVar[bytes] = b"\x05"
    layout: ClassVar[Struct] = Struct(">5H")
    control: ClassVar[str] = "rectanglelabels"

    def extents(self, bodies: bytes) -> NDArray[np.int64]:
        """Boxes as they are."""
        found = np.frombuffer(bodies, ">u2").reshape(-1, 5).astype(np.int64)
        found[:, 3:] += found[:, 1:3]
        return found

    def _fits(self, region: Region) -> bool:
        _, left, top, width, height = region
        return width > 0 and height > 0 and left + width <= WHOLE and top + height <= WHOLE

    def _place(self, value: Mapping[Any, Any]) -> Region:
        if "rotation" in value and number(value, "rotation") != 0:
            raise LabelError("a box stands upright: result.value.rotation is 0 or absent")
        left, right = _edges(number(value, "x"), number(value, "width"))
        top, bottom = _edges(number(value, "y"), number(value, "height"))
        if left >= right or top >= bottom:
            raise LabelError("a box is empty, or lies outside the image")
        return left, top, right - left, bottom - top

    def _drawn(self, region: Region) -> dict[str, Any]:
        left, top, width, height = map(_percent, region[1:])
        return {"x": left, "y": top, "width": width, "height": height, "rotation": 0}

    def _words(self, region: Region) -> str:
        left, top, width, height = map(_percent, region[1:])
        return f"{left},{top} {width}x{height}"


def parse_boxes(config: str) -> Boxes:
    """Read a Label Studio config with one `<RectangleLabels canRotate="false">` on an `<Image>`.

    Raises:
        LabelError: As `parse_regions` does.
    """
    return Boxes(*parse_regions(config, BOXES, "RectangleLabels", "Image", canRotate="false"))


def _edges(start: float, length: float) -> tuple[int, int]:
    """Both ends on the grid; what lies outside the image is cut off."""
    return _edge(start), _edge(start + length)


def _edge(percent: float) -> int:
    return floor(min(max(100.0 * percent + 0.5, 0.0), float(WHOLE)))


def _percent(edge: int) -> int | float:
    return edge / _PERCENT if edge % _PERCENT else edge // _PERCENT
