"""Bins of posteriors by hand: which holds what, and how far confidence is from what is right."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from labelshare.replay.calibration import EDGES, bins, expected_error
from labelshare.replay.scoring import Item, Scored


def test_bins_and_their_error_by_hand() -> None:
    confidences = np.array([0.5, 0.55, 0.6, 0.97, 0.98, 1.0])
    right = np.array([True, False, True, True, False, True])

    found = bins(confidences, right)

    assert [(each.low, each.high, each.items, each.accuracy) for each in found] == [
        (0.0, 0.5, 1, 1.0),
        (0.5, 0.6, 2, 0.5),
        (0.95, 0.99, 2, 0.5),
        (0.99, 1.0, 1, 1.0),
    ]
    expected = (1 * 0.5 + 2 * abs(0.575 - 0.5) + 2 * abs(0.975 - 0.5) + 0) / 6
    assert expected_error(found) == pytest.approx(expected)


def test_a_posterior_of_nothing_is_kept() -> None:
    (low, high) = bins(np.array([0.0, 0.9]), np.array([False, True]))

    assert (low.low, low.items, low.confidence, low.accuracy) == (0.0, 1, 0.0, 0.0)
    assert (high.high, high.items) == (0.9, 1)
    assert expected_error([low, high]) == pytest.approx(0.05)


def test_each_bin_holds_its_upper_end_and_no_item_is_lost() -> None:
    above = np.nextafter(1.0, 2.0)  # as a sum of rounded parts may come out
    found = bins(np.array([*EDGES, above]), np.ones(len(EDGES) + 1, dtype=np.bool_))

    assert (
        [(each.high, each.items) for each in found]
        == [
            (0.5, 2),  # 0 and .5
            *((edge, 1) for edge in EDGES[2:-1]),
            (1.0, 2),
        ]
    )


def test_a_crowd_is_scored_by_the_same_bins() -> None:
    """Exact posteriors: two of 3/5 in (.5, .6], one of 1; what was told or is unknown does not count."""
    sure = Item(0, Fraction(1), told=False, right=True)
    half = [Item(0, Fraction(3, 5), told=False, right=right) for right in (True, False)]
    apart = [Item(0, Fraction(1, 9), told=True, right=False), Item(0, Fraction(1, 9), told=False, right=None)]

    scored = Scored((sure, *half, *apart), 0.0)

    assert scored.calibration_error == pytest.approx(2 * abs(0.6 - 0.5) / 3)
    assert Scored(tuple(apart), 0.0).calibration_error is None
