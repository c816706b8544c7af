"""How tables and outcomes show themselves in a shell and in a notebook: short, safe, in any colour scheme."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from labelshare.report.pictures.canvas import clean, count, fit
from labelshare.report.tables import Column, Kind, Table, Value

if TYPE_CHECKING:
    from labelshare.report.collect import Outcome

__all__ = ["html", "line", "summary", "text"]

WIDTH: Final = 80  # columns of a terminal
TEXT_ROWS: Final = 12
HTML_ROWS: Final = 20
LAST: Final = 4  # of the rows shown, when some are left out
CELL: Final = 36
PLACES: Final = 6
GAP: Final = "…"

# Colours are the surroundings' own; a frontend that drops styles still shows a plain table.
STYLE: Final = """
.labelshare { overflow-x: auto; }
.labelshare table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0 0 6px; }
.labelshare caption { text-align: left; font-weight: 600; padding: 4px 0; white-space: nowrap; }
.labelshare th, .labelshare td { text-align: right; padding: 3px 10px; white-space: nowrap; border: 0;
  border-bottom: 1px solid rgba(128, 128, 128, 0.3); background: none; color: inherit; }
.labelshare .words { text-align: left; }
.labelshare th { font-weight: 600; vertical-align: bottom; }
.labelshare thead span { display: block; font-weight: 400; font-size: 0.85em; opacity: 0.7; }
.labelshare p { margin: 4px 0; opacity: 0.75; }
.labelshare dl { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 6px 0 12px; padding: 0; }
.labelshare dl div { margin: 0; }
.labelshare dt { font-weight: 400; font-size: 0.85em; opacity: 0.7; margin: 0; padding: 0; }
.labelshare dd { font-weight: 600; margin: 0; padding: 0; }
"""


def text(table: Table) -> str:
    """A table in plain text: its first and last rows, as many columns as eighty characters hold."""
    shown = _fitting(table)
    left = len(table.columns) - len(shown)
    lines = ["  ".join(cells).rstrip() for cells in zip(*shown, strict=True)]
    more = [count(left, "more column")] if left else []
    return "\n".join([f"{fit(table.name, CELL)}: {_size(table)}", *lines, *more])


def _fitting(table: Table) -> list[list[str]]:
    """The first columns, as long as there is room: of each its cells, heading first, equally wide."""
    shown: list[list[str]] = []
    room = WIDTH
    for name, column in table.columns.items():
        cells = _padded(name, column, _places(len(table), TEXT_ROWS))
        room -= cell_len(cells[0])
        if room < 0:
            break
        room -= 2
        shown.append(cells)
    return shown


def _padded(name: str, column: Column, places: Sequence[int | None]) -> list[str]:
    cells = [fit(name, CELL), *(_cell(column, at) for at in places)]
    wide = max(map(cell_len, cells))
    pads = [" " * (wide - cell_len(cell)) for cell in cells]
    words = column.kind is Kind.TEXT
    return [cell + pad if words else pad + cell for cell, pad in zip(cells, pads, strict=True)]


def html(table: Table) -> str:
    """A table for a notebook: its first and last rows, and how many are left out."""
    return _wrapped(_table(table))


def line(outcome: Outcome) -> str:
    """An outcome in one line."""
    facts = ", ".join(f"{name} {value}" for name, value in _facts(outcome))
    return f"{fit(outcome.labelled.spec.title, 2 * CELL)}: {facts}"


def summary(outcome: Outcome) -> str:
    """An outcome for a notebook: the figures that matter, then everyone."""
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in _facts(outcome)
    )
    title = escape(fit(outcome.labelled.spec.title, 3 * CELL))
    problem = clean(outcome.verification.difference)
    wrong = f"<p>{escape(problem)}</p>" if problem else ""
    head = f"<div><strong>{title}</strong></div><dl>{facts}</dl>{wrong}"
    return _wrapped(head + _table(outcome.people_table))


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
    score = outcome.accuracy
    exactly = f" ({score.right:,} of {score.known:,})" if score.known else ""
    return [
        ("items", f"{len(outcome.labelled.truths):,}"),
        ("annotators", f"{len(outcome.labelled.seats):,}"),
        ("labels", f"{outcome.verification.labels:,}"),
        ("accepted labels", f"{outcome.accepted_labels:,}"),
        ("accuracy", "–" if score.share is None else f"{score.share:.4f}{exactly}"),
        ("conserved", _yes(good=outcome.conserved)),
        ("verified", _yes(good=outcome.verification.ok)),
    ]


def _yes(*, good: bool) -> str:
    return "yes" if good else "NO"


def _wrapped(content: str) -> str:
    return f'<div class="labelshare"><style>{STYLE}</style>{content}</div>'


def _table(table: Table) -> str:
    places, columns = _places(len(table), HTML_ROWS), table.columns.items()
    head = "".join(_heading(name, column) for name, column in columns)
    body = "".join(f"<tr>{''.join(_data(column, at) for _, column in columns)}</tr>" for at in places)
    caption = f"{escape(clean(table.name))}: {_size(table)}"
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{_left_out(len(table), places)}"
    )


def _left_out(rows: int, places: Sequence[int | None]) -> str:
    if None not in places:
        return ""
    left = rows - len(places) + 1
    are = "is" if left == 1 else "are"
    return (
        f"<p>{count(left, 'row')} of {rows:,} {are} left out here; <code>rows()</code>, "
        "<code>to_pandas()</code>, <code>to_polars()</code> and <code>to_arrow()</code> have them all.</p>"
    )


def _heading(name: str, column: Column) -> str:
    told = column.kind is Kind.TOKENS and column.unit != name
    unit = f"<span>{escape(fit(column.unit, CELL))}</span>" if told else ""
    about = f' title="{escape(clean(column.described))}"' if column.described else ""
    return f'<th scope="col"{_words(column)}{about}>{escape(clean(name))}{unit}</th>'


def _data(column: Column, at: int | None) -> str:
    shown = _cell(column, at)
    whole = "" if at is None or column.values[at] is None else clean(_full(column.values[at]))
    title = f' title="{escape(whole)}"' if shown.endswith(GAP) or GAP in shown[:-1] else ""
    return f"<td{_words(column)}{title if whole else ''}>{escape(shown)}</td>"


def _words(column: Column) -> str:
    return ' class="words"' if column.kind is Kind.TEXT else ""


def _size(table: Table) -> str:
    return f"{count(len(table), 'row')}, {count(len(table.columns), 'column')}"


def _places(rows: int, most: int) -> list[int | None]:
    """The rows to show, the first and the last, with None for those between."""
    if rows <= most:
        return list(range(rows))
    return [*range(most - LAST), None, *range(rows - LAST, rows)]


def _cell(column: Column, at: int | None) -> str:
    """A value in few characters; what was cut says so."""
    value: Value = GAP if at is None else column.values[at]
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, Decimal):
        return _cut(f"{value:f}")
    return _short(str(value)) if isinstance(value, str) else str(value)


def _full(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _cut(number: str) -> str:
    """A number without the zeros at its end, cut after six digits behind the point."""
    whole, _, part = number.partition(".")
    part = part.rstrip("0")
    if not part:
        return whole
    return f"{whole}.{part[:PLACES]}{GAP if len(part) > PLACES else ''}"


def _short(words: str) -> str:
    """Words cut to a cell; an address keeps its beginning and its end."""
    if words.startswith("0x") and len(words) > CELL:
        words = f"{words[:6]}{GAP}{words[-4:]}"
    return fit(words, CELL)
