"""Deploying: the record of a network, which every other command takes; what fails goes on where it was."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer

from labelshare.chain.connect import connect
from labelshare.chain.deploy import DEVELOPMENT_LIMITS, PUBLIC_LIMITS, Deployment
from labelshare.chain.keys import Signer, development_signer
from labelshare.cli import app
from labelshare.types import Address
from tests.commands.place import PASSWORD, Commands, shown, write_keystore
from tests.conftest import Anvil, running_anvil

pytestmark = pytest.mark.anvil

ETHER = 10**18
PARTS = ["RegistryContests", "RegistryExtension", "TaskRegistry", "LicenseRegistry"]
OWN = Signer(bytes(range(1, 33)))
PUBLIC = development_signer("deployer")

Opened = Callable[[str], Commands]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Opened:
    """Commands against a node, by an account that nobody else knows and by one whose key is public."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    write_keystore(tmp_path / "own.json", OWN)
    write_keystore(tmp_path / "public.json", PUBLIC)

    def at(url: str) -> Commands:
        return Commands(connect(url), tmp_path, tmp_path / "deployment.json", url, monkeypatch, capsys)

    return at


@contextmanager
def real_money(program: Path) -> Iterator[Anvil]:
    with running_anvil(program, "--chain-id", "1") as running:
        yield running


def give(place: Commands, account: Address, wei: int) -> None:
    """Coins, on a chain that labelshare itself gives nobody any on."""
    asked(place, "anvil_setBalance", str(account), hex(wei))


def asked(place: Commands, method: str, *arguments: object) -> Any:
    """What the node itself answers."""
    ask: Any = place.chain.web3.provider.make_request
    return ask(method, arguments)["result"]


def waiting(place: Commands) -> int:
    """How many transactions of the account are in no block."""
    return int(asked(place, "txpool_status")["pending"], 16)


def test_a_record_that_other_commands_take(anvil: Anvil, opened: Opened) -> None:
    place = opened(anvil.url)
    give(place, OWN.address, ETHER)

    made = place.facts("deploy", by="own")

    record = Deployment.load(place.record)
    record.check(place.chain)
    assert made["contracts"] == {name: str(each) for name, each in record.addresses.items()}
    assert [each["call"] for each in made["transactions"]] == [*PARTS, "RewardToken"]
    assert (made["chain"], made["record"]) == (31_337, "deployment.json")
    assert made["limits"] == asdict(DEVELOPMENT_LIMITS)
    assert made["gas"] == sum(
        place.chain.web3.eth.get_transaction_receipt(each["transaction"])["gasUsed"]
        for each in made["transactions"]
    )
    assert record.block == made["transactions"][0]["block"]
    assert sorted(each.name for each in place.folder.iterdir() if each.is_dir()) == []
    pool = place.facts("pool", "create", "--stake", "10", by="own")["pool"]
    assert shown(place.done("pool", "show", pool))["oracle"] == str(OWN.address)


def test_what_is_there_already_stays(anvil: Anvil, opened: Opened) -> None:
    place = opened(anvil.url)
    give(place, OWN.address, ETHER)
    place.record.write_text("somebody else's")

    place.refused(2, "deployment.json exists; it is not overwritten", "deploy", by="own")
    assert place.record.read_text() == "somebody else's"
    place.done("deploy", "--out", "other.json", by="own")
    place.refused(2, "other.json exists; it is not overwritten", "deploy", "--out", "other.json", by="own")


def test_it_says_what_it_is_about_to_do_where_money_is_real(anvil_program: Path, opened: Opened) -> None:
    with real_money(anvil_program) as node:
        place = opened(node.url)
        give(place, OWN.address, ETHER)

        ran = place.run("deploy", *place.signing("own"), typed="no\n", terminal=True)

        told = " ".join(ran.err.split())
        assert (ran.code, ran.out) == (1, "")
        assert f"On chain 1, {OWN.address} is to" in told
        assert re.findall(r"\d\. deploy (\w+):", told) == PARTS
        assert "periods 2 days at least, 90 days at most" in told
        assert "rescue 7 days at least" in told
        estimate = re.search(r" gas about ([\d,]+) cost about 0\.0\d{1,8} ether now, 0\.0\d+ ether if", told)
        assert estimate, told
        assert "balance 1 ether" in told
        assert "record deployment.json" in told
        assert ran.err.endswith("labelshare: nothing was sent\n")
        assert place.chain.block_number == 0
        assert {each.name for each in place.folder.iterdir()} == {"own.json", "public.json", "password"}

        place.refused(1, "public.*|development account whose key", "deploy", by="public")
        made = shown(place.done("deploy", by="own"))
        assert Deployment.load(place.record).token is None
        used, said = (int(each.replace(",", "")) for each in (made["gas"], estimate[1]))
        assert abs(used - said) < used // 1000
        limits = Deployment.load(place.record).bind(place.chain).registry.limits()
        assert limits == PUBLIC_LIMITS


def test_an_account_without_coins(anvil_program: Path, opened: Opened) -> None:
    with real_money(anvil_program) as node:
        place = opened(node.url)
        place.refused(1, r"holds 0 ether; the [\d,]+ gas needed cost 0\.0\d+ ether", "deploy", by="own")
    assert not place.record.exists()


def test_a_deployment_that_stopped_goes_on(anvil_program: Path, opened: Opened) -> None:
    with real_money(anvil_program) as node:
        place = opened(node.url)
        fees = place.chain.fees()
        give(place, OWN.address, 15_700_000 * (fees.base + fees.tip))

        stopped = place.run("deploy", by="own")

        assert stopped.code == 1
        assert "the same command goes on where this one stopped" in stopped.err
        assert f"{OWN.address} holds" in stopped.err
        assert not place.record.exists()
        blocks = place.chain.block_number
        assert 0 < blocks < len(PARTS)

        give(place, OWN.address, ETHER)
        ran = place.run("deploy", *place.signing("own"), typed="no\n", terminal=True)
        told = " ".join(ran.err.split())
        assert re.findall(r"\d\. deploy (\w+):", told) == PARTS[blocks:]
        assert f"sent before {', '.join(PARTS[:blocks])}" in told

        made = place.facts("deploy", by="own")
        assert place.chain.block_number == len(PARTS)
        assert [each["call"] for each in made["transactions"]] == PARTS
        assert [each["block"] for each in made["transactions"]] == [1, 2, 3, 4]
        Deployment.load(place.record).check(place.chain)
        assert not (place.folder / "deployment.json.sending").exists()


def test_a_transaction_under_way_when_the_command_was_killed(anvil_program: Path, opened: Opened) -> None:
    with running_anvil(anvil_program, "--chain-id", "1", "--no-mining") as node:
        place = opened(node.url)
        give(place, OWN.address, ETHER)
        words = ["deploy", "--url", node.url, *map(str, place.signing("own")), "--yes"]
        with subprocess.Popen([sys.executable, "-m", "labelshare", *words], cwd=place.folder) as killed:
            deadline = time.monotonic() + 60
            while not waiting(place) and killed.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            killed.kill()
        assert waiting(place) == 1
        asked(place, "evm_setIntervalMining", 1)

        made = place.facts("deploy", by="own")

        assert [each["call"] for each in made["transactions"]] == PARTS
        assert place.chain.mined_nonces([OWN.address]) == [len(PARTS)]
        Deployment.load(place.record).check(place.chain)


def test_what_was_begun_on_another_chain(anvil_program: Path, opened: Opened) -> None:
    with real_money(anvil_program) as node:
        place = opened(node.url)
        fees = place.chain.fees()
        give(place, OWN.address, 15_700_000 * (fees.base + fees.tip))
        assert place.run("deploy", by="own").code == 1
    with running_anvil(anvil_program) as node:
        place = opened(node.url)
        give(place, OWN.address, ETHER)
        place.refused(
            1,
            r"the store is of chain 1 .*; without deployment\.json\.sending the deployment begins anew",
            "deploy",
            by="own",
        )


def test_help_is_that_of_what_signs_without_a_record() -> None:
    command: Any = typer.main.get_command(app)
    options = {word for param in command.commands["deploy"].params for word in param.opts}

    assert {"--url", "--key", "--password-file", "--max-fee", "--yes", "--json", "--out"} <= options
    assert not options & {"--deployment", "--password", "--private-key"}
