"""What our transactions cost, by the name of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelshare.chain.keys import Signer
    from labelshare.chain.node import Call, Receipt
    from labelshare.chain.transactions import Sender

__all__ = ["Book"]


class Book:
    """Sends calls and adds up their receipts.

    Attributes:
        gas: name → gas used, in order of first use; calls of one name are summed.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.gas: dict[str, int] = {}

    def send(self, name: str, signer: Signer, call: Call) -> Receipt:
        """Sends `call` and counts it under `name`; `RevertError` if the contract refuses."""
        receipt = self._sender.send(signer, call)
        self._count(name, [receipt])
        return receipt

    def send_all(self, name: str, calls: Sequence[tuple[Signer, Call]]) -> None:
        """Sends many calls of one name, none of which needs the result of another."""
        self._count(name, self._sender.send_many(calls))

    def _count(self, name: str, receipts: Sequence[Receipt]) -> None:
        self.gas[name] = self.gas.get(name, 0) + sum(receipt.gas_used for receipt in receipts)
