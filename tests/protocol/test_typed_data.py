"""Our digests and signatures against eth-account, which shares no code with them."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from labelshare.errors import SignatureError
from labelshare.protocol import typed_data
from labelshare.types import Address, CampaignId, Commit, Hash32, Scope, keccak
from tests.protocol.world import account, key

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
hashes = st.binary(min_size=32, max_size=32).map(Hash32)
addresses = st.binary(min_size=20, max_size=20).map(Address)
u32 = st.integers(0, 2**32 - 1)
commits = st.builds(Commit, u32, u32, hashes, u32, u32)
scopes = st.builds(Scope, st.integers(1, 2**64), addresses, hashes.map(CampaignId))
keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))

TYPES: dict[str, list[tuple[str, str]]] = {
    "Enrol": [("campaignId", "bytes32")],
    "Commit": [
        ("campaignId", "bytes32"),
        ("round", "uint32"),
        ("batch", "uint32"),
        ("root", "bytes32"),
        ("count", "uint32"),
        ("cumulativeCount", "uint32"),
    ],
    "Receipt": [("campaignId", "bytes32"), ("annotator", "address"), ("commitHash", "bytes32")],
    "OpeningReceipt": [("campaignId", "bytes32"), ("annotator", "address"), ("openingHash", "bytes32")],
}


def signable(scope: Scope, name: str, message: dict[str, Any]) -> Any:
    domain = {
        "name": "labelshare",
        "version": "1",
        "chainId": scope.chain_id,
        "verifyingContract": str(scope.registry),
    }
    types = {name: [{"name": field, "type": kind} for field, kind in TYPES[name]]}
    return encode_typed_data(domain, types, {"campaignId": bytes(scope.campaign_id), **message})


def check(scope: Scope, struct_hash: Hash32, name: str, message: dict[str, Any], private_key: bytes) -> None:
    reference = signable(scope, name, message)
    assert reference.body == struct_hash
    digest = typed_data.digest(scope, struct_hash)
    signature = typed_data.sign(digest, private_key)
    signer = Address(Account.from_key(private_key).address)
    assert typed_data.recover(digest, signature) == signer == typed_data.address_of(private_key)
    assert Account.recover_message(reference, signature=signature) == str(signer)
    assert Account.sign_message(reference, private_key).signature == signature


@settings(max_examples=25)
@given(scopes, commits, addresses, hashes, keys)
def test_all_statements(
    scope: Scope, commit: Commit, annotator: Address, name: Hash32, private_key: bytes
) -> None:
    campaign = scope.campaign_id
    check(scope, typed_data.enrol_hash(campaign), "Enrol", {}, private_key)
    message = {
        "round": commit.round,
        "batch": commit.batch,
        "root": bytes(commit.root),
        "count": commit.count,
        "cumulativeCount": commit.cumulative_count,
    }
    check(scope, typed_data.commit_hash(campaign, commit), "Commit", message, private_key)
    who = {"annotator": str(annotator)}
    receipt = typed_data.receipt_hash(campaign, annotator, name)
    check(scope, receipt, "Receipt", who | {"commitHash": bytes(name)}, private_key)
    opening = typed_data.opening_receipt_hash(campaign, annotator, name)
    check(scope, opening, "OpeningReceipt", who | {"openingHash": bytes(name)}, private_key)


DIGEST = keccak(b"something")
SIGNATURE = typed_data.sign(DIGEST, key("ann"))
HIGH_S = (ORDER - int.from_bytes(SIGNATURE[32:64], "big")).to_bytes(32, "big")


@pytest.mark.parametrize(
    ("signature", "fault"),
    [
        (b"", "65 bytes"),
        (SIGNATURE[:64], "65 bytes"),
        (SIGNATURE + b"\0", "65 bytes"),
        (SIGNATURE[:64] + b"\0", "v must be 27 or 28"),
        (SIGNATURE[:64] + b"\x1d", "v must be 27 or 28"),
        (SIGNATURE[:32] + HIGH_S + bytes([55 - SIGNATURE[64]]), "upper half"),
        (bytes(32) + SIGNATURE[32:], "no key recovers"),
        (SIGNATURE[:32] + bytes(32) + SIGNATURE[64:], "no key recovers"),
        (b"\xff" * 32 + SIGNATURE[32:], "no key recovers"),
    ],
)
def test_a_malformed_signature_is_refused(signature: bytes, fault: str) -> None:
    with pytest.raises(SignatureError, match=fault):
        typed_data.recover(DIGEST, signature)


def test_a_signature_by_somebody_else_is_refused() -> None:
    typed_data.require_signer(DIGEST, SIGNATURE, account("ann"))
    with pytest.raises(SignatureError, match=f"signed by {account('ann')}, not by {account('bob')}"):
        typed_data.require_signer(DIGEST, SIGNATURE, account("bob"))


def test_the_scope_binds_the_signature() -> None:
    scope = Scope(1, account("registry"), CampaignId(DIGEST))
    other_chain, other_registry = (
        Scope(2, scope.registry, scope.campaign_id),
        Scope(1, account("x"), scope.campaign_id),
    )
    struct = typed_data.enrol_hash(scope.campaign_id)
    digests = {typed_data.digest(each, struct) for each in (scope, other_chain, other_registry)}
    assert len(digests) == 3
