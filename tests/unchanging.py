"""A stage on anvil whose token becomes one that changes no approval but from and to zero."""

from __future__ import annotations

from labelshare.chain.events import Approval, decode
from labelshare.chain.keys import Signer
from labelshare.types import Address
from tests.compiled import compiled
from tests.oracle.stage import Stage

LEFT = 7


def harden(stage: Stage) -> None:
    """The code of contracts/mocks/UnchangingToken where the token of the stage is; balances stay."""
    token, code = stage.contracts.development_token, compiled("UnchangingToken").runtime
    parameters = [str(token.address), f"0x{code.hex()}"]
    stage.chain.web3.provider.make_request("anvil_setCode", parameters)  # type: ignore[arg-type]


def leave_over(stage: Stage, owner: Signer, spender: Address) -> None:
    """Something is left of an approval from before."""
    stage.sender.send(owner, stage.contracts.development_token.approve(spender, LEFT))


def approved_since(stage: Stage, block: int, owner: Address) -> list[int]:
    """The amounts that an account approved after a block, one after the other."""
    logs = stage.chain.logs(stage.contracts.development_token.address, block + 1, stage.chain.block_number)
    events = [each for each in map(decode, logs) if isinstance(each, Approval)]
    return [each.value for each in events if each.owner == owner]
