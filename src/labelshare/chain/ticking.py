"""Keeps the time of a development chain moving: contracts know no time but that of its blocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final

import structlog

from labelshare.chain.wire import Fault

__all__ = ["Ticking"]

BUSY_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 12.0
# How long after a transaction the chain is busy.
BUSY_FOR: Final = 60.0

log = structlog.get_logger(__name__)


class Ticking:
    """A thread that has a block made whenever none was for a second; for twelve where nobody sends anything.

    Args:
        answer: Gives the result of a method of the node with its parameters.
    """

    def __init__(self, answer: Callable[[str, Sequence[Any]], Any]) -> None:
        self._answer = answer
        self._head: str | None = None
        self._since = self._busy_until = monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticking", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; the block at hand is made."""
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Have a block made if it is time."""
        now, block = monotonic(), self._answer("eth_getBlockByNumber", ["latest", False])
        if block["hash"] != self._head:
            self._head, self._since = block["hash"], now
            if block["transactions"]:
                self._busy_until = now + BUSY_FOR
        elif now - self._since >= (BUSY_SECONDS if now < self._busy_until else IDLE_SECONDS) - 0.5:
            self._answer("evm_mine", [])

    def _run(self) -> None:
        while not self._stop.wait(BUSY_SECONDS):
            try:
                self.look()
            except Fault as fault:
                log.warning("no block was made", error=str(fault))
