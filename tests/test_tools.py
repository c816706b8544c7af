"""The build tools: artifacts are compared and written faithfully, lock files name no addresses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import contract_coverage as coverage
from build_contracts import _stable_layout, differences, render, write
from tidy_npm_lock import tidy

ROOT = Path(__file__).resolve().parent.parent
LOCKS = [*sorted((ROOT / "requirements").glob("*.txt")), ROOT / "package-lock.json"]


def artifact(**changes: Any) -> dict[str, Any]:
    sources = {"contracts/A.sol": "aa"}
    return {"name": "A", "sources": sources, "sourceChecksum": "cc", "bytecode": "0x01", **changes}


def test_written_artifacts_do_not_differ(tmp_path: Path) -> None:
    assert write({"A": artifact()}, tmp_path) == ["A: not built yet"]

    assert differences({"A": artifact()}, tmp_path) == []
    assert (tmp_path / "A.json").read_text() == render(artifact())


def test_other_bytecode_of_the_same_sources_is_reported(tmp_path: Path) -> None:
    write({"A": artifact()}, tmp_path)

    assert differences({"A": artifact(bytecode="0x02")}, tmp_path) == ["A: bytecode differ"]


def test_a_changed_source_is_named(tmp_path: Path) -> None:
    write({"A": artifact()}, tmp_path)
    changed = artifact(sources={"contracts/A.sol": "bb"}, sourceChecksum="dd")

    assert differences({"A": changed}, tmp_path) == ["A: sources changed: contracts/A.sol"]


def test_an_artifact_without_contract_is_reported_and_removed(tmp_path: Path) -> None:
    write({"A": artifact()}, tmp_path)

    assert differences({}, tmp_path) == ["A: no such contract any more"]
    write({}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_layout_keeps_lengths_and_loses_numbers_of_the_syntax_tree() -> None:
    layout = {
        "storage": [{"astId": 7, "label": "pools", "type": "t_mapping(t_bytes32,t_struct(Pool)812_storage)"}],
        "types": {"t_array(t_struct(Pool)812_storage)12_storage": {"members": [{"astId": 9, "slot": "0"}]}},
    }

    assert _stable_layout(layout) == {
        "storage": [{"label": "pools", "type": "t_mapping(t_bytes32,t_struct(Pool)_storage)"}],
        "types": {"t_array(t_struct(Pool)_storage)12_storage": {"members": [{"slot": "0"}]}},
    }


def test_a_tidy_lock_names_every_platform_and_no_address() -> None:
    lock = {
        "packages": {
            "node_modules/forge": {
                "version": "1.0.0",
                "funding": {"url": "https://example.org"},
                "optionalDependencies": {
                    "@tools/forge-linux-amd64": "1.0.0",
                    "@tools/forge-darwin-arm64": "1.0.0",
                },
            },
            "node_modules/@tools/forge-linux-amd64": {"version": "1.0.0", "integrity": "sha512-x"},
        }
    }

    tidied = tidy(lock)["packages"]

    assert tidied["node_modules/@tools/forge-linux-amd64"]["integrity"] == "sha512-x"
    assert tidied["node_modules/@tools/forge-darwin-arm64"] == {
        "version": "1.0.0",
        "os": ["darwin"],
        "cpu": ["arm64"],
        "dev": True,
        "optional": True,
    }
    assert "http" not in json.dumps(tidied)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_pins_by_checksum_and_names_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\w+://", text)
    assert re.search(r"sha256:[0-9a-f]{64}|sha512-", text)


LCOV = """SF:contracts/A.sol
DA:3,2
DA:4,0
BRDA:3,0,0,1
BRDA:3,0,1,-
end_of_record
SF:contracts/mocks/M.sol
DA:1,0
end_of_record
SF:test/T.sol
DA:1,0
end_of_record
"""


def test_coverage_counts_lines_and_branches_of_our_contracts_alone() -> None:
    files = coverage.parse(LCOV.splitlines())

    assert list(files) == ["contracts/A.sol"]
    assert files["contracts/A.sol"].missed() == ["4", "3 (branch 1)"]
    text, enough = coverage.table(files, least=50)
    assert enough
    assert "50.0%" in text
    assert not coverage.table(files, least=51)[1]


def test_coverage_below_the_least_in_branches_alone_is_not_enough() -> None:
    files = coverage.parse(LCOV.replace("DA:4,0", "DA:4,1").splitlines())

    assert not coverage.table(files, least=97)[1]
