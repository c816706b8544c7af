"""Something that goes on in a thread of its own, as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["beside"]


@contextmanager
def beside(run: Callable[[threading.Event], None]) -> Iterator[None]:
    """Runs it until the block ends, which sets the event that it is given, and waits for it."""
    over = threading.Event()
    thread = threading.Thread(target=run, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
