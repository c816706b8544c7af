"""A whole chain in this process: py-evm behind eth-tester's backend, nothing to install or start.

It is reproducible bit for bit. The genesis is fixed, each block comes one second after its parent, and the
block's randomness (eth-tester draws it from the system) is a hash of the parent, so the same calls by the
same keys give the same hashes and seeds.

What differs from a public chain:
- Its chain id is 131277322940537, and neither py-evm nor eth-tester minds a transaction signed for another
  chain; `include` checks it.
- A transaction that reverts is never included: it is refused, and the chain stays as it was.
- Transactions sent together share blocks. Otherwise each has its own.
- The hashes of the latest 256 blocks are to be had, not those of 8,191 (EIP-2935).
- Every block is final. Nothing outlives the process, unless a file is named to keep it in (kept.py).
"""

from __future__ import annotations

# ruff: noqa: D102 (documented in Chain)
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from eth.constants import BLANK_ROOT_HASH
from eth.exceptions import HeaderNotFound

from labelshare.chain.envelope import SignedTransaction, created_address
from labelshare.chain.kept import KeptPairs
from labelshare.chain.machine import (
    BLOCK_GAS,
    TRANSACTION_GAS,
    Backend,
    Draft,
    estimate,
    run_call,
)
from labelshare.chain.node import EMBEDDED_CHAIN_ID, Block, Call, Chain, Fees, Log, Receipt, Topics
from labelshare.chain.reverts import utc
from labelshare.errors import ChainError, NoBlockError, RevertError
from labelshare.types import Address, Hash32

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["BLOCK_GAS", "EmbeddedChain"]

TIP: Final = 1
STATUS_SUCCESS: Final = b"\x01"  # EIP-658


@dataclass(frozen=True, slots=True)
class _Block:
    """What reads need of a block, kept so that nothing is decoded twice."""

    hash: Hash32
    timestamp: int
    receipts: tuple[Receipt, ...]


class EmbeddedChain(Chain):
    """The in-process chain. Each instance is a chain of its own, or goes on with one that was kept.

    Args:
        path: The file that keeps it, made where there is none; None for a chain that ends with the process.

    Raises:
        ChainError: The file keeps no chain of this version, is damaged, or another process has it.
    """

    chain_id = EMBEDDED_CHAIN_ID

    def __init__(self, path: Path | None = None) -> None:
        self._pairs = None if path is None else KeptPairs(path)
        self._backend = Backend(self._pairs)
        self._keep()
        self._blocks: list[_Block] = []
        self._places: dict[Hash32, tuple[int, int]] = {}
        self._web3: Web3 | None = None

    @property
    def web3(self) -> Web3:
        """web3 over eth-tester over this chain."""
        if self._web3 is None:
            from eth_tester import EthereumTester
            from web3 import EthereumTesterProvider, Web3

            self._web3 = Web3(EthereumTesterProvider(EthereumTester(self._backend)))
        return self._web3

    # -------------------------------------------------------------------- reads

    @property
    def block_number(self) -> int:
        return len(self._known()) - 1

    def timestamp_of(self, block: int) -> int:
        return self._block(block).timestamp

    def block_hash(self, block: int) -> Hash32:
        return self._block(block).hash

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        return [self._tied(each) for each in numbers]

    def _tied(self, number: int) -> Block:
        block = self._block(number)
        parent = self._block(number - 1).hash if number else Hash32(bytes(32))
        return Block(number, block.hash, parent, block.timestamp)

    def finalized(self) -> int | None:
        return self.block_number

    def balances(self, accounts: Sequence[Address]) -> list[int]:
        state = self._chain.get_vm().state
        return [state.get_balance(bytes(account)) for account in accounts]

    def nonces(self, accounts: Sequence[Address]) -> list[int]:
        state = self._chain.get_vm().state
        return [state.get_nonce(bytes(account)) for account in accounts]

    def mined_nonces(self, accounts: Sequence[Address]) -> list[int]:
        return self.nonces(accounts)

    def code(self, address: Address) -> bytes:
        return bytes(self._chain.get_vm().state.get_code(bytes(address)))

    def call(self, call: Call, sender: Address | None = None) -> bytes:
        return run_call(self._chain.get_vm(self._chain.get_canonical_head()), call, sender)

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        every = self.all_logs(from_block, to_block)
        return [log for log in every if log.address == address and log.matches(topics)]

    def logs_in(self, address: Address, blocks: Sequence[Block]) -> list[Log]:
        for each in blocks:
            if self.block_hash(each.number) != each.hash:
                raise ChainError(f"there is no block {each.hash}")
        return [log for each in blocks for log in self.logs(address, each.number, each.number)]

    def receipt(self, transaction: Hash32) -> Receipt | None:
        place = self.place(transaction)
        return None if place is None else self._blocks[place[0]].receipts[place[1]]

    # ------------------------------------------------------------------- sending

    def fees(self) -> Fees:
        return Fees(base=self._chain.header.base_fee_per_gas, tip=TIP)

    def gas_for(self, call: Call, sender: Address) -> int:  # noqa: ARG002
        """A limit only: `include` refuses what reverts, so trying it before would be doing it twice."""
        return max(TRANSACTION_GAS, call.gas or 0)

    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        self._require_own(transactions)
        if any(signed.transaction.gas > BLOCK_GAS for signed in transactions):
            raise ChainError(
                f"a transaction asks for more gas than a block of {BLOCK_GAS} holds; send less at once"
            )
        outcomes: list[Receipt | RevertError] = []
        while len(outcomes) < len(transactions):
            receipts, refusal = self._mine(transactions[len(outcomes) :])
            outcomes += receipts
            if refusal is not None:
                return [*outcomes, refusal]
        return outcomes

    def submit(self, transaction: SignedTransaction) -> RevertError | None:
        (result,) = self.include([transaction])
        return result if isinstance(result, RevertError) else None

    def outcome(self, transaction: SignedTransaction, receipt: Receipt) -> Receipt | RevertError:  # noqa: ARG002
        return receipt  # none of a transaction that reverted

    # --------------------------------------------------- development chains only

    def advance_to(self, timestamp: int) -> None:
        now = self.now()
        if timestamp < now:
            raise ChainError(f"time does not run back: it is {utc(now)}, asked for {utc(timestamp)}")
        if timestamp > now:
            self._chain.set_header_timestamp(timestamp)
            self._mine(())

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self._mine(())

    def fund_all(self, accounts: Iterable[Address], wei: int) -> None:
        self.fund_each(dict.fromkeys(accounts, wei))

    def snapshot(self) -> Any:
        return self._backend.take_snapshot()

    def restore(self, snapshot: Any) -> None:
        self._backend.revert_to_snapshot(snapshot)
        self._keep()

    def close(self) -> None:
        """Let go of the file that keeps it, if there is one; the chain is not used any more."""
        if self._pairs is not None:
            self._pairs.close()

    # ------------------------------------------------- for who serves it (rpc.py)

    def all_logs(self, from_block: int, to_block: int) -> Iterator[Log]:
        """The logs of all contracts in a closed range of blocks, in order."""
        for block in self._known()[from_block : to_block + 1]:
            for receipt in block.receipts:
                yield from receipt.logs

    def place(self, transaction: Hash32) -> tuple[int, int] | None:
        """The block of a transaction and its index there; None if it is in no block."""
        known = self._known()
        number, index = self._places.get(transaction, (len(known), 0))
        # A snapshot that was restored may have taken the block away.
        if number >= len(known) or index >= len(known[number].receipts):
            return None
        return (number, index) if known[number].receipts[index].hash == transaction else None

    def number_of(self, block: Hash32) -> int | None:
        """The number of the block with a hash; None if the chain has none."""
        try:
            number: int = self._chain.chaindb.get_block_header_by_hash(bytes(block)).block_number
        except HeaderNotFound:
            return None
        return number if number <= self.block_number and self.block_hash(number) == block else None

    def stored(self, number: int) -> tuple[Any, tuple[Any, ...]]:
        """A block and its receipts as py-evm has them, with every field."""
        self._block(number)
        block = self._chain.get_canonical_block_by_number(number)
        return block, tuple(block.get_receipts(self._chain.chaindb))

    def machine_at(self, number: int) -> Any:
        """py-evm's machine in the state after a block, to be read and tried; nothing done to it lasts."""
        self._block(number)
        return self._chain.get_vm(self._chain.get_canonical_block_header_by_number(number))

    @property
    def pending(self) -> Any:
        """The header of the next block, as py-evm has it."""
        return self._chain.header

    def estimate(self, call: Call, sender: Address) -> int:
        """A gas limit that hardly more than suffices; `RevertError` if the contract refuses."""
        return estimate(self._chain, call, sender)

    def set_next_time(self, timestamp: int) -> None:
        """Say when the next block will be, which must be after the latest."""
        if timestamp <= self.now():
            raise ChainError(f"time does not run back: it is {utc(self.now())}, asked for {utc(timestamp)}")
        self._chain.set_header_timestamp(timestamp)

    def fund_each(self, held: Mapping[Address, int]) -> None:
        """Set what each account holds of the chain's own coin, in wei; one block for all."""
        vm = self._chain.get_vm()
        for account, wei in held.items():
            vm.state.set_balance(bytes(account), wei)
        vm.state.persist()
        self._chain.header = self._chain.header.copy(state_root=vm.state.state_root)
        self._mine(())

    def draft(self) -> Draft:
        """The next block, to be filled one transaction at a time; the chain stands still until `seal`."""
        return Draft(self._chain)

    def seal(self, draft: Draft) -> tuple[Receipt, ...]:
        """Put a draft on the chain as its next block."""
        block, receipts = draft.sealed()
        self._known()
        self._chain.chaindb.persist_block(block)
        self._chain.header = self._chain.create_header_from_parent(block.header)
        self._append(block, receipts)
        self._keep()
        return self._blocks[-1].receipts

    # ------------------------------------------------------------------ mechanics

    @property
    def _chain(self) -> Any:
        return self._backend.chain

    def _keep(self) -> None:
        if self._pairs is not None:
            self._pairs.keep()

    def _mine(
        self, transactions: Sequence[SignedTransaction]
    ) -> tuple[Sequence[Receipt], RevertError | None]:
        """Mines one block of as many transactions as fit, stopping before the first that is refused."""
        draft, refusal = self.draft(), None
        for signed in transactions:
            if not draft.fits(signed) or (refusal := draft.add(signed)) is not None:
                break
        if refusal is not None and not draft:
            return [], refusal
        return self.seal(draft), refusal

    def _block(self, number: int) -> _Block:
        known = self._known()
        if not 0 <= number < len(known):
            raise NoBlockError(f"no block {number} on a chain of {len(known)}")
        return known[number]

    def _known(self) -> list[_Block]:
        """All blocks; catches up where a snapshot was restored or web3 has mined."""
        blocks, pending = self._blocks, self._chain.header
        if blocks and blocks[-1].hash == pending.parent_hash and len(blocks) == pending.block_number:
            return blocks
        del blocks[pending.block_number :]
        while blocks and blocks[-1].hash != self._chain.get_canonical_block_hash(len(blocks) - 1):
            blocks.pop()
        for number in range(len(blocks), pending.block_number):
            self._catch_up(number)
        return blocks

    def _catch_up(self, number: int) -> None:
        """Most blocks of a chain that runs by itself are empty, and of those the header is enough."""
        header = self._chain.get_canonical_block_header_by_number(number)
        if header.transaction_root == BLANK_ROOT_HASH:
            self._blocks.append(_Block(Hash32(header.hash), header.timestamp, ()))
            return
        block = self._chain.get_canonical_block_by_number(number)
        self._append(block, block.get_receipts(self._chain.chaindb))

    def _append(self, block: Any, receipts: Sequence[Any]) -> None:
        summary = _Block(Hash32(block.hash), block.header.timestamp, _receipts(block, receipts))
        self._blocks.append(summary)
        for index, receipt in enumerate(summary.receipts):
            self._places[receipt.hash] = (block.number, index)


def _receipts(block: Any, receipts: Sequence[Any]) -> tuple[Receipt, ...]:
    found: list[Receipt] = []
    used, taken = 0, 0
    for transaction, receipt in zip(block.transactions, receipts, strict=True):
        name = Hash32(transaction.hash)
        logs = tuple(_log(log, block, index, name) for index, log in enumerate(receipt.logs, start=taken))
        status = 1 if receipt.state_root == STATUS_SUCCESS else 0
        created = None if transaction.to else created_address(Address(transaction.sender), transaction.nonce)
        found.append(Receipt(name, status, receipt.gas_used - used, block.number, logs, created))
        used, taken = receipt.gas_used, taken + len(logs)
    return tuple(found)


def _log(log: Any, block: Any, index: int, transaction: Hash32) -> Log:
    return Log(
        address=Address(log.address),
        topics=tuple(Hash32(topic.to_bytes(32, "big")) for topic in log.topics),
        data=bytes(log.data),
        block=block.number,
        index=index,
        transaction=transaction,
        block_hash=Hash32(block.hash),
    )
