"""What waits for the next transaction: requests that come while one is under way are taken together.

Nobody waits for company: an idle service takes a message at once, a busy one all that have come meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Final, Generic, TypeVar

__all__ = ["MOST_TOGETHER", "Gathering"]

Thing = TypeVar("Thing")
Result = TypeVar("Result")

MOST_TOGETHER: Final = 256
"""So many of them share a transaction at most, so that none waits for a long one."""


class Gathering(Generic[Thing, Result]):
    """Takes things in groups, one group at a time, for the requests of one event loop.

    Args:
        take: Gives a result for each thing of a group, in their order; runs in a thread.
        executor: Where it runs.
    """

    def __init__(self, take: Callable[[Sequence[Thing]], Sequence[Result]], executor: Executor) -> None:
        self._take = take
        self._executor = executor
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Thing, asyncio.Future[Result]]] = deque()
        self._is_taking = False

    def put(self, thing: Thing) -> asyncio.Future[Result]:
        """The result, once the thing's group is taken; an error of `take` is that of all in the group."""
        future: asyncio.Future[Result] = self._loop.create_future()
        self._waiting.append((thing, future))
        if not self._is_taking:
            self._is_taking = True
            # After whatever else is ready: requests that are here already come along.
            self._loop.call_soon(self._next)
        return future

    def _next(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        things = [thing for thing, future in group if not future.done()]
        if not things:
            self._is_taking = False
            return
        futures = [future for _, future in group if not future.done()]
        work = self._loop.run_in_executor(self._executor, self._take, things)
        work.add_done_callback(lambda done: self._settle(futures, done))

    def _settle(
        self, futures: Sequence[asyncio.Future[Result]], work: asyncio.Future[Sequence[Result]]
    ) -> None:
        error: Any = asyncio.CancelledError() if work.cancelled() else work.exception()
        if self._waiting:
            self._next()
        else:
            self._is_taking = False
        if error is None:
            for future, result in zip(futures, work.result(), strict=True):
                if not future.done():
                    future.set_result(result)
            return
        for future in futures:
            if not future.done():
                future.set_exception(error)
