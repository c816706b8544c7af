"""What waits for the next transaction: requests that come while one is under way are taken together.

Nobody waits for company: an idle service takes a message at once, a busy one all that have come meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final, Generic, TypeAlias, TypeVar

__all__ = ["MOST_TOGETHER", "Gathering", "Waiting"]

Thing = TypeVar("Thing")
Result = TypeVar("Result")

MOST_TOGETHER: Final = 256
"""So many of them share a transaction at most, so that none waits for a long one."""

Tell: TypeAlias = Callable[[Result | None, BaseException | None], None]
"""Is told the result; or the error of the whole group, and None."""


class Waiting(Generic[Thing, Result]):
    """A thing that waits, and who is told.

    Attributes:
        given_up: Nobody wants to be told any more: it is not taken, unless it is being taken already.
    """

    __slots__ = ("given_up", "tell", "thing")

    def __init__(self, thing: Thing, tell: Tell[Result]) -> None:
        self.thing, self.tell, self.given_up = thing, tell, False

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits."""
        return not self.given_up


class _Awaited(Waiting[Thing, Result]):
    """The same by a future, which is given up when it is cancelled: at that moment, not a turn later."""

    __slots__ = ("future",)

    def __init__(self, thing: Thing, future: asyncio.Future[Result]) -> None:
        super().__init__(thing, self._settle)
        self.future = future

    @property
    def is_wanted(self) -> bool:
        return not self.future.done()

    def _settle(self, result: Result | None, error: BaseException | None) -> None:
        if error is None:
            self.future.set_result(result)  # type: ignore[arg-type]
        else:
            self.future.set_exception(error)


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
        self._waiting: deque[Waiting[Thing, Result]] = deque()
        self._is_taking = False

    def put(self, thing: Thing) -> asyncio.Future[Result]:
        """The result, once the thing's group is taken; an error of `take` is that of all in the group."""
        future: asyncio.Future[Result] = self._loop.create_future()
        self._add(_Awaited(thing, future))
        return future

    def hand(self, thing: Thing, tell: Tell[Result]) -> Waiting[Thing, Result]:
        """The same without a future: `tell` is called in the event loop, and must not raise."""
        waiting: Waiting[Thing, Result] = Waiting(thing, tell)
        self._add(waiting)
        return waiting

    def _add(self, waiting: Waiting[Thing, Result]) -> None:
        self._waiting.append(waiting)
        if not self._is_taking:
            self._is_taking = True
            # After whatever else is ready: requests that are here already come along.
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        wanted = [each for each in group if each.is_wanted]
        if not wanted:
            self._is_taking = False
            return
        things = [each.thing for each in wanted]
        work = self._loop.run_in_executor(self._executor, self._take, things)
        work.add_done_callback(lambda done: self._settle(wanted, done))

    def _settle(
        self, group: Sequence[Waiting[Thing, Result]], work: asyncio.Future[Sequence[Result]]
    ) -> None:
        error = asyncio.CancelledError() if work.cancelled() else work.exception()
        if self._waiting:
            self._next()
        else:
            self._is_taking = False
        results: Sequence[Result | None] = work.result() if error is None else [None] * len(group)
        for each, result in zip(group, results, strict=True):
            if each.is_wanted:
                each.tell(result, error)
