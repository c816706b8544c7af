"""Which settlements are filed (`findings`), and the filing of others: at once, or beside everything else."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import Final
from weakref import finalize

import structlog

from labelshare.errors import LabelshareError, ServiceError, StoreError
from labelshare.oracle.findings import Filed, file_apart, touch, trim, write_files
from labelshare.protocol.record import Record
from labelshare.protocol.spec import Spec
from labelshare.store.bundles import Bundle
from labelshare.types import Hash32

__all__ = ["Files", "Unread"]

AT_ONCE: Final = 4 * 1024**2
"""A bundle of so many bytes is read in the time of a request."""
HELD: Final = 64
MOST_BYTES: Final = 8 * 1024**3
"""Sixty settlements of a million labels."""

log = structlog.get_logger(__name__)


class Unread(ServiceError):  # noqa: N818 (no fault: ask again)
    """A large bundle is being read; `retry_after` says when to ask again."""


@dataclass
class Files:
    """The settlements that are filed in a folder, or are about to be.

    Attributes:
        folder: Where; None for one that ends with the process. What is in it is made again where it is lost.
        at_once: A bundle of at most so many bytes is filed by whoever asks first.
        most_bytes: How large the folder may be: then those go that nobody has asked for the longest.
    """

    folder: Path | None = None
    at_once: int = AT_ONCE
    most_bytes: int = MOST_BYTES
    _held: dict[Hash32, Filed] = field(default_factory=dict)
    _running: dict[Hash32, threading.Thread] = field(default_factory=dict)
    _faults: dict[Hash32, LabelshareError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Raise `StoreError` where the folder cannot be written; it is made where it is not there."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise StoreError(f"no findings can be kept in {self.folder}: {error.strerror}") from None

    def find(self, bundle: Bundle, spec: Spec, record: Callable[[], Record]) -> Filed:
        """What a bundle's settlement found.

        Raises:
            EvidenceError: The bundle cannot be read.
            StoreError: The files could not be written.
            Unread: It is being read.
        """
        name = bundle.name
        held = self._held.get(name)
        if held is not None and held.folder.exists():
            return held
        with self._lock:
            root = self._root()
            found = Filed.find(record(), spec, root, name)
            if found is None and bundle.size <= self.at_once:
                write_files(record(), spec, bundle.pieces(), root, name)
                found = Filed.find(record(), spec, root, name)
                trim(root, name, self.most_bytes)
            if found is None:
                self._begin(bundle, spec, record(), root)
                raise Unread("the bundle is being read; ask again in a while", retry_after=15)
            touch(found.folder)
            self._held.pop(name, None)
            while len(self._held) >= HELD:
                self._held.pop(next(iter(self._held)))
            self._held[name] = found
            return found

    def file(self, bundle: Bundle, spec: Spec, record: Record) -> None:
        """File what a bundle's settlement found, and wait until it is.

        Raises:
            EvidenceError: The bundle cannot be read.
            StoreError: The files cannot be written.
        """
        while True:
            try:
                self.find(bundle, spec, lambda: record)
            except Unread:  # this one, or another one before it
                self.wait()
            else:
                return

    def wait(self) -> None:
        """Wait until all that is being filed is."""
        for thread in list(self._running.values()):
            thread.join()

    def _begin(self, bundle: Bundle, spec: Spec, record: Record, root: Path) -> None:
        """Read it beside everything else, one at a time; a fault is told to whoever asks next."""
        name = bundle.name
        if name in self._faults:
            raise self._faults.pop(name)
        running = self._running.get(name)
        if running is not None and running.is_alive():
            return
        if any(each.is_alive() for each in self._running.values()):
            return
        thread = threading.Thread(target=self._file, args=(bundle, spec, record, root), daemon=True)
        self._running = {name: thread}
        thread.start()

    def _file(self, bundle: Bundle, spec: Spec, record: Record, root: Path) -> None:
        try:
            file_apart(record, spec, bundle.pieces(), root, bundle.name)
            trim(root, bundle.name, self.most_bytes)
        except LabelshareError as error:
            self._faults[bundle.name] = error
        except Exception as error:
            log.exception("bundle not filed", bundle=str(bundle.name))
            self._faults[bundle.name] = StoreError(f"bundle {bundle.name} cannot be filed: {error}")

    def _root(self) -> Path:
        if self.folder is None:
            self.folder = Path(mkdtemp(prefix="labelshare-findings-"))
            finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        return self.folder
