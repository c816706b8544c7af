"""Crowds of which a part colludes, made from recorded ones.

1. *Thinning*: each item keeps five of its labels, drawn at random.
2. *Colluders*: a share of the annotators that are left, drawn at random. For each item they agree on one
   answer beforehand, and each of their labels on it becomes that answer. It is drawn evenly from all classes
   (`equal`: nobody looks, so it may be right), or from the wrong ones (`wrong`: somebody looks, and all lie).
3. *Gold*: the true class of a tenth of the items, drawn at random, is known. They are not scored.

Every draw follows from the number of the trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from benchmarks.accuracy.sets import UNKNOWN, Recorded
from labelshare.protocol.aggregation.base import Crowd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelshare.protocol.aggregation.base import Integers

__all__ = ["GOLD_SHARE", "SETS", "SHARES", "TRIALS", "Attack", "Trial", "attacked"]

Attack: TypeAlias = Literal["equal", "wrong"]

SETS: Final = ("rte", "dog", "d_sentiment")
SHARES: Final = (0.2, 0.3, 0.4)
TRIALS: Final = 20
LABELS_EACH: Final = 5
GOLD_SHARE: Final = 0.1


@dataclass(frozen=True)
class Trial:
    """A crowd under attack.

    Attributes:
        recorded: its labels and the truth.
        gold: the true class by gold item.
    """

    recorded: Recorded
    gold: dict[int, int]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which items count for accuracy."""
        scored = np.not_equal(self.recorded.truth, UNKNOWN)
        scored[list(self.gold)] = False
        return scored


def attacked(recorded: Recorded, share: float, attack: Attack, trial: int) -> Trial:
    """The crowd of a trial; a share of 0 is no attack, with the same thinning."""
    random = np.random.default_rng([trial, round(100 * share)])
    thin = recorded.part(_thinned(recorded.crowd.items, np.random.default_rng(trial)))
    crowd, truth = thin.crowd, thin.truth
    people = np.unique(crowd.annotators)
    colluders = random.permutation(people)[: round(share * people.size)]
    agreed = random.integers(0, crowd.n_classes, truth.size)
    if attack == "wrong":
        agreed = (truth + random.integers(1, crowd.n_classes, truth.size)) % crowd.n_classes
    lies = np.isin(crowd.annotators, colluders)
    classes = np.where(lies, agreed[crowd.items], crowd.classes)
    known = np.flatnonzero(truth != UNKNOWN)
    chosen = random.permutation(known)[: round(GOLD_SHARE * known.size)]
    gold = {int(item): int(truth[item]) for item in chosen}
    columns = (crowd.items, crowd.annotators, classes)
    return Trial(Recorded(recorded.name, Crowd(crowd.n_items, crowd.n_classes, *columns), truth), gold)


def _thinned(items: Integers, random: np.random.Generator) -> Integers:
    """Rows of at most five labels an item."""
    order = random.permutation(items.size)
    order = order[np.argsort(items[order], kind="stable")]
    starts = np.flatnonzero(np.diff(items[order], prepend=-1))
    places = np.arange(order.size) - np.repeat(starts, np.diff(starts, append=order.size))
    return np.sort(order[places < LABELS_EACH])
