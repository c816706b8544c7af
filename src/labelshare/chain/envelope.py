"""Transactions as bytes: EIP-2718 type 2 (EIP-1559), encoded by hand because a replay signs thousands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.types import Address, Hash32, keccak

__all__ = ["SignedTransaction", "Transaction", "created_address", "rlp"]

DYNAMIC_FEE: Final = b"\x02"
_NO_ACCESS_LIST: Final[tuple[bytes, ...]] = ()

RlpItem = bytes | int | Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Transaction:
    """An unsigned dynamic-fee transaction; fees in wei per gas, `to` None creates a contract."""

    chain_id: int
    nonce: int
    tip: int
    max_fee: int
    gas: int
    to: Address | None
    value: int
    data: bytes

    @property
    def digest(self) -> Hash32:
        """What the sender signs (EIP-1559)."""
        return keccak(DYNAMIC_FEE + rlp(self._fields()))

    @property
    def upfront(self) -> int:
        """Wei that the sender must hold before the transaction: value and all gas at the highest fee."""
        return self.value + self.gas * self.max_fee

    def sealed(self, signature: bytes, sender: Address) -> SignedTransaction:
        """The transaction with its signature, 65 bytes r ‖ s ‖ v with v 27 or 28."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        raw = DYNAMIC_FEE + rlp([*self._fields(), signature[64] - 27, r, s])
        return SignedTransaction(self, sender, raw, keccak(raw))

    def _fields(self) -> list[RlpItem]:
        to = bytes(self.to) if self.to is not None else b""
        head: list[RlpItem] = [self.chain_id, self.nonce, self.tip, self.max_fee, self.gas]
        return [*head, to, self.value, self.data, _NO_ACCESS_LIST]


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction ready to be sent: `raw` is what goes to the node, `hash` its name."""

    transaction: Transaction
    sender: Address
    raw: bytes
    hash: Hash32


def rlp(value: bytes | int | Sequence[RlpItem]) -> bytes:
    """Recursive length prefix (Ethereum yellow paper, appendix B); integers as shortest big-endian bytes."""
    if isinstance(value, int):
        return rlp(value.to_bytes((value.bit_length() + 7) // 8, "big"))
    if isinstance(value, bytes):
        return value if len(value) == 1 and value < b"\x80" else _prefix(len(value), 0x80) + value
    body = b"".join(rlp(item) for item in value)
    return _prefix(len(body), 0xC0) + body


def created_address(sender: Address, nonce: int) -> Address:
    """The address of the contract that `sender` creates with its transaction `nonce`."""
    return Address(keccak(rlp([bytes(sender), nonce]))[12:])


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([offset + 55 + len(size)]) + size
