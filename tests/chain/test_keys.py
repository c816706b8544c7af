"""Keys: derived, recognised, hidden, stored."""

from __future__ import annotations

import copy
import json
import pickle
import stat
from pathlib import Path

import pytest

from labelshare.chain.keys import (
    JUNK_MNEMONIC_ACCOUNTS,
    Signer,
    development_signer,
    is_development_key,
    load_keystore,
    new_signer,
    save_keystore,
)
from labelshare.errors import InputError, KeystoreError
from labelshare.protocol.typed_data import recover
from labelshare.types import keccak

SECRET = bytes(range(32))


def test_development_accounts_are_the_same_for_everyone() -> None:
    assert str(development_signer("annotator", "7").address) == "0x3Bb88e4574be49D9538A51A73AddCB5d16c860E2"
    assert development_signer("ab", "c").address != development_signer("a", "bc").address
    assert development_signer().address != development_signer("").address


def test_a_development_key_is_known_by_its_value() -> None:
    copied = Signer(development_signer("oracle")._key.secret)

    assert copied.is_development
    assert not new_signer().is_development
    assert not Signer(SECRET).is_development


def test_the_accounts_of_the_public_mnemonic_are_known() -> None:
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    mnemonic = "test " * 11 + "junk"
    keys = [
        bytes(Account.from_mnemonic(mnemonic, account_path=f"m/44'/60'/0'/0/{at}").key) for at in range(20)
    ]

    assert {Signer(key).address for key in keys} == JUNK_MNEMONIC_ACCOUNTS
    assert all(map(is_development_key, keys))
    assert is_development_key((5).to_bytes(32, "big"))


def test_a_signature_recovers_to_the_signer() -> None:
    signer, digest = new_signer(), keccak(b"statement")

    assert recover(digest, signer.sign_digest(digest)) == signer.address


def test_the_key_is_shown_nowhere() -> None:
    signer = Signer(SECRET)

    assert repr(signer) == str(signer) == f"Signer({signer.address})"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not serialised"):
            leak(signer)
    assert not hasattr(signer, "__dict__")


@pytest.mark.parametrize("key", [b"", b"\1" * 31, b"\0" * 32, b"\xff" * 32])
def test_what_is_no_key(key: bytes) -> None:
    with pytest.raises(InputError) as refusal:
        Signer(key)
    assert key.hex() not in str(refusal.value) or not key


def test_a_keystore_opens_with_its_password_alone(tmp_path: Path) -> None:
    path, signer = tmp_path / "key.json", Signer(SECRET)
    save_keystore(path, signer, "correct horse")

    assert load_keystore(path, "correct horse").address == signer.address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET.hex() not in path.read_text()
    with pytest.raises(KeystoreError, match="the password does not open"):
        load_keystore(path, "battery staple")


def test_a_keystore_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text("precious")
    with pytest.raises(KeystoreError, match="exists"):
        save_keystore(path, Signer(SECRET), "password")
    assert path.read_text() == "precious"


def test_a_keystore_without_a_password_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="needs a password"):
        save_keystore(tmp_path / "key.json", Signer(SECRET), "")
    assert not (tmp_path / "key.json").exists()


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", "{}", json.dumps({"version": 3}), '{"version": 9, "crypto": {}}']
)
def test_what_is_no_keystore(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(KeystoreError, match="keystore"):
        load_keystore(path, "password")
    with pytest.raises(KeystoreError, match="no keystore at"):
        load_keystore(tmp_path / "absent.json", "password")
