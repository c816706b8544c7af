"""Accounts whose public keys a development node holds, so that it signs for whoever asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from labelshare.chain.envelope import Transaction
from labelshare.chain.keys import Signer
from labelshare.chain.methods import method
from labelshare.chain.mnemonic import keys_of
from labelshare.chain.node import DEVELOPMENT_CHAIN_IDS
from labelshare.chain.wire import (
    INVALID_PARAMS,
    REFUSED,
    Fault,
    Json,
    address,
    call_of,
    hex_of,
    quantity,
    raw_bytes,
)
from labelshare.errors import KeyRefusedError
from labelshare.protocol.sign_in import personal_digest
from labelshare.types import Address, Hash32, keccak

if TYPE_CHECKING:
    from labelshare.chain.embedded import EmbeddedChain

__all__ = ["MNEMONIC", "Unlocked", "junk_signers"]

MNEMONIC: Final = "test test test test test test test test test test test junk"
# How many times the base fee may grow before a transaction that waits is left out.
HEADROOM: Final = 2
# Kinds of transactions that are not made here.
OTHER_KINDS: Final = ("accessList", "blobVersionedHashes", "authorizationList")


def junk_signers(count: int) -> list[Signer]:
    """The first accounts of the mnemonic that anvil and hardhat unlock; its keys are everyone's."""
    return [Signer(key) for key in keys_of(MNEMONIC, count)]


class Unlocked:
    """Signs and sends for accounts by their address.

    Args:
        chain: Which chain; a development chain.
        signers: The accounts, with keys that anyone can know.
        send: Takes a signed transaction, in hex, and gives its hash.
        next_nonce: The next nonce of an account, what waits counted.

    Raises:
        KeyRefusedError: The chain is no development chain, or a key is somebody's own.
    """

    def __init__(
        self,
        chain: EmbeddedChain,
        signers: Sequence[Signer],
        send: Callable[[str], str],
        next_nonce: Callable[[Address], int],
    ) -> None:
        if signers and chain.chain_id not in DEVELOPMENT_CHAIN_IDS:
            raise KeyRefusedError(f"no node signs for others on chain {chain.chain_id}")
        if not all(signer.is_development for signer in signers):
            raise KeyRefusedError("a node signs for others with public development keys alone")
        self._chain = chain
        self._signers = {signer.address: signer for signer in signers}
        self._send = send
        self._next_nonce = next_nonce

    @method("eth_accounts", "eth_requestAccounts")
    def _accounts(self) -> list[str]:
        return [str(account) for account in self._signers]

    @method("eth_sendTransaction")
    def _send_transaction(self, fields: Any) -> str:
        call, sender = call_of(fields, "eth_sendTransaction")
        signer = self._signer(sender)
        self._require_plain(fields)
        tip, cap = self._fees(fields)
        nonce = fields.get("nonce")
        gas = self._chain.estimate(call, sender) if call.gas is None else call.gas
        unsigned = Transaction(
            chain_id=self._chain.chain_id,
            nonce=self._next_nonce(sender) if nonce is None else quantity(nonce, 2**64 - 1),
            tip=tip,
            max_fee=cap,
            gas=gas,
            to=call.to,
            value=call.value,
            data=call.data,
        )
        return self._send(hex_of(signer.sign_transaction(unsigned).raw))

    @method("personal_sign")
    def _personal_sign(self, message: Any, account: Any, _password: Any = None) -> str:
        """EIP-191; a message that is not hex is its own text."""
        is_hex = isinstance(message, str) and message.startswith("0x")
        return self._signature(account, personal_digest(raw_bytes(message) if is_hex else _text(message)))

    @method("eth_sign")
    def _sign(self, account: Any, message: Any) -> str:
        return self._personal_sign(message, account)

    @method("eth_signTypedData_v4", "eth_signTypedData")
    def _sign_typed_data(self, account: Any, typed: Any) -> str:
        """EIP-712; the data as an object, or as its JSON."""
        return self._signature(account, _typed_digest(typed))

    def _signature(self, account: Any, digest: Hash32) -> str:
        return hex_of(self._signer(address(account)).sign_digest(digest))

    def _signer(self, account: Address) -> Signer:
        if account not in self._signers:
            raise Fault(REFUSED, f"no key of {account} here; eth_accounts names those that there are")
        return self._signers[account]

    def _require_plain(self, fields: Json) -> None:
        if any(fields.get(name) for name in OTHER_KINDS):
            raise Fault(INVALID_PARAMS, f"transactions here have no {', no '.join(OTHER_KINDS)}")
        if fields.get("chainId") is not None and quantity(fields["chainId"]) != self._chain.chain_id:
            raise Fault(REFUSED, f"a transaction for another chain; this is chain {self._chain.chain_id}")

    def _fees(self, fields: Json) -> tuple[int, int]:
        """The tip and the most in all; a plain gas price is both."""
        now = self._chain.fees()
        price = fields.get("gasPrice")
        if price is not None:
            return quantity(price), quantity(price)
        most, tip = fields.get("maxFeePerGas"), fields.get("maxPriorityFeePerGas")
        wanted = now.tip if tip is None else quantity(tip)
        cap = HEADROOM * now.base + wanted if most is None else quantity(most)
        return (min(wanted, cap) if tip is None else wanted), cap


def _text(message: Any) -> bytes:
    if not isinstance(message, str):
        raise Fault(INVALID_PARAMS, "a message is a string")
    try:
        return message.encode()
    except UnicodeEncodeError:
        raise Fault(INVALID_PARAMS, "a message is text or hex") from None


def _typed_digest(typed: Any) -> Hash32:
    from eth_account.messages import encode_typed_data

    try:
        found = json.loads(typed) if isinstance(typed, str) else typed
        message = encode_typed_data(full_message=found)
    except Exception as error:  # noqa: BLE001 (the library has no error of its own: a stranger's data is wrong)
        raise Fault(INVALID_PARAMS, f"not typed data (EIP-712): {str(error)[:200]}") from None
    return keccak(b"\x19" + message.version + message.header + message.body)
