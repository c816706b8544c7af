"""How often somebody may ask: a bucket of permits for each, filled again as time goes by.

Buckets are a process's own: behind several replicas the limits add up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import Final

from labelshare.api.settings import Rate

__all__ = ["Buckets"]

MOST_KEYS: Final = 100_000


class Buckets:
    """A bucket for each key; the key that was longest not seen is forgotten when there are too many."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str, cost: float = 1.0) -> int:
        """Take a permit, or `cost` of them; 0, or the whole seconds after which they will be there again.

        What costs more than a full bucket holds takes a full one.
        """
        if not self._rate.per_second:
            return 0
        now, cost = self._clock(), min(cost, float(self._rate.burst))
        with self._lock:
            left, then = self._left.pop(key, (float(self._rate.burst), now))
            left = min(self._rate.burst, left + (now - then) * self._rate.per_second)
            granted = left >= cost
            self._left[key] = (left - cost if granted else left, now)
            if len(self._left) > MOST_KEYS:
                self._left.popitem(last=False)
        return 0 if granted else max(1, ceil((cost - left) / self._rate.per_second))
