"""Signatures of accounts, whether a key signs for them or a contract answers for them (ERC-1271)."""

from __future__ import annotations

from typing import Final

from labelshare.chain.node import Call, Chain
from labelshare.errors import RevertError, SignatureError
from labelshare.protocol.abi import uint_word
from labelshare.protocol.typed_data import require_signer
from labelshare.types import Address, Hash32

__all__ = ["MAX_WALLET_SIGNATURE", "has_signed"]

MAX_WALLET_SIGNATURE: Final = 16_384
"""Bytes of a contract's signature: enough for some hundred owners."""

_MAGIC: Final = bytes.fromhex("1626ba7e")  # isValidSignature(bytes32,bytes), and its answer for yes
_GAS: Final = 1_000_000


def has_signed(chain: Chain, account: Address, digest: Hash32, signature: bytes) -> bool:
    """Whether a signature is the account's: its key's own, or one that its contract vouches for now.

    Raises:
        ChainError: The chain cannot be asked.
    """
    try:
        require_signer(digest, signature, account)
    except SignatureError:
        return len(signature) <= MAX_WALLET_SIGNATURE and _vouches(chain, account, digest, signature)
    return True


def _vouches(chain: Chain, account: Address, digest: Hash32, signature: bytes) -> bool:
    if not chain.code(account):
        return False
    padding = bytes(-len(signature) % 32)
    data = _MAGIC + digest + uint_word(64) + uint_word(len(signature)) + signature + padding
    try:
        answer = chain.call(Call(account, data, "Wallet.isValidSignature", gas=_GAS))
    except RevertError:
        return False
    return answer == _MAGIC + bytes(28)
