"""Files and folders of a store, made for their owner alone; what is there already keeps its mode."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["make_folder", "make_private"]


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it as the system makes them; `OSError` where that cannot be."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def make_private(path: Path) -> None:
    """Make an empty file and its folder, where there is none: what SQLite makes beside it has the same mode.

    Raises:
        OSError: It cannot be made.
    """
    make_folder(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
