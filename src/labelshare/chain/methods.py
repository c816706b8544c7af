"""Which function answers which method of JSON-RPC."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from labelshare.chain.wire import INVALID_PARAMS, NO_METHOD, Fault

__all__ = ["Methods", "method"]

Function = TypeVar("Function", bound=Callable[..., Any])

_MARK: Final = "answers"
SHOWN: Final = 100


def method(*names: str) -> Callable[[Function], Function]:
    """Mark a function of a subject as what answers these methods."""

    def mark(function: Function) -> Function:
        setattr(function, _MARK, names)
        return function

    return mark


class Methods:
    """The marked functions of some subjects, by the names of their methods."""

    def __init__(self, *subjects: object) -> None:
        self._found = {
            name: (function, inspect.signature(function))
            for subject in subjects
            for function in _marked(subject)
            for name in getattr(function, _MARK)
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def answer(self, name: str, params: Sequence[Any]) -> Any:
        """The result of a request; `Fault` where there is no such method, or it takes other parameters."""
        if name not in self._found:
            raise Fault(NO_METHOD, f"there is no method {name[:SHOWN]}")
        function, signature = self._found[name]
        try:
            signature.bind(*params)
        except TypeError as error:
            raise Fault(INVALID_PARAMS, f"{name}: {error}") from None
        return function(*params)


def _marked(subject: object) -> Iterator[Callable[..., Any]]:
    for name, member in inspect.getmembers_static(type(subject)):
        if hasattr(member, _MARK):
            yield getattr(subject, name)
