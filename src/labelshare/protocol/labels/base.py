"""What every label form gives, and the parts that forms share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final

from labelshare.errors import LabelError
from labelshare.types import Hash32, keccak

__all__ = ["MAX_ANSWERS", "Form", "digest", "held", "region", "shown", "value_of"]

MAX_ANSWERS: Final = 1 << 32
_SHOWN_CHARS: Final = 80


@lru_cache(maxsize=65_536)
def digest(label: bytes) -> Hash32:
    """The digest of a label's canonical bytes, which leaves hold."""
    return keccak(label)


class Form(ABC):
    """The labels of one task: answers as numbers, and how they are written.

    An answer is a number from 0 to `n_classes` - 1, its class in aggregation. Each has one spelling in bytes.
    """

    __slots__ = ()

    kind: ClassVar[str]
    """The task type that a spec names, version included."""

    @property
    @abstractmethod
    def n_classes(self) -> int:
        """How many answers there are: 2 to 2^32."""

    @abstractmethod
    def encode(self, answer: int) -> bytes:
        """Canonical bytes of an answer; `LabelError` if there is no such answer."""

    @abstractmethod
    def decode(self, label: bytes) -> int:
        """The answer of canonical bytes; `LabelError` for any other bytes."""

    @abstractmethod
    def from_result(self, result: Any) -> int:
        """The answer of a Label Studio result (the `result` list of an annotation).

        Raises:
            LabelError: If it is no answer, or was not made with this task's control.
        """

    @abstractmethod
    def to_result(self, answer: int) -> list[dict[str, Any]]:
        """The Label Studio result of an answer; `LabelError` if there is no such answer."""

    @abstractmethod
    def describe(self, answer: int) -> str:
        """The answer in words; `LabelError` if there is no such answer."""

    def check(self, answer: int) -> None:
        """Raise `LabelError` unless there is such an answer."""
        if not 0 <= answer < self.n_classes:
            raise LabelError(f"class {answer} of {self.n_classes} does not exist")

    def no_label(self, label: bytes) -> LabelError:
        """The error for bytes that are no canonical form."""
        start = label[:_SHOWN_CHARS].hex()
        return LabelError(f"0x{start} ({len(label)} bytes) is not the canonical form of {self.kind}")


def region(control: str, name: str, to_name: str, key: str, value: Any) -> dict[str, Any]:
    """A region of a Label Studio result: `value.<key>`, made with a control of type `control`."""
    return {"from_name": name, "to_name": to_name, "type": control, "value": {key: value}}


def held(result: Any, control: str, name: str, to_name: str, key: str) -> Any:
    """`value.<key>` of the only region of a result, None if absent; the counterpart of `region`.

    Raises:
        LabelError: If there is not exactly one region, or another control made it.
    """
    if not isinstance(result, list) or len(result) != 1 or not isinstance(result[0], Mapping):
        raise LabelError(f"a label of {name!r} is a result with exactly one region")
    return value_of(result[0], control, name, to_name).get(key)


def value_of(region: Any, control: str, name: str, to_name: str) -> Mapping[Any, Any]:
    """The `value` of one region of a result, empty if it has none.

    Raises:
        LabelError: If it is no region, or another control made it.
    """
    if not isinstance(region, Mapping):
        raise LabelError(f"a region of {name!r} is an object, not {shown(region)}")
    for field, expected in {"type": control, "from_name": name, "to_name": to_name}.items():
        if region.get(field) != expected:
            raise LabelError(f"result.{field} is {shown(region.get(field))}, expected {expected!r}")
    value = region.get("value")
    return value if isinstance(value, Mapping) else {}


def shown(value: Any) -> str:
    """A value from outside as a message may hold it: short, whatever it is."""
    if (
        value is None
        or isinstance(value, str | float)
        or (isinstance(value, int) and -MAX_ANSWERS < value < MAX_ANSWERS)
    ):
        return f"{value!r:.{_SHOWN_CHARS}}"
    return f"a value of type {type(value).__name__}"
