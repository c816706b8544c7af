"""The compiled contracts that this version of labelshare speaks to.

The JSON files beside this module are written by `scripts/build-contracts`; `--verify` checks them against the
Solidity sources, byte for byte.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Artifact", "load", "names"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract. Treat the ABI and the layout as read-only: they are shared by all callers.

    Attributes:
        name: the contract's name, which is also the file's.
        abi: the JSON ABI, with the custom errors and events of everything the contract uses.
        bytecode: creation code, without constructor arguments.
        deployed_bytecode: runtime code, immutables left as zeros.
        immutables: where these stand in the runtime code: start and length in bytes.
        storage_layout: the compiler's layout (`storage` and `types`), for reading slots directly.
        source_checksum: SHA-256 over the checksums of every source file that went into the contract.
    """

    name: str
    abi: Sequence[Mapping[str, Any]]
    bytecode: bytes
    deployed_bytecode: bytes
    immutables: tuple[tuple[int, int], ...]
    storage_layout: Mapping[str, Any]
    source_checksum: str


@cache
def load(name: str) -> Artifact:
    """Returns the artifact of a contract, e.g. `load("TaskRegistry")`.

    Raises:
        LookupError: this package carries no such contract.
    """
    if name not in names():
        raise LookupError(
            f"no contract {name!r} among {', '.join(names()) or 'the artifacts: none is built'}"
        )
    content = json.loads((resources.files(__name__) / f"{name}.json").read_text(encoding="utf-8"))
    return Artifact(
        name=content["name"],
        abi=content["abi"],
        bytecode=_unhex(content["bytecode"]),
        deployed_bytecode=_unhex(content["deployedBytecode"]),
        immutables=tuple((start, length) for start, length in content["immutables"]),
        storage_layout=content["storageLayout"],
        source_checksum=content["sourceChecksum"],
    )


def names() -> tuple[str, ...]:
    """Returns the names of all contracts that can be loaded, sorted."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(file.removesuffix(".json") for file in files if file.endswith(".json")))


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
