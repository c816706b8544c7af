"""Contracts of contracts/mocks that the package does not carry, compiled for tests alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from install_solc import COMPILER, FOLDER, VERSION

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Code:
    """Of one contract: what creates it, before its arguments, and what is then at its address."""

    creation: bytes
    runtime: bytes


@cache
def compiled(contract: str, *imported: str) -> Code:
    """A contract of the file of its name, which imports those of `contracts`.

    Skips the test where there is no compiler.
    """
    if not COMPILER.exists():
        pytest.skip("the Solidity compiler is not installed; scripts/test brings it")
    os.environ["SOLCX_BINARY_PATH"] = str(FOLDER)
    import solcx

    source = f"contracts/mocks/{contract}.sol"
    names = (source, *(f"contracts/{each}" for each in imported))
    outputs = ["evm.bytecode.object", "evm.deployedBytecode.object"]
    request = {
        "language": "Solidity",
        "sources": {name: {"content": (ROOT / name).read_text(encoding="utf-8")} for name in names},
        "settings": {"evmVersion": "cancun", "outputSelection": {"*": {"*": outputs}}},
    }
    output = solcx.compile_standard(request, solc_version=VERSION, allow_paths=str(ROOT / "contracts"))
    code = output["contracts"][source][contract]["evm"]
    return Code(*(bytes.fromhex(code[part]["object"]) for part in ("bytecode", "deployedBytecode")))
