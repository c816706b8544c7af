"""Accounts: a key is kept, never shown, never overwritten; a balance is what the chain says."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labelshare.chain.deploy import Deployment
from labelshare.chain.keys import Signer, development_signer, load_keystore
from labelshare.cli import main
from tests.commands.place import PASSWORD, Place, shown, write_keystore
from tests.oracle.stage import COIN
from tests.ran import Ran

SECRET = bytes(range(1, 33))
ADDRESS = "0x6370eF2f4Db3611D657b90667De398a2Cc2a370C"


class Local:
    """Runs commands that need no chain."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._capture = folder, patch, capture
        self.password = folder / "password"
        self.password.write_text(PASSWORD + "\n")

    def run(self, *arguments: object, typed: str = "") -> Ran:
        self._patch.setattr(sys, "argv", ["labelshare", "account", *map(str, arguments)])
        self._patch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            main()
        captured = self._capture.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    def refused(self, message: str, *arguments: object, typed: str = "") -> None:
        ran = self.run(*arguments, typed=typed)
        assert (ran.code, ran.out) == (2, "")
        assert re.fullmatch(rf"labelshare: .*{message}.*\n", ran.err), ran.err


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Local:
    return Local(tmp_path, monkeypatch, capsys)


def test_a_new_account_in_a_file_of_ones_own(local: Local) -> None:
    file = local.folder / "ann.json"

    made = local.run("new", file, "--password-file", local.password, "--json")

    kept = json.loads(file.read_text())
    assert (made.code, made.err) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (kept["version"], kept["crypto"]["kdf"]) == (3, "scrypt")
    assert kept["crypto"]["kdfparams"]["n"] >= 2**17
    signer = load_keystore(file, PASSWORD)
    assert made.facts == {"address": str(signer.address), "file": str(file), "development": False}
    assert local.run("show", file) == Ran(0, f"{signer.address}\n", "")

    before = file.read_bytes()
    local.refused("ann.json exists", "new", file, "--password-file", local.password)
    local.refused("ann.json exists", "import", file, "--password-file", local.password, typed=SECRET.hex())
    assert file.read_bytes() == before


def test_a_key_from_elsewhere(local: Local) -> None:
    file = local.folder / "ann.json"

    ran = local.run("import", file, "--password-file", local.password, typed=f"0x{SECRET.hex()}\n")

    assert ran == Ran(0, f"account   {ADDRESS}\nkeystore  {file}\n", "")
    assert load_keystore(file, PASSWORD)._key.secret == SECRET
    assert SECRET.hex() not in file.read_text()


def test_a_public_key_is_called_public(local: Local) -> None:
    key = development_signer("anyone")._key.secret.hex()

    ran = local.run("import", local.folder / "dev.json", "--password-file", local.password, typed=key)

    assert (ran.code, ran.err) == (0, "This key is public: it works on development chains alone.\n")


@pytest.mark.parametrize("text", ["", "0x", SECRET.hex()[:-2], SECRET.hex() + "00", "zz" * 32, "0" * 64])
def test_what_is_no_key_is_not_shown(local: Local, text: str) -> None:
    file = local.folder / "ann.json"

    local.refused("private key", "import", file, "--password-file", local.password, typed=text + "\n")
    ran = local.run("import", file, "--password-file", local.password, typed=text + "\n")

    assert not file.exists()
    assert len(text) < 10 or text not in ran.err


def test_files_that_cannot_be_used(local: Local) -> None:
    file = local.folder / "none.json"
    local.refused("no keystore at", "show", file)
    local.refused("password: cannot be read", "new", file, "--password-file", local.folder / "x" / "password")
    local.refused("there is no terminal to ask for the password on", "new", file)
    local.refused("cannot be written", "new", local.folder / "x" / "y", "--password-file", local.password)
    (local.folder / "bytes").write_bytes(b"\xff")
    local.refused("bytes: not UTF-8", "new", file, "--password-file", local.folder / "bytes")
    local.password.write_text("\n")
    local.refused("a keystore needs a password", "new", file, "--password-file", local.password)
    assert not file.exists()
    file.write_text("[]")
    local.refused("is not a keystore", "show", file)
    file.write_text('{"address": "ann"}')
    local.refused("states no address", "show", file)


def test_a_file_without_an_address_is_opened(local: Local) -> None:
    file = write_keystore(local.folder / "ann.json", Signer(SECRET))
    kept = json.loads(file.read_text())
    del kept["address"]
    file.write_text(json.dumps(kept))

    local.refused("there is no terminal", "show", file)
    assert local.run("show", file, "--password-file", local.password).out == f"{ADDRESS}\n"
    (local.folder / "wrong").write_text("battery staple")
    local.refused("the password does not open", "show", file, "--password-file", local.folder / "wrong")
    local.refused("states no address", "balance", "--key", file)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    wrapper = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    command = [sys.executable, "-c", wrapper, sys.executable, "-m", "labelshare", "account", "new", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        seen = b""
        for ending in (b"Password: ", b"Repeat for confirmation: "):
            seen += read_until(process.stdout.fileno(), ending)
            process.stdin.write(PASSWORD.encode() + b"\n")
            process.stdin.flush()
        seen += read_until(process.stdout.fileno(), b"ann.json")
        process.stdin.close()
        assert process.wait(timeout=30) == 0

    assert PASSWORD.encode() not in seen
    assert str(load_keystore(file, PASSWORD).address).encode() in seen


def read_until(descriptor: int, ending: bytes) -> bytes:
    """What a process says until it says `ending`."""
    seen, deadline = b"", time.monotonic() + 30
    while ending not in seen:
        assert time.monotonic() < deadline, seen
        chunk = os.read(descriptor, 4096)
        assert chunk, seen
        seen += chunk
    return seen


# --------------------------------------------------------------------------- balances


@pytest.mark.anvil
def test_a_balance(place: Place) -> None:
    stage = place.stage
    token, ann = stage.contracts.development_token.address, stage.people["ann"].address
    place.give("ann", 12 * COIN + 1)

    facts = place.facts("account", "balance", ann)

    assert facts == {
        "address": str(ann),
        "coin": str(stage.chain.balance(ann)),
        "token": str(token),
        "symbol": "DEV",
        "decimals": 18,
        "wallet": str(12 * COIN + 1),
        "credit": "0",
    }
    printed = place.done("account", "balance", "--key", place.key("ann"))
    assert shown(printed) == {
        "account": str(ann),
        "token": str(token),
        "coin": shown(printed)["coin"],
        "wallet": "12.000000000000000001 DEV",
        "credit": "0 DEV",
    }
    assert shown(printed)["coin"].endswith(" ether")


@pytest.mark.anvil
def test_a_balance_of_nobody_or_nowhere(place: Place, tmp_path: Path) -> None:
    nobody = "0x" + "00" * 20
    place.refused(2, "whose\\?", "account", "balance")
    place.refused(2, "Address needs 20 bytes", "account", "balance", "ann")
    place.refused(2, "wrong address checksum", "account", "balance", ADDRESS.replace("eF", "Ef"))
    place.refused(2, "is not a deployment record", "account", "balance", nobody, "--deployment", tmp_path)
    place.refused(1, "no answer from the node", "account", "balance", nobody, "--url", "http://127.0.0.1:1")
    place.refused(2, "a node's address begins with", "account", "balance", nobody, "--url", "localhost")
    place.refused(2, f"no token at {nobody}", "account", "balance", nobody, "--token", nobody)

    other = tmp_path / "other.json"
    record = place.record.read_text()
    other.write_text(record.replace("31337", "1"))
    place.refused(1, "is chain 31337, expected 1", "account", "balance", nobody, "--deployment", other)
    known = Deployment.load(place.record).registry.address
    other.write_text(record.replace(str(known), str(place.stage.dataset)))
    place.refused(1, "TaskRegistry: the code at", "account", "balance", nobody, "--deployment", other)
