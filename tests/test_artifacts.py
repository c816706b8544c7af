"""The artifacts load, say what they are, and belong to the sources of this checkout."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from labelshare.chain import artifacts

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "src/labelshare/chain/artifacts").glob("*.json"))
DEPLOYED = ["ContributorShare", "LicenseRegistry", "RegistryExtension", "RewardToken", "TaskRegistry"]


@pytest.mark.parametrize("name", DEPLOYED)
def test_a_contract_loads_whole(name: str) -> None:
    artifact = artifacts.load(name)

    assert artifact.name == name
    assert {"constructor", "function"} <= {entry["type"] for entry in artifact.abi}
    assert len(artifact.bytecode) > len(artifact.deployed_bytecode) > 0
    assert artifact.storage_layout.keys() == {"storage", "types"}


def test_an_artifact_is_frozen() -> None:
    artifact = artifacts.load("RewardToken")

    with pytest.raises(dataclasses.FrozenInstanceError):
        artifact.name = "Other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["Nobody", "", "../artifacts/RewardToken", "rewardtoken"])
def test_an_unknown_contract_is_refused_by_name(name: str) -> None:
    with pytest.raises(LookupError, match=r"RewardToken"):
        artifacts.load(name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_artifact_is_of_the_present_sources(path: Path) -> None:
    published = json.loads(path.read_text(encoding="utf-8"))
    ours = {name: digest for name, digest in published["sources"].items() if name.startswith("contracts/")}

    present = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in ours}

    assert published["source"] in ours
    assert present == ours, "run scripts/build-contracts"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_checksum_covers_every_source(path: Path) -> None:
    published = json.loads(path.read_text(encoding="utf-8"))
    sources = json.dumps(published["sources"], sort_keys=True).encode()

    assert published["sourceChecksum"] == hashlib.sha256(sources).hexdigest()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_contract_fits_on_chain(path: Path) -> None:
    assert len(artifacts.load(path.stem).deployed_bytecode) <= 24_576  # EIP-170
