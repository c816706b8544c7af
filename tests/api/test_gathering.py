"""Requests that come while a transaction is under way share the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from labelshare.api.gathering import MOST_TOGETHER, Gathering

LATE = 20.0


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Desk:
    """Takes numbers, and gives each its square; the first group waits until it may end."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may_end = Event()

    def take(self, group: Sequence[int]) -> list[int]:
        self.groups.append(list(group))
        assert self.may_end.wait(LATE)
        if -1 in group:
            raise ValueError("a group with -1")
        return [each * each for each in group]


def run(work: Callable[[Desk, Gathering[int, int]], object], thread: ThreadPoolExecutor) -> Desk:
    """Something done with a gathering, in an event loop of its own."""
    desk = Desk()

    async def inside() -> None:
        await asyncio.wait_for(work(desk, Gathering(desk.take, thread)), LATE)  # type: ignore[arg-type]

    asyncio.run(inside())
    return desk


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 (it is a thread that makes it so)
        await asyncio.sleep(0.001)


def test_those_that_come_meanwhile_are_taken_together(thread: ThreadPoolExecutor) -> None:
    async def work(desk: Desk, gathering: Gathering[int, int]) -> None:
        first = gathering.put(1)
        await until(lambda: bool(desk.groups))
        others = [gathering.put(number) for number in (2, 3, 4)]
        await asyncio.sleep(0.05)
        assert not any(each.done() for each in (first, *others))  # nothing is answered before it is taken
        desk.may_end.set()
        assert await asyncio.gather(first, *others) == [1, 4, 9, 16]

    assert run(work, thread).groups == [[1], [2, 3, 4]]


def test_those_that_are_there_at_once_do_not_wait_for_the_first(thread: ThreadPoolExecutor) -> None:
    async def work(desk: Desk, gathering: Gathering[int, int]) -> None:
        desk.may_end.set()
        assert await asyncio.gather(*(gathering.put(number) for number in range(5))) == [0, 1, 4, 9, 16]

    assert run(work, thread).groups == [[0, 1, 2, 3, 4]]


def test_a_group_has_a_largest_size(thread: ThreadPoolExecutor) -> None:
    async def work(desk: Desk, gathering: Gathering[int, int]) -> None:
        desk.may_end.set()
        found = await asyncio.gather(*(gathering.put(number) for number in range(2 * MOST_TOGETHER + 1)))
        assert found == [number * number for number in range(2 * MOST_TOGETHER + 1)]

    assert [len(group) for group in run(work, thread).groups] == [MOST_TOGETHER, MOST_TOGETHER, 1]


def test_an_error_is_that_of_the_whole_group_and_of_no_other(thread: ThreadPoolExecutor) -> None:
    async def work(desk: Desk, gathering: Gathering[int, int]) -> None:
        desk.may_end.set()
        bad = [gathering.put(number) for number in (-1, 5)]
        for each in bad:
            with pytest.raises(ValueError, match="a group with -1"):
                await each
        assert await gathering.put(6) == 36

    assert run(work, thread).groups == [[-1, 5], [6]]


def test_who_has_gone_is_not_taken(thread: ThreadPoolExecutor) -> None:
    async def work(desk: Desk, gathering: Gathering[int, int]) -> None:
        first = gathering.put(1)
        await until(lambda: bool(desk.groups))
        gone, stays = gathering.put(2), gathering.put(3)
        gone.cancel()
        first.cancel()  # is under way: it is carried out, and nobody is told
        desk.may_end.set()
        assert await stays == 9
        alone = gathering.put(4)
        alone.cancel()
        await asyncio.sleep(0.01)
        assert await gathering.put(5) == 25

    assert run(work, thread).groups == [[1], [3], [5]]
