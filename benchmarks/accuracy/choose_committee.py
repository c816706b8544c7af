"""How the committee was put together: `python -m benchmarks.accuracy.choose_committee [CROWDS]`.

On the simulated crowds of `choose` and in its three situations: each member alone, the committee, other ways
to join the members, and the committee with one number changed. Differences are to Dawid–Skene on the same
crowds. What the figures say is in README.md beside this file.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.accuracy.choose import CROWDS, SITUATIONS, in_situation
from benchmarks.accuracy.methods import TIES
from labelshare.protocol.aggregation.committee import Rule, committee
from labelshare.protocol.aggregation.dawid_skene import fit
from labelshare.protocol.aggregation.dawid_skene_layout import lay_out
from labelshare.protocol.aggregation.dawid_skene_passes import votes
from labelshare.protocol.aggregation.item_kinds import item_kinds
from labelshare.protocol.aggregation.majority import majority
from labelshare.protocol.aggregation.weighted_average import weighted_average

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labelshare.protocol.aggregation.base import Crowd, Integers

STANDARD: Final = Rule()
SETTINGS: Final = {
    "iterations 10": replace(STANDARD, iterations=10),
    "iterations 40": replace(STANDARD, iterations=40),
    "average_strength 4": replace(STANDARD, average_strength=4),
    "average_strength 60": replace(STANDARD, average_strength=60),
    "average_iterations 20": replace(STANDARD, average_iterations=20),
    "gold weight 1": replace(STANDARD, gold_weight=1),
}


def main(n_crowds: int) -> None:
    """Prints a table for each situation."""
    for situation in SITUATIONS:
        crowds = [score(situation, number) for number in range(n_crowds)]
        sys.stdout.write(f"\n{situation}: {n_crowds} simulated crowds\n")
        sys.stdout.write(f"{'':<24}accuracy   − Dawid–Skene (s.e.)\n")
        for name in crowds[0]:
            pairs = np.array([[each[name], each["dawid-skene"]] for each in crowds])
            gain, accuracy = pairs[:, 0] - pairs[:, 1], pairs[:, 0].mean()
            error = gain.std() / sqrt(n_crowds)
            sys.stdout.write(f"{name:<24}{accuracy:.4f}   {gain.mean():+.4f} ({error:.4f})\n")


def score(situation: str, number: int) -> dict[str, float]:
    """The accuracy of each way on one crowd."""
    trial = in_situation(situation, number)
    crowd, gold = trial.recorded.crowd, trial.gold
    items = np.unique(crowd.items)
    kept, truth = trial.scored[items], trial.recorded.truth[items]
    found = _alone_and_joined(crowd, gold)
    found["committee"] = committee(crowd, TIES, gold).winners
    for name, rule in SETTINGS.items():
        found[name] = committee(crowd, TIES, gold, rule).winners
    return {name: float((winners == truth)[kept].mean()) for name, winners in found.items()}


def _alone_and_joined(crowd: Crowd, gold: Mapping[int, int]) -> dict[str, Integers]:
    """The winners of the members, and of means of their posteriors."""
    layout, rule = lay_out(crowd, gold), STANDARD
    members = {
        "dawid-skene": fit(crowd, TIES, gold).posteriors.T,
        "item kinds": item_kinds(layout, rule.strength, rule.gold_weight, rule.iterations),
        "weighted average": weighted_average(
            layout, rule.average_strength, rule.gold_weight, rule.average_iterations
        ),
    }
    tables, kinds, average = members.values()
    members |= {
        "mean of all three": tables + kinds + average,
        "mean without kinds": tables + average,
        "mean without average": tables + kinds,
        "mean without tables": kinds + average,
    }
    given = votes(layout) > 0
    found = {name: np.where(given, each, -1).argmax(axis=0) for name, each in members.items()}
    return {"majority": majority(crowd, TIES).winners, **found}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CROWDS)
