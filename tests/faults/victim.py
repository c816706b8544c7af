"""Processes that live a life and are killed in the midst of it.

Run as a program it forks one child for each line of its input, so that a child starts at once, with all
modules loaded and nothing else shared: those, too, that an earlier child came to need. A line is JSON: `url`,
`folder`, `die_after` (0: never). The answer is JSON: `events` that the child counted, and `died` or the
`error` it ended with.

An event is whatever leaves the process for good: a write of the store, a request that sends transactions or
mines them. A child that is to die ends itself with SIGKILL right after the event of that number, so that
nothing of Python runs any more: no handler, no buffer, no rollback.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from labelshare.chain.jsonrpc import JsonRpc
from labelshare.protocol.aggregation.fixed_point import log_table
from labelshare.store.database import Database
from tests.faults.story import live_through

Live = Callable[[dict[str, Any]], object]
"""What a child does with an order."""

LASTING = {
    "eth_sendRawTransaction",
    "evm_mine",
    "evm_setAutomine",
    "evm_setNextBlockTimestamp",
    "hardhat_mine",
    "hardhat_setBalance",
}


class Counter:
    """Counts events and ends the process after one of them."""

    def __init__(self, die_after: int) -> None:
        self.events = 0
        self._die_after = die_after

    def __call__(self) -> None:
        """One more has happened."""
        self.events += 1
        if self.events == self._die_after:
            os.kill(os.getpid(), signal.SIGKILL)


def watch_store(count: Counter) -> None:
    """Counts every write that was committed; a block within a block is written with the outer one."""
    inner = Database.writing

    @contextmanager
    def writing(self: Database, turn: bytes = b"") -> Iterator[Connection]:
        is_inner = self.is_writing
        with inner(self, turn) as connection:
            yield connection
        if not is_inner:
            count()

    Database.writing = writing  # type: ignore[method-assign]


def watch_chain(count: Counter) -> None:
    """Counts every request after which the chain is another."""
    inner: Callable[..., Any] = JsonRpc.answers

    def answers(self: JsonRpc, requests: Any) -> Any:
        result = inner(self, requests)
        if any(method in LASTING for method, _ in requests):
            count()
        return result

    JsonRpc.answers = answers  # type: ignore[method-assign]


def child(order: dict[str, Any], out: int, live: Live) -> None:
    """Lives, and tells through a pipe how far it came."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # which is for answers alone
    count = Counter(order["die_after"])
    watch_store(count)
    watch_chain(count)
    told: dict[str, Any] = {}
    known = set(sys.modules)
    try:
        live(order)
    except Exception as error:  # noqa: BLE001 (whatever it is, the test shows it)
        told["error"] = f"{type(error).__name__}: {error}"
    told |= {"events": count.events, "loaded": sorted(set(sys.modules) - known)}
    with os.fdopen(out, "wb") as pipe:
        pipe.write(json.dumps(told).encode())


def run(order: dict[str, Any], live: Live) -> dict[str, Any]:
    """One child from its beginning to its end."""
    into, out = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(into)
        child(order, out, live)
        os._exit(0)
    os.close(out)
    with os.fdopen(into, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return {"died": os.WTERMSIG(status)}
    told = dict(json.loads(answer))
    load(told.pop("loaded"))
    return told


def load(modules: Iterable[str]) -> None:
    """What one child had to load, no other shall."""
    for name in modules:
        with suppress(ImportError):  # some packages name modules that are no files
            importlib.import_module(name)


def answer_orders(live: Live) -> None:
    """Answer every order of the input by a child that lives through it."""
    log_table()  # which is the same for all, and takes long to work out
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line), live)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answer_orders(lambda order: live_through(order["url"], Path(order["folder"])))
