"""What ships with the package is what the committed benchmark says, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks.gas import packaged
from benchmarks.rows import Report, Row
from labelshare.protocol.gas import estimate
from labelshare.report.measured import measured_gas


def committed() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((command.RESULTS / "gas.json").read_text(encoding="utf-8"))[
        "rows"
    ]
    return rows


def test_the_packaged_figures_are_the_committed_ones() -> None:
    assert packaged.FILE.read_text(encoding="utf-8") == packaged.as_package_data(committed())


def test_a_figure_that_changes_is_noticed() -> None:
    rows = committed()
    row = next(row for row in rows if row["work"] == "ours: finalize, held")
    row["ours"] += 1

    assert packaged.FILE.read_text(encoding="utf-8") != packaged.as_package_data(rows)


@pytest.mark.parametrize(("variant", "field"), [("new", "new"), ("held", "held")])
def test_the_whole_job_comes_out_as_the_benchmark_counts_it(variant: str, field: str) -> None:
    rows = {row["size"]: row["ours"] for row in committed() if row["work"] == f"whole job, {variant}"}

    for size, total in rows.items():
        job = [call for call in estimate(measured_gas(), size, 1) if call.in_job]
        assert sum(getattr(call, field) for call in job) == total
    assert tuple(rows) == measured_gas().sizes


def test_a_standard_run_renews_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ("work", "size", "ours", "peer", "unit", "versions")
    rows = [Row(**{name: row[name] for name in kept}) for row in committed()]
    ran: list[int | None] = []

    def run(size: int | None) -> Report:
        ran.append(size)
        return Report(rows)

    monkeypatch.setattr(command, "RESULTS", tmp_path)
    monkeypatch.setattr(packaged, "FILE", tmp_path / "packaged.json")
    monkeypatch.setitem(command.BENCHMARKS, "gas", run)

    command.main(["gas", "--size", "10"])
    assert list(tmp_path.iterdir()) == []
    command.main(["gas"])

    assert ran == [10, None]
    assert (tmp_path / "packaged.json").read_text() == packaged.as_package_data(committed())
    assert json.loads((tmp_path / "gas.json").read_text())["rows"]
    assert "whole job, new" in capsys.readouterr().out
