"""Simulated crowds of every kind that we could think of: the only ones by which parameters are chosen.

What is varied, one value of each drawn for a crowd: classes and how uneven they are, items, annotators,
labels an item, how unevenly annotators work (most leave short records), how skilled they are, how much
classes differ in difficulty, how much an annotator's skill varies by class, spammers who do not look,
annotators with a favourite class, and hard items with a wrong answer that lures everybody alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.accuracy.sets import Recorded
from labelshare.protocol.aggregation.base import Crowd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Kind", "draw_kind", "simulate"]


@dataclass(frozen=True)
class Kind:
    """What kind of crowd.

    Attributes:
        n_classes, n_items, n_annotators, labels_each: sizes.
        evenness: Dirichlet parameter of the classes' shares; large is even.
        tail: spread of the annotators' activity (log-normal).
        skill: parameters of the Beta from which an annotator's rate of right answers is drawn.
        class_spread: how much classes differ in difficulty for everybody (standard deviation of log-odds).
        own_spread: how much one annotator's skill differs by class, likewise.
        spammers: share that answers without looking.
        biased: share that gives a favourite class in four cases of ten.
        hard: share of items with a lure.
    """

    n_classes: int
    n_items: int
    n_annotators: int
    labels_each: int
    evenness: float
    tail: float
    skill: tuple[float, float]
    class_spread: float
    own_spread: float
    spammers: float
    biased: float
    hard: float


def draw_kind(random: np.random.Generator) -> Kind:
    """Any kind, as likely as any other."""
    skills = ((8.0, 3.0), (6.0, 2.0), (12.0, 2.0))
    return Kind(
        n_classes=int(random.choice([2, 2, 2, 3, 4, 5, 8, 15])),
        n_items=int(random.choice([300, 800])),
        n_annotators=int(random.choice([60, 150, 400])),
        labels_each=int(random.choice([3, 5, 7, 10])),
        evenness=float(random.choice([1.0, 4.0, 50.0])),
        tail=float(random.choice([0.5, 1.2, 2.0])),
        skill=skills[int(random.integers(len(skills)))],
        class_spread=float(random.choice([0.0, 0.5, 1.0])),
        own_spread=float(random.choice([0.3, 0.8])),
        spammers=float(random.choice([0.0, 0.1, 0.3])),
        biased=float(random.choice([0.0, 0.2])),
        hard=float(random.choice([0.0, 0.1, 0.2, 0.3])),
    )


def simulate(kind: Kind, random: np.random.Generator) -> Recorded:
    """A crowd of a kind, with its truth."""
    shares = random.dirichlet(np.full(kind.n_classes, kind.evenness))
    truth = random.choice(kind.n_classes, kind.n_items, p=shares)
    items = np.repeat(np.arange(kind.n_items), kind.labels_each)
    annotators = _crews(kind, random).ravel()
    trades = random.random(kind.n_annotators)
    rates = _with_bias(_rates(kind, random), trades, kind, random)
    answers = rates[annotators, truth[items]]
    looks = trades[annotators] >= kind.spammers
    answers = np.where(looks[:, None], _lured(answers, truth, kind, random), answers)
    classes = (answers.cumsum(axis=1) < random.random(items.size)[:, None]).sum(axis=1)
    classes = np.minimum(classes, kind.n_classes - 1)
    crowd = Crowd(kind.n_items, kind.n_classes, items, annotators, classes)
    return Recorded("simulated", crowd, truth)


def _crews(kind: Kind, random: np.random.Generator) -> NDArray[np.int64]:
    """Different annotators for each item, the active ones more often."""
    activity = random.normal(0, kind.tail, kind.n_annotators)
    keys = activity + random.gumbel(size=(kind.n_items, kind.n_annotators))
    return np.argpartition(-keys, kind.labels_each, axis=1)[:, : kind.labels_each]


def _rates(kind: Kind, random: np.random.Generator) -> Floats:
    """How often each annotator gives each answer where a class is true; shape (annotators, true, answers)."""
    n_classes, size = kind.n_classes, kind.n_annotators
    base = random.beta(*kind.skill, size)
    odds = np.log(base / (1 - base))[:, None] + random.normal(0, kind.class_spread, n_classes)
    right = 1 / (1 + np.exp(-odds - random.normal(0, kind.own_spread, (size, n_classes))))
    shared = random.dirichlet(np.ones(n_classes), n_classes)
    wrong = random.gamma(6 * shared + 0.1, size=(size, n_classes, n_classes)) + 1e-9
    same = np.arange(n_classes)
    wrong[:, same, same] = 0
    rates = wrong / wrong.sum(axis=2, keepdims=True) * (1 - right)[:, :, None]
    rates[:, same, same] = right
    return np.asarray(rates)


def _with_bias(rates: Floats, trades: Floats, kind: Kind, random: np.random.Generator) -> Floats:
    """Spammers answer alike whatever is true; the biased have a favourite."""
    spammer = trades < kind.spammers
    biased = (trades >= kind.spammers) & (trades < kind.spammers + kind.biased)
    habits = random.dirichlet(np.full(kind.n_classes, 0.7), rates.shape[0])
    favourites = np.eye(kind.n_classes)[random.integers(0, kind.n_classes, rates.shape[0])]
    rates = np.where(biased[:, None, None], 0.6 * rates + 0.4 * favourites[:, None, :], rates)
    return np.asarray(np.where(spammer[:, None, None], habits[:, None, :], rates))


def _lured(answers: Floats, truth: NDArray[np.int64], kind: Kind, random: np.random.Generator) -> Floats:
    """Part of the answers on hard items goes to one wrong class, the same for everybody."""
    lure = (truth + random.integers(1, kind.n_classes, truth.size)) % kind.n_classes
    pull = (random.random(truth.size) < kind.hard) * random.uniform(0, 0.9, truth.size)
    pull, lure = (np.repeat(each, kind.labels_each) for each in (pull, lure))
    return np.asarray((1 - pull)[:, None] * answers + pull[:, None] * np.eye(kind.n_classes)[lure])
