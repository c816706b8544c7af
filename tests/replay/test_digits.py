"""The demonstration's images and the programs that label them."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from importlib import resources

import pytest

from labelshare.replay.digits import KINDS, load_digits, simulated_crowd
from labelshare.replay.rules import Rules, spec_of


def test_three_hundred_images_thirty_of_each_digit() -> None:
    digits = load_digits()

    assert Counter(image.digit for image in digits) == dict.fromkeys(range(10), 30)
    assert {len(image.pixels) for image in digits} == {64}
    assert {value for image in digits for value in image.pixels} == set(range(17))
    assert len({image.pixels for image in digits}) == 300


def test_the_digest_is_that_of_the_grey_values() -> None:
    image = load_digits()[0]

    assert image.digest == sha256(bytes(image.pixels)).hexdigest()
    text = resources.files("labelshare.replay.data").joinpath("digits.csv").read_text()
    digit, pixels = text.splitlines()[1].split(",")
    assert image.digit == int(digit)
    assert list(image.pixels) == ["0123456789abcdefg".index(each) for each in pixels]


def test_a_digit_is_drawn_in_ink_on_paper() -> None:
    """The middle of a zero is paper, and of an average one ink."""
    by_digit = {digit: [image for image in load_digits() if image.digit == digit] for digit in (0, 1)}
    middle = {
        digit: sum(image.pixels[row * 8 + column] for image in images for row in (3, 4) for column in (3, 4))
        for digit, images in by_digit.items()
    }
    assert middle[1] > 3 * middle[0]


def test_the_same_seed_gives_the_same_crowd() -> None:
    assert simulated_crowd(1) == simulated_crowd(1)
    assert simulated_crowd(1).votes != simulated_crowd(2).votes
    assert simulated_crowd(1).truth == simulated_crowd(2).truth


def test_every_annotator_answers_every_image() -> None:
    crowd = simulated_crowd(5, items=40)

    assert crowd.simulated
    assert (len(crowd.items), len(crowd.workers), len(crowd.classes)) == (40, 30, 10)
    assert {(vote.item, vote.worker) for vote in crowd.votes} == {
        (i, w) for i in range(40) for w in range(30)
    }
    assert len(crowd.votes) == 1_200
    assert {vote.label for vote in crowd.votes} <= set(range(10))
    assert crowd.truth == {item: image.digit for item, image in enumerate(load_digits()[:40])}
    assert crowd.missing_truths == 0


def test_annotators_are_of_the_kind_that_they_are_called() -> None:
    crowd = simulated_crowd(1)
    right = [
        sum(answers[i] == truth for i, truth in crowd.truth.items()) / 300 for answers in crowd.labels_of
    ]
    by_kind: dict[str, list[float]] = {}
    for worker, kind in enumerate(crowd.kinds):
        assert re.fullmatch(rf"{kind} \d+", crowd.workers[worker])
        by_kind.setdefault(kind, []).append(right[worker])

    assert {kind: len(each) for kind, each in by_kind.items()} == KINDS
    bounds = {
        "careful": (0.93, 1.0),
        "average": (0.78, 0.93),
        "lazy": (0.38, 0.6),
        "random": (0.03, 0.18),
        "colluding": (0.03, 0.18),
    }
    for kind, (low, high) in bounds.items():
        assert all(low <= each <= high for each in by_kind[kind]), (kind, by_kind[kind])
    one, other = (worker for worker, kind in enumerate(crowd.kinds) if kind == "colluding")
    assert crowd.labels_of[one] == crowd.labels_of[other]


@pytest.mark.parametrize("items", [10, 300])
def test_the_spec_names_each_image_by_its_digest(items: int) -> None:
    spec = spec_of(simulated_crowd(1, items=items), Rules())

    assert [item.digest for item in spec.items] == [image.digest for image in load_digits()[:items]]
    assert [spec.task.form.describe(choice) for choice in range(10)] == list("0123456789")
    assert spec.assignment.policy == "rendezvous.v1"
