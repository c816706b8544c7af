"""ABI coding driven by the artifacts: one cached codec a function, error or event."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast, get_args, get_origin, get_type_hints

from eth_abi.codec import ABICodec
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import registry

from labelshare.chain import artifacts
from labelshare.errors import ChainError, InputError
from labelshare.types import Address, FixedBytes, Hash32, keccak

__all__ = [
    "Entry",
    "constructor",
    "convert",
    "decode_parameters",
    "entries",
    "field_kinds",
    "function",
    "plain",
    "type_of",
]

Parameter = Mapping[str, Any]

_CODEC = ABICodec(registry)


@dataclass(frozen=True)
class Entry:
    """A function, error or event of an ABI with its codec."""

    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    mutability: str

    @cached_property
    def signature(self) -> str:
        """Name and types, e.g. `transfer(address,uint256)`."""
        return f"{self.name}({','.join(map(type_of, self.inputs))})"

    @cached_property
    def topic(self) -> Hash32:
        """The hash of the signature: an event's first topic."""
        return keccak(self.signature.encode())

    @cached_property
    def selector(self) -> bytes:
        """The first four bytes of the hash of the signature."""
        return self.topic[:4]

    @cached_property
    def indexed(self) -> tuple[Parameter, ...]:
        """The inputs of an event that are topics."""
        return tuple(parameter for parameter in self.inputs if parameter.get("indexed"))

    def encode_call(self, arguments: Sequence[Any]) -> bytes:
        """Selector and arguments; `InputError` if an argument does not fit its type."""
        return self.selector + self.encode_arguments(arguments)

    def encode_arguments(self, arguments: Sequence[Any]) -> bytes:
        """Arguments alone, as a constructor takes them."""
        if not self.inputs and not arguments:
            return b""  # the ABI library has no empty tuple
        try:
            return bytes(self._encoder(tuple(plain(argument) for argument in arguments)))
        except (EncodingError, ValueError, TypeError) as error:
            raise InputError(f"{self.signature}: {error}") from None

    def decode_inputs(self, data: bytes) -> tuple[Any, ...]:
        """The arguments of an error, without its selector."""
        return decode_parameters(self.inputs, data)

    def decode_outputs(self, data: bytes) -> tuple[Any, ...]:
        """What a function returned."""
        return decode_parameters(self.outputs, data)

    @cached_property
    def _encoder(self) -> Any:
        return registry.get_encoder(f"({','.join(map(type_of, self.inputs))})")


def type_of(parameter: Parameter) -> str:
    """The canonical type: structs as tuples, user-defined types as what they wrap."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(type_of, parameter['components']))}){kind.removeprefix('tuple')}"


def decode_parameters(parameters: Sequence[Parameter], data: bytes) -> tuple[Any, ...]:
    """Decodes values as the ABI library gives them; `ChainError` for data of another shape."""
    try:
        return _CODEC.decode([type_of(parameter) for parameter in parameters], data)
    except DecodingError as error:
        raise ChainError(f"data that is not {[type_of(each) for each in parameters]}: {error}") from None


@cache
def entries(kind: str, artifact: str) -> tuple[Entry, ...]:
    """All entries of one kind (`function`, `error`, `event`, `constructor`) in one artifact."""
    return tuple(_entry(item) for item in artifacts.load(artifact).abi if item["type"] == kind)


@cache
def function(artifact: str, name: str) -> Entry:
    """A function of a contract by its name, or by its signature where the name is overloaded."""
    found = [each for each in entries("function", artifact) if name in (each.name, each.signature)]
    if len(found) != 1:
        raise LookupError(f"{artifact} has {len(found)} functions {name}")
    return found[0]


def constructor(artifact: str) -> Entry:
    """The constructor of a contract."""
    found = entries("constructor", artifact)
    return found[0] if found else Entry("", (), (), "nonpayable")


def plain(value: Any) -> Any:
    """A value in the form that ABI libraries take: structs as tuples, enums as integers."""
    if dataclasses.is_dataclass(value):
        return tuple(plain(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, FixedBytes):
        return bytes(value)
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    return value


def convert(kind: Any, value: Any) -> Any:
    """A decoded value in the type that an annotation asks for."""
    kind = _bare(kind)
    if get_origin(kind) is tuple:
        return tuple(convert(get_args(kind)[0], item) for item in value)
    if dataclasses.is_dataclass(kind):
        kinds = field_kinds(cast("Hashable", kind))
        return kind(*(convert(each, item) for each, item in zip(kinds, value, strict=True)))  # type: ignore[operator]
    if kind is Address:
        return Address(bytes.fromhex(value[2:]))
    if isinstance(kind, type) and issubclass(kind, FixedBytes | enum.Enum):
        return kind(value)
    return value


@cache
def field_kinds(struct: Hashable) -> tuple[Any, ...]:
    """The annotated types of a struct's fields, in order."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(hints[field.name] for field in dataclasses.fields(cast("Any", struct)))


def _bare(kind: Any) -> Any:
    """Without `Annotated` and `NewType`."""
    while True:
        if hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        elif hasattr(kind, "__metadata__"):
            kind = kind.__origin__
        else:
            return kind


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(
        name=item.get("name", ""),
        inputs=tuple(item.get("inputs", ())),
        outputs=tuple(item.get("outputs", ())),
        mutability=item.get("stateMutability", ""),
    )
