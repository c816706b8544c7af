"""A service as a process, scraped over HTTP while it works: what it tells is what was done."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.api.test_metrics import Figures, figure, figures, requests
from tests.commands.place import Place
from tests.commands.test_serve import client, ended, enrolment, serving, until_open

pytestmark = [pytest.mark.anvil, pytest.mark.slow]


def scraped(url: str) -> Figures:
    return figures(httpx.get(url, timeout=10).raise_for_status().text)


def test_a_service_tells_what_it_has_done(place: Place, tmp_path: Path) -> None:
    stage, campaign = place.stage, place.stage.scope.campaign_id
    port = free_port()
    metrics = f"http://127.0.0.1:{port}/metrics"
    with serving(place, "--state", tmp_path / "oracle", "--metrics-port", port) as (url, process):
        with client(place, url, "requester") as requester:
            requester.put_spec(stage.spec)
        until_open(place)
        with client(place, url, "ann") as ann:
            for _ in range(2):
                ann.transport(campaign).enrol(enrolment(place, "ann"))
        for path in ("/metrics", "/v1/nowhere"):
            assert httpx.get(url + path).status_code == 404
        found = settled(metrics)
        assert requests(found, "/v1/specs/{digest}", "PUT", 201) == 1
        assert requests(found, "/v1/campaigns/{campaign}/enrolments", "POST", 201) == 2
        assert requests(found, "/v1/sessions", "POST", 201) == 2
        assert figure(found, "intake_messages_total", kind="enrolment") == 1  # the second was the same
        assert figure(found, "intake_labels_total") == 0
        assert figure(found, "jobs", kind="accept", state="done") == 1
        assert figure(found, "jobs", kind="accept", state="failed") == 0
        assert figure(found, "gas_used_total", call="TaskRegistry.accept") > 50_000
        assert figure(found, "transactions", state="pending") == 0
        assert figure(found, "account_balance_wei") == float(place.chain.balance(stage.oracle.address))
        assert figure(found, "block", which="head") == place.chain.block_number
        assert figure(found, "index_behind_blocks") == 0
        assert figure(found, "blobs") == 0
        for source in ("intake", "jobs", "transactions", "chain", "disk", "blobs"):
            assert figure(found, "source_up", source=source) == 1
        text = httpx.get(metrics).text
        assert not re.search(r"0x[0-9a-fA-F]{8}|[0-9a-f]{40}", text)
        code, log = ended(process)
        assert code == 0, log


def settled(url: str) -> Figures:
    """The figures once the index is at the head and the one job is done; they may be some seconds old."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = scraped(url)
        is_behind = figure(found, "index_behind_blocks") or not figure(found, "source_up", source="chain")
        if figure(found, "jobs", kind="accept", state="done") and not is_behind:
            return found
        time.sleep(1)
    raise AssertionError("the figures do not come to what was done")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_in_use_is_one_line(place: Place, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        own = ["serve", "--state", tmp_path, "--port", 0, *place.signing("oracle")]
        place.refused(2, f"cannot listen on 127.0.0.1 port {port} for metrics", *own, "--metrics-port", port)
