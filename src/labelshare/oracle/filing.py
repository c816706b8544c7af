"""Which settlements are filed (`findings`), and the filing of others: at once, or beside everything else."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Final
from weakref import finalize

import structlog

from labelshare.errors import LabelshareError, ServiceError
from labelshare.oracle.findings import Filed, file_apart, write_files
from labelshare.protocol.record import Record
from labelshare.protocol.spec import Spec
from labelshare.store.bundles import Bundle
from labelshare.types import Hash32

__all__ = ["Files", "Unread"]

AT_ONCE: Final = 4 * 1024**2
"""A bundle of so many bytes is read in the time of a request."""
HELD: Final = 64

log = structlog.get_logger(__name__)


class Unread(ServiceError):  # noqa: N818 (no fault: ask again)
    """A large bundle is being read; `retry_after` says when to ask again."""


@dataclass
class Files:
    """The settlements that are filed in a folder, or are about to be.

    Attributes:
        folder: Where; None for one that ends with the process. What is in it is made again where it is lost.
        at_once: A bundle of at most so many bytes is filed by whoever asks first.
    """

    folder: Path | None = None
    at_once: int = AT_ONCE
    _held: dict[Hash32, Filed] = field(default_factory=dict)
    _running: dict[Hash32, threading.Thread] = field(default_factory=dict)
    _faults: dict[Hash32, LabelshareError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, bundle: Bundle, spec: Spec, record: Callable[[], Record]) -> Filed:
        """What a bundle's settlement found.

        Raises:
            EvidenceError: The bundle cannot be read.
            Unread: It is being read.
        """
        name = bundle.name
        if name in self._held:
            return self._held[name]
        with self._lock:
            root = self._root()
            found = Filed.find(record(), spec, root, name)
            if found is None and bundle.size <= self.at_once:
                write_files(record(), spec, bundle.pieces(), root, name)
                found = Filed.find(record(), spec, root, name)
            if found is None:
                self._begin(bundle, spec, record(), root)
                raise Unread("the bundle is being read; ask again in a while", retry_after=15)
            while len(self._held) >= HELD:
                self._held.pop(next(iter(self._held)))
            self._held[name] = found
            return found

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
        except LabelshareError as error:
            self._faults[bundle.name] = error
        except Exception:
            log.exception("bundle not filed", bundle=str(bundle.name))

    def _root(self) -> Path:
        if self.folder is None:
            self.folder = Path(mkdtemp(prefix="labelshare-findings-"))
            finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        return self.folder
