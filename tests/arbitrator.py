"""The arbitrator of local chains, compiled for tests alone: one account rules on everything."""

from __future__ import annotations

from typing import Any

from labelshare.chain.abi import Entry
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call
from labelshare.chain.transactions import Sender
from labelshare.types import Address
from tests.compiled import compiled

UINT: dict[str, Any] = {"type": "uint256"}
CONSTRUCTOR = Entry("", ({"type": "address"}, UINT), (), "nonpayable")
GIVE_RULING = Entry("giveRuling", (UINT, UINT), (), "nonpayable")


def deploy_arbitrator(sender: Sender, judge: Signer, cost: int) -> Address:
    """Returns where it is; skips the test where there is no compiler."""
    creation = compiled("CentralArbitrator", "interfaces/IArbitration.sol").creation
    code = creation + CONSTRUCTOR.encode_arguments([judge.address, cost])
    created = sender.send(judge, Call(None, code, "CentralArbitrator")).created
    assert created is not None
    return created


def give_ruling(sender: Sender, arbitrator: Address, judge: Signer, dispute: int, ruling: int) -> None:
    """The judge rules: 1 for the proposer, 2 for the challenger, 0 for neither."""
    call = Call(arbitrator, GIVE_RULING.encode_call([dispute, ruling]), "CentralArbitrator.giveRuling")
    sender.send(judge, call)
