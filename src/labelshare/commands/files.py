"""Files that commands write: never over another one."""

from __future__ import annotations

import os
from pathlib import Path

from labelshare.errors import InputError

__all__ = ["refuse_existing", "write_new", "write_same"]

PRIVATE = 0o600
PUBLIC = 0o644


def refuse_existing(*paths: Path) -> None:
    """Raise `InputError` where a file is already, before anything else is done."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise InputError(f"{path} exists; it is not overwritten")


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a new file, on the disk when this returns; a private one is its owner's alone to read.

    Raises:
        InputError: The file exists, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE if private else PUBLIC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise InputError(f"{path} exists; it is not overwritten") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


def write_same(path: Path, data: bytes) -> None:
    """Write a file that may be there already with the same bytes; `InputError` where it has others."""
    try:
        if path.read_bytes() == data:
            return
    except OSError:
        pass
    write_new(path, data)
