"""How the parameters of Dawid–Skene were chosen: `python -m benchmarks.accuracy.choose [CROWDS]`.

On simulated crowds alone (`simulate`), never on the truth of a recorded one. Each setting differs in one
parameter from the standard rule and is scored on the same crowds, so that differences are paired. There are
three situations: the crowd as it is; thinned to five labels an item and a tenth of the items gold
(`collusion`); and so with 30% of annotators colluding. What the figures say is in README.md beside this file.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from math import log, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.accuracy.collusion import Trial, attacked
from benchmarks.accuracy.methods import TIES
from benchmarks.accuracy.simulate import draw_kind, simulate
from labelshare.protocol.aggregation.dawid_skene import Fit, Rule, fit
from labelshare.protocol.aggregation.majority import majority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labelshare.protocol.aggregation.base import Integers

STANDARD: Final = Rule()
STRENGTHS: Final = (1, 2, 4, 8, 16)
ITERATIONS: Final = (5, 10, 30, 100)
WEIGHTS: Final = (1, 2, 5, 10, 20)
CROWDS: Final = 100
SITUATIONS: Final = {"honest": 0.0, "gold, nobody colludes": 0.0, "gold, 30% collude": 0.3}
_LEAST: Final = 2.0**-17
"""Stands for a posterior that was rounded down to nothing, in the logarithm."""


def settings() -> dict[str, Rule]:
    """By name: the standard rule, and all that differ from it in one parameter."""
    found = {"standard": STANDARD}
    found |= {f"strength {each}": replace(STANDARD, strength=each) for each in STRENGTHS}
    found |= {f"{each} iterations": replace(STANDARD, iterations=each) for each in ITERATIONS}
    found |= {f"gold weight {each}": replace(STANDARD, gold_weight=each) for each in WEIGHTS}
    return {name: rule for name, rule in found.items() if name == "standard" or rule != STANDARD}


def main(n_crowds: int) -> None:
    """Prints a table for each situation."""
    for situation in SITUATIONS:
        with ProcessPoolExecutor() as pool:
            crowds = list(pool.map(_score, [situation] * n_crowds, range(n_crowds), chunksize=4))
        sys.stdout.write(f"\n{situation}: {n_crowds} simulated crowds\n")
        sys.stdout.write(f"{'':<20}accuracy   − standard (s.e.)    log loss   − standard\n")
        for name in crowds[0]:
            _print(name, np.array([[*each[name], *each["standard"]] for each in crowds]))


def _print(name: str, pairs: np.ndarray) -> None:
    accuracy, loss, standard, standard_loss = pairs.mean(axis=0)
    error = (pairs[:, 0] - pairs[:, 2]).std() / sqrt(len(pairs))
    sys.stdout.write(
        f"{name:<20}{accuracy:.4f}   {accuracy - standard:+.4f} ({error:.4f})      "
        f"{loss:.4f}   {loss - standard_loss:+.4f}\n"
    )


def _score(situation: str, number: int) -> Mapping[str, tuple[float, float]]:
    """Accuracy and log loss of each setting on one crowd; of the vote, its accuracy twice."""
    trial = in_situation(situation, number)
    crowd, scored = trial.recorded.crowd, trial.scored
    items = np.unique(crowd.items)
    kept, truth = scored[items], trial.recorded.truth[items]
    vote = float((majority(crowd, TIES).winners == truth)[kept].mean())
    found = {"majority": (vote, vote)}
    for name, rule in settings().items():
        if "weight" in name and not trial.gold:
            continue
        found[name] = _marks(fit(crowd, TIES, trial.gold, rule), truth, kept)
    return found


def _marks(found: Fit, truth: Integers, kept: np.ndarray) -> tuple[float, float]:
    right = (found.outcome.winners == truth)[kept]
    shares = found.posteriors[np.arange(truth.size), truth][kept] / 65_536
    return float(right.mean()), float(-np.log(np.maximum(shares, _LEAST)).mean() / log(2))


def in_situation(situation: str, number: int) -> Trial:
    """A simulated crowd in one of `SITUATIONS`."""
    random = np.random.default_rng(number)
    recorded = simulate(draw_kind(random), random)
    if situation == "honest":
        return Trial(recorded, {})
    return attacked(recorded, SITUATIONS[situation], "equal", number)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CROWDS)
