"""The node's side of JSON-RPC: parameters from JSON, and blocks, transactions, receipts and logs as JSON.

Encodings are those of the execution API: quantities and bytes in hex with 0x (ethereum/execution-apis).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rlp

from labelshare.chain.envelope import SignedTransaction, read_transaction
from labelshare.chain.node import Call, Log, Receipt
from labelshare.errors import InputError
from labelshare.types import Address, Hash32

__all__ = [
    "INTERNAL_ERROR",
    "INVALID_PARAMS",
    "INVALID_REQUEST",
    "NO_METHOD",
    "PARSE_ERROR",
    "REFUSED",
    "REVERTED",
    "Fault",
    "LogFilter",
    "address",
    "block_fields",
    "call_of",
    "hash32",
    "hex_of",
    "log_fields",
    "quantity",
    "raw_bytes",
    "receipt_fields",
    "transaction_fields",
]

# What callers know an error by (JSON-RPC 2.0, section 5.1; EIP-1474 for what the chain refuses).
PARSE_ERROR: Final = -32_700
INVALID_REQUEST: Final = -32_600
NO_METHOD: Final = -32_601
INVALID_PARAMS: Final = -32_602
INTERNAL_ERROR: Final = -32_603
REFUSED: Final = -32_000
REVERTED: Final = 3
MAX_TOPICS: Final = 4
MAX_QUANTITY: Final = 2**256 - 1

Json = dict[str, Any]


class Fault(Exception):  # noqa: N818 (the word of the tree's root is for errors that callers of Python see)
    """What a request is answered with instead of a result."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.error: Json = {"code": code, "message": message} | ({} if data is None else {"data": data})


# ------------------------------------------------------------------------------ in


def quantity(value: Any, most: int = MAX_QUANTITY, *, plain: bool = False) -> int:
    """A number in hex; in methods for development also a plain one, as the tools that have them send."""
    number = value if plain and type(value) is int else _hex_number(value)
    if not 0 <= number <= most:
        raise _unfit(value, f"a quantity up to {most:#x}")
    return number


def raw_bytes(value: Any) -> bytes:
    """Bytes in hex."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise _unfit(value, "bytes in hex")
    try:
        return bytes.fromhex(value[2:])
    except ValueError:
        raise _unfit(value, "bytes in hex") from None


def address(value: Any) -> Address:
    """An address in hex, in whatever case."""
    raw = raw_bytes(value)
    if len(raw) != Address.SIZE:
        raise _unfit(value, "an address")
    return Address(raw)


def hash32(value: Any) -> Hash32:
    """A hash in hex."""
    try:
        return Hash32(raw_bytes(value))
    except InputError:
        raise _unfit(value, "32 bytes in hex") from None


def call_of(fields: Any, label: str) -> tuple[Call, Address]:
    """The call that a transaction object describes, and who makes it; fees play no part."""
    if not isinstance(fields, dict):
        raise _unfit(fields, "a transaction object")
    given = {name: value for name, value in fields.items() if value is not None}
    data = raw_bytes(given.get("input", given.get("data", "0x")))
    call = Call(
        to=address(given["to"]) if "to" in given else None,
        data=data,
        label=label,
        value=quantity(given.get("value", "0x0")),
        gas=quantity(given["gas"]) if "gas" in given else None,
    )
    return call, address(given["from"]) if "from" in given else Address(bytes(Address.SIZE))


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are asked for: of these contracts (none: of all), with these alternatives at each place."""

    addresses: frozenset[Address]
    topics: tuple[frozenset[Hash32] | None, ...]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> LogFilter:
        """The filter of a request, its range of blocks left aside."""
        given = fields.get("address")
        several = given if isinstance(given, list) else [] if given is None else [given]
        topics = fields.get("topics") or []
        if not isinstance(topics, list) or len(topics) > MAX_TOPICS:
            raise _unfit(topics, "up to four topics")
        return cls(frozenset(map(address, several)), tuple(map(_alternatives, topics)))

    def admits(self, log: Log) -> bool:
        """Whether a log is asked for."""
        if (self.addresses and log.address not in self.addresses) or len(self.topics) > len(log.topics):
            return False
        pairs = zip(self.topics, log.topics, strict=False)
        return all(wanted is None or topic in wanted for wanted, topic in pairs)


def _alternatives(value: Any) -> frozenset[Hash32] | None:
    if value is None or value == []:
        return None
    return frozenset(map(hash32, value if isinstance(value, list) else [value]))


def _hex_number(value: Any) -> int:
    if not isinstance(value, str) or not value.startswith("0x") or not value[2:].isalnum():
        raise _unfit(value, "a quantity in hex")
    try:
        return int(value, 16)
    except ValueError:
        raise _unfit(value, "a quantity in hex") from None


def _unfit(value: Any, wanted: str) -> Fault:
    shown = repr(value)
    return Fault(INVALID_PARAMS, f"{shown if len(shown) < 100 else shown[:100] + '…'} is not {wanted}")


# ----------------------------------------------------------------------------- out


def hex_of(raw: bytes) -> str:
    """Bytes in hex, an address in lower case."""
    return "0x" + bytes(raw).hex()


def block_fields(header: Any, transactions: Sequence[Any], size: int | None) -> Json:
    """A block as nodes show it; one that is not mined yet has no size, no hash and no nonce."""
    mined = size is not None
    return {
        "number": hex(header.block_number),
        "hash": hex_of(header.hash) if mined else None,
        "parentHash": hex_of(header.parent_hash),
        "nonce": hex_of(header.nonce) if mined else None,
        "sha3Uncles": hex_of(header.uncles_hash),
        "logsBloom": _bloom(header.bloom) if mined else None,
        "transactionsRoot": hex_of(header.transaction_root),
        "stateRoot": hex_of(header.state_root),
        "receiptsRoot": hex_of(header.receipt_root),
        "miner": hex_of(header.coinbase),
        "difficulty": hex(header.difficulty),
        "totalDifficulty": "0x0",
        "extraData": hex_of(header.extra_data),
        "size": hex(size or 0),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "mixHash": hex_of(header.mix_hash),
        "baseFeePerGas": hex(header.base_fee_per_gas),
        "withdrawals": [],
        "withdrawalsRoot": hex_of(header.withdrawals_root),
        "blobGasUsed": hex(header.blob_gas_used or 0),
        "excessBlobGas": hex(header.excess_blob_gas or 0),
        "parentBeaconBlockRoot": hex_of(header.parent_beacon_block_root or bytes(32)),
        "requestsHash": hex_of(header.requests_hash or bytes(32)),
        "uncles": [],
        "transactions": list(transactions),
    }


def transaction_fields(signed: SignedTransaction, header: Any = None, index: int | None = None) -> Json:
    """A transaction; without a header one that waits for a block."""
    unsigned = signed.transaction
    parity, r, s = (hex(int.from_bytes(each, "big")) for each in rlp.decode(signed.raw[1:])[9:])
    return {
        "type": "0x2",
        "hash": str(signed.hash),
        "chainId": hex(unsigned.chain_id),
        "nonce": hex(unsigned.nonce),
        "from": hex_of(signed.sender),
        "to": None if unsigned.to is None else hex_of(unsigned.to),
        "value": hex(unsigned.value),
        "gas": hex(unsigned.gas),
        "gasPrice": hex(unsigned.max_fee if header is None else _price(signed, header)),
        "maxFeePerGas": hex(unsigned.max_fee),
        "maxPriorityFeePerGas": hex(unsigned.tip),
        "input": hex_of(unsigned.data),
        "accessList": [],
        "v": parity,
        "yParity": parity,
        "r": r,
        "s": s,
        "blockHash": None if header is None else hex_of(header.hash),
        "blockNumber": None if header is None else hex(header.block_number),
        "transactionIndex": None if index is None else hex(index),
    }


def receipt_fields(block: Any, stored: Any, receipt: Receipt, index: int) -> Json:
    """A receipt: ours, with what py-evm's block and its own receipt know besides."""
    signed = read_transaction(block.transactions[index].encode())
    to = signed.transaction.to
    return {
        "type": "0x2",
        "status": hex(receipt.status),
        "transactionHash": str(receipt.hash),
        "transactionIndex": hex(index),
        "blockHash": hex_of(block.hash),
        "blockNumber": hex(receipt.block),
        "from": hex_of(signed.sender),
        "to": None if to is None else hex_of(to),
        "contractAddress": None if receipt.created is None else hex_of(receipt.created),
        "gasUsed": hex(receipt.gas_used),
        "cumulativeGasUsed": hex(stored.gas_used),
        "effectiveGasPrice": hex(_price(signed, block.header)),
        "logsBloom": _bloom(stored.bloom),
        "logs": [log_fields(log, block.hash, block.header.timestamp, index) for log in receipt.logs],
    }


def log_fields(log: Log, block_hash: bytes, timestamp: int, transaction_index: int) -> Json:
    """A log with its place."""
    return {
        "address": hex_of(log.address),
        "topics": [hex_of(topic) for topic in log.topics],
        "data": hex_of(log.data),
        "blockNumber": hex(log.block),
        "blockHash": hex_of(block_hash),
        "blockTimestamp": hex(timestamp),
        "transactionHash": str(log.transaction),
        "transactionIndex": hex(transaction_index),
        "logIndex": hex(log.index),
        "removed": False,
    }


def _price(signed: SignedTransaction, header: Any) -> int:
    """What a unit of gas cost (EIP-1559)."""
    return int(min(signed.transaction.max_fee, header.base_fee_per_gas + signed.transaction.tip))


def _bloom(value: int) -> str:
    return hex_of(value.to_bytes(256, "big"))
