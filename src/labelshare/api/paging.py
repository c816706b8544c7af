"""Lists in parts: an opaque cursor says behind which row the next part begins.

A cursor holds a place in one list that whoever holds it may read anyway. It says which list, and of what is
listed there, and a checksum shows whether it is whole: one that was altered, of another list, or of the same
list asked for something else, is refused.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Annotated, Final, TypeAlias, TypeVar

from fastapi import Depends, Query

from labelshare.api.site import Here
from labelshare.errors import InputError

__all__ = ["Key", "Paging", "Part", "decode", "encode"]

Row = TypeVar("Row")
Key: TypeAlias = tuple[int | str, ...]

MAX_CURSOR: Final = 512
_CHECK: Final = 8


def encode(name: str, key: Key) -> str:
    """The cursor behind a row of a list."""
    body = json.dumps(key, separators=(",", ":")).encode()
    return urlsafe_b64encode(_checksum(name, body) + body).decode().rstrip("=")


def decode(name: str, cursor: str, like: Key) -> Key:
    """The key in a cursor; `InputError` unless it is one of that list, of the shape of `like`."""
    try:
        data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        body = data[_CHECK:]
        key = json.loads(body) if data[:_CHECK] == _checksum(name, body) else None
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or [type(each) for each in key] != [type(each) for each in like]:
        raise InputError("cursor: not one that this list gave to this question")
    return tuple(key)


def _checksum(name: str, body: bytes) -> bytes:
    return sha256(b"labelshare.cursor\0" + name.encode() + b"\0" + body).digest()[:_CHECK]


class Part:
    """Which part of a list is asked for."""

    def __init__(self, limit: int, cursor: str | None) -> None:
        self.limit = limit
        self._cursor = cursor

    def cut(
        self, name: str, rows: Sequence[Row], key: Callable[[Row], Key]
    ) -> tuple[Sequence[Row], str | None]:
        """The part, and the cursor of the next one; None at the end.

        Args:
            name: The list's own.
            rows: All of it, ascending by `key`.
            key: The place of a row, which no other has.
        """
        after = self.after(name, key(rows[0])) if rows else None
        rest: Sequence[Row] = rows if after is None else [row for row in rows if key(row) > after]
        part = rest[: self.limit]
        more = len(rest) > len(part)
        return part, encode(name, key(part[-1])) if more else None

    def after(self, name: str, like: Key) -> Key | None:
        """The key behind which the part begins; None for the beginning."""
        return None if self._cursor is None else decode(name, self._cursor, like)


def _part(
    here: Here,
    limit: Annotated[int | None, Query(ge=1, le=1_000_000, description="Rows at most; more are cut.")] = None,
    cursor: Annotated[
        str | None, Query(max_length=MAX_CURSOR, description="`next` of the part before.")
    ] = None,
) -> Part:
    settings = here.settings
    return Part(min(limit or settings.page, settings.page_most), cursor)


Paging: TypeAlias = Annotated[Part, Depends(_part)]
