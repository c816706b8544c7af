"""Lines of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Final

__all__ = ["WIDTH", "Pair", "fields", "steps"]

WIDTH: Final = 80
Pair = tuple[str, object]


def fields(pairs: Sequence[Pair], indent: int = 0) -> Iterator[str]:
    """Names and values in two columns; a value that is too long goes on below itself, uncut."""
    name_width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        head = " " * indent + name.ljust(name_width) + "  "
        yield from _wrapped(str(value), head)


def steps(texts: Iterable[str]) -> Iterator[str]:
    """Numbered sentences."""
    for number, text in enumerate(texts, 1):
        yield from _wrapped(text, f"  {number}. ")


def _wrapped(text: str, head: str) -> Iterator[str]:
    parts = wrap(text, WIDTH - len(head), break_long_words=False, break_on_hyphens=False) or [""]
    yield (head + parts[0]).rstrip()
    yield from (" " * len(head) + part for part in parts[1:])
