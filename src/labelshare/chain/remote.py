"""A chain behind a JSON-RPC URL: anvil, another local node, or a public one."""

from __future__ import annotations

# ruff: noqa: D102 (documented in Chain)
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.jsonrpc import (
    ANSWER_BYTES,
    JsonRpc,
    Request,
    RpcError,
    hex_bytes,
    log,
    number,
    receipt,
)
from labelshare.chain.node import Block, Call, Chain, Fees, Log, Receipt, Topics
from labelshare.chain.reverts import decode_revert, utc
from labelshare.errors import (
    ChainError,
    FundsError,
    LostError,
    NoBlockError,
    NotIncludedError,
    RevertError,
    WrongChainError,
)
from labelshare.types import Address, Hash32

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["RemoteChain", "RpcError"]

BATCH: Final = 250
LOG_RANGE: Final = 5_000
TIMEOUT_SECONDS: Final = 30.0
RECEIPT_SECONDS: Final = 300.0
# How long a development node is waited for until it is told to mine.
PATIENCE_SECONDS: Final = 2.0
ESTIMATE_MARGIN_PERCENT: Final = 25
# What nodes say to an account that cannot pay: anvil and geth the first, Hardhat the second.
TOO_POOR: Final = ("insufficient funds", "doesn't have enough funds")
# What they say to a fee below the chain's, or too little above that of the transaction that it is to replace.
TOO_CHEAP: Final = ("underpriced", "less than block base fee", "fee cap less than")

BLOCK_METHOD: Final = "eth_getBlockByNumber"
RECEIPT_METHOD: Final = "eth_getTransactionReceipt"
SEND_METHOD: Final = "eth_sendRawTransaction"

# Accounts of which a transaction was refused and is in no block, so that their later ones cannot follow.
_Stuck = dict[Address, RevertError]


class RemoteChain(Chain):
    """A chain behind a URL. The node's chain id is read on connecting, and again before anything is sent.

    Messages name the host alone: the rest of a URL often holds the key of an account with the provider. A
    node that stalls, fails, or answers what no honest node does ends the call with a `ChainError`.

    Args:
        url: A JSON-RPC address, http or https.
        seconds: How long one request may take.
        receipt_seconds: How long a transaction may take to be in a block.
        answer_bytes: How long an answer may be.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float = TIMEOUT_SECONDS,
        receipt_seconds: float = RECEIPT_SECONDS,
        answer_bytes: int = ANSWER_BYTES,
    ) -> None:
        self._url = url
        self._seconds = seconds
        self._receipt_seconds = receipt_seconds
        self._rpc = JsonRpc(url, seconds, answer_bytes)
        self._web3: Web3 | None = None
        self.host = self._rpc.host
        self.chain_id = self._number("eth_chainId")

    @property
    def web3(self) -> Web3:
        if self._web3 is None:
            from web3 import HTTPProvider, Web3

            request = {"timeout": self._seconds}
            self._web3 = Web3(
                HTTPProvider(self._url, request_kwargs=request, exception_retry_configuration=None)
            )
        return self._web3

    # -------------------------------------------------------------------- reads

    @property
    def block_number(self) -> int:
        return self._number("eth_blockNumber")

    def now(self) -> int:
        return self._of_block("latest", "timestamp")

    def timestamp_of(self, block: int) -> int:
        return self._of_block(hex(block), "timestamp")

    def block_hash(self, block: int) -> Hash32:
        fields = self._block(hex(block))
        return self._rpc.read(lambda each: Hash32(each["hash"]), BLOCK_METHOD, fields)

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        found: list[Block] = []
        for start in range(0, len(numbers), BATCH):
            part = numbers[start : start + BATCH]
            answers = self._ask_all([(BLOCK_METHOD, [hex(each), False]) for each in part])
            found += [self._tied(each, answer) for each, answer in zip(part, answers, strict=True)]
        return found

    def _tied(self, number_: int, answer: Any) -> Block:
        fields = self._found(hex(number_), answer)
        return self._rpc.read(
            lambda each: Block(
                number_, Hash32(each["hash"]), Hash32(each["parentHash"]), number(each["timestamp"])
            ),
            BLOCK_METHOD,
            fields,
        )

    def finalized(self) -> int | None:
        """As the node's tag says; nodes without the tag refuse it, or know no such block yet."""
        try:
            block = self._ask(BLOCK_METHOD, "finalized", False)  # noqa: FBT003
        except RpcError:
            return None
        return (
            None
            if block is None
            else self._rpc.read(lambda each: number(each["number"]), BLOCK_METHOD, block)
        )

    def balances(self, accounts: Sequence[Address]) -> list[int]:
        return self._numbers("eth_getBalance", accounts, "latest")

    def nonces(self, accounts: Sequence[Address]) -> list[int]:
        return self._numbers("eth_getTransactionCount", accounts, "pending")

    def mined_nonces(self, accounts: Sequence[Address]) -> list[int]:
        return self._numbers("eth_getTransactionCount", accounts, "latest")

    def code(self, address: Address) -> bytes:
        return self._bytes("eth_getCode", str(address), "latest")

    def call(self, call: Call, sender: Address | None = None) -> bytes:
        try:
            return self._bytes("eth_call", _fields(call, sender), "latest")
        except RpcError as error:
            raise _typed(error, call.label) from None

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        """Range by range; where the node refuses one, as many do that is longer than they like, by halves."""
        found: list[Log] = []
        start, length = from_block, LOG_RANGE
        while start <= to_block:
            end = min(start + length - 1, to_block)
            try:
                found += self._logs(address, start, end, topics)
            except RpcError:
                if start == end:
                    raise
                length = (end - start + 1) // 2
            else:
                start = end + 1
        return found

    def _logs(self, address: Address, start: int, end: int, topics: Topics) -> list[Log]:
        wanted = [None if topic is None else "0x" + topic.hex() for topic in topics]
        query = {"address": str(address), "fromBlock": hex(start), "toBlock": hex(end), "topics": wanted}
        found = self._logs_until(end, query)
        for each in found:
            if each.address != address or not start <= each.block <= end or not each.matches(topics):
                raise self._rpc.strange(
                    "eth_getLogs", f"a log of {each.address} in block {each.block} that was not asked for"
                )
        return found

    def logs_of(self, addresses: Sequence[Address], from_block: int, to_block: int) -> list[Log]:
        found: list[Log] = []
        for some in _runs(addresses):
            for start in range(from_block, to_block + 1, LOG_RANGE):
                end = min(start + LOG_RANGE - 1, to_block)
                query = {"address": [*map(str, some)], "fromBlock": hex(start), "toBlock": hex(end)}
                got = self._logs_until(end, query)
                if any(each.address not in some or not start <= each.block <= end for each in got):
                    raise self._rpc.strange("eth_getLogs", "a log that was not asked for")
                found += got
        return sorted(found, key=lambda log: (log.block, log.index))

    def logs_of_in(self, addresses: Sequence[Address], blocks: Sequence[Block]) -> list[Log]:
        found: list[Log] = []
        for some in _runs(addresses):
            for start in range(0, len(blocks), BATCH):
                found += self._logs_by_hash(some, blocks[start : start + BATCH])
        return sorted(found, key=lambda log: (log.block, log.index))

    def logs_in(self, address: Address, blocks: Sequence[Block]) -> list[Log]:
        found: list[Log] = []
        for start in range(0, len(blocks), BATCH):
            found += self._logs_by_hash([address], blocks[start : start + BATCH])
        return found

    def _logs_until(self, end: int, query: dict[str, Any]) -> list[Log]:
        """The logs of a range.

        A node that is behind answers with those that it has, as if there were no more. So it must show the
        range's last block in the same batch, which one machine answers.
        """
        logs, block = self._ask_all([("eth_getLogs", [query]), (BLOCK_METHOD, [hex(end), False])])
        self._found(hex(end), block)
        return self._rpc.read(_logs, "eth_getLogs", logs)

    def _logs_by_hash(self, addresses: Sequence[Address], blocks: Sequence[Block]) -> list[Log]:
        """The logs of a few blocks, the last of which the node must have for the same reason."""
        queries = [{"address": [*map(str, addresses)], "blockHash": str(each.hash)} for each in blocks]
        last = (BLOCK_METHOD, [hex(blocks[-1].number), False])
        *answers, shown = self._ask_all([*(("eth_getLogs", [query]) for query in queries), last])
        if self._tied(blocks[-1].number, shown).hash != blocks[-1].hash:
            raise ChainError(f"the node at {self.host} has another block {blocks[-1].number} by now")
        return [
            log
            for block, answer in zip(blocks, answers, strict=True)
            for log in self._logs_of(addresses, block, answer)
        ]

    def _logs_of(self, addresses: Collection[Address], block: Block, answer: Any) -> list[Log]:
        found = self._rpc.read(_logs, "eth_getLogs", answer)
        for each in found:
            is_own = each.address in addresses
            if not is_own or (each.block, each.block_hash) != (block.number, block.hash):
                raise self._rpc.strange("eth_getLogs", f"a log of another block than {block.number}")
        return found

    def receipt(self, transaction: Hash32) -> Receipt | None:
        return self._checked(transaction, self._ask(RECEIPT_METHOD, str(transaction)))

    # ------------------------------------------------------------------- sending

    def fees(self) -> Fees:
        block, tip = self._ask_all([(BLOCK_METHOD, ["latest", False]), ("eth_maxPriorityFeePerGas", [])])
        if isinstance(block, dict) and block.get("baseFeePerGas") is None:
            raise ChainError(
                f"the chain has no base fee, says the node at {self.host}; "
                "labelshare sends EIP-1559 transactions only"
            )
        return Fees(
            base=self._rpc.read(lambda each: number(each["baseFeePerGas"]), BLOCK_METHOD, block),
            tip=self._rpc.read(number, "eth_maxPriorityFeePerGas", tip),
        )

    def gas_for(self, call: Call, sender: Address) -> int:
        """What the node estimates and a quarter more; `RevertError` if the call would fail."""
        try:
            estimate = self._number("eth_estimateGas", _fields(call, sender))
        except RpcError as error:
            raise _typed(error, call.label) from None
        return estimate * (100 + ESTIMATE_MARGIN_PERCENT) // 100

    def include(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        """As for every chain; bytes that the node has already are waited for like any others.

        A node may refuse a transaction that reverts instead of putting it into a block. Then those that the
        same account sent after it cannot follow, and come to a `RevertError` that says so.
        """
        self._require_own(transactions)
        self._require_same_chain()
        if len(transactions) > 1 and self.is_development:
            return self._include_batch(transactions)
        stuck: _Stuck = {}
        return [self._include_one(signed, stuck) for signed in transactions]

    def submit(self, transaction: SignedTransaction) -> RevertError | None:
        self._require_own([transaction])
        self._require_same_chain()
        return self._accepted(self._answers([_raw(transaction)])[0], transaction, {})

    def outcome(self, transaction: SignedTransaction, receipt: Receipt) -> Receipt | RevertError:
        return receipt if receipt.status else self._why(transaction, receipt)

    def _require_same_chain(self) -> None:
        """A node may be restarted, or a balancer may lead elsewhere, while a process runs."""
        now = self._number("eth_chainId")
        if now != self.chain_id:
            raise WrongChainError(
                f"the node at {self.host} was chain {self.chain_id} on connecting and says {now} now; "
                "nothing was sent"
            )

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
        self._ask("hardhat_mine", hex(blocks))

    def fund_all(self, accounts: Iterable[Address], wei: int) -> None:
        self._require_development("setting balances")
        self._ask_all([("hardhat_setBalance", [str(account), hex(wei)]) for account in accounts])

    def snapshot(self) -> Any:
        self._require_development("taking a snapshot")
        return self._ask("evm_snapshot")

    def restore(self, snapshot: Any) -> None:
        self._require_development("restoring a snapshot")
        if self._ask("evm_revert", snapshot) is not True:
            raise ChainError(f"the node has no snapshot {snapshot}")

    def _require_development(self, what: str) -> None:
        if not self.is_development:
            raise ChainError(f"{what} is for development chains; {self.host} is chain {self.chain_id}")

    # ------------------------------------------------------------------ inclusion

    def _include_one(self, signed: SignedTransaction, stuck: _Stuck) -> Receipt | RevertError:
        """Nothing is sent that would wait for ever behind a nonce that was not used."""
        if signed.sender in stuck:
            return _behind(signed, stuck)
        refusal = self._accepted(self._answers([_raw(signed)])[0], signed, stuck)
        if refusal is None:
            return self.outcome(signed, self._awaited(signed))
        if self.receipt(signed.hash) is None:  # Hardhat tells of a failure and has a block of it as well.
            stuck[signed.sender] = refusal
        return refusal

    def _include_batch(self, transactions: Sequence[SignedTransaction]) -> list[Receipt | RevertError]:
        """A block at a time, each with no more than must fit, so that none is left behind or overtaken.

        The order within a block is the node's: the highest fee first, which `Sender` makes the order given.
        """
        room = self._of_block("latest", "gasLimit")
        refused: dict[Hash32, RevertError] = {}
        stuck: _Stuck = {}
        self._ask("evm_setAutomine", False)  # noqa: FBT003 (the node's own parameter)
        try:
            for part in _parts(transactions, room):
                for signed, answer in zip(part, self._answers([_raw(each) for each in part]), strict=True):
                    refusal = self._accepted(answer, signed, stuck)
                    if refusal is not None:
                        refused[signed.hash] = stuck[signed.sender] = refusal
                self._ask("evm_mine")
        finally:
            self._ask("evm_setAutomine", True)  # noqa: FBT003
        taken = {signed.hash: signed for signed in transactions if signed.hash not in refused}
        receipts = self._receipts(list(taken.values()))
        return [refused.get(each.hash) or self.outcome(each, receipts[each.hash]) for each in transactions]

    def _end_a_batch(self) -> None:
        """A process that died in the midst of a batch has left the node waiting to be told to mine."""
        self._ask("evm_setAutomine", True)  # noqa: FBT003
        self._ask("evm_mine")

    def _receipts(self, transactions: Sequence[SignedTransaction]) -> dict[Hash32, Receipt]:
        found: dict[Hash32, Receipt] = {}
        for start in range(0, len(transactions), BATCH):
            part = transactions[start : start + BATCH]
            answers = self._ask_all([(RECEIPT_METHOD, [str(each.hash)]) for each in part])
            for signed, answer in zip(part, answers, strict=True):
                receipt = self._checked(signed.hash, answer)
                if receipt is None:
                    raise ChainError(f"the node at {self.host} left transaction {signed.hash} behind")
                found[signed.hash] = receipt
        return found

    def _awaited(self, signed: SignedTransaction) -> Receipt:
        deadline, pause = time.monotonic() + self._receipt_seconds, 0.01
        patience = time.monotonic() + PATIENCE_SECONDS if self.is_development else deadline
        while (receipt := self.receipt(signed.hash)) is None:
            if time.monotonic() > patience:
                self._end_a_batch()
                patience = deadline
            if time.monotonic() > deadline:
                raise NotIncludedError(
                    f"transaction {signed.hash} is in no block after {self._receipt_seconds:.0f} s"
                )
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
        return receipt

    def _checked(self, transaction: Hash32, answer: Any) -> Receipt | None:
        if answer is None:
            return None
        found = self._rpc.read(receipt, RECEIPT_METHOD, answer)
        if found.hash != transaction:
            raise self._rpc.strange(RECEIPT_METHOD, f"the receipt of {found.hash}, not of {transaction}")
        return found

    def _why(self, signed: SignedTransaction, receipt: Receipt) -> RevertError:
        """The reason of a transaction that reverted, by running it again where it stood."""
        transaction = signed.transaction
        call = _fields(Call(transaction.to, transaction.data, ""), signed.sender) | {
            "gas": hex(transaction.gas)
        }
        for block in (receipt.block, receipt.block - 1):
            try:
                self._ask("eth_call", call, hex(block))
            except RpcError as error:
                if error.revert_data:
                    return decode_revert(error.revert_data, error.reason)
        used_up = receipt.gas_used >= transaction.gas
        reason = "out of gas" if used_up else "refused for a reason that has passed since"
        return RevertError(f"{reason} (transaction {signed.hash}, block {receipt.block})")

    def _accepted(self, answer: Any, signed: SignedTransaction, stuck: _Stuck) -> RevertError | None:
        """None if the node has the transaction, else why its contract refused.

        Raises:
            FundsError: The account cannot pay.
            LostError: Its nonce is used, by a transaction that this node does not know as this one.
            NotIncludedError: It offers too little.
            ChainError: The node does not take it, or names another transaction.
        """
        if not isinstance(answer, RpcError):
            self._require_named(answer, signed)
            return None
        if answer.revert_data is not None:
            return decode_revert(answer.revert_data, answer.reason)
        if self._has(signed):  # The same bytes were sent before, by this process or by one that died.
            return None
        if signed.sender in stuck:
            return _behind(signed, stuck)
        raise self._not_taken(answer, signed)

    def _not_taken(self, answer: RpcError, signed: SignedTransaction) -> ChainError:
        reason = answer.reason.lower()
        if any(words in reason for words in TOO_POOR):
            held, needed = self.balance(signed.sender), signed.transaction.upfront
            return FundsError(f"{signed.sender} holds {held} wei and needs {needed}")
        if "nonce" in reason and "low" in reason:
            return LostError(
                f"{signed.sender} has used its nonce {signed.transaction.nonce} for another transaction; "
                f"the node at {self.host} does not take {signed.hash}"
            )
        if any(words in reason for words in TOO_CHEAP):
            return NotIncludedError(f"transaction {signed.hash} offers too little: {answer}")
        return answer

    def _require_named(self, answer: Any, signed: SignedTransaction) -> None:
        given = self._rpc.read(Hash32, SEND_METHOD, answer)
        if given != signed.hash:
            raise self._rpc.strange(SEND_METHOD, f"{given} for transaction {signed.hash}")

    def _has(self, signed: SignedTransaction) -> bool:
        """Whether the node knows the transaction, in a block or waiting for one."""
        method = "eth_getTransactionByHash"
        answer = self._ask(method, str(signed.hash))
        if answer is None:
            return False
        return self._rpc.read(lambda each: Hash32(each["hash"]), method, answer) == signed.hash

    # -------------------------------------------------------------------- JSON-RPC

    def _block(self, tag: str) -> dict[str, Any]:
        return self._found(tag, self._ask(BLOCK_METHOD, tag, False))  # noqa: FBT003

    def _found(self, tag: str, block: Any) -> dict[str, Any]:
        if block is None:
            raise NoBlockError(f"no block {tag} on chain {self.chain_id}, says the node at {self.host}")
        found = self._rpc.read(lambda each: number(each["number"]), BLOCK_METHOD, block)
        if tag.startswith("0x") and found != int(tag, 16):
            raise self._rpc.strange(BLOCK_METHOD, f"block {found} for block {int(tag, 16)}")
        fields: dict[str, Any] = block
        return fields

    def _of_block(self, tag: str, field: str) -> int:
        return self._rpc.read(lambda each: number(each[field]), BLOCK_METHOD, self._block(tag))

    def _number(self, method: str, *params: Any) -> int:
        return self._rpc.read(number, method, self._ask(method, *params))

    def _bytes(self, method: str, *params: Any) -> bytes:
        return self._rpc.read(hex_bytes, method, self._ask(method, *params))

    def _numbers(self, method: str, accounts: Sequence[Address], *more: Any) -> list[int]:
        answers = self._ask_all([(method, [str(account), *more]) for account in accounts])
        return [self._rpc.read(number, method, each) for each in answers]

    def _ask(self, method: str, *params: Any) -> Any:
        return self._rpc.ask(method, *params)

    def _answers(self, requests: Sequence[Request]) -> list[Any]:
        return self._rpc.answers(requests)

    def _ask_all(self, requests: Sequence[Request]) -> list[Any]:
        answers = self._answers(requests)
        for answer in answers:
            if isinstance(answer, RpcError):
                raise answer
        return answers


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


def _runs(addresses: Sequence[Address]) -> Iterator[Sequence[Address]]:
    """So many at a time as any node takes in one question."""
    for start in range(0, len(addresses), BATCH):
        yield addresses[start : start + BATCH]


def _raw(signed: SignedTransaction) -> Request:
    return (SEND_METHOD, ["0x" + signed.raw.hex()])


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


def _logs(answer: Any) -> list[Log]:
    if not isinstance(answer, list):
        raise TypeError("not a list of logs")
    return [log(each) for each in answer]


def _behind(signed: SignedTransaction, stuck: _Stuck) -> RevertError:
    return RevertError(
        f"transaction {signed.hash} cannot follow one of {signed.sender} that was refused: "
        f"{stuck[signed.sender].message}"
    )
