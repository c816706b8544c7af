"""A place to run commands in: a campaign on a local node, keystores of its people, the real entry point."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from labelshare.chain.deploy import Deployment
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain
from labelshare.chain.transactions import Sender
from labelshare.cli import main
from labelshare.protocol import settlement
from labelshare.protocol.settlement import Built
from labelshare.types import Address, Settlement
from tests.oracle.stage import Stage
from tests.ran import Ran

PASSWORD = "correct horse"
WIDTH = 80
# How long a test's folder is called depends on who runs the tests, not on the command.
TEST_FOLDERS = re.compile(r"/\S*/pytest-\d+/(popen-gw\d+/)?")


class Terminal(io.StringIO):
    """An input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def write_keystore(path: Path, signer: Signer) -> Path:
    """A keystore as cheap to open as can be: a test opens dozens."""
    path.write_text(json.dumps(Account.encrypt(signer._key.secret, PASSWORD, iterations=2)))
    return path


@dataclass
class Commands:
    """Runs commands against a node, by accounts whose keystores lie in a folder."""

    chain: Chain
    folder: Path
    record: Path
    url: str
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    @property
    def registry(self) -> Address:
        """Where the contracts' registry is."""
        return Deployment.load(self.record).registry.address

    @property
    def password_file(self) -> Path:
        return self.folder / "password"

    def key(self, name: str) -> Path:
        """The keystore of an account."""
        return self.folder / f"{name}.json"

    def signing(self, name: str) -> list[object]:
        """The options of whoever signs."""
        return ["--key", self.key(name), "--password-file", self.password_file]

    def run(self, *arguments: object, by: str = "", typed: str = "", terminal: bool = False) -> Ran:
        """Runs a command in this process; with `by` that account signs, and nobody is asked."""
        words = [*arguments, *([*self.signing(by), "--yes"] if by else [])]
        self.patch.setattr(sys, "argv", ["labelshare", *map(str, words)])
        self.patch.setattr(sys, "stdin", Terminal(typed) if terminal else io.StringIO(typed))
        self.patch.setenv("LABELSHARE_URL", self.url)
        self.patch.setenv("LABELSHARE_DEPLOYMENT", str(self.record))
        with pytest.raises(SystemExit) as ended:
            main()
        captured = self.capture.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        assert "Traceback" not in captured.err
        return Ran(code or 0, captured.out, captured.err)

    def done(self, *arguments: object, by: str = "", **more: Any) -> Ran:
        """The same where it must go well, in lines of no more than 80 columns."""
        ran = self.run(*arguments, by=by, **more)
        assert ran.code == 0, ran.err
        told = TEST_FOLDERS.sub("", ran.out).splitlines()
        assert max(map(len, told), default=0) <= WIDTH or "--json" in arguments
        return ran

    def facts(self, *arguments: object, by: str = "") -> Any:
        """What a command prints as JSON; one that sends states every transaction."""
        found = self.done(*arguments, "--json", by=by).facts
        if by or "--yes" in arguments:
            last = found["transactions"][-1]
            assert (found["transaction"], found["block"]) == (last["transaction"], last["block"])
            assert found["block"] <= self.chain.block_number
        return found

    def refused(self, code: int, message: str, *arguments: object, by: str = "", **more: Any) -> None:
        """A command that ends with one line and that exit code; as no block is made, nothing was sent."""
        head = self.chain.block_number
        ran = self.run(*arguments, by=by, **more)
        assert re.fullmatch(rf"labelshare: .*(?:{message}).*\n", ran.err), ran.err
        assert (ran.code, ran.out) == (code, "")
        assert self.chain.block_number == head


@dataclass
class Place(Commands):
    """The same with a campaign and its people."""

    stage: Stage

    def key(self, name: str) -> Path:
        """The keystore of one of the stage's people, or of its deployer, oracle, requester or stranger."""
        path = super().key(name)
        if not path.exists():
            people = self.stage.people
            write_keystore(path, people[name] if name in people else getattr(self.stage, name))
        return path

    def give(self, name: str, amount: int) -> None:
        """Tokens from the deployer, who has the supply."""
        stage = self.stage
        token = stage.contracts.development_token
        account = stage.people[name] if name in stage.people else getattr(stage, name)
        stage.sender.send(stage.deployer, token.transfer(account.address, amount))


def oracles_settlement(stage: Stage) -> Built:
    """What the oracle would propose now; nothing is sent or kept, so that a test can be rolled back."""
    book = stage.engine.book
    messages = (book.enrolments(), book.commits(), book.openings())
    return settlement.build(stage.spec, stage.record(), *messages)


def post(stage: Stage, posted: Settlement) -> None:
    """The oracle proposes a settlement in its own time."""
    stage.chain.advance_to(stage.schedule.reveal_end)
    sender, registry = Sender(stage.chain), stage.contracts.registry
    sender.send(stage.oracle, registry.propose(stage.params, posted))


def sent(place: Commands, facts: Any) -> str:
    """The hash that a command's JSON states of its last transaction, which is in the chain's last block."""
    head = place.chain.block_number
    assert facts["block"] == head
    logs = place.chain.logs(place.registry, head, head)
    assert facts["transaction"] in {str(log.transaction) for log in logs}
    return str(facts["transaction"])


def shown(ran: Ran) -> Mapping[str, str]:
    """The two columns of an output, by the first."""
    rows = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in ran.out.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2}
