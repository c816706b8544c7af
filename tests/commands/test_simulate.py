"""`labelshare simulate`: figures, files, and one line for what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from labelshare.protocol.spec import Spec
from tests.commands.test_quote import Run, labelshare, refused
from tests.economics.scenes import spec_of
from tests.replay.crowds import recorded_crowd
from tests.test_cli import as_files

__all__ = ["labelshare"]

FEW = ("--runs", 1, "--seat-labels", "5,long")
VOTE = ("--aggregation", "majority.v1", *FEW)


@pytest.fixture
def crowd(tmp_path: Path) -> tuple[str, ...]:
    """A small recorded crowd."""
    as_files(recorded_crowd(), tmp_path)
    return str(tmp_path / "labels.csv"), "--truth", str(tmp_path / "truth.csv")


def cells(facts: Any) -> list[dict[str, Any]]:
    return [dict(zip(facts["columns"], row, strict=True)) for row in facts["cells"]]


def test_a_recorded_crowd_as_json(labelshare: Run, crowd: tuple[str, ...]) -> None:
    ran = labelshare(
        "simulate", *crowd, "--json", "--strategy", "random,constant", "--attackers", "0,10,20", *FEW
    )

    assert (ran.code, ran.err) == (0, "")
    assert (ran.facts["seats"], ran.facts["items"], ran.facts["gold"]) == (7, 16, 2)
    assert [(each["strategy"], each["attackers"]) for each in cells(ran.facts)][:2] == [
        ("random", 0.1),
        ("random", 0.2),
    ]
    assert len(ran.facts["cells"]) == 2 * 1 * 2  # four labels are the most that a seat may give
    lines = ran.out.splitlines()
    assert sum(line.startswith('    ["') for line in lines) == 4  # a cell a line


def test_the_same_seed_prints_the_same_and_another_does_not(labelshare: Run) -> None:
    words = ("simulate", "--crowd", "digits", "--strategy", "colluding", "--attackers", "20", *VOTE, "--json")

    first = labelshare(*words).out
    assert labelshare(*words).out == first
    assert labelshare(*words, "--seed", 2).out != first


def test_the_demonstrations_honest_are_attacked(labelshare: Run) -> None:
    ran = labelshare("simulate", "--crowd", "digits", "--strategy", "random", "--attackers", "0,20", *FEW)

    assert (ran.code, ran.err) == (0, "")
    assert "of 25 seats 25 are honest" in " ".join(ran.out.split())
    assert re.search(
        r"Of 2 attacks without effort on less than 30% of the places \d gain", ran.out.replace("\n", " ")
    )
    assert "Honest seats slashed below 20%: 0" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "\x1b" not in ran.out


def test_a_spec_brings_its_policies(labelshare: Run, crowd: tuple[str, ...], tmp_path: Path) -> None:
    spec = spec_of(30, 2, pay={"policy": "flat.v1"})
    file = tmp_path / "spec.json"
    file.write_bytes(spec.canonical_bytes)

    facts = labelshare("simulate", *crowd, "--spec", file, "--json", "--strategy", "random", *FEW).facts

    assert facts["policies"] == {
        "aggregation": "majority.v1",
        "skill": "leave-one-out.v1",
        "pay": "flat.v1",
        "slash": "none.v1",
        "gold": "none.v1",
    }
    assert all(each["slashed_per_label"] == 0 < each["pay_per_label"] for each in cells(facts))


@pytest.mark.parametrize("policy", ["majority.v1", "dawid-skene.v1", "committee.v1"])
def test_the_policy_that_finds_the_truth_can_be_chosen(labelshare: Run, policy: str) -> None:
    words = ("--strategy", "random", "--attackers", "0", "--aggregation", policy, "--json", *FEW)
    facts = labelshare("simulate", "--crowd", "synthetic", *words).facts

    assert facts["policies"]["aggregation"] == policy
    assert facts["items"] == 300
    assert facts["cells"] == []


def spec_with(file: Path, skill: dict[str, int], slash: dict[str, int], weight: int) -> Path:
    sealed = {"policy": "merkle.v1", "root": f"0x{7:064x}", "count": 6, "weight": weight}
    policies = {
        "skill": {"policy": "leave-one-out.v1", **skill},
        "slash": {"policy": "skill-and-gold.v1", **slash},
        "gold": sealed,
    }
    file.write_bytes(spec_of(30, 2, **policies).canonical_bytes)
    return file


def test_other_values_are_tried_by_a_spec(labelshare: Run, tmp_path: Path) -> None:
    """Where pay begins at nothing and nothing is forfeited, guesses gain; by the defaults they lose."""
    words = ("simulate", "--crowd", "digits", "--strategy", "random", "--attackers", "20", "--json", *VOTE)
    lax = spec_with(tmp_path / "lax.json", {"from_bps": 0}, {"forfeit_bps": 0, "min_gold": 1}, 3)
    usual = spec_with(tmp_path / "usual.json", {}, {}, 5)
    free, held = (labelshare(*words, "--spec", file).facts for file in (lax, usual))

    rules = {
        name: free["money_rules"][name] for name in ("from_bps", "forfeit_bps", "min_gold", "gold_weight")
    }
    assert rules == {"from_bps": 0, "forfeit_bps": 0, "min_gold": 1, "gold_weight": 3}
    assert (held["money_rules"]["from_bps"], held["money_rules"]["forfeit_bps"]) == (1_000, 5_000)
    assert held["gold"] == free["gold"] == 60  # a fifth, as the spec has it
    short = [cells(facts)[0] for facts in (free, held)]
    assert [each["forfeited_per_label"] > 0 for each in short] == [False, True]
    assert short[0]["profit_per_label"] > 0 > short[1]["profit_per_label"]


def test_slashes_and_forfeits_are_told_apart(labelshare: Run) -> None:
    words = ("simulate", "--crowd", "digits", "--strategy", "random", "--attackers", "10", *VOTE)
    facts, text = labelshare(*words, "--json").facts, " ".join(labelshare(*words).out.split())
    short, long = cells(facts)

    assert (short["slashed_per_label"], short["caught"]) == (0, 0)
    assert min(short["forfeited_per_label"], short["forfeiting"]) > 0
    assert min(long["slashed_per_label"], long["caught"]) > 0
    for each in (short, long):
        lost = each["slashed_per_label"] + each["forfeited_per_label"] + each["time_per_label"]
        assert each["profit_per_label"] == pytest.approx(each["pay_per_label"] - lost, abs=0.0002)
    forfeiting = facts["alone"]["honest_forfeiting"] + sum(
        each["honest_forfeiting"] for each in (short, long)
    )
    assert facts["goals"]["honest_forfeiting"] == forfeiting
    assert f"Honest seats slashed below 20%: 0, in 6 campaigns; {forfeiting} forfeited some stake" in text


@pytest.mark.parametrize("suffix", [".svg", ".html"])
def test_a_picture_that_loads_nothing(labelshare: Run, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"attack{suffix}"
    labelshare(
        "simulate", "--crowd", "digits", "--strategy", "random", "--attackers", "10,30", "--plot", file, *VOTE
    )

    text = file.read_text(encoding="utf-8")
    assert "<svg" in text
    assert "random" in text
    assert suffix == ".svg" or "<th>slashed</th><th>forfeited</th><th>time</th><th>capital</th>" in text
    (line,) = re.findall(r'<path d="M([\d. L]+)" class="group0 stroke"', text)
    bars = re.findall(r'<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" class="group0 whisker"', text)
    points = [tuple(map(float, point.split())) for point in line.split("L")]
    assert [float(bar[0]) for bar in bars] == [x for x, _ in points]  # an interval at each point
    assert all(float(low) > y > float(high) for (_, y), (_, low, _, high) in zip(points, bars, strict=True))
    assert not re.findall(r"""(?:src|href)=|url\(|<script""", text)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "which crowd\\? name a file of labels, or one by --crowd"),
        (("--crowd", "digits", "--truth", "x.csv"), "--truth goes with a file of labels"),
        (
            ("--crowd", "digits", "--strategy", "sleeping"),
            "--strategy: 'sleeping' is not a list of honest, .*",
        ),
        (("--crowd", "digits", "--attackers", "ten"), "--attackers: 'ten' is not a list of whole percent .*"),
        (("--crowd", "digits", "--attackers", "²"), "--attackers: '²' is not a list of whole percent .*"),
        (
            ("--crowd", "digits", "--attackers", "10,250"),
            "--attackers: 250 is more than 100 percent of the places",
        ),
        (
            ("--crowd", "digits", "--attackers", "0", "--plot", "picture.svg"),
            "--plot draws what attackers gain, and --attackers asks for none",
        ),
        (("--crowd", "digits", "--seat-labels", "0"), "--seat-labels: '0' is not a list of numbers .*"),
        (("--crowd", "digits", "--aggregation", "best.v1"), "aggregation.*"),
        (("--crowd", "digits", "--plot", "picture.png"), "picture.png: a picture is a file of .svg or .html"),
        (("missing.csv", "--truth", "missing.csv"), "missing.csv: cannot be read: .*"),
        (("missing.csv",), "--truth names the file of true classes: .*"),
    ],
)
def test_what_is_refused(labelshare: Run, words: tuple[str, ...], message: str) -> None:
    refused(labelshare("simulate", *words), message)


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1"])
@pytest.mark.parametrize("option", ["--stake-per-label", "--look-cost"])
def test_amounts_that_are_none_are_refused(labelshare: Run, option: str, value: str) -> None:
    ran = labelshare("simulate", "--crowd", "digits", option, value)

    assert ran.code == 2
    assert f"Invalid value for '{option}'" in ran.err


def test_where_nothing_is_scored_nothing_is_right_or_wrong(labelshare: Run) -> None:
    words = ("simulate", "--crowd", "digits", "--gold", 1, "--strategy", "random", "--attackers", "100")
    few = ("--runs", 1, "--seat-labels", "30", "--aggregation", "majority.v1")
    facts, text = labelshare(*words, *few, "--json").facts, " ".join(labelshare(*words, *few).out.split())

    assert (facts["alone"]["accuracy"], cells(facts)[0]["accuracy"]) == (None, None)
    assert cells(facts)[0]["accuracy_lost"] is None
    assert "Without attackers – of the verdicts are right (every item is gold or of unknown truth)" in text
    assert "were slashed in 1 campaign and" in text
    assert "No attack without effort on less than 30% of the places was tried." in text
    assert "1 campaigns" not in text


def test_a_price_of_nothing_is_refused(labelshare: Run, tmp_path: Path) -> None:
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(Spec.of(spec_of(30, 2).fields | {"price": "0"}).fields))

    refused(labelshare("simulate", "--crowd", "synthetic", "--spec", file), "the price is nothing, .*")


@pytest.mark.parametrize("name", ["simulate", "economics"])
def test_help_with_an_example(labelshare: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = labelshare(name, "--help")

    assert ran.code == 0
    assert ran.out.count(f"Example: labelshare {name} ") == 1
    assert max(map(len, ran.out.splitlines())) <= 80
