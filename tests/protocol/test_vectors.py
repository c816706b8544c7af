"""The vector files are current, and other implementations agree with them."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from sha3 import keccak_256

from labelshare.errors import LabelError
from labelshare.protocol.labels import read_form
from tests.vectors.generate import FILES, HERE, contents


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_what_the_generator_writes(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == contents(name), "run tests/vectors/generate.py"


def load(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "statement", load("typed_data.json")["statements"], ids=lambda each: each["primaryType"]
)
def test_eth_account_signs_the_same(statement: dict[str, Any]) -> None:
    signable = encode_typed_data(load("typed_data.json")["domain"], statement["types"], statement["message"])
    signed = Account.sign_message(signable, statement["privateKey"])
    assert "0x" + signed.signature.hex().removeprefix("0x") == statement["signature"]
    assert Account.recover_message(signable, signature=statement["signature"]) == statement["signer"]


def canonical(kind: str, config: str, result: list[dict[str, Any]]) -> bytes:
    """A label's bytes by the words of the specification, for configs that are valid."""
    tags = {tag.tag: tag for tag in ET.fromstring(config).iter()}
    value = result[0]["value"] if result else {}
    if kind == "pairwise.v1":
        return bytes([3, {"left": 0, "right": 1, None: 2}[value.get("selected")]])
    if kind == "numeric.v1":
        tag = tags.get("Number", tags.get("Rating"))
        assert tag is not None
        digits = [len(tag.get(name, "").partition(".")[2]) for name in ("min", "max", "step")]
        (number,) = value.values()
        return b"\4" + int(Decimal(str(number)).scaleb(max(digits))).to_bytes(8, "big", signed=True)
    names = [choice.get("alias") or choice.get("value") for choice in tags["Choices"]]
    classes = sorted(names.index(chosen) for chosen in value.get("choices", []))
    first = b"\1" if kind == "single-choice.v1" else b"\2"
    return first + b"".join(index.to_bytes(2, "big") for index in classes)


@pytest.mark.parametrize("task", load("labels.json")["tasks"], ids=lambda each: each["config"][-40:])
def test_labels_are_written_and_read_by_the_words_of_the_specification(task: dict[str, Any]) -> None:
    form = read_form(task["kind"], task["config"])
    assert form.n_classes == task["n_classes"]
    for answer in task["answers"]:
        label = bytes.fromhex(answer["bytes"][2:])
        assert canonical(task["kind"], task["config"], answer["result"]) == label
        assert form.decode(label) == form.from_result(answer["result"]) == answer["class"]
        assert "0x" + keccak_256(label).hexdigest() == answer["digest"]
    for other in task["noLabels"]:
        with pytest.raises(LabelError):
            form.decode(bytes.fromhex(other[2:]))
    for result in task["noResults"]:
        with pytest.raises(LabelError):
            form.from_result(result)


@pytest.mark.node
def test_openzeppelin_and_noble_agree(node: Path) -> None:
    run = subprocess.run([node, HERE / "check.mjs"], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "34 trees, 43 domains and leaves, 4 statements agree",
        "4 gold items, 40 skills, 117 payments and losses agree",
        "21 leaves, 11 winners and 36 references of a model agree",
    ]
