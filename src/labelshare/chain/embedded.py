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
- Every block is final. Nothing outlives the process.
"""

from __future__ import annotations

# ruff: noqa: D102 (documented in Chain)
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from eth.chains.base import MiningChain
from eth.constants import GENESIS_PARENT_HASH, ZERO_ADDRESS
from eth.db.atomic import AtomicDB
from eth.exceptions import OutOfGas
from eth.vm.forks.prague import PragueVM
from eth_tester.backends.pyevm.main import PyEVMBackend, get_default_genesis_params
from eth_typing import BlockNumber
from eth_utils.exceptions import ValidationError

from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.node import EMBEDDED_CHAIN_ID, Call, Chain, Fees, Log, Receipt, Topics
from labelshare.chain.reverts import decode_revert, utc
from labelshare.errors import ChainError, FundsError, RevertError
from labelshare.types import Address, Hash32, keccak

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["BLOCK_GAS", "GENESIS_TIME", "EmbeddedChain"]

GENESIS_TIME: Final = 1_767_225_600  # 2026-01-01 00:00:00 UTC
BLOCK_GAS: Final = 60_000_000
# The most that one transaction may use (EIP-7825). Here gas limits cost nothing, so every call gets it.
TRANSACTION_GAS: Final = 1 << 24
TIP: Final = 1


class _MiningChain(MiningChain):
    """Blocks one second apart, whatever the clock on the wall says, with a constant gas limit."""

    chain_id = EMBEDDED_CHAIN_ID
    vm_configuration = ((BlockNumber(0), PragueVM),)

    def create_header_from_parent(self, parent_header: Any, **fields: Any) -> Any:
        fields = {"gas_limit": parent_header.gas_limit, "timestamp": parent_header.timestamp + 1} | fields
        return super().create_header_from_parent(parent_header, **fields)


class _Backend(PyEVMBackend):  # type: ignore[misc]
    """eth-tester's backend over our chain, for web3; it holds no accounts."""

    def __init__(self) -> None:
        genesis = get_default_genesis_params({"timestamp": GENESIS_TIME, "gas_limit": BLOCK_GAS})
        self.account_keys = ()
        self.chain: Any = _MiningChain.from_genesis(AtomicDB(), genesis, {})

    def mine_blocks(self, num_blocks: int = 1, coinbase: Any = ZERO_ADDRESS) -> tuple[bytes, ...]:
        chain = self.chain
        return tuple(
            chain.mine_block(coinbase=coinbase, **_block_fields(chain.header)).hash for _ in range(num_blocks)
        )

    def revert_to_snapshot(self, snapshot: bytes) -> None:
        """Makes a block the head again without running it: balances that were set are in no transaction."""
        chaindb = self.chain.chaindb
        header = chaindb.get_block_header_by_hash(snapshot)
        chaindb._set_as_canonical_chain_head(chaindb.db, header, GENESIS_PARENT_HASH)  # noqa: SLF001
        self.chain.header = self.chain.create_header_from_parent(header)


@dataclass(frozen=True, slots=True)
class _Block:
    """What reads need of a block, kept so that nothing is decoded twice."""

    hash: Hash32
    timestamp: int
    logs: tuple[Log, ...]


class EmbeddedChain(Chain):
    """The in-process chain. Each instance is a chain of its own."""

    chain_id = EMBEDDED_CHAIN_ID

    def __init__(self) -> None:
        self._backend = _Backend()
        self._blocks: list[_Block] = []
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

    def balances(self, accounts: Sequence[Address]) -> list[int]:
        state = self._chain.get_vm().state
        return [state.get_balance(bytes(account)) for account in accounts]

    def nonces(self, accounts: Sequence[Address]) -> list[int]:
        state = self._chain.get_vm().state
        return [state.get_nonce(bytes(account)) for account in accounts]

    def code(self, address: Address) -> bytes:
        return bytes(self._chain.get_vm().state.get_code(bytes(address)))

    def call(self, call: Call, sender: Address | None = None) -> bytes:
        if call.to is None:
            raise ChainError(f"{call.label}: creating a contract cannot be tried without sending")
        vm = self._chain.get_vm(self._chain.get_canonical_head())
        to, origin = bytes(call.to), bytes(sender) if sender else ZERO_ADDRESS
        code = vm.state.get_code(to)
        computation = vm.execute_bytecode(origin, 0, BLOCK_GAS, to, origin, call.value, call.data, code)
        if computation.is_error:
            raise _refusal(computation).during(call.label)
        return bytes(computation.output)

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        blocks = self._known()[from_block : to_block + 1]
        return [
            log for block in blocks for log in block.logs if log.address == address and _matches(log, topics)
        ]

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
        vm = self._chain.get_vm()
        for account in accounts:
            vm.state.set_balance(bytes(account), wei)
        vm.state.persist()
        self._chain.header = self._chain.header.copy(state_root=vm.state.state_root)
        self._mine(())

    def snapshot(self) -> Any:
        return self._backend.take_snapshot()

    def restore(self, snapshot: Any) -> None:
        self._backend.revert_to_snapshot(snapshot)

    # ------------------------------------------------------------------ mechanics

    @property
    def _chain(self) -> Any:
        return self._backend.chain

    def _mine(self, transactions: Sequence[SignedTransaction]) -> tuple[list[Receipt], RevertError | None]:
        """Mines one block of as many transactions as fit, stopping before the first that is refused."""
        vm, header, done, refusal = self._execute(transactions)
        if refusal is not None and not done:
            return [], refusal
        if refusal is not None:  # The refused one has touched the state: again without it.
            vm, header, done, _ = self._execute(transactions[: len(done)])
        decoded, receipts, _ = zip(*done, strict=True) if done else ((), (), ())
        block = vm.set_block_transactions_and_withdrawals(vm.get_block(), header, decoded, receipts)
        block = vm.mine_block(block, **_block_fields(header)).block
        self._known()
        self._chain.chaindb.persist_block(block)
        self._chain.header = self._chain.create_header_from_parent(block.header)
        self._blocks.append(_summary(block, receipts))
        return self._receipts(transactions, done), refusal

    def _execute(
        self, transactions: Sequence[SignedTransaction]
    ) -> tuple[Any, Any, list[tuple[Any, Any, Any]], RevertError | None]:
        vm = self._chain.get_vm()
        header = vm.get_header()
        builder = vm.get_transaction_builder()
        done: list[tuple[Any, Any, Any]] = []
        for signed in transactions:
            if header.gas_used + signed.transaction.gas > header.gas_limit:
                break
            decoded = builder.decode(signed.raw)
            receipt, computation = self._apply(vm, header, decoded, signed)
            if computation.is_error:
                return vm, header, done, _refusal(computation)
            header = vm.add_receipt_to_header(header, receipt)
            done.append((decoded, receipt, computation))
        return vm, header, done, None

    def _apply(self, vm: Any, header: Any, decoded: Any, signed: SignedTransaction) -> tuple[Any, Any]:
        try:
            return vm.apply_transaction(header, decoded)  # type: ignore[no-any-return]
        except ValidationError as error:
            held, needed = vm.state.get_balance(bytes(signed.sender)), signed.transaction.upfront
            if held < needed:
                raise FundsError(f"{signed.sender} holds {held} wei and needs {needed}") from None
            raise ChainError(f"the chain does not take the transaction: {error}") from None

    def _receipts(self, sent: Sequence[SignedTransaction], done: list[tuple[Any, Any, Any]]) -> list[Receipt]:
        number, every = len(self._blocks) - 1, self._blocks[-1].logs if self._blocks else ()
        receipts, used, taken = [], 0, 0
        for signed, (_, receipt, computation) in zip(sent, done, strict=False):
            logs = every[taken : taken + len(receipt.logs)]
            created = None if signed.transaction.to is not None else Address(computation.msg.storage_address)
            receipts.append(Receipt(signed.hash, 1, receipt.gas_used - used, number, logs, created))
            used, taken = receipt.gas_used, taken + len(logs)
        return receipts

    def _block(self, number: int) -> _Block:
        known = self._known()
        if not 0 <= number < len(known):
            raise ChainError(f"no block {number} on a chain of {len(known)}")
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
            block = self._chain.get_canonical_block_by_number(number)
            blocks.append(_summary(block, block.get_receipts(self._chain.chaindb)))
        return blocks


def _block_fields(header: Any) -> dict[str, Any]:
    """What mining adds: no blobs, and the randomness that eth-tester would draw from the system."""
    return {"mix_hash": bytes(keccak(header.parent_hash)), "blob_gas_used": 0}


def _summary(block: Any, receipts: Sequence[Any]) -> _Block:
    pairs = zip(block.transactions, receipts, strict=True)
    raw = [(Hash32(transaction.hash), log) for transaction, receipt in pairs for log in receipt.logs]
    logs = (
        Log(
            address=Address(log.address),
            topics=tuple(Hash32(topic.to_bytes(32, "big")) for topic in log.topics),
            data=bytes(log.data),
            block=block.number,
            index=index,
            transaction=transaction,
        )
        for index, (transaction, log) in enumerate(raw)
    )
    return _Block(Hash32(block.hash), block.header.timestamp, tuple(logs))


def _refusal(computation: Any) -> RevertError:
    reason = "out of gas" if isinstance(computation.error, OutOfGas) else "the contract gave no reason"
    return decode_revert(bytes(computation.output), reason)


def _matches(log: Log, topics: Topics) -> bool:
    if len(topics) > len(log.topics):
        return False
    return all(wanted is None or wanted == topic for wanted, topic in zip(topics, log.topics, strict=False))
