"""The report of a campaign of boxes: who is near enough is with the winner, and with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
from rich.console import Console

from labelshare.report import page, text
from labelshare.report.breakdown import items
from labelshare.report.collect import Outcome, Person, collect
from labelshare.report.labels import Score
from tests.oracle.boxes import CAT, DOG, FORM, THIRD, boxes_life, drawn
from tests.report.markup import Page

NEAR = {0: (CAT,), 1: (CAT, DOG), 2: (CAT,), 3: (), 4: (CAT,), 5: (DOG,)}
"""What is there; gold, of which item 2 is told wrong here, scores nothing."""
TRUTH = {item: FORM.from_result(drawn(*boxes, off=0.9)) for item, boxes in NEAR.items()}


@cache
def outcome_with(truth: tuple[tuple[int, int], ...]) -> Outcome:
    play, bundle = boxes_life()
    stage = play.stage
    return collect(stage.chain, stage.deployment, stage.scope.campaign_id, bundle, dict(truth))


def told(truth: Mapping[int, int]) -> Outcome:
    return outcome_with(tuple(truth.items()))


def drawn_page(outcome: Outcome) -> Page:
    play, _ = boxes_life()
    stage = play.stage
    known = page.Told(stage.deployment, names={}, gas={}, truth=outcome.truth, images={0: b"", 4: b""})
    return Page(page.render(outcome, known, page.times_of(stage.chain, outcome)))


def person(outcome: Outcome, name: str) -> Person:
    address = boxes_life()[0].stage.people[name].address
    return next(each for each in outcome.people if each.account == address)


def test_every_sum_comes_out_and_what_is_contested_is_told() -> None:
    outcome = told({})
    assert (outcome.verification.ok, outcome.conserved) == (True, True)
    table = items(outcome).columns
    assert table["support"].values == (2, 2, 2, 2, 2, 1)
    assert table["contested"].values == (False,) * 5 + (True,)
    assert table["winner"].values[3] == "(none)"

    console = Console(width=80, record=True, file=None, quiet=False)
    with console.capture() as shown:
        text.show(console, outcome, {}, {})
    words = " ".join(shown.get().split())
    assert "answers that are alike are one" in words
    assert "median 0.6666; 1 item of 3 labels contested: below 3/5" in words
    assert "10 in full, 3 at half pay" in words
    assert "1 annotator with a skill below 0 lost 1.00 DEV" in words


def test_a_truth_is_met_by_what_is_alike_to_it() -> None:
    outcome = told(TRUTH)
    assert outcome.accuracy_range == (Score(2, 3), Score(3, 3))  # of item 5 three answers share the lead
    assert outcome.accuracy in outcome.accuracy_range
    scores = {name: person(outcome, name).score for name in ("ann", "ben", "cleo", "dora")}
    assert scores == {"ann": Score(2, 2), "ben": Score(2, 2), "cleo": Score(1, 2), "dora": Score(0, 3)}
    table = items(outcome).columns
    assert table["right"].values[:5] == (True, True, False, True, True)
    assert table["truth"].values[4] == "cat 10.9,15.9 30x45"


def test_a_truth_that_nobody_came_near_is_met_by_nobody() -> None:
    outcome = told({4: FORM.from_result(drawn(THIRD)), 5: FORM.from_result(drawn(THIRD))})
    assert outcome.accuracy_range == (Score(0, 2), Score(0, 2))
    assert all(each.score.right == 0 for each in outcome.people)


@pytest.mark.parametrize("truth", [{}, TRUTH], ids=["nothing known", "all known"])
def test_the_page_of_regions(truth: dict[int, int]) -> None:
    found = drawn_page(told(truth)).root
    figures = {each.attributes["id"] for each in found.all("figure")}
    assert {"completion", "agreement", "confidence"} <= figures
    assert "confusion" not in figures
    assert "answers that are alike are one; the most labels win" in found.text
    if truth:
        assert "truth cat 10.9,15.9 30x45" in " ".join(found.text.split())
        assert found.text.count("✓ right") == 2
        assert "✗ wrong" not in found.text
