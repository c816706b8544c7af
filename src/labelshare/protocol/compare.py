"""Comparisons that end a verification: each raises `VerificationError` with the first difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from labelshare.errors import EvidenceError, SignatureError, VerificationError
from labelshare.protocol.evidence import Reader, Row, write_row
from labelshare.protocol.typed_data import require_signer
from labelshare.types import Address, FixedBytes, Hash32

__all__ = ["Groups", "ascending", "differ", "same", "same_fields", "signed_by"]

R = TypeVar("R", bound=Row)


class Groups:
    """Rows of a bundle, taken kind by kind from its bytes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._reader = Reader(chunks)

    def take(self, kind: type[R]) -> Iterator[R]:
        """The rows of a kind that stand next."""
        while (row := self.peek(kind)) is not None:
            yield row
            self._reader.advance()

    def peek(self, kind: type[R]) -> R | None:
        """The row that stands next, if it is of the kind."""
        row = self._reader.row
        return row if isinstance(row, kind) else None

    def one(self, kind: type[R]) -> R:
        """The one row of a kind that must stand next."""
        row = self.peek(kind)
        if row is None:
            raise EvidenceError(f"the bundle has no {kind.__name__} where one is expected")
        self._reader.advance()
        return row

    def match(self, kind: type[R], expected: Iterable[R], key: Callable[[R], str]) -> None:
        """Require that the rows of a kind are the expected ones, in order.

        A line that is the expected one to the byte is not even parsed.

        Args:
            kind: Their kind.
            expected: The rows.
            key: Says in words what a row is about.
        """
        for other in expected:
            if not self._reader.passes(write_row(other)):
                _differ_from(other, self.peek(kind), key)
        if (row := self.peek(kind)) is not None:
            differ(f"{kind.__name__} of {key(row)} should not be there")

    def end(self) -> None:
        """Require that no row is left."""
        if (row := self._reader.row) is not None:
            raise EvidenceError(f"the bundle goes on after its end with a {type(row).__name__}")


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


def _differ_from(expected: R, row: R | None, key: Callable[[R], str]) -> NoReturn:
    name = type(expected).__name__
    if row is None:
        differ(f"{name} of {key(expected)} is missing")
    if key(row) != key(expected):
        differ(f"{name} of {key(row)} stands where that of {key(expected)} is expected")
    same_fields(key(row), row, expected)
    differ(f"{name} of {key(row)} is not the one recomputed")


def _shown(value: Any) -> str:
    if isinstance(value, bytes) and not isinstance(value, FixedBytes):
        return "0x" + value.hex()
    return str(value)
