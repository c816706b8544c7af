"""Comparisons that end a verification: each raises `VerificationError` with the first difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any, NoReturn, TypeVar

from labelshare.errors import EvidenceError, SignatureError, VerificationError
from labelshare.protocol.evidence import Row
from labelshare.protocol.typed_data import require_signer
from labelshare.types import Address, FixedBytes, Hash32

__all__ = ["Groups", "ascending", "differ", "match", "same", "same_fields", "signed_by"]

R = TypeVar("R", bound=Row)


class Groups:
    """Rows of a bundle, taken kind by kind."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def take(self, kind: type[R]) -> Iterator[R]:
        """The rows of a kind that stand next."""
        while isinstance(self._next, kind):
            row = self._next
            yield row
            self._next = next(self._rows, None)

    def one(self, kind: type[R]) -> R:
        """The one row of a kind that must stand next."""
        row = self._next
        if not isinstance(row, kind):
            raise EvidenceError(f"the bundle has no {kind.__name__} where one is expected")
        self._next = next(self._rows, None)
        return row

    def end(self) -> None:
        """Require that no row is left."""
        if self._next is not None:
            raise EvidenceError(f"the bundle goes on after its end with a {type(self._next).__name__}")


def differ(difference: str) -> NoReturn:
    """End the verification."""
    raise VerificationError(difference)


def same(what: str, found: Any, recomputed: Any) -> None:
    """Require that two values are equal."""
    if found != recomputed:
        differ(f"{what} is {_shown(found)}, recomputed {_shown(recomputed)}")


def same_fields(name: str, found: Any, recomputed: Any) -> None:
    """Require that two structs are equal; the first differing field is named."""
    for field in dataclasses.fields(recomputed):
        same(f"{field.name} of {name}", getattr(found, field.name), getattr(recomputed, field.name))


def match(rows: Iterable[R], expected: Iterable[R], key: Callable[[R], str]) -> None:
    """Require that rows are the expected ones, in order; `key` says in words what a row is about."""
    for row, other in zip_longest(rows, expected):
        if row is None:
            differ(f"{type(other).__name__} of {key(other)} is missing")
        if other is None:
            differ(f"{type(row).__name__} of {key(row)} should not be there")
        if key(row) != key(other):
            differ(f"{type(row).__name__} of {key(row)} stands where that of {key(other)} is expected")
        same_fields(key(row), row, other)


def ascending(rows: Iterable[R], key: Callable[[R], Any]) -> Iterator[R]:
    """Rows as they come, required to ascend strictly by `key`."""
    last = None
    for row in rows:
        place = key(row)
        if last is not None and not last < place:
            differ(f"{type(row).__name__} of {row} is out of order or given twice")
        last = place
        yield row


def signed_by(claimed: Address, digest: Hash32, signature: bytes, what: str) -> None:
    """Require that `claimed` signed the digest."""
    try:
        require_signer(digest, signature, claimed)
    except SignatureError as error:
        differ(f"{what} of {claimed}: {error}")


def _shown(value: Any) -> str:
    if isinstance(value, bytes) and not isinstance(value, FixedBytes):
        return "0x" + value.hex()
    return str(value)
