"""The time of a development chain that runs by itself: the machine's, and ahead of it by what it was told."""

from __future__ import annotations

from collections.abc import Callable
from time import time

__all__ = ["Clock"]


class Clock:
    """Says when each block is. All times are Unix seconds.

    Args:
        latest: The latest block's time; a chain that was ahead of the machine stays so.
        machine: The machine's clock.
    """

    def __init__(self, latest: int, machine: Callable[[], float] = time) -> None:
        self._machine = machine
        self._ahead = max(0, latest - int(machine()))
        self._fixed: int | None = None

    def next(self, latest: int) -> int:
        """When the next block is: now, or when it was fixed, but always after the latest."""
        due = int(self._machine()) + self._ahead if self._fixed is None else self._fixed
        self._fixed = None
        return max(latest + 1, due)

    def jump(self, latest: int, seconds: int) -> int:
        """Go ahead of now and of the latest block; how far ahead of the machine that is in all."""
        self._ahead = max(self._ahead, latest - int(self._machine())) + seconds
        return self._ahead

    def fix(self, timestamp: int) -> None:
        """Let the next block have this very time; the clock goes on from there."""
        self._fixed = timestamp
        self._ahead = timestamp - int(self._machine())
