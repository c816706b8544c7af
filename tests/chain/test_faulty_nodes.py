"""Nodes that stall, fail or lie: each ends the work in bounded time, with one line that says where."""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.chain.keys import Signer
from labelshare.chain.node import EMBEDDED_CHAIN_ID, Call
from labelshare.chain.remote import RemoteChain
from labelshare.errors import ChainError, FundsError, RevertError, WrongChainError
from labelshare.types import Address, Hash32

SECONDS = 0.4
# How much longer anything may take here: far below what retries of a stall would add up to.
SLACK = 2.0

SIGNER = Signer(bytes(range(1, 33)))
CONTRACT, OTHER = Address(b"\1" * 20), Address(b"\2" * 20)
TOPIC, FOREIGN = Hash32(b"\3" * 32), Hash32(b"\4" * 32)
CALL = Call(CONTRACT, b"\5", "Contract.function")

HONEST: dict[str, Any] = {
    "eth_chainId": "0x1",
    "eth_blockNumber": "0x10",
    "eth_getBlockByNumber": {
        "number": "0x10",
        "hash": str(TOPIC),
        "timestamp": "0x64",
        "gasLimit": "0x1c9c380",
        "baseFeePerGas": "0x7",
    },
    "eth_getBalance": "0xde0b6b3a7640000",
    "eth_getTransactionCount": "0x0",
    "eth_getCode": "0x00",
    "eth_call": "0x",
    "eth_estimateGas": "0x5208",
    "eth_maxPriorityFeePerGas": "0x1",
    "eth_getLogs": [],
    "eth_getTransactionByHash": None,
    "eth_getTransactionReceipt": None,
    "evm_mine": "0x0",
    "evm_setAutomine": True,
}

Handle = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: FakeNode
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = body if isinstance(body, list) else [body]
        self.server.asked += [each["method"] for each in asked]
        if self.server.handle is not None and not {"eth_chainId"} & {each["method"] for each in asked}:
            self.server.handle(self)
            return
        answers = [self.server.answer(each) for each in asked]
        self.reply(json.dumps(answers if isinstance(body, list) else answers[0]).encode())

    def reply(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


class FakeNode(ThreadingHTTPServer):
    """Honest answers but for those given; `handle` does what it likes with all but eth_chainId."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, **lies: Any) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = HONEST | lies
        self.handle: Handle | None = None
        self.asked: list[str] = []
        self.released = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        told = self.answers.get(request["method"])
        told = told(request) if callable(told) else told
        field = "error" if isinstance(told, dict) and "message" in told else "result"
        return {"jsonrpc": "2.0", "id": request["id"], field: told}

    def chain(self, **options: Any) -> RemoteChain:
        given = {"seconds": SECONDS, "receipt_seconds": SECONDS} | options
        return RemoteChain(f"http://{self.host}/v3/secret", **given)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client gave up, as it should."""


@contextmanager
def running(**lies: Any) -> Iterator[FakeNode]:
    node = FakeNode(**lies)
    thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield node
    finally:
        node.released.set()
        node.shutdown()
        node.server_close()
        thread.join()


@pytest.fixture
def node() -> Iterator[FakeNode]:
    with running() as node:
        yield node


def signed(chain_id: int = 1, nonce: int = 0) -> SignedTransaction:
    return SIGNER.sign_transaction(Transaction(chain_id, nonce, 1, 100, 50_000, CONTRACT, 0, b"\5"))


def fails(
    node: FakeNode, run: Callable[[], Any], message: str, *, kind: type[ChainError] = ChainError
) -> ChainError:
    """One line of ours, that names the host and no secret, in time."""
    started = time.monotonic()
    with pytest.raises(ChainError, match=message) as failure:
        run()
    assert time.monotonic() - started < SECONDS + SLACK
    text = str(failure.value)
    assert isinstance(failure.value, kind)
    assert node.host in text
    assert "secret" not in text
    assert text.isprintable()
    assert len(text) < 600
    return failure.value


# ---------------------------------------------------------------------- no good answer


def stall(handler: Handler) -> None:
    handler.server.released.wait(30)


def stall_half_way(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"jsonrpc"')
    handler.wfile.flush()
    stall(handler)


def trickle(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "10000")
    handler.end_headers()
    with suppress(OSError):
        while not handler.server.released.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()


def close_half_way(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"jsonrpc"')
    handler.close_connection = True


def close_at_once(handler: Handler) -> None:
    handler.close_connection = True


def reset(handler: Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


@pytest.mark.parametrize("handle", [stall, trickle, stall_half_way, close_at_once, reset])
def test_no_answer(node: FakeNode, handle: Handle) -> None:
    chain = node.chain()
    node.handle = handle
    fails(
        node, lambda: chain.block_number, rf"^eth_blockNumber: no answer from the node at {node.host}: \w+$"
    )
    fails(node, lambda: chain.balances([CONTRACT, OTHER]), r"^eth_getBalance \(2 requests\): no answer")
    assert len(node.asked) == 4  # eth_chainId and each once: nothing is asked again that stalls.


def test_an_answer_that_ends_half_way(node: FakeNode) -> None:
    chain = node.chain()
    node.handle = close_half_way
    fails(node, lambda: chain.block_number, "^eth_blockNumber: ")


def test_a_node_that_stalls_on_connecting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ChainError, match=f"^eth_chainId: no answer from the node at {host}"):
            RemoteChain(f"http://{host}", seconds=SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK


def test_a_node_that_goes_away(node: FakeNode) -> None:
    chain = node.chain()
    node.shutdown()
    node.server_close()
    chain._rpc._session.close()
    fails(node, lambda: chain.block_number, r"no answer from the node at .*: ConnectionError$")


@pytest.mark.parametrize("status", [302, 404, 500, 501, 503])
def test_a_status_that_is_no_success(node: FakeNode, status: int) -> None:
    chain = node.chain()
    node.handle = lambda handler: handler.reply(b"<h1>sorry</h1>", status, Location="http://127.0.0.1:1/")
    fails(
        node, lambda: chain.block_number, rf"^eth_blockNumber: the node at {node.host} answers HTTP {status}$"
    )


def test_an_error_with_a_status_of_its_own(node: FakeNode) -> None:
    chain = node.chain()
    error = {"jsonrpc": "2.0", "id": 2, "error": {"code": -32_000, "message": "no such plan"}}
    node.handle = lambda handler: handler.reply(json.dumps(error).encode(), 402)
    fails(
        node, lambda: chain.block_number, f"^eth_blockNumber: the node at {node.host} answers: no such plan$"
    )


def test_trouble_that_passes_is_no_trouble(node: FakeNode) -> None:
    chain, times = node.chain(seconds=3), [503, 429]

    def handle(handler: Handler) -> None:
        status = times.pop()
        node.handle = handle if times else None
        handler.reply(b"slow down", status)

    node.handle = handle
    assert chain.block_number == 16
    assert node.asked.count("eth_blockNumber") == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>welcome to the hotel</html>",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"jsonrpc": "2.0", "id": 2, "result": "0x1"',
        b"null",
        b"5",
        b"[]",
        b"{}",
        b'"0x1"',
        b'{"jsonrpc": "2.0", "id": 2}',
        b'{"jsonrpc": "2.0", "id": 3, "result": "0x1"}',
        b'{"result": "0x1"}',
    ],
)
def test_a_body_that_is_no_answer(node: FakeNode, body: bytes) -> None:
    chain = node.chain()
    node.handle = lambda handler: handler.reply(body)
    fails(
        node, lambda: chain.block_number, f"^eth_blockNumber: the node at {node.host} answers with what is no"
    )
    fails(node, lambda: chain.balances([CONTRACT, OTHER]), "not JSON|not one answer for each request")


@pytest.mark.parametrize(
    "error",
    ['"text"', "5", "[]", "{}", '{"message": 5}', '{"code": {}, "message": null, "data": {"data": 5}}'],
)
def test_an_error_of_any_shape(node: FakeNode, error: str) -> None:
    chain = node.chain()
    node.handle = lambda handler: handler.reply(f'{{"error": {error}}}'.encode())
    fails(node, lambda: chain.block_number, f"^eth_blockNumber: the node at {node.host} answers: ")
    fails(node, lambda: chain.call(CALL), "^eth_call: ")
    fails(node, lambda: chain.balances([CONTRACT, OTHER]), "^eth_getBalance")


def test_an_error_that_would_fill_the_terminal(node: FakeNode) -> None:
    node.answers["eth_blockNumber"] = {"code": 1, "message": "\x1b[2J\r\nlabelshare: all is well\n" * 10_000}
    fails(node, lambda: node.chain().block_number, r"\[2J labelshare: all is well .*…$")


def test_an_answer_without_end(node: FakeNode) -> None:
    chain = node.chain(answer_bytes=10_000)
    node.handle = lambda handler: handler.reply(b'"' + b"0" * 10_000 + b'"')
    fails(node, lambda: chain.block_number, "answers with more than 10000 bytes$")
    packed = gzip.compress(b" " * 10_000_000)
    assert len(packed) < 10_000
    node.handle = lambda handler: handler.reply(packed, Content_Encoding="gzip")
    fails(node, lambda: chain.block_number, "answers with more than 10000 bytes$")


# ------------------------------------------------------------------------ wrong types

READS: dict[str, tuple[str, Callable[[RemoteChain], Any]]] = {
    "number": ("eth_blockNumber", lambda chain: chain.block_number),
    "now": ("eth_getBlockByNumber", lambda chain: chain.now()),
    "timestamp": ("eth_getBlockByNumber", lambda chain: chain.timestamp_of(16)),
    "hash": ("eth_getBlockByNumber", lambda chain: chain.block_hash(16)),
    "balance": ("eth_getBalance", lambda chain: chain.balance(CONTRACT)),
    "nonce": ("eth_getTransactionCount", lambda chain: chain.nonces([CONTRACT])),
    "code": ("eth_getCode", lambda chain: chain.code(CONTRACT)),
    "call": ("eth_call", lambda chain: chain.call(CALL)),
    "logs": ("eth_getLogs", lambda chain: chain.logs(CONTRACT, 1, 16)),
    "receipt": ("eth_getTransactionReceipt", lambda chain: chain.receipt(FOREIGN)),
    "fees": ("eth_getBlockByNumber", lambda chain: chain.fees()),
    "tip": ("eth_maxPriorityFeePerGas", lambda chain: chain.fees()),
    "gas": ("eth_estimateGas", lambda chain: chain.gas_for(CALL, SIGNER.address)),
    "sent": ("eth_sendRawTransaction", lambda chain: chain.include([signed()])),
}
STRANGE = [
    True,
    12,
    -1,
    1.5,
    "",
    "12",
    "0x",
    "0xzz",
    "0x-1",
    "0x" + "f" * 65,
    {},
    {"number": "0x10"},
    [[]],
    [1],
    [{}],
]
# What is right for some: an empty answer of a call, code of one byte.
FINE = {("call", "0x"), ("code", "0x")}


@pytest.mark.parametrize("read", READS)
def test_an_honest_answer_is_taken(node: FakeNode, read: str) -> None:
    """So that what the next test finds is the lie."""
    if read != "sent":
        READS[read][1](node.chain())


@pytest.mark.parametrize("read", READS)
def test_a_result_of_another_type(node: FakeNode, read: str) -> None:
    method, run = READS[read]
    chain = node.chain()
    for strange in STRANGE:
        if isinstance(strange, str) and (read, strange) in FINE:
            continue
        node.answers[method] = strange
        fails(node, lambda: run(chain), f"^{method}.*answers with|^no block|base fee")


def test_a_result_that_is_null(node: FakeNode) -> None:
    chain = node.chain()
    for read, (method, run) in READS.items():
        node.answers = HONEST | {method: None}
        if read != "receipt":
            fails(node, partial(run, chain), f"^{method}.*answers with null|^no block .* {node.host}$")


def test_fields_that_are_missing(node: FakeNode) -> None:
    chain = node.chain()
    block, whole = HONEST["eth_getBlockByNumber"], receipt_of(signed(), logs=[log_of(signed())])
    for field in ("number", "hash", "timestamp"):
        node.answers["eth_getBlockByNumber"] = {name: value for name, value in block.items() if name != field}
        with pytest.raises(ChainError, match="eth_getBlockByNumber: the node at"):
            (chain.timestamp_of(16), chain.block_hash(16))
    for field in set(whole) - {"contractAddress"}:
        node.answers["eth_getTransactionReceipt"] = {
            name: value for name, value in whole.items() if name != field
        }
        fails(node, lambda: chain.receipt(signed().hash), "^eth_getTransactionReceipt: ")
    for field in whole["logs"][0]:
        log = {name: value for name, value in whole["logs"][0].items() if name != field}
        node.answers["eth_getTransactionReceipt"] = whole | {"logs": [log]}
        fails(node, lambda: chain.receipt(signed().hash), "^eth_getTransactionReceipt: ")
    node.answers["eth_getTransactionReceipt"] = whole
    assert chain.receipt(signed().hash)


def test_a_chain_without_a_base_fee(node: FakeNode) -> None:
    node.answers["eth_getBlockByNumber"] = HONEST["eth_getBlockByNumber"] | {"baseFeePerGas": None}
    with pytest.raises(ChainError, match="the chain has no base fee"):
        node.chain().fees()


# --------------------------------------------------------------------------- batches


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answers: answers[:-1],
        lambda answers: [*answers, answers[0]],
        lambda answers: [answers[0], answers[0]],
        lambda answers: [answers[0], answers[1] | {"id": None}],
        lambda answers: [answers[0], answers[1] | {"id": [2]}],
        lambda answers: [answers[0], 5],
        lambda answers: answers[0],
    ],
)
def test_a_batch_that_is_not_answered_one_by_one(
    node: FakeNode, spoil: Callable[[list[dict[str, Any]]], Any]
) -> None:
    chain = node.chain()
    answers = [{"jsonrpc": "2.0", "id": number, "result": hex(number)} for number in (2, 3)]
    node.handle = lambda handler: handler.reply(json.dumps(spoil(answers)).encode())
    fails(
        node,
        lambda: chain.balances([CONTRACT, OTHER]),
        r"^eth_getBalance \(2 requests\): the node at .* answers with not one answer for each request$",
    )


def test_a_batch_in_another_order(node: FakeNode) -> None:
    chain = node.chain()
    answers = [{"jsonrpc": "2.0", "id": number, "result": hex(number)} for number in (3, 2)]
    node.handle = lambda handler: handler.reply(json.dumps(answers).encode())
    assert chain.balances([CONTRACT, OTHER]) == [2, 3]


# ------------------------------------------------------------------------------- lies


def log_of(transaction: SignedTransaction, **changes: Any) -> dict[str, Any]:
    return {
        "address": str(CONTRACT),
        "topics": [str(TOPIC)],
        "data": "0x",
        "blockNumber": "0x5",
        "logIndex": "0x0",
        "blockHash": str(TOPIC),
        "transactionHash": str(transaction.hash),
    } | changes


def receipt_of(transaction: SignedTransaction, **changes: Any) -> dict[str, Any]:
    return {
        "transactionHash": str(transaction.hash),
        "status": "0x1",
        "gasUsed": "0x5208",
        "blockNumber": "0x5",
        "logs": [],
        "contractAddress": None,
    } | changes


def test_another_chain_since_connecting(node: FakeNode) -> None:
    chain = node.chain()
    node.answers["eth_chainId"] = "0x5"
    fails(
        node,
        lambda: chain.include([signed()]),
        f"^the node at {node.host} was chain 1 on connecting and says 5 now; nothing was sent$",
        kind=WrongChainError,
    )
    assert "eth_sendRawTransaction" not in node.asked


def test_another_chain_before_a_batch() -> None:
    with running(eth_chainId=hex(EMBEDDED_CHAIN_ID)) as node:
        chain = node.chain()
        node.answers["eth_chainId"] = "0x1"
        transactions = [signed(EMBEDDED_CHAIN_ID, nonce) for nonce in (0, 1)]
        fails(node, lambda: chain.include(transactions), "nothing was sent", kind=WrongChainError)
        assert not {"eth_sendRawTransaction", "evm_setAutomine"} & set(node.asked)


def test_the_hash_of_another_transaction(node: FakeNode) -> None:
    node.answers["eth_sendRawTransaction"] = str(FOREIGN)
    fails(
        node,
        lambda: node.chain().include([signed()]),
        f"^eth_sendRawTransaction: .* answers with {FOREIGN} for transaction {signed().hash}$",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"transactionHash": str(FOREIGN)},
        {"logs": [log_of(signed(), transactionHash=str(FOREIGN))]},
        {"logs": [log_of(signed(), blockNumber="0x6")]},
    ],
)
def test_a_foreign_receipt(node: FakeNode, changes: dict[str, Any]) -> None:
    node.answers |= {
        "eth_sendRawTransaction": str(signed().hash),
        "eth_getTransactionReceipt": receipt_of(signed(), **changes),
    }
    chain = node.chain()
    for run in (lambda: chain.receipt(signed().hash), lambda: chain.include([signed()])):
        fails(node, run, "^eth_getTransactionReceipt: the node at .* answers with")


def test_a_foreign_receipt_in_a_batch() -> None:
    transactions = [signed(EMBEDDED_CHAIN_ID, nonce) for nonce in (0, 1)]
    names = iter([str(each.hash) for each in transactions])
    lies: dict[str, Any] = {
        "eth_chainId": hex(EMBEDDED_CHAIN_ID),
        "eth_sendRawTransaction": lambda _: next(names),
        "eth_getTransactionReceipt": receipt_of(transactions[0]),
    }
    with running(**lies) as node:
        fails(node, lambda: node.chain().include(transactions), "answers with the receipt of")


@pytest.mark.parametrize(
    "changes",
    [
        {"address": str(OTHER)},
        {"blockNumber": "0x1"},
        {"blockNumber": "0x11"},
        {"topics": [str(FOREIGN)]},
        {"topics": []},
    ],
)
def test_logs_that_were_not_asked_for(node: FakeNode, changes: dict[str, Any]) -> None:
    chain = node.chain()
    node.answers["eth_getLogs"] = [log_of(signed())]
    assert len(chain.logs(CONTRACT, 2, 16, [TOPIC])) == 1
    node.answers["eth_getLogs"] = [log_of(signed()), log_of(signed(), **changes)]
    fails(
        node,
        lambda: chain.logs(CONTRACT, 2, 16, [TOPIC]),
        "^eth_getLogs: the node at .* answers with a log of .* that was not asked for$",
    )


def test_logs_of_a_node_that_allows_few_blocks_at_a_time(node: FakeNode) -> None:
    """Every block is asked for once, in ranges as long as the node likes; what it refuses for one is told."""
    chain, taken = node.chain(), list[range]()

    def few(request: dict[str, Any]) -> Any:
        (query,) = request["params"]
        asked = range(int(query["fromBlock"], 16), int(query["toBlock"], 16) + 1)
        if len(asked) > most:
            return {"code": -32_005, "message": f"eth_getLogs is limited to a {most} block range"}
        taken.append(asked)
        return []

    block = HONEST["eth_getBlockByNumber"]
    node.answers["eth_getBlockByNumber"] = lambda asked: block | {"number": asked["params"][0]}
    node.answers["eth_getLogs"], most = few, 10
    assert chain.logs(CONTRACT, 2, 9_000) == []
    assert [each for some in taken for each in some] == list(range(2, 9_001))
    assert sum(map(len, taken)) / len(taken) > most / 2 - 1
    most = 0
    fails(node, lambda: chain.logs(CONTRACT, 2, 16), "is limited to a 0 block range$")


def test_logs_of_a_node_that_is_behind(node: FakeNode) -> None:
    """It would answer with those that it has, as if there were no more."""
    chain = node.chain()
    node.answers["eth_getBlockByNumber"] = None

    fails(node, lambda: chain.logs(CONTRACT, 2, 16), "^no block 0x10 on chain 1, says the node at ")
    fails(node, lambda: chain.logs_of([CONTRACT], 2, 16), "^no block 0x10 on chain 1, says the node at ")


def test_another_block_than_the_one_asked_for(node: FakeNode) -> None:
    fails(node, lambda: node.chain().timestamp_of(9), "answers with block 16 for block 9$")


# ---------------------------------------------------------------------------- sending


def test_a_transaction_that_no_block_takes(node: FakeNode) -> None:
    node.answers["eth_sendRawTransaction"] = str(signed().hash)
    started = time.monotonic()
    with pytest.raises(ChainError, match=f"transaction {signed().hash} is in no block after 0 s"):
        node.chain().include([signed()])
    assert time.monotonic() - started < SECONDS + SLACK


def test_a_node_that_leaves_one_behind() -> None:
    transactions = [signed(EMBEDDED_CHAIN_ID, nonce) for nonce in (0, 1)]
    names = iter([str(each.hash) for each in transactions])
    lies: dict[str, Any] = {
        "eth_chainId": hex(EMBEDDED_CHAIN_ID),
        "eth_sendRawTransaction": lambda _: next(names),
    }
    with running(**lies) as node:
        fails(
            node,
            lambda: node.chain().include(transactions),
            f"left transaction {transactions[0].hash} behind",
        )


def test_a_refusal_is_the_outcome(node: FakeNode) -> None:
    """Nothing of the account goes out after it, for it would wait for ever."""
    node.answers["eth_sendRawTransaction"] = {
        "code": 3,
        "message": "execution reverted",
        "data": "0xdeadbeef",
    }
    outcomes = node.chain().include([signed(), signed(nonce=1)])
    assert [type(each) for each in outcomes] == [RevertError, RevertError]
    assert "0xdeadbeef" in str(outcomes[0])
    assert node.asked.count("eth_sendRawTransaction") == 1


@pytest.mark.parametrize(
    "words", ["already known", "nonce too low", "Known transaction", "ALREADY_EXISTS: tx"]
)
def test_what_the_node_has_already_is_waited_for(node: FakeNode, words: str) -> None:
    node.answers |= {
        "eth_sendRawTransaction": {"code": -32_000, "message": words},
        "eth_getTransactionByHash": {"hash": str(signed().hash)},
        "eth_getTransactionReceipt": receipt_of(signed()),
    }
    chain = node.chain()
    assert chain.include([signed()]) == [chain.receipt(signed().hash)]


def test_what_the_node_does_not_take(node: FakeNode) -> None:
    chain = node.chain()
    for words, message in (
        ("nonce too low", f"^{SIGNER.address} has used its nonce 0 for another transaction"),
        (
            "transaction underpriced",
            rf"^transaction 0x\w+ offers too little: .* {node.host} answers: transaction underpriced",
        ),
    ):
        node.answers["eth_sendRawTransaction"] = {"code": -32_000, "message": words}
        fails(node, lambda: chain.include([signed()]), message)
    node.answers["eth_sendRawTransaction"] = {"code": -32_000, "message": "insufficient funds for gas"}
    with pytest.raises(FundsError, match="holds 1000000000000000000 wei"):
        chain.include([signed()])
    node.answers |= {
        "eth_sendRawTransaction": {"code": -32_000, "message": "already known"},
        "eth_getTransactionByHash": {"hash": 5},
    }
    fails(node, lambda: chain.include([signed()]), "^eth_getTransactionByHash: .* answers with")


# ---------------------------------------------------------------------- the way there


def test_the_command_line_says_one_line(tmp_path: Path, node: FakeNode) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("item,worker,label\n1,ann,cat\n1,ben,cat\n1,cleo,dog\n")
    node.answers["eth_chainId"] = hex(EMBEDDED_CHAIN_ID)
    node.handle = lambda handler: handler.reply(b"<html>\n")
    program = [sys.executable, "-m", "labelshare", "replay", str(labels), "--json"]
    ran = subprocess.run(
        [*program, "--url", f"http://{node.host}/secret"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 1
    last = ran.stderr.splitlines()[-1]
    assert re.fullmatch(rf"labelshare: \w+.*: the node at {node.host} answers with what is not JSON", last)
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "url", ["http://", "http://[", "http://:99999", "http://a b/", "http://.../", "https://" + "a" * 99]
)
def test_an_address_that_leads_nowhere(url: str) -> None:
    with pytest.raises(Exception, match=r"no answer from the node|is no URL") as failure:
        connect(url)
    assert type(failure.value).__module__ == "labelshare.errors"


def test_it_is_asked_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running() as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        assert RemoteChain("http://node.invalid", seconds=SECONDS).block_number == 0x10
    assert "eth_blockNumber" in proxy.asked
