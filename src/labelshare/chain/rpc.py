"""The in-process chain as a JSON-RPC node: one method for each that clients and wallets use.

What differs from a public node:
- A transaction that reverts is in no block. It is refused with code 3 and the revert data, and the chain
  stays as it was. Transactions are EIP-1559 without an access list, and nonces have no gaps.
- State is kept of the latest block alone; blocks, transactions, receipts and logs of all.
- Each transaction has a block of its own, unless `evm_setAutomine` is off (line.py). While transactions wait,
  time and balances cannot be set nor snapshots taken; `evm_revert` forgets them.
- Balances that are set in a row share a block, as in process.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final

import rlp

from labelshare import __version__
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.envelope import SignedTransaction, read_transaction
from labelshare.chain.line import Line
from labelshare.chain.wire import (
    INVALID_PARAMS,
    Fault,
    Json,
    LogFilter,
    address,
    block_fields,
    call_of,
    hash32,
    hex_of,
    log_fields,
    quantity,
    raw_bytes,
    receipt_fields,
    transaction_fields,
)
from labelshare.errors import FundsError, InputError, LabelshareError, RevertError, SignatureError
from labelshare.types import Address, Hash32

__all__ = ["Node"]

REVERTED: Final = 3
REFUSED: Final = -32_000
NO_METHOD: Final = -32_601
# A block takes about a millisecond, during which nobody else is answered.
MAX_MINED: Final = 10_000
MAX_HISTORY: Final = 1_024
MAX_TIME: Final = 2**63
CACHED_BLOCKS: Final = 64
HEAD_TAGS: Final = frozenset({"latest", "safe", "finalized", "pending"})

_METHODS: Final[dict[str, tuple[Callable[..., Any], inspect.Signature]]] = {}


def _method(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The function that answers these methods."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            _METHODS[name] = function, inspect.signature(function)
        return function

    return register


class Node:
    """Answers one request at a time; whoever serves several callers takes turns."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self.chain = chain
        self._line = Line(chain)
        self._gifts: dict[Address, int] = {}
        self._snapshots: dict[int, Any] = {}
        self._next_snapshot = 1
        self._receipts: dict[bytes, list[Json]] = {}

    def answer(self, method: str, params: Sequence[Any]) -> Any:
        """The result of a request; `Fault` for what is wrong with it."""
        if method not in _METHODS:
            raise Fault(NO_METHOD, f"there is no method {method[:100]}")
        function, signature = _METHODS[method]
        try:
            signature.bind(self, *params)
        except TypeError as error:
            raise Fault(INVALID_PARAMS, f"{method}: {error}") from None
        if not method.endswith("_setBalance"):
            self._give()
        try:
            return function(self, *params)
        except LabelshareError as error:
            raise _fault(error) from None

    # ------------------------------------------------------------------------ chain

    @_method("eth_chainId")
    def _chain_id(self) -> str:
        return hex(self.chain.chain_id)

    @_method("net_version")
    def _network(self) -> str:
        return str(self.chain.chain_id)

    @_method("web3_clientVersion")
    def _client(self) -> str:
        return f"labelshare/{__version__}"

    @_method("eth_syncing")
    def _syncing(self) -> bool:
        return False

    @_method("eth_accounts")
    def _accounts(self) -> list[str]:
        return []

    @_method("eth_blockNumber")
    def _block_number(self) -> str:
        return hex(self.chain.block_number)

    @_method("eth_getBlockByNumber")
    def _block_by_number(self, tag: Any, full: Any = False) -> Json | None:
        if tag == "pending":
            return self._pending_block(full=bool(full))
        number = self._number(tag)
        return self._block(number, full=bool(full)) if number <= self.chain.block_number else None

    @_method("eth_getBlockByHash")
    def _block_by_hash(self, block: Any, full: Any = False) -> Json | None:
        number = self.chain.number_of(hash32(block))
        return None if number is None else self._block(number, full=bool(full))

    def _block(self, number: int, *, full: bool) -> Json:
        block, _ = self.chain.stored(number)
        shown: list[Any] = [hex_of(each.hash) for each in block.transactions]
        if full:
            signed = [read_transaction(each.encode()) for each in block.transactions]
            shown = [transaction_fields(each, block.header, index) for index, each in enumerate(signed)]
        return block_fields(block.header, shown, len(rlp.encode(block)))

    def _pending_block(self, *, full: bool) -> Json:
        waiting = self._line.waiting.values()
        shown = [transaction_fields(each) if full else str(each.hash) for each in waiting]
        return block_fields(self.chain.pending, shown, None)

    # ------------------------------------------------------------------------ state

    @_method("eth_getBalance")
    def _balance(self, account: Any, tag: Any = "latest") -> str:
        self._require_head(tag)
        return hex(self.chain.balance(address(account)))

    @_method("eth_getTransactionCount")
    def _nonce(self, account: Any, tag: Any = "latest") -> str:
        self._require_head(tag)
        if tag == "pending":
            return hex(self._line.next_nonce(address(account)))
        return hex(self.chain.nonces([address(account)])[0])

    @_method("eth_getCode")
    def _code(self, account: Any, tag: Any = "latest") -> str:
        self._require_head(tag)
        return hex_of(self.chain.code(address(account)))

    @_method("eth_call")
    def _call(self, fields: Any, tag: Any = "latest") -> str:
        self._require_head(tag)
        return hex_of(self.chain.call(*call_of(fields, "eth_call")))

    @_method("eth_estimateGas")
    def _estimate(self, fields: Any, tag: Any = "latest") -> str:
        self._require_head(tag)
        return hex(self.chain.estimate(*call_of(fields, "eth_estimateGas")))

    def _require_head(self, tag: Any) -> None:
        number = self._number(tag)
        if number != self.chain.block_number:
            raise Fault(REFUSED, f"state is kept of the latest block alone, not of block {number}")

    def _number(self, tag: Any) -> int:
        """The number that a tag means, or an object that names a block (EIP-1898)."""
        if isinstance(tag, dict):
            if "blockHash" in tag:
                return self._known(hash32(tag["blockHash"]))
            tag = tag.get("blockNumber")
        if tag in HEAD_TAGS if isinstance(tag, str) else tag is None:
            return self.chain.block_number
        return 0 if tag == "earliest" else quantity(tag)

    def _known(self, block: Hash32) -> int:
        number = self.chain.number_of(block)
        if number is None:
            raise Fault(REFUSED, f"there is no block {block}")
        return number

    # ------------------------------------------------------------------------- fees

    @_method("eth_gasPrice")
    def _gas_price(self) -> str:
        return hex(self.chain.fees().cap(1))

    @_method("eth_maxPriorityFeePerGas")
    def _tip(self) -> str:
        return hex(self.chain.fees().tip)

    @_method("eth_feeHistory")
    def _fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> Json:
        """The tip of every percentile is the one that is asked for here."""
        last = min(self._number(newest), self.chain.block_number)
        first = max(0, last + 1 - quantity(count, MAX_HISTORY, plain=True))
        headers = [self.chain.stored(number)[0].header for number in range(first, last + 1)]
        after = (
            self.chain.pending if last == self.chain.block_number else self.chain.stored(last + 1)[0].header
        )
        history: Json = {
            "oldestBlock": hex(first),
            "baseFeePerGas": [hex(each.base_fee_per_gas) for each in (*headers, after)],
            "gasUsedRatio": [each.gas_used / each.gas_limit for each in headers],
        }
        if isinstance(percentiles, list) and percentiles:
            history["reward"] = [[self._tip()] * min(len(percentiles), 100) for _ in headers]
        return history

    # ------------------------------------------------------------- transactions, logs

    @_method("eth_getTransactionReceipt")
    def _receipt(self, transaction: Any) -> Json | None:
        place = self.chain.place(hash32(transaction))
        return None if place is None else self._receipts_of(place[0])[place[1]]

    def _receipts_of(self, number: int) -> list[Json]:
        """All receipts of a block at once: who sent many transactions asks for each."""
        name = self.chain.block_hash(number)
        if name not in self._receipts:
            block, stored = self.chain.stored(number)
            ours = [self.chain.receipt(Hash32(each.hash)) for each in block.transactions]
            shown = [
                receipt_fields(block, stored[index], each, index)
                for index, each in enumerate(ours)
                if each is not None
            ]
            while len(self._receipts) >= CACHED_BLOCKS:
                del self._receipts[next(iter(self._receipts))]
            self._receipts[name] = shown
        return self._receipts[name]

    @_method("eth_getTransactionByHash")
    def _transaction(self, transaction: Any) -> Json | None:
        name = hash32(transaction)
        if name in self._line.waiting:
            return transaction_fields(self._line.waiting[name])
        place = self.chain.place(name)
        if place is None:
            return None
        block, _ = self.chain.stored(place[0])
        return transaction_fields(
            read_transaction(block.transactions[place[1]].encode()), block.header, place[1]
        )

    @_method("eth_getLogs")
    def _logs(self, fields: Any) -> list[Json]:
        if not isinstance(fields, dict):
            raise Fault(INVALID_PARAMS, "a filter is an object")
        first, last = self._range(fields)
        wanted = LogFilter.of(fields)
        found = []
        for log in self.chain.all_logs(first, last):
            if wanted.admits(log):
                _, index = self.chain.place(log.transaction) or (0, 0)
                time = self.chain.timestamp_of(log.block)
                found.append(log_fields(log, self.chain.block_hash(log.block), time, index))
        return found

    def _range(self, fields: Json) -> tuple[int, int]:
        if fields.get("blockHash") is not None:
            number = self._known(hash32(fields["blockHash"]))
            return number, number
        first, last = self._number(fields.get("fromBlock")), self._number(fields.get("toBlock"))
        if first > last:
            raise Fault(INVALID_PARAMS, f"blocks {first} to {last} are no range")
        return first, last

    # ---------------------------------------------------------------------- sending

    @_method("eth_sendRawTransaction")
    def _send(self, raw: Any) -> str:
        signed = _signed(raw_bytes(raw))
        if signed.transaction.chain_id != self.chain.chain_id:
            meant, own = signed.transaction.chain_id, self.chain.chain_id
            raise Fault(REFUSED, f"a transaction for chain {meant}; this is chain {own}")
        refusal = self._line.take(signed)
        if refusal is not None:
            raise refusal
        return str(signed.hash)

    # ------------------------------------------------------------------ development

    @_method("evm_setAutomine")
    def _set_automine(self, on: Any) -> bool:
        """What waits when it is set on is mined."""
        self._line.set_automine(on=bool(on))
        return True

    @_method("evm_mine")
    def _mine(self, timestamp: Any = None) -> str:
        if timestamp is not None:
            self._set_next_time(timestamp)
        self._line.mine()
        return "0x0"

    @_method("hardhat_mine", "anvil_mine")
    def _mine_many(self, count: Any = "0x1", interval: Any = "0x1") -> bool:
        apart = quantity(interval, MAX_TIME // MAX_MINED, plain=True)
        for number in range(quantity(count, MAX_MINED, plain=True)):
            if number and apart > 1:
                self.chain.set_next_time(self.chain.now() + apart)
            self._line.mine()
        return True

    @_method("evm_setNextBlockTimestamp")
    def _set_next_time(self, timestamp: Any) -> str:
        self._require_no_queue("time")
        seconds = quantity(timestamp, MAX_TIME, plain=True)
        self.chain.set_next_time(seconds)
        return hex(seconds)

    @_method("hardhat_setBalance", "anvil_setBalance")
    def _set_balance(self, account: Any, wei: Any) -> bool:
        self._require_no_queue("balances")
        self._gifts[address(account)] = quantity(wei, plain=True)
        return True

    @_method("evm_snapshot")
    def _snapshot(self) -> str:
        self._require_no_queue("a snapshot")
        name, self._next_snapshot = self._next_snapshot, self._next_snapshot + 1
        self._snapshots[name] = self.chain.snapshot()
        return hex(name)

    @_method("evm_revert")
    def _revert(self, snapshot: Any) -> bool:
        """The snapshot is used up by it, and so are those after it."""
        name = quantity(snapshot, plain=True)
        if name not in self._snapshots:
            return False
        self.chain.restore(self._snapshots[name])
        self._snapshots = {each: mark for each, mark in self._snapshots.items() if each < name}
        self._line.forget()
        return True

    def _require_no_queue(self, what: str) -> None:
        if self._line.waiting:
            raise Fault(REFUSED, f"{len(self._line.waiting)} transactions wait; evm_mine comes before {what}")

    def _give(self) -> None:
        if self._gifts:
            self.chain.fund_each(self._gifts)
            self._gifts = {}


def _signed(raw: bytes) -> SignedTransaction:
    try:
        return read_transaction(raw)
    except (InputError, SignatureError) as error:
        raise Fault(REFUSED, str(error)) from None


def _fault(error: LabelshareError) -> Fault:
    """The codes and first words by which clients know an error."""
    match error:
        case RevertError():
            return Fault(REVERTED, f"execution reverted: {error.message}", hex_of(error.data))
        case FundsError():
            return Fault(REFUSED, f"insufficient funds for gas * price + value: {error}")
        case InputError():
            return Fault(INVALID_PARAMS, str(error))
        case _:
            return Fault(REFUSED, str(error))
