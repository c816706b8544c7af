"""Bytes on the wire: transactions, calls, events and reverts, against the artifacts and other libraries."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from eth_account import Account
from eth_typing import HexAddress, HexStr
from hypothesis import given, settings
from hypothesis import strategies as st
from rlp import decode as rlp_decode
from rlp import encode as rlp_encode

from labelshare.chain import artifacts
from labelshare.chain import events as ev
from labelshare.chain.abi import entries
from labelshare.chain.contracts import ContributorShare, LicenseRegistry, Registry, Token
from labelshare.chain.envelope import Transaction, created_address, read_transaction
from labelshare.chain.keys import Signer
from labelshare.chain.node import Log
from labelshare.chain.reverts import PANIC_SELECTOR, decode_revert, utc
from labelshare.errors import EventError, InputError, SignatureError
from labelshare.types import Address, CampaignId, Hash32, keccak
from tests.chain.world import World

SIGNER = Signer(bytes(range(32)))
ADDRESS = SIGNER.address

amounts = st.integers(0, 2**96)
REFUSED = (InputError, SignatureError)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 2**53),
    st.integers(0, 2**40),
    amounts,
    st.integers(21_000, 2**25),
    st.one_of(st.none(), st.binary(min_size=20, max_size=20)),
    amounts,
    st.binary(max_size=400),
)
def test_transactions_are_those_of_eth_account(
    chain_id: int, nonce: int, fee: int, gas: int, to: bytes | None, value: int, data: bytes
) -> None:
    ours = SIGNER.sign_transaction(
        Transaction(chain_id, nonce, fee // 2, fee, gas, Address(to) if to else None, value, data)
    )
    fields = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "maxPriorityFeePerGas": fee // 2,
        "maxFeePerGas": fee,
        "gas": gas,
        "value": value,
        "data": data,
    } | ({"to": str(Address(to))} if to else {})
    theirs = Account.sign_transaction(fields, SIGNER._key.secret)

    assert ours.raw == bytes(theirs.raw_transaction)
    assert ours.hash == bytes(theirs.hash)


some_transactions = st.builds(
    Transaction,
    chain_id=st.integers(1, 2**53),
    nonce=st.integers(0, 2**40),
    tip=amounts,
    max_fee=amounts,
    gas=st.integers(0, 2**25),
    to=st.none() | st.binary(min_size=20, max_size=20).map(Address),
    value=amounts,
    data=st.binary(max_size=400),
)


@settings(max_examples=60, deadline=None)
@given(some_transactions)
def test_a_transaction_is_read_from_its_bytes(transaction: Transaction) -> None:
    signed = SIGNER.sign_transaction(transaction)

    assert read_transaction(signed.raw) == signed


@settings(max_examples=60, deadline=None)
@given(some_transactions, st.data())
def test_an_altered_transaction_is_refused_or_another(transaction: Transaction, data: st.DataObject) -> None:
    """A bit flipped gives no transaction, or one of another sender or content that these very bytes are."""
    signed = SIGNER.sign_transaction(transaction)
    place = data.draw(st.integers(0, 8 * len(signed.raw) - 1))
    altered = bytearray(signed.raw)
    altered[place // 8] ^= 1 << place % 8
    try:
        found = read_transaction(bytes(altered))
    except REFUSED:
        return
    assert (found.raw, found.hash) == (bytes(altered), keccak(bytes(altered)))
    assert (found.sender, found.transaction) != (signed.sender, signed.transaction)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\2", b"\2\xc0", b"\2\xf8"]))
def test_bytes_that_are_no_transaction_are_refused(data: bytes, prefix: bytes) -> None:
    with pytest.raises(REFUSED):
        read_transaction(prefix + data)


def test_other_kinds_of_transactions_are_refused() -> None:
    fields = {"chainId": 1, "nonce": 0, "gas": 21_000, "value": 0, "data": b"", "to": str(ADDRESS)}
    access = [{"address": str(ADDRESS), "storageKeys": ["0x" + "00" * 32]}]
    dynamic = fields | {"type": 2, "maxPriorityFeePerGas": 1, "maxFeePerGas": 2}
    kinds = {
        "plain": dynamic,
        "with an access list": dynamic | {"accessList": access},
        "with a bare access list": fields | {"type": 1, "gasPrice": 1, "accessList": access},
        "legacy": fields | {"gasPrice": 1},
    }
    raw = {
        name: bytes(Account.sign_transaction(each, SIGNER._key.secret).raw_transaction)
        for name, each in kinds.items()
    }
    assert read_transaction(raw.pop("plain")).sender == ADDRESS

    for each in raw.values():
        with pytest.raises(InputError, match="not a dynamic-fee transaction"):
            read_transaction(each)


def resigned(**changes: Any) -> bytes:
    """A transaction whose fields were replaced after it was signed, written in RLP as they are."""
    signed = SIGNER.sign_transaction(Transaction(1, 5, 1, 2, 21_000, ADDRESS, 7, b"data"))
    names = "chain_id nonce tip cap gas to value data access parity r s".split()
    fields = dict(zip(names, rlp_decode(signed.raw[1:]), strict=True)) | changes
    return b"\2" + bytes(rlp_encode([fields[name] for name in names]))


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": b"\0\5"},
        {"value": b"\0"},
        {"parity": b"\2"},
        {"parity": b"\0\1"},
        {"r": bytes(32)},
        {"r": b"\1" * 33},
        {"s": b""},
        {"s": b"\xff" * 32},
        {"to": ADDRESS[1:]},
        {"to": ADDRESS + b"\0"},
        {"to": []},
        {"data": [b"data"]},
        {"access": b""},
        {"access": [b""]},
    ],
    ids=str,
)
def test_a_transaction_in_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(REFUSED):
        read_transaction(resigned(**change))


def test_a_transaction_with_something_before_or_after_it_is_refused() -> None:
    raw = resigned()
    assert read_transaction(raw).raw == raw
    for other in (raw + b"\0", b"\0" + raw, raw[:-1], raw[1:], b""):
        with pytest.raises(REFUSED):
            read_transaction(other)


def test_a_transaction_of_anothers_signature_is_anothers() -> None:
    """Nobody's fields can be changed and stay signed by them."""
    assert read_transaction(resigned(value=b"\x08")).sender != ADDRESS


def test_created_addresses_are_those_of_eth_utils() -> None:
    from web3.types import Nonce
    from web3.utils.address import get_create_address

    for nonce in (0, 1, 127, 128, 300, 10**6):
        assert str(created_address(ADDRESS, nonce)) == get_create_address(
            HexAddress(HexStr(str(ADDRESS))), Nonce(nonce)
        )


# --------------------------------------------------------------------------- contracts

# mint and release are the registry's own, rule is an arbitrator's; no account of ours can call them.
INTERNAL = {"mint", "release", "rule"}
READ_BY_NOBODY = {"eip712Domain", "supportsInterface", "tokenURI", "name", "symbol"}


@pytest.mark.parametrize("contract", [Registry, ContributorShare, LicenseRegistry, Token])
def test_every_function_has_a_method(contract: type[Token]) -> None:
    functions = {entry.name for entry in entries("function", contract.ARTIFACT)} - INTERNAL
    source = "".join(
        "".join(map(str, method.__code__.co_consts))
        for base in contract.__mro__
        for method in vars(base).values()
        if hasattr(method, "__code__")
    )
    missing = {name for name in functions if name not in source}

    assert missing <= READ_BY_NOBODY


# ------------------------------------------------------------------------------ events


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


# Indices come as bytes, which the class keeps and reads.
PACKED = {"packed": "indices"}


@pytest.mark.parametrize("artifact", ev.EVENTS)
def test_every_event_has_a_class_with_its_fields(artifact: str) -> None:
    theirs = {
        entry.name: [snake(each["name"].lstrip("_")) for each in entry.inputs]
        for entry in entries("event", artifact)
    }
    ours = {
        kind.ABI_NAME or kind.__name__: [
            PACKED.get(field.name, field.name.rstrip("_")) for field in dataclasses.fields(kind)
        ][1:]
        for kind in ev.EVENTS[artifact]
    }

    assert ours == theirs


def test_packed_indices_are_read_eight_bytes_each() -> None:
    log = Log(ADDRESS, (), b"", 1, 0, keccak(b"transaction"))
    packed = b"".join(index.to_bytes(8, "big") for index in (0, 258, 2**64 - 1))

    assert ev.Claimed(log, CampaignId(keccak(b"campaign")), 3, packed).indices == (0, 258, 2**64 - 1)
    assert ev.Claimed(log, CampaignId(keccak(b"campaign")), 3, b"").indices == ()


def test_a_foreign_log_is_no_event() -> None:
    log = Log(ADDRESS, (keccak(b"Foreign()"),), b"", 1, 0, keccak(b"transaction"))

    assert ev.decode(log) is None
    assert ev.decode(dataclasses.replace(log, topics=())) is None


def test_the_same_topic_is_told_apart_by_what_is_indexed() -> None:
    topic = keccak(b"Transfer(address,address,uint256)")
    one, word = Hash32(bytes(12) + ADDRESS), Hash32((9).to_bytes(32, "big"))
    fungible = Log(ADDRESS, (topic, one, one), bytes(word), 1, 0, word)
    licence = Log(ADDRESS, (topic, one, one, word), b"", 1, 0, word)

    assert ev.decode(fungible) == ev.Transfer(fungible, ADDRESS, ADDRESS, 9)
    assert ev.decode(licence) == ev.LicenseTransfer(licence, ADDRESS, ADDRESS, 9)


def test_an_unknown_event_of_our_own_contract_is_loud(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this version did not know tokens moving."""
    known = {key: codec for key, codec in ev._by_topic().items() if codec.kind is not ev.Transfer}
    monkeypatch.setattr(ev, "_by_topic", lambda: known)

    with pytest.raises(EventError, match=f"unknown event .* of {world.token.address} in block"):
        ev.events(world.chain, world.token.address, 0, world.chain.block_number)


def test_ranges_of_blocks_join_without_gap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ev.events(world.chain, world.token.address, 0, world.chain.block_number)
    monkeypatch.setattr("labelshare.chain.remote.LOG_RANGE", 2)

    assert ev.events(world.chain, world.token.address, 0, world.chain.block_number) == whole
    assert len(whole) == 1 + 5 + 5


# ----------------------------------------------------------------------------- reverts


def test_every_custom_error_decodes() -> None:
    from eth_abi import encode

    sample = {"address": str(ADDRESS), "bytes32": b"\7" * 32, "string": "why", "bytes": b"x", "bool": True}
    for name in artifacts.names():
        for entry in entries("error", name):
            kinds = [each["type"] for each in entry.inputs]
            data = entry.selector + encode(kinds, [sample.get(kind, 2) for kind in kinds])
            error = decode_revert(data)
            assert (error.name, error.data) == (entry.name, data)
            assert list(error.args_by_name) == [each["name"] for each in entry.inputs]
            assert entry.name in str(error)


def test_addresses_in_errors_are_addresses() -> None:
    (entry,) = (each for each in entries("error", "ITaskRegistry") if each.name == "NotAllowed")

    error = decode_revert(entry.encode_call([ADDRESS, ADDRESS])).during("TaskRegistry.accept")

    assert error.args_by_name == {"caller": ADDRESS, "needed": ADDRESS}
    assert isinstance(error.args_by_name["caller"], Address)
    assert error.label == "TaskRegistry.accept"


def test_built_in_errors() -> None:
    text = (
        "08c379a0"
        + (32).to_bytes(32, "big").hex()
        + (2).to_bytes(32, "big").hex()
        + b"no".ljust(32, b"\0").hex()
    )

    assert decode_revert(bytes.fromhex(text)).args_by_name == {"reason": "no"}
    assert "overflow" in str(decode_revert(PANIC_SELECTOR + (0x11).to_bytes(32, "big")))
    assert "0x99" in str(decode_revert(PANIC_SELECTOR + (0x99).to_bytes(32, "big")))


def test_data_that_is_no_error() -> None:
    assert str(decode_revert(b"")) == "the contract gave no reason"
    assert str(decode_revert(b"\1\2\3\4\5", "execution reverted")) == "execution reverted (0x0102030405)"
    cut = decode_revert(entries("error", "ITaskRegistry")[0].selector + b"\1")
    assert cut.name == ""


def test_times_are_for_people() -> None:
    assert utc(1_767_225_600) == "2026-01-01 00:00:00 UTC"
    assert utc(2**256 - 1).startswith("second 1157")
