"""What a service says of itself is what was done, in few series, and costs it nothing."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from labelshare import __version__
from labelshare.api.app import create_app
from labelshare.api.gathered import Part, ServiceMetrics
from labelshare.api.metrics import Metrics
from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.connect import connect
from labelshare.chain.shared import shared
from labelshare.errors import ChainError
from labelshare.oracle.desk import Desk
from labelshare.oracle.service import Options, Service
from labelshare.oracle.watcher import WATCH
from tests.api.visit import URL, Clock, Place, good, problem
from tests.oracle.stage import build

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def figures(text: str) -> Figures:
    """Every figure of an answer by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(found: Figures, name: str, **labels: str) -> float:
    return found.get((f"labelshare_{name}", frozenset(labels.items())), 0.0)


class Measured:
    """A campaign's API and its service, on one chain and store, with metrics."""

    def __init__(self, settings: ApiSettings | None = None) -> None:
        stage = build(shared(connect()))
        self.metrics = Metrics()
        self.service = Service(stage.sender, stage.deployment, stage.oracle, stage.database, Options(depth=0))
        self.gathered = ServiceMetrics(self.service, {"database": Path("/")})
        self.metrics.add(self.gathered)
        desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
        clock = Clock()
        app = create_app(
            desk, settings or ApiSettings(url=URL), metrics=self.metrics, clock=clock, ticks=clock
        )
        self.place = Place(stage, desk, app, clock)

    def text(self) -> str:
        """As of now: every source is asked anew, however long that takes."""
        for part in self.gathered.parts:
            part._next, part._patience = 0.0, 30.0
        return generate_latest(self.metrics.registry).decode()

    def figures(self) -> Figures:
        return figures(self.text())


def requests(found: Figures, route: str, method: str, status: int) -> float:
    return figure(found, "http_requests_total", route=route, method=method, status=str(status))


def test_requests_messages_and_refusals_are_counted() -> None:
    here = Measured()
    place, stage = here.place, here.place.stage.accept()
    for name in ("ann", "ben"):
        good(place.enrol(stage.enrolment(name), stage.people[name]), 201)
    problem(place.enrol(stage.enrolment("cleo"), stage.people["dora"]), 403, "forbidden")
    stage.draw().begin()
    batches = {}
    for name, count in (("ann", 3), ("ben", 1)):
        form, person = stage.spec.task.form, stage.people[name]
        items = [each["index"] for each in good(place.get(f"{place.root}/assignment", person))["items"]]
        batches[name], _ = stage.sealed(person, {item: form.encode(0) for item in items[:count]})
        good(place.commit(batches[name], person), 201)
    good(place.commit(batches["ann"], stage.people["ann"]), 201)  # again: answered, and not taken twice
    late = replace(batches["ben"].commit, batch=5)
    forged = replace(batches["ben"], commit=late)
    problem(place.commit(forged, stage.people["ben"]), 403, "bad-signature")

    found, root = here.figures(), "/v1/campaigns/{campaign}"
    assert requests(found, f"{root}/enrolments", "POST", 201) == 2
    assert requests(found, f"{root}/enrolments", "POST", 403) == 1
    assert requests(found, f"{root}/commitments", "POST", 201) == 3
    assert requests(found, f"{root}/assignment", "GET", 200) == 2
    refused = {"route": f"{root}/commitments", "method": "POST"}
    assert figure(found, "http_problems_total", **refused, problem="bad-signature") == 1
    assert figure(found, "http_request_duration_seconds_count", **refused) == 4
    assert figure(found, "http_requests_open") == 0
    assert figure(found, "intake_labels_total") == 4
    taken = {
        kind: figure(found, "intake_messages_total", kind=kind) for kind in ("enrolment", "batch", "opening")
    }
    assert taken == {"enrolment": 2, "batch": 2, "opening": 0}


def test_the_service_is_told_as_store_and_chain_have_it() -> None:
    here = Measured()
    stage, service = here.place.stage, here.service
    before = here.figures()
    behind = stage.chain.block_number - stage.deployment.block + 1
    assert figure(before, "index_behind_blocks") == behind
    assert figure(before, "jobs", kind="accept", state="done") == 0
    place = here.place
    good(
        place.ask(
            "PUT",
            f"/v1/specs/{stage.spec.hash}",
            stage.requester,
            content=stage.spec.canonical_bytes,
            headers={"Content-Type": "application/json"},
        ),
        201,
    )
    service.step()
    for worker in service.workers:
        worker.run_once()

    found = here.figures()
    head = stage.chain.block_number
    assert figure(found, "index_behind_blocks") == 0
    assert [figure(found, "block", which=which) for which in ("head", "indexed", "final")] == [head] * 3
    assert figure(found, "jobs", kind="accept", state="done") == 1
    assert figure(found, "account_balance_wei") == float(stage.chain.balance(stage.oracle.address))
    assert figure(found, "transactions", state="mined") == len(stage.sender._journal.gas())
    used = sum(gas for label, gas in stage.sender._journal.gas() if label == "TaskRegistry.accept")
    assert figure(found, "gas_used_total", call="TaskRegistry.accept") == used > 0
    for worker in service.workers:
        assert figure(found, "worker_faults_total", worker=worker.name) == 0
        assert figure(found, "worker_last_success_timestamp_seconds", worker=worker.name) > 1.6e9
    assert figure(found, "disk_free_bytes", store="database") > 0
    assert found["process_resident_memory_bytes", frozenset()] > 10**6
    assert found["process_cpu_seconds_total", frozenset()] > 0


def test_jobs_by_their_state_and_what_the_watcher_found() -> None:
    here = Measured()
    jobs, now = here.service.jobs, int(time())
    ends = {"holds": None, "differs": "does not hold: payouts differ", "gone": "cannot be checked: no bundle"}
    for key, found in ends.items():
        assert jobs.add(WATCH, key, now - 100)
        job = jobs.take(now, now + 60, key)
        assert job is not None
        assert jobs.finish(job, found)
    for key, kind, due in (("a", "pay", -50), ("b", "pay", -300), ("c", "pay", 500), ("d", "slash", -70)):
        jobs.add(kind, key, now + due)
    failed = jobs.take(now, now + 60, "x", {"slash"})
    assert failed is not None
    jobs.retry(failed, now - 20, "RevertError: no")

    told = here.figures()
    assert figure(told, "watcher_proposals_checked_total") == 2
    assert figure(told, "watcher_alarms_total") == 1
    assert figure(told, "watcher_proposals_unchecked_total") == 1
    states = {state: figure(told, "jobs", kind="pay", state=state) for state in ("due", "later", "failed")}
    assert states == {"due": 2, "later": 1, "failed": 0}
    assert figure(told, "jobs", kind="slash", state="failed") == 1
    assert 300 <= figure(told, "job_oldest_seconds", kind="pay") < 400
    assert "payouts differ" not in here.text()


def test_there_are_as_many_series_as_routes_and_nothing_private_is_in_them() -> None:
    here = Measured()
    place, stage = here.place, here.place.stage.accept()
    good(place.enrol(stage.enrolment("ann"), stage.people["ann"]), 201)
    place.get("/v1/campaigns")
    before = len(here.figures())
    for number in range(20):
        place.get(f"/nowhere/{number}")
        place.ask("BREW", f"/v1/campaigns/{number}")
        place.get(f"/v1/campaigns/0x{number:064x}/roster")
        place.ask("POST", f"/v1/campaigns/{number}/commitments")

    text = here.text()
    assert len(figures(text)) - before < 100
    assert not re.search(r"0x[0-9a-fA-F]{8}|[0-9a-f]{40}", text)
    assert "/nowhere" not in text
    assert "BREW" not in text
    for each in (stage.oracle, *stage.people.values()):
        assert str(each.address)[2:].lower() not in text.lower()


def test_what_the_guard_refuses_is_counted_and_apps_do_not_mix() -> None:
    one = Measured(ApiSettings(url=URL, address_rate=Rate(0.001, 3)))
    other = Measured()
    for _ in range(5):
        one.place.get("/v1/campaigns")

    found = one.figures()
    assert requests(found, "/v1/campaigns", "GET", 200) == 3
    assert requests(found, "/v1/campaigns", "GET", 429) == 2
    refused = {"route": "/v1/campaigns", "method": "GET", "problem": "rate-limited"}
    assert figure(found, "http_problems_total", **refused) == 2
    assert not [name for name, _ in other.figures() if name == "labelshare_http_requests_total"]


def test_what_is_refused_before_a_route_is_looked_for_has_its_template() -> None:
    here = Measured(ApiSettings(url=URL, address_rate=Rate(0.001, 1)))
    place, campaign = here.place, "/v1/campaigns/{campaign}"
    place.get("/v1/campaigns")
    asked = ("/items/3", f"/media/{'a' * 64}", "/commitments", "/items/3/more", "")
    for path in asked:
        problem(place.get(f"{place.root}{path}"), 429, "rate-limited")
    problem(place.get("/nowhere"), 429, "rate-limited")

    found = here.figures()
    for path in ("/items/{item}", "/media/{digest}", "/commitments", ""):
        assert requests(found, campaign + path, "GET", 429) == 1, path
    assert requests(found, "none", "GET", 429) == 2


def test_which_version_runs_is_told_and_when_a_series_began_is_not() -> None:
    here = Measured()
    here.place.get("/v1/campaigns")
    assert figure(here.figures(), "build_info", version=__version__) == 1
    assert requests(here.figures(), "/v1/campaigns", "GET", 200) == 1
    assert "_created" not in here.text()


def test_they_are_served_on_a_port_of_their_own() -> None:
    here = Measured()
    with here.metrics.serving("127.0.0.1", 0) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert figure(figures(answer.text), "http_requests_open") == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert here.place.get("/metrics").status_code == 404


# -------------------------------------------------------------------------- seldom asked


def counting(asked: list[float]) -> Iterator[Metric]:
    asked.append(monotonic())
    yield GaugeMetricFamily("some", "", float(len(asked)))


def value(found: Iterable[Metric]) -> list[float]:
    return [sample.value for metric in found for sample in metric.samples]


def test_a_source_is_asked_once_in_a_while_however_often_somebody_looks() -> None:
    asked: list[float] = []
    part = Part("some", lambda: counting(asked), least=0.3)

    seen = [value(part.figures()) for _ in range(50)]
    assert (seen, len(asked)) == ([[1.0]] * 50, 1)
    sleep(0.35)
    assert value(part.figures()) == [2.0]


def test_a_slow_source_is_asked_for_a_fiftieth_of_the_time() -> None:
    asked: list[float] = []

    def slow() -> Iterator[Metric]:
        sleep(0.02)
        return counting(asked)

    part = Part("some", slow, least=0.0)
    end = monotonic() + 0.9
    while monotonic() < end:
        part.figures()
    assert len(asked) == 1


def test_a_source_that_fails_shows_no_old_figures() -> None:
    asked: list[float] = []

    def failing() -> Iterable[Metric]:
        if asked:
            raise ChainError("no node answers")
        return counting(asked)

    part = Part("some", lambda: list(failing()), least=0.0)
    assert value(part.figures()) == [1.0]
    sleep(0.1)
    assert (part.figures(), part.answers, part.faults) == ([], False, 1)


def test_a_source_that_hangs_holds_nothing_up_for_long() -> None:
    asked, going = list[float](), threading.Event()

    def hanging() -> Iterable[Metric]:
        if asked:
            going.wait(10)
        return list(counting(asked))

    part = Part("some", hanging, least=0.0, patience=0.05)
    assert value(part.figures()) == [1.0]
    sleep(0.1)
    start = monotonic()
    seen: list[Any] = [value(part.figures()) for _ in range(3)]
    going.set()
    assert seen == [[1.0]] * 3  # the last ones, with their age
    assert monotonic() - start < 1
    assert part.age > 0.1


def test_without_a_node_the_rest_is_told() -> None:
    here = Measured()

    def gone() -> int:
        raise ChainError("no node answers")

    here.service.indexer.position = gone  # type: ignore[method-assign, assignment]
    found = here.figures()
    assert figure(found, "source_up", source="chain") == 0
    assert figure(found, "source_faults_total", source="chain") == 1
    assert figure(found, "source_up", source="jobs") == 1
    assert not [name for name, _ in found if name == "labelshare_block"]
