"""The check of a set-up: all well, and each thing really broken, which it names and says what to do about."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import sleep, time
from typing import Any

import pytest
from sqlalchemy import text

from labelshare.chain.connect import connect
from labelshare.chain.deploy import Deployment
from labelshare.chain.fees import PUBLIC
from labelshare.chain.keys import new_signer
from labelshare.errors import ServiceError
from labelshare.oracle import check_machine as machine
from labelshare.oracle.check_chain import ChainChecks, clock_of_api, off_by
from labelshare.oracle.checks import Finding, State, graded
from labelshare.store import dump, revisions
from labelshare.store.database import FILE, Database
from tests.chain.proxy import Proxy, proxied
from tests.commands.place import Place, write_keystore
from tests.conftest import running_anvil
from tests.postgres import administering

pytestmark = pytest.mark.anvil

COIN = 10**18


def checks(
    place: Place, *options: object, by: str = "oracle", code: int = 0
) -> dict[str, tuple[str, str, str]]:
    """What the command finds, by name: state, what was seen, what to do."""
    ran = place.run("doctor", "--json", *options, *(place.signing(by) if by else []))
    facts = json.loads(ran.out)
    found = {each["what"]: (each["state"], each["found"], each["advice"]) for each in facts["checks"]}
    failing = [what for what, (state, *_) in found.items() if state == "fail"]
    assert (ran.code, facts["ok"]) == ((1, False) if failing else (0, True))
    assert ran.code == code, failing
    assert all(advice for state, _, advice in found.values() if state != "ok")
    return found


def failing(found: dict[str, tuple[str, str, str]]) -> list[str]:
    return [what for what, (state, *_) in found.items() if state == "fail"]


def test_all_is_well(place: Place, tmp_path: Path) -> None:
    Database.open(tmp_path / "oracle").close()
    found = checks(place, "--state", tmp_path / "oracle")

    assert set(found) == {
        *(
            "keystore",
            "chain",
            "node",
            "head",
            "history",
            "range of logs",
            "finality",
            "block hashes",
            "clock",
        ),
        *("contracts", "key", "gas", "pool", "disk space", "inodes", "disk writes", "database"),
        *("database lock", "write-ahead log", "blobs", "open files", "bond", "campaigns"),
    }
    assert found["pool"][1] == f"1 with {place.stage.oracle.address} as oracle"
    assert str(place.registry) in found["contracts"][1]
    assert sorted(path.name for path in (tmp_path / "oracle").iterdir()) == [FILE]  # nothing is left
    ran = place.run("doctor", "--state", tmp_path / "oracle", *place.signing("oracle"))
    assert ran.code == 0
    assert ran.out.startswith(("ok    keystore", "warn  keystore"))


def test_a_store_that_is_to_come_is_not_made(place: Place, tmp_path: Path) -> None:
    found = checks(place, "--state", tmp_path / "oracle")
    assert found["database"][1].startswith("none yet")
    assert not (tmp_path / "oracle").exists()


def test_a_store_that_is_not_the_one_of_accepted_campaigns(place: Place, tmp_path: Path) -> None:
    with closing(Database.open(tmp_path / "own")) as store:
        place.stage.taken_up(database=store).accept()
    place.give("oracle", COIN)
    assert checks(place, "--state", tmp_path / "own")["campaigns"][0] == "ok"
    for other in ("none", "empty"):
        found = checks(place, "--state", tmp_path / other, code=1)
        assert failing(found) == ["campaigns"]
        assert str(place.stage.scope.campaign_id) in found["campaigns"][1]
        assert "--accept-loss" in found["campaigns"][2]
        Database.open(tmp_path / "empty").close()


# ---------------------------------------------------------------------------------- keys


def test_keys(place: Place, tmp_path: Path) -> None:
    own = ["--state", tmp_path]
    assert failing(checks(place, *own, "--key", tmp_path / "none", by="", code=1)) == [
        *("keystore", "key", "gas", "pool"),
    ]
    (tmp_path / "wrong").write_text("wrong\n")
    wrong = ["--key", place.key("oracle"), "--password-file", tmp_path / "wrong"]
    assert "does not open" in checks(place, *own, *wrong, by="", code=1)["keystore"][1]

    write_keystore(place.folder / "poor.json", new_signer())
    poor = checks(place, *own, by="poor", code=1)
    assert failing(poor) == ["gas"]
    assert poor["gas"][1].startswith("0.000000 of")
    assert poor["pool"][0] == "warn"
    place.key("oracle").chmod(0o644)
    assert checks(place, *own)["keystore"][::2] == ("warn", f"chmod 600 {place.key('oracle')}")
    place.key("oracle").chmod(0o600)
    assert checks(place, *own)["keystore"][0] == "ok"


def test_tokens_for_bonds(place: Place, tmp_path: Path) -> None:
    stage = place.stage
    token, held = stage.contracts.development_token, stage.contracts.development_token.balance_of
    kept = held(stage.oracle.address)
    assert kept
    whole = f"{kept // COIN:,} {token.symbol()} free"
    assert checks(place, "--state", tmp_path)["bond"][:2] == (
        "ok",
        f"{whole}; each campaign takes a quarter of its escrow",
    )
    stage.sender.send(stage.oracle, token.transfer(stage.deployer.address, kept))
    found = checks(place, "--state", tmp_path, code=1)
    assert failing(found) == ["bond"]
    assert found["bond"][2].startswith(f"send some of token {token.address} to {stage.oracle.address}")
    # What lies in the registry counts as well.
    stage.sender.send(stage.deployer, token.transfer(stage.oracle.address, kept))
    registry = stage.contracts.registry
    stage.sender.send(stage.oracle, token.approve(registry.address, kept))
    stage.sender.send(stage.oracle, registry.deposit(token.address, kept))
    assert checks(place, "--state", tmp_path)["bond"][1].startswith(whole)


def test_a_development_key_where_money_is_real(place: Place, anvil_program: Path) -> None:
    with running_anvil(anvil_program, "--chain-id", "1", "--hardfork", "prague") as running:
        chain = connect(running.url)
        about = ChainChecks(chain, place.stage.deployment, PUBLIC, time)
        found = about.key(place.stage.oracle)
        assert (found.state, "anyone knows its key" in found.found) == (State.FAIL, True)
        assert about.key(new_signer()).state is State.OK
        assert about.gas(new_signer()).state is State.FAIL
        assert about.seeds() == Finding("block hashes", State.OK, "8,191 blocks (EIP-2935)")
        assert about.finality().state is State.OK
        # The clock: the machine's is set by the test, the chain's is what it is.
        head = chain.now()
        for seconds, state in ((-5, "ok"), (-30, "warn"), (-90, "fail"), (3_600, "ok")):
            assert replace(about, now=lambda s=seconds: head + s).clock().state == state  # type: ignore[misc]
        for seconds, state in ((5, "ok"), (300, "warn"), (1_000, "fail")):
            assert replace(about, now=lambda s=seconds: head + s).synced().state == state  # type: ignore[misc]


# --------------------------------------------------------------------------------- chain


def test_no_node_and_another_chain(place: Place, anvil_program: Path, tmp_path: Path) -> None:
    nobody = checks(replace(place, url="http://127.0.0.1:9"), "--state", tmp_path, code=1)
    assert failing(nobody) == ["chain", "contracts", "key", "gas", "pool"]
    with running_anvil(anvil_program, "--chain-id", "1") as running:
        other = checks(replace(place, url=running.url), "--state", tmp_path, code=1)
        assert "is chain 1, expected 31337" in other["chain"][1]


def test_contracts_that_are_not_there_or_not_ours(place: Place, anvil_program: Path, tmp_path: Path) -> None:
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        empty = checks(replace(place, url=running.url), "--state", tmp_path, code=1)
        assert "no contract at" in empty["contracts"][1]
    place.stage.chain._ask("anvil_setCode", str(place.registry), "0x6001")  # type: ignore[attr-defined]
    other = checks(place, "--state", tmp_path, code=1)
    assert "TaskRegistry" in other["contracts"][1]
    assert "contracts" in failing(other)


def test_a_pool_of_somebody_else(place: Place, tmp_path: Path) -> None:
    name = place.stage.params.pool
    assert "pool" not in failing(checks(place, "--state", tmp_path, "--pool", name))
    found = checks(place, "--state", tmp_path, "--pool", name, by="stranger", code=1)
    assert failing(found) == ["pool"]
    assert f"not {place.stage.stranger.address}" in found["pool"][1]
    assert failing(checks(place, "--state", tmp_path, "--pool", "0x" + "11" * 32, code=1)) == ["pool"]


@contextmanager
def tampered(place: Place, method: str, answer: Any) -> Iterator[tuple[Place, Proxy]]:
    """The node behind one that refuses a method, or answers it otherwise."""
    with proxied(place.url) as proxy:
        proxy.tamper = lambda asked, told: (
            {"jsonrpc": "2.0", "id": asked["id"], **answer(asked, told)}
            if asked["method"] == method
            else told
        )
        yield replace(place, url=proxy.url), proxy


def test_a_node_that_has_no_history(place: Place, tmp_path: Path) -> None:
    error = {"error": {"code": -32_000, "message": "missing trie node"}}
    with tampered(place, "eth_getLogs", lambda *_: error) as (behind, _):
        found = checks(behind, "--state", tmp_path, code=1)
        assert failing(found) == ["history", "pool", "bond", "campaigns"]
        assert "missing trie node" in found["history"][1]


def test_a_node_that_gives_small_ranges_of_logs(place: Place, tmp_path: Path) -> None:
    def small(asked: Any, told: Any) -> Any:
        first, last = (int(asked["params"][0][each], 16) for each in ("fromBlock", "toBlock"))
        whole = {"error": {"code": -32_005, "message": "range too large"}}
        return whole if last > first else told

    place.stage.chain.mine(3)
    with tampered(place, "eth_getLogs", small) as (behind, _):
        found = checks(behind, "--state", tmp_path)  # smaller ones are asked for
        assert found["history"][0] == "ok"
        assert found["range of logs"][0] == "warn"


def test_a_node_without_finality(place: Place, anvil_program: Path) -> None:
    with running_anvil(anvil_program, "--chain-id", "1") as running:
        nothing = replace(place, url=running.url)
        unknown = {"error": {"code": -32_602, "message": "unknown tag"}}
        with tampered(
            nothing,
            "eth_getBlockByNumber",
            lambda asked, told: unknown if "finalized" in asked["params"] else told,
        ) as (behind, _):
            about = ChainChecks(connect(behind.url), Deployment.load(place.record), PUBLIC, time)
            assert about.finality().state is State.WARN
            assert replace(about, depth=20).finality().state is State.OK


def test_a_node_that_is_slow(place: Place) -> None:
    def slowly(_: Any, told: Any) -> Any:
        sleep(0.6)
        return told

    with tampered(place, "eth_blockNumber", slowly) as (behind, _):
        about = ChainChecks(connect(behind.url), place.stage.deployment, PUBLIC, time)
        _, node = about.reachable()
        assert node.state is State.WARN


# --------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "ok"), (-30, "warn"), (30, "warn"), (90, "fail"), (-90, "fail")]
)
def test_the_clock_beside_that_of_a_service(seconds: int, state: str) -> None:
    class Dated(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)  # with the date of now
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Dated) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        found = clock_of_api(f"http://127.0.0.1:{server.server_port}", lambda: time() + seconds)
        server.shutdown()
        thread.join()
    assert found.state == state
    assert bool(found.advice) == (state != "ok")


def test_no_service_to_compare_with(place: Place, tmp_path: Path) -> None:
    with pytest.raises(ServiceError):
        clock_of_api("http://127.0.0.1:9", time)
    found = checks(place, "--state", tmp_path, "--api", "http://127.0.0.1:9", code=1)
    assert failing(found) == ["clock beside the API"]
    assert off_by("x", 61).state is State.FAIL


# ----------------------------------------------------------------------------------- disk


def test_a_disk_that_is_full(place: Place, small_disk: Path) -> None:
    found = checks(place, "--state", small_disk, code=1)
    assert found["disk space"][0] == "fail"
    assert found["inodes"][0] == "warn"
    (small_disk / "ballast").write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4_096))
    full = checks(place, "--state", small_disk, code=1)
    assert set(failing(full)) >= {"disk space", "disk writes"}
    assert "No space left" in full["disk writes"][1]


def test_a_disk_without_inodes(place: Place, small_disk: Path) -> None:
    for number in range(os.statvfs(small_disk).f_favail - 1):
        (small_disk / str(number)).touch()
    assert checks(place, "--state", small_disk, code=1)["inodes"][0] == "fail"


def test_a_disk_that_takes_nothing(place: Place, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    found = checks(place, "--state", small_disk, code=1)
    assert "Read-only file system" in found["disk writes"][1]


# ------------------------------------------------------------------------------- database


def test_a_file_that_is_no_database(place: Place, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1_000)
    found = checks(place, "--state", tmp_path, code=1)
    assert failing(found) == ["database"]
    assert "not a database" in found["database"][1]


def test_a_store_of_another_version(place: Place, tmp_path: Path) -> None:
    with dump.empty_file(tmp_path / FILE) as connection:
        revisions.upgrade(connection, "0001")
    older = checks(place, "--state", tmp_path)
    assert older["database"][0] == "warn"
    with dump.reading(tmp_path, None) as connection:
        assert revisions.revision_of(connection) == "0001"  # looked at, and left as it is
    with sqlite3.connect(tmp_path / FILE) as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    plain.close()
    newer = checks(place, "--state", tmp_path, code=1)
    assert "9999 is not known" in newer["database"][1]


def test_a_store_that_somebody_holds(place: Place, tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    with database.writing():
        found = checks(place, "--state", tmp_path, code=1)
    database.close()
    assert failing(found) == ["database lock"]
    assert "locked" in found["database lock"][1]


def test_a_log_of_writes_that_has_grown(place: Place, tmp_path: Path) -> None:
    """Sparse: no disk is filled. Nobody reads it, since its head is none."""
    Database.open(tmp_path).close()
    with (tmp_path / f"{FILE}-wal").open("wb") as file:
        file.truncate(300 * 1024**2)
    assert checks(place, "--state", tmp_path)["write-ahead log"][:2] == ("warn", "300.0 MiB")


def test_postgres(place: Place, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELSHARE_DATABASE", postgres)
    empty = checks(place, "--blobs", tmp_path)
    assert empty["database"][1].startswith("empty")
    database = Database.at(postgres)
    found = checks(place, "--blobs", tmp_path)
    assert {"database", "clock beside the database", "database lock", "connections"} <= set(found)
    ahead = {each.what: each for each in machine.database_server(postgres, lambda: time() + 100)}
    assert ahead["clock beside the database"].state is State.FAIL
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    assert failing(checks(place, "--blobs", tmp_path, code=1)) == ["database"]


def test_postgres_where_somebody_waits(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database.at(postgres)
    monkeypatch.setattr(machine, "WAIT_SECONDS", (0.2, 60.0))

    def wait() -> None:
        with database.writing(b"a turn"):
            pass

    with database.writing(b"a turn"):
        waiting = threading.Thread(target=wait)
        waiting.start()
        sleep(0.6)
        found = {each.what: each for each in machine.database_server(postgres, time)}
    waiting.join()
    assert found["database lock"].state is State.WARN
    database.close()


def test_no_postgres_there(place: Place, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELSHARE_DATABASE", "postgresql://labelshare:secret@127.0.0.1:9/none")
    ran = place.run("doctor", *place.signing("oracle"))
    assert ran.code == 1
    assert "secret" not in ran.out + ran.err
    with administering(postgres) as admin:
        admin.execute(text("CREATE TABLE theirs (x int)"))
    monkeypatch.setenv("LABELSHARE_DATABASE", postgres)
    assert failing(checks(place, code=1)) == ["database"]


# ------------------------------------------------------------------------ blobs, and limits


def test_blobs_that_cannot_be_kept(place: Place, tmp_path: Path, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4_096))
    found = checks(place, "--state", tmp_path, "--blobs", small_disk, code=1)
    assert failing(found) == ["blobs"]
    bucket = checks(place, "--state", tmp_path, "--blobs", "nowhere://bucket", code=1)
    assert failing(bucket) == ["blobs"]
    good = checks(place, "--state", tmp_path, "--blobs", tmp_path)
    assert good["blobs"][0] == "ok"
    assert list(tmp_path.glob("b*")) == []


@pytest.mark.parametrize(("limit", "state"), [(200, "fail"), (1_000, "warn"), (5_000, "ok")])
def test_few_open_files(limit: int, state: str) -> None:
    program = "from labelshare.oracle.check_machine import open_files; print(open_files().state)"
    hard = max(limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard)),
    )
    assert done.stdout.strip() == state


def test_how_values_are_graded() -> None:
    assert [graded(value, 1, 5) for value in (0, 1, 4, 5)] == ["ok", "warn", "warn", "fail"]
    assert [graded(value, 5, 1) for value in (6, 5, 2, 1)] == ["ok", "warn", "warn", "fail"]


def test_nothing_is_named(place: Place) -> None:
    found = checks(place, by="", code=1)
    assert set(failing(found)) == {"keystore", "key", "gas", "pool", "database"}
