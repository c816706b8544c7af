"""What sends for a command, and keeps what it sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labelshare.chain.fees import FeePolicy
from labelshare.chain.journal import Journal
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Chain, Receipt
from labelshare.chain.transactions import Sender
from labelshare.types import Hash32

__all__ = ["KeepingSender", "Sent"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that was included: what it called, its hash, its block."""

    call: str
    transaction: Hash32
    block: int

    def __str__(self) -> str:
        return f"{self.call} {self.transaction} in block {self.block}"


class KeepingSender(Sender):
    """A sender that keeps each transaction it sent, in order. Commands send one after the other.

    Attributes:
        sent: What it sent; or what its journal knows as sent, where that was asked for again.
    """

    def __init__(
        self,
        chain: Chain,
        fees: FeePolicy | None = None,
        journal: Journal | None = None,
        tell: Callable[[Sent], None] = lambda _: None,
    ) -> None:
        super().__init__(chain, journal, fees)
        self.sent: list[Sent] = []
        self._tell_sent = tell

    def send(self, signer: Signer, call: Call) -> Receipt:
        """Send one call, wait for its receipt and keep where it is; raises as every sender does."""
        receipt = super().send(signer, call)
        self.sent.append(Sent(call.label, receipt.hash, receipt.block))
        self._tell_sent(self.sent[-1])
        return receipt
