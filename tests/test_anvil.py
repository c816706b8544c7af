"""The node that the chain tests rely on is there and is the one we pin."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from tests.conftest import Anvil


@pytest.mark.anvil
def test_the_development_node_answers(anvil: Anvil) -> None:
    request = Request(
        anvil.url,
        data=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as response:
        assert int(json.load(response)["result"], 16) == 31337


@pytest.mark.node
def test_node_is_recent_enough_for_the_compiler(node: Path) -> None:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout

    assert tuple(map(int, version.strip("v\n").split("."))) >= (22, 13)
