"""Lists in pages, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import typer

__all__ = ["Limit", "Page", "PageNumber"]

Row = TypeVar("Row")

Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="How many to show.")]
PageNumber = Annotated[
    int, typer.Option("--page", min=1, help="Which of the pages; the first is the newest.")
]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A part of a list.

    Attributes:
        rows: The part, the newest first.
        total: How many rows there are in all.
        limit: How many a page has at most.
        number: Which page, from 1.
    """

    rows: Sequence[Row]
    total: int
    limit: int
    number: int

    @classmethod
    def of(cls, found: Sequence[Row], limit: int, number: int) -> Page[Row]:
        """A page of rows that come the oldest first."""
        end = len(found) - (number - 1) * limit
        rows = found[max(0, end - limit) : max(0, end)]
        return cls(rows[::-1], len(found), limit, number)

    def facts(self, name: str, rows: Sequence[Any]) -> dict[str, Any]:
        """The page as JSON, its rows under their name."""
        return {"total": self.total, "page": self.number, "limit": self.limit, name: rows}

    def lines(self, name: str, lines: Sequence[str]) -> list[str]:
        """The page as text, with a last line that says which part of how many it is."""
        if not self.rows:
            return [
                f"no {name} on page {self.number} of {self.total} in all" if self.total else f"no {name} yet"
            ]
        first = (self.number - 1) * self.limit + 1
        last = first + len(self.rows) - 1
        more = f"; --page {self.number + 1} shows older ones" if last < self.total else ""
        return [*lines, "", f"{first} to {last} of {self.total} {name}, the newest first{more}"]
