"""What long work tells whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

__all__ = ["Advance", "Progress", "Silent"]

Advance = Callable[[int], None]


class Progress(Protocol):
    """Phases, one after another, each of a known length."""

    def phase(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """Begin a phase of `total` steps; inside, call the result with the number of steps done."""


class Silent:
    """Tells nobody."""

    def phase(self, title: str, total: int) -> AbstractContextManager[Advance]:  # noqa: ARG002
        """Begin a phase that nobody watches."""
        return nullcontext(lambda _steps: None)
