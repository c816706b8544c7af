"""What a development node offers besides: filters, past and changed states, time, and open accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from labelshare.chain.clock import Clock
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.keys import JUNK_MNEMONIC_ACCOUNTS, new_signer
from labelshare.chain.node import Call, Receipt
from labelshare.chain.rpc import Node
from labelshare.chain.transactions import Sender
from labelshare.chain.unlocked import MNEMONIC, junk_signers
from labelshare.chain.wire import Fault
from labelshare.errors import KeyRefusedError
from labelshare.types import Address
from tests.chain.world import COIN

ANN, BEN = junk_signers(2)
# Gives slot 0 of its storage; any data sets it to the first word.
RUNTIME = bytes.fromhex("3615600c5760003560005500" + "5b" + "60005460005260206000f3")
# Tells of a log whose one topic is the first word of the data.
LOGGER = bytes.fromhex("600035600060" + "00a100")


def creation(runtime: bytes) -> bytes:
    """Code that makes a contract of this code, and sets slot 0 to 7."""
    length = len(runtime)
    head = bytes.fromhex("6007600055") + bytes(
        [0x60, length, 0x60, 17, 0x60, 0, 0x39, 0x60, length, 0x60, 0, 0xF3]
    )
    assert len(head) == 17
    return head + runtime


class Machine:
    """A machine's clock that a test sets."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def chain() -> EmbeddedChain:
    chain = EmbeddedChain()
    chain.fund_all([ANN.address, BEN.address], 100 * COIN)
    return chain


@pytest.fixture
def node(chain: EmbeddedChain) -> Node:
    return Node(chain, unlocked=junk_signers(2))


def ask(node: Node, method: str, *params: Any) -> Any:
    return node.answer(method, list(params))


def refused(node: Node, code: int, message: str, method: str, *params: Any) -> None:
    with pytest.raises(Fault, match=message) as fault:
        ask(node, method, *params)
    assert fault.value.error["code"] == code


def made(chain: EmbeddedChain, runtime: bytes) -> Address:
    receipt = Sender(chain).send(ANN, Call(None, creation(runtime), "create"))
    assert receipt.created is not None
    return receipt.created


def call(to: Address, data: str = "0x") -> dict[str, str]:
    return {"to": str(to), "data": data}


def word(number: int) -> str:
    return f"0x{number:064x}"


# -------------------------------------------------------------------- the accounts


def test_the_accounts_are_the_ten_that_everyone_knows(node: Node) -> None:
    signers = junk_signers(10)
    Account.enable_unaudited_hdwallet_features()
    for number, signer in enumerate(signers):
        same = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}")
        assert str(signer.address) == same.address
        assert signer.is_development
        assert signer.address in JUNK_MNEMONIC_ACCOUNTS
    assert str(signers[0].address) == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert ask(node, "eth_accounts") == [str(ANN.address), str(BEN.address)]


def test_a_node_without_open_accounts_signs_nothing(chain: EmbeddedChain) -> None:
    plain = Node(chain)
    assert ask(plain, "eth_accounts") == []
    for method in ("eth_sendTransaction", "personal_sign", "eth_sign", "eth_signTypedData_v4"):
        refused(plain, -32_601, "there is no method", method, "0x", str(ANN.address))


def test_no_key_of_somebodys_own_is_taken(chain: EmbeddedChain) -> None:
    with pytest.raises(KeyRefusedError, match="public development keys alone"):
        Node(chain, unlocked=[ANN, new_signer()])


def test_nothing_is_signed_on_a_chain_of_real_money(chain: EmbeddedChain) -> None:
    chain.chain_id = 1
    with pytest.raises(KeyRefusedError, match="no node signs for others on chain 1"):
        Node(chain, unlocked=[ANN])


@pytest.mark.parametrize(
    ("fees", "cap", "tip"),
    [
        ({}, None, None),
        ({"maxFeePerGas": hex(10**10), "maxPriorityFeePerGas": "0x5"}, 10**10, 5),
        ({"gasPrice": hex(10**10)}, 10**10, 10**10),
        ({"maxFeePerGas": hex(10**10)}, 10**10, 1),
    ],
)
def test_the_node_sends_for_its_accounts(
    node: Node, chain: EmbeddedChain, fees: dict[str, str], cap: int | None, tip: int | None
) -> None:
    fields = {"from": str(ANN.address), "to": str(BEN.address), "value": hex(COIN), **fees}
    name = ask(node, "eth_sendTransaction", fields)
    sent = ask(node, "eth_getTransactionByHash", name)
    assert chain.balance(BEN.address) == 101 * COIN
    assert (sent["from"], sent["nonce"], sent["chainId"]) == (
        fields["from"].lower(),
        "0x0",
        hex(chain.chain_id),
    )
    assert cap is None or int(sent["maxFeePerGas"], 16) == cap
    assert tip is None or int(sent["maxPriorityFeePerGas"], 16) == tip
    assert int(sent["gas"], 16) < 30_000


def test_what_it_does_not_send(node: Node, chain: EmbeddedChain) -> None:
    own = {"from": str(ANN.address), "to": str(BEN.address)}
    head = chain.block_number
    stranger = str(new_signer().address)
    refused(node, -32_000, "no key of", "eth_sendTransaction", {**own, "from": stranger})
    refused(node, -32_000, "no key of", "eth_sendTransaction", {"to": str(BEN.address)})
    refused(node, -32_000, "for another chain", "eth_sendTransaction", {**own, "chainId": "0x1"})
    refused(node, -32_000, "nonce too high", "eth_sendTransaction", {**own, "nonce": "0x7"})
    refused(node, -32_602, "no accessList", "eth_sendTransaction", {**own, "accessList": [{}]})
    refused(node, -32_602, "transaction object", "eth_sendTransaction", "0x")
    assert chain.block_number == head


def test_messages_are_signed_as_wallets_do(node: Node) -> None:
    account = str(ANN.address)
    for shown, data in (("0x68e9", b"\x68\xe9"), ("hé", "hé".encode()), ("0x", b"")):
        signature = ask(node, "personal_sign", shown, account)
        assert Account.recover_message(encode_defunct(data), signature=signature) == account
        assert ask(node, "eth_sign", account, shown) == signature
    refused(node, -32_602, "message is a string", "personal_sign", 5, account)
    refused(node, -32_602, "bytes in hex", "personal_sign", "0x5", account)
    refused(node, -32_602, "text or hex", "personal_sign", "\ud800", account)
    refused(node, -32_000, "no key of", "personal_sign", "0x", str(new_signer().address))


TYPED: dict[str, Any] = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
        "Mail": [{"name": "to", "type": "address"}, {"name": "lines", "type": "string[]"}],
    },
    "primaryType": "Mail",
    "domain": {"name": "Post", "chainId": 31_337},
    "message": {"to": str(BEN.address), "lines": ["a", "b"]},
}


def test_typed_data_is_signed_as_an_object_and_as_its_text(node: Node) -> None:
    signature = ask(node, "eth_signTypedData_v4", str(ANN.address), TYPED)
    message = encode_typed_data(full_message=TYPED)
    assert Account.recover_message(message, signature=signature) == str(ANN.address)
    assert ask(node, "eth_signTypedData_v4", str(ANN.address), json.dumps(TYPED)) == signature


@pytest.mark.parametrize(
    "typed", [None, 5, "{", "[]", {}, {**TYPED, "primaryType": "None"}, {**TYPED, "message": {}}]
)
def test_what_is_no_typed_data(node: Node, typed: Any) -> None:
    refused(node, -32_602, "not typed data", "eth_signTypedData_v4", str(ANN.address), typed)


# ------------------------------------------------------------------ states, past and changed


def test_every_block_has_its_state(node: Node, chain: EmbeddedChain) -> None:
    contract = made(chain, RUNTIME)
    before = chain.block_number
    sender = Sender(chain)
    sender.send(ANN, Call(contract, bytes.fromhex(word(9)[2:]), "set"))
    sender.send(ANN, Call(BEN.address, b"", "pay", value=COIN))
    tag, account = hex(before), str(ANN.address)
    for at, slot in ((tag, 7), ("latest", 9), ({"blockNumber": tag}, 7), ("pending", 9)):
        assert ask(node, "eth_call", call(contract), at) == word(slot)
        assert ask(node, "eth_getStorageAt", str(contract), "0x0", at) == word(slot)
    assert int(ask(node, "eth_getTransactionCount", account, "latest"), 16) == 3
    assert int(ask(node, "eth_getTransactionCount", account, tag), 16) == 1
    assert int(ask(node, "eth_getBalance", str(BEN.address), tag), 16) == 100 * COIN
    assert int(ask(node, "eth_getBalance", str(BEN.address), "latest"), 16) == 101 * COIN
    assert ask(node, "eth_getCode", str(contract), tag) == "0x" + RUNTIME.hex()
    assert ask(node, "eth_getCode", str(contract), "earliest") == "0x"
    assert ask(node, "eth_getStorageAt", str(contract), word(5)) == word(0)
    refused(node, -32_000, "no block", "eth_call", call(contract), hex(chain.block_number + 1))


def test_a_call_finds_the_state_that_it_was_given(node: Node, chain: EmbeddedChain) -> None:
    contract, empty = made(chain, RUNTIME), "0x" + "77" * 20
    head, at = chain.block_hash(chain.block_number), str(contract)
    # BALANCE of the address in the data.
    balance = "0x60003531600052602060" + "00f3"

    def called(to: str, overrides: Any, data: str = "0x") -> int:
        return int(ask(node, "eth_call", {"to": to, "data": data}, "latest", overrides), 16)

    assert called(at, {at: {"stateDiff": {word(0): word(8)}}}) == 8
    assert called(at, {at: {"stateDiff": {word(1): word(8)}}}) == 7
    assert called(at, {at: {"state": {word(1): word(8)}}}) == 0
    assert called(empty, {empty: {"code": "0x" + RUNTIME.hex(), "state": {word(0): word(3)}}}) == 3
    assert called(empty, {empty: {"code": balance, "balance": hex(5)}}, word(int(empty, 16))) == 5
    assert called(at, None) == called(at, {}) == called(at, {at: {"nonce": None}}) == 7
    wrong: Any
    for wrong in (5, {at: 5}, {at: {"magic": 1}}, {at: {"state": {}, "stateDiff": {}}}, {at: {"state": []}},
                  {"0x": {}}, {at: {"state": {"0x0": word(1)}}}, {at: {"balance": "5"}}):  # fmt: skip
        refused(node, -32_602, "override|slots| is not ", "eth_call", call(contract), "latest", wrong)
    assert called(at, None) == 7
    assert chain.block_hash(chain.block_number) == head


# -------------------------------------------------------------------------- filters


def logged(chain: EmbeddedChain, contract: Address, topic: int) -> Receipt:
    return Sender(chain).send(ANN, Call(contract, bytes.fromhex(word(topic)[2:]), "log"))


def test_filters_tell_of_what_is_new_and_once(node: Node, chain: EmbeddedChain) -> None:
    contract = made(chain, LOGGER)
    logged(chain, contract, 1)
    blocks = ask(node, "eth_newBlockFilter")
    every = ask(node, "eth_newFilter", {"fromBlock": "0x0"})
    twos = ask(node, "eth_newFilter", {"address": str(contract), "topics": [word(2)]})
    assert len({blocks, every, twos}) == 3
    assert [ask(node, "eth_getFilterChanges", each) for each in (blocks, every, twos)] == [[], [], []]
    sent = [logged(chain, contract, topic) for topic in (2, 3)]
    hashes = [str(chain.block_hash(each.block)) for each in sent]
    assert ask(node, "eth_getFilterChanges", blocks) == hashes
    found = ask(node, "eth_getFilterChanges", every)
    assert [each["topics"] for each in found] == [[word(2)], [word(3)]]
    assert found == ask(node, "eth_getLogs", {"fromBlock": hex(sent[0].block)})
    assert [each["topics"] for each in ask(node, "eth_getFilterChanges", twos)] == [[word(2)]]
    assert [ask(node, "eth_getFilterChanges", each) for each in (blocks, every, twos)] == [[], [], []]
    assert [each["topics"] for each in ask(node, "eth_getFilterLogs", every)] == [
        [word(n)] for n in (1, 2, 3)
    ]
    assert ask(node, "eth_uninstallFilter", twos) is True
    assert ask(node, "eth_uninstallFilter", twos) is False
    refused(node, -32_000, "filter not found", "eth_getFilterChanges", twos)
    refused(node, -32_000, "one of blocks", "eth_getFilterLogs", blocks)


def test_a_filter_lives_through_a_restored_snapshot(node: Node, chain: EmbeddedChain) -> None:
    blocks = ask(node, "eth_newBlockFilter")
    mark = ask(node, "evm_snapshot")
    chain.mine(5)
    assert len(ask(node, "eth_getFilterChanges", blocks)) == 5
    ask(node, "evm_revert", mark)
    assert ask(node, "eth_getFilterChanges", blocks) == []
    chain.mine()
    assert ask(node, "eth_getFilterChanges", blocks) == [str(chain.block_hash(chain.block_number))]


def test_filters_are_bounded_and_checked(node: Node) -> None:
    first = ask(node, "eth_newBlockFilter")
    for _ in range(1_000):
        ask(node, "eth_newBlockFilter")
    refused(node, -32_000, "filter not found", "eth_getFilterChanges", first)
    refused(node, -32_602, "a filter is an object", "eth_newFilter", [])
    refused(node, -32_602, "no changes to poll for", "eth_newFilter", {"blockHash": word(1)})
    refused(node, -32_602, "up to four topics", "eth_newFilter", {"topics": [None] * 5})
    refused(node, -32_602, "quantity", "eth_getFilterChanges", "first")


# ----------------------------------------------------------------------------- time


def test_without_a_clock_time_goes_by_the_second_and_leaps(node: Node, chain: EmbeddedChain) -> None:
    began = chain.now()
    assert ask(node, "evm_increaseTime", 1_000) == hex(1_000)
    assert ask(node, "evm_increaseTime", hex(500)) == hex(500)
    ask(node, "evm_mine")
    assert chain.now() == began + 1_501
    ask(node, "evm_mine")
    assert chain.now() == began + 1_502
    refused(node, -32_602, "quantity", "evm_increaseTime", -5)


def test_with_a_clock_blocks_are_when_it_says(chain: EmbeddedChain) -> None:
    machine = Machine(chain.now() + 1_000.9)
    node = Node(chain, Clock(chain.now(), machine), [ANN])
    began = int(machine.seconds)
    ask(node, "evm_mine")
    assert chain.now() == began
    ask(node, "eth_sendTransaction", {"from": str(ANN.address), "to": str(BEN.address)})
    assert chain.now() == began + 1  # the same second again: blocks are after one another
    machine.seconds += 60
    ask(node, "anvil_setBalance", str(BEN.address), "0x1")
    assert ask(node, "eth_getBalance", str(BEN.address)) == "0x1"
    assert chain.now() == began + 60
    assert ask(node, "evm_increaseTime", 3_600) == hex(3_600)
    ask(node, "evm_mine")
    assert chain.now() == began + 3_660
    ask(node, "evm_setNextBlockTimestamp", began + 10_000)
    machine.seconds += 5
    ask(node, "evm_mine")
    assert chain.now() == began + 10_000
    machine.seconds += 5
    ask(node, "evm_mine")
    assert chain.now() == began + 10_010
    ask(node, "hardhat_mine", "0x3", "0xa")
    assert chain.now() == began + 10_031


@given(
    st.integers(0, 2**40),
    st.lists(st.tuples(st.sampled_from(["tick", "jump", "fix", "back"]), st.integers(0, 10**6)), max_size=20),
)
def test_a_clock_never_runs_back(latest: int, steps: Sequence[tuple[str, int]]) -> None:
    machine = Machine(2**39)
    clock = Clock(latest, machine)
    for what, amount in steps:
        if what == "tick":
            machine.seconds += amount
        elif what == "back":
            machine.seconds -= amount
        elif what == "jump":
            clock.jump(latest, amount)
        else:
            clock.fix(latest + 1 + amount)
        found = clock.next(latest)
        assert found > latest
        assert what != "jump" or found >= latest + amount
        assert what != "fix" or found == latest + 1 + amount
        latest = found


def test_a_chain_that_was_ahead_stays_ahead() -> None:
    machine = Machine(1_000)
    assert Clock(5_000, machine).next(5_000) == 5_001
    assert Clock(900, machine).next(900) == 1_000


# -------------------------------------------------------------- what is signed for others


def test_a_transaction_for_another_chain_changes_nothing(node: Node, chain: EmbeddedChain) -> None:
    """py-evm and eth-tester take one; the node does not."""
    key = "0x" + ANN._key.secret.hex()
    fields = {
        "nonce": 0, "to": str(BEN.address), "value": 1, "gas": 21_000, "data": b"",
        "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1,
    }  # fmt: skip
    head = chain.block_number
    for meant in (1, 31_337, 11_155_111, 0):
        signed = Account.sign_transaction({**fields, "chainId": meant}, key)
        refused(
            node, -32_000, f"for chain {meant}", "eth_sendRawTransaction", "0x" + signed.raw_transaction.hex()
        )
    assert (chain.block_number, chain.balance(BEN.address)) == (head, 100 * COIN)
    signed = Account.sign_transaction({**fields, "chainId": chain.chain_id}, key)
    assert (
        ask(node, "eth_sendRawTransaction", "0x" + signed.raw_transaction.hex()) == "0x" + signed.hash.hex()
    )
    assert chain.balance(BEN.address) == 100 * COIN + 1


def test_numbers_have_no_leading_zeros(node: Node, chain: EmbeddedChain) -> None:
    sent = Sender(chain).send(ANN, Call(BEN.address, b"", "pay", value=16))
    found: list[str] = []

    def read(value: Any, name: str = "") -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                read(each, key)
        elif isinstance(value, list):
            for each in value:
                read(each, name)
        elif isinstance(value, str) and name in QUANTITIES:
            found.append(value)

    for answer in (
        ask(node, "eth_getBlockByNumber", "latest", True),  # noqa: FBT003
        ask(node, "eth_getTransactionReceipt", str(sent.hash)),
        ask(node, "eth_feeHistory", "0x2", "latest", [50]),
        {"number": ask(node, "eth_blockNumber")},
        {"number": ask(node, "eth_getBalance", "0x" + "12" * 20)},
    ):
        read(answer)
    assert len(found) > 25
    assert all(each == hex(int(each, 16)) for each in found)


QUANTITIES = frozenset(
    "number gasLimit gasUsed timestamp baseFeePerGas difficulty size nonce value gas gasPrice maxFeePerGas "
    "maxPriorityFeePerGas v r s yParity blockNumber transactionIndex type chainId status cumulativeGasUsed "
    "effectiveGasPrice oldestBlock reward logIndex".split()
) - {"nonce"}
