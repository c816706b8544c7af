"""The accuracy benchmark: what it draws, how it scores, how it reads sets."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy import choose, collusion, compare, methods, sets
from benchmarks.accuracy.sets import UNKNOWN, Recorded
from benchmarks.accuracy.simulate import Kind, draw_kind, simulate
from labelshare.protocol.aggregation.base import Crowd
from labelshare.replay.calibration import bins

KIND = Kind(3, 200, 60, 7, 4.0, 0.5, (12.0, 2.0), 0.0, 0.3, 0.0, 0.0, 0.0)


@pytest.fixture
def recorded() -> Recorded:
    return simulate(KIND, np.random.default_rng(1))


# ------------------------------------------------------------------------- calibration


def test_bins_are_told_in_lines() -> None:
    found = bins(np.array([0.5, 0.55, 0.6]), np.array([True, False, True]))

    assert list(compare._as_text(found))[1].split() == ["0.50–0.60", "2", "0.575", "0.500"]


# --------------------------------------------------------------------------- collusion


def test_a_thinned_crowd_keeps_five_labels_an_item(recorded: Recorded) -> None:
    trial = collusion.attacked(recorded, 0.0, "equal", 3)
    crowd = trial.recorded.crowd
    assert np.bincount(crowd.items).tolist() == [collusion.LABELS_EACH] * crowd.n_items
    before = set(zip(recorded.crowd.items, recorded.crowd.annotators, recorded.crowd.classes, strict=True))
    assert set(zip(crowd.items, crowd.annotators, crowd.classes, strict=True)) <= before
    assert len(trial.gold) == round(0.1 * crowd.n_items)
    assert all(recorded.truth[item] == answer for item, answer in trial.gold.items())
    assert trial.scored.sum() == crowd.n_items - len(trial.gold)


@pytest.mark.parametrize("attack", compare.ATTACKS)
def test_colluders_agree_and_the_others_say_what_they_said(
    recorded: Recorded, attack: collusion.Attack
) -> None:
    plain = collusion.attacked(recorded, 0.0, attack, 5).recorded.crowd
    trial = collusion.attacked(recorded, 0.3, attack, 5)
    crowd = trial.recorded.crowd
    assert np.array_equal(crowd.items, plain.items)
    assert np.array_equal(crowd.annotators, plain.annotators)
    changed = crowd.classes != plain.classes
    people = np.unique(crowd.annotators)
    colluders = np.unique(crowd.annotators[changed])
    assert 0 < colluders.size <= round(0.3 * people.size)
    lies = np.isin(crowd.annotators, colluders)
    for item in range(crowd.n_items):
        assert np.unique(crowd.classes[lies & (crowd.items == item)]).size <= 1
    if attack == "wrong":
        assert not np.any(crowd.classes[lies] == recorded.truth[crowd.items[lies]])


def test_a_trial_is_drawn_from_its_number(recorded: Recorded) -> None:
    first, again, other = (collusion.attacked(recorded, 0.2, "equal", number) for number in (1, 1, 2))
    assert np.array_equal(first.recorded.crowd.classes, again.recorded.crowd.classes)
    assert first.gold == again.gold
    assert first.gold != other.gold


# ---------------------------------------------------------------------- simulated crowds


@pytest.mark.parametrize("number", range(6))
def test_a_simulated_crowd_is_one_that_the_protocol_counts(number: int) -> None:
    random = np.random.default_rng(number)
    kind = draw_kind(random)
    crowd = simulate(kind, random).crowd
    assert np.bincount(crowd.items).tolist() == [kind.labels_each] * kind.n_items
    assert len(set(zip(crowd.items, crowd.annotators, strict=True))) == crowd.items.size
    assert 0 <= crowd.classes.min() <= crowd.classes.max() < kind.n_classes


def test_skilled_annotators_are_mostly_right(recorded: Recorded) -> None:
    right = recorded.crowd.classes == recorded.truth[recorded.crowd.items]
    assert 0.75 < right.mean() < 0.95  # a Beta(12, 2) has a mean of .857


def test_each_setting_differs_in_one_value() -> None:
    for name, rule in choose.settings().items():
        differing = [
            each
            for each in ("strength", "gold_weight", "iterations")
            if getattr(rule, each) != getattr(choose.STANDARD, each)
        ]
        assert len(differing) == (name != "standard")


# ----------------------------------------------------------------------------- the sets


@pytest.fixture
def crowds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one set of three items, one of them without a truth."""
    folder = tmp_path / "crowd"
    (folder / "rte").mkdir(parents=True)
    labels = ["item,worker,label", "a,ann,1", "a,ben,0", "a,ann,0", "b,ann,0", "b,ben,0", "c,ben,1"]
    (folder / "rte" / "labels.csv").write_text("\n".join(labels))
    (folder / "rte" / "truth.csv").write_text("item,truth\na,1\nb,0\n")
    monkeypatch.setenv("LABELSHARE_DATA", str(tmp_path))
    return folder


@pytest.mark.usefixtures("crowds")
def test_a_set_has_an_annotators_first_label() -> None:
    found = sets.load("rte")
    rows = zip(found.crowd.items, found.crowd.annotators, found.crowd.classes, strict=True)
    assert [tuple(map(int, row)) for row in rows] == [(0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 0), (2, 1, 1)]
    assert found.truth.tolist() == [1, 0, UNKNOWN]
    assert found.first(1).crowd.items.tolist() == [0, 0]


@pytest.mark.usefixtures("crowds")
def test_items_without_a_truth_are_not_scored() -> None:
    scores = compare._Scores()
    verdicts = methods.Found(np.array([1, 1, 0]), np.array([0.9, 0.8, 1.0]))
    scores.add("mine", sets.load("rte"), verdicts)
    assert scores.accuracy == {"mine": {"rte": 0.5}}
    assert sum(each.items for each in scores.bins("mine")) == 2


def test_a_machine_without_sets_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELSHARE_DATA", str(tmp_path))
    report = compare.measure(None)
    assert report.rows == []
    assert str(tmp_path) in report.notes


@pytest.mark.filterwarnings("ignore::Warning")  # crowd-kit's own
@pytest.mark.usefixtures("crowds")
def test_policies_and_peers_are_scored_side_by_side() -> None:
    if not find_spec("crowdkit"):  # its lock is not part of the development environment
        with pytest.raises(ModuleNotFoundError, match="crowdkit"):
            compare.measure(None)
        return
    report = compare.measure(None)
    rows = {row.work: (row.ours, row.peer) for row in report.rows}
    assert rows["rte: majority"][0] is not None
    assert rows["mean of 1 sets: dawid-skene"][0] == rows["rte: dawid-skene"][0]
    assert "skipped: dog" in report.notes
    assert [line for line in report.notes.splitlines() if line.startswith("committee ")]


def test_each_of_our_models_is_told_gold_beside_the_peer(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a peer that says class 0 everywhere; a vote is told nothing and has no row."""
    told = []

    def naught(_name: str, crowd: Crowd, gold: dict[int, int]) -> methods.Found:
        told.append(gold)
        return methods.Found(np.zeros(np.unique(crowd.items).size, dtype=np.int64), None)

    monkeypatch.setattr(compare, "peer", naught)
    monkeypatch.setattr(collusion, "TRIALS", 2)
    sets_here = dict.fromkeys(collusion.SETS, recorded)
    cells = compare._cells(sets_here, "equal")
    rows = {row.work: row for row in compare._collusion_rows(cells, sets_here, "equal")}

    assert len(cells) == 3 * 4
    assert all(gold for gold in told)
    assert {work.rpartition(": ")[2] for work in rows} == {"dawid-skene", "committee"}
    assert len(rows) == 2 * (len(cells) + 2)
    for model in ("dawid-skene", "committee"):
        worst = rows[f"rte: 40% collude (equal): {model}"]
        none = rows[f"mean of no colluders (equal): {model}"]
        assert worst.ours is not None
        assert none.ours is not None
        assert none.peer is not None
        assert none.ours > worst.ours > none.peer
        assert none.ours == pytest.approx(cells["rte", 0.0][model], abs=1e-4)


def test_gold_is_told_to_our_model() -> None:
    """Two annotators who always disagree: gold says which of them is right."""
    items = np.repeat(np.arange(20), 2)
    crowd = Crowd(20, 2, items, np.tile([0, 1], 20), np.tile([0, 1], 20))
    for answer in (0, 1):
        gold = dict.fromkeys(range(5), answer)
        for name in set(methods.POLICIES) - {"majority"}:
            assert methods.POLICIES[name](crowd, gold).winners.tolist() == [answer] * 20
