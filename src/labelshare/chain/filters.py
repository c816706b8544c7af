"""Filters that clients without a subscription poll: new blocks, and new logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.methods import method
from labelshare.chain.wire import INVALID_PARAMS, REFUSED, Fault, Json, LogFilter, quantity

__all__ = ["Filters"]

MOST: Final = 1_000


@dataclass
class _Filter:
    """What is asked for, None for blocks, and the first block that was not told of yet."""

    fields: Json | None
    next: int


class Filters:
    """The filters of one node; the oldest is forgotten when there are too many."""

    def __init__(self, chain: EmbeddedChain, logs: Callable[[Json], list[Json]]) -> None:
        self._chain = chain
        self._logs = logs
        self._filters: dict[int, _Filter] = {}
        self._last = 0

    @method("eth_newBlockFilter")
    def _new_for_blocks(self) -> str:
        return self._new(None)

    @method("eth_newFilter")
    def _new_for_logs(self, fields: Any = None) -> str:
        fields = {} if fields is None else fields
        if not isinstance(fields, dict):
            raise Fault(INVALID_PARAMS, "a filter is an object")
        if fields.get("blockHash") is not None:
            raise Fault(INVALID_PARAMS, "one block has no changes to poll for; eth_getLogs reads it")
        LogFilter.of(fields)
        return self._new(fields)

    @method("eth_getFilterChanges")
    def _changes(self, name: Any) -> list[Any]:
        asked, head = self._filter(name), self._chain.block_number
        # A snapshot that was restored has taken blocks away.
        first, asked.next = min(asked.next, head + 1), head + 1
        if first > head:
            return []
        if asked.fields is None:
            return [str(self._chain.block_hash(number)) for number in range(first, head + 1)]
        return self._logs({**asked.fields, "fromBlock": hex(first), "toBlock": hex(head)})

    @method("eth_getFilterLogs")
    def _all(self, name: Any) -> list[Any]:
        asked = self._filter(name)
        if asked.fields is None:
            raise Fault(REFUSED, "this filter is one of blocks")
        return self._logs(asked.fields)

    @method("eth_uninstallFilter")
    def _forget(self, name: Any) -> bool:
        return self._filters.pop(quantity(name), None) is not None

    def _new(self, fields: Json | None) -> str:
        self._last += 1
        self._filters[self._last] = _Filter(fields, self._chain.block_number + 1)
        while len(self._filters) > MOST:
            del self._filters[next(iter(self._filters))]
        return hex(self._last)

    def _filter(self, name: Any) -> _Filter:
        number = quantity(name)
        if number not in self._filters:
            raise Fault(REFUSED, "filter not found")
        return self._filters[number]
