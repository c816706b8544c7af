"""The figures of a benchmark, and the two ways of showing them: a table and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLUMNS = ("work", "size", "ours", "peer", "ratio", "unit", "cpu_s", "wall_s", "peak_mb")


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes:
        work: what was done.
        size: how much of it, in the benchmark's own measure (annotators, leaves, labels).
        ours: our figure in `unit`; None where only the peer has one.
        peer: the peer's figure in `unit`; None where only we have one.
        unit: of `ours` and `peer`.
        cpu_s: processor seconds of this process spent on the measurement, None for a part of another row.
            Where each side has a process of its own: those of our side's work.
        wall_s: seconds on the clock, likewise.
        peak_mb: largest resident size of that process so far in MB (10^6 bytes), likewise.
        versions: name → version of everything the figure depends on.
    """

    work: str
    size: int
    ours: int | float | None
    peer: int | float | None
    unit: str
    cpu_s: float | None = None
    wall_s: float | None = None
    peak_mb: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """`ours / peer`, None unless both were measured."""
        if self.ours is None or not self.peer:
            return None
        return round(self.ours / self.peer, 4)

    def as_dict(self) -> dict[str, object]:
        """The row as the JSON output has it."""
        return {name: getattr(self, name) for name in _COLUMNS} | {"versions": dict(self.versions)}


@dataclass(frozen=True)
class Report:
    """What one benchmark found.

    Attributes:
        rows: its figures.
        notes: plain text for below the table, with a final newline; empty where there is nothing to add.
    """

    rows: Sequence[Row]
    notes: str = ""


def as_json(rows: Sequence[Row]) -> str:
    """`{"rows": [...]}`, indented, with a final newline."""
    return json.dumps({"rows": [row.as_dict() for row in rows]}, indent=2, ensure_ascii=False) + "\n"


def as_table(rows: Sequence[Row]) -> str:
    """Plain text: a line per row, then the versions that all rows share."""
    lines = [_COLUMNS, *(tuple(_cell(getattr(row, name)) for name in _COLUMNS) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    text = [
        "  ".join(
            _justify(cell, width, column)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    versions = {name: version for row in rows for name, version in row.versions.items()}
    text.append(", ".join(f"{name} {version}" for name, version in sorted(versions.items())))
    return "\n".join(line.rstrip() for line in text) + "\n"


def _cell(value: object) -> str:
    match value:
        case None:
            return "–"
        case int() | float():
            return f"{value:,}"
        case _:
            return str(value)


def _justify(cell: str, width: int, column: int) -> str:
    words = _COLUMNS[column] in ("work", "unit")
    return cell.ljust(width) if words else cell.rjust(width)
