"""`labelshare aggregate`: verdicts on a file of labels, how right they are, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.accuracy import methods
from benchmarks.accuracy.sets import SETS, UNKNOWN, folder, load
from labelshare.protocol.aggregation.base import break_tie
from labelshare.replay.calibration import bins, expected_error
from labelshare.types import Hash32
from tests.commands.test_quote import Run, labelshare, refused

__all__ = ["labelshare"]

POLICIES = ("majority", "dawid-skene", "committee")
KEYS = (
    "policy items annotators labels classes repeated accuracy scored mean_posterior calibration_error "
    "contested seconds"
)

# `ann` and `ben` agree on four items of five, `con` says 10 everywhere; `ann` says her first item twice.
LABELS = """item,worker,label
sky,ann,10
sky,ben,10
sky,con,10
sea,ann,9
sea,ben,9
sea,con,10
sun,ann,9
sun,ben,9
sun,con,10
fog,ann,10
fog,ben,10
fog,con,10
ice,ann,9
ice,ben,red
ice,con,10
sky,ann,9
"""
TRUTH = "item,truth\nsky,10\nsea,9\nsun,10\nice,blue\nnobody labelled this,9\n"


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write(tmp_path / "labels.csv", LABELS)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write(tmp_path / "truth.csv", TRUTH)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_the_vote_counted_by_hand(labelshare: Run, labels: Path, truth: Path) -> None:
    """Right on sky and sea of four; posteriors 1, 2/3, 2/3 and 1/3, and 1 on fog, which has no truth."""
    ran = labelshare("aggregate", labels, "--truth", truth, "--policy", "majority", "--json")

    assert (ran.code, ran.err) == (0, "")
    facts = ran.facts
    assert list(facts) == KEYS.split()
    assert 0 <= facts.pop("seconds") < 60
    assert facts == {
        "policy": "majority.v1",
        "items": 5,
        "annotators": 3,
        "labels": 15,
        "classes": 3,
        "repeated": 1,
        "accuracy": 0.5,
        "scored": 4,
        "mean_posterior": pytest.approx((1 + 2 / 3 + 2 / 3 + 1 + 1 / 3) / 5),
        "calibration_error": pytest.approx((0 + 2 * abs(0.5 - 2 / 3) + 1 / 3) / 4),
        "contested": 1,
    }


def test_without_a_truth_nothing_is_scored(labelshare: Run, labels: Path) -> None:
    facts = labelshare("aggregate", labels, "--json").facts

    assert (facts["policy"], facts["scored"]) == ("dawid-skene.v1", 0)
    assert facts["accuracy"] is facts["calibration_error"] is None
    assert 0 < facts["mean_posterior"] <= 1
    text = labelshare("aggregate", labels).out
    assert "accuracy" not in text
    assert "calibration" not in text


def test_a_truth_of_other_items_scores_nothing(labelshare: Run, labels: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.csv", "item,truth\nmoon,9\n")
    assert labelshare("aggregate", labels, "--truth", other, "--json").facts["accuracy"] is None
    assert "accuracy        no truth is known; 1 rows say nothing of this crowd" in (
        labelshare("aggregate", labels, "--truth", other).out
    )


def test_figures_as_text(labelshare: Run, labels: Path, truth: Path) -> None:
    ran = labelshare("aggregate", labels, "--truth", truth, "--policy", "majority")

    assert (ran.code, ran.err) == (0, "")
    told = " ".join(ran.out.split())
    for words in (
        "policy majority.v1",
        "items 5",
        "annotators 3",
        "labels 15",
        "classes 3",
        "repeated 1 labels left out: their worker had labelled the item before",
        "accuracy 0.5000 on 4 items with a known truth; 1 rows say nothing of this crowd",
        "mean posterior 0.7333",
        "calibration error 0.1667",
        "contested 1 items: posterior below 0.6",
    ):
        assert words in told
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_called_with_its_version_or_without(labelshare: Run, labels: Path, name: str) -> None:
    found = [
        labelshare("aggregate", labels, "--policy", each, "--json").facts for each in (name, f"{name}.v1")
    ]
    assert {facts["policy"] for facts in found} == {f"{name}.v1"}
    assert found[0] | {"seconds": 0} == found[1] | {"seconds": 0}


def test_verdicts_as_a_file(labelshare: Run, labels: Path, tmp_path: Path) -> None:
    """In the order of the labels, spelled as they were; the model believes who is believed elsewhere."""
    file = tmp_path / "verdicts.csv"
    labelshare("aggregate", labels, "--output", file, "--policy", "majority")

    header, *rows = rows_of(file)
    assert header == ["item", "label", "posterior"]
    assert [row[:2] for row in rows[:4]] == [["sky", "10"], ["sea", "9"], ["sun", "9"], ["fog", "10"]]
    assert [row[2] for row in rows] == ["1.000000", "0.666667", "0.666667", "1.000000", "0.333333"]
    refused(labelshare("aggregate", labels, "--output", file), rf"{file} exists; it is not overwritten")
    assert rows_of(file) == [header, *rows]


def test_labels_with_commas_come_back_as_they_were(labelshare: Run, tmp_path: Path) -> None:
    text = 'item,worker,label\n"a, b",w,"x, ""y"""\n"a, b",v,"x, ""y"""\nc,w,z\n'
    file = tmp_path / "verdicts.csv"
    labelshare("aggregate", write(tmp_path / "labels.csv", text), "--output", file)

    assert [row[:2] for row in rows_of(file)[1:]] == [["a, b", 'x, "y"'], ["c", "z"]]


def test_a_tie_falls_by_the_seed(labelshare: Run, labels: Path, tmp_path: Path) -> None:
    """Item 4 of three classes, which are 9, 10 and red; the vote has one label of each."""
    seen = set()
    for number in range(6):
        file, seed = tmp_path / f"{number}.csv", Hash32(bytes([number]) * 32)
        labelshare("aggregate", labels, "--policy", "majority", "--seed", seed, "--output", file)
        won = rows_of(file)[5][1]
        assert won == ("9", "10", "red")[break_tie(seed, 4, [0, 1, 2])]
        seen.add(won)
    assert len(seen) > 1
    usual = [tmp_path / name for name in ("first.csv", "second.csv", "stated.csv")]
    for file, words in zip(usual, ((), (), ("--seed", "0x" + bytes(range(32)).hex())), strict=True):
        labelshare("aggregate", labels, "--policy", "majority", "--output", file, *words)
    assert len({file.read_bytes() for file in usual}) == 1


@pytest.mark.parametrize("name", POLICIES[1:])
def test_a_model_learns_from_gold_that_no_figure_counts(labelshare: Run, tmp_path: Path, name: str) -> None:
    """Two against one, but the one is right wherever it is known."""
    rows = [f"{item},{who},{int(who > 0)}" for item in range(12) for who in range(3)]
    labels = write(tmp_path / "labels.csv", "\n".join(["item,worker,label", *rows]))
    answers = [f"{item},0" for item in range(12)]
    truth = write(tmp_path / "truth.csv", "\n".join(["item,truth", *answers]))
    gold = write(tmp_path / "gold.csv", "\n".join(["item,truth", *answers[:8], "8,unheard of"]))
    words = ("aggregate", labels, "--truth", truth, "--policy", name)

    without, told = labelshare(*words, "--json").facts, labelshare(*words, "--gold", gold, "--json").facts

    assert (without["accuracy"], without["scored"]) == (0, 12)
    assert (told["accuracy"], told["scored"]) == (1, 4)
    text = " ".join(labelshare(*words, "--gold", gold).out.split())
    assert "told 8 items, which no figure counts; 1 rows say nothing of this crowd" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("{labels}", "--policy", "best"),
            "no policy is called 'best'; there are majority, dawid-skene, committee",
        ),
        (("{labels}", "--policy", "committee.v2"), "no policy is called 'committee.v2'; .*"),
        (("missing.csv",), "missing.csv: cannot be read: No such file or directory"),
        (("{labels}", "--truth", "missing.csv"), "missing.csv: cannot be read: .*"),
        (("{truth}",), ".*truth.csv: line 1: the header must name item,worker,label, it says 'item,truth'"),
        (("{labels}", "--truth", "{labels}"), ".*labels.csv: line 1: the header must name item,truth, .*"),
        (("{labels}", "--seed", "0x00"), "--seed: .*"),
        (
            ("{labels}", "--gold", "{truth}", "--policy", "majority"),
            "--gold is for models: a vote is told nothing",
        ),
        (("{labels}", "--output", "{truth}"), ".*truth.csv exists; it is not overwritten"),
        (("{labels}", "--output", "nowhere/verdicts.csv"), "nowhere/verdicts.csv: cannot be written: .*"),
    ],
)
def test_what_is_refused(
    labelshare: Run, labels: Path, truth: Path, words: tuple[str, ...], message: str
) -> None:
    refused(labelshare("aggregate", *(each.format(labels=labels, truth=truth) for each in words)), message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the header must name item,worker,label, it says ''"),
        ("item,worker,label\n", "no labels"),
        ("item,worker,label\na,w\n", "line 2: 2 fields, 3 are needed"),
        ("item,worker,label\na,w,x\n", "1 distinct labels; .*"),
    ],
)
def test_a_file_that_is_no_crowd(labelshare: Run, tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path / "labels.csv", text)
    refused(labelshare("aggregate", file), f"{file}: {message}")


def test_help_with_an_example(labelshare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = labelshare("aggregate", "--help")

    assert ran.code == 0
    assert ran.out.count("Example: labelshare aggregate ") == 1
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("policy", POLICIES)
def test_recorded_crowds_are_scored_as_in_the_benchmark(labelshare: Run, name: str, policy: str) -> None:
    place = folder() / name
    if not (place / "labels.csv").is_file():
        pytest.skip(f"{name} is not on this machine; LABELSHARE_DATA names the folder of recorded crowds")
    recorded = load(name)
    found = methods.POLICIES[policy](recorded.crowd, {})
    known = recorded.truth != UNKNOWN
    right = (found.winners == recorded.truth)[known]

    words = (place / "labels.csv", "--truth", place / "truth.csv", "--policy", policy, "--json")
    facts = labelshare("aggregate", *words).facts

    assert (facts["accuracy"], facts["scored"]) == (pytest.approx(right.mean()), known.sum())
    assert found.confidences is not None
    error = expected_error(bins(found.confidences[known], right))
    assert facts["calibration_error"] == pytest.approx(error)
    assert facts["mean_posterior"] == pytest.approx(found.confidences.mean())
    assert facts["labels"] == recorded.crowd.items.size
