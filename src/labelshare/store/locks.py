"""Locks that outlast transactions: whoever holds one may wait for the chain meanwhile.

They are for accounts, of which one process at a time signs. A process that dies lets go of all that it held.
An account has one of `SLOTS` locks; two that share one wait for each other, and no harm is done.

A folder as a whole has one lock more, for the one process at a time that serves it.
"""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Final, Protocol

from labelshare.errors import StoreError
from labelshare.store.private import make_folder

__all__ = [
    "PATIENCE_SECONDS",
    "SERVED",
    "SLOTS",
    "FileLocks",
    "Locks",
    "ThreadLocks",
    "serving_alone",
    "slots_of",
    "taken_too_long",
]

SLOTS: Final = 256
PATIENCE_SECONDS: Final = 900.0
"""How long one may wait for a block, several times replaced, while the others wait for the lock."""

SERVED: Final = "labelshare.served"
"""The file whose lock is held by whoever serves a folder."""

_PAUSE_SECONDS: Final = 0.02
_LEAVING_SECONDS: Final = 2.0  # for a process that was just killed to be gone


class Locks(Protocol):
    """Some locks of one database."""

    def holding(self, keys: Collection[bytes]) -> AbstractContextManager[None]:
        """A block during which nobody else, in any thread or process, holds the lock of any of the keys.

        Not to be entered twice by one thread: it would wait for itself.
        """


def slots_of(keys: Collection[bytes]) -> list[int]:
    """Which locks the keys have, in the order in which everybody takes them."""
    return sorted({sha256(key).digest()[0] % SLOTS for key in keys})


def taken_too_long() -> StoreError:
    """What is raised where somebody else does not let go."""
    return StoreError(f"another process has been sending for the same account for {PATIENCE_SECONDS:.0f} s")


class ThreadLocks:
    """Among the threads of one process, for a database in memory."""

    def __init__(self) -> None:
        self._locks: defaultdict[int, Lock] = defaultdict(Lock)

    @contextmanager
    def holding(self, keys: Collection[bytes]) -> Iterator[None]:
        """See `Locks`."""
        with ExitStack() as held:
            for slot in slots_of(keys):
                lock = self._locks[slot]
                if not lock.acquire(timeout=PATIENCE_SECONDS):
                    raise taken_too_long()
                held.callback(lock.release)
            yield


class FileLocks:
    """Among the threads and processes that use one folder: a file for each lock, which stays there, empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def holding(self, keys: Collection[bytes]) -> Iterator[None]:
        """See `Locks`."""
        deadline = monotonic() + PATIENCE_SECONDS
        with ExitStack() as held:
            for slot in slots_of(keys):
                descriptor = self._opened(slot)
                held.callback(os.close, descriptor)  # which unlocks
                _take(descriptor, deadline)
            yield

    def _opened(self, slot: int) -> int:
        """Opened anew each time: two threads that open a file exclude each other as two processes do."""
        try:
            make_folder(self._folder)
            return os.open(self._folder / f"{slot:02x}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be written: {error.strerror}") from None


def _take(descriptor: int, deadline: float) -> None:
    while not _taken(descriptor):
        if monotonic() > deadline:
            raise taken_too_long()
        sleep(_PAUSE_SECONDS)


@contextmanager
def serving_alone(folder: Path) -> Iterator[None]:
    """A block during which no other process serves this folder; who dies in it lets go at once.

    Raises:
        StoreError: Another one does, or the folder cannot be written.
    """
    try:
        make_folder(folder)
        descriptor = os.open(folder / SERVED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from None
    with ExitStack() as held:
        held.callback(os.close, descriptor)  # which unlocks
        deadline = monotonic() + _LEAVING_SECONDS
        while not _taken(descriptor):
            if monotonic() > deadline:
                raise StoreError(
                    f"{folder}: another process serves this store; on SQLite one at a time does, "
                    "replicas share a PostgreSQL (--database)"
                )
            sleep(_PAUSE_SECONDS)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
