"""A requester's commands against an oracle of which only the address is known, over HTTP."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from labelshare.oracle.desk import Desk
from labelshare.store.database import Database
from tests.api.served import served
from tests.commands.place import Place
from tests.conftest import ROOT

pytestmark = pytest.mark.anvil


def test_the_spec_is_handed_in_before_anything_else(place: Place, tmp_path: Path) -> None:
    stage, file = place.stage, tmp_path / "spec.json"
    file.write_bytes(stage.spec.canonical_bytes)
    desk = Desk(stage.sender, stage.deployment, stage.oracle, Database.in_memory())
    with served(desk) as url:
        words = ["campaign", "upload", stage.scope.campaign_id, "--service", url]
        place.refused(2, "where is the content", *words, by="requester")
        told = place.done(*words, "--spec", file, "--json", by="requester").facts
    assert told == {"spec": str(stage.spec.hash)}
    assert desk.catalogue.spec(stage.spec.hash) == stage.spec
    other = tmp_path / "other.json"
    other.write_bytes(stage.spec.canonical_bytes.replace(b"Moods", b"Moodz"))
    place.refused(2, "this spec has hash", *words, "--spec", other, by="requester")


def test_progress_and_results_by_the_address_alone(place: Place, tmp_path: Path) -> None:
    stage = place.stage.accept().enrol("ann", "ben", "cleo").draw().work(ann=3, ben=4, cleo=1)
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    campaign, to = stage.scope.campaign_id, tmp_path / "results"
    with served(desk) as url:
        asked = ["campaign", "progress", campaign, "--service", url]
        told = place.facts(*asked)
        assert (told["status"], told["enrolled"], told["labels"], told["opened"]) == ("open", 3, 8, 0)
        assert sum(each["labels"] for each in told["rounds"]) == 8
        assert re.search(r"labels +8\nwanted +\d+\n", place.done(*asked).out)
        fetch = ["campaign", "results", campaign, "--service", url, "--to", to]
        place.refused(1, "until then nobody is shown any labels", *fetch)
        assert not to.exists()

        stage.reveal("ann", "ben", "cleo")
        built = stage.settle()
        found = place.facts(*fetch)
        assert place.facts(*fetch) == found  # the same again changes nothing
        assert place.facts(*asked, "--watch")["status"] == "final"  # it is over: nothing is waited for
    assert (found["ok"], found["status"], found["labels"]) == (True, "final", 8)
    assert (to / "bundle.jsonl").read_bytes() == built.bundle
    rows = list(csv.DictReader((to / "results.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == len(stage.spec.items)
    assert sum(int(row["labels"]) for row in rows) == 8
    assert sum(row["accepted"] == "true" for row in rows) == found["accepted"]
    assert {row["label"] for row in rows if row["labels"] == "0"} == {""}
    report = place.run("report", to, "--json")
    assert (report.code, json.loads(report.out)["labels"]) == (0, 8), report.err
    place.done("campaign", "verify", campaign, "--bundle", to / "bundle.jsonl")


def test_evidence_of_another_settlement_is_told(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = place.stage.accept().enrol("ann", "ben", "cleo").draw().work(ann=1, ben=1, cleo=1)
    stage.reveal("ann", "ben", "cleo").settle()
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    bundle = Desk.bundle

    class Other:
        def __init__(self, found: Any) -> None:
            self.size, self.name, self._found = found.size, found.name, found

        def part(self, start: int, end: int) -> bytes:
            return bytes(self._found.part(start, end).replace(b"a", b"b"))

        def pieces(self) -> Any:
            yield self.part(0, self.size)

    monkeypatch.setattr(Desk, "bundle", lambda *given: Other(bundle(*given)))
    with served(desk) as url:
        fetch = ["campaign", "results", stage.scope.campaign_id, "--service", url, "--to", tmp_path / "to"]
        place.refused(1, "the service gave evidence of hash", *fetch)
    assert not (tmp_path / "to").exists()


def test_columns_are_those_of_the_pages() -> None:
    from labelshare.report.results import COLUMNS

    page = (ROOT / "web/src/fund/results.ts").read_text(encoding="utf-8")
    assert f"const COLUMNS = {json.dumps(list(COLUMNS))} as const;" in page
