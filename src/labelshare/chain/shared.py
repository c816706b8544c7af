"""A chain that several threads use at once: one asks at a time.

A node serves whoever asks, a chain in this process does not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import Any, cast

from labelshare.chain.node import Chain

__all__ = ["shared"]


def shared(chain: Chain) -> Chain:
    """The same chain behind a lock, which each read and each call holds from first to last."""
    made = _kind()()
    made.chain_id, made.inner, made.lock = chain.chain_id, chain, RLock()
    return cast("Chain", made)


@cache
def _kind() -> type[Any]:
    """A chain that passes on whatever a chain offers."""
    members = {
        name: _passed(name, member) for name, member in vars(Chain).items() if not name.startswith("_")
    }
    return type("SharedChain", (Chain,), members)


def _passed(name: str, member: object) -> object:
    return property(_read(name)) if isinstance(member, property) else _called(name)


def _read(name: str) -> Callable[[Any], Any]:
    def read(self: Any) -> Any:
        with self.lock:
            return getattr(self.inner, name)

    return read


def _called(name: str) -> Callable[..., Any]:
    def call(self: Any, *given: Any, **named: Any) -> Any:
        with self.lock:
            return getattr(self.inner, name)(*given, **named)

    return call
