"""A signature is an account's by its key, or by the word of its contract, and by nothing else."""

from __future__ import annotations

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Call, Chain
from labelshare.chain.transactions import Sender
from labelshare.chain.wallets import MAX_WALLET_SIGNATURE, has_signed
from labelshare.types import Address, keccak

ANN, BEN = development_signer("wallets", "ann"), development_signer("wallets", "ben")
DIGEST = keccak(b"what is signed")
# Returns the magic value where the signature begins with the digest, else zero.
HONEST = "60043560643514631626ba7e60e01b0260005260206000f3"
CONTRACTS = {
    "honest": (HONEST, True),
    "answers 1": ("600160005260206000f3", False),
    "answers the magic value shifted": ("631626ba7e60005260206000f3", False),
    "answers too little": ("631626ba7e60e01b60005260046000f3", False),
    "answers too much": ("631626ba7e60e01b60005260406000f3", False),
    "answers the magic value with more behind it": ("631626ba7e60e01b60010160005260206000f3", False),
    "reverts": ("60006000fd", False),
    "never ends": ("5b600056", False),
    "answers nothing": ("00", False),
}


@pytest.fixture(scope="module")
def sender() -> Sender:
    chain = connect()
    chain.fund_all([ANN.address, BEN.address], 10**20)
    return Sender(chain)


def deployed(sender: Sender, code: str) -> Address:
    runtime = bytes.fromhex(code)
    creation = bytes.fromhex(f"60{len(runtime):02x}600c60003960{len(runtime):02x}6000f3") + runtime
    receipt = sender.send(ANN, Call(None, creation, "Wallet"))
    assert receipt.created is not None
    return receipt.created


def test_a_key_signs_for_its_own_account(sender: Sender) -> None:
    chain: Chain = sender.chain
    signature = ANN.sign_digest(DIGEST)
    assert has_signed(chain, ANN.address, DIGEST, signature)
    assert not has_signed(chain, BEN.address, DIGEST, signature)
    assert not has_signed(chain, ANN.address, keccak(b"else"), signature)
    for broken in (b"", signature[:-1], signature + b"\0", bytes(65), b"\xff" * 65):
        assert not has_signed(chain, ANN.address, DIGEST, broken)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_vouches_by_the_magic_value_alone(sender: Sender, name: str) -> None:
    code, vouches = CONTRACTS[name]
    wallet = deployed(sender, code)
    assert has_signed(sender.chain, wallet, DIGEST, DIGEST + bytes(33)) is vouches
    assert not has_signed(sender.chain, wallet, DIGEST, bytes(65))


def test_a_wallets_signature_has_an_end_and_may_be_of_any_length(sender: Sender) -> None:
    wallet = deployed(sender, HONEST)
    for size in (32, 33, 64, 100, MAX_WALLET_SIGNATURE):
        assert has_signed(sender.chain, wallet, DIGEST, DIGEST + bytes(size - 32))
    assert not has_signed(sender.chain, wallet, DIGEST, DIGEST + bytes(MAX_WALLET_SIGNATURE))


def test_nobodys_account_signs_nothing(sender: Sender) -> None:
    empty: Signer = development_signer("wallets", "no code")
    assert not has_signed(sender.chain, empty.address, DIGEST, DIGEST + bytes(33))
