"""`numeric.v1`: a decimal number on a fixed grid.

The config has one `<Number min="…" max="…" step="…">` tag, or one `<Rating maxRating="…">` tag, which stands
for min 1 and step 1. A value is min + i · step; its number is i. The canonical bytes are 0x04 ‖ value ·
10^decimals as eight bytes, two's complement; decimals are the most digits that min, max or step has after the
point.

Results hold JSON numbers, which many readers take into a binary float. A scaled value has at most 15 digits,
which a double keeps, so the shortest decimal that reads as the same double is the value. No float is computed
with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from labelshare.errors import LabelError
from labelshare.protocol.labels.base import MAX_ANSWERS, Form, held, region, shown
from labelshare.protocol.labels.config import attribute, childless, only_control

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["MAX_DECIMALS", "MAX_SCALED", "NUMERIC", "Numeric", "parse_numeric"]

NUMERIC: Final = "numeric.v1"
MAX_DECIMALS: Final = 9
MAX_SCALED: Final = 10**15 - 1
_DEFAULT_RATING: Final = "5"
_DECIMAL: Final = re.compile(rf"-?(?:0|[1-9][0-9]{{0,14}})(?:\.[0-9]{{1,{MAX_DECIMALS}}})?")
_TAG: Final = 0x04


@dataclass(frozen=True, slots=True)
class Numeric(Form):
    """A numeric task; an answer is the place of a value on the grid.

    Attributes:
        control: What results call the control and its value.
        name: The `name` of the control, `from_name` in results.
        to_name: The object tag it labels.
        decimals: Digits after the point.
        low, high, step: The grid's first and last value and its step, in 1 / 10^decimals.
    """

    kind: ClassVar[str] = NUMERIC

    control: Literal["number", "rating"]
    name: str
    to_name: str
    decimals: int
    low: int
    high: int
    step: int

    @property
    def n_classes(self) -> int:
        """How many values the grid has."""
        return (self.high - self.low) // self.step + 1

    def encode(self, answer: int) -> bytes:
        """Canonical bytes of a value."""
        return bytes([_TAG]) + self._scaled(answer).to_bytes(8, "big", signed=True)

    def decode(self, label: bytes) -> int:
        """The value of canonical bytes."""
        if len(label) != 9 or label[0] != _TAG:
            raise self.no_label(label)
        return self._place(int.from_bytes(label[1:], "big", signed=True))

    def from_result(self, result: Any) -> int:
        """The value of a result with one number, an integer or a float."""
        value = held(result, self.control, self.name, self.to_name, self.control)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise LabelError(f"result.value.{self.control} is {shown(value)}, expected a number")
        if isinstance(value, float) and not isfinite(value):
            raise LabelError(f"result.value.{self.control} is {value}, expected a finite number")
        exact = Fraction(float.__repr__(value) if isinstance(value, float) else value)
        return self._place(exact * 10**self.decimals)

    def to_result(self, answer: int) -> list[dict[str, Any]]:
        """The result of a value: an integer if it is whole, else a float."""
        exact = Fraction(self._scaled(answer), 10**self.decimals)
        value = exact.numerator if exact.denominator == 1 else float(self.describe(answer))
        return [region(self.control, self.name, self.to_name, self.control, value)]

    def describe(self, answer: int) -> str:
        """The value in decimal, with all its decimals."""
        scaled = self._scaled(answer)
        digits = str(abs(scaled)).rjust(self.decimals + 1, "0")
        point = len(digits) - self.decimals
        return "-" * (scaled < 0) + digits[:point] + "." * (self.decimals > 0) + digits[point:]

    def _scaled(self, answer: int) -> int:
        self.check(answer)
        return self.low + answer * self.step

    def _place(self, scaled: int | Fraction) -> int:
        """The answer of a scaled value; `LabelError` if the grid does not have it."""
        if not self.low <= scaled <= self.high:
            raise LabelError(
                f"the value is outside {self.describe(0)} to {self.describe(self.n_classes - 1)}"
            )
        place = Fraction(scaled - self.low, self.step)
        if place.denominator != 1:
            raise LabelError("the value is not min plus a whole number of steps")
        return place.numerator


def parse_numeric(config: str) -> Numeric:
    """Read a Label Studio config with one `<Number>` or `<Rating>`.

    Raises:
        LabelError: If the XML is not acceptable, or holds anything but one such tag and tags that only
            display; if min, max and step are not plain decimals that make a grid of 2 to 2^32 values, max
            included.
    """
    control = only_control(config, NUMERIC, "Number", "Rating")
    childless(control)
    limits = _rating(control) if control.tag == "Rating" else _number(control)
    decimals = max(len(text.partition(".")[2]) for text in limits)
    low, high, step = (_scale(text, decimals) for text in limits)
    _check_grid(low, high, step)
    named: Literal["number", "rating"] = "rating" if control.tag == "Rating" else "number"
    return Numeric(named, attribute(control, "name"), attribute(control, "toName"), decimals, low, high, step)


def _number(control: Element) -> list[str]:
    return [_decimal(name, attribute(control, name)) for name in ("min", "max", "step")]


def _rating(control: Element) -> list[str]:
    text = _decimal("maxRating", control.get("maxRating", _DEFAULT_RATING))
    if "." in text:
        raise LabelError(f'maxRating="{text}" is no whole number')
    return ["1", text, "1"]


def _decimal(name: str, text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise LabelError(
            f"{name}={shown(text)} is no decimal number with at most {MAX_DECIMALS} digits after the point"
        )
    return text


def _scale(text: str, decimals: int) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(decimals, "0"))


def _check_grid(low: int, high: int, step: int) -> None:
    if max(abs(low), abs(high), abs(step)) > MAX_SCALED:
        raise LabelError(
            f"a number has at most {len(str(MAX_SCALED))} digits, those after the point included"
        )
    if step <= 0 or high <= low:
        raise LabelError("step must be above 0, and max above min")
    if (high - low) % step:
        raise LabelError("max must be min plus a whole number of steps")
    if (high - low) // step >= MAX_ANSWERS:
        raise LabelError(f"a numeric task has at most {MAX_ANSWERS} values")
