"""Who signs: accounts, development accounts that anyone can derive, and keystore files."""

from __future__ import annotations

import hmac
import json
import os
from pathlib import Path
from typing import Any, Final, NoReturn

from coincurve import PrivateKey

from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.errors import InputError, KeystoreError
from labelshare.protocol.typed_data import address_of
from labelshare.types import Address, Hash32, keccak

__all__ = [
    "Signer",
    "development_signer",
    "is_development_key",
    "load_keystore",
    "new_signer",
    "save_keystore",
    "stated_address",
]

DEVELOPMENT_PHRASE: Final = b"labelshare development key: public, never for real money"

# The accounts of the mnemonic "test test … junk", which anvil and hardhat unlock.
JUNK_MNEMONIC_ACCOUNTS: Final = frozenset(
    Address(text)
    for text in (
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
        "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
        "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
        "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
        "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
        "0xBcd4042DE499D14e55001CcbB24a551F3b954096",
        "0x71bE63f3384f5fb98995898A86B02Fb2426c5788",
        "0xFABB0ac9d68B0B445fB7357272Ff202C5651694a",
        "0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec",
        "0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
        "0xcd3B766CCDd6AE721141F452C550Ca635964ce71",
        "0x2546BcD3c84621e976D8185a91A922aE77ECEc30",
        "0xbDA5747bFD65F08deb54cb465eB87D40e51B197E",
        "0xdD2FD4581271e230360230F9337D5c0430Bf44C0",
        "0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199",
    )
)


class Signer:
    """An account with its key. The key never leaves the object: no repr, no pickle, no copy shows it."""

    __slots__ = ("_key", "address", "is_development")

    address: Address
    is_development: bool

    def __init__(self, private_key: bytes) -> None:
        if len(private_key) != 32:
            raise InputError("a private key has 32 bytes")
        try:
            self._key = PrivateKey(private_key)
        except ValueError:
            raise InputError("not a private key of secp256k1") from None
        self.address = address_of(private_key)
        self.is_development = is_development_key(private_key)

    def sign_digest(self, digest: Hash32) -> bytes:
        """Sign a 32-byte digest: 65 bytes r ‖ s ‖ v, low s (EIP-2), v 27 or 28, deterministic (RFC 6979)."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    def sign_transaction(self, transaction: Transaction) -> SignedTransaction:
        """Sign a transaction. `Sender` is what refuses development keys and foreign chains, so send by it."""
        return transaction.sealed(self.sign_digest(transaction.digest), self.address)

    def encrypted(self, password: str) -> dict[str, Any]:
        """The key as a V3 keystore (Web3 Secret Storage), which only the password opens."""
        from eth_account import Account

        return dict(Account.encrypt(self._key.secret, password))

    def derive_secret(self, label: bytes) -> Hash32:
        """HMAC-SHA256 of `label` under the key (RFC 2104): a secret that only this account can make again."""
        return Hash32(hmac.digest(self._key.secret, label, "sha256"))

    def __repr__(self) -> str:
        return f"Signer({self.address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is not serialised; save_keystore writes an encrypted file")


def new_signer() -> Signer:
    """A fresh account from the system's randomness."""
    return Signer(os.urandom(32))


def development_signer(*labels: str) -> Signer:
    """The account of `labels` on development chains: the same for everyone, so worthless anywhere else.

    The key's second half is a hash of its first, by which `is_development_key` knows it in whatever file.
    """
    head = keccak(DEVELOPMENT_PHRASE + b"".join(keccak(label.encode()) for label in labels))[:16]
    return Signer(head + _mark(head))


def is_development_key(private_key: bytes) -> bool:
    """Whether anyone can know this key: ours for development, those of anvil and hardhat, small numbers."""
    head, tail = private_key[:16], private_key[16:]
    small = int.from_bytes(private_key, "big") < 1 << 64
    return small or tail == _mark(head) or address_of(private_key) in JUNK_MNEMONIC_ACCOUNTS


def save_keystore(path: Path, signer: Signer, password: str) -> None:
    """Write a new V3 keystore (Web3 Secret Storage), readable by its owner alone; never overwrites a file.

    Raises:
        KeystoreError: The file exists, or the password is empty.
    """
    if not password:
        raise KeystoreError("a keystore needs a password")
    content = json.dumps(signer.encrypted(password))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeystoreError(f"{path} exists; a keystore is never overwritten") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)


def load_keystore(path: Path, password: str) -> Signer:
    """Open a V3 keystore.

    Raises:
        KeystoreError: No such file, not a keystore, or a wrong password.
    """
    from eth_account import Account

    content = _content(path)
    try:
        return Signer(bytes(Account.decrypt(content, password)))
    except ValueError:
        raise KeystoreError(f"the password does not open {path}") from None
    except (KeyError, TypeError, AttributeError, NotImplementedError):
        raise KeystoreError(f"{path} is not a V3 keystore") from None


def stated_address(path: Path) -> Address | None:
    """The address that a keystore states, which needs no password; only opening it proves that it is true.

    Raises:
        KeystoreError: No such file, not a keystore, or what it states is no address.
    """
    content = _content(path)
    if not isinstance(content, dict):
        raise KeystoreError(f"{path} is not a keystore")
    if "address" not in content:
        return None
    try:
        return Address("0x" + str(content["address"]).removeprefix("0x").lower())
    except InputError:
        raise KeystoreError(f"{path} states no address but {content['address']!r:.60}") from None


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeystoreError(f"no keystore at {path}") from None
    except OSError as error:
        raise KeystoreError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise KeystoreError(f"{path} is not a keystore") from None


def _mark(head: bytes) -> bytes:
    return keccak(DEVELOPMENT_PHRASE + head)[:16]
