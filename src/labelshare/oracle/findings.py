"""What a settlement found, in files: made once from its bundle, then asked without reading that again.

Reading a bundle of a million labels takes half a minute and most of a gigabyte. It is done in a process of
its own; what comes of it is mapped into memory where it is asked for, a few pages at a time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp
from time import time
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from labelshare.errors import EvidenceError, NotFoundError
from labelshare.protocol import evidence
from labelshare.protocol.labels import digest
from labelshare.protocol.merkle import siblings
from labelshare.protocol.proofs import Counted, LabelProof, TruthProof, Verdicts
from labelshare.protocol.record import Record
from labelshare.protocol.spec import Spec
from labelshare.types import Address, Hash32

__all__ = ["Filed", "Own", "file_apart", "touch", "trim", "write_files"]

Row = TypeVar("Row", bound=evidence.Row)

FORMAT: Final = "2"
"""In the name of the folder: another version's files are made anew."""
_FOLDER: Final = re.compile(r"[0-9a-f]{64}-\d+")
_HALF_MADE: Final = re.compile(r"(bundle|findings)-\w+")
_DAY: Final = 86_400
_NODE: Final = 32
# A file a column, each of one plain type: what is searched is then neither copied nor converted.
_LABEL: Final = {"account": "u4", "item": "u4", "batch": "u4", "label": "u4", "place": "u8"}
_TRUTH: Final = {"item": "u4", "winner": "u4", "confidence": "u4", "accepted": "u1", "place": "u8"}
_NUMBER: Final = np.uint32


def folder_of(root: Path, bundle: Hash32) -> Path:
    """Where the files of a bundle are."""
    return root / f"{bundle.hex()}-{FORMAT}"


# ------------------------------------------------------------------------------- making


def file_apart(record: Record, spec: Spec, pieces: Iterator[bytes], root: Path, bundle: Hash32) -> None:
    """`write_files` in a process of its own, so that this one goes on meanwhile and keeps nothing of it."""
    root.mkdir(parents=True, exist_ok=True)
    copy = Path(mkdtemp(prefix="bundle-", dir=root))
    try:
        with (copy / "bundle").open("wb") as file:
            for piece in pieces:
                file.write(piece)
        with ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=os.nice, initargs=(10,)
        ) as pool:
            pool.submit(_from_copy, record, spec.canonical_bytes, copy / "bundle", root, bundle).result()
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _from_copy(record: Record, spec: bytes, file: Path, root: Path, bundle: Hash32) -> None:
    with file.open("rb") as opened:
        write_files(record, Spec.parse(spec), iter(lambda: opened.read(1024**2), b""), root, bundle)


def write_files(record: Record, spec: Spec, pieces: Iterator[bytes], root: Path, bundle: Hash32) -> None:
    """Make the files of a bundle; all of them, or none. Raises as `Verdicts.read` does."""
    place = folder_of(root, bundle)
    if place.exists():
        return
    root.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix="findings-", dir=root))
    try:
        _write(Verdicts.read(record, spec, pieces), made)
        made.rename(place)
    except OSError:
        if not place.exists():  # nobody else was faster
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def touch(folder: Path) -> None:
    """Note that the files of a bundle were asked for."""
    with suppress(OSError):
        os.utime(folder)


def trim(root: Path, bundle: Hash32, most: int) -> None:
    """Remove files of bundles until those left have so many bytes at most: what nobody has asked for longest.

    Those of one bundle stay in any case. What a process that was killed has left half made goes after a day.
    """
    folders = sorted((each for each in root.iterdir() if each.is_dir()), key=_age)
    left = most
    for folder in folders:
        if not _FOLDER.fullmatch(folder.name):
            if _HALF_MADE.fullmatch(folder.name) and _age(folder) > _DAY:
                shutil.rmtree(folder, ignore_errors=True)
            continue
        left -= _bytes_in(folder)
        if left < 0 and folder != folder_of(root, bundle):
            shutil.rmtree(folder, ignore_errors=True)


def _age(folder: Path) -> float:
    """Seconds since it was made or asked for."""
    try:
        return time() - folder.stat().st_mtime
    except OSError:  # somebody else has removed it
        return 0.0


def _bytes_in(folder: Path) -> int:
    try:
        return sum(each.stat().st_size for each in folder.iterdir())
    except OSError:  # likewise
        return 0


def _write(found: Verdicts, folder: Path) -> None:
    accounts = sorted(
        {*found.counted, *found.scores, *found.payouts, *(row.annotator for row in found.commits)}
    )
    spellings: dict[bytes, int] = {}

    def spelt(label: bytes) -> int:
        return spellings.setdefault(label, len(spellings))

    tree, truths = found.label_tree, found.truths
    places = tree.places if tree else np.empty(0, np.int64)
    labels = [
        (number, item, own.batch, spelt(own.label), int(places[own.place]))
        for number, account in enumerate(accounts)
        for item, own in sorted(found.answers(account).items())
    ]
    columns = _save(folder, "label", _LABEL, labels)
    order = np.argsort(columns["item"], kind="stable").astype(_NUMBER)
    np.save(folder / "by_item.npy", order)
    np.save(folder / "by_item_item.npy", columns["item"][order])
    (folder / "label_nodes").write_bytes(tree.nodes if tree else b"")
    truth_places = found.truth_tree.places if truths else np.empty(0, np.int64)
    verdicts = [
        (row.item, spelt(row.winner), row.confidence_q16, row.accepted, int(at))
        for row, at in zip(truths.values(), truth_places, strict=True)
    ]
    _save(folder, "truth", _TRUTH, verdicts)
    (folder / "truth_nodes").write_bytes(found.truth_tree.nodes if truths else b"")
    gold = b"".join(map(evidence.write_row, found.gold.values()))
    (folder / "gold.jsonl").write_bytes(gold)
    spans = _write_accounts(found, accounts, folder / "accounts.jsonl")
    head = {
        "accounts": [str(each) for each in accounts],
        "spans": spans,
        "labels": [label.hex() for label in spellings],
        "median_pay": _median_pay(found, accounts, columns["account"]),
    }
    (folder / "head.json").write_text(json.dumps(head))


def _median_pay(found: Verdicts, accounts: list[Address], givers: NDArray[Any]) -> int | None:
    """What one label earned, by the annotator: the lower median of those who have a label that counts.

    `givers` has the account's number for each of these labels.
    """
    counts = zip(accounts, np.bincount(givers, minlength=len(accounts)).tolist(), strict=True)
    pays = sorted(
        (found.payouts[account].payout if account in found.payouts else 0) // labels
        for account, labels in counts
        if labels
    )
    return pays[(len(pays) - 1) // 2] if pays else None


def _save(
    folder: Path, name: str, kinds: Mapping[str, str], rows: Sequence[tuple[int, ...]]
) -> dict[str, NDArray[Any]]:
    """Write a table by its columns; returns them."""
    columns = {
        column: np.fromiter((row[at] for row in rows), kind, len(rows))
        for at, (column, kind) in enumerate(kinds.items())
    }
    for column, values in columns.items():
        np.save(folder / f"{name}_{column}.npy", values)
    return columns


def _write_accounts(found: Verdicts, accounts: list[Address], file: Path) -> list[int]:
    """The rows of each account, one account after another; where each begins, and where all end."""
    rows: dict[Address, list[evidence.Row]] = {account: [] for account in accounts}
    for commit in found.commits:
        rows[commit.annotator].append(commit)
    for opening in found.openings:
        rows[opening.annotator].append(opening)
    for account, score in found.scores.items():
        rows[account].append(score)
    for account, payout in found.payouts.items():
        rows[account].append(payout)
    spans = [0]
    with file.open("wb") as out:
        for account in accounts:
            spans.append(spans[-1] + out.write(b"".join(map(evidence.write_row, rows[account]))))
    return spans


# ------------------------------------------------------------------------------- asking


@dataclass(frozen=True)
class Filed:
    """What a settlement found, from its files.

    Attributes:
        record: What the chain says of the campaign.
        spec: Its rules.
        folder: The files.
    """

    record: Record
    spec: Spec
    folder: Path
    _columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def find(cls, record: Record, spec: Spec, root: Path, bundle: Hash32) -> Filed | None:
        """What was filed of a bundle; None where nothing was yet."""
        folder = folder_of(root, bundle)
        return cls(record, spec, folder) if folder.exists() else None

    def of(self, account: Address) -> Own:
        """The same with the rows of one account, from which its earnings and reasons follow."""
        return Own(self, account, list(self._rows(account)))

    def answers(self, account: Address) -> dict[int, Counted]:
        """An account's labels that count, by item. Their place is that among the nodes of the tree."""
        first, last = self._span(account)
        columns = (self._column(f"label_{name}")[first:last].tolist() for name in _LABEL)
        return {
            item: Counted(batch, self._spellings[label], place)
            for _, item, batch, label, place in zip(*columns, strict=True)
        }

    def votes(self, item: int, *, without: Address) -> Counter[bytes]:
        """How many others gave each label of an item."""
        first, last = _span_of(self._column("by_item_item"), item)
        rows = self._column("by_item")[first:last]
        labels, accounts = self._column("label_label")[rows], self._column("label_account")[rows]
        own = self._numbers.get(without, -1)
        pairs = zip(accounts.tolist(), labels.tolist(), strict=True)
        return Counter(self._spellings[label] for account, label in pairs if account != own)

    def label_proof(self, annotator: Address, item: int) -> LabelProof:
        """The proof that a label counted; `NotFoundError` for one that is not there or does not count."""
        first, last = self._span(annotator)
        at = first + _place_in(self._column("label_item")[first:last], item)
        if at == last or self._column("label_item")[at] != item:
            raise NotFoundError(f"{annotator} gave no label of item {item} that counts")
        label, batch = self._spellings[self._at("label_label", at)], self._at("label_batch", at)
        leaf, proof, root = _proof(self._label_nodes, self._at("label_place", at))
        return LabelProof(annotator, batch, item, label, digest(label), leaf, proof, root)

    def truth_proof(self, item: int) -> TruthProof:
        """The proof of an item's verdict; `NotFoundError` for an item that nobody labelled."""
        at = self._truth_at(item)
        if at is None:
            raise NotFoundError(f"item {item} has no verdict")
        leaf, proof, root = _proof(self._truth_nodes, self._at("truth_place", at))
        return TruthProof(self._truth(at), leaf, proof, root)

    def truth(self, item: int) -> evidence.TruthRow | None:
        """An item's verdict; None for an item that nobody labelled."""
        at = self._truth_at(item)
        return None if at is None else self._truth(at)

    @property
    def median_pay(self) -> int | None:
        """What a label earned half of the annotators at most, in base units; None where no label counts."""
        found: int | None = self._head["median_pay"]
        return found

    @property
    def judged(self) -> list[int]:
        """Every item with a verdict."""
        found: list[int] = self._column("truth_item").tolist()
        return found

    @cached_property
    def gold(self) -> Mapping[int, evidence.GoldRow]:
        """Gold by item."""
        rows = evidence.read([(self.folder / "gold.jsonl").read_bytes()])
        return {row.item: row for row in rows if isinstance(row, evidence.GoldRow)}

    # ------------------------------------------------------------------ mechanics

    def _rows(self, account: Address) -> Iterator[evidence.Row]:
        number = self._numbers.get(account)
        if number is None:
            return
        start, end = self._head["spans"][number : number + 2]
        with (self.folder / "accounts.jsonl").open("rb") as file:
            file.seek(start)
            data = file.read(end - start)
        if len(data) != end - start:
            raise EvidenceError("the files of a settlement are cut off: remove them, they are made anew")
        yield from evidence.read([data])

    def _span(self, account: Address) -> tuple[int, int]:
        """The rows of an account's labels."""
        number = self._numbers.get(account)
        return (0, 0) if number is None else _span_of(self._column("label_account"), number)

    def _truth_at(self, item: int) -> int | None:
        items = self._column("truth_item")
        at = _place_in(items, item)
        return at if at < len(items) and items[at] == item else None

    def _truth(self, at: int) -> evidence.TruthRow:
        winner = self._spellings[self._at("truth_winner", at)]
        confidence, accepted = self._at("truth_confidence", at), bool(self._at("truth_accepted", at))
        return evidence.TruthRow(self._at("truth_item", at), winner, confidence, accepted)

    def _at(self, column: str, place: int) -> int:
        return int(self._column(column)[place])

    def _column(self, name: str) -> NDArray[Any]:
        if name not in self._columns:
            self._columns[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return self._columns[name]

    @cached_property
    def _head(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "head.json").read_text())
        return found

    @cached_property
    def _numbers(self) -> dict[Address, int]:
        return {Address(text): number for number, text in enumerate(self._head["accounts"])}

    @cached_property
    def _spellings(self) -> list[bytes]:
        return [bytes.fromhex(text) for text in self._head["labels"]]

    @cached_property
    def _label_nodes(self) -> NDArray[Any]:
        return np.memmap(self.folder / "label_nodes", np.uint8, "r").reshape(-1, _NODE)

    @cached_property
    def _truth_nodes(self) -> NDArray[Any]:
        return np.memmap(self.folder / "truth_nodes", np.uint8, "r").reshape(-1, _NODE)


def _span_of(column: NDArray[Any], value: int) -> tuple[int, int]:
    """Where a value begins and ends in a sorted column."""
    return _place_in(column, value), int(np.searchsorted(column, _NUMBER(value), "right"))


def _place_in(column: NDArray[Any], value: int) -> int:
    return int(np.searchsorted(column, _NUMBER(value)))


def _proof(nodes: NDArray[Any], place: int) -> tuple[Hash32, tuple[Hash32, ...], Hash32]:
    """A leaf, what proves it, and the root that both lead to."""
    path = tuple(Hash32(bytes(nodes[at])) for at in siblings(place))
    return Hash32(bytes(nodes[place])), path, Hash32(bytes(nodes[0]))


class _Truths(Mapping[int, evidence.TruthRow]):
    """Verdicts by item, read as they are asked for."""

    def __init__(self, filed: Filed) -> None:
        self._filed = filed

    def __getitem__(self, item: int) -> evidence.TruthRow:
        found = self._filed.truth(item)
        if found is None:
            raise KeyError(item)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._filed.judged)

    def __len__(self) -> int:
        return len(self._filed.judged)


@dataclass(frozen=True)
class Own:
    """What a settlement found, with the rows of one account alone (`settled.Findings`)."""

    filed: Filed
    account: Address
    rows: list[evidence.Row]

    @property
    def record(self) -> Record:
        """What the chain says of the campaign."""
        return self.filed.record

    @property
    def spec(self) -> Spec:
        """Its rules."""
        return self.filed.spec

    @property
    def commits(self) -> list[evidence.CommitRow]:
        """The account's commitments."""
        return self._of(evidence.CommitRow)

    @property
    def openings(self) -> list[evidence.OpeningRow]:
        """What opens them."""
        return self._of(evidence.OpeningRow)

    @property
    def scores(self) -> dict[Address, evidence.ScoreRow]:
        """The account's score, if it has one."""
        return {row.annotator: row for row in self._of(evidence.ScoreRow)}

    @property
    def payouts(self) -> dict[Address, evidence.PayoutRow]:
        """The account's payout leaf, if it has one."""
        return {row.account: row for row in self._of(evidence.PayoutRow)}

    @property
    def truths(self) -> Mapping[int, evidence.TruthRow]:
        """Verdicts by item."""
        return _Truths(self.filed)

    @property
    def gold(self) -> Mapping[int, evidence.GoldRow]:
        """Gold by item."""
        return self.filed.gold

    def answers(self, account: Address) -> Mapping[int, Counted]:
        """An account's labels that count, by item."""
        return self.filed.answers(account)

    def votes(self, item: int, *, without: Address) -> Counter[bytes]:
        """How many others gave each label of an item."""
        return self.filed.votes(item, without=without)

    def _of(self, kind: type[Row]) -> list[Row]:
        return [row for row in self.rows if isinstance(row, kind)]
