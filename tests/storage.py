"""Reads a contract's variables from its storage by the compiler's layout, without a call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from labelshare.chain import artifacts
from labelshare.types import Address, keccak
from tests.evm import Evm


class Storage:
    """The variables of one contract, as integers; structs as mappings of their members."""

    def __init__(self, evm: Evm, address: Address, artifact: str) -> None:
        self._evm = evm
        self._address = address
        layout = artifacts.load(artifact).storage_layout
        self._types: Mapping[str, Any] = layout["types"]
        self._roots = {entry["label"]: (int(entry["slot"]), entry["type"]) for entry in layout["storage"]}

    def read(self, variable: str, *keys: bytes | int) -> Any:
        """A variable, or what a mapping holds under these keys."""
        slot, kind = self._roots[variable]
        for key in keys:
            slot, kind = _entry(key if isinstance(key, int) else bytes(key), slot), self._types[kind]["value"]
        members = self._types[kind].get("members")
        if members is None:
            return self._value(slot, 0, kind)
        words: dict[int, int] = {}
        return {member["label"]: self._member(slot, member, words) for member in members}

    def _member(self, start: int, member: Mapping[str, Any], words: dict[int, int]) -> int:
        slot = start + int(member["slot"])
        if slot not in words:
            words[slot] = self._evm.storage(self._address, slot)
        size: int = int(self._types[member["type"]]["numberOfBytes"])
        offset: int = member["offset"]
        return words[slot] >> 8 * offset & (1 << 8 * size) - 1

    def _value(self, slot: int, offset: int, kind: str) -> int:
        return self._member(slot, {"slot": "0", "offset": offset, "type": kind}, {})


@lru_cache(maxsize=65_536)
def _entry(key: bytes | int, slot: int) -> int:
    """Where a mapping keeps what lies under a key: bytes32 as they are, all else padded to the left."""
    word = key.to_bytes(32) if isinstance(key, int) else key.rjust(32, b"\0")
    return int.from_bytes(keccak(word + slot.to_bytes(32)))
