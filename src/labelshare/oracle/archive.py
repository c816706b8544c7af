"""The file of a backup: what its manifest says, how it is read with care, how a file comes to be whole."""

from __future__ import annotations

import gzip
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labelshare.errors import InputError
from labelshare.oracle.blobs import digest_of
from labelshare.store.dump import Kind
from labelshare.types import Hash32

__all__ = [
    "BLOBS",
    "FORMAT",
    "MANIFEST",
    "TABLES",
    "Archive",
    "Binding",
    "Manifest",
    "Part",
    "appear",
    "fsync_folder",
]

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
TABLES: Final = "tables/"
BLOBS: Final = "blobs/"
_PACKED: Final = ".jsonl.gz"
_MOST_MANIFEST: Final = 1 << 20
CHUNK: Final = 1 << 20

_Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(pattern=r"^[a-z_]{1,63}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Binding(_Strict):
    """What a store is about; nothing of it where it was never used."""

    chain_id: int | None
    genesis: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")] | None
    contracts: list[_Address]
    accounts: list[_Address]


class Part(_Strict):
    """The rows of one table: columns, how many rows, length and sha256 of the part as it lies there."""

    table: _Name
    columns: dict[_Name, Kind]
    rows: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=0)]
    sha256: _Digest


class Manifest(_Strict):
    """What is in a backup. `blobs` is how many of them; None where none were taken along."""

    format: int
    labelshare: str
    created: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-z_]{1,32}$")]
    binding: Binding
    tables: list[Part]
    blobs: Annotated[int, Field(ge=0)] | None
    blob_bytes: Annotated[int, Field(ge=0)]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(part.rows for part in self.tables)


class Archive:
    """A backup that is read; use it as a context.

    Nothing in it is believed before `check`. No name in it is ever a path of this machine.

    Raises:
        InputError: The file is no backup, is cut off, or was made by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            try:
                file = opened.enter_context(self.path.open("rb"))
                self._tar = opened.enter_context(tarfile.open(fileobj=file, mode="r:"))
                self._entries = {entry.name: entry for entry in self._tar.getmembers()}
            except OSError as error:
                raise InputError(f"{self.path}: cannot be read: {error.strerror}") from None
            except tarfile.TarError:
                raise InputError(f"{self.path} is no backup of labelshare, or is cut off") from None
            self.manifest = self._manifest()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def size(self) -> int:
        """Bytes of everything in it."""
        return sum(entry.size for entry in self._entries.values())

    def blobs(self) -> list[Hash32]:
        """The names of its blobs."""
        return [digest_of(name.removeprefix(BLOBS)) for name in self._entries if name.startswith(BLOBS)]

    def check(self, advance: Callable[[int], None]) -> None:
        """Read everything and compare it with the manifest; `InputError` names the first that differs."""
        expected = {TABLES + part.table + _PACKED: part for part in self.manifest.tables}
        blobs = {name for name in self._entries if name.startswith(BLOBS)}
        if set(self._entries) - blobs != {*expected, MANIFEST} or len(blobs) != (self.manifest.blobs or 0):
            raise InputError(f"{self.path}: its parts are not those of its manifest")
        for name in self._entries:
            found = self._hashed(name, advance)
            part = expected.get(name)
            wanted = (
                part.sha256 if part else digest_of(name.removeprefix(BLOBS)).hex() if name in blobs else found
            )
            if found != wanted:
                raise InputError(f"{self.path}: part {name} is altered: its sha256 is {found}, not {wanted}")

    def lines(self, part: Part) -> Iterator[bytes]:
        """The lines of a table; `InputError` where it cannot be unpacked, or has not as many as it says."""
        count = 0
        with _unpacking(part.table), gzip.open(self._open(TABLES + part.table + _PACKED)) as content:
            for line in content:
                count += 1
                yield line
        if count != part.rows:
            raise InputError(f"table {part.table} of the backup has {count} rows, not {part.rows}")

    def blob(self, cid: str) -> Iterator[bytes]:
        """A blob in pieces."""
        return self._pieces(BLOBS + cid)

    # ------------------------------------------------------------------ mechanics

    def _manifest(self) -> Manifest:
        last = self._entries.get(MANIFEST)
        if last is None or last.size > _MOST_MANIFEST:
            raise InputError(f"{self.path} is no backup of labelshare, or is cut off: it has no manifest")
        if any(not entry.isreg() or not _is_known(name) for name, entry in self._entries.items()):
            raise InputError(f"{self.path} holds what no backup of labelshare holds")
        content = b"".join(self._pieces(MANIFEST))
        stated = re.search(rb'"format":\s*(\d{1,9})', content)
        if stated is not None and int(stated.group(1)) > FORMAT:
            raise InputError(f"{self.path} was made by a newer version of labelshare; use that one")
        try:
            return Manifest.model_validate_json(content)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            raise InputError(f"{self.path}: its manifest is malformed at {place:.80}") from None

    def _open(self, name: str) -> tarfile.ExFileObject:
        found = self._tar.extractfile(self._entries[name])
        assert isinstance(found, tarfile.ExFileObject)  # noqa: S101 (each entry is a regular file)
        return found

    def _pieces(self, name: str) -> Iterator[bytes]:
        with self._open(name) as content:
            try:
                while piece := content.read(CHUNK):
                    yield piece
            except tarfile.TarError:
                raise InputError(f"{self.path}: part {name} is cut off") from None

    def _hashed(self, name: str, advance: Callable[[int], None]) -> str:
        state = sha256()
        for piece in self._pieces(name):
            state.update(piece)
            advance(len(piece))
        return state.hexdigest()


def _is_known(name: str) -> bool:
    if name.startswith(BLOBS):
        try:
            digest_of(name.removeprefix(BLOBS))
        except InputError:
            return False
        return True
    return name == MANIFEST or re.fullmatch(rf"{TABLES}[a-z_]+{re.escape(_PACKED)}", name) is not None


@contextmanager
def _unpacking(table: str) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error, tarfile.TarError):
        raise InputError(f"table {table} of the backup cannot be unpacked") from None


def appear(partial: Path, final: Path) -> None:
    """Give a whole file its name at once; `InputError` where there is one of that name."""
    try:
        os.link(partial, final)
    except FileExistsError:
        raise InputError(f"{final} exists; it is not overwritten") from None
    except OSError:  # a file system without links
        if final.exists():
            raise InputError(f"{final} exists; it is not overwritten") from None
        partial.rename(final)
    else:
        partial.unlink()


def fsync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
