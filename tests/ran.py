"""What running a command comes to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

__all__ = ["Ran", "Run"]


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """What --json printed."""
        return json.loads(self.out)


Run: TypeAlias = Callable[..., Ran]
