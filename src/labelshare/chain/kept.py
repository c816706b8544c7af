"""Pairs of keys and values that outlast the process: in memory to be read, in a file to be read again.

The in-process chain holds all of itself in such pairs. What changes between two calls of `keep` is written as
one record, checked by its sum, and is on the disk when the call returns; a record that a dying process left
half written is as if it had never been. So a chain that is opened again is that of some moment when it was
whole: blocks, state, balances that were set, snapshots that were restored, whatever happened.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

from eth.db.backends.memory import MemoryDB

from labelshare.errors import ChainError

__all__ = ["KeptPairs"]

MAGIC: Final = b"labelshare chain 1\n"
_RECORD: Final = struct.Struct(">II")  # length and sum of what follows
_PAIR: Final = struct.Struct(">II")  # lengths of a key and its value
_GONE: Final = 2**32 - 1  # in the place of a value's length: the key is no more


class KeptPairs(MemoryDB):
    """The pairs of one file, which one process at a time has open.

    Raises:
        ChainError: The file is no such file, is damaged before its end, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._changes: list[bytes] = []
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise ChainError(f"{path}: cannot be opened: {error.strerror}") from None
        try:
            self._begin()
        except BaseException:
            os.close(self._file)
            raise

    def __setitem__(self, key: bytes, value: bytes) -> None:
        super().__setitem__(key, value)
        self._changes.append(_PAIR.pack(len(key), len(value)) + key + value)

    def __delitem__(self, key: bytes) -> None:
        super().__delitem__(key)
        self._changes.append(_PAIR.pack(len(key), _GONE) + key)

    def keep(self) -> None:
        """Put on the disk what has changed since the last call."""
        if not self._changes:
            return
        content = b"".join(self._changes)
        self._write(_RECORD.pack(len(content), crc32(content)) + content)
        self._changes.clear()

    def close(self) -> None:
        """Keep what has changed, and let the next process have the file."""
        self.keep()
        os.close(self._file)

    def _begin(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ChainError(f"{self._path}: another process runs this chain") from None
        content = self._path.read_bytes()
        if MAGIC.startswith(content):  # new, or the first write was cut short
            os.ftruncate(self._file, 0)
            self._write(MAGIC)
            return
        if not content.startswith(MAGIC):
            raise ChainError(f"{self._path} is not a chain that this version of labelshare kept")
        end = len(MAGIC)
        for record in self._records(content):
            self._apply(record)
            end += _RECORD.size + len(record)
        os.ftruncate(self._file, end)

    def _records(self, content: bytes) -> Iterator[bytes]:
        """Every whole record; only the last may be cut short."""
        place = len(MAGIC)
        while place + _RECORD.size <= len(content):
            length, total = _RECORD.unpack_from(content, place)
            record = content[place + _RECORD.size : place + _RECORD.size + length]
            if len(record) < length:
                return
            if crc32(record) != total:
                raise ChainError(f"{self._path} is damaged at byte {place}: bring back a copy of it")
            yield record
            place += _RECORD.size + length

    def _apply(self, record: bytes) -> None:
        place = 0
        while place < len(record):
            key_length, value_length = _PAIR.unpack_from(record, place)
            place += _PAIR.size
            key = record[place : place + key_length]
            place += key_length
            if value_length == _GONE:
                self.kv_store.pop(key, None)
            else:
                self.kv_store[key] = record[place : place + value_length]
                place += value_length

    def _write(self, content: bytes) -> None:
        """All of it, on the disk; what was begun is taken back where that fails."""
        before = os.fstat(self._file).st_size
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, before)
            raise ChainError(f"{self._path}: cannot be written: {error.strerror}") from None
