"""The in-process chain as a JSON-RPC node: one method for each that clients and wallets use.

What differs from a public node:
- A transaction that reverts is in no block. It is refused with code 3 and the revert data, and the chain
  stays as it was. Transactions are EIP-1559 without an access list, and nonces have no gaps.
- Every block is final, and the state after each is to be read. Gas is estimated in the latest alone.
- Each transaction has a block of its own, unless `evm_setAutomine` is off (line.py). While transactions wait,
  time and balances cannot be set nor snapshots taken; `evm_revert` forgets them.
- Balances that are set in a row share a block, as in process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import rlp

from labelshare import __version__
from labelshare.chain.clock import Clock
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.envelope import SignedTransaction, read_transaction
from labelshare.chain.filters import Filters
from labelshare.chain.keys import Signer
from labelshare.chain.line import Line
from labelshare.chain.machine import run_call
from labelshare.chain.methods import Methods, method
from labelshare.chain.overrides import override
from labelshare.chain.steering import Steering
from labelshare.chain.unlocked import Unlocked
from labelshare.chain.wire import (
    INVALID_PARAMS,
    REFUSED,
    REVERTED,
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
from labelshare.types import Hash32

__all__ = ["Node"]

MAX_HISTORY: Final = 1_024
CACHED_BLOCKS: Final = 64
HEAD_TAGS: Final = frozenset({"latest", "safe", "finalized", "pending"})


class Node:
    """Answers one request at a time; whoever serves several callers takes turns.

    Args:
        chain: The chain.
        clock: What times the blocks; None for a second from one to the next, whatever the machine's time.
        unlocked: Accounts with public keys that it signs for.
    """

    def __init__(
        self, chain: EmbeddedChain, clock: Clock | None = None, unlocked: Sequence[Signer] = ()
    ) -> None:
        self.chain = chain
        self._line = Line(chain)
        self._steering = Steering(chain, self._line, clock)
        self._receipts: dict[bytes, list[Json]] = {}
        subjects: list[object] = [self, self._steering, Filters(chain, self._logs)]
        if unlocked:
            subjects.append(Unlocked(chain, unlocked, self._send, self._line.next_nonce))
        self.methods = Methods(*subjects)

    def answer(self, name: str, params: Sequence[Any]) -> Any:
        """The result of a request; `Fault` for what is wrong with it."""
        if name in self.methods and not name.endswith("_setBalance"):
            self._steering.give()
        try:
            return self.methods.answer(name, params)
        except LabelshareError as error:
            raise _fault(error) from None

    # ------------------------------------------------------------------------ chain

    @method("eth_chainId")
    def _chain_id(self) -> str:
        return hex(self.chain.chain_id)

    @method("net_version")
    def _network(self) -> str:
        return str(self.chain.chain_id)

    @method("web3_clientVersion")
    def _client(self) -> str:
        return f"labelshare/{__version__}"

    @method("eth_syncing")
    def _syncing(self) -> bool:
        return False

    @method("net_listening")
    def _listening(self) -> bool:
        return True

    @method("eth_accounts")
    def _accounts(self) -> list[str]:
        return []

    @method("eth_blockNumber")
    def _block_number(self) -> str:
        return hex(self.chain.block_number)

    @method("eth_getBlockByNumber")
    def _block_by_number(self, tag: Any, full: Any = False) -> Json | None:
        if tag == "pending":
            return self._pending_block(full=bool(full))
        number = self._number(tag)
        return self._block(number, full=bool(full)) if number <= self.chain.block_number else None

    @method("eth_getBlockByHash")
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

    @method("eth_getBalance")
    def _balance(self, account: Any, tag: Any = "latest") -> str:
        return hex(self._machine(tag).state.get_balance(bytes(address(account))))

    @method("eth_getTransactionCount")
    def _nonce(self, account: Any, tag: Any = "latest") -> str:
        if tag == "pending":
            return hex(self._line.next_nonce(address(account)))
        return hex(self._machine(tag).state.get_nonce(bytes(address(account))))

    @method("eth_getCode")
    def _code(self, account: Any, tag: Any = "latest") -> str:
        return hex_of(self._machine(tag).state.get_code(bytes(address(account))))

    @method("eth_getStorageAt")
    def _storage(self, account: Any, slot: Any, tag: Any = "latest") -> str:
        word = self._machine(tag).state.get_storage(bytes(address(account)), quantity(slot))
        return hex_of(word.to_bytes(32, "big"))

    @method("eth_call")
    def _call(self, fields: Any, tag: Any = "latest", overrides: Any = None) -> str:
        call, sender = call_of(fields, "eth_call")
        machine = self._machine(tag)
        override(machine.state, overrides)
        return hex_of(run_call(machine, call, sender))

    @method("eth_estimateGas")
    def _estimate(self, fields: Any, tag: Any = "latest") -> str:
        number = self._number(tag)
        if number != self.chain.block_number:
            raise Fault(REFUSED, f"gas is estimated in the latest block, not in block {number}")
        return hex(self.chain.estimate(*call_of(fields, "eth_estimateGas")))

    def _machine(self, tag: Any) -> Any:
        return self.chain.machine_at(self._number(tag))

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

    @method("eth_gasPrice")
    def _gas_price(self) -> str:
        return hex(self.chain.fees().cap(1))

    @method("eth_maxPriorityFeePerGas")
    def _tip(self) -> str:
        return hex(self.chain.fees().tip)

    @method("eth_feeHistory")
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

    @method("eth_getTransactionReceipt")
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

    @method("eth_getTransactionByHash")
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

    @method("eth_getLogs")
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

    @method("eth_sendRawTransaction")
    def _send(self, raw: Any) -> str:
        signed = _signed(raw_bytes(raw))
        if signed.transaction.chain_id != self.chain.chain_id:
            meant, own = signed.transaction.chain_id, self.chain.chain_id
            raise Fault(REFUSED, f"a transaction for chain {meant}; this is chain {own}")
        self._steering.keep_time()
        refusal = self._line.take(signed)
        if refusal is not None:
            raise refusal
        return str(signed.hash)


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
