"""What every chain offers, whether it runs in this process or behind a URL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from labelshare.chain.envelope import SignedTransaction
from labelshare.errors import RevertError, WrongChainError
from labelshare.types import ZERO_HASH, Address, Hash32

if TYPE_CHECKING:
    from web3 import Web3

__all__ = [
    "ANVIL_CHAIN_ID",
    "DEVELOPMENT_CHAIN_IDS",
    "EMBEDDED_CHAIN_ID",
    "GENESIS_TIME",
    "Block",
    "Call",
    "Chain",
    "Fees",
    "Log",
    "LogSource",
    "Receipt",
    "Topics",
]

ANVIL_CHAIN_ID: Final = 31_337
EMBEDDED_CHAIN_ID: Final = 131_277_322_940_537
DEVELOPMENT_CHAIN_IDS: Final = frozenset({ANVIL_CHAIN_ID, EMBEDDED_CHAIN_ID})
GENESIS_TIME: Final = 1_767_225_600
"""When the first block of a development chain is made: 2026-01-01 00:00:00 UTC."""

Topics = Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class Call:
    """Something to do on chain, not yet signed.

    Attributes:
        to: The contract; None to create one.
        data: Call data, or creation code with its arguments.
        label: Contract and function, for messages and the gas book.
        value: Wei sent along.
        gas: A limit that suffices in any state, for calls sent without simulation; None for the default.
    """

    to: Address | None
    data: bytes
    label: str
    value: int = 0
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A log as the chain stores it, with its place."""

    address: Address
    topics: tuple[Hash32, ...]
    data: bytes
    block: int
    index: int
    transaction: Hash32
    block_hash: Hash32 = ZERO_HASH

    def matches(self, topics: Topics) -> bool:
        """Whether the topics begin with these; None matches anything."""
        if len(topics) > len(self.topics):
            return False
        return all(
            wanted is None or wanted == topic for wanted, topic in zip(topics, self.topics, strict=False)
        )


@dataclass(frozen=True, slots=True)
class Block:
    """What ties a block to the one before it; `time` in Unix seconds."""

    number: int
    hash: Hash32
    parent: Hash32
    time: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction came to. `status` is 1 for success; `created` is the new contract, if any."""

    hash: Hash32
    status: int
    gas_used: int
    block: int
    logs: tuple[Log, ...]
    created: Address | None


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees in wei per gas."""

    base: int
    tip: int

    def cap(self, headroom: int) -> int:
        """The highest fee offered, good for a base fee that grows `headroom`-fold."""
        return headroom * self.base + self.tip


class LogSource(Protocol):
    """Where events are read: a chain, or what was kept of one."""

    @property
    def block_number(self) -> int:
        """The latest block whose logs are to be had."""

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        """Logs of one contract in a closed range of blocks, in order; None in `topics` matches anything."""


class Chain(ABC):
    """A chain to read from and send to. Reads are of the latest block."""

    chain_id: int

    @property
    def is_development(self) -> bool:
        """Whether time and balances may be set here, and public keys may sign."""
        return self.chain_id in DEVELOPMENT_CHAIN_IDS

    @property
    def may_reorganise(self) -> bool:
        """Whether blocks may be replaced: in this process only by a snapshot that is restored on purpose."""
        return self.chain_id != EMBEDDED_CHAIN_ID

    @property
    @abstractmethod
    def web3(self) -> Web3:
        """The chain for those who prefer web3; nothing in labelshare needs it."""

    # -------------------------------------------------------------------- reads

    @property
    @abstractmethod
    def block_number(self) -> int:
        """The number of the latest block."""

    def now(self) -> int:
        """The timestamp of the latest block, Unix seconds: the only clock that contracts know."""
        return self.timestamp_of(self.block_number)

    @abstractmethod
    def timestamp_of(self, block: int) -> int:
        """The timestamp of a block, Unix seconds."""

    @abstractmethod
    def block_hash(self, block: int) -> Hash32:
        """The hash of a block."""

    @abstractmethod
    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """What ties each of these blocks to its parent; `ChainError` if there is no such block (any more)."""

    @abstractmethod
    def finalized(self) -> int | None:
        """The number of the latest block that cannot be replaced; None where the chain does not say."""

    @abstractmethod
    def balances(self, accounts: Sequence[Address]) -> list[int]:
        """What each account holds of the chain's own coin, in wei."""

    def balance(self, account: Address) -> int:
        """What an account holds of the chain's own coin, in wei."""
        return self.balances([account])[0]

    @abstractmethod
    def nonces(self, accounts: Sequence[Address]) -> list[int]:
        """The next nonce of each account, pending transactions counted."""

    @abstractmethod
    def mined_nonces(self, accounts: Sequence[Address]) -> list[int]:
        """How many transactions of each account are in blocks."""

    @abstractmethod
    def code(self, address: Address) -> bytes:
        """The runtime code at an address."""

    @abstractmethod
    def call(self, call: Call, sender: Address | None = None) -> bytes:
        """Run a call without sending it; `RevertError` if the contract refuses."""

    @abstractmethod
    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        """Logs of one contract in a closed range of blocks, in order; None in `topics` matches anything."""

    @abstractmethod
    def logs_in(self, address: Address, blocks: Sequence[Block]) -> list[Log]:
        """Logs of one contract in just these blocks, in order, by their hashes.

        Unlike a range it cannot be answered by a node that lacks a block, or has another in its place: that
        raises `ChainError`, where no log would look like none.
        """

    def logs_of(self, addresses: Sequence[Address], from_block: int, to_block: int) -> list[Log]:
        """All logs of several contracts in a closed range of blocks, in order."""
        found = [log for each in addresses for log in self.logs(each, from_block, to_block)]
        return sorted(found, key=lambda log: (log.block, log.index))

    def logs_of_in(self, addresses: Sequence[Address], blocks: Sequence[Block]) -> list[Log]:
        """The same in just these blocks, by their hashes, as `logs_in`."""
        found = [log for each in addresses for log in self.logs_in(each, blocks)]
        return sorted(found, key=lambda log: (log.block, log.index))

    @abstractmethod
    def receipt(self, transaction: Hash32) -> Receipt | None:
        """What a transaction came to; None if it is in no block."""

    # ------------------------------------------------------------------- sending

    @abstractmethod
    def fees(self) -> Fees:
        """What gas costs now."""

    @abstractmethod
    def gas_for(self, call: Call, sender: Address) -> int:
        """A gas limit that suffices in the present state; may raise `RevertError` if the call would fail."""

    @abstractmethod
    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        """Send transactions in order and wait until they are in blocks.

        Returns what each came to: its receipt, or why its contract refused. In process nothing is sent from
        the first refusal on, so the list ends there. Raises `ChainError` if the chain does not take one,
        `WrongChainError` before sending any if one is signed for another chain.
        """

    @abstractmethod
    def submit(self, transaction: SignedTransaction) -> RevertError | None:
        """Send one transaction and wait for nothing; why its contract refused, if the chain says so at once.

        Raises:
            LostError: The chain says that its nonce is used; it may be by this very transaction.
            NotIncludedError: The chain does not take it at its fee.
            FundsError: The account cannot pay.
            ChainError: The chain does not take it.
        """

    @abstractmethod
    def outcome(self, transaction: SignedTransaction, receipt: Receipt) -> Receipt | RevertError:
        """What a transaction with that receipt came to: the receipt, or why its contract refused."""

    def _require_own(self, transactions: Sequence[SignedTransaction]) -> None:
        """Nothing signed for another chain goes out here, whatever the node would do with it."""
        for signed in transactions:
            given = signed.transaction.chain_id
            if given != self.chain_id:
                raise WrongChainError(f"a transaction for chain {given} was about to go to {self.chain_id}")

    # --------------------------------------------------- development chains only

    @abstractmethod
    def advance_to(self, timestamp: int) -> None:
        """Mine a block at `timestamp`, so that `now()` is it; nothing happens if it is now already."""

    @abstractmethod
    def mine(self, blocks: int = 1) -> None:
        """Mine empty blocks."""

    def fund(self, account: Address, wei: int) -> None:
        """Set what an account holds of the chain's own coin."""
        self.fund_all([account], wei)

    @abstractmethod
    def fund_all(self, accounts: Iterable[Address], wei: int) -> None:
        """Set what each account holds of the chain's own coin."""

    @abstractmethod
    def snapshot(self) -> Any:
        """A mark of the present state, for `restore`."""

    @abstractmethod
    def restore(self, snapshot: Any) -> None:
        """Go back to a mark; later marks become void."""
