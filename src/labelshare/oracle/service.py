"""The service: the indexer and the workers of one oracle, in threads of one process, until they are stopped.

Any number of processes may run it over one PostgreSQL: what each does is in `jobs`, and none holds anything
that matters. A fault in one worker, or in one campaign, is a line in the log and stops no other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import InitVar, dataclass, field
from functools import partial
from time import monotonic, time
from typing import Final

import structlog

from labelshare.chain.deploy import Deployment
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.errors import LabelshareError, StaleReadError
from labelshare.oracle import keeper, relay, settle
from labelshare.oracle.acceptance import ANYTHING, Acceptance
from labelshare.oracle.bundles import Bundles, Fetch
from labelshare.oracle.case import Case, Cases
from labelshare.oracle.clock import ClockCheck
from labelshare.oracle.deadlines import Deadlines
from labelshare.oracle.filer import FILE, Filer
from labelshare.oracle.filing import Files
from labelshare.oracle.indexer import Finality, Indexer
from labelshare.oracle.jobs import LEASE_SECONDS, Handler, Runner
from labelshare.oracle.others import KEEP, OtherKeeper
from labelshare.oracle.scheduler import SPEC, Scheduler, read_key
from labelshare.oracle.tasks import Kind, due
from labelshare.oracle.watcher import WATCH, Watcher
from labelshare.store.database import Database
from labelshare.store.index import Index
from labelshare.store.jobs import Jobs
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Options", "Service", "Worker"]

# How long a worker rests after a fault that is not of one campaign: the node or the database is away.
_FAULT_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = 0.5

log = structlog.get_logger(__name__)

Step = Callable[[Case, str], str | None]

STEPS: Final[Mapping[Kind, Step]] = {
    Kind.ACCEPT: relay.accept,
    Kind.ROSTER: relay.post_roster,
    Kind.SEED: relay.draw_seed,
    Kind.BEGIN: relay.begin,
    Kind.CLOSE: relay.close,
    Kind.MISSED: relay.missed,
    Kind.ANSWER: relay.answer,
    Kind.PROPOSE: settle.propose,
    Kind.PROPOSE_LATE: settle.propose_late,
    Kind.RESOLVE: keeper.resolve,
    Kind.FINALIZE: keeper.finalize,
    Kind.SLASH: keeper.slash,
    Kind.PAY: keeper.pay,
    Kind.FREE: keeper.free_place,
    Kind.CANCEL: keeper.cancel,
    Kind.EXPIRE: keeper.expire,
}


@dataclass(frozen=True, slots=True)
class Options:
    """How a service works.

    Attributes:
        depth: See `Finality`.
        runners: How many jobs it does at a time. Transactions of one account go one after another anyway.
        lease: For how many seconds a job is taken; renewed while it runs.
        fetch: Where bundles of others come from.
        publishers: Oracles whose own service is among what `fetch` asks.
        most_locked: What the watcher may lock in challenges, in base units; 0 for never.
        keep_all: Whether campaigns of other oracles are finalized, handed out and freed as well.
        files: Where the proofs of settlements are filed as soon as they are proposed; None for nowhere.
        acceptance: Which campaigns are taken on.
    """

    depth: int | None = None
    runners: int = 2
    lease: int = LEASE_SECONDS
    fetch: Fetch | None = None
    publishers: frozenset[Address] = frozenset()
    most_locked: int = 0
    keep_all: bool = False
    files: Files | None = None
    acceptance: Acceptance = ANYTHING


@dataclass
class Worker:
    """Something that is done again and again.

    Attributes:
        name: For logs and metrics.
        step: Does what is due; returns how many seconds until more may be.
        faults: Steps that failed, in this process.
        last: When a step last went well, Unix seconds; 0 for never.
        bell: Set to end its pause, as when another worker has made work for it.
    """

    name: str
    step: Callable[[], float]
    faults: int = 0
    last: float = 0.0
    bell: threading.Event = field(default_factory=threading.Event)

    def run_once(self) -> float:
        """One step; a fault, also one of ours, is logged and followed by a pause: it ends no worker."""
        try:
            pause = self.step()
        except StaleReadError as error:
            log.info("step begun again", worker=self.name, reason=str(error))
            return _AGAIN_SECONDS
        except LabelshareError as error:
            self.faults += 1
            told = f"{type(error).__name__}: {error}"
            log.error("step failed", worker=self.name, error=told)  # noqa: TRY400 (one line says it all)
            return _FAULT_SECONDS
        except Exception:
            self.faults += 1
            log.exception("step failed in an unforeseen way", worker=self.name)
            return _FAULT_SECONDS
        self.last = time()
        return pause


@dataclass
class Service:
    """The workers of one oracle.

    Attributes:
        sender: The way to the chain, with the database's journal.
        deployment: Where the contracts are.
        signer: The oracle's account.
        database: The store.
        options: How it works.
        clock: Gives Unix seconds; by default the one clock of all who share the database.
    """

    sender: Sender
    deployment: Deployment
    signer: Signer
    database: Database
    options: Options = Options()
    clock: InitVar[Callable[[], float] | None] = None
    now: Callable[[], float] = field(init=False)
    _beside: list[Runner] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self, clock: Callable[[], float] | None) -> None:
        chain, self.now = self.sender.chain, clock or self.database.now
        self.database.bind(chain)
        self.jobs = Jobs(self.database)
        finality = Finality(chain, self.options.depth)
        self.indexer = Indexer(chain, self.deployment, Index(self.database), finality)
        self.cases = Cases(self.sender, self.signer, self.database, self.indexer)
        self.scheduler = Scheduler(self.cases, self.jobs, self.now)
        bundles, options = Bundles(self.cases, self.options.fetch), self.options
        self.watcher = Watcher(
            self.cases, self.jobs, bundles, options.publishers, options.most_locked, self.now
        )
        self.others = OtherKeeper(self.cases, self.jobs, bundles, self.now) if options.keep_all else None
        files = self.options.files
        self.filer = None if files is None else Filer(self.cases, self.jobs, files, self.now)
        self.runners = [self._runner(self._handlers()) for _ in range(self.options.runners)]
        # Beside the others: what takes long, or asks elsewhere, and no deadline of ours waits for it.
        self._beside = [self._runner(self._of_others())]
        if self.filer is not None:
            self._beside.append(self._runner({FILE: self.filer.file}))
        self.runners += self._beside
        indexer, scheduler = Worker("indexer", self.indexer.step), Worker("scheduler", self.scheduler.step)
        runners = [Worker(f"runner {at}", each.step) for at, each in enumerate(self.runners)]
        # Whoever makes work for another wakes it; the pauses are for what other processes bring.
        self.indexer.on_news = scheduler.bell.set
        self.scheduler.on_job = partial(_wake, runners)
        for each in self.runners:
            each.on_done = partial(_wake, (indexer, scheduler))
        self.workers = [
            indexer,
            scheduler,
            Worker("watcher", self.watcher.step),
            *([Worker("keeper of others", self.others.step)] if self.others else []),
            *([Worker("filer", self.filer.step)] if self.filer else []),
            *runners,
        ]
        if not chain.is_development:  # whose time is set at will
            self.workers.append(Worker("clock", ClockCheck(chain, clock or time).step))

    def _runner(self, handlers: Mapping[str, Handler]) -> Runner:
        left = Deadlines(self.cases, self.now).left
        return Runner(self.jobs, handlers, lease=self.options.lease, now=self.now, left=left)

    def _handlers(self) -> Mapping[str, Handler]:
        handlers: dict[str, Handler] = {kind.value: partial(self._do, kind) for kind in STEPS}
        handlers[SPEC] = self._await_spec
        return handlers

    def _of_others(self) -> Mapping[str, Handler]:
        handlers: dict[str, Handler] = {WATCH: self.watcher.check}
        if self.others is not None:
            handlers[KEEP] = self.others.keep
        return handlers

    def _await_spec(self, key: str) -> None:
        relay.await_spec(self.cases, CampaignId(Hash32(key)))

    def _do(self, kind: Kind, key: str) -> str | None:
        """Do a task if it is due still: the chain may have moved on since, or moved back."""
        campaign, task = read_key(kind, key)
        case = self.cases.case(campaign)
        self.sender.catch_up(
            self.signer
        )  # what the chain has dropped is there again before anything is decided
        self.indexer.catch_up()
        if task not in due(case.params, case.situation()):
            return None
        if kind is Kind.ACCEPT:
            relay.await_place(case, self.options.acceptance)
        log.info("task", kind=kind.value, campaign=str(campaign), about=task.about)
        return STEPS[kind](case, task.about)

    # ------------------------------------------------------------ without threads

    def step(self) -> int:
        """Everything that is due now, once: index, schedule, watch, and all jobs; how many jobs were done."""
        self.indexer.catch_up()
        self.scheduler.step()
        self.watcher.step()
        if self.others is not None:
            self.others.step()
        if self.filer is not None:
            self.filer.step()
        return sum(each.run_due() for each in (self.runners[0], *self._beside))

    # --------------------------------------------------------------- with threads

    def start(self) -> None:
        """Run every worker in a thread of its own; what failed before is tried at once."""
        self.jobs.hasten(int(self.now()))
        for worker in self.workers:
            # A step that hangs must not keep the process: whatever it is at is taken up at the next start.
            thread = threading.Thread(target=self._loop, args=(worker,), name=worker.name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Have every worker end after the step at hand, without waiting for it."""
        self._stop.set()
        _wake(self.workers)

    def stop(self, seconds: float = 60.0) -> bool:
        """Let every worker finish the step at hand, and end it; whether all ended in time.

        A job that is not finished then is free for others once its lease is over.
        """
        self.end()
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the service is told to stop; whether it was, in that time."""
        return self._stop.wait(seconds)

    def lag(self) -> tuple[int, float]:
        """Blocks that the index lacks, and the age of its head in seconds."""
        position = self.indexer.position()
        return position.behind, position.age

    def _loop(self, worker: Worker) -> None:
        while not self._stop.is_set():
            worker.bell.clear()
            try:
                pause = worker.run_once()
            except Exception:  # noqa: BLE001 (not even the log can be written, as on a disk that is full)
                pause = _FAULT_SECONDS
            worker.bell.wait(pause)


def _wake(workers: Iterable[Worker]) -> None:
    for each in workers:
        each.bell.set()
