"""What `scripts/bench web` makes of what it sees, and all of it once with short tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT


def test_quantiles_and_goals() -> None:
    pytest.importorskip("playwright", reason="playwright is not installed; scripts/test brings it")
    from benchmarks.rows import Row
    from benchmarks.web import compare
    from benchmarks.web.loading import Load

    assert [compare.quantile(range(1, 101), part) for part in (0.5, 0.95, 1.0)] == [50, 95, 100]
    assert compare.quantile([7.0], 0.95) == 7.0
    assert Load(files={"a": 5, "b": 7}).file_bytes({"a": 1}) == 7
    rows = [Row("/, cold: files", 1, 120.0, None, "kB"), Row("/, cold: files", 1, 40, None, "requests")]
    rows += [
        Row(f"next item, {size}: p95", 9, ms, None, "ms") for size, ms in (("390 px", 140.0), ("x", 9.0))
    ]
    notes = compare.notes_of(rows, 0.5)
    assert "Goal of 300 kB: met by all of 1." in notes
    assert 'Goal of 100 ms: missed by {"next item, 390 px: p95": 140.0}.' in notes


@pytest.mark.anvil
@pytest.mark.slow
@pytest.mark.deep
def test_every_measure_once(anvil_program: Path) -> None:
    pytest.importorskip("playwright", reason="playwright is not installed; scripts/test brings it")
    from benchmarks.web import compare
    from benchmarks.web.browser import chromium_program

    assert anvil_program.is_file()
    if chromium_program() is None:
        pytest.skip("no Chromium on PATH; LABELSHARE_CHROMIUM names one")
    if not (ROOT / "src" / "labelshare" / "web" / "index.html").is_file():
        pytest.skip("the web app is not built; scripts/build-web does it")
    found = {(row.work, row.unit): row.ours for row in compare.measure([60]).rows}
    assert 20 < (found["/, cold: files", "kB"] or 0) < 300
    assert found["/, warm: files", "kB"] == pytest.approx(
        1, abs=1.5
    )  # the page itself, asked whether it changed
    for name in ("1280 px", "390 px, CPU ×4", "390 px, CPU ×4, slow 4G"):
        assert 0 < (found[f"next item, {name}: p50", "ms"] or 0) < 5_000
    for name in ("import preview", "contested items", "rejected labels"):
        assert 100 < (found[f"{name}: in the page", "elements"] or 0) < 2_000
        assert found[f"{name}, by wheel: a frame, p95", "ms"]
    assert found["rejected labels: next page, p95", "ms"]
