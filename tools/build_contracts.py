"""Compiles contracts/ into the artifacts that the Python package carries.

One JSON file per deployable contract, with everything that decides its bytes: ABI, creation and runtime
bytecode, storage layout, compiler, settings and the checksums of its sources; an interface that Python needs
comes with empty code. The same sources give the same files on any machine: keys are sorted, and numbers that
depend on what else was compiled are taken out.

Usage: `scripts/build-contracts [--verify]`
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from install_solc import FOLDER, VERSION

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "contracts"
ARTIFACTS = ROOT / "src" / "labelshare" / "chain" / "artifacts"

EVM_VERSION = "cancun"
OPTIMIZER = {"enabled": True, "runs": 200}
RUNTIME = ("evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences")
OUTPUTS = ["abi", "evm.bytecode.object", *RUNTIME, "storageLayout", "metadata"]
MAX_RUNTIME_BYTES = 24_576  # EIP-170
CARRIED_MOCKS = {"RewardToken"}  # the development token; the hostile ones serve the Solidity tests alone
CARRIED_INTERFACES = {"ITaskRegistry"}  # what the registry's address answers, its extension's part included
FUTURE_KEYWORD = "6335"  # names that a later compiler will reserve; ours is pinned

TYPE_NUMBER = re.compile(r"(t_(?:struct|enum|contract|userDefinedValueType)\([\w.$]+\))\d+")


class BuildError(Exception):
    """The contracts do not compile, or not into what may be published."""


class Build(NamedTuple):
    """What one run of the compiler gives: artifacts by contract name, and the compiler's warnings."""

    artifacts: dict[str, dict[str, Any]]
    warnings: list[str]


def compile_contracts() -> Build:
    """Compiles every file of contracts/ in one run.

    Raises:
        BuildError: the compiler reports an error, or two contracts share a name.
    """
    os.environ["SOLCX_BINARY_PATH"] = str(FOLDER)
    import solcx

    request = _request()
    try:
        output = solcx.compile_standard(
            request, solc_version=VERSION, base_path=str(ROOT), allow_paths=str(ROOT)
        )
    except solcx.exceptions.SolcError as error:
        raise BuildError(_compiler_messages(error)) from None

    artifacts: dict[str, dict[str, Any]] = {}
    for source, contracts in output["contracts"].items():
        for name, contract in contracts.items():
            if not source.startswith("contracts/") or not _carried(name, contract):
                continue
            if name in artifacts:
                raise BuildError(f"two contracts are called {name}: {source}, {artifacts[name]['source']}")
            artifacts[name] = _artifact(name, source, contract)
    warnings = [
        error["formattedMessage"].rstrip()
        for error in output.get("errors", [])
        if error["severity"] == "warning" and _is_ours(error)
    ]
    return Build(artifacts, warnings)


def render(artifact: dict[str, Any]) -> str:
    """Returns the bytes of an artifact file: sorted keys, one line break at the end."""
    return json.dumps(artifact, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write(artifacts: dict[str, dict[str, Any]], folder: Path = ARTIFACTS) -> list[str]:
    """Writes the artifacts and removes those of contracts that are gone; returns what changed, readably."""
    changed = differences(artifacts, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, artifact in artifacts.items():
        target = folder / f"{name}.json"
        text = render(artifact)
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        scratch = target.with_suffix(f".{os.getpid()}.tmp")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(target)
    for stale in {path.stem for path in folder.glob("*.json")} - set(artifacts):
        (folder / f"{stale}.json").unlink()
    return changed


def differences(artifacts: dict[str, dict[str, Any]], folder: Path = ARTIFACTS) -> list[str]:
    """Compares fresh artifacts with the files of `folder`; returns one line per contract that differs."""
    present = {path.stem: path for path in folder.glob("*.json")}
    lines = [f"{name}: no such contract any more" for name in sorted(set(present) - set(artifacts))]
    for name, artifact in sorted(artifacts.items()):
        if name not in present:
            lines.append(f"{name}: not built yet")
            continue
        text = present[name].read_text(encoding="utf-8")
        if text != render(artifact):
            lines.append(f"{name}: {_what_differs(json.loads(text), artifact)}")
    return lines


def _request() -> dict[str, Any]:
    paths = [
        path
        for path in sorted(SOURCES.rglob("*.sol"))
        if path.parent.name != "mocks" or path.stem in CARRIED_MOCKS
    ]
    remappings = [line for line in (ROOT / "remappings.txt").read_text().splitlines() if line.strip()]
    return {
        "language": "Solidity",
        "sources": {
            path.relative_to(ROOT).as_posix(): {"content": path.read_text(encoding="utf-8")} for path in paths
        },
        "settings": {
            "evmVersion": EVM_VERSION,
            "optimizer": OPTIMIZER,
            "viaIR": False,
            "metadata": {"bytecodeHash": "ipfs", "useLiteralContent": False},
            "remappings": [line for line in remappings if not line.startswith("forge-std/")],
            "outputSelection": {"*": {"*": OUTPUTS}},
        },
    }


def _carried(name: str, contract: dict[str, Any]) -> bool:
    """Tells contracts from interfaces, abstract contracts and libraries that are inlined whole."""
    return name in CARRIED_INTERFACES or (
        bool(contract["evm"]["bytecode"]["object"])
        and any(entry["type"] in {"function", "constructor"} for entry in contract["abi"])
    )


def _artifact(name: str, source: str, contract: dict[str, Any]) -> dict[str, Any]:
    metadata = json.loads(contract["metadata"])
    runtime = contract["evm"]["deployedBytecode"]["object"]
    if len(runtime) // 2 > MAX_RUNTIME_BYTES:
        raise BuildError(f"{name} is {len(runtime) // 2:,} bytes, above the {MAX_RUNTIME_BYTES:,} of EIP-170")
    sources = {path: _sha256((ROOT / path).read_bytes()) for path in metadata["sources"]}
    return {
        "name": name,
        "source": source,
        "sources": sources,
        "sourceChecksum": _sha256(json.dumps(sources, sort_keys=True).encode()),
        "compiler": {
            "version": metadata["compiler"]["version"],
            "evmVersion": EVM_VERSION,
            "optimizer": OPTIMIZER,
            "remappings": metadata["settings"]["remappings"],
            "viaIR": False,
        },
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + runtime,
        "immutables": _immutables(contract["evm"]["deployedBytecode"].get("immutableReferences", {})),
        "storageLayout": _stable_layout(contract["storageLayout"]),
    }


def _immutables(references: dict[str, list[dict[str, int]]]) -> list[list[int]]:
    """Where the runtime code holds values that the constructor sets: start and length in bytes, ascending."""
    return sorted([each["start"], each["length"]] for places in references.values() for each in places)


def _stable_layout(layout: dict[str, Any]) -> dict[str, Any]:
    """Takes out the syntax tree's numbers, which change when any other contract does."""
    text = TYPE_NUMBER.sub(r"\1", json.dumps(layout))

    def without_ids(entry: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in entry.items() if key != "astId"}

    stable: dict[str, Any] = json.loads(text, object_hook=without_ids)
    return stable


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _what_differs(published: dict[str, Any], compiled: dict[str, Any]) -> str:
    keys = sorted(key for key in {*published, *compiled} if published.get(key) != compiled.get(key))
    if "sources" not in keys:
        return f"{', '.join(keys)} differ"
    before, now = published.get("sources", {}), compiled["sources"]
    files = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
    rest = [key for key in keys if key not in {"sources", "sourceChecksum"}]
    return f"sources changed: {', '.join(files)}" + (f" ({', '.join(rest)} differ)" if rest else "")


def _is_ours(error: dict[str, Any]) -> bool:
    if error.get("errorCode") == FUTURE_KEYWORD:
        return False
    location = error.get("sourceLocation") or {}
    return str(location.get("file", "contracts/")).startswith("contracts/")


def _compiler_messages(error: Any) -> str:
    """Picks what the compiler said out of py-solc-x's exception, which carries the whole output besides."""
    try:
        reported = json.loads(error.stdout_data)["errors"]
    except (TypeError, ValueError, KeyError):
        return str(error)
    return "\n".join(entry["formattedMessage"] for entry in reported if entry["severity"] == "error")


def main() -> int:
    """Builds or verifies; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/build-contracts", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--verify", action="store_true", help="write nothing; fail where artifacts and sources differ"
    )
    arguments = parser.parse_args()
    try:
        build = compile_contracts()
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for warning in build.warnings:
        print(warning, file=sys.stderr)

    if not arguments.verify:
        for line in write(build.artifacts):
            print(line)
        print(f"{len(build.artifacts)} contracts: {', '.join(sorted(build.artifacts))}")
        return 0

    faults = differences(build.artifacts)
    if faults:
        print("the artifacts are not those of contracts/ (run scripts/build-contracts):", file=sys.stderr)
        for line in faults:
            print(f"  {line}", file=sys.stderr)
    if build.warnings:
        print(f"the compiler warns {len(build.warnings)} times", file=sys.stderr)
    if faults or build.warnings:
        return 1
    print(f"{len(build.artifacts)} artifacts match their sources and recompiled bytecode")
    return 0


if __name__ == "__main__":
    sys.exit(main())
