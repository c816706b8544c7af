"""One pass of Dawid–Skene over all labels: posteriors from tables, and soft counts from posteriors.

Two ways lead to the same bits: numpy, always there, and the loops of `dawid_skene_jit`, about twice as
fast but half a second or more to load. They come with the extra `fast` and are loaded only for a large crowd.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Final, Protocol

import numpy as np

from labelshare.protocol.aggregation import fixed_point
from labelshare.protocol.aggregation.base import Integers
from labelshare.protocol.aggregation.dawid_skene_layout import NO_GOLD, Layout
from labelshare.protocol.aggregation.dawid_skene_rates import COUNT_BITS, COUNT_ONE, Tables

__all__ = ["Counted", "Passes", "count", "passes_for", "posteriors", "scores", "soften", "votes"]

_WORTH_LOADING: Final = 3_500_000
"""Labels times classes from which on the compiled loops about win back what loading them takes.

So large a settlement loads numba for its hashes anyway.
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What posteriors come to, in 1/2^16: the arguments `counts` and `mass` of `dawid_skene_rates.tables`."""

    counts: Integers
    mass: Integers


class Passes(Protocol):
    """The work that grows with the labels."""

    def begin(self) -> Counted:
        """Count the shares of the vote as posteriors."""

    def sweep(self, tables: Tables) -> Counted:
        """Find posteriors by the tables and count them."""

    def log2(self, values: Integers) -> Integers:
        """`fixed_point.log2`."""


def passes_for(layout: Layout, gold_weight: int) -> Passes:
    """The quicker way for a crowd of that size."""
    large = layout.pairs.size * layout.n_classes >= _WORTH_LOADING
    kernels = _loader.kernels() if large else None
    return _Plain(layout, gold_weight) if kernels is None else _Compiled(kernels, layout, gold_weight)


def votes(layout: Layout) -> Integers:
    """How many labels give each item each class, shape (classes, items)."""
    size, shape = np.diff(layout.starts), (layout.n_classes, layout.items.size)
    keys = layout.pair_answers[layout.pairs] * shape[1] + np.repeat(np.arange(shape[1]), size)
    return np.bincount(keys, minlength=shape[0] * shape[1]).reshape(shape)


def scores(layout: Layout, tables: Tables) -> Integers:
    """log2 of prior times likelihood in 1/2^20, shape (classes, items): prior and look-ups added up.

    There is a row for each column of the tables.
    """
    columns = np.ascontiguousarray(tables.columns.T)
    found = np.empty((len(columns), layout.items.size), dtype=np.int64)
    for choice, row in enumerate(columns):
        found[choice] = np.add.reduceat(row[layout.pairs], layout.starts[:-1])
        found[choice] += tables.priors[choice]
    return found


def posteriors(layout: Layout, scores: Integers) -> Integers:
    """Posteriors in 1/2^16, each rounded down, shape (classes, items): certain where gold is known."""
    return _clamped(layout, soften(scores))


def soften(scores: Integers) -> Integers:
    """Scores to posteriors in 1/2^16, each rounded down, shape (classes, items)."""
    highest = scores.max(axis=0)
    found = np.empty_like(scores)
    for choice, row in enumerate(scores):
        found[choice] = fixed_point.power_of_half(highest - row)
    total = found.sum(axis=0)
    for row in found:
        row[:] = (row << COUNT_BITS) // total
    return found


def count(layout: Layout, posteriors: Integers, weights: Integers) -> Counted:
    """What posteriors come to, each item's labels counted as often as its weight says.

    Args:
        layout: The labels.
        posteriors: int64, shape (classes, items), in 1/2^16.
        weights: int64, shape (items,).
    """
    places, starts = layout.by_pair
    counts = np.empty((starts.size, len(posteriors)), dtype=np.int64)
    for choice, row in enumerate(posteriors):
        counts[:, choice] = np.add.reduceat((row * weights)[places], starts)
    return Counted(counts, posteriors.sum(axis=1))


def _clamped(layout: Layout, posteriors: Integers) -> Integers:
    known = np.flatnonzero(layout.gold != NO_GOLD)
    posteriors[:, known] = 0
    posteriors[layout.gold[known], known] = COUNT_ONE
    return posteriors


class _Plain:
    """In numpy, class by class."""

    def __init__(self, layout: Layout, gold_weight: int) -> None:
        self._layout = layout
        self._weights = np.where(layout.gold == NO_GOLD, 1, gold_weight)

    def begin(self) -> Counted:
        layout = self._layout
        shares = (votes(layout) << COUNT_BITS) // np.diff(layout.starts)
        return count(layout, _clamped(layout, shares), self._weights)

    def sweep(self, tables: Tables) -> Counted:
        return count(self._layout, posteriors(self._layout, scores(self._layout, tables)), self._weights)

    def log2(self, values: Integers) -> Integers:
        return fixed_point.log2(values)


class _Compiled:
    """In the loops of `dawid_skene_jit`."""

    def __init__(self, kernels: ModuleType, layout: Layout, gold_weight: int) -> None:
        self._kernels, self._layout, self._weight = kernels, layout, gold_weight
        shape = (layout.pair_answers.size, layout.n_classes)
        self._counted = Counted(np.empty(shape, dtype=np.int64), np.empty(shape[1], dtype=np.int64))

    def begin(self) -> Counted:
        out = self._counted
        self._kernels.begin(*self._labels, self._layout.pair_answers, out.counts, out.mass)
        return out

    def sweep(self, tables: Tables) -> Counted:
        out, given = self._counted, (tables.priors, tables.columns, fixed_point.power_table())
        self._kernels.sweep(*self._labels, *given, out.counts, out.mass)
        return out

    def log2(self, values: Integers) -> Integers:
        flat = np.ascontiguousarray(values).reshape(-1)
        out = np.empty_like(flat)
        self._kernels.logarithms(flat, fixed_point.log_table(), out)
        return out.reshape(values.shape)

    @property
    def _labels(self) -> tuple[Integers, Integers, Integers, int]:
        return self._layout.starts, self._layout.pairs, self._layout.gold, self._weight


class _Loader:
    """Holds the compiled loops once they are loaded; without numba they never are."""

    def __init__(self) -> None:
        self._kernels: ModuleType | None = None
        self._tried = False

    def kernels(self) -> ModuleType | None:
        """The module `dawid_skene_jit` if there is numba."""
        if not self._tried:
            self._tried = True
            self._kernels = _load()
        return self._kernels


_loader = _Loader()


def _load() -> ModuleType | None:
    try:
        from labelshare.protocol.aggregation import dawid_skene_jit
    except (ImportError, RuntimeError):
        # Not installed, too old for this numpy, or with no folder to keep what it compiles.
        return None
    return dawid_skene_jit
