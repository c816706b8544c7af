"""Backup and restore: a store's rows, and the blobs, in one file; no key is in it.

The file is a tar: a part for each table (`store/dump.py`, compressed), each blob under its name, and last the
manifest, with the sha256 of each part. So a file that was cut off has none, and is no backup.

Answers stay sealed as they are in the store: without the key of the oracle's account nobody reads them, and
whoever restores shows that key first.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from sqlalchemy import Connection, Table, select

from labelshare import __version__
from labelshare.errors import InputError, StoreError
from labelshare.oracle.archive import (
    BLOBS,
    FORMAT,
    MANIFEST,
    TABLES,
    Binding,
    Manifest,
    Part,
    appear,
    fsync_folder,
)
from labelshare.oracle.blobs import Blobs, cid
from labelshare.store import dump, revisions
from labelshare.types import Address, Hash32

__all__ = ["Bars", "Made", "back_up", "target"]

Advance = Callable[[int], None]
Bars = Callable[[str, int], AbstractContextManager[Advance]]
"""Shows how far a long step is: its name, how many units it has; gives what is told of units done."""

CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: where, how large in bytes, and what is in it."""

    path: Path
    size: int
    manifest: Manifest


def target(place: Path, now: datetime | None = None) -> Path:
    """The file to write: the one named, `….tar`, or one named by the time in the folder named, which is made.

    Raises:
        InputError: It exists, or the folder does not and cannot be made.
    """
    when = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    is_file = place.suffix == ".tar" and not place.is_dir()
    path = place if is_file else place / f"labelshare-{when}.tar"
    if not is_file and path.parent.parent.is_dir():
        _make_folder(place)
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} exists; it is not overwritten")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}")
    return path


def _make_folder(place: Path) -> None:
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        raise InputError(f"{place} exists and is no folder; a backup's file is named ….tar") from None
    except OSError as error:
        raise InputError(f"{place}: cannot be made: {error.strerror}") from None


def back_up(path: Path, connection: Connection, blobs: Blobs | None, bars: Bars) -> Made:
    """Write a backup of one moment.

    Args:
        path: Where; it is there whole, or not at all.
        connection: To the store, from `dump.reading`.
        blobs: What goes with it; None for none.
        bars: Shows how far it is.

    Raises:
        InputError: The file is there.
        StoreError: The store, the blobs or the disk fail: nothing is left.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with ExitStack() as undo:
            undo.callback(partial.unlink, missing_ok=True)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                manifest = _write(file, path.parent, connection, blobs, bars)
                file.flush()
                os.fsync(file.fileno())
            size = partial.stat().st_size
            appear(partial, path)
            fsync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: the backup cannot be written: {error.strerror}") from None
    return Made(path, size, manifest)


def _write(
    file: IO[bytes], folder: Path, connection: Connection, blobs: Blobs | None, bars: Bars
) -> Manifest:
    tables = dump.tables_of(connection)
    counts = {table.name: dump.count(connection, table) for table in tables}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        with bars("rows", sum(counts.values())) as advance:
            parts = [_add_table(archive, folder, connection, table, advance) for table in tables]
        # Listed after the rows were read, so that whatever these speak of is there.
        kept = [] if blobs is None else sorted(blobs.every())
        if blobs is not None:
            with bars("blobs", len(kept)) as advance:
                _add_blobs(archive, blobs, kept, advance)
        manifest = Manifest(
            format=FORMAT,
            labelshare=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            revision=str(revisions.revision_of(connection)),
            binding=_binding(connection, {table.name: table for table in tables}),
            tables=parts,
            blobs=None if blobs is None else len(kept),
            blob_bytes=sum(size for _, size in kept),
        )
        _add(archive, MANIFEST, manifest.model_dump_json(indent=1).encode())
    return manifest


def _add_table(
    archive: tarfile.TarFile, folder: Path, connection: Connection, table: Table, advance: Advance
) -> Part:
    """A table's rows, compressed beside the backup first: a tar must know how long a part is."""
    rows = 0
    with TemporaryFile(dir=folder) as packed:
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=3, mtime=0) as content:
            for line in dump.lines(connection, table):
                content.write(line)
                rows += 1
                advance(1)
        size = packed.tell()
        packed.seek(0)
        state = sha256()
        while piece := packed.read(CHUNK):
            state.update(piece)
        packed.seek(0)
        name = f"{TABLES}{table.name}.jsonl.gz"
        archive.addfile(_entry(name, size), packed)
    return Part(
        table=table.name, columns=dump.columns_of(table), rows=rows, size=size, sha256=state.hexdigest()
    )


def _add_blobs(
    archive: tarfile.TarFile, blobs: Blobs, kept: Sequence[tuple[Hash32, int]], advance: Advance
) -> None:
    for name, size in kept:
        archive.addfile(_entry(BLOBS + cid(name), size), _Pieces(blobs.stream(name)))
        advance(1)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    archive.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read from its beginning to its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def read(self, size: int = -1) -> bytes:
        """As much as was asked for, where there is as much: a tar is written by such reads."""
        parts: list[bytes] = []
        while size < 0 or size:
            piece = super().read(size)
            if not piece:
                break
            parts.append(piece)
            size = size if size < 0 else size - len(piece)
        return b"".join(parts)


def _binding(connection: Connection, tables: Mapping[str, Table]) -> Binding:
    """What the store is about: a chain, contracts there, and the accounts that sent for it."""
    chains, logs, sent = tables["chains"], tables["logs"], tables["transactions"]
    chain = connection.execute(select(chains)).one_or_none()

    def addresses(of: Table, column: str) -> list[str]:
        found = connection.execute(select(of.c[column]).distinct())
        return sorted(str(Address(bytes(value))) for (value,) in found)

    return Binding(
        chain_id=None if chain is None else int(chain.chain_id),
        genesis=None if chain is None else str(Hash32(bytes(chain.genesis))),
        contracts=addresses(logs, "address"),
        accounts=addresses(sent, "sender"),
    )
