"""What is asked of store, chain and disk for the metrics of a service.

Each of them is asked by a thread of its own when somebody looks, once in a few seconds at most, and never for
more than a fiftieth of the time: looking often costs the service nothing, and a node or a database that
hangs holds up no other figure.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Final

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.pool import QueuePool

from labelshare.oracle.blobs import Blobs
from labelshare.oracle.service import Service
from labelshare.oracle.watcher import WATCH, is_unchecked
from labelshare.store.jobs import Entry
from labelshare.store.schema import commits, enrolments, openings, transactions

__all__ = ["Part", "ServiceMetrics"]

LEAST_SECONDS: Final = 5.0
BLOBS_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 2.0
SHARE: Final = 50
_STATES: Final = ("pending", "mined", "refused", "replaced", "lost")

log = structlog.get_logger(__name__)

Gather = Callable[[], Iterable[Metric]]


class Part:
    """Figures of one source, asked for seldom.

    Args:
        name: Of the source.
        gather: Asks it.
        least: Seconds that the figures are good for at least.
        patience: Seconds that who looks waits for new ones; then the last ones are shown.
    """

    def __init__(
        self,
        name: str,
        gather: Gather,
        least: float = LEAST_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.name = name
        self.answers = False
        self.faults = 0
        self._gather, self._least, self._patience = gather, least, patience
        self._lock = Lock()
        self._figures: list[Metric] = []
        self._next = 0.0
        self._at = monotonic()
        self._asking: Thread | None = None

    def figures(self) -> list[Metric]:
        """The figures; none where the source failed when it was last asked."""
        with self._lock:
            if self._asking is None and monotonic() >= self._next:
                self._asking = Thread(target=self._ask, name=f"metrics: {self.name}", daemon=True)
                self._asking.start()
            asking = self._asking
        if asking is not None:
            asking.join(self._patience)
        return self._figures

    @property
    def age(self) -> float:
        """Seconds since the source was asked and answered, or failed."""
        return monotonic() - self._at

    def _ask(self) -> None:
        start, found = monotonic(), None
        try:
            found = list(self._gather())
        except Exception as error:  # noqa: BLE001 (whatever fails: there are no figures of this source)
            self.faults += 1
            log.warning("no figures for metrics", source=self.name, error=type(error).__name__)
        end = monotonic()
        with self._lock:
            self._figures, self.answers = found or [], found is not None
            self._at, self._next = end, end + max(self._least, SHARE * (end - start))
            self._asking = None


class ServiceMetrics(Collector):
    """The figures of a service.

    Args:
        service: Whose.
        disks: Folders whose disk is watched, by what is in them.
        blobs: The blobs to count; None for those of a bucket, where a list costs money.
        least: Seconds that figures are good for at least.
    """

    def __init__(
        self,
        service: Service,
        disks: Mapping[str, Path],
        blobs: Blobs | None = None,
        least: float = LEAST_SECONDS,
    ) -> None:
        self._service = service
        self._disks = disks
        self._blobs = blobs
        self.parts = [
            Part("intake", self._intake, least),
            Part("jobs", self._jobs, least),
            Part("transactions", self._transactions, least),
            Part("chain", self._chain, least),
            Part("disk", self._disk, least),
            *([] if blobs is None else [Part("blobs", self._kept, BLOBS_SECONDS)]),
        ]

    def describe(self) -> list[Metric]:
        """Nothing: what there is, is known when it is collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every figure; those that cost nothing are new each time."""
        yield from self._workers()
        yield from self._pool()
        for part in self.parts:
            yield from part.figures()
        yield from self._sources()

    def _sources(self) -> Iterator[Metric]:
        names = [part.name for part in self.parts]
        yield _gauge(
            "source_up",
            "Whether a source answered when it was last asked.",
            "source",
            zip(names, (float(part.answers) for part in self.parts), strict=True),
        )
        yield _gauge(
            "source_age_seconds",
            "Age of a source's figures.",
            "source",
            zip(names, (part.age for part in self.parts), strict=True),
        )
        yield _counter(
            "source_faults",
            "How often a source did not answer.",
            "source",
            zip(names, (float(part.faults) for part in self.parts), strict=True),
        )

    # ------------------------------------------------------------ of this process

    def _workers(self) -> Iterator[Metric]:
        workers = self._service.workers
        yield _counter(
            "worker_faults",
            "Steps of a worker that failed, in this process.",
            "worker",
            ((each.name, each.faults) for each in workers),
        )
        yield _gauge(
            "worker_last_success_timestamp_seconds",
            "When a worker's step last went well; 0 for never.",
            "worker",
            ((each.name, each.last) for each in workers),
        )

    def _pool(self) -> Iterator[Metric]:
        pool = self._service.database.engine.pool
        if isinstance(pool, QueuePool):
            states = [("taken", pool.checkedout()), ("idle", pool.checkedin())]
            yield _gauge(
                "database_connections", "Connections to the store, of this process.", "state", states
            )

    # ------------------------------------------------------------------ of the store

    def _intake(self) -> Iterator[Metric]:
        """All that was ever taken, by whichever process: what the store holds."""
        with self._service.database.reading() as connection:
            batches, labels = connection.execute(select(func.count(), func.sum(commits.c.count))).one()
            enrolled = connection.execute(select(func.count()).select_from(enrolments)).scalar_one()
            opened = connection.execute(select(func.count()).select_from(openings)).scalar_one()
        yield CounterMetricFamily(
            _named("intake_labels"), "Labels in sealed batches taken.", float(labels or 0)
        )
        messages = [("enrolment", enrolled), ("batch", batches), ("opening", opened)]
        yield _counter("intake_messages", "Messages taken, by kind.", "kind", messages)

    def _jobs(self) -> Iterator[Metric]:
        """Jobs to do by kind and state, and what the watcher found."""
        now, jobs = self._service.now(), self._service.jobs
        states, oldest = Counter[tuple[str, str]](), dict[str, float]()
        for entry in jobs.entries(done=False):
            states[entry.kind, _state(entry, now)] += 1
            oldest[entry.kind] = max(oldest.get(entry.kind, 0.0), now - entry.due)
        counts = jobs.counts()
        for (kind, done, told), number in counts.items():
            if done:
                states[kind, "told" if told else "done"] += number
        found = GaugeMetricFamily(
            _named("jobs"),
            "Jobs by kind and state: later, due, failed (tried again), done, told (done, with a finding).",
            labels=("kind", "state"),
        )
        for (kind, state), number in sorted(states.items()):
            found.add_metric((kind, state), number)
        yield found
        yield _gauge(
            "job_oldest_seconds",
            "How long the oldest job that is not done has been due.",
            "kind",
            sorted(oldest.items()),
        )
        watched = {told: number for (kind, done, told), number in counts.items() if done and kind == WATCH}
        findings = jobs.entries(done=True, failed=True) if watched.get(True) else []
        unchecked = sum(each.kind == WATCH and is_unchecked(each) for each in findings)
        yield CounterMetricFamily(
            _named("watcher_proposals_checked"),
            "Proposals that were recomputed.",
            float(sum(watched.values()) - unchecked),
        )
        yield CounterMetricFamily(
            _named("watcher_proposals_unchecked"),
            "Proposals whose bundle was not to be had until their campaign was over.",
            float(unchecked),
        )
        yield CounterMetricFamily(
            _named("watcher_alarms"),
            "Proposals that do not hold, or whose oracle withheld the evidence.",
            float(watched.get(True, 0) - unchecked),
        )

    def _transactions(self) -> Iterator[Metric]:
        gas = func.coalesce(func.sum(transactions.c.gas_used), 0)
        table, (state, label) = transactions, (transactions.c.state, transactions.c.label)
        with self._service.database.reading() as connection:
            states = connection.execute(select(state, func.count()).group_by(state)).all()
            by_call = connection.execute(select(label, gas).where(table.c.gas_used > 0).group_by(label)).all()
        by_state = {str(name): int(number) for name, number in states}
        counts = [(each, float(by_state.get(each, 0))) for each in _STATES]
        yield _gauge("transactions", "Transactions in the journal, by what became of them.", "state", counts)
        yield _counter(
            "gas_used",
            "Gas used by transactions in blocks, by call.",
            "call",
            ((name, float(used)) for name, used in by_call),
        )

    # ------------------------------------------------------------- of chain and disk

    def _chain(self) -> Iterator[Metric]:
        service = self._service
        position, signer = service.indexer.position(), service.signer
        head = position.head.number
        blocks = [("head", head + position.behind), ("indexed", head), ("final", position.final)]
        yield _gauge(
            "block",
            "Numbers of blocks: the chain's head, the index's, and the last that is final there.",
            "which",
            blocks,
        )
        yield GaugeMetricFamily(
            _named("index_behind_blocks"), "Blocks that the index lacks.", float(position.behind)
        )
        yield GaugeMetricFamily(
            _named("index_head_age_seconds"), "Age of the index's head by this machine's clock.", position.age
        )
        balance = float(service.sender.chain.balance(signer.address))
        yield GaugeMetricFamily(_named("account_balance_wei"), "What the account holds for gas.", balance)

    def _disk(self) -> Iterator[Metric]:
        free = []
        for name, folder in self._disks.items():
            space = os.statvfs(folder)
            free.append((name, float(space.f_bavail * space.f_frsize)))
        yield _gauge("disk_free_bytes", "Free space where a store is.", "store", free)

    def _kept(self) -> Iterator[Metric]:
        sizes = [] if self._blobs is None else [size for _, size in self._blobs.every()]
        yield GaugeMetricFamily(_named("blobs"), "Blobs in the folder.", float(len(sizes)))
        yield GaugeMetricFamily(_named("blobs_bytes"), "How large they are together.", float(sum(sizes)))


def _state(entry: Entry, now: float) -> str:
    if entry.tries:
        return "failed"
    return "due" if entry.due <= now else "later"


def _named(name: str) -> str:
    return f"labelshare_{name}"


def _gauge(name: str, about: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    return _filled(GaugeMetricFamily(_named(name), about, labels=(label,)), values)


def _counter(name: str, about: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    return _filled(CounterMetricFamily(_named(name), about, labels=(label,)), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Iterable[tuple[str, float]]) -> Metric:
    for name, value in values:
        family.add_metric((name,), value)
    return family
