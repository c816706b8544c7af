"""How the committee was put together: every way is scored on the same crowd."""

from __future__ import annotations

import pytest

from benchmarks.accuracy import choose, choose_committee


@pytest.mark.parametrize("situation", ["honest", "gold, 30% collude"])
def test_every_way_is_scored(situation: str) -> None:
    found = choose_committee.score(situation, 3)
    assert set(choose_committee.SETTINGS) < set(found)
    assert {"majority", "dawid-skene", "item kinds", "weighted average", "committee"} < set(found)
    assert all(0 <= each <= 1 for each in found.values())
    assert found["committee"] > found["majority"] - 0.05


def test_a_table_is_printed_for_each_situation(capsys: pytest.CaptureFixture[str]) -> None:
    choose_committee.main(1)
    printed = capsys.readouterr().out
    assert printed.count("1 simulated crowds") == len(choose.SITUATIONS)
    assert printed.count("\ncommittee ") == len(choose.SITUATIONS)
