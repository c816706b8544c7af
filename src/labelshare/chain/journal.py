"""What a sender remembers: every transaction it signed, stored before it is sent.

So a process that ends at any point sends nothing twice: whoever starts again first learns what became of the
transactions at hand, and finds by name what has been done already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.node import Call
from labelshare.types import Hash32, keccak

__all__ = ["Entry", "Journal", "Outcome", "State", "call_hash"]


class State(StrEnum):
    """What is known of a transaction."""

    PENDING = "pending"
    MINED = "mined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed transaction.

    Attributes:
        signed: As it is sent; sent again it is the same transaction, which a chain takes once.
        label: Contract and function.
        call: `call_hash` of what it does.
        name: What it was sent for; None where the chain itself tells whether that is done.
        state: What became of it.
    """

    signed: SignedTransaction
    label: str
    call: Hash32
    name: str | None = None
    state: State = State.PENDING


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transaction; gas as used, None where it never came into a block."""

    state: State
    gas_used: int | None = None


class Journal(Protocol):
    """Where transactions are kept. What a method has written is kept whatever happens after it returns."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep new transactions, all or none."""

    def settle(self, outcomes: Mapping[Hash32, Outcome]) -> None:
        """Note what became of transactions, by hash."""

    def pending(self) -> list[Entry]:
        """Transactions of unknown fate, in the order in which they were signed."""

    def named(self, names: Iterable[str]) -> dict[str, Entry]:
        """The latest transaction of each name that was not refused."""

    def gas(self) -> list[tuple[str, int]]:
        """Label and gas of each transaction mined, in order."""


def call_hash(call: Call) -> Hash32:
    """keccak256(to, 20 bytes or none ‖ value, 32 bytes ‖ data)."""
    return keccak((call.to or b"") + call.value.to_bytes(32, "big") + call.data)
