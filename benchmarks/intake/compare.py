"""Runs the service under load beside a bare app, and turns what was seen into rows."""

from __future__ import annotations

import pickle
import platform
import sqlite3
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

from benchmarks.gas import node
from benchmarks.intake import messages
from benchmarks.intake.campaign import LARGE, ORACLE, Open, Plan, funded
from benchmarks.intake.check import require_all_kept, require_kept, require_no_more
from benchmarks.intake.running import Server, postgres, running
from benchmarks.rows import Report, Row
from benchmarks.sides import run_python
from labelshare.chain.keys import save_keystore
from labelshare.chain.transactions import Sender
from labelshare.oracle.desk import Desk
from labelshare.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["SIZES", "measure", "plan_for"]

SIZES: Final = (10, 100, 1_000)
HARDFORK: Final = "cancun"
SECONDS: Final = 6.0
"""For which each half of a load is sent."""

_LABELS: Final = 12_000
_LARGE_LABELS: Final = {10: 60_000, 100: 60_000}
_MOST_LARGE_LABELS: Final = 40_000
_PASSWORD: Final = "of a development key"


class Load(NamedTuple):
    """What a load came to.

    Attributes:
        requests: How many were answered.
        wall_s: From the first to the last answer.
        waited: Seconds until each answer, ascending.
        server_s: Seconds of processor of all servers.
        client_s: Of the process that sent.
        bodies: The answers of each connection.
    """

    requests: int
    wall_s: float
    waited: Sequence[float]
    server_s: float
    client_s: float
    bodies: Sequence[Sequence[bytes]]

    def quantile(self, part: float) -> float:
        """Milliseconds within which that part of the answers came."""
        return round(1_000 * self.waited[min(len(self.waited) - 1, int(part * len(self.waited)))], 1)


@dataclass(frozen=True)
class Phase:
    """Labels handed in, and opened once the chain's clock was put forward: each batch by two requests.

    A half that ran out of time has fewer requests than the other; what both cost a batch is added up.
    """

    size: int
    commits: Load
    opens: Load

    def a_label(self, figure: Callable[[Load], float]) -> float:
        """What both halves together take for one label."""
        return sum(figure(each) / each.requests for each in (self.commits, self.opens)) / self.size

    @property
    def labels_a_second(self) -> int:
        """Labels of which both receipts are held."""
        return round(1 / self.a_label(lambda load: load.wall_s))

    @property
    def requests_a_second(self) -> int:
        """Two for each batch."""
        return round(2 / self.size / self.a_label(lambda load: load.wall_s))


def plan_for(connections: int, labels: int = _LABELS) -> Plan:
    """As many labels one by one as are to be measured, and several times as many in large batches."""
    large = min(_LARGE_LABELS.get(connections, _MOST_LARGE_LABELS), 6 * labels)
    each = max(1, round(large / LARGE / connections))
    return Plan(connections, max(1, labels // connections), each)


def measure(sizes: Sequence[int], labels: int = _LABELS) -> Report:
    """Rows for each number of connections, on both databases.

    Raises:
        benchmarks.sides.SideError: a server does not come up, a request was refused, or anything that was
            receipted is not in the store.
    """
    rows: list[Row] = []
    for size in sizes:
        plan = plan_for(size, labels)
        floor, peer_mb = _floor(plan)
        rows.append(Row("bare app: peak memory", size, None, peer_mb, "MB"))
        for store, processes in (("SQLite", 1), ("PostgreSQL", 2)):
            single, large, peak = _campaign(plan, store, processes)
            name = f"{store}, {processes} process{'es' * (processes > 1)}"
            rows += _rows(f"{name}: one by one", size, single, floor, peak)
            rows += _rows(f"{name}: batches of {LARGE}", size, large, None, peak)
    return Report(rows)


# ------------------------------------------------------------------------------- the sides


def _floor(plan: Plan) -> tuple[Load, float]:
    """The bare app under the same number of connections."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "floor.db"
        with running(["benchmarks.intake.peer", str(file)]) as server:
            found = _loaded(messages.peers(plan.n_people, plan.n_single), [server], Path(folder))
            peak = server.peak_mb
        with sqlite3.connect(file) as connection:
            (kept,) = connection.execute("SELECT COUNT(*) FROM labels").fetchone()
        require_all_kept("the floor", found.requests, kept)
    return found, peak


def _campaign(plan: Plan, store: str, processes: int) -> tuple[Phase, Phase, float]:
    """Labels one by one, and in large batches, through the whole service; and its peak memory, of one."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        place = funded(held.enter_context(node.running(HARDFORK)).url, plan)
        url = held.enter_context(postgres()) if store == "PostgreSQL" else None
        where = {"LABELSHARE_DATABASE": url} if url else {"LABELSHARE_STATE": str(folder)}
        servers = held.enter_context(_serving(place, folder, where, processes))
        database = Database.at(url) if url else Database.open(folder)
        held.callback(database.close)
        service = held.enter_context(httpx.Client(base_url=servers[0].url, timeout=60.0))
        tokens = place.begin(service)
        items = _items(place, database)
        for server in servers:
            with httpx.Client(base_url=server.url, timeout=60.0) as each:
                place.warm(each, tokens[0])
        single = messages.sealed(place, items, 1, plan.n_single, [0] * plan.n_people)
        first = _loaded(messages.commits(place, tokens, single), servers, folder)
        done = [len(own) for own in first.bodies]
        large = messages.sealed(place, items, LARGE, plan.n_large, done)
        second = _loaded(messages.commits(place, tokens, large), servers, folder)
        place.end_round(service, tokens[0])
        phases = []
        for size, batches, handed in ((1, single, first), (LARGE, large, second)):
            known = [own[: len(bodies)] for own, bodies in zip(batches, handed.bodies, strict=True)]
            opened = _loaded(messages.openings(place, tokens, known), servers, folder)
            require_kept(place, database, known, handed.bodies, opened.bodies)
            phases.append(Phase(size, handed, opened))
        require_no_more(place, database, phases[0].commits.requests + phases[1].commits.requests)
        return phases[0], phases[1], max(server.peak_mb for server in servers)


@contextmanager
def _serving(place: Open, folder: Path, where: Mapping[str, str], processes: int) -> Iterator[list[Server]]:
    """The service as anybody runs it, but without limits for one address: here it is everybody's."""
    keystore, password, record = folder / "oracle.json", folder / "password", folder / "deployment.json"
    save_keystore(keystore, ORACLE, _PASSWORD)
    password.write_text(_PASSWORD, encoding="ascii")
    place.deployment.save(record)
    command = ["labelshare", "serve", "--port", "0", "--depth", "0", "--address-rate", "0"]
    command += ["--account-rate", "0", "--url", place.url, "--deployment", str(record)]
    command += ["--key", str(keystore), "--password-file", str(password), "--blobs", str(folder / "blobs")]
    with ExitStack() as held:
        yield [held.enter_context(running(command, where)) for _ in range(processes)]


def _items(place: Open, database: Database) -> list[list[int]]:
    """What everybody is assigned, worked out from chain and store as the service does."""
    oracle = Desk(Sender(place.chain), place.deployment, ORACLE, database).oracle(place.scope.campaign_id)
    oracle.refresh()
    return [sorted(oracle.assigned_to(each.address) or ()) for each in place.people]


def _loaded(work: Sequence[Sequence[bytes]], servers: Sequence[Server], folder: Path) -> Load:
    """Requests sent by a process of its own."""
    file, out = folder / "requests", folder / "answers"
    file.write_bytes(pickle.dumps(work))
    before = sum(server.cpu_s for server in servers)
    ports = [server.port for server in servers]
    run_python("benchmarks.intake.load", file, out, SECONDS, *ports)
    spent = sum(server.cpu_s for server in servers) - before
    told, bodies = pickle.loads(out.read_bytes())
    return Load(sum(map(len, bodies)), told["wall_s"], told["waited"], spent, told["cpu_s"], bodies)


# -------------------------------------------------------------------------------- the rows


def _rows(name: str, size: int, phase: Phase, floor: Load | None, peak: float) -> Iterator[Row]:
    """Labels and requests a second, how long answers took, and what a thousand labels cost the servers."""
    peer = None if floor is None else round(floor.requests / floor.wall_s)
    versions = {"python": platform.python_version()}
    versions |= {each: version(each) for each in ("fastapi", "uvicorn", "uvloop", "sqlalchemy", "coincurve")}
    yield Row(
        name,
        size,
        phase.labels_a_second,
        peer,
        "labels / s",
        cpu_s=round(phase.commits.server_s + phase.opens.server_s, 2),
        wall_s=round(phase.commits.wall_s + phase.opens.wall_s, 2),
        peak_mb=peak,
        versions=versions,
    )
    yield Row(f"{name}, requests", size, phase.requests_a_second, peer, "requests / s")
    for part, load in (("commitments", phase.commits), ("openings", phase.opens)):
        yield Row(f"{name}, {part}", size, round(load.requests / load.wall_s), peer, "requests / s")
        for title, at in (("p50", 0.5), ("p99", 0.99)):
            theirs = None if floor is None else floor.quantile(at)
            yield Row(f"{name}, {part}, {title}", size, load.quantile(at), theirs, "ms")
    unit = "CPU s / 1,000 labels"
    cost = None if floor is None else _digits(1_000 * floor.server_s / floor.requests)
    spent = _digits(1_000 * phase.a_label(lambda load: load.server_s))
    yield Row(f"{name}, server", size, spent, cost, unit)
    cost = None if floor is None else _digits(1_000 * floor.client_s / floor.requests)
    spent = _digits(1_000 * phase.a_label(lambda load: load.client_s))
    yield Row(f"{name}, client", size, spent, cost, unit)


def _digits(number: float) -> float:
    return float(f"{number:.3g}")
