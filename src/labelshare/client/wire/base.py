"""The values that every message is made of.

Names are camelCase, bytes lower-case 0x strings, addresses checksummed, amounts decimal strings of base
units, times Unix seconds. A question is taken literally: an unknown field, or a number where a string should
be, is an error. Of an answer an older client passes over the fields that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic.alias_generators import to_camel

from labelshare.errors import InputError
from labelshare.types import Address, CampaignId, FixedBytes, Hash32

__all__ = [
    "AddressText",
    "Amount",
    "AmountIn",
    "Answer",
    "BytesText",
    "CampaignText",
    "HashText",
    "ItemNumber",
    "Page",
    "Question",
    "Small",
    "Time",
]

Row = TypeVar("Row")
Fixed = TypeVar("Fixed", bound=FixedBytes)

MAX_BYTES: Final = 65_535
_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,77}")


class Answer(BaseModel):
    """What the service says."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, from_attributes=True, extra="ignore"
    )

    def to_bytes(self) -> bytes:
        """The JSON of it."""
        return self.model_dump_json(by_alias=True).encode()


class Question(BaseModel):
    """What the service is told or asked."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        from_attributes=True,
        extra="forbid",
        strict=True,
    )


def _fixed(kind: type[Fixed], what: str) -> Callable[[Any], Fixed]:
    def read(value: Any) -> Fixed:
        try:
            return value if isinstance(value, kind) else kind(_text(value, what))
        except InputError as error:
            wrong = "wrong address checksum" if "checksum" in str(error) else what
            raise ValueError(wrong) from None

    return read


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(what)  # noqa: TRY004 (pydantic reports ValueErrors)
    return value


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    text = _text(value, "must be a 0x string")
    if len(text) > 2 * MAX_BYTES + 2 or not _HEX.fullmatch(text):
        raise ValueError(f"must be 0x and pairs of lower-case hex digits, {MAX_BYTES} bytes at most")
    return bytes.fromhex(text[2:])


def _amount(value: Any) -> int:
    return value if type(value) is int and value >= 0 else _amount_in(value)


def _amount_in(value: Any) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or int(value) >= 1 << 256:
        raise ValueError("must be a decimal string of base units, below 2^256")
    return int(value)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


_AS_TEXT: Final = PlainSerializer(str, return_type=str)
_ADDRESS: Final = "must be 0x and 40 hex digits"
_HASH: Final = "must be 0x and 64 hex digits"
_ACCOUNT: Final = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_DIGEST: Final = "0x5c6ffbdd40d9556b73a21e63c3e0e9045c6ffbdd40d9556b73a21e63c3e0e904"
_ADDRESS_SCHEMA: Final = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$", "examples": [_ACCOUNT]}
_HASH_SCHEMA: Final = {"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$", "examples": [_DIGEST]}
_BYTES_SCHEMA: Final = {"type": "string", "pattern": "^0x([0-9a-f]{2})*$", "examples": ["0x0001"]}
_AMOUNT_SCHEMA: Final = {
    "type": "string",
    "pattern": "^(0|[1-9][0-9]{0,77})$",
    "examples": ["2500000000000000000"],
}

AddressText: TypeAlias = Annotated[
    Address, PlainValidator(_fixed(Address, _ADDRESS)), _AS_TEXT, WithJsonSchema(_ADDRESS_SCHEMA)
]
HashText: TypeAlias = Annotated[
    Hash32, PlainValidator(_fixed(Hash32, _HASH)), _AS_TEXT, WithJsonSchema(_HASH_SCHEMA)
]
CampaignText: TypeAlias = Annotated[
    CampaignId, PlainValidator(_fixed(Hash32, _HASH)), _AS_TEXT, WithJsonSchema(_HASH_SCHEMA)
]
BytesText: TypeAlias = Annotated[
    bytes, PlainValidator(_bytes), PlainSerializer(_hex, return_type=str), WithJsonSchema(_BYTES_SCHEMA)
]
Amount: TypeAlias = Annotated[int, PlainValidator(_amount), _AS_TEXT, WithJsonSchema(_AMOUNT_SCHEMA)]
AmountIn: TypeAlias = Annotated[int, PlainValidator(_amount_in), _AS_TEXT, WithJsonSchema(_AMOUNT_SCHEMA)]
Time: TypeAlias = Annotated[int, Field(ge=0, lt=2**53, examples=[1_795_000_000])]
Small: TypeAlias = Annotated[int, Field(ge=0, lt=2**32, examples=[3])]
ItemNumber: TypeAlias = Annotated[int, Field(ge=0, lt=2**32, examples=[17])]


class Page(Answer, Generic[Row]):
    """A part of a list.

    Attributes:
        items: The rows.
        next: What to send as `cursor` for the next part; null at the end.
    """

    items: list[Row]
    next: str | None = Field(default=None, examples=["ZXhhbXBsZQ"])
