"""Plain ABI encoding of static structs, driven by the annotations of `labelshare.types`, and the ids.

A static struct is the concatenation of its fields' 32-byte words in order, nested structs inlined
(Contract ABI Specification, "Formal Specification of the Encoding").
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, get_args, get_type_hints

from labelshare.errors import InputError
from labelshare.types import Address, CampaignId, CampaignParams, Hash32, PoolId, PoolParams, keccak

__all__ = [
    "address_word",
    "campaign_id",
    "encode",
    "field_types",
    "pool_id",
    "uint_bits",
    "uint_word",
    "values",
]


def field_types(struct: Any) -> tuple[tuple[str, Any], ...]:
    """Name and annotated type of each field of a struct class of `labelshare.types`, in ABI order."""
    return _field_types(struct)


@cache
def _field_types(struct: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(struct, include_extras=True)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(struct))


@cache
def _layout(struct: Any) -> tuple[tuple[str, int], ...]:
    """Name of each field and its `uint_bits`, looked up once: structs are encoded by the thousand."""
    return tuple((name, uint_bits(kind)) for name, kind in _field_types(struct))


def uint_bits(kind: Any) -> int:
    """Bits of an annotated unsigned integer such as `U96`, 0 for any other type."""
    name = next((str(extra) for extra in get_args(kind)[1:]), "")
    return int(name[4:]) if name.startswith("uint") else 0


def uint_word(value: int, bits: int = 256) -> bytes:
    """An unsigned integer of `bits` bits as a word; `InputError` if it does not fit."""
    if not 0 <= value < 1 << bits:
        raise InputError(f"{value} does not fit uint{bits}")
    return value.to_bytes(32, "big")


def address_word(address: bytes) -> bytes:
    """A 20-byte address as a word."""
    return bytes(12) + address


def encode(struct: Any) -> bytes:
    """`abi.encode(struct)` of a static struct; `InputError` names a field that is out of range."""
    words = []
    for name, bits in _layout(struct.__class__):
        try:
            words.append(_word(getattr(struct, name), bits))
        except InputError as error:
            raise InputError(f"{type(struct).__name__}.{name}: {error}") from None
    return b"".join(words)


def values(struct: Any) -> tuple[Any, ...]:
    """A struct as the nested tuple that ABI libraries take, in ABI order."""
    fields = (getattr(struct, name) for name, _ in field_types(type(struct)))
    return tuple(values(field) if dataclasses.is_dataclass(field) else field for field in fields)


def pool_id(chain_id: int, registry: Address, params: PoolParams) -> PoolId:
    """keccak256(abi.encode(chainid, registry, params))."""
    return PoolId(_scoped_hash(chain_id, registry, params))


def campaign_id(chain_id: int, registry: Address, params: CampaignParams) -> CampaignId:
    """keccak256(abi.encode(chainid, registry, params)): signing for the id is consent to every parameter."""
    return CampaignId(_scoped_hash(chain_id, registry, params))


def _scoped_hash(chain_id: int, registry: Address, params: Any) -> Hash32:
    return keccak(uint_word(chain_id) + address_word(registry) + encode(params))


def _word(value: Any, bits: int) -> bytes:
    if bits:
        return uint_word(value, bits)
    if isinstance(value, Address):
        return address_word(value)
    if isinstance(value, Hash32):
        return bytes(value)
    if dataclasses.is_dataclass(value):
        return encode(value)
    raise InputError(f"{value!r} has no static ABI form")
