"""Frozen dataclasses as canonical JSON rows and back, driven by their annotations.

An integer type of up to 53 bits is a JSON number, a wider one a decimal string; bytes are lower-case 0x
strings; a tuple (of numbers or of bytes) is an array, a nested dataclass an object; names are camelCase.
Reading checks types and ranges; whoever needs one spelling of a row compares it with what `to_line` writes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from labelshare.errors import InputError
from labelshare.protocol import canonical
from labelshare.protocol.abi import field_types, uint_bits
from labelshare.types import I32, FixedBytes

__all__ = ["from_json", "to_json", "to_line"]

T = TypeVar("T")
_WIDEST_NUMBER = 53


class _Codec(NamedTuple):
    """How a field is written as a JSON value, read from one, and spelt in a line (RFC 8785)."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    spell: Callable[[Any], str]


def to_json(row: Any) -> dict[str, Any]:
    """A dataclass as JSON values."""
    kind: Any = type(row)
    return {name: codec.write(getattr(row, field)) for name, field, codec in _fields(kind)}


def to_line(row: Any, kind: str) -> bytes:
    """RFC 8785 bytes of a dataclass, with its `kind` as a further field, and a newline.

    What `canonical.dumps` makes of its JSON values, several times quicker: names and order are known.
    """
    struct: Any = type(row)
    return f"{{{','.join([member(row) for member in _members(struct, kind)])}}}\n".encode()


def from_json(struct: type[T], value: Any) -> T:
    """A dataclass from JSON values; `InputError` names the first bad field."""
    kind: Any = struct
    fields = _fields(kind)
    names = [name for name, _, _ in fields]
    if not isinstance(value, dict) or sorted(value) != sorted(names):
        found = sorted(value) if isinstance(value, dict) else value
        raise InputError(f"has fields {found!s:.200}, expected {sorted(names)}")
    return struct(**{field: _read(codec, value[name], name) for name, field, codec in fields})


def _read(codec: _Codec, value: Any, name: str) -> Any:
    try:
        return codec.read(value)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


@cache
def _members(struct: Any, kind: str) -> tuple[Callable[[Any], str], ...]:
    """For each field in the order of its JSON name, what writes it with its name; `kind` among them."""
    named = {
        name: partial(_member, f'"{name}":', field, codec.spell) for name, field, codec in _fields(struct)
    }
    named["kind"] = partial(_constant, f'"kind":"{kind}"')
    return tuple(named[name] for name in sorted(named))


def _member(head: str, field: str, spell: Callable[[Any], str], row: Any) -> str:
    return head + spell(getattr(row, field))


def _constant(text: str, _row: Any) -> str:
    return text


@cache
def _fields(struct: Any) -> tuple[tuple[str, str, _Codec], ...]:
    return tuple((_camel(name), name, _codec(kind)) for name, kind in field_types(struct))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _codec(annotation: Any) -> _Codec:
    kind: Any = getattr(annotation, "__supertype__", annotation)
    if kind == I32:
        return _number(range(-1 << 31, 1 << 31), "int32")
    if bits := uint_bits(kind):
        return _number(range(1 << bits), f"uint{bits}") if bits <= _WIDEST_NUMBER else _decimal(bits)
    if get_origin(kind) is tuple:
        element = get_args(kind)[0]
        return _byte_strings() if element is bytes else _numbers(uint_bits(element))
    if dataclasses.is_dataclass(kind):
        return _spelt_as_json(to_json, partial(from_json, annotation))
    if kind is bool:
        return _Codec(bool, partial(_typed, kind=bool), lambda value: "true" if value else "false")
    if kind is str:
        return _spelt_as_json(str, partial(_typed, kind=str))
    if issubclass(kind, FixedBytes):
        return _Codec(_hex, lambda value: kind(_unhex(value)), _spell_hex)
    return _Codec(_hex, _unhex, _spell_hex)


def _spelt_as_json(write: Callable[[Any], Any], read: Callable[[Any], Any]) -> _Codec:
    return _Codec(write, read, lambda value: canonical.dumps(write(value)).decode())


def _number(values: range, name: str) -> _Codec:
    def read(value: Any) -> int:
        if type(value) is not int or value not in values:
            raise InputError(f"{value!r:.80} is not a number of {name}")
        return value

    return _Codec(int, read, str)


def _decimal(bits: int) -> _Codec:
    def read(value: Any) -> int:
        if not isinstance(value, str) or not value.isdecimal() or not value.isascii() or len(value) > 78:
            raise InputError(f"{value!r:.80} is not a decimal string")
        if int(value) >= 1 << bits:
            raise InputError(f"{value} does not fit uint{bits}")
        return int(value)

    return _Codec(str, read, '"{}"'.format)


def _numbers(bits: int) -> _Codec:
    """An array of numbers, checked as a whole: bundles hold a number for every label."""

    def read(value: Any) -> tuple[int, ...]:
        numbers = tuple(_typed(value, list))
        if numbers and (set(map(type, numbers)) != {int} or min(numbers) < 0 or max(numbers) >= 1 << bits):
            raise InputError(f"{value!r:.80} is not an array of uint{bits}")
        return numbers

    return _Codec(list, read, lambda value: f"[{','.join(map(str, value))}]")


def _byte_strings() -> _Codec:
    """An array of byte strings, few of which differ: each is converted once."""

    def write(value: tuple[bytes, ...]) -> list[str]:
        known = {each: _hex(each) for each in set(value)}
        return [known[each] for each in value]

    def read(value: Any) -> tuple[bytes, ...]:
        texts = [_typed(each, str) for each in _typed(value, list)]
        known = {each: _unhex(each) for each in set(texts)}
        return tuple(known[each] for each in texts)

    return _Codec(write, read, lambda value: '["' + '","'.join(write(value)) + '"]' if value else "[]")


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise InputError(f"{value!r:.80} is not a {kind.__name__}")
    return value


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _spell_hex(value: bytes) -> str:
    return f'"0x{value.hex()}"'


def _unhex(value: Any) -> bytes:
    try:
        if isinstance(value, str) and value.startswith("0x") and " " not in value:
            return bytes.fromhex(value[2:])
    except ValueError:
        pass
    raise InputError(f"{value!r:.80} is not a 0x string")
