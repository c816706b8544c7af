"""py-evm as labelshare runs it: reproducible blocks, a block that is being filled, and gas estimates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from eth.chains.base import MiningChain
from eth.constants import CREATE_CONTRACT_ADDRESS, GENESIS_PARENT_HASH, ZERO_ADDRESS
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.exceptions import OutOfGas
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_tester.backends.pyevm.main import PyEVMBackend, get_default_genesis_params
from eth_typing import BlockNumber
from eth_utils.exceptions import ValidationError

from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.node import EMBEDDED_CHAIN_ID, GENESIS_TIME, Call
from labelshare.chain.reverts import decode_revert
from labelshare.errors import ChainError, FundsError, RevertError
from labelshare.types import Address, keccak

__all__ = [
    "BLOCK_GAS",
    "TRANSACTION_GAS",
    "Backend",
    "Draft",
    "estimate",
    "refusal_of",
    "run_call",
]

BLOCK_GAS: Final = 60_000_000
# The most that one transaction may use (EIP-7825). In process gas limits cost nothing, so every call gets it.
TRANSACTION_GAS: Final = 1 << 24
# Gas that a call keeps back from what it calls (EIP-150), and the stipend that comes with coins.
CALL_STIPEND: Final = 2_300
ESTIMATE_TOLERANCE: Final = 1_000


class _MiningChain(MiningChain):
    """Blocks one second apart, whatever the clock on the wall says, with a constant gas limit."""

    chain_id = EMBEDDED_CHAIN_ID
    vm_configuration = ((BlockNumber(0), PragueVM),)

    def create_header_from_parent(self, parent_header: Any, **fields: Any) -> Any:
        fields = {"gas_limit": parent_header.gas_limit, "timestamp": parent_header.timestamp + 1} | fields
        return super().create_header_from_parent(parent_header, **fields)


class Backend(PyEVMBackend):  # type: ignore[misc]
    """eth-tester's backend over our chain, for web3; it holds no accounts."""

    def __init__(self, pairs: MemoryDB | None = None) -> None:
        self.account_keys = ()
        pairs = MemoryDB() if pairs is None else pairs
        self.chain: Any = _MiningChain(AtomicDB(pairs)) if len(pairs) else _begun(AtomicDB(pairs))

    def mine_blocks(self, num_blocks: int = 1, coinbase: Any = ZERO_ADDRESS) -> tuple[bytes, ...]:
        """Mine, each block with what mining adds here."""
        chain = self.chain
        return tuple(
            chain.mine_block(coinbase=coinbase, **_block_fields(chain.header)).hash for _ in range(num_blocks)
        )

    def revert_to_snapshot(self, snapshot: bytes) -> None:
        """Make a block the head again without running it: balances that were set are in no transaction."""
        chaindb = self.chain.chaindb
        header = chaindb.get_block_header_by_hash(snapshot)
        chaindb._set_as_canonical_chain_head(chaindb.db, header, GENESIS_PARENT_HASH)  # noqa: SLF001
        self.chain.header = self.chain.create_header_from_parent(header)


class Draft:
    """The next block while it is being filled. What is refused leaves no trace in it."""

    def __init__(self, chain: Any) -> None:
        self._vm = chain.get_vm()
        self._header = self._vm.get_header()
        self._builder = self._vm.get_transaction_builder()
        self._done: list[tuple[Any, Any]] = []

    def __len__(self) -> int:
        return len(self._done)

    def fits(self, signed: SignedTransaction) -> bool:
        """Whether the block has room for all the gas that a transaction may use."""
        return bool(self._header.gas_used + signed.transaction.gas <= self._header.gas_limit)

    def nonce(self, account: Address) -> int:
        """The next nonce of an account after what is in the block."""
        return int(self._vm.state.get_nonce(bytes(account)))

    def add(self, signed: SignedTransaction) -> RevertError | None:
        """Run a transaction and put it in the block, or say why its contract refused.

        Raises:
            FundsError: The account cannot pay for it.
            ChainError: The chain does not take it.
        """
        vm, decoded = self._vm, self._builder.decode(signed.raw)
        vm.state.lock_changes()
        mark = vm.state.snapshot()
        try:
            vm.validate_transaction_against_header(self._header, decoded)
            computation = vm.state.apply_transaction(decoded)
        except ValidationError as error:
            vm.state.revert(mark)
            raise self._not_taken(signed, error) from None
        if computation.is_error:
            vm.state.revert(mark)
            return refusal_of(computation)
        vm.state.commit(mark)
        receipt = vm.make_receipt(self._header, decoded, computation, vm.state)
        vm.validate_receipt(receipt)
        self._header = vm.add_receipt_to_header(self._header, receipt)
        self._done.append((decoded, receipt))
        return None

    def sealed(self) -> tuple[Any, tuple[Any, ...]]:
        """The finished block and its receipts, as py-evm has them."""
        decoded, receipts = zip(*self._done, strict=True) if self._done else ((), ())
        vm, header = self._vm, self._header
        block = vm.set_block_transactions_and_withdrawals(vm.get_block(), header, decoded, receipts)
        return vm.mine_block(block, **_block_fields(header)).block, tuple(receipts)

    def _not_taken(self, signed: SignedTransaction, error: ValidationError) -> ChainError:
        held = self._vm.state.get_balance(bytes(signed.sender))
        needed = signed.transaction.upfront
        if held < needed:
            return FundsError(f"{signed.sender} holds {held} wei and needs {needed}")
        return ChainError(f"the chain does not take the transaction: {error}")


def run_call(vm: Any, call: Call, sender: Address | None) -> bytes:
    """What a call returns in the state of a machine, which is not to be used for anything afterwards.

    Raises:
        RevertError: The contract refuses.
        ChainError: It is none: creating a contract cannot be tried.
    """
    if call.to is None:
        raise ChainError(f"{call.label}: creating a contract cannot be tried without sending")
    to, origin = bytes(call.to), bytes(sender) if sender else ZERO_ADDRESS
    code = vm.state.get_code(to)
    gas = min(call.gas or BLOCK_GAS, BLOCK_GAS)
    computation = vm.execute_bytecode(origin, 0, gas, to, origin, call.value, call.data, code)
    if computation.is_error:
        raise refusal_of(computation).during(call.label)
    return bytes(computation.output)


def estimate(chain: Any, call: Call, sender: Address) -> int:
    """A gas limit with which a call succeeds in the next block; coins for gas are not needed.

    What the call used in one run, and what EIP-150 keeps back, nearly always suffices. Where it does not, the
    limit is searched for by halves.

    Raises:
        RevertError: The contract refuses, whatever the limit.
        ChainError: The sender has not the value to send.
    """
    run = _trial(chain, call, sender)
    most = min(call.gas or TRANSACTION_GAS, BLOCK_GAS)
    try:
        whole = run(most)
    except ValidationError as error:
        raise ChainError(f"the chain does not take the transaction: {error}") from None
    if whole.is_error:
        raise refusal_of(whole)
    used = most - whole.get_gas_remaining()
    likely = used * 64 // 63 + CALL_STIPEND
    return min(likely, most) if likely >= most or _succeeds(run, likely) else _halved(run, likely, most)


def refusal_of(computation: Any) -> RevertError:
    """Why a computation failed, by the revert data that it left."""
    reason = "out of gas" if isinstance(computation.error, OutOfGas) else "the contract gave no reason"
    return decode_revert(bytes(computation.output), reason)


def _trial(chain: Any, call: Call, sender: Address) -> Callable[[int], Any]:
    """What runs the call with a gas limit in the next block, for nothing, and undoes it."""
    state = chain.get_vm(chain.header.copy(base_fee_per_gas=0)).state
    unsigned = (
        chain.get_vm()
        .get_transaction_builder()
        .new_unsigned_dynamic_fee_transaction(
            chain_id=EMBEDDED_CHAIN_ID,
            nonce=state.get_nonce(bytes(sender)),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=0,
            gas=TRANSACTION_GAS,
            to=CREATE_CONTRACT_ADDRESS if call.to is None else bytes(call.to),
            value=call.value,
            data=call.data,
            access_list=(),
        )
    )

    def run(gas: int) -> Any:
        mark = state.snapshot()
        try:
            return state.apply_transaction(SpoofTransaction(unsigned, from_=bytes(sender), gas=gas))
        finally:
            state.revert(mark)

    return run


def _succeeds(run: Callable[[int], Any], gas: int) -> bool:
    try:
        return not run(gas).is_error
    except ValidationError:
        return False


def _halved(run: Callable[[int], Any], fails: int, succeeds: int) -> int:
    while succeeds - fails > ESTIMATE_TOLERANCE:
        middle = (fails + succeeds) // 2
        fails, succeeds = (fails, middle) if _succeeds(run, middle) else (middle, succeeds)
    return succeeds


def _begun(database: AtomicDB) -> Any:
    genesis = get_default_genesis_params({"timestamp": GENESIS_TIME, "gas_limit": BLOCK_GAS})
    return _MiningChain.from_genesis(database, genesis, {})


def _block_fields(header: Any) -> dict[str, Any]:
    """What mining adds: no blobs, and the randomness that eth-tester would draw from the system."""
    return {"mix_hash": bytes(keccak(header.parent_hash)), "blob_gas_used": 0}
