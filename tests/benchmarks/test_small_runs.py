"""Each comparison of processes once, at a tiny size."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks import sides
from benchmarks.aggregate import compare as aggregate
from benchmarks.aggregate.crowd import LABELS_EACH, N_CLASSES, OUTCOME, simulate
from benchmarks.aggregate.models import MODELS
from benchmarks.intake import compare as intake
from benchmarks.lifecycle import compare as lifecycle
from benchmarks.merkle import compare as merkle
from benchmarks.settle import compare as settle
from benchmarks.sides import SideError
from benchmarks.signatures import compare as signatures

if TYPE_CHECKING:
    from benchmarks.rows import Report


def ratios(report: Report) -> dict[str, float | None]:
    return {row.work: row.ratio for row in report.rows}


@pytest.mark.node
def test_trees_agree_with_openzeppelin(node: Path) -> None:
    assert node.is_file()
    found = ratios(merkle.measure([150]))
    for title in ("tree (address, uint256)", "tree of payouts"):
        assert found[title]
        assert found[f"{title}: 1,000 proofs"]
        assert found[f"{title}: first ever (cold)"] is None


def test_a_small_campaign_is_settled_and_verified() -> None:
    found = {row.work: row.ours for row in settle.measure([300]).rows}
    assert found["bundle"]
    assert found["verify from record and bundle"]


@pytest.mark.anvil
@pytest.mark.slow
def test_a_small_campaign_is_lived_through(anvil_program: Path) -> None:
    assert anvil_program.is_file()
    found = {row.work: row.ours for row in lifecycle.measure([400], repeats=1).rows}
    steps = ("commit", "aggregate", "settle", "claim")
    assert found["all steps"] == pytest.approx(sum(found[step] or 0 for step in steps))
    assert found["claim alone"]


@pytest.mark.anvil
@pytest.mark.slow
@pytest.mark.deep
def test_a_small_intake_loses_nothing(anvil_program: Path) -> None:
    assert anvil_program.is_file()
    found = {row.work: row.ours for row in intake.measure([5], labels=50).rows}
    for where in ("SQLite, 1 process", "PostgreSQL, 2 processes"):
        assert found[f"{where}: one by one"]
        assert found[f"{where}: batches of 20"]


def test_signatures_agree_with_eth_account() -> None:
    report = signatures.measure([20])
    assert ratios(report)["signed batches checked"]
    assert report.rows[-1].work == "ours: bare recover (ceiling)"


def test_winners_agree_with_crowd_kit_or_the_run_says_where_it_is() -> None:
    if find_spec("crowdkit"):
        found = ratios(aggregate.measure([500]))
        assert found["majority vote"]
        assert found["committee"] is None
    else:  # its lock is not part of the development environment
        with pytest.raises(SideError, match=r"requirements/bench\.txt"):
            aggregate.measure([500])


def test_our_outcome_does_not_depend_on_the_order_of_labels(tmp_path: Path) -> None:
    file = tmp_path / "crowd.npz"
    sides.run_python("benchmarks.aggregate.crowd", 500, file)
    ours = sides.python_side("benchmarks.aggregate.ours", "majority", file, 1)
    assert list(ours.facts) == [f"winners of {int(simulate(500).untied.sum())} items"]
    committee = sides.python_side("benchmarks.aggregate.ours", "committee", file, 1)
    assert set(committee.facts) == {"items with a winner", OUTCOME}


def test_a_committee_has_no_peer_and_is_not_timed_on_more_than_a_million() -> None:
    sizes = {name: model.sizes(aggregate.SIZES) for name, model in MODELS.items()}
    assert sizes["committee"] == [10_000, 100_000, 1_000_000]
    assert sizes["majority"] == sizes["dawid-skene"] == list(aggregate.SIZES)
    assert [name for name, model in MODELS.items() if model.peer is None] == ["committee"]


def test_the_crowd_is_what_it_says() -> None:
    crowd, again = simulate(2_000), simulate(2_000)
    assert np.array_equal(crowd.classes, again.classes)
    assert np.bincount(crowd.items).tolist() == [LABELS_EACH] * crowd.n_items
    pairs = set(zip(crowd.items.tolist(), crowd.annotators.tolist(), strict=True))
    assert len(pairs) == crowd.items.size == 2_000
    assert set(crowd.classes.tolist()) == set(range(N_CLASSES))
