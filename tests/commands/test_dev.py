"""`labelshare dev` as a process: real wallets connect to it, and chain and store go on after whatever end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from web3 import Web3
from web3.exceptions import ContractCustomError

from labelshare.chain import artifacts
from labelshare.chain.connect import connect
from labelshare.chain.contracts import Token
from labelshare.chain.deploy import PUBLIC_LIMITS, Deployment, deploy
from labelshare.chain.jsonrpc import JsonRpc
from labelshare.chain.keys import Signer, development_signer, new_signer
from labelshare.chain.node import ANVIL_CHAIN_ID, EMBEDDED_CHAIN_ID
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.chain.unlocked import junk_signers
from labelshare.client.connection import Connection
from labelshare.client.requester import Requester, Terms, share_cap_for
from labelshare.client.service import ServiceClient
from labelshare.commands.ground import COIN, GIFT, taken_up
from labelshare.types import Address, CampaignId, Scope
from tests.chain.world import schedule
from tests.commands.place import PASSWORD, write_keystore
from tests.conftest import ROOT, native_program, running_anvil
from tests.oracle.stage import small_spec
from tests.ran import Run

START_SECONDS = 120
END_SECONDS = 60
ANN, BEN = junk_signers(2)
TYPED: dict[str, Any] = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
        "Mail": [{"name": "lines", "type": "string[]"}],
    },
    "primaryType": "Mail",
    "domain": {"name": "Post", "chainId": 5},
    "message": {"lines": ["a", "b"]},
}


# Runs labelshare, and names in its last line all that it has loaded.
WITNESS = (
    "import atexit, runpy, sys\n"
    "atexit.register(lambda: print(*sys.modules))\n"
    "runpy.run_module('labelshare', run_name='__main__', alter_sys=True)\n"
)
# What makes the chain in this process, which takes a second to load.
EVM = {"eth", "eth_tester", "trie", "labelshare.chain.embedded", "labelshare.chain.machine"}


@dataclass
class Dev:
    """A running service."""

    url: str
    told: list[str]
    process: subprocess.Popen[str]

    @property
    def node(self) -> str:
        return f"{self.url}/rpc"

    def fact(self, name: str) -> str:
        (line,) = (each for each in self.told if each.startswith(f"{name} "))
        return line.split()[1].rstrip(",")

    @property
    def token(self) -> str:
        return self.fact("token")

    def ask(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = httpx.post(self.node, json=body, timeout=30)
        assert answer.status_code == 200
        return answer.json()["result"]

    def killed(self) -> None:
        self.process.kill()
        self.process.wait(END_SECONDS)

    def ended(self) -> None:
        """Asked to end: it does, and complains of nothing."""
        self.process.send_signal(signal.SIGTERM)
        out, log = self.process.communicate(timeout=END_SECONDS)
        assert (self.process.returncode, out) == (0, ""), log
        assert "Traceback" not in log, log
        assert "error" not in log, log


@contextmanager
def dev(*options: object, program: Sequence[str] = ("-m", "labelshare")) -> Iterator[Dev]:
    command = [sys.executable, *program, "dev", "--port", "0", *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Dev(*_announced(process), process)
        finally:
            if process.poll() is None:
                process.kill()


def _announced(process: subprocess.Popen[str]) -> tuple[str, list[str]]:
    assert process.stdout is not None
    told = [process.stdout.readline()]
    assert told[0].startswith("Serving http://127.0.0.1:"), process.communicate()
    while not told[-1].startswith(f"  {junk_signers(10)[9].address}"):
        told.append(process.stdout.readline())
        assert told[-1], told
    return told[0].split()[1].removesuffix("/v1"), told


@pytest.fixture(scope="module", params=["process", pytest.param("anvil", marks=pytest.mark.anvil)])
def backend(request: pytest.FixtureRequest) -> list[object]:
    """Options that say what runs the chain."""
    return [] if request.param == "process" else ["--anvil", request.getfixturevalue("anvil_program")]


@pytest.fixture(scope="module")
def kept(backend: list[object], tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """The same, kept in a folder of its own."""
    return [*backend, "--state", tmp_path_factory.mktemp("kept")]


@pytest.fixture(scope="module")
def running(kept: list[object]) -> Iterator[Dev]:
    with dev(*kept) as service:
        yield service
        service.ended()


# ------------------------------------------------------------------------ what it tells


def test_it_tells_what_there_is(running: Dev, backend: list[object]) -> None:
    chain_id = ANVIL_CHAIN_ID if backend else EMBEDDED_CHAIN_ID
    assert running.told[0].endswith(f"on chain {chain_id}.\n")
    assert "All keys are public: no real money." in running.told[1]
    assert running.fact("node") == running.node
    site = httpx.get(f"{running.url}/site.json").json()
    assert (site["chainId"], site["development"], site["rpc"]) == (chain_id, True, "/rpc")
    assert (site["registry"], site["token"]) == (running.fact("registry"), running.token)
    accounts = [str(each.address) for each in junk_signers(10)]
    assert [line.strip() for line in running.told[-10:]] == accounts
    assert [each.lower() for each in running.ask("eth_accounts")] == [each.lower() for each in accounts]
    assert httpx.get(f"{running.url}/readyz").json()["ready"] is True


def test_accounts_have_coins_and_tokens_and_the_faucet_gives_more(running: Dev) -> None:
    chain = connect(running.node)
    token = Token(chain, Address(running.token))
    for signer in junk_signers(10)[2:]:
        assert chain.balance(signer.address) == 10_000 * COIN
        assert token.balance_of(signer.address) == GIFT
    stranger = new_signer().address
    for times in (1, 2):
        running.ask("labelshare_faucet", str(stranger))
        assert token.balance_of(stranger) == times * GIFT
        assert chain.balance(stranger) == 10 * COIN


# ----------------------------------------------------------------------------- wallets


@pytest.fixture(scope="module")
def cast() -> Path:
    program = native_program("cast")
    if program is None:
        pytest.skip("cast is not installed; scripts/test brings it")
    return program


@pytest.mark.anvil
def test_cast_connects(running: Dev, cast: Path) -> None:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [str(cast), *map(str, words), "--rpc-url", running.node]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def said(*words: object) -> str:
        ran = run(*words)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    transfer, key = "transfer(address,uint256)", "0x" + ANN._key.secret.hex()
    assert int(said("chain-id")) == connect(running.node).chain_id
    held = int(said("call", running.token, "balanceOf(address)(uint256)", BEN.address).split()[0])
    by_key = json.loads(said("send", running.token, transfer, BEN.address, 5, "--private-key", key, "--json"))
    by_node = said("send", running.token, transfer, BEN.address, 6, "--unlocked", "--from", ANN.address)
    assert by_key["status"] == "0x1"
    assert "1 (success)" in by_node
    now = int(said("call", running.token, "balanceOf(address)(uint256)", BEN.address).split()[0])
    assert now == held + 11
    block = int(by_key["blockNumber"], 16)
    logs = json.loads(
        said("logs", "--from-block", block, "--to-block", block, "--address", running.token, "--json")
    )
    assert [int(each["data"], 16) for each in logs] == [5]
    assert int(said("block", block, "--json").count('"hash"')) >= 1
    assert said("tx", by_key["transactionHash"], "from").lower() == str(ANN.address).lower()
    assert int(said("balance", ANN.address)) < 10_000 * COIN
    poor = new_signer().address
    refused = run("call", running.token, transfer, BEN.address, 5, "--from", poor)
    assert refused.returncode != 0
    assert "e450d38c" in refused.stderr or "ERC20InsufficientBalance" in refused.stderr
    typed = json.dumps(TYPED)
    signature = json.loads(said("rpc", "eth_signTypedData_v4", ANN.address, typed))
    assert Account.recover_message(encode_typed_data(full_message=TYPED), signature=signature) == str(
        ANN.address
    )


def test_web3_connects(running: Dev) -> None:
    web3 = Web3(Web3.HTTPProvider(running.node))
    token = web3.eth.contract(
        address=Web3.to_checksum_address(running.token), abi=artifacts.load("RewardToken").abi
    )
    ann, ben = str(ANN.address), str(BEN.address)
    assert web3.is_connected()
    held = token.functions.balanceOf(ben).call()
    blocks = web3.eth.filter("latest")
    logs = token.events.Transfer.create_filter(from_block="latest", argument_filters={"to": ben})
    sent = [token.functions.transfer(ben, 7).transact({"from": ann})]
    fields = token.functions.transfer(ben, 8).build_transaction(
        {"from": ann, "nonce": web3.eth.get_transaction_count(Web3.to_checksum_address(ann), "pending")}
    )
    signed = Account.sign_transaction(fields, ANN._key.secret)
    sent.append(web3.eth.send_raw_transaction(signed.raw_transaction))
    receipts = [web3.eth.wait_for_transaction_receipt(each, timeout=20) for each in sent]
    assert [each["status"] for each in receipts] == [1, 1]
    assert token.functions.balanceOf(ben).call() == held + 15
    assert {each["blockHash"] for each in receipts} <= set(blocks.get_new_entries())
    # anvil tells of the latest block too, ours of what comes after it
    assert [each["args"]["value"] for each in logs.get_new_entries()][-2:] == [7, 8]
    at = receipts[0]["blockNumber"]
    assert token.functions.balanceOf(ben).call(block_identifier=at - 1) == held
    with pytest.raises(ContractCustomError) as refused:
        token.functions.transfer(ben, 1).call({"from": str(new_signer().address)})
    assert str(refused.value.data).startswith("0xe450d38c")
    signature = web3.eth.sign_typed_data(Web3.to_checksum_address(ann), TYPED)
    assert Account.recover_message(encode_typed_data(full_message=TYPED), signature=signature) == ann


@pytest.mark.node
def test_viem_connects(running: Dev, node: Path) -> None:
    packages = ROOT / "web" / "package.json"
    if not (packages.parent / "node_modules" / "viem").is_dir():
        pytest.skip("viem is not installed; scripts/test brings it")
    script = Path(__file__).with_name("wallet.mjs")
    words = [node, script, packages, running.node, running.token, ANN.address, BEN.address]
    ran = subprocess.run(
        [str(each) for each in words], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "id": connect(running.node).chain_id,
        "gained": "9",
        "statuses": ["success", "success"],
        "polled": ["5", "4"],
        "logs": ["5", "4"],
        "refusal": ["ERC20InsufficientBalance", True, "5", "100"],
        "typed": True,
        "personal": True,
        "coins": True,
        "overridden": f"0x{7:064x}",
        "later": True,
        "fees": True,
    }


def test_a_transaction_for_another_chain_is_refused(running: Dev) -> None:
    web3 = Web3(Web3.HTTPProvider(running.node))
    nonce = web3.eth.get_transaction_count(Web3.to_checksum_address(str(ANN.address)))
    fields = {"nonce": nonce, "to": str(BEN.address), "value": 1, "gas": 21_000, "chainId": 1}
    signed = Account.sign_transaction(
        {**fields, "maxFeePerGas": 10**12, "maxPriorityFeePerGas": 1}, ANN._key.secret
    )
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction"}
    raw = "0x" + signed.raw_transaction.hex()
    answer = httpx.post(running.node, json={**body, "params": [raw]}).json()
    assert answer["error"]["code"] in {-32_000, -32_003}, answer
    assert web3.eth.get_transaction_count(Web3.to_checksum_address(str(ANN.address)), "pending") == nonce


def test_the_index_follows_a_restored_snapshot(running: Dev) -> None:
    mark = running.ask("evm_snapshot")
    for _ in range(3):
        running.ask("labelshare_faucet", str(BEN.address))
    until(lambda: httpx.get(f"{running.url}/readyz").json()["behind"] == 0)
    assert running.ask("evm_revert", mark) is True
    running.ask("evm_mine")
    until(lambda: httpx.get(f"{running.url}/readyz").json()["ready"] is True)
    assert httpx.get(f"{running.url}/v1/campaigns").status_code == 200


# ------------------------------------------------------------------------- what is kept


def until(true: Any) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def campaign_of(service: Dev, record: Path, signer: Signer) -> Scope:
    """A campaign that a requester funds over the service's node, with a spec that the oracle has."""
    chain = connect(service.node)
    ground = taken_up(chain, record)
    token, sender = ground.contracts.development_token, Sender(chain)
    spec = small_spec()
    client = Requester(sender, ground.contracts, signer)
    dataset = client.create_dataset(
        "Moods",
        "MOOD",
        revenue_token=token.address,
        contributor_bps=7_000,
        max_shares=3 * share_cap_for(spec),
    )
    (pool,) = pools(chain, ground.deployment)
    line = replace(schedule(chain.now() + 60), rounds=2)
    scope, _ = client.open_campaign(
        pool, dataset, spec, Terms(stake_per_label=COIN, fee_bps=500, schedule=line)
    )
    with Connection(service.url) as connection:
        found = ServiceClient(connection, signer, chain_id=chain.chain_id)
        found.sign_in()
        found.put_spec(spec)
    return scope


def pools(chain: Any, deployment: Deployment) -> Sequence[Any]:
    from labelshare.chain.listing import pools as listed

    return [each.params for each in listed(chain, deployment)]


def is_open(service: Dev, record: Path, campaign: CampaignId) -> bool:
    registry = taken_up(connect(service.node), record).contracts.registry
    return registry.campaign(campaign).status is Status.OPEN


def shown(service: Dev) -> set[str]:
    return {each["id"] for each in httpx.get(f"{service.url}/v1/campaigns").json()["items"]}


@pytest.mark.slow
@pytest.mark.parametrize("end", [pytest.param("ended", marks=pytest.mark.deep), "killed"])
def test_chain_and_store_go_on_after_a_restart(backend: list[object], tmp_path: Path, end: str) -> None:
    """The last block before the end is the chain's at the next start, its time is not forgotten."""
    options, record = [*backend, "--state", tmp_path / "state"], tmp_path / "state" / "deployment.json"
    requester = ANN
    with dev(*options) as service:
        service.ask("evm_increaseTime", 50_000)
        service.ask("evm_mine")
        campaign = campaign_of(service, record, requester).campaign_id
        until(lambda: is_open(service, record, campaign))
        block = service.ask("eth_getBlockByNumber", "latest", False)  # noqa: FBT003
        sent = service.ask("labelshare_faucet", str(BEN.address))
        receipt = service.ask("eth_getTransactionReceipt", sent)
        told = service.told
        getattr(service, end)()
    with dev(*options) as service:
        assert service.told[3:] == told[3:]  # but for the port all is as before
        assert service.ask("eth_getBlockByNumber", block["number"], False) == block  # noqa: FBT003
        assert service.ask("eth_getTransactionReceipt", sent) == receipt
        assert is_open(service, record, campaign)
        until(lambda: str(campaign) in shown(service))
        until(lambda: httpx.get(f"{service.url}/readyz").json()["ready"] is True)
        service.ask("evm_mine")
        later = service.ask("eth_getBlockByNumber", "latest", False)  # noqa: FBT003
        # anvil gives blocks of the same second the same time
        assert int(later["timestamp"], 16) >= int(block["timestamp"], 16)
        assert int(later["number"], 16) > int(receipt["blockNumber"], 16)
        service.ended()
    assert not list(tmp_path.glob("**/*.new"))


@pytest.mark.slow
@pytest.mark.anvil
def test_anvil_ends_with_the_service(anvil_program: Path, tmp_path: Path) -> None:
    """However the service ends; and the service with anvil, and starts again after it."""
    state = tmp_path / "state"
    with dev("--anvil", anvil_program, "--state", state) as service:
        (node,) = nodes_of(state)
        os.kill(node, signal.SIGKILL)
        service.process.wait(END_SECONDS)
        _, log = service.process.communicate()
    assert "anvil ended by itself" in log
    for end in ("killed", "ended"):
        with dev("--anvil", anvil_program, "--state", state) as service:
            assert len(nodes_of(state)) == 1
            getattr(service, end)()
            until(lambda: not nodes_of(state))


def nodes_of(state: Path) -> list[int]:
    """The processes of anvil, not of the shell before it, that keep their state here."""
    found = subprocess.run(["ps", "-axwwo", "pid=,args="], capture_output=True, text=True, check=True)
    lines = (line.split(None, 2) for line in found.stdout.splitlines() if str(state) in line)
    return [int(each[0]) for each in lines if each[1].endswith("anvil")]


def test_without_a_folder_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with dev() as service:
        assert "nothing of it is kept" in service.told[1]
        assert list(tmp_path.glob("labelshare-*/chain.log"))
        service.ended()
    assert not list(tmp_path.iterdir())


def loaded(process: subprocess.Popen[str]) -> set[str]:
    """What the witness names once its service is asked to end."""
    process.terminate()
    out, log = process.communicate(timeout=END_SECONDS)
    assert process.returncode == 0, log
    return set(out.splitlines()[-1].split())


@pytest.mark.anvil
def test_with_anvil_the_machine_of_the_other_chain_is_not_loaded(anvil_program: Path) -> None:
    with dev("--anvil", anvil_program, program=("-c", WITNESS)) as service:
        assert "nothing of it is kept" in service.told[1]
        service.ask("labelshare_faucet", str(new_signer().address))
        modules = loaded(service.process)
    assert "labelshare.chain.anvil" in modules
    assert not EVM & modules


# -------------------------------------------------------------------- what is left alone


def refused(labelshare: Run, message: str, *options: object) -> None:
    ran = labelshare("dev", "--port", 0, *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_store_of_another_chain_is_left_alone(labelshare: Run, tmp_path: Path) -> None:
    from labelshare.store.database import Database

    Database.open(tmp_path).close()
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    refused(labelshare, "holds a store of another chain, which is left alone", "--state", tmp_path)
    refused(labelshare, "holds a store of another chain", "--state", tmp_path, "--anvil", "anvil")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_chains_of_two_kinds_are_not_mixed(labelshare: Run, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "chain.log").touch()
    refused(labelshare, "leave --anvil out", "--state", tmp_path / "one", "--anvil", "anvil")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "anvil.json").touch()
    refused(labelshare, "say --anvil anvil", "--state", tmp_path / "two")
    refused(labelshare, "there is no program no-such-anvil", "--anvil", "no-such-anvil")
    (tmp_path / "file").touch()
    refused(labelshare, "cannot be made", "--state", tmp_path / "file" / "below")


@pytest.mark.anvil
def test_a_state_that_is_none_is_told_and_left_alone(
    labelshare: Run, anvil_program: Path, tmp_path: Path
) -> None:
    (tmp_path / "anvil.json").write_text("half a stat")
    ran = labelshare("dev", "--port", 0, "--state", tmp_path, "--anvil", anvil_program)
    assert ran.code == 1
    assert "holds no state of anvil's: bring back a copy" in ran.err
    assert (tmp_path / "anvil.json").read_text() == "half a stat"


@pytest.mark.anvil
def test_one_service_at_a_time(running: Dev, kept: list[object], labelshare: Run) -> None:
    ran = labelshare("dev", "--port", 0, *kept)
    assert (ran.code, ran.out) == (1, "")
    assert "another process runs this chain" in ran.err
    assert running.ask("eth_chainId")


# ------------------------------------------------------------------------- real networks


@pytest.mark.anvil
def test_with_a_real_network_no_node_is_offered(anvil_program: Path, tmp_path: Path) -> None:
    """`serve` on a chain with the id of Ethereum; no public key works there, nor is another chain loaded."""
    with running_anvil(anvil_program, "--chain-id", "1") as node:
        deployer, oracle, public = new_signer(), new_signer(), development_signer("dev", "oracle")
        for signer in (deployer, oracle, public):
            JsonRpc(node.url, 30).ask("anvil_setBalance", str(signer.address), hex(10 * COIN))
        chain = connect(node.url)
        deploy(Sender(chain), deployer, PUBLIC_LIMITS).save(tmp_path / "record.json")
        (tmp_path / "password").write_text(PASSWORD)
        command = [sys.executable, "-c", WITNESS, "serve", "--port", "0", "--url", node.url]
        command += [
            "--deployment",
            str(tmp_path / "record.json"),
            "--password-file",
            str(tmp_path / "password"),
        ]

        def started(signer: Signer) -> subprocess.Popen[str]:
            key = write_keystore(tmp_path / f"{signer.address}.json", signer)
            return subprocess.Popen(
                [*command, "--state", str(tmp_path / str(signer.address)), "--key", str(key)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

        with started(oracle) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().split()[1].removesuffix("/v1")
                asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
                assert httpx.post(f"{url}/rpc", json=asked).status_code == 404
                site = httpx.get(f"{url}/site.json").json()
                assert (site["chainId"], site["development"], site["rpc"]) == (1, False, None)
                modules = loaded(process)
                assert "labelshare.chain.remote" in modules
                assert not EVM & modules
            finally:
                process.kill()
        with started(public) as process:
            out, err = process.communicate(timeout=END_SECONDS)
        assert process.returncode == 1
        assert not out.startswith("Serving")
        assert "development" in err
