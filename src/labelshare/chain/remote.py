"""A chain behind a JSON-RPC URL: anvil, another local node, or a public one."""

from __future__ import annotations

# ruff: noqa: D102 (documented in Chain)
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.node import Call, Chain, Fees, Log, Receipt, Topics
from labelshare.chain.reverts import decode_revert, utc
from labelshare.errors import ChainError, FundsError, RevertError
from labelshare.types import Address, Hash32

if TYPE_CHECKING:
    from web3 import Web3
    from web3.types import RPCEndpoint

__all__ = ["RemoteChain", "RpcError"]

BATCH: Final = 250
LOG_RANGE: Final = 5_000
TIMEOUT_SECONDS: Final = 30.0
RECEIPT_SECONDS: Final = 300.0
ESTIMATE_MARGIN_PERCENT: Final = 25

Request = tuple[str, list[Any]]


class RpcError(ChainError):
    """The node answered with an error (JSON-RPC 2.0, section 5.1)."""

    def __init__(self, method: str, error: Any) -> None:
        error = error if isinstance(error, dict) else {"message": str(error)}
        self.code = error.get("code")
        self.reason = str(error.get("message", "no message"))
        self.data = error.get("data")
        super().__init__(f"{method}: {self.reason}")

    @property
    def revert_data(self) -> bytes | None:
        """What a contract returned when it refused; None if that is not what the error is about."""
        data = self.data.get("data") if isinstance(self.data, dict) else self.data
        if isinstance(data, str) and data.startswith("0x"):
            return bytes.fromhex(data[2:])
        return b"" if "revert" in self.reason.lower() else None


class RemoteChain(Chain):
    """A chain behind a URL. The node's chain id is read once, on connecting.

    Messages name the host alone: the rest of a URL often holds the key of an account with the provider.
    """

    def __init__(self, url: str) -> None:
        from web3 import HTTPProvider

        self.host = _host(url)
        self._provider = HTTPProvider(url, request_kwargs={"timeout": TIMEOUT_SECONDS})
        self.chain_id = _number(self._ask("eth_chainId"))

    @property
    def web3(self) -> Web3:
        from web3 import Web3

        return Web3(self._provider)

    # -------------------------------------------------------------------- reads

    @property
    def block_number(self) -> int:
        return _number(self._ask("eth_blockNumber"))

    def now(self) -> int:
        return _number(self._block("latest")["timestamp"])

    def timestamp_of(self, block: int) -> int:
        return _number(self._block(hex(block))["timestamp"])

    def block_hash(self, block: int) -> Hash32:
        return Hash32(self._block(hex(block))["hash"])

    def balances(self, accounts: Sequence[Address]) -> list[int]:
        return [_number(each) for each in self._each("eth_getBalance", accounts, "latest")]

    def nonces(self, accounts: Sequence[Address]) -> list[int]:
        return [_number(each) for each in self._each("eth_getTransactionCount", accounts, "pending")]

    def code(self, address: Address) -> bytes:
        return _bytes(self._ask("eth_getCode", str(address), "latest"))

    def call(self, call: Call, sender: Address | None = None) -> bytes:
        try:
            return _bytes(self._ask("eth_call", _fields(call, sender), "latest"))
        except RpcError as error:
            raise _typed(error, call.label) from None

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        wanted = [None if topic is None else "0x" + topic.hex() for topic in topics]
        found: list[Log] = []
        for start in range(from_block, to_block + 1, LOG_RANGE):
            end = min(start + LOG_RANGE - 1, to_block)
            query = {"address": str(address), "fromBlock": hex(start), "toBlock": hex(end), "topics": wanted}
            found += map(_log, self._ask("eth_getLogs", query))
        return found

    # ------------------------------------------------------------------- sending

    def fees(self) -> Fees:
        block, tip = self._ask_all(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])]
        )
        if "baseFeePerGas" not in block:
            raise ChainError("the chain has no base fee; labelshare sends EIP-1559 transactions only")
        return Fees(base=_number(block["baseFeePerGas"]), tip=_number(tip))

    def gas_for(self, call: Call, sender: Address) -> int:
        """What the node estimates and a quarter more; `RevertError` if the call would fail."""
        try:
            estimate = _number(self._ask("eth_estimateGas", _fields(call, sender)))
        except RpcError as error:
            raise _typed(error, call.label) from None
        return estimate * (100 + ESTIMATE_MARGIN_PERCENT) // 100

    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        self._require_own(transactions)
        if len(transactions) > 1 and self.is_development:
            return self._include_batch(transactions)
        outcomes: list[Receipt | RevertError] = []
        for signed in transactions:
            self._accepted(self._answers([_raw(signed)])[0], signed)
            outcomes.append(self._outcome(signed, self._awaited(signed)))
        return outcomes

    # --------------------------------------------------- development chains only

    def advance_to(self, timestamp: int) -> None:
        self._require_development("setting the time")
        now = self.now()
        if timestamp < now:
            raise ChainError(f"time does not run back: it is {utc(now)}, asked for {utc(timestamp)}")
        if timestamp > now:
            self._ask("evm_setNextBlockTimestamp", timestamp)
            self._ask("evm_mine")

    def mine(self, blocks: int = 1) -> None:
        self._require_development("mining")
        self._ask("anvil_mine", hex(blocks))

    def fund_all(self, accounts: Iterable[Address], wei: int) -> None:
        self._require_development("setting balances")
        self._ask_all([("anvil_setBalance", [str(account), hex(wei)]) for account in accounts])

    def snapshot(self) -> Any:
        self._require_development("taking a snapshot")
        return self._ask("evm_snapshot")

    def restore(self, snapshot: Any) -> None:
        self._require_development("restoring a snapshot")
        if not self._ask("evm_revert", snapshot):
            raise ChainError(f"the node has no snapshot {snapshot}")

    def _require_development(self, what: str) -> None:
        if not self.is_development:
            raise ChainError(f"{what} is for development chains; {self.host} is chain {self.chain_id}")

    # ------------------------------------------------------------------ inclusion

    def _include_batch(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        """A block at a time, each with no more than must fit, so that none is left behind or overtaken.

        The order within a block is the node's: the highest fee first, which `Sender` makes the order given.
        """
        room = _number(self._block("latest")["gasLimit"])
        self._ask("evm_setAutomine", False)  # noqa: FBT003 (the node's own parameter)
        try:
            for part in _parts(transactions, room):
                for signed, answer in zip(part, self._answers([_raw(each) for each in part]), strict=True):
                    self._accepted(answer, signed)
                self._ask("evm_mine")
        finally:
            self._ask("evm_setAutomine", True)  # noqa: FBT003
        return [self._outcome(signed, receipt) for signed, receipt in self._receipts(transactions)]

    def _receipts(
        self, transactions: Sequence[SignedTransaction]
    ) -> Iterable[tuple[SignedTransaction, dict[str, Any]]]:
        for start in range(0, len(transactions), BATCH):
            part = transactions[start : start + BATCH]
            answers = self._ask_all([("eth_getTransactionReceipt", [str(each.hash)]) for each in part])
            for signed, receipt in zip(part, answers, strict=True):
                if receipt is None:
                    raise ChainError(f"the node left transaction {signed.hash} behind")
                yield signed, receipt

    def _awaited(self, signed: SignedTransaction) -> dict[str, Any]:
        deadline, pause = time.monotonic() + RECEIPT_SECONDS, 0.01
        while (receipt := self._ask("eth_getTransactionReceipt", str(signed.hash))) is None:
            if time.monotonic() > deadline:
                raise ChainError(f"transaction {signed.hash} is in no block after {RECEIPT_SECONDS:.0f} s")
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
        return cast("dict[str, Any]", receipt)

    def _outcome(self, signed: SignedTransaction, receipt: dict[str, Any]) -> Receipt | RevertError:
        return _receipt(receipt) if _number(receipt["status"]) else self._why(signed, receipt)

    def _why(self, signed: SignedTransaction, receipt: dict[str, Any]) -> RevertError:
        """The reason of a transaction that reverted, by running it again where it stood."""
        transaction = signed.transaction
        used_up = _number(receipt["gasUsed"]) >= transaction.gas
        call = _fields(Call(transaction.to, transaction.data, ""), signed.sender) | {
            "gas": hex(transaction.gas)
        }
        number = _number(receipt["blockNumber"])
        for block in (number, number - 1):
            try:
                self._ask("eth_call", call, hex(block))
            except RpcError as error:
                if error.revert_data:
                    return decode_revert(error.revert_data, error.reason)
        reason = "out of gas" if used_up else "refused for a reason that has passed since"
        return RevertError(f"{reason} (transaction {signed.hash}, block {number})")

    def _accepted(self, answer: Any, signed: SignedTransaction) -> None:
        if not isinstance(answer, RpcError):
            return
        if "insufficient funds" in answer.reason.lower():
            held, needed = self.balance(signed.sender), signed.transaction.upfront
            raise FundsError(f"{signed.sender} holds {held} wei and needs {needed}")
        raise answer

    # -------------------------------------------------------------------- JSON-RPC

    def _block(self, tag: str) -> dict[str, Any]:
        block = self._ask("eth_getBlockByNumber", tag, False)  # noqa: FBT003
        if block is None:
            raise ChainError(f"no block {tag} on chain {self.chain_id}")
        return cast("dict[str, Any]", block)

    def _each(self, method: str, accounts: Sequence[Address], *more: Any) -> list[Any]:
        return self._ask_all([(method, [str(account), *more]) for account in accounts])

    def _ask(self, method: str, *params: Any) -> Any:
        return self._ask_all([(method, list(params))])[0]

    def _ask_all(self, requests: Sequence[Request]) -> list[Any]:
        answers = self._answers(requests)
        for answer in answers:
            if isinstance(answer, RpcError):
                raise answer
        return answers

    def _answers(self, requests: Sequence[Request]) -> list[Any]:
        """Results in order, an `RpcError` in the place of each that failed."""
        from requests.exceptions import RequestException

        try:
            responses = self._responses(requests)
        except RequestException as error:
            raise ChainError(f"no answer from the node at {self.host}: {type(error).__name__}") from None
        if not isinstance(responses, list) or len(responses) != len(requests):
            raise RpcError(
                "batch", responses.get("error") if isinstance(responses, dict) else "not one answer each"
            )
        pairs = zip(requests, responses, strict=True)
        return [
            RpcError(ask[0], got["error"]) if got.get("error") else got.get("result") for ask, got in pairs
        ]

    def _responses(self, requests: Sequence[Request]) -> Any:
        calls = [(cast("RPCEndpoint", method), params) for method, params in requests]
        if not calls:
            return []
        return (
            [self._provider.make_request(*calls[0])]
            if len(calls) == 1
            else self._provider.make_batch_request(calls)
        )


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _parts(transactions: Sequence[SignedTransaction], room: int) -> Iterable[list[SignedTransaction]]:
    """Runs of transactions whose gas limits fit one block."""
    part: list[SignedTransaction] = []
    left = room
    for signed in transactions:
        if part and (signed.transaction.gas > left or len(part) == BATCH):
            yield part
            part, left = [], room
        part.append(signed)
        left -= signed.transaction.gas
    yield part


def _raw(signed: SignedTransaction) -> Request:
    return ("eth_sendRawTransaction", ["0x" + signed.raw.hex()])


def _typed(error: RpcError, label: str) -> ChainError:
    data = error.revert_data
    return error if data is None else decode_revert(data, error.reason).during(label)


def _fields(call: Call, sender: Address | None) -> dict[str, str]:
    fields = {"data": "0x" + call.data.hex(), "value": hex(call.value)}
    if call.to is not None:
        fields["to"] = str(call.to)
    if sender is not None:
        fields["from"] = str(sender)
    return fields


def _receipt(fields: dict[str, Any]) -> Receipt:
    return Receipt(
        hash=Hash32(fields["transactionHash"]),
        status=_number(fields["status"]),
        gas_used=_number(fields["gasUsed"]),
        block=_number(fields["blockNumber"]),
        logs=tuple(map(_log, fields["logs"])),
        created=Address(fields["contractAddress"]) if fields.get("contractAddress") else None,
    )


def _log(fields: dict[str, Any]) -> Log:
    return Log(
        address=Address(fields["address"]),
        topics=tuple(map(Hash32, fields["topics"])),
        data=_bytes(fields["data"]),
        block=_number(fields["blockNumber"]),
        index=_number(fields["logIndex"]),
        transaction=Hash32(fields["transactionHash"]),
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int(value, 16)


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(value[2:])
