"""The in-process chain as a node: what clients and wallets ask, what is refused, and what waits in line."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3 import Web3
from web3.exceptions import ContractCustomError

from labelshare.chain.answering import BATCH, BODY_BYTES
from labelshare.chain.connect import connect
from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.chain.keys import Signer, development_signer, new_signer
from labelshare.chain.node import EMBEDDED_CHAIN_ID, Call, Receipt
from labelshare.chain.remote import RemoteChain
from labelshare.chain.serve import NodeServer
from labelshare.errors import ChainError, FundsError, RevertError
from labelshare.types import Address, Hash32
from tests.chain.world import COIN, Work, World

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
# Succeeds only with more than 500,000 gas left, of which it uses next to nothing.
GREEDY = bytes.fromhex("600e600c600039600e6000f3" + "6207a1205a11600c575f5ffd5b00")


@pytest.fixture(scope="module")
def server() -> Iterator[NodeServer]:
    with NodeServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def served_world(server: NodeServer) -> World:
    return World.build(connect(server.url, expected_chain_id=EMBEDDED_CHAIN_ID))


@pytest.fixture
def served(server: NodeServer, served_world: World) -> Iterator[World]:
    mark = served_world.chain.snapshot()
    yield served_world
    automine(server, on=True)
    served_world.chain.restore(mark)


@pytest.fixture
def remote(served: World) -> RemoteChain:
    assert isinstance(served.chain, RemoteChain)
    return served.chain


@pytest.fixture(params=["served", pytest.param("anvil", marks=pytest.mark.anvil)])
def any_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world behind a URL."""
    shared: World = request.getfixturevalue(f"{request.param}_world")
    mark = shared.chain.snapshot()
    yield shared
    shared.chain.restore(mark)


class RefusedError(Exception):
    """The node answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code, self.data = error["code"], error.get("data")


def post(server: NodeServer, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def ask_raw(server: NodeServer, body: Any) -> Any:
    status, _, answer = post(server, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert status == 200
    return json.loads(answer)


def request_of(method: str, *params: Any, name: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": name, "method": method, "params": list(params)}


def ask(server: NodeServer, method: str, *params: Any) -> Any:
    answer = ask_raw(server, request_of(method, *params))
    if "error" in answer:
        raise RefusedError(answer["error"])
    return answer["result"]


def signed_by(
    chain: RemoteChain, signer: Signer, call: Call, *, ahead: int = 0, chain_id: int | None = None
) -> SignedTransaction:
    """A call signed by hand, `ahead` of the account's next nonce."""
    (nonce,) = chain.nonces([signer.address])
    fees = chain.fees()
    return signer.sign_transaction(
        Transaction(
            chain_id or chain.chain_id,
            nonce + ahead,
            fees.tip,
            fees.cap(10),
            500_000,
            call.to,
            call.value,
            call.data,
        )
    )


def raw(signed: SignedTransaction) -> str:
    return "0x" + signed.raw.hex()


def automine(server: NodeServer, *, on: bool) -> None:
    ask(server, "evm_setAutomine", on)


def refusal(send: Callable[[], Any]) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        send()
    return refused.value


# ------------------------------------------------------------------------ the command


@contextmanager
def command(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A node in a process of its own, and the first line that it prints; the second says what it is."""
    program = [sys.executable, "-m", "labelshare", "node", "--port", "0", *arguments]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        assert "forgets everything when it ends" in second
        yield process, first
    finally:
        process.kill()
        process.communicate()


def url_in(line: str) -> str:
    return line.split()[2].rstrip(",")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_asked_to_end(number: signal.Signals) -> None:
    with command() as (process, line):
        assert line.startswith("Listening on http://127.0.0.1:")
        assert line.endswith(f", chain {EMBEDDED_CHAIN_ID}.\n")
        connect(url_in(line), expected_chain_id=EMBEDDED_CHAIN_ID).mine()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_tells_of_requests_when_asked_to() -> None:
    with command("--log") as (process, line):
        connect(url_in(line))
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert err.startswith("eth_chainId ")
    assert err.rstrip().endswith("ok")


def test_a_port_that_is_taken(server: NodeServer) -> None:
    with pytest.raises(ChainError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address already in use"):
        NodeServer(server.server_address[1])


def replayed(labels: Path, *options: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "labelshare", "replay", str(labels), "--json", *options]
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def figures(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    told: dict[str, Any] = json.loads(out)
    del told["seconds"]
    return told


def test_a_whole_life_comes_to_the_same_as_in_process(tmp_path: Path) -> None:
    """Every figure, gas included, of a replay behind a URL and of one in process.

    Each annotator has three others, so that no vote of theirs is a tie, which would fall by the seed: gas
    limits are in the blocks that it is drawn from, and behind a URL they are estimates.
    """
    labels = tmp_path / "labels.csv"
    rows = [
        f"i{item},{who},{'cow' if item % 2 or who == 'cat' else 'dog'}"
        for item in range(5)
        for who in (*WHO, "dan")
    ]
    labels.write_text("\n".join(["item,worker,label", *rows]) + "\n")
    with command() as (_, line):
        behind, within = replayed(labels, "--url", url_in(line)), replayed(labels)
        told = figures(within)
        assert figures(behind) == told
    assert told["annotators"]


WHO = ("ann", "bob", "cat")


# ------------------------------------------------------------------- the same chain


def test_a_life_behind_a_url_is_the_one_in_process(served: World, embedded_world: World) -> None:
    mark = embedded_world.chain.snapshot()
    for world in (served, embedded_world):
        Work.start(world).whole()
    assert served.balances() == embedded_world.balances()
    assert served.chain.block_number == embedded_world.chain.block_number
    assert served.chain.now() == embedded_world.chain.now()
    embedded_world.chain.restore(mark)


def test_receipts_are_those_of_the_chain_itself(
    served: World, remote: RemoteChain, server: NodeServer
) -> None:
    calls = [(served.deployer, served.token.transfer(served.oracle.address, each)) for each in (1, 2, 3)]
    receipts = served.sender.send_many(calls)
    created = served.sender.send(served.deployer, Call(None, GREEDY, "greedy"))

    assert len({each.block for each in receipts}) == 1
    assert [each.logs[0].index for each in receipts] == [0, 1, 2]
    for each in (*receipts, created):
        assert remote.receipt(each.hash) == server.chain.receipt(each.hash) == each
    assert served.chain.code(created.created or Address(bytes(20))) == GREEDY[12:]
    assert remote.receipt(Hash32(b"\7" * 32)) is None


def test_a_restored_snapshot_takes_receipts_away(world: World) -> None:
    """On the chain in process and on anvil, also where another transaction takes the place."""
    chain = world.chain
    mark = chain.snapshot()
    gone = world.sender.send(world.deployer, world.token.transfer(world.oracle.address, 5))
    assert chain.receipt(gone.hash) == gone
    chain.restore(mark)
    assert chain.receipt(gone.hash) is None
    other = world.sender.send(world.deployer, world.token.transfer(world.oracle.address, 6))
    assert other.block == gone.block
    assert chain.receipt(gone.hash) is None
    assert chain.receipt(other.hash) == other


def test_balances_set_in_a_row_share_a_block(remote: RemoteChain) -> None:
    before, accounts = remote.block_number, [new_signer().address for _ in range(3)]
    remote.fund_all(accounts, 7)
    assert remote.balances(accounts) == [7, 7, 7]
    assert remote.block_number == before + 1


def test_time_and_blocks(remote: RemoteChain, server: NodeServer) -> None:
    then, number = remote.now() + 1_000, remote.block_number
    remote.advance_to(then)
    assert (remote.now(), remote.block_number) == (then, number + 1)
    ask(server, "evm_mine", then + 50)
    assert remote.now() == then + 50
    ask(server, "anvil_mine", "0x3", "0xa")
    assert (remote.now(), remote.block_number) == (then + 71, number + 5)
    with pytest.raises(ChainError, match="time does not run back"):
        remote.advance_to(then)
    assert refusal(lambda: ask(server, "evm_setNextBlockTimestamp", then)).code == -32_000


# ---------------------------------------------------------------------------- wallets


def test_web3_signs_sends_and_reads(served: World, server: NodeServer) -> None:
    web3, account = Web3(Web3.HTTPProvider(server.url)), Account.create()
    served.chain.fund(Address(account.address), COIN)
    to = Web3.to_checksum_address(str(served.oracle.address))
    fields: Any = {
        "chainId": web3.eth.chain_id,
        "nonce": web3.eth.get_transaction_count(account.address, "pending"),
        "to": to,
        "value": 5,
        "maxPriorityFeePerGas": web3.eth.max_priority_fee,
        "maxFeePerGas": 2 * web3.eth.gas_price,
    }
    fields["gas"] = web3.eth.estimate_gas({"from": account.address, "to": to, "value": Web3.to_wei(5, "wei")})
    name = web3.eth.send_raw_transaction(account.sign_transaction(fields).raw_transaction)
    receipt = web3.eth.wait_for_transaction_receipt(name, timeout=5)
    shown, block = (
        web3.eth.get_transaction(name),
        web3.eth.get_block(receipt["blockHash"], full_transactions=True),
    )

    assert (receipt["status"], receipt["gasUsed"], receipt["from"]) == (1, 21_000, account.address)
    assert (shown["value"], shown["to"], shown["type"], shown["blockNumber"]) == (5, to, 2, block["number"])
    assert block["transactions"] == [shown]
    assert block["parentHash"] == web3.eth.get_block(block["number"] - 1)["hash"]
    assert Hash32(block["hash"]) == served.chain.block_hash(block["number"])
    paid = receipt["gasUsed"] * receipt["effectiveGasPrice"]
    assert web3.eth.get_balance(account.address) == COIN - 5 - paid
    assert web3.eth.get_block("pending")["number"] == block["number"] + 1
    history = web3.eth.fee_history(4, "latest", [10, 90])
    assert len(history["baseFeePerGas"]) == 5
    assert history["baseFeePerGas"][3] == block["baseFeePerGas"]
    assert len(history["reward"]) == 4
    assert not web3.eth.accounts


def test_web3_knows_a_custom_error(served: World, server: NodeServer) -> None:
    web3 = Web3(Web3.HTTPProvider(server.url))
    call = served.token.transfer(served.oracle.address, 5)
    fields: Any = {"from": str(served.stranger.address), "to": str(call.to), "data": "0x" + call.data.hex()}
    for run in (web3.eth.call, web3.eth.estimate_gas):
        with pytest.raises(ContractCustomError) as refused:
            run(fields)
        assert str(refused.value.data).startswith("0xe450d38c")  # ERC20InsufficientBalance


def test_an_estimate_suffices_where_gas_is_asked_for_but_not_used(served: World, remote: RemoteChain) -> None:
    greedy = served.sender.send(served.stranger, Call(None, GREEDY, "greedy")).created
    call = Call(greedy, b"", "greedy")
    gas = remote._number("eth_estimateGas", {"to": str(greedy), "from": str(served.stranger.address)})

    assert 521_000 < gas < 525_000
    assert remote.gas_for(call, served.stranger.address) == gas * 5 // 4
    assert served.sender.send(served.stranger, call).gas_used < 22_000


def test_logs_by_address_topic_and_block(served: World, server: NodeServer) -> None:
    token, first = str(served.token.address), served.chain.block_number + 1
    for to in (served.oracle, served.stranger, served.requester):
        served.sender.send(served.deployer, served.token.transfer(to.address, 5))
    last = hex(first + 2)

    def found(**fields: Any) -> list[int]:
        given = {"fromBlock": hex(first), "toBlock": "latest"} | fields
        return [int(each["blockNumber"], 16) - first for each in ask(server, "eth_getLogs", given)]

    def place(signer: Signer) -> str:
        return "0x" + bytes(12).hex() + signer.address.hex()

    assert found() == found(address=token) == found(address=[token, "0x" + "11" * 20]) == [0, 1, 2]
    assert found(address="0x" + "11" * 20) == []
    assert found(topics=[TRANSFER]) == found(topics=[[TRANSFER, "0x" + "22" * 32]]) == [0, 1, 2]
    assert found(topics=[None, None, place(served.stranger)]) == [1]
    assert found(topics=[None, [], [place(served.oracle), place(served.requester)]]) == [0, 2]
    assert found(topics=["0x" + "22" * 32]) == found(topics=[None] * 4) == []
    assert found(toBlock=hex(first + 1)) == [0, 1]
    block = ask(server, "eth_getBlockByNumber", last)
    (log,) = ask(server, "eth_getLogs", {"blockHash": block["hash"]})
    assert [log["transactionHash"]] == block["transactions"]
    assert (log["blockHash"], log["transactionIndex"], log["logIndex"]) == (block["hash"], "0x0", "0x0")
    receipt = ask(server, "eth_getTransactionReceipt", log["transactionHash"])
    assert receipt["logs"] == [log]


def test_blocks_by_tag_and_by_hash(remote: RemoteChain, server: NodeServer) -> None:
    latest = ask(server, "eth_getBlockByNumber", "latest")
    for tag in ("safe", "finalized", hex(remote.block_number)):
        assert ask(server, "eth_getBlockByNumber", tag) == latest
    assert ask(server, "eth_getBlockByHash", latest["hash"]) == latest
    assert ask(server, "eth_getBlockByNumber", "earliest")["number"] == "0x0"
    assert ask(server, "eth_getBlockByNumber", "pending")["parentHash"] == latest["hash"]
    assert ask(server, "eth_getBlockByNumber", "0xffffff") is None
    assert ask(server, "eth_getBlockByHash", "0x" + "22" * 32) is None
    account = "0x" + "11" * 20
    assert ask(server, "eth_getBalance", account, {"blockHash": latest["hash"]}) == "0x0"
    assert ask(server, "eth_getBalance", account, "0x1") == "0x0"
    with pytest.raises(RefusedError, match="no block 16777215") as refused:
        ask(server, "eth_getBalance", account, "0xffffff")
    assert refused.value.code == -32_000


# --------------------------------------------------------------------------- refusals


def test_a_transaction_for_another_chain_is_refused(
    served: World, remote: RemoteChain, server: NodeServer
) -> None:
    gift = Call(served.oracle.address, b"", "gift", value=5)
    before = remote.block_number, remote.balance(served.oracle.address)

    refused = refusal(
        lambda: ask(
            server, "eth_sendRawTransaction", raw(signed_by(remote, served.stranger, gift, chain_id=1))
        )
    )

    assert (refused.code, str(refused)) == (
        -32_000,
        f"a transaction for chain 1; this is chain {EMBEDDED_CHAIN_ID}",
    )
    assert (remote.block_number, remote.balance(served.oracle.address)) == before


def test_transactions_of_other_kinds_are_refused(served: World, server: NodeServer) -> None:
    account = Account.create()
    served.chain.fund(Address(account.address), COIN)
    legacy: Any = {
        "nonce": 0,
        "gas": 21_000,
        "gasPrice": 10**10,
        "to": account.address,
        "value": 1,
        "data": b"",
    }
    kinds = [
        account.sign_transaction(legacy | {"chainId": EMBEDDED_CHAIN_ID}).raw_transaction,
        account.sign_transaction(
            legacy | {"chainId": EMBEDDED_CHAIN_ID, "type": 1, "accessList": []}
        ).raw_transaction,
        b"",
        b"\x02",
        b"\x02\xc0",
        b"\x02" + b"\xff" * 100,
    ]
    for each in kinds:
        refused = refusal(partial(ask, server, "eth_sendRawTransaction", "0x" + bytes(each).hex()))
        assert refused.code == -32_000
    assert served.chain.nonces([Address(account.address)]) == [0]


def test_who_cannot_pay_and_nonces_that_do_not_follow(
    served: World, remote: RemoteChain, server: NodeServer
) -> None:
    poor = development_signer("nobody gave me anything")
    gift = Call(served.oracle.address, b"", "gift", value=5)
    with pytest.raises(FundsError, match=f"{poor.address} holds 0 wei and needs"):
        remote.include([signed_by(remote, poor, gift)])
    for ahead, way in ((-1, "low"), (1, "high")):
        signed = signed_by(remote, served.deployer, gift, ahead=ahead)
        refused = refusal(partial(ask, server, "eth_sendRawTransaction", raw(signed)))
        assert (refused.code, str(refused).startswith(f"nonce too {way}")) == (-32_000, True)


def test_what_reverts_is_refused_with_its_reason(
    served: World, remote: RemoteChain, server: NodeServer
) -> None:
    call = served.token.transfer(served.oracle.address, 5)
    signed = signed_by(remote, served.stranger, call)
    before = remote.block_number

    refused = refusal(lambda: ask(server, "eth_sendRawTransaction", raw(signed)))
    (outcome,) = remote.include([signed])

    assert refused.code == 3
    assert str(refused).startswith("execution reverted: ")
    assert isinstance(outcome, RevertError)
    assert refused.data == "0x" + outcome.data.hex()
    assert (outcome.name, outcome.args_by_name["sender"]) == (
        "ERC20InsufficientBalance",
        served.stranger.address,
    )
    assert (remote.block_number, remote.receipt(signed.hash)) == (before, None)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_refusal_has_its_place_and_the_rest_goes_on(
    served: World, remote: RemoteChain, monkeypatch: pytest.MonkeyPatch, one_by_one: bool
) -> None:
    """Also where money is real and transactions go one by one: none waits for ever behind a refused one."""
    if one_by_one:
        monkeypatch.setattr(RemoteChain, "is_development", property(lambda _: False))
    token, to = served.token, served.oracle.address
    transactions = [
        signed_by(remote, served.deployer, token.transfer(to, 1)),
        signed_by(remote, served.stranger, token.transfer(to, 1)),
        signed_by(remote, served.stranger, Call(to, b"", "gift", value=1), ahead=1),
        signed_by(remote, served.deployer, token.transfer(to, 2), ahead=1),
    ]

    outcomes = remote.include(transactions)

    assert [type(each) for each in outcomes] == [Receipt, RevertError, RevertError, Receipt]
    assert isinstance(outcomes[1], RevertError)
    assert outcomes[1].name == "ERC20InsufficientBalance"
    assert "cannot follow one of" in str(outcomes[2])
    assert remote.nonces([served.stranger.address]) == [transactions[1].transaction.nonce]
    # The accounts go on as if nothing had been.
    monkeypatch.undo()
    served.sender.send(served.stranger, Call(to, b"", "gift", value=1))


# ------------------------------------------------------------------------- sent twice


def test_the_same_bytes_may_be_sent_again(any_world: World) -> None:
    chain = any_world.chain
    assert isinstance(chain, RemoteChain)
    signed = signed_by(chain, any_world.deployer, any_world.token.transfer(any_world.oracle.address, 5))
    held = any_world.token.balance_of(any_world.oracle.address)

    (receipt,) = chain.include([signed])

    assert isinstance(receipt, Receipt)
    assert chain.include([signed]) == [receipt]
    assert chain.include([signed, signed]) == [receipt, receipt]
    assert any_world.token.balance_of(any_world.oracle.address) == held + 5


def test_bytes_that_wait_are_waited_for(any_world: World) -> None:
    chain = any_world.chain
    assert isinstance(chain, RemoteChain)
    signed = signed_by(chain, any_world.deployer, any_world.token.transfer(any_world.oracle.address, 5))
    chain._ask("evm_setAutomine", *[False])
    chain._ask("eth_sendRawTransaction", raw(signed))
    other = RemoteChain(f"http://{chain.host}")
    mining = threading.Timer(0.3, lambda: other._ask("evm_mine"))
    mining.start()
    try:
        (receipt,) = chain.include([signed])
    finally:
        mining.join()
        chain._ask("evm_setAutomine", *[True])

    assert isinstance(receipt, Receipt)
    assert receipt.hash == signed.hash


def test_a_nonce_that_another_transaction_used(any_world: World) -> None:
    chain, who = any_world.chain, any_world.deployer
    assert isinstance(chain, RemoteChain)
    first, second = (
        signed_by(chain, who, any_world.token.transfer(any_world.oracle.address, n)) for n in (5, 6)
    )
    chain.include([first])

    with pytest.raises(
        ChainError, match=f"{who.address} has used its nonce {second.transaction.nonce} for another"
    ):
        chain.include([second])


# ---------------------------------------------------------------------------- in line


def test_what_waits_is_mined_in_order_in_one_block(
    served: World, remote: RemoteChain, server: NodeServer
) -> None:
    """The first offers least, which is no matter here."""
    newcomer, to = new_signer(), served.oracle.address
    gift = signed_by(remote, served.deployer, Call(newcomer.address, b"", "gift", value=COIN))
    number, held = remote.block_number, remote.balance(to)
    automine(server, on=False)
    names = [ask(server, "eth_sendRawTransaction", raw(gift))]
    for value in (1, 2):
        spent = signed_by(remote, newcomer, Call(to, b"", "spent", value=value))
        names.append(ask(server, "eth_sendRawTransaction", raw(spent)))

    assert (remote.block_number, remote.balance(newcomer.address)) == (number, 0)
    assert remote.nonces([newcomer.address]) == [2]
    assert ask(server, "eth_getTransactionCount", str(newcomer.address), "latest") == "0x0"
    assert ask(server, "eth_getBlockByNumber", "pending")["transactions"] == names
    assert ask(server, "eth_getTransactionByHash", names[0])["blockHash"] is None
    assert ask(server, "eth_getTransactionReceipt", names[0]) is None

    ask(server, "evm_mine")

    assert ask(server, "eth_getBlockByNumber", "latest")["transactions"] == names
    assert (remote.block_number, remote.balance(to)) == (number + 1, held + 3)


def test_a_refusal_leaves_the_line_as_it_was(served: World, remote: RemoteChain, server: NodeServer) -> None:
    """The block is the same, to its hash, as if the refused transaction had not been tried."""
    token, to = served.token, served.oracle.address
    good = [signed_by(remote, served.deployer, token.transfer(to, n + 1), ahead=n) for n in (0, 1)]
    bad = signed_by(remote, served.stranger, token.transfer(to, 1))
    hashes = []
    for order in ([good[0], bad, good[1]], good):
        mark = remote.snapshot()
        automine(server, on=False)
        for each in order:
            if each is bad:
                assert refusal(lambda: ask(server, "eth_sendRawTransaction", raw(bad))).code == 3
            else:
                ask(server, "eth_sendRawTransaction", raw(each))
        automine(server, on=True)
        hashes.append(remote.block_hash(remote.block_number))
        remote.restore(mark)
    assert hashes[0] == hashes[1]


def test_nothing_else_changes_the_chain_while_transactions_wait(
    served: World, remote: RemoteChain, server: NodeServer
) -> None:
    mark = remote.snapshot()
    signed = signed_by(remote, served.deployer, served.token.transfer(served.oracle.address, 5))
    automine(server, on=False)
    ask(server, "eth_sendRawTransaction", raw(signed))
    for method, *params in (
        ("evm_snapshot",),
        ("evm_setNextBlockTimestamp", remote.now() + 9),
        ("hardhat_setBalance", "0x" + "11" * 20, "0x1"),
    ):
        assert "1 transactions wait" in str(refusal(partial(ask, server, method, *params)))
    assert "already known" in str(refusal(lambda: ask(server, "eth_sendRawTransaction", raw(signed))))

    remote.restore(mark)

    assert remote.nonces([served.deployer.address]) == [signed.transaction.nonce]
    assert ask(server, "eth_getTransactionByHash", str(signed.hash)) is None


def test_a_block_that_is_full_takes_no_more(served: World, remote: RemoteChain, server: NodeServer) -> None:
    (nonce,) = remote.nonces([served.deployer.address])
    fees, to = remote.fees(), served.oracle.address
    automine(server, on=False)
    transactions = [
        served.deployer.sign_transaction(
            Transaction(remote.chain_id, nonce + n, fees.tip, fees.cap(2), 59_990_000, to, 1, b"")
        )
        for n in (0, 1)
    ]
    ask(server, "eth_sendRawTransaction", raw(transactions[0]))
    assert "no room" in str(refusal(lambda: ask(server, "eth_sendRawTransaction", raw(transactions[1]))))
    ask(server, "evm_mine")
    ask(server, "eth_sendRawTransaction", raw(transactions[1]))


def test_a_snapshot_is_used_up(remote: RemoteChain, server: NodeServer) -> None:
    first, second = ask(server, "evm_snapshot"), ask(server, "evm_snapshot")
    assert ask(server, "evm_revert", first) is True
    assert ask(server, "evm_revert", second) is False
    with pytest.raises(ChainError, match="the node has no snapshot"):
        remote.restore(first)


# ------------------------------------------------------------------- whatever is sent


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32_700),
        (b"{", -32_700),
        (b"\xff\xfe", -32_700),
        (b"[" * 200_000, -32_700),
        (b'{"a":' * 200_000, -32_700),
        (b'["\\\\", "\\"]]]", ' + b'["]", ' * 200_000, -32_700),
        (b"9" * 5_000, -32_700),
        (b"null", -32_600),
        (b"[]", -32_600),
        (b'"eth_chainId"', -32_600),
        (b"{}", -32_600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "eth_chainId"}', -32_600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', -32_600),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "eth_chainId"}', -32_600),
        (b'{"jsonrpc": "2.0", "id": NaN, "method": "eth_chainId"}', -32_600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": {"a": 1}}', -32_602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": 0}', -32_602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": ""}', -32_602),
        (request_of("eth_chainId", 1), -32_602),
        (request_of("eth_getBalance"), -32_602),
        (request_of("eth_getBalance", "0x12", "latest"), -32_602),
        (request_of("eth_getBalance", "0x" + "11" * 20, "soon"), -32_602),
        (request_of("eth_getBalance", "0x" + "11" * 20, "0x1" + "0" * 99), -32_602),
        (request_of("eth_call", "0x"), -32_602),
        (request_of("eth_call", {"to": "0x" + "11" * 20, "data": "0xabc"}), -32_602),
        (request_of("eth_getLogs", {"topics": [[["0x"]]]}), -32_602),
        (request_of("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"}), -32_602),
        (request_of("eth_getLogs", {"blockHash": "0x" + "22" * 32}), -32_000),
        (request_of("hardhat_mine", "0xffffffff"), -32_602),
        (request_of("evm_setNextBlockTimestamp", 1.5), -32_602),
        (request_of("eth_sendTransaction", {}), -32_601),
        (request_of("__class__"), -32_601),
    ],
)
def test_malformed_requests(server: NodeServer, body: Any, code: int) -> None:
    answer = ask_raw(server, body)

    assert answer["error"]["code"] == code, answer
    assert answer["jsonrpc"] == "2.0"
    assert answer["id"] == (body["id"] if isinstance(body, dict) else answer["id"])
    assert ask(server, "eth_chainId") == hex(EMBEDDED_CHAIN_ID)


def test_batches(server: NodeServer) -> None:
    note = {"jsonrpc": "2.0", "method": "eth_chainId"}
    answers = ask_raw(
        server,
        [
            request_of("eth_chainId", name="a"),
            note,
            request_of("eth_nothing", name=7),
            5,
            request_of("net_version", name=None),
        ],
    )
    assert [each["id"] for each in answers] == ["a", 7, None, None]
    assert answers[0]["result"] == hex(EMBEDDED_CHAIN_ID)
    assert [each["error"]["code"] for each in answers[1:3]] == [-32_601, -32_600]
    assert answers[3]["result"] == str(EMBEDDED_CHAIN_ID)
    assert ask_raw(server, [note] * (BATCH + 1))["error"]["code"] == -32_600
    for silent in (note, [note, note]):
        status, _, body = post(server, json.dumps(silent).encode())
        assert (status, body) == (204, b"")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 99)
    | st.text(max_size=5)
    | st.sampled_from(["latest", "pending", "0x", "0x0", "0x1f", "-0x1", "0x" + "11" * 20, "0x" + "22" * 32]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["to", "from", "data", "value", "gas", "address", "topics", "fromBlock", "blockHash"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JSON, max_size=3))
def test_no_parameter_is_an_error_of_ours(server: NodeServer, served_world: World, params: list[Any]) -> None:
    """Every method, with whatever it is given, answers or says what is wrong with it."""
    served_world.chain.now()
    bodies = [request_of(method, *params, name=method) for method in server._node.methods]
    for answer in ask_raw(server, bodies):
        assert answer.get("error", {}).get("code") in {None, 3, -32_000, -32_602}, answer
    automine(server, on=True)


def sent_by_hand(server: NodeServer, text: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(4096):
            found += piece
    return found


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"501"),
        (b"POST / HTTP/1.1\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES + 1), b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\nhalf", b""),
        (b"POST / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"", b""),
    ],
)
def test_what_is_not_http_as_it_should_be(server: NodeServer, text: bytes, status: bytes) -> None:
    assert status in sent_by_hand(server, text).split(b"\r\n")[0]
    assert ask(server, "eth_chainId") == hex(EMBEDDED_CHAIN_ID)


def test_pages_of_this_machine_may_ask_and_others_may_not(server: NodeServer) -> None:
    body = json.dumps(request_of("evm_mine")).encode()
    for origin in ("http://localhost:5173", "https://127.0.0.1", "http://[::1]:3000"):
        status, headers, _ = post(server, body, Origin=origin)
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, origin)
    before = server.chain.block_number
    for origin in ("https://example.org", "http://localhost.example.org", "null", "http://[", "file://"):
        status, headers, _ = post(server, body, Origin=origin)
        assert status == 403
        assert "Access-Control-Allow-Origin" not in headers
    assert server.chain.block_number == before


def test_a_name_that_was_made_to_point_here_is_none_of_ours(server: NodeServer) -> None:
    body = json.dumps(request_of("evm_mine")).encode()
    before = server.chain.block_number
    for host in ("evil.example", "127.0.0.1.evil.example:8545", "localhost@evil.example", "[::1", "a b"):
        assert post(server, body, Host=host)[0] == 403
    assert server.chain.block_number == before
    for host in ("localhost:8545", "127.0.0.1", "[::1]:8545", "LOCALHOST"):
        assert post(server, body, Host=host)[0] == 200


def test_a_browser_asks_before_a_page_may(server: NodeServer) -> None:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.request("OPTIONS", "/", headers={"Origin": "http://localhost:5173"})
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"


def test_many_callers_at_once(server: NodeServer, served_world: World) -> None:
    """Each on a connection of its own that is kept; none sees half of another's batch."""
    odd: list[int] = []

    def work() -> None:
        chain = RemoteChain(server.url)
        for _ in range(10):
            chain._ask_all([("evm_mine", [])] * 2)
            numbers = chain._ask_all([("eth_blockNumber", []), ("evm_mine", []), ("eth_blockNumber", [])])
            odd.append(int(numbers[2], 16) - int(numbers[0], 16))

    before = served_world.chain.block_number
    threads = [threading.Thread(target=work) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=20)
    assert odd == [1] * 50
    assert served_world.chain.block_number == before + 150


def test_requests_are_answered_without_delay(server: NodeServer) -> None:
    """A connection that is kept waits for no acknowledgement (40 ms each on Linux)."""
    chain = RemoteChain(server.url)
    started = time.monotonic()
    for _ in range(50):
        chain.block_number  # noqa: B018 (asking is the point)
    assert time.monotonic() - started < 1.0
