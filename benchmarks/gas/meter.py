"""Sends transactions and adds up what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from eth_typing import ChecksumAddress
    from web3 import Web3
    from web3.contract.contract import ContractConstructor, ContractFunction
    from web3.types import TxReceipt

_POLL_SECONDS: Final = 0.005  # the node mines at once; web3's own 0.1 s would be most of the run


class Meter:
    """Gas used, by the name of the call.

    Attributes:
        gas: name → gas used, in order of first use; calls of one name are summed.
    """

    def __init__(self, web3: Web3) -> None:
        self._web3 = web3
        self.gas: dict[str, int] = {}

    def send(self, name: str, call: ContractFunction, sender: ChecksumAddress) -> TxReceipt:
        """Sends `call` and counts it under `name`.

        Raises:
            RuntimeError: the transaction failed.
            web3.exceptions.ContractLogicError: the contract refuses the call.
        """
        receipt = send(self._web3, call, sender)
        self.gas[name] = self.gas.get(name, 0) + receipt["gasUsed"]
        return receipt


def send(web3: Web3, call: ContractFunction | ContractConstructor, sender: ChecksumAddress) -> TxReceipt:
    """Sends `call` from an account the node holds and returns the receipt.

    Raises:
        RuntimeError: the transaction failed.
        web3.exceptions.ContractLogicError: the contract refuses the call.
    """
    transaction = call.transact({"from": sender})
    receipt = web3.eth.wait_for_transaction_receipt(transaction, poll_latency=_POLL_SECONDS)
    if receipt["status"] != 1:
        raise RuntimeError(f"transaction {transaction.to_0x_hex()} failed: {call!r}")
    return receipt
