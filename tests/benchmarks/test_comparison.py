"""The plumbing of the benchmarks: sides, rows, growth."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks import growth, side, sides
from benchmarks.comparison import Pair
from benchmarks.comparison import growth as growth_of
from benchmarks.rows import as_json
from benchmarks.sides import Side, SideError, Time

OURS = Side({"work": [Time(0.3, 0.4), Time(0.1, 0.2), Time(0.2, 0.9)]}, {"root": "a"}, 50.0, {"python": "3"})
PEER = Side({"work": [Time(2.0, 2.5)]}, {"root": "a", "more": "b"}, 100.0, {"peer": "1"})


def test_the_best_and_the_median_are_of_each_clock() -> None:
    assert OURS.best("work") == Time(0.1, 0.2)
    assert OURS.median("work") == Time(0.2, 0.4)


def test_a_pair_gives_times_rates_and_memory() -> None:
    pair = Pair(1_000, "leaf", OURS, PEER)
    figures = {row.work: (row.ours, row.peer, row.unit) for row in pair.times("tree", "work")}
    assert figures == {
        "tree": (0.1, 2.0, "CPU s"),
        "tree: median": (0.2, 2.0, "CPU s"),
        "tree: one leaf": (100.0, 2_000, "CPU µs"),
        "tree: on the clock": (0.2, 2.5, "s"),
        "tree: peak memory": (50.0, 100.0, "MB"),
    }
    first = next(pair.rates("tree", "work"))
    assert (first.ours, first.peer, first.ratio, first.unit) == (10_000, 500, 20.0, "leaf / CPU s")
    assert (first.cpu_s, first.wall_s, first.peak_mb) == (0.1, 0.2, 50.0)
    assert first.versions == {"python": "3", "peer": "1"}


def test_without_a_peer_there_is_no_ratio() -> None:
    rows = list(Pair(1_000, "leaf", OURS, None).times("tree", "work"))
    assert {row.peer for row in rows} == {row.ratio for row in rows} == {None}
    assert len(json.loads(as_json(rows))["rows"]) == len(rows)


def test_sides_that_disagree_are_not_compared() -> None:
    sides.require_agreement(OURS, PEER)
    with pytest.raises(SideError, match="root: ours is a, the peer's is b"):
        sides.require_agreement(OURS, replace(PEER, facts={"root": "b"}))
    with pytest.raises(SideError, match="nothing in common"):
        sides.require_agreement(OURS, replace(PEER, facts={}))


def test_a_side_that_fails_says_why() -> None:
    with pytest.raises(SideError, match="No such file or directory"):
        sides.python_side("benchmarks.signatures.ours", "/nowhere", 1, 1)


@pytest.mark.parametrize(
    ("power", "words"),
    [(1.0, "size^1.00, linear"), (2.0, "size^2.00, more than linear"), (0.5, "size^0.50, less than linear")],
)
def test_growth_is_said_in_words(power: float, words: str) -> None:
    seconds = {size: 1e-6 * size**power for size in (10, 100, 1_000)}
    text = growth.as_text([growth.Growth("tree", "leaf", seconds, {})])
    assert f"ours: {words} (from 100 to 1,000: {words})" in text
    assert "the peer" not in text.splitlines()[-1]
    assert text.splitlines()[2].split()[:3] == ["10", f"{10 ** (power - 1):,.3f}", "1.00"]


def test_growth_knows_the_peer_where_it_was_measured() -> None:
    pairs = [Pair(10, "leaf", OURS, PEER), Pair(1_000, "leaf", OURS, PEER), Pair(5_000, "leaf", OURS, None)]
    found = growth_of("tree", "work", pairs)
    assert found.ours == {10: 0.1, 1_000: 0.1, 5_000: 0.1}
    assert found.peer == {10: 2.0, 1_000: 2.0}
    assert growth.as_text([found]).splitlines()[4].split()[-2:] == ["–", "–"]


def test_a_side_reports_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    result, times = side.timed(3, lambda: "done")
    side.report({"work": times}, {"root": result}, {"python": "3"})
    line = json.loads(capsys.readouterr().out)
    assert len(line["parts"]["work"]) == 3
    assert (line["facts"], line["versions"]) == ({"root": "done"}, {"python": "3"})
    assert line["peak_mb"] > 0
