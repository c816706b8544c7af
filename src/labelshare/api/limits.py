"""How often somebody may ask, and how much of what lasts somebody may have at once.

For the first each has a bucket of permits, filled again as time goes by. Both are a process's own: behind
several replicas the limits add up.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv6Address
from math import ceil
from threading import Lock
from typing import Final

from starlette.types import Scope

from labelshare.api.problems import Refusal
from labelshare.api.settings import Rate

__all__ = ["Buckets", "Places", "client_of"]

MOST_KEYS: Final = 100_000
_HOST_BITS: Final = 64


def client_of(scope: Scope) -> str:
    """Who asks, as far as an address tells: what every limit by address counts by.

    An IPv6 client has all addresses of its network (/64), so the network counts as one; an IPv4 address is
    the same however it is written.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    return _network_of(address) if ":" in address else address


@lru_cache(maxsize=4_096)
def _network_of(address: str) -> str:
    try:
        found = IPv6Address(address)
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"


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


class Places:
    """Places for what lasts. All is counted by the one thread of an app.

    Args:
        name: What lasts, for whoever is refused.
        most: How many there are.
        each: How many one client, or one account, may have: far fewer, so that nobody takes those of others.
        headers: Of a refusal; the time after which it may be tried again is one.

    Attributes:
        open: How many are taken.
    """

    def __init__(self, name: str, most: int, each: int, headers: dict[str, str]) -> None:
        self._name, self._most, self._each, self._headers = name, most, each, headers
        self._taken: Counter[str] = Counter()
        self.open = 0

    def take(self, *keys: str) -> None:
        """Take one for all of these; `Refusal` where one of them has enough, or there is none."""
        if any(self._taken[key] >= self._each for key in keys):
            detail = f"at most {self._each} {self._name} at once from one address or account"
            raise Refusal("rate-limited", detail, self._headers)
        if self.open >= self._most:
            raise Refusal("busy", f"too many {self._name} at once", self._headers)
        self.open += 1
        self._taken.update(keys)

    def leave(self, *keys: str) -> None:
        """Give one back."""
        self.open -= 1
        self._taken -= Counter(keys)  # which forgets whoever has none

    @contextmanager
    def one(self, *keys: str) -> Iterator[None]:
        """A block that has one."""
        self.take(*keys)
        try:
            yield
        finally:
            self.leave(*keys)
