"""EIP-712 statements: struct hashes, digests, signatures.

Encoded by hand, because intake and verification check thousands a second. A signature is 65 bytes r ‖ s ‖ v
with v 27 or 28 and s in the lower half of the group order (EIP-2), so that there is one form of it.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

from coincurve import PrivateKey, PublicKey
from sha3 import keccak_256

from labelshare.errors import SignatureError
from labelshare.protocol.abi import address_word, encode, uint_word
from labelshare.types import Address, CampaignId, Commit, Hash32, Scope, keccak

__all__ = [
    "address_of",
    "commit_hash",
    "digest",
    "domain_separator",
    "enrol_hash",
    "opening_receipt_hash",
    "receipt_hash",
    "recover",
    "require_signer",
    "sign",
]

NAME: Final = "labelshare"
VERSION: Final = "1"
DOMAIN_TYPE: Final = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
ENROL_TYPE: Final = "Enrol(bytes32 campaignId)"
COMMIT_TYPE: Final = (
    "Commit(bytes32 campaignId,uint32 round,uint32 batch,bytes32 root,uint32 count,uint32 cumulativeCount)"
)
RECEIPT_TYPE: Final = "Receipt(bytes32 campaignId,address annotator,bytes32 commitHash)"
OPENING_RECEIPT_TYPE: Final = "OpeningReceipt(bytes32 campaignId,address annotator,bytes32 openingHash)"

_COMMIT_WORDS: Final = struct.Struct(">28xI28xI32s28xI28xI")

_GROUP_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER: Final = _GROUP_ORDER // 2

_DOMAIN_HASH, _ENROL_HASH, _COMMIT_HASH, _RECEIPT_HASH, _OPENING_RECEIPT_HASH = (
    keccak(text.encode())
    for text in (DOMAIN_TYPE, ENROL_TYPE, COMMIT_TYPE, RECEIPT_TYPE, OPENING_RECEIPT_TYPE)
)


@lru_cache(maxsize=1024)
def domain_separator(chain_id: int, registry: Address) -> Hash32:
    """The hash of the EIP-712 domain: name "labelshare", version "1", chain and registry."""
    names = keccak(NAME.encode()) + keccak(VERSION.encode())
    return keccak(_DOMAIN_HASH + names + uint_word(chain_id) + address_word(registry))


def enrol_hash(campaign_id: CampaignId) -> Hash32:
    """Struct hash of Enrol: consent to every parameter of the campaign."""
    return keccak(_ENROL_HASH + campaign_id)


def commit_hash(campaign_id: CampaignId, commit: Commit) -> Hash32:
    """Struct hash of Commit; `campaign_id` binds it to chain and registry already."""
    return keccak(_COMMIT_HASH + campaign_id + _commit_words(commit))


def _commit_words(commit: Commit) -> bytes:
    """The words of a commitment: what `encode` gives, several times as fast."""
    try:
        return _COMMIT_WORDS.pack(
            commit.round, commit.batch, commit.root, commit.count, commit.cumulative_count
        )
    except struct.error:
        return encode(commit)  # which says what is wrong


def receipt_hash(campaign_id: CampaignId, annotator: Address, commit_hash: Hash32) -> Hash32:
    """Struct hash of Receipt: the oracle's word, bound by its bond, that it will include a commitment."""
    return keccak(_RECEIPT_HASH + campaign_id + address_word(annotator) + commit_hash)


def opening_receipt_hash(campaign_id: CampaignId, annotator: Address, opening_hash: Hash32) -> Hash32:
    """Struct hash of OpeningReceipt: the oracle's word that it holds an opening."""
    return keccak(_OPENING_RECEIPT_HASH + campaign_id + address_word(annotator) + opening_hash)


def digest(scope: Scope, struct_hash: Hash32) -> Hash32:
    """What is signed: keccak256(0x19 0x01 ‖ domain separator ‖ struct hash)."""
    return keccak(b"\x19\x01" + domain_separator(scope.chain_id, scope.registry) + struct_hash)


def sign(digest: Hash32, private_key: bytes) -> bytes:
    """Sign a digest (RFC 6979, low s)."""
    signature = PrivateKey(private_key).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def recover(digest: Hash32, signature: bytes) -> Address:
    """The signer; `SignatureError` for a malformed or malleable signature."""
    if len(signature) != 65:
        raise SignatureError(f"a signature has 65 bytes, this one {len(signature)}")
    if signature[64] not in (27, 28):
        raise SignatureError(f"v must be 27 or 28, not {signature[64]}")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise SignatureError("s is in the upper half of the group order")
    try:
        compact = signature[:64] + bytes([signature[64] - 27])
        public_key = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception as error:  # noqa: BLE001 (coincurve raises bare Exception)
        raise SignatureError(f"no key recovers from the signature: {error}") from None
    return _address(public_key)


def require_signer(digest: Hash32, signature: bytes, claimed: Address) -> None:
    """Raise `SignatureError` unless `claimed` signed the digest."""
    signer = recover(digest, signature)
    if signer != claimed:
        raise SignatureError(f"signed by {signer}, not by {claimed}")


def address_of(private_key: bytes) -> Address:
    """The account of a private key."""
    return _address(PrivateKey(private_key).public_key)


def _address(public_key: PublicKey) -> Address:
    return Address(keccak_256(public_key.format(compressed=False)[1:]).digest()[12:])
