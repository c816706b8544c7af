"""Other numbers for items and classes change nothing but how ties fall: here ties fall as they did before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from labelshare.protocol.aggregation import leave_one_out, ties
from labelshare.protocol.aggregation.base import Integers, break_tie
from labelshare.types import Hash32


@contextmanager
def ties_as_before(items: Sequence[int], classes: Sequence[int]) -> Iterator[None]:
    """Item i is called `items[i]` now, class c `classes[c]`; ties go by the hashes of the names before."""
    ranks = ties._ranks

    def before(names: Sequence[int], now: Integers) -> Integers:
        return np.argsort(np.array(names, dtype=np.int64))[now]

    def ranked(seed: Hash32, of: Integers, choices: Integers) -> np.ndarray:
        return ranks(seed, before(items, of), before(classes, choices))

    def broken(seed: Hash32, item: int, tied: list[int]) -> int:
        return classes[break_tie(seed, items.index(item), [classes.index(choice) for choice in tied])]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ties, "_ranks", ranked)
        patch.setattr(ties, "break_tie", broken)
        patch.setattr(leave_one_out, "break_tie", broken)
        yield
