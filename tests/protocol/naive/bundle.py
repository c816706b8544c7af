"""The bundle's lines and how values are spelled in them: section 12 of docs/settlement.md."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from typing import Any

import rfc8785

Row = dict[str, Any]

MIB = 2**20
KINDS = "header spec seat round commit opening gold truth score payout summary".split()


class FaultError(ValueError):
    """What is wrong with a settlement, in words."""


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


def line(row: Row) -> bytes:
    return rfc8785.dumps(row) + b"\n"


def read(bundle: bytes) -> dict[str, list[Row]]:
    """The rows by kind; every line must be the only spelling of its row, and the kinds in order."""
    if not bundle.endswith(b"\n") or len(bundle) > 8 * 1024 * MIB:
        raise FaultError("the bundle is empty, cut off or too long")
    rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    last = 0
    for number, text in enumerate(bundle.split(b"\n")[:-1], start=1):
        row = read_line(text, number)
        place = KINDS.index(row["kind"])
        if place < last:
            raise FaultError(f"line {number}: {row['kind']} stands too late")
        last = place
        rows[row["kind"]].append(row)
    return rows


def read_line(text: bytes, number: int) -> Row:
    try:
        if len(text) > 128 * MIB + 1024 or levels(text) > 32:
            raise FaultError("too long or too deep")
        row = json.loads(text.decode())
        if not isinstance(row, dict) or rfc8785.dumps(row) != text:
            raise FaultError("not the one spelling of an object")
    except ValueError as fault:
        raise FaultError(f"line {number}: {fault}") from None
    if row.get("kind") not in KINDS:
        raise FaultError(f"line {number}: unknown kind")
    return row


def levels(text: bytes) -> int:
    """How deep the brackets outside of strings go."""
    level = deepest = 0
    for byte in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", text):
        level += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, level)
    return deepest


def fields_of(row: Row, names: str) -> list[Any]:
    """The row's fields in this order; it must have no other."""
    if set(row) != {"kind", *names.split()}:
        raise FaultError(f"a {row['kind']} has other fields than {names}")
    return [row[name] for name in names.split()]


def read_bytes(value: Any, size: int | None = None) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"0x([0-9a-f]{2})*", value):
        raise FaultError(f"not lower-case hex: {value!r}")
    if size is not None and len(value) != 2 + 2 * size:
        raise FaultError(f"not {size} bytes: {value}")
    return bytes.fromhex(value[2:])


def read_u32(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**32:
        raise FaultError(f"not a number of 32 bits: {value!r}")
    return value


def read_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FaultError(f"not a list: {value!r}")
    return value


def struct_row(value: Any) -> Row:
    """A struct as JSON: names as in Solidity, integers of more than 53 bits as strings."""
    row: Row = {}
    for field in fields(value):
        first, *others = field.name.split("_")
        row[first + "".join(map(str.capitalize, others))] = spelled(getattr(value, field.name), field.type)
    return row


def spelled(value: Any, type_name: object) -> Any:
    if is_dataclass(value):
        return struct_row(value)
    if isinstance(value, bytes):
        return hexed(value)
    return value if type_name in ("U8", "U16", "U32", "U40") else str(value)
