"""Writes what the web app takes from the Python package: the API's types and the contracts' ABIs.

`scripts/build-web` runs this; `--check` writes nothing and fails where a file is not what it would write.

* `web/src/api/types.ts` from the OpenAPI document, so that the page cannot fall behind the service.
* `web/src/protocol/abi.ts` from the compiled contracts: the calls that the page makes, the events that it
  reads, and every error, so that it can say in words why a transaction failed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from labelshare.api.app import create_app
from labelshare.chain import artifacts
from labelshare.oracle.desk import Desk
from labelshare.store.database import Database

ROOT: Final = Path(__file__).resolve().parent.parent
TYPES: Final = ROOT / "web" / "src" / "api" / "types.ts"
ABI: Final = ROOT / "web" / "src" / "protocol" / "abi.ts"
_REF: Final = "#/components/schemas/"
_HEAD: Final = "// Written by tools/web_sources.py; scripts/build-web writes it again.\n"

# What the page calls and reads, by the name of the constant; errors come with all of a contract.
_CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "registryAbi": (
        "ITaskRegistry",
        (
            "accept cancel claim claimMany claimedParts campaignOf campaignIdOf commit commitOf "
            "createCampaign createDataset creditOf dataset deposit depositWithPermit enrol "
            "enrolledAlone expire finalize join leave limits multicall poolIdOf poolOf postReceipt "
            "postReveal proposeOpenly receiptEndOf refill revealGold roundRootOf seatOf topUp withdraw "
            "withdrawSeat "
            "challenge contestOf CampaignCreated CommitsAggregated DatasetCreated GoldRevealed Joined Left "
            "PoolCreated Proposed RosterPosted Revealed"
        ),
    ),
    "shareAbi": (
        "ContributorShare",
        (
            "accumulator approve balanceOf claimRevenue claimRevenueFor claimable decimals name payRevenue "
            "revenuePaid revenueToken rounds stream symbol totalSupply transfer unstreamed RevenueClaimed "
            "RevenuePaid Transfer"
        ),
    ),
    "licencesAbi": (
        "LicenseRegistry",
        (
            "balanceOf buy closeOffer isLicensed license offer offerId offerParams offerStatus ownerOf "
            "proceeds split withdraw LicenseSold Offered OfferClosed ProceedsWithdrawn Transfer"
        ),
    ),
    "tokenAbi": (
        "RewardToken",
        "DOMAIN_SEPARATOR allowance approve balanceOf decimals eip712Domain name nonces symbol transfer",
    ),
}


def types_source(document: Mapping[str, Any]) -> str:
    """TypeScript of every schema of an OpenAPI document, and the paths that there are."""
    schemas = document["components"]["schemas"]
    lines = [
        _HEAD,
        *(f"export type {_identifier(name)} = {_type(schemas[name], 0)};\n" for name in sorted(schemas)),
    ]
    paths = sorted(f"{method.upper()} {path}" for path, each in document["paths"].items() for method in each)
    lines.append("export type Route =")
    lines += [f"  | {json.dumps(path)}" for path in paths]
    return "\n".join(lines) + ";\n"


def _identifier(name: str) -> str:
    return name.replace("[", "Of").replace("]", "").replace("_", "")


def _type(schema: Mapping[str, Any], depth: int) -> str:
    if "$ref" in schema:
        return _identifier(schema["$ref"].removeprefix(_REF))
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(each) for each in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " | ".join(_type(each, depth) for each in schema["anyOf"])
    match schema.get("type"):
        case "object":
            return _object(schema, depth)
        case "array":
            inner = _type(schema.get("items", {}), depth)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case "integer" | "number":
            return "number"
        case "boolean" | "null" as plain:
            return str(plain)
        case "string":
            return "`0x${string}`" if str(schema.get("pattern", "")).startswith("^0x") else "string"
        case _:
            return "unknown"


def _object(schema: Mapping[str, Any], depth: int) -> str:
    properties = schema.get("properties")
    if not properties:
        return "Record<string, unknown>"
    required, pad = set(schema.get("required", ())), "  " * (depth + 1)
    fields = [
        f"{pad}{name}{'' if name in required else '?'}: {_type(each, depth + 1)};"
        for name, each in properties.items()
    ]
    return "{\n" + "\n".join(fields) + f"\n{'  ' * depth}}}"


def abi_source() -> str:
    """The ABIs as constants that viem infers the types of calls from."""
    parts = [_HEAD]
    for name, (contract, wanted) in _CALLS.items():
        entries = list(_entries(contract, frozenset(wanted.split())))
        missing = set(wanted.split()) - {entry["name"] for entry in entries}
        if missing:
            raise SystemExit(f"{contract} has no {', '.join(sorted(missing))}")
        body = "\n".join(f"  {json.dumps(entry, separators=(',', ':'))}," for entry in entries)
        parts.append(f"export const {name} = [\n{body}\n] as const;\n")
    return "\n".join(parts)


def _entries(contract: str, wanted: frozenset[str]) -> Iterator[dict[str, Any]]:
    for entry in artifacts.load(contract).abi:
        kind, name = entry["type"], entry.get("name", "")
        if kind == "error" or (kind in {"function", "event"} and name in wanted):
            yield _without_internals(dict(entry))


def _without_internals(value: Any) -> Any:
    """Without the compiler's names of types, which say nothing to a caller."""
    if isinstance(value, dict):
        return {key: _without_internals(each) for key, each in value.items() if key != "internalType"}
    if isinstance(value, list):
        return [_without_internals(each) for each in value]
    return value


def sources() -> dict[Path, str]:
    """Every file with what it should hold."""
    document = create_app(_no_desk()).openapi()
    return {TYPES: types_source(document), ABI: abi_source()}


def _no_desk() -> Desk:
    """The document says what routes there are; nobody answers them here."""
    desk = object.__new__(Desk)
    desk.database = Database.in_memory()
    return desk


def main() -> None:
    """Write the files, or say which are not what they should be."""
    check = "--check" in sys.argv[1:]
    stale = [path for path, text in sources().items() if not path.is_file() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not what tools/web_sources.py writes")
        else:
            path.write_text(sources()[path])
    if check and stale:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
