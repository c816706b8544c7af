"""Content that never changes, whole or in part: `ETag`, `If-None-Match`, `Range`, `If-Range` (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.responses import Response

from labelshare.api.headers import said_in
from labelshare.api.problems import Refusal

__all__ = ["RANGED", "Fixed", "answer"]

CHUNK: Final = 4 * 1024**2
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_TAG: Final = re.compile(r'(?:W/)?"[^"]*"')

RANGED: Final[dict[int | str, dict[str, Any]]] = {
    206: {
        "description": "The part that `Range` names.",
        "content": {},
        **said_in("ETag", "Accept-Ranges", "Content-Range"),
    },
    304: {
        "description": "The one whose `ETag` the client has.",
        "content": {},
        **said_in("ETag", "Accept-Ranges"),
    },
}
"""What a route with such content says of its answers besides the whole."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is served.

    Attributes:
        size: Bytes of the whole.
        tag: Names these bytes and no others.
        headers: To send with it.
        whole: Gives all of it, in pieces.
        part: Gives the bytes from one place up to another.
    """

    size: int
    tag: str
    headers: Mapping[str, str]
    whole: Callable[[], Iterator[bytes]]
    part: Callable[[int, int], bytes]


def answer(request: Request, content: Fixed, media_type: str) -> Response:
    """The answer to a request for it; `Refusal` where its range begins behind the end.

    Several ranges at once are answered by the whole, as whoever serves may.
    """
    tag = f'"{content.tag}"'
    headers = {**content.headers, "ETag": tag, "Accept-Ranges": "bytes"}
    if _names(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range")
    only_if = request.headers.get("if-range")
    span = None if asked is None or only_if not in {None, tag} else _span(asked, content.size)
    if span is None:
        headers["Content-Length"] = str(content.size)
        return StreamingResponse(content.whole(), 200, headers, media_type)
    start, end = span
    headers |= {
        "Content-Length": str(end - start),
        "Content-Range": f"bytes {start}-{end - 1}/{content.size}",
    }
    first = content.part(start, min(end, start + CHUNK))  # what is wrong with it is said in time
    return StreamingResponse(_parts(content, first, start, end), 206, headers, media_type)


def _parts(content: Fixed, first: bytes, start: int, end: int) -> Iterator[bytes]:
    yield first
    for at in range(start + CHUNK, end, CHUNK):
        yield content.part(at, min(end, at + CHUNK))


def _names(given: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names it."""
    if given is None:
        return False
    return given.strip() == "*" or tag in {each.removeprefix("W/") for each in _TAG.findall(given[:4_096])}


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """Where a part begins and ends; None for what is no range of ours, which is then not heeded."""
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < int(first):
        return None
    if start >= size or (not first and int(last) == 0):
        raise Refusal("no-such-range", f"there are {size} bytes", {"Content-Range": f"bytes */{size}"})
    return start, end
