"""No chain is asked while a store is written: a node that takes its time would make everybody wait for it.

Whatever a test is about, it fails where a thread does: nothing else tells, for the answers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import local
from typing import Any, Final

import pytest
from sqlalchemy import Connection

from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.jsonrpc import JsonRpc
from labelshare.store.database import Database

__all__ = ["no_chain_is_asked_while_a_store_is_written", "watched"]

_ASKED: Final[list[str]] = []
_here: Final = local()


def _writing(write: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def counted(self: Database, turn: bytes = b"") -> Iterator[Connection]:
        with write(self, turn) as connection:
            _here.depth = getattr(_here, "depth", 0) + 1
            try:
                yield connection
            finally:
                _here.depth -= 1

    return counted


def _noted(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(ask)
    def noted(*given: Any, **named: Any) -> Any:
        if getattr(_here, "depth", 0):
            _ASKED.append(name)
        return ask(*given, **named)

    return noted


@pytest.fixture(scope="session")
def watched() -> Iterator[None]:
    """Notes who asks a chain, in this process or behind a URL, in a block of `Database.writing`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", _writing(Database.writing))
        for name in ("ask", "answers"):
            patch.setattr(JsonRpc, name, _noted(name, getattr(JsonRpc, name)))
        for name, member in list(vars(EmbeddedChain).items()):
            if isinstance(member, property) and member.fget and not name.startswith("_"):
                patch.setattr(EmbeddedChain, name, property(_noted(name, member.fget)))
            elif callable(member) and not name.startswith("_"):
                patch.setattr(EmbeddedChain, name, _noted(name, member))
        yield


@pytest.fixture(autouse=True)
def no_chain_is_asked_while_a_store_is_written(watched: None) -> Iterator[None]:  # noqa: ARG001
    """Fails the test in which one was."""
    _ASKED.clear()
    yield
    assert _ASKED == []
