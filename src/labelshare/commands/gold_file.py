"""Gold in files: the table of answers that a requester gives, and the private file of what was sealed."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from labelshare.commands.answers import answer_of
from labelshare.commands.common import read_bytes, read_text
from labelshare.commands.units import plain
from labelshare.errors import InputError, LabelError
from labelshare.protocol import canonical
from labelshare.protocol.gold import SealedGold
from labelshare.types import Hash32

if TYPE_CHECKING:
    from labelshare.protocol.spec import Spec

__all__ = ["gold_bytes", "read_answers", "read_gold_file"]

VERSION: Final = "labelshare.gold.v1"
COLUMNS: Final = ("item", "index", "name")


def read_answers(file: Path, spec: Spec) -> dict[int, bytes]:
    """Canonical label bytes by item, from a table (CSV) with a column for the item and one named `label`.

    The column `index` counts items from 0, `name` has the spec's names, and `item` may be either where that
    leaves no doubt.

    Raises:
        InputError: Not such a table, an item that is not there or comes twice, or no answer of the task's;
            the message names the line.
    """
    found: dict[int, bytes] = {}
    items = _Items(spec)
    for line, column, item, label in _rows(file):
        try:
            place, answer = items.take(column, item), answer_of(spec.task.form, label)
        except (InputError, LabelError) as error:
            raise InputError(f"{file}: line {line}: {error}") from None
        found[place] = spec.task.form.encode(answer)
    if not found:
        raise InputError(f"{file}: there are no answers in it")
    return found


class _Items:
    """The items of a spec by what a table may call them."""

    def __init__(self, spec: Spec) -> None:
        names = [each.name for each in spec.items]
        self._count = len(names)
        self._repeated = {name for name, times in Counter(names).items() if times > 1}
        self._by_name = {name: place for place, name in enumerate(names) if name is not None}
        self._taken: set[int] = set()

    def take(self, column: str, text: str) -> int:
        """The number of an item; `InputError` if there is none, the text may mean two, or it was taken."""
        place = self._place(column, text)
        if place in self._taken:
            raise InputError(f"item {plain(text)} comes twice")
        self._taken.add(place)
        return place

    def _place(self, column: str, text: str) -> int:
        meant = {
            self._index(text) if column != "name" else None,
            self._named(text) if column != "index" else None,
        }
        found = sorted(place for place in meant if place is not None)
        if not found:
            raise InputError(f"the spec has no item {plain(text)!r}")
        if len(found) > 1:
            raise InputError(
                f"{plain(text)!r} is the name of one item and the number of another; call the column "
                "`name` or `index`"
            )
        return found[0]

    def _index(self, text: str) -> int | None:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else self._count
        return number if number < self._count else None

    def _named(self, text: str) -> int | None:
        if text in self._repeated:
            raise InputError(f"several items of the spec have the name {plain(text)!r}")
        return self._by_name.get(text)


def _rows(file: Path) -> Iterator[tuple[int, str, str, str]]:
    """Line, name of the item's column, item and label of each row."""
    lines = read_text(file).removeprefix("\ufeff").splitlines(keepends=True)
    reader = csv.reader(lines, strict=True)
    try:
        head = [each.strip().lower() for each in next(reader, [])]
        column = next((name for name in COLUMNS if name in head), None)
        if column is None or "label" not in head:
            raise InputError(
                f"{file}: line 1: the header must name item,label (or index,label or name,label)"
            )
        at = (head.index(column), head.index("label"))
        for row in reader:
            if row and len(row) <= max(at):
                raise InputError(f"{file}: line {reader.line_num}: a field is missing")
            if row:
                yield reader.line_num, column, row[at[0]].strip(), row[at[1]].strip()
    except csv.Error as error:
        raise InputError(f"{file}: line {reader.line_num}: not CSV: {error}") from None


def gold_bytes(gold: SealedGold) -> bytes:
    """The private file of gold: all that its reveal takes, and the root to recognise it by."""
    values = {
        "version": VERSION,
        "root": str(gold.root),
        "secret": str(gold.secret),
        "labels": {
            str(item): f"0x{label.hex()}" for item, label in zip(gold.items, gold.labels, strict=True)
        },
    }
    return json.dumps(values, indent=1).encode() + b"\n"


def read_gold_file(file: Path) -> SealedGold:
    """The gold in its private file; no message shows any of it.

    Raises:
        InputError: The file is none, or it was changed: its gold has another root than it says.
    """
    data = read_bytes(file)
    try:
        values = canonical.parse(data)
        gold, root = _gold(values), Hash32(values["root"])
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, InputError):
        raise InputError(f"{file}: this is no file that `spec seal-gold` wrote") from None
    if gold.root != root:
        raise InputError(f"{file}: its gold has root {gold.root}, it says {root}: it was changed")
    return gold


def _gold(values: Any) -> SealedGold:
    if values["version"] != VERSION:
        raise ValueError(values["version"])
    labels = {int(item): bytes.fromhex(label.removeprefix("0x")) for item, label in values["labels"].items()}
    return SealedGold.of(Hash32(values["secret"]), labels)
