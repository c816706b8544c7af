"""What a sender remembers: every transaction it signed, stored before it is sent.

So a process that ends at any point sends nothing twice: whoever starts again first learns what became of the
transactions at hand, and finds by name what has been done already. Processes that send for one account take
turns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.node import Call
from labelshare.types import Address, Hash32, keccak

__all__ = ["Entry", "Journal", "NoJournal", "Outcome", "State", "call_hash"]


class State(StrEnum):
    """What is known of a transaction.

    One that was mined is pending again where the chain drops its block. One is replaced where another of the
    same nonce, signed for the same call, came into a block or was lost in its place. One is lost whose nonce
    somebody else used, until whoever asks for its name has been told; then it is refused.
    """

    PENDING = "pending"
    MINED = "mined"
    REFUSED = "refused"
    REPLACED = "replaced"
    LOST = "lost"


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

    def turn(self, accounts: Collection[Address]) -> AbstractContextManager[None]:
        """A block in which nobody else sends for these accounts, in any process; not to be nested.

        Whoever sends is in it from reading the nonce until the receipt. A process that dies leaves it.
        """

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep new transactions, all or none.

        Raises:
            StoreError: A nonce is pending for another call, or a name for another nonce: somebody else sent
                in between, as where a turn was lost with the connection that held it. Nothing is kept.
        """

    def settle(self, outcomes: Mapping[Hash32, Outcome]) -> None:
        """Note what became of transactions, by hash."""

    def pending(self, accounts: Collection[Address] | None = None) -> list[Entry]:
        """Transactions of unknown fate, in the order in which they were signed; None for any account's."""

    def in_blocks(self, nonces: Mapping[Address, int]) -> list[Entry]:
        """What was in blocks, and what that replaced: of each account from a nonce on, in order."""

    def named(self, names: Iterable[str]) -> dict[str, Entry]:
        """The latest transaction of each name that is pending, mined or lost."""

    def gas(self) -> list[tuple[str, int]]:
        """Label and gas of each transaction mined, in order."""


class NoJournal:
    """Remembers nothing: for a sender alone on its chain, whose work ends with the process."""

    def turn(self, accounts: Collection[Address]) -> AbstractContextManager[None]:  # noqa: ARG002
        """A block like any other."""
        return nullcontext()

    def add(self, entries: Sequence[Entry]) -> None:
        """Nothing is kept."""

    def settle(self, outcomes: Mapping[Hash32, Outcome]) -> None:
        """Nothing is noted."""

    def pending(self, accounts: Collection[Address] | None = None) -> list[Entry]:  # noqa: ARG002
        """None."""
        return []

    def in_blocks(self, nonces: Mapping[Address, int]) -> list[Entry]:  # noqa: ARG002
        """None."""
        return []

    def named(self, names: Iterable[str]) -> dict[str, Entry]:  # noqa: ARG002
        """None."""
        return {}

    def gas(self) -> list[tuple[str, int]]:
        """None."""
        return []


def call_hash(call: Call) -> Hash32:
    """keccak256(to, 20 bytes or none ‖ value, 32 bytes ‖ data)."""
    return keccak((call.to or b"") + call.value.to_bytes(32, "big") + call.data)
