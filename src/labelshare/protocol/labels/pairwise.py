"""`pairwise.v1`: which of two objects is better, or neither.

The config has one `<Pairwise name="…" toName="left,right">` tag. The canonical bytes are 0x03 ‖ one byte: 0
left, 1 right, 2 tie.

Label Studio's editor has no button for a tie: `left` and `right` are all it writes and all it can load, and
who prefers neither leaves both unmarked. So a tie is the empty result, which the editor makes and shows
again. A task that was skipped has no result at all and never comes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import Form, held, region, shown
from labelshare.protocol.labels.config import attribute, childless, only_control

__all__ = ["LEFT", "PAIRWISE", "RIGHT", "TIE", "Pairwise", "parse_pairwise"]

PAIRWISE: Final = "pairwise.v1"
LEFT: Final = 0
RIGHT: Final = 1
TIE: Final = 2
_WORDS: Final = ("left", "right", "tie")
_SIDES: Final = {"left": LEFT, "right": RIGHT}
_TAG: Final = 0x03


@dataclass(frozen=True, slots=True)
class Pairwise(Form):
    """A pairwise task; an answer is `LEFT`, `RIGHT` or `TIE`.

    Attributes:
        name: The `name` of the Pairwise tag, both `from_name` and `to_name` in results.
        left, right: The object tags it compares.
    """

    kind: ClassVar[str] = PAIRWISE

    name: str
    left: str
    right: str

    @property
    def n_classes(self) -> int:
        """Left, right and tie."""
        return len(_WORDS)

    def encode(self, answer: int) -> bytes:
        """Canonical bytes of a preference."""
        self.check(answer)
        return bytes([_TAG, answer])

    def decode(self, label: bytes) -> int:
        """The preference of canonical bytes."""
        if len(label) != 2 or label[0] != _TAG:
            raise self.no_label(label)
        self.check(label[1])
        return label[1]

    def from_result(self, result: Any) -> int:
        """The preference of a result: the selected side, or a tie if it is empty."""
        if result == []:
            return TIE
        side = held(result, "pairwise", self.name, self.name, "selected")
        if not isinstance(side, str) or side not in _SIDES:
            raise LabelError(f"result.value.selected is {shown(side)}, expected 'left' or 'right'")
        return _SIDES[side]

    def to_result(self, answer: int) -> list[dict[str, Any]]:
        """The result of a preference."""
        self.check(answer)
        return [] if answer == TIE else [region("pairwise", self.name, self.name, "selected", _WORDS[answer])]

    def describe(self, answer: int) -> str:
        """`left`, `right` or `tie`."""
        self.check(answer)
        return _WORDS[answer]


def parse_pairwise(config: str) -> Pairwise:
    """Read a Label Studio config with one pairwise control.

    Raises:
        LabelError: If the XML is not acceptable, or holds anything but one `<Pairwise>` that names two
            objects and tags that only display.
    """
    control = only_control(config, PAIRWISE, "Pairwise")
    childless(control)
    sides = attribute(control, "toName").split(",")
    if len(set(sides)) != 2 or len(sides) != 2 or any(side != side.strip() or not side for side in sides):
        raise LabelError(
            f'<Pairwise> needs toName="left,right", two names with no spaces: {shown(",".join(sides))}'
        )
    return Pairwise(attribute(control, "name"), *sides)
