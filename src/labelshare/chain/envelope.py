"""Transactions as bytes: EIP-2718 type 2 (EIP-1559), encoded by hand because a replay signs thousands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.errors import InputError
from labelshare.protocol.typed_data import recover
from labelshare.types import Address, Hash32, keccak

__all__ = ["SignedTransaction", "Transaction", "created_address", "read_transaction", "rlp"]

DYNAMIC_FEE: Final = b"\x02"
FIELDS: Final = 12
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


def read_transaction(raw: bytes) -> SignedTransaction:
    """A dynamic-fee transaction from its bytes, its sender from the signature.

    Raises:
        InputError: Not a dynamic-fee transaction, or not in canonical form.
        SignatureError: No key recovers from its signature.
    """
    from rlp import decode
    from rlp.exceptions import DecodingError

    try:
        fields = decode(raw[1:]) if raw[:1] == DYNAMIC_FEE else None
    except DecodingError:
        fields = None
    if not isinstance(fields, list) or len(fields) != FIELDS or not _is_plain(fields):
        raise InputError("not a dynamic-fee transaction (EIP-1559) without an access list")
    chain_id, nonce, tip, cap, gas, _, value, _, parity, r, s = (
        int.from_bytes(field, "big") for field in (*fields[:8], *fields[9:])
    )
    to = Address(fields[5]) if fields[5] else None
    transaction = Transaction(chain_id, nonce, tip, cap, gas, to, value, bytes(fields[7]))
    if parity > 1 or r >= 2**256 or s >= 2**256:
        raise InputError("a transaction whose signature is none")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
    signed = transaction.sealed(signature, recover(transaction.digest, signature))
    if signed.raw != raw:
        raise InputError("a transaction that is not in canonical form")
    return signed


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


def _is_plain(fields: Sequence[object]) -> bool:
    """Bytes throughout, an address of 20 or none, and an empty access list."""
    rest = [*fields[:8], *fields[9:]]
    return fields[8] == [] and all(isinstance(each, bytes) for each in rest) and len(rest[5]) in {0, 20}  # type: ignore[arg-type]


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([offset + 55 + len(size)]) + size
