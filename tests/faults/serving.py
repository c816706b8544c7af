"""`labelshare serve` as a process of its own, and a campaign that lives by it alone, over HTTP.

Annotators hand in over real connections, each in a thread, and ask again where the service fails; time goes
on when a phase's work is in and the service has done its part. No step of the oracle's is taken by hand.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from labelshare.chain.state import CampaignState, Status
from labelshare.client.annotator import Annotator
from labelshare.client.connection import Connection
from labelshare.client.http import HttpTransport
from labelshare.client.service import ServiceClient
from labelshare.errors import LabelshareError, ProtocolError, ServiceError
from labelshare.oracle.tasks import closing
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.types import ZERO_HASH, Address
from tests.client.gold import GOLD, requester
from tests.commands.place import PASSWORD, write_keystore
from tests.conftest import ROOT
from tests.faults.beside import beside
from tests.oracle.play import ROSTER_SECONDS
from tests.oracle.stage import Stage

__all__ = ["Forker", "Killer", "Life", "Service", "Store", "forker", "free_port", "patiently"]

READY_SECONDS = 60.0
PHASE_SECONDS = 150.0

Answer = TypeVar("Answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ------------------------------------------------------------------------ the process


@dataclass
class Forker:
    """See `tests.faults.forker`."""

    process: subprocess.Popen[str]

    def start(self, **order: Any) -> int:
        into, out = self.process.stdin, self.process.stdout
        assert into is not None
        assert out is not None
        into.write(json.dumps(order) + "\n")
        into.flush()
        return int(out.readline())


@contextmanager
def forker() -> Iterator[Forker]:
    command = [sys.executable, "-m", "tests.faults.forker"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Forker(process)
        process.stdin.close()


@dataclass(frozen=True)
class Store:
    """Where a service keeps what it knows: options of the command, and variables of its environment."""

    options: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)


@dataclass
class Service:
    """One service, started as often as it is killed, always at the same address.

    Attributes:
        start_process: How a process is started.
        stage: Whose oracle it is.
        node: The node's address.
        store: Where it keeps what it knows.
        folder: For keystore, record and log.
        shift: Seconds that its clock is ahead.
    """

    forker: Forker
    stage: Stage
    node: str
    store: Store
    folder: Path
    shift: float = 0.0
    port: int = field(default_factory=free_port)
    pid: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.stage.deployment.save(self.folder / "deployment.json")
        (self.folder / "password").write_text(PASSWORD + "\n")
        write_keystore(self.folder / "oracle.json", self.stage.oracle)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that it has logged, in each of its processes."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        folder = self.folder
        words = ["serve", "--port", self.port, "--url", self.node, "--deployment", folder / "deployment.json"]
        words += ["--key", folder / "oracle.json", "--password-file", folder / "password", "--depth", 0]
        self.pid = self.forker.start(
            arguments=[*map(str, words), *self.store.options],
            variables=self.store.variables,
            shift=self.shift,
            log=str(folder / "log"),
        )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            assert time.monotonic() < deadline, f"the service does not start: {self.log[-3_000:]}"
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self, number: int = signal.SIGKILL) -> None:
        """Kill it, or ask it to end; returns when it has."""
        if not self.pid:
            return
        with suppress(ProcessLookupError):  # it did not even start, as its log says
            os.kill(self.pid, number)
        deadline = time.monotonic() + READY_SECONDS
        while Path(f"/proc/{self.pid}").exists():
            assert time.monotonic() < deadline, "the service does not end"
            time.sleep(0.01)
        self.pid = 0


# ---------------------------------------------------------------------------- the life


def patiently(
    ask: Callable[[], Answer], *also: type[LabelshareError], seconds: float = PHASE_SECONDS
) -> Answer:
    """Ask until there is an answer; `also` are refusals that pass."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except LabelshareError as error:
            if not isinstance(error, (ServiceError, *also)) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@dataclass(frozen=True)
class Patient(HttpTransport):
    """A client that asks again while the service fails."""

    def enrol(self, enrolment: Enrolment) -> None:
        patiently(lambda: super(Patient, self).enrol(enrolment), ProtocolError)

    def enrolled(self) -> Sequence[Address]:
        return patiently(super().enrolled, ProtocolError)

    def commit(self, signed: SignedCommit) -> bytes:
        """The round may not have begun yet, as the service learns a moment later."""
        return patiently(lambda: super(Patient, self).commit(signed), ProtocolError)

    def open(self, opening: Opening) -> bytes:
        return patiently(lambda: super(Patient, self).open(opening), ProtocolError)


@dataclass
class Life:
    """The campaign of `tests.client.gold` by way of a service.

    Attributes:
        stage: The campaign, funded.
        url: The service.
        meanwhile: Called in each phase while the clients are at it, with the phase's name.
    """

    stage: Stage
    url: str
    meanwhile: Callable[[str], None] = lambda _: None
    people: dict[str, Annotator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connections: list[Connection] = []
        stage = self.stage
        for name, signer in stage.people.items():
            transport = Patient(self.client(signer), stage.scope.campaign_id)
            self.people[name] = Annotator(signer, stage.scope, stage.params, stage.spec, transport)

    def client(self, signer: Any) -> ServiceClient:
        connection = Connection(self.url, wait=lambda _: time.sleep(0.05))
        self._connections.append(connection)
        return ServiceClient(connection, signer, chain_id=self.stage.chain.chain_id)

    def close(self) -> None:
        for each in self._connections:
            each.close()

    def state(self) -> CampaignState:
        return self.stage.contracts.registry.campaign(self.stage.scope.campaign_id)

    def until(self, holds: Callable[[], object], what: str, *, mine: bool = False) -> None:
        """Wait for the service to do its part."""
        deadline = time.monotonic() + PHASE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"waiting for {what}"
            time.sleep(0.1)
            if mine:
                self.stage.chain.mine()

    def at_once(self, phase: str, work: Iterable[Callable[[], object]]) -> None:
        """Each in a thread of its own, all at once, while something else happens."""
        faults: list[BaseException] = []

        def run(one: Callable[[], object]) -> None:
            try:
                one()
            except BaseException as error:  # noqa: BLE001 (told below, in the thread of the test)
                faults.append(error)

        threads = [threading.Thread(target=run, args=(each,)) for each in work]
        for each in threads:
            each.start()
        self.meanwhile(phase)
        for each in threads:
            each.join()
        if faults:
            raise faults[0]

    # --------------------------------------------------------------------- phases

    def live(self) -> None:
        self.begin()
        for number in range(self.stage.schedule.rounds):
            self.work(number)
        self.reveal()
        self.end()

    def begin(self) -> None:
        stage, schedule = self.stage, self.stage.schedule
        client = self.client(stage.requester)
        patiently(lambda: client.put_spec(stage.spec))
        self.until(lambda: self.state().status is Status.OPEN, "acceptance")
        self.at_once("enrolment", [each.enrol for each in self.people.values()])
        stage.chain.advance_to(schedule.enrol_end - schedule.grace - ROSTER_SECONDS)
        self.until(lambda: self.state().roster_root != ZERO_HASH, "the roster")
        record = stage.record()
        self.at_once("roster", [lambda p=p: p.check_roster(record) for p in self.people.values()])  # type: ignore[misc]
        stage.chain.advance_to(schedule.enrol_end)
        self.until(lambda: self.state().seed != ZERO_HASH, "the seed", mine=True)

    def work(self, number: int) -> None:
        """Each label in a batch of its own."""
        stage = self.stage
        stage.chain.advance_to(stage.schedule.round_start(number))
        stage.chain.mine(2)

        def label(name: str) -> None:
            for item in range(10 * number, 10 * number + 10):
                self.people[name].submit(number, {item: (item + (name == "dora")) % 3})

        self.at_once(f"round {number}", [lambda name=name: label(name) for name in self.people])  # type: ignore[misc]
        stage.chain.advance_to(closing(stage.params, number))
        registry, campaign = stage.contracts.registry, stage.scope.campaign_id
        self.until(lambda: registry.round_root(campaign, number) != ZERO_HASH, f"the root of round {number}")

    def reveal(self) -> None:
        stage = self.stage
        stage.chain.advance_to(stage.schedule.commit_end)

        def show(person: Annotator) -> None:
            for batch in person.batches:
                person.open(batch)

        self.at_once("reveal", [lambda p=p: show(p) for p in self.people.values()])  # type: ignore[misc]
        requester(stage).reveal_gold(stage.params, stage.spec, GOLD)

    def end(self) -> None:
        stage, schedule = self.stage, self.stage.schedule
        self.at_once("settle", [lambda: stage.chain.advance_to(schedule.reveal_end)])
        self.until(lambda: self.state().status is Status.PROPOSED, "the proposal", mine=True)
        self.at_once("window", [lambda: stage.chain.advance_to(self.state().since + schedule.window)])
        self.until(lambda: self.state().status is Status.FINAL, "the end")
        registry, campaign = stage.contracts.registry, stage.scope.campaign_id
        dora, token = stage.people["dora"].address, stage.contracts.development_token
        share = stage.contracts.share(stage.dataset)
        self.until(lambda: registry.is_slashed(campaign, dora), "the slash")
        paid = [each.address for name, each in stage.people.items() if name != "dora"]
        self.until(lambda: all(token.balance_of(each) and share.balance_of(each) for each in paid), "the pay")
        since = self.state().since
        self.at_once("slash window", [lambda: stage.chain.advance_to(schedule.slash_end(since))])
        self.until(lambda: self.state().place_freed, "the place")

    def bundle(self) -> bytes:
        """The evidence, as the service publishes it."""
        posted = self.stage.record().posted
        assert posted is not None
        client, name = self.client(self.stage.stranger), posted.settlement.bundle_hash
        return patiently(lambda: client.bundle(self.stage.scope.campaign_id, name))


@dataclass
class Killer:
    """Kills a service at random moments and starts it again, until it has done so often enough.

    Attributes:
        service: The service, not started yet.
        most: How often at most.
        lease: Seconds by which the next process' clock is ahead of the one's that was killed: the jobs that
            it had in hand are free then.
    """

    service: Service
    most: int
    dice: random.Random
    lease: float = 61.0
    kills: int = 0
    faults: list[BaseException] = field(default_factory=list)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with beside(self._run):
            yield
        if self.faults:
            raise self.faults[0]

    def _run(self, over: threading.Event) -> None:
        try:
            self.service.start()
            while not over.is_set() and self.kills < self.most:
                self.service.wait_ready()
                over.wait(self.dice.uniform(0.05, 2.5))
                if not over.is_set():
                    self.service.end()
                    self.kills += 1
                    self.service.shift += self.lease
                    self.service.start()
        except BaseException as error:  # noqa: BLE001 (told in the thread of the test)
            self.faults.append(error)
