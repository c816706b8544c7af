"""A bare EVM: no blocks and no nodes, so that a test sets every second and every block itself.

Messages go straight to the state, from any sender and without fees. What was deployed once can be kept
(`Evm.kept`) and worked on many times (`Evm(kept)`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from eth.chains.mainnet import MainnetChain
from eth.constants import BLANK_ROOT_HASH
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun import CancunVM
from eth.vm.message import Message
from eth_abi import encode
from eth_typing import Address as Raw
from eth_typing import BlockNumber, Hash32
from eth_utils import function_signature_to_4byte_selector

from labelshare.types import Address, keccak

GAS = 30_000_000
MAINNET = MainnetChain.chain_id
BLOCKS_KNOWN = 256


class RevertedError(Exception):
    """A call reverted; `selector` is that of its custom error."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.hex())
        self.data = data
        self.selector = data[:4]


class Kept(NamedTuple):
    """A state to begin from."""

    database: AtomicDB
    root: Hash32
    chain_id: int
    now: int
    block: int
    created: int


class Evm:
    """The state of a chain, moved by messages at times of the caller's choice."""

    def __init__(self, kept: Kept | None = None, *, chain_id: int = MAINNET) -> None:
        start = kept or Kept(AtomicDB(), BLANK_ROOT_HASH, chain_id, 1_800_000_000, 1, 0)
        self.chain_id, self.now, self.block, self._created = start[2:]
        self._database = start.database
        self._state = CancunVM.get_state_class()(start.database, self._context(), start.root)

    def kept(self) -> Kept:
        """What there is now, to begin from again; later moves of this one do not change it."""
        self._state.persist()
        root = self._state.make_state_root()
        return Kept(self._database, root, self.chain_id, self.now, self.block, self._created)

    def wait(self, seconds: int, blocks: int = 0) -> None:
        """Lets time and blocks pass."""
        self.now += seconds
        self.block += blocks
        self._state.execution_context = self._context()

    def knows(self, block: int) -> bool:
        """Whether a contract can be told the hash of a block now."""
        return self.block - BLOCKS_KNOWN <= block < self.block

    def create(self, sender: Address, code: bytes) -> Address:
        """Runs creation code; returns the address of what it created."""
        self._created += 1
        address = keccak(sender + self._created.to_bytes(4))[12:]
        self._run(Message(GAS, Raw(b""), Raw(sender), 0, b"", code, create_address=Raw(address)), create=True)
        return Address(address)

    def call(self, sender: Address, to: Address, signature: str, *arguments: Any) -> bytes:
        """Calls a function by its signature; returns the encoded result."""
        types = signature[signature.index("(") + 1 : -1]
        data = function_signature_to_4byte_selector(signature)
        return self.send(sender, to, data + encode(types.split(",") if types else [], arguments))

    def send(self, sender: Address, to: Address, data: bytes, value: int = 0) -> bytes:
        """Sends a message with encoded data and ether (wei); returns the encoded result."""
        code = self._state.get_code(Raw(to))
        return self._run(Message(GAS, Raw(to), Raw(sender), value, data, code), create=False)

    def give_ether(self, account: Address, amount: int) -> None:
        """Sets an account's ether, in wei."""
        self._state.set_balance(Raw(account), amount)

    def ether(self, account: Address) -> int:
        """Reads an account's ether, in wei."""
        return int(self._state.get_balance(Raw(account)))

    def storage(self, address: Address, slot: int) -> int:
        """Reads one word."""
        return int(self._state.get_storage(Raw(address), slot))

    def _run(self, message: Message, *, create: bool) -> bytes:
        computation = self._state.computation_class
        apply = computation.apply_create_message if create else computation.apply_message
        context = self._state.get_transaction_context_class()(0, message.sender)
        result = apply(self._state, message, context)
        self._state.clear_transient_storage()
        self._state.lock_changes()
        if result.is_error:
            raise RevertedError(result.output)
        return bytes(result.output)

    def _context(self) -> ExecutionContext:
        return ExecutionContext(
            coinbase=Raw(bytes(20)),
            timestamp=self.now,
            block_number=BlockNumber(self.block),
            difficulty=0,
            mix_hash=Hash32(bytes(32)),
            gas_limit=GAS,
            prev_hashes=self._ancestors(),
            chain_id=self.chain_id,
            base_fee_per_gas=0,
            excess_blob_gas=0,
        )

    def _ancestors(self) -> Iterator[Hash32]:
        """The hashes of the blocks before this one, the latest first; worked out only when asked for."""
        for number in range(self.block - 1, max(self.block - BLOCKS_KNOWN - 1, -1), -1):
            yield Hash32(keccak(b"block" + number.to_bytes(8)))
