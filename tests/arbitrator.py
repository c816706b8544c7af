"""The arbitrator of local chains, compiled for tests alone: one account rules on everything."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from install_solc import COMPILER, FOLDER, VERSION
from labelshare.chain.abi import Entry
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call
from labelshare.chain.transactions import Sender
from labelshare.types import Address

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "contracts/mocks/CentralArbitrator.sol"
UINT: dict[str, Any] = {"type": "uint256"}
CONSTRUCTOR = Entry("", ({"type": "address"}, UINT), (), "nonpayable")
GIVE_RULING = Entry("giveRuling", (UINT, UINT), (), "nonpayable")


def deploy_arbitrator(sender: Sender, judge: Signer, cost: int) -> Address:
    """Returns where it is; skips the test where there is no compiler."""
    code = _creation_code() + CONSTRUCTOR.encode_arguments([judge.address, cost])
    created = sender.send(judge, Call(None, code, "CentralArbitrator")).created
    assert created is not None
    return created


def give_ruling(sender: Sender, arbitrator: Address, judge: Signer, dispute: int, ruling: int) -> None:
    """The judge rules: 1 for the proposer, 2 for the challenger, 0 for neither."""
    call = Call(arbitrator, GIVE_RULING.encode_call([dispute, ruling]), "CentralArbitrator.giveRuling")
    sender.send(judge, call)


@cache
def _creation_code() -> bytes:
    if not COMPILER.exists():
        pytest.skip("the Solidity compiler is not installed; scripts/test brings it")
    os.environ["SOLCX_BINARY_PATH"] = str(FOLDER)
    import solcx

    folder = (ROOT / SOURCE).parent.parent
    names = (SOURCE, "contracts/interfaces/IArbitration.sol")
    request = {
        "language": "Solidity",
        "sources": {name: {"content": (ROOT / name).read_text(encoding="utf-8")} for name in names},
        "settings": {"evmVersion": "cancun", "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}},
    }
    output = solcx.compile_standard(request, solc_version=VERSION, allow_paths=str(folder))
    return bytes.fromhex(output["contracts"][SOURCE]["CentralArbitrator"]["evm"]["bytecode"]["object"])
