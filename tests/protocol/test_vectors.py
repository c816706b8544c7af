"""The vector files are current, and other implementations agree with them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

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


@pytest.mark.node
def test_openzeppelin_and_noble_agree(node: Path) -> None:
    run = subprocess.run([node, HERE / "check.mjs"], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert re.fullmatch(r"34 trees, 40 domains and leaves, 4 statements agree\n", run.stdout)
