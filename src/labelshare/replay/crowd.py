"""A crowd: who gave which label to which item, and what is known to be true."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labelshare.errors import InputError

__all__ = ["Crowd", "Vote", "read_answers", "read_crowd", "read_truth"]

_ITEM_COLUMNS = ("item", "task")
_MAX_FIELD = 256
_MAX_CLASSES = 1_000


@dataclass(frozen=True, slots=True)
class Vote:
    """One label: indices into the crowd's items, workers and classes."""

    item: int
    worker: int
    label: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """Recorded or simulated labels.

    Attributes:
        name: What to call it.
        simulated: True where no person gave these labels.
        items, workers, classes: Names, each at its index.
        votes: At most one an item and worker, in the order given.
        truth: True class by item; items may be missing.
        kinds: For simulated workers, what each was made to be.
        duplicates: Rows left out because the worker had labelled the item before (the first label stands).
        unknown_truths: Rows of the truth file for items or classes that nobody used.
    """

    name: str
    simulated: bool
    items: tuple[str, ...]
    workers: tuple[str, ...]
    classes: tuple[str, ...]
    votes: tuple[Vote, ...]
    truth: Mapping[int, int]
    kinds: tuple[str, ...] = ()
    duplicates: int = 0
    unknown_truths: int = 0

    @property
    def labels_of(self) -> list[dict[int, int]]:
        """Class by item, for each worker."""
        result: list[dict[int, int]] = [{} for _ in self.workers]
        for vote in self.votes:
            result[vote.worker][vote.item] = vote.label
        return result

    @property
    def most_labels_an_item(self) -> int:
        """The largest number of labels that any item has."""
        return max(Counter(vote.item for vote in self.votes).values())

    def plain_accuracy(self, apart: Container[int] = ()) -> tuple[int, int]:
        """Right and known items under a plain majority of the rows as recorded, but for those `apart`.

        A tie goes to the class that the rows name first, as libraries that count in tables break it. No seed
        and no chain is in this figure: it is what a replay's accuracy is to be compared with.
        """
        seen = dict.fromkeys(vote.label for vote in self.votes)
        order = {label: place for place, label in enumerate(seen)}
        counts: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for vote in self.votes:
            counts[vote.item][vote.label] += 1
        winners = {
            item: max(votes, key=lambda label: (votes[label], -order[label]))
            for item, votes in counts.items()
        }
        known = [item for item in winners if item in self.truth and item not in apart]
        return sum(winners[item] == self.truth[item] for item in known), len(known)

    @property
    def missing_truths(self) -> int:
        """Items whose true class is not known."""
        return len(self.items) - len(self.truth)


def read_crowd(labels: Path, truth: Path | None = None, *, name: str | None = None) -> Crowd:
    """Read a crowd from CSV files.

    Args:
        labels: Rows of `item,worker,label` (or `task,worker,label`), one header line, UTF-8.
        truth: Rows of `item,truth` (or `task,truth`).
        name: What to call the crowd; the folder or file name by default.

    Raises:
        InputError: For a file that cannot be read or a malformed row, with file and line.
    """
    items: dict[str, int] = {}
    workers: dict[str, int] = {}
    raw: dict[tuple[int, int], str] = {}
    duplicates = 0
    for _, (item, worker, label) in _rows(labels, ("worker", "label")):
        key = items.setdefault(item, len(items)), workers.setdefault(worker, len(workers))
        duplicates += key in raw
        raw.setdefault(key, label)
    if not raw:
        raise InputError(f"{labels}: no labels")
    classes = {label: index for index, label in enumerate(sorted(set(raw.values()), key=_class_order))}
    if not 2 <= len(classes) <= _MAX_CLASSES:
        raise InputError(f"{labels}: {len(classes)} distinct labels; single choice needs 2 to {_MAX_CLASSES}")
    known, unknown = ({}, 0) if truth is None else read_truth(truth, items, classes)
    return Crowd(
        name=name or _name_of(labels),
        simulated=False,
        items=tuple(items),
        workers=tuple(workers),
        classes=tuple(classes),
        votes=tuple(Vote(item, worker, classes[label]) for (item, worker), label in raw.items()),
        truth=known,
        duplicates=duplicates,
        unknown_truths=unknown,
    )


def read_truth(
    path: Path, items: Mapping[str, int], classes: Mapping[str, int]
) -> tuple[dict[int, int], int]:
    """Read true classes from a CSV file.

    Args:
        path: Rows of `item,truth` (or `task,truth`), one header line, UTF-8.
        items: Their numbers, by name.
        classes: The same.

    Returns:
        Class by item, and how many items or rows are of an item or a class that is not among them.

    Raises:
        InputError: For a file that cannot be read or a malformed row, with file and line.
    """
    named, unknown = read_answers(path, items)
    known = {item: classes[label] for item, label in named.items() if label in classes}
    return known, unknown + len(named) - len(known)


def read_answers(
    path: Path, items: Mapping[str, int], longest: int = _MAX_FIELD
) -> tuple[dict[int, str], int]:
    """Read true classes as they are spelled, also those that nobody chose.

    Args:
        path: Rows of `item,truth` (or `task,truth`), one header line, UTF-8.
        items: Their numbers, by name.
        longest: Characters of a field at most.

    Returns:
        Class by item, and how many rows name an item that is not among them.

    Raises:
        InputError: For a file that cannot be read or a malformed row, with file and line.
    """
    known: dict[int, str] = {}
    unknown = 0
    for line, (item, label) in _rows(path, ("truth",), longest):
        if item not in items:
            unknown += 1
        elif known.setdefault(items[item], label) != label:
            raise InputError(f"{path}: line {line}: item {item!r} has two different truths")
    return known, unknown


def _rows(path: Path, columns: tuple[str, ...], longest: int = _MAX_FIELD) -> Iterator[tuple[int, list[str]]]:
    """Of each row the line it ends on, and its item with the columns asked for."""
    try:
        with path.open("rb") as file:
            yield from _parsed(path, file, columns, longest)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _parsed(
    path: Path, file: Iterable[bytes], columns: tuple[str, ...], longest: int
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_decoded(path, file), strict=True)
    try:
        picks = _picks(path, next(reader, []), columns)
        for row in reader:
            if row:
                yield reader.line_num, _fields(path, reader.line_num, row, picks, longest)
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not CSV: {error}") from error


def _decoded(path: Path, file: Iterable[bytes]) -> Iterator[str]:
    """Line by line, so that the one at fault is known."""
    for number, line in enumerate(file, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{path}: line {number}: not UTF-8") from None


def _picks(path: Path, header: list[str], columns: tuple[str, ...]) -> list[int]:
    names = [name.strip().lower() for name in header]
    item = next((name for name in _ITEM_COLUMNS if name in names), None)
    missing = [name for name in columns if name not in names]
    if item is None or missing:
        needed = ",".join(("item", *columns))
        raise InputError(f"{path}: line 1: the header must name {needed}, it says {','.join(header)[:200]!r}")
    return [names.index(name) for name in (item, *columns)]


def _fields(path: Path, line: int, row: list[str], picks: list[int], longest: int) -> list[str]:
    if max(picks) >= len(row):
        raise InputError(f"{path}: line {line}: {len(row)} fields, {max(picks) + 1} are needed")
    fields = [row[pick].strip() for pick in picks]
    for field in fields:
        if not field:
            raise InputError(f"{path}: line {line}: an empty field")
        if len(field) > longest or not field.isprintable():
            raise InputError(f"{path}: line {line}: a field of over {longest} or unprintable characters")
    return fields


def _class_order(label: str) -> tuple[bool, int, str]:
    """Numbers by value before words by alphabet."""
    number = label.isascii() and label.isdigit()
    return (not number, int(label) if number else 0, label)


def _name_of(labels: Path) -> str:
    folder = labels.resolve().parent.name if labels.stem == "labels" else ""
    return folder or labels.stem
