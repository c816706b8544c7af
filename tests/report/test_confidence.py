"""How sure verdicts and skills are: intervals by hand, bins of confidence, and how pictures show them."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from math import sqrt
from xml.etree.ElementTree import Element

import numpy as np
import pytest

from labelshare.protocol.evidence import ScoreRow
from labelshare.protocol.spec import Committee, DawidSkene
from labelshare.report import labels
from labelshare.report.confidence import Confidence, confidence_of, policy_in_words, shown
from labelshare.report.interval import Interval, interval, weight_of
from labelshare.report.labels import Score
from labelshare.report.pictures.canvas import WIDTH
from labelshare.report.pictures.confidence import EDGES, Bin, Sure, bins_of, confidence
from labelshare.report.pictures.skill import MOST, Earning, Skilled, drawn, skills
from labelshare.types import Address, Hash32
from tests.replay.crowds import modelled_life
from tests.report.test_collect import outcome, outcome_of, outcome_with_gold
from tests.report.test_pictures import SVG, boxes, tips, whole, words

ONE = 65_536
EARNING = Earning(begins=0.1, full=0.4)


def row(compared: int, agreed: int, chance: int, items: int, gold: int = 0) -> ScoreRow:
    return ScoreRow(
        annotator=Address(bytes(20)),
        labels=compared,
        accepted=0,
        contested=0,
        unopened=0,
        compared=compared,
        agreed=agreed,
        chance=chance,
        items=items,
        gold=gold,
        gold_right=0,
        skill_q16=0,
        flagged=False,
    )


# ------------------------------------------------------------------------ intervals


def test_an_interval_counted_by_hand() -> None:
    """18 of 38 agree and 8 do by chance: z² = 2.706025, so p = 19.353/40.706 = .475433, h = .128757.

    On the scale of skill, (38p − 8)/30: the raw skill is 10/30, the ends are those of p ± h.
    """
    found = interval(row(38, 18, 160, 20))

    assert found is not None
    assert found.raw == pytest.approx(1 / 3)
    assert found.low == pytest.approx((38 * (0.475433 - 0.128757) - 8) / 30, abs=1e-4)
    assert found.high == pytest.approx((38 * (0.475433 + 0.128757) - 8) / 30, abs=1e-4)
    assert str(found) == f"{found.low:.2f} to {found.high:.2f}"


def test_all_right_is_no_certainty() -> None:
    """10 of 10, 5 by chance: p = 11.353/12.706, h = 1.645 × sqrt(p(1 − p)/12.706), and nobody is above 1."""
    found, p = interval(row(10, 10, 50, 10)), 11.353 / 12.706

    assert found is not None
    assert (found.raw, found.high) == (1, 1)
    assert found.low == pytest.approx(2 * (p - 1.645 * sqrt(p * (1 - p) / 12.706)) - 1, abs=1e-3)
    nothing = interval(row(10, 0, 50, 10))
    assert nothing is not None
    assert (nothing.raw, nothing.low) == (-1, -1)


def test_an_answer_on_gold_is_one_answer() -> None:
    """Four plain labels and two on gold that count five times tell as much as 14²/(4 + 2 × 25) plain ones."""
    found, alike = interval(row(14, 7, 0, 1, gold=2), 5), 196 / 54

    assert found is not None
    assert found.high - found.low == pytest.approx(1.645 / sqrt(alike + 1.645**2))
    assert interval(row(14, 7, 0, 1), 5) == interval(row(14, 7, 0, 1))


@pytest.mark.parametrize("nothing", [row(0, 0, 0, 1), row(5, 5, 25, 5)])
def test_where_nothing_shows_skill_there_is_no_interval(nothing: ScoreRow) -> None:
    assert interval(nothing) is None


@pytest.mark.parametrize("labels_", [5, 20, 50, 200])
@pytest.mark.parametrize("skill", [0.0, 0.2, 0.5, 0.8, 0.9, 0.97])
@pytest.mark.parametrize("classes", [2, 10])
def test_nine_in_ten_intervals_hold_the_true_skill(labels_: int, skill: float, classes: int) -> None:
    """Each label agrees with probability c + (1 − c) × skill, where c is chance."""
    part = 1 / classes + (1 - 1 / classes) * skill
    found = np.random.default_rng(7).binomial(labels_, part, 5_000).tolist()
    ends = {agreed: interval(row(labels_, agreed, labels_, classes)) for agreed in set(found)}

    held = sum(each is not None and each.low <= skill <= each.high for each in map(ends.get, found))

    assert held / 5_000 >= 0.86


def test_everyone_has_the_interval_of_the_own_score() -> None:
    for whole_ in (outcome(), outcome_with_gold()):
        rows = {each.annotator: each for each in whole_.labelled.scores}
        weight = weight_of(whole_.labelled.spec)
        assert weight == (5 if whole_.labelled.gold else 1)
        for person in whole_.people:
            assert person.interval == interval(rows[person.account], weight)
            assert person.interval_in_words == str(person.interval)
    assert replace(outcome().people[0], interval=None).interval_in_words == "–"


# ----------------------------------------------------------------------- confidence


def test_a_confidence_is_cut_and_only_certainty_is_one() -> None:
    assert [shown(each) for each in (0, ONE // 2, ONE - 1, ONE)] == ["0.00", "0.50", "0.99", "1.00"]
    assert shown(ONE - 1, 4) == "0.9999"


def test_verdicts_are_summed_up() -> None:
    labelled = outcome().labelled
    truths = tuple(
        replace(each, confidence_q16=at, accepted=at > 1) for at, each in enumerate(labelled.truths[:4])
    )
    votes = {item: sum(item in each for each in labelled.answers.values()) for item in (0, 1)}

    found = confidence_of(replace(labelled, truths=truths))

    assert found == Confidence(1, 2, votes[0] + votes[1], Fraction(3, 5))
    assert confidence_of(replace(labelled, truths=())).median is None


def test_ties_are_those_of_a_vote() -> None:
    modelled = outcome_of(modelled_life())
    labelled, truth = modelled.labelled, outcome().truth
    assert (labelled.voted, labelled.tied(), modelled.ties) == (False, {}, 0)
    assert modelled.accuracy_range == (modelled.accuracy, modelled.accuracy)
    assert labelled.accuracy_range({}) == (Score(0, 0), Score(0, 0))
    vote = outcome().labelled
    rule = DawidSkene(policy="dawid-skene.v1")
    same = replace(vote, spec=vote.spec.model_copy(update={"aggregation": rule}))
    assert vote.tied()
    assert same.tied() == vote.tied()  # so many labels that the vote stood, as no model is published
    assert "does not take so many" in policy_in_words(same)
    low, high = same.accuracy_range(truth)
    assert low.right < high.right
    model = replace(same, model_root=Hash32(bytes([1] * 32)))
    assert model.tied() == {}
    low, high = model.accuracy_range(truth)
    assert low == high == model.accuracy(truth)


def test_a_committee_publishes_no_tables_and_is_no_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    vote = outcome().labelled
    rule = Committee(policy="committee.v1")
    decided = replace(vote, spec=vote.spec.model_copy(update={"aggregation": rule}))
    cells = sum(row.labels for row in vote.scores) * 3

    assert (decided.model_root, decided.voted, decided.tied()) == (Hash32(bytes(32)), False, {})
    assert policy_in_words(decided).startswith("committee.v1: three models vote, and two outvote the third;")
    found = []
    for most in (cells, cells - 1):
        monkeypatch.setattr(labels, "MAX_CELLS", most)
        found.append((decided.voted, decided.tied(), "does not take so many" in policy_in_words(decided)))
    assert found == [(False, {}, False), (True, vote.tied(), True)]


# -------------------------------------------------------------------------- pictures

SURE = [
    Sure(ONE, accepted=True, right=True),
    Sure(ONE, accepted=True, right=True),
    Sure(ONE * 99 // 100, accepted=True, right=False),
    Sure(ONE * 3 // 5, accepted=True),
    Sure(ONE * 3 // 5 - 1, accepted=False, right=False),
    Sure(ONE // 2, accepted=False, right=True),
    Sure(0, accepted=False),
]


def test_bins_hold_their_lower_bounds() -> None:
    bins = bins_of(SURE)

    assert {str(float(EDGES[place])): (each.accepted, each.contested) for place, each in bins.items()} == {
        "0.0": (0, 1),
        "0.5": (0, 2),
        "0.6": (1, 0),
        "0.99": (1, 0),
        "0.999": (2, 0),
    }
    assert replace(bins[3], mean=0) == Bin(0, 2, 2, 1, 0)
    assert bins[3].mean == pytest.approx(0.55, abs=1e-4)
    assert bins[3].share == 0.5
    assert bins[0] == Bin(0, 1, 0, 0, 0.0)
    assert bins[0].share == 0


def test_a_histogram_with_the_acceptance_and_the_calibration_below() -> None:
    figure = confidence(SURE, Fraction(3, 5), "0.6000")
    root = whole(figure)

    line = next(node for node in root.iter(f"{SVG}path") if node.get("class") == "mark")
    x = float(str(line.get("d"))[1:].split()[0])
    assert max(float(str(box.get("x"))) for box in boxes(root, "contested")) < x
    assert min(float(str(box.get("x"))) for box in boxes(root, "accepted")) > x
    heights = [float(str(box.get("height"))) for box in boxes(root, "accepted")]
    assert heights[-1] == pytest.approx(2 * heights[0])
    assert "accepted from 3/5 on" in words(root)
    dots = [node for node in root.iter(f"{SVG}path") if node.get("class") == "taken dot"]
    assert len(dots) == 3
    assert "1 of 2 items right, mean confidence 0.550" in tips(root)
    assert figure.rows[1] == ("0.5 to 0.6", "0", "2", "2", "1", "0.550")
    assert "of 7 items 3 are below 3/5 and contested" in figure.reading
    assert "the mean confidence is 0.818 and 0.600 are right" in figure.reading
    assert [kind for kind, _ in figure.legend] == ["accepted", "contested"]


def test_without_truths_there_is_no_calibration() -> None:
    figure = confidence([replace(each, right=None) for each in SURE], Fraction(3, 5), "0.6000")

    assert not [node for node in whole(figure).iter(f"{SVG}path") if node.get("class") == "taken dot"]
    assert len(figure.columns) == 3
    assert figure.reading.endswith("3 are below 3/5 and contested.")


def test_skills_have_whiskers_and_the_most_skilled_is_on_top() -> None:
    people = [
        Skilled("low", 1, 9, 0.1, Interval(0.05, -0.2, 0.4)),
        Skilled("high", 0, 9, 0.9, Interval(1.0, 0.9, 1.0)),
        Skilled("short", 0, 2, 0.5, None),
        Skilled("idle", 0, 0, 0.0, None),
    ]

    figure = skills(people, ["a", "b"], EARNING, "It.")

    root = whole(figure)
    assert [word for word in words(root) if word in {"low", "high", "short", "idle"}] == [
        "high",
        "short",
        "low",
    ]
    lines = [node for node in root.iter(f"{SVG}path") if "whisker" in str(node.get("class"))]
    ends = [str(node.get("d"))[1:].replace("L", " ").split() for node in lines]
    width = [float(each[2]) - float(each[0]) for each in ends]
    assert len(width) == 2
    assert width[1] == pytest.approx(6 * width[0], rel=0.05)
    ticks = places(root, "tick")
    assert ticks[0] == pytest.approx(float(ends[0][2]), abs=0.1)  # raw is at the upper end
    assert float(ends[1][0]) < ticks[1] < places(root, "dot")[-1] + 4.2
    assert figure.rows[0] == ("low", "b", "9", "0.10", "0.05", "-0.20", "0.40")
    assert figure.rows[2][-3:] == ("–", "–", "–")
    assert "low: skill 0.10, raw -0.20 to 0.40, 9 labels" in tips(root)
    assert "pay begins at 0.10 and is full from 0.40 on" in words(root)


def about(skill: float, half: float = 0.05) -> Interval:
    return Interval(skill, skill - half, skill + half)


def places(root: Element, kind: str) -> list[float]:
    """Where the lines, whiskers or marks of a class begin, from left to right."""
    found = (node for node in root.iter(f"{SVG}path") if kind in str(node.get("class")).split())
    return [float(re.findall(r"-?[\d.]+", str(node.get("d")))[0]) for node in found]


@pytest.mark.parametrize("skill", [-1.0, -0.75, -0.5, -0.3, 0.0, 0.1, 0.4, 1.0])
def test_a_skill_stands_where_it_is_also_below_nothing(skill: float) -> None:
    """On the scale that nothing, the beginning of pay and its end are on."""
    people = [Skilled("it", 0, 9, skill, about(skill)), Skilled("good", 0, 9, 0.9, about(0.9))]
    root = whole(skills(people, [""], EARNING, "It."))
    (zero,), (begins, full) = places(root, "axis"), places(root, "mark")
    unit = (full - zero) / EARNING.full
    good, it = (left + 4.2 for left in places(root, "dot"))  # the mark of the first group is a circle
    if skill > 0.9:
        good, it = it, good

    assert begins - zero == pytest.approx(EARNING.begins * unit, abs=0.2)
    assert good - zero == pytest.approx(0.9 * unit, abs=0.5)
    assert it - zero == pytest.approx(skill * unit, abs=0.5)
    assert min(begins, full, it - 4.2) > 0
    assert all(0 <= each <= WIDTH for each in places(root, "whisker"))


def test_the_scale_goes_below_nothing_only_as_far_as_it_must() -> None:
    def least(*skilled: tuple[float, float]) -> str:
        people = [Skilled(f"n{at}", 0, 9, each, about(each, by)) for at, (each, by) in enumerate(skilled)]
        numbers = [word for word in words(whole(skills(people, [""], EARNING, "It."))) if "." in word]
        return min((word for word in numbers if re.fullmatch(r"-?\d\.\d\d", word)), key=float)

    assert least((0.5, 0.1)) == "0.00"
    assert least((0.1, 0.2)) == "-0.25"
    assert least((-0.1, 0.9)) == "-0.50"  # a whisker ends with the scale
    assert least((-0.51, 0.01)) == "-1.00"  # a mark does not


@pytest.mark.parametrize("number", [1, 30, 31, 90, 91, 1_000])
def test_very_many_are_drawn_at_equal_steps(number: int) -> None:
    people = [Skilled(f"n{at}", 0, 1, at / number, about(at / number)) for at in range(number)]

    some = drawn(people)

    assert len(some) == min(number, MOST)
    assert (some[0], some[-1]) == (people[-1], people[0])
    assert len(set(some)) == len(some)
    assert len(whole(skills(people, [""], EARNING, "It.")).findall(f"{SVG}text")) < 60
