"""`labelshare serve` as a process: it answers, works for the oracle, ends politely, goes on where it was."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from labelshare.chain.state import Status
from labelshare.client.connection import Connection
from labelshare.client.service import ServiceClient
from labelshare.commands.accepting import acceptance
from labelshare.oracle.acceptance import ANYTHING, Acceptance
from labelshare.oracle.kept import Kept
from labelshare.oracle.tasks import Kind
from labelshare.oracle.watcher import WATCH
from labelshare.protocol.commitments import Enrolment
from labelshare.protocol.typed_data import digest, enrol_hash
from labelshare.store.database import FILE, Database
from labelshare.store.jobs import Entry, Jobs
from labelshare.store.specs import Specs
from labelshare.types import NOBODY, Address
from tests.commands.place import Place, oracles_settlement, post
from tests.oracle.stage import COIN
from tests.postgres import database_url

pytestmark = pytest.mark.anvil

START_SECONDS = 90
END_SECONDS = 60


@contextmanager
def serving(
    place: Place, *options: object, by: str = "oracle", **variables: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command in a process of its own, on any free port; yields its address."""
    words = ["serve", "--port", 0, "--url", place.url, "--deployment", place.record, *place.signing(by)]
    command = [sys.executable, "-m", "labelshare", *map(str, (*words, "--depth", 0, *options))]
    environment = {**os.environ, **variables}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("Serving http://127.0.0.1:"), process.communicate()
            yield line.split()[1].removesuffix("/v1"), process
        finally:
            if process.poll() is None:
                process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Asks it to end: its exit code, and what it logged."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=END_SECONDS)
    return process.returncode, log


@contextmanager
def client(place: Place, url: str, name: str) -> Iterator[ServiceClient]:
    """Somebody who is signed in."""
    signer = place.stage.people[name] if name in place.stage.people else getattr(place.stage, name)
    with Connection(url) as connection:
        found = ServiceClient(connection, signer, chain_id=place.chain.chain_id)
        found.sign_in()
        yield found


def until_open(place: Place) -> None:
    """Waits until the oracle has accepted the campaign, which nobody here does but the service."""
    deadline = time.monotonic() + START_SECONDS
    campaign = place.stage.scope.campaign_id
    while place.stage.contracts.registry.campaign(campaign).status is not Status.OPEN:
        assert time.monotonic() < deadline, "the service did not accept the campaign"
        time.sleep(0.2)


def enrolment(place: Place, name: str) -> Enrolment:
    signer, scope = place.stage.people[name], place.stage.scope
    return Enrolment(signer.address, signer.sign_digest(digest(scope, enrol_hash(scope.campaign_id))))


@pytest.fixture(params=["folder", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[list[object], dict[str, str]]]:
    """Options and variables that say where the store is: a URL with a password never among the arguments."""
    if request.param == "folder":
        yield ["--state", tmp_path / "oracle"], {}
    else:
        with database_url(request.getfixturevalue("postgres_server")) as url:
            yield ["--blobs", tmp_path / "blobs"], {"LABELSHARE_DATABASE": url}


@pytest.mark.slow
def test_a_service_accepts_takes_enrolments_and_goes_on_after_a_restart(
    place: Place, store: tuple[list[object], dict[str, str]]
) -> None:
    options, variables = store
    stage, campaign = place.stage, place.stage.scope.campaign_id
    with serving(place, *options, **variables) as (url, process):
        with client(place, url, "requester") as requester:
            requester.put_spec(stage.spec)
        until_open(place)
        with client(place, url, "ann") as ann:
            ann.transport(campaign).enrol(enrolment(place, "ann"))
        code, log = ended(process)
        assert code == 0, log
        assert "Traceback" not in log
    with serving(place, *options, **variables) as (url, process):
        with client(place, url, "ann") as ann:
            ann.transport(campaign).enrol(enrolment(place, "ann"))  # the same again is no fault
            assert campaign in {each.id for each in ann.campaigns()}
            assert ann.spec(stage.spec.hash) == stage.spec
        code, log = ended(process)
        assert code == 0, log


@pytest.mark.slow
def test_a_folder_has_one_service_which_takes_up_at_once_what_a_killed_one_had(
    place: Place, tmp_path: Path
) -> None:
    folder, campaign, now = tmp_path / "oracle", place.stage.scope.campaign_id, int(time.time())
    with closing(Database.open(folder)) as store:
        Specs(store).add(place.stage.spec)
        jobs = Jobs(store)
        jobs.add(Kind.ACCEPT, str(campaign), now)
        assert jobs.take(now, now + 10 * START_SECONDS, "a service that was killed") is not None
    with serving(place, "--state", folder):
        until_open(place)
        own = ["serve", "--state", folder, "--port", 0, *place.signing("oracle")]
        place.refused(1, "another process serves this store", *own)


def unknown(place: Place) -> str:
    """What is said of a store that lacks the place's campaign."""
    return f"knows nothing of a campaign .* runs: {place.stage.scope.campaign_id}. .*backup.*--accept-loss"


def test_a_store_without_an_accepted_campaign_is_not_served(
    place: Place, tmp_path: Path, postgres_server: str
) -> None:
    place.stage.accept()
    own = ["--port", 0, *place.signing("oracle")]
    place.refused(1, unknown(place), "serve", "--state", tmp_path / "wrong", *own)
    assert not (tmp_path / "wrong" / FILE).exists()  # where a backup can be restored still

    Database.open(tmp_path / "empty").close()
    place.refused(1, unknown(place), "serve", "--state", tmp_path / "empty", *own)
    with database_url(postgres_server) as url:
        place.refused(1, unknown(place), "serve", "--database", url, *own)
        assert Kept.at(None, url) is None
        Database.at(url).close()
        place.refused(1, unknown(place), "serve", "--database", url, *own)


def test_a_store_without_those_on_a_roster_is_not_served(place: Place, tmp_path: Path) -> None:
    stage = place.stage.accept().enrol("ann", "ben")
    stage.engine.post_roster()
    with closing(Database.open(tmp_path)) as store:
        stage.taken_up(database=store)  # begins the campaign's book
    own = ["serve", "--state", tmp_path, "--port", 0, *place.signing("oracle")]
    place.refused(1, unknown(place), *own)


@pytest.mark.slow
def test_a_store_that_has_what_was_accepted_is_served_and_one_whose_loss_is_accepted(
    place: Place, tmp_path: Path
) -> None:
    with closing(Database.open(tmp_path / "own")) as store:
        place.stage.taken_up(database=store).accept()
    for options in (["--state", tmp_path / "own"], ["--state", tmp_path / "new", "--accept-loss"]):
        with serving(place, *options) as (_, process):
            code, log = ended(process)
            assert code == 0, log


@pytest.mark.slow
def test_a_new_store_is_served_where_what_was_accepted_is_over(place: Place, tmp_path: Path) -> None:
    stage = place.stage.accept()
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.sender.send(stage.oracle, stage.contracts.registry.cancel(stage.params))
    with serving(place, "--state", tmp_path) as (_, process):
        code, log = ended(process)
        assert code == 0, log


def test_a_port_in_use_is_one_line(place: Place, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        arguments = ["serve", "--state", tmp_path, "--port", port, *place.signing("oracle")]
        place.refused(2, f"cannot listen on 127.0.0.1 port {port}", *arguments)


def test_a_store_must_be_named_once(place: Place, tmp_path: Path) -> None:
    for options in ([], ["--state", tmp_path, "--database", "postgresql://localhost/x"]):
        place.refused(2, "where is the store. name either", "serve", *options, *place.signing("oracle"))


def test_which_campaigns_an_operator_takes_on() -> None:
    """Unsaid, of everybody who locks and pays something; of those who are named nothing unsaid is asked."""
    someone = Address(bytes(19) + b"\1")
    assert acceptance([], None, None, None) == Acceptance(least_escrow=None, least_fee=1)
    assert acceptance([str(someone)], None, None, None) == Acceptance(frozenset({someone}))
    assert acceptance([str(someone)], "5", "6", 0.5) == Acceptance(frozenset({someone}), 5, 6, 43_200)
    assert acceptance([], "0", "0", None) == ANYTHING


@pytest.mark.slow
def test_a_service_declines_what_is_not_wanted_and_says_so(place: Place, tmp_path: Path) -> None:
    folder, stage = tmp_path / "oracle", place.stage
    with closing(Database.open(folder)) as store:
        Specs(store).add(stage.spec)
    wanted = ["--accept-from", stage.stranger.address]
    asked, reason = ["oracle", "status", "--state", folder], f"requester {stage.requester.address} is none of"
    with serving(place, "--state", folder, *wanted) as (url, process):
        deadline = time.monotonic() + START_SECONDS
        while not any(each["waiting"] for each in place.facts(*asked)["campaigns"]):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        with client(place, url, "requester") as requester:
            shown = requester.campaign(stage.scope.campaign_id)
        assert reason in (shown.waits_for or "")
        assert reason in " ".join(place.done(*asked).out.split())
        code, log = ended(process)
    assert code == 0
    assert [line for line in log.splitlines() if '"error"' in line] == []
    assert log.count("job waits") == 1


def test_bad_values_are_refused_before_anything_starts(place: Place, tmp_path: Path) -> None:
    own = ["serve", "--state", tmp_path, "--port", 0, *place.signing("oracle")]
    for option in ("--challenge-up-to", "--least-escrow", "--least-fee"):
        place.refused(2, f"{option} is a number of base units", *own, option, "1 DEV")
    place.refused(2, "--accept-from: Address needs", *own, "--accept-from", "somebody")
    place.refused(2, "address", *own, "--public-url", "ftp://oracle.example")
    for everywhere in ("0.0.0.0", "::", ""):
        place.refused(2, "--public-url", *own, "--host", everywhere)
    for name in ("proxy.example", "10.0.0.1, proxy", "*"):
        place.refused(2, "IP address", *own, "--proxy", name)
    (tmp_path / "file").touch()
    place.refused(1, "no findings can be kept in", *own, "--findings", tmp_path / "file")
    for address, reason in {
        "oracle.example": "a service is at",
        "http://oracle.example": "another machine",
        "0x12=https://oracle.example": "Address",
    }.items():
        place.refused(2, reason, *own, "--bundles-from", address)


def watched(folder: Path) -> list[Entry]:
    """What the watcher of a service over that folder has come to."""
    with closing(Database.open(folder)) as store:
        return [each for each in Jobs(store).entries(done=True) if each.kind == WATCH]


@pytest.mark.slow
@pytest.mark.parametrize("short", [0, COIN])
def test_the_watcher_recomputes_what_another_oracle_proposes_by_that_ones_service(
    place: Place, tmp_path: Path, short: int
) -> None:
    """One that falls short is challenged; a right one is no alarm."""
    registry, campaign = place.stage.contracts.registry, place.stage.scope.campaign_id
    with closing(Database.open(tmp_path / "oracle")) as store:
        stage = place.stage.taken_up(database=store).accept().enrol("ann", "ben").draw()
        stage.work(ann=2, ben=2).reveal("ann", "ben")
        built = oracles_settlement(stage)
        stage.engine.book.keep_bundle(built.settlement.bundle_hash, built.bundle)
    bond = registry.campaign(campaign).bond
    place.give("stranger", bond)
    post(place.stage, replace(built.settlement, payout_total=built.settlement.payout_total - short))
    own = ["--state", tmp_path / "watcher", "--challenge-up-to", bond]
    with (
        serving(place, "--state", tmp_path / "oracle") as (url, _),
        serving(place, *own, by="stranger", LABELSHARE_BUNDLES_FROM=f"http://127.0.0.1:1 {url}"),
    ):
        deadline = time.monotonic() + START_SECONDS
        while not (found := watched(tmp_path / "watcher")):
            assert time.monotonic() < deadline, "the proposal was not checked"
            time.sleep(0.2)
    (entry,) = found
    contest = registry.contest(campaign)
    if short:
        assert "payout_total" in (entry.error or "")
        assert (contest.challenger, contest.challenge_bond) == (stage.stranger.address, bond)
    else:
        assert (entry.error, contest.challenger) == (None, NOBODY)
