"""What answers say in their headers, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["DESCRIBED", "said_in"]


def _header(description: str, example: str | int) -> dict[str, Any]:
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": description, "schema": {"type": kind}, "example": example}


DESCRIBED: Final = {
    "X-Request-Id": _header("The name under which the service's log knows the request.", "9f2c4e1ab0d34c55"),
    "Retry-After": _header("Seconds after which to ask again.", 5),
    "WWW-Authenticate": _header("How to sign in: `Bearer`.", "Bearer"),
    "Idempotency-Replayed": _header(
        "`true` where the request was run before, under the same key, and this is the answer of then.", "true"
    ),
    "ETag": _header(
        "Names these bytes and no others: for `If-None-Match` and, with `Range`, `If-Range`.",
        '"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"',
    ),
    "Accept-Ranges": _header("`bytes`: a part may be asked for by `Range`.", "bytes"),
    "Content-Range": _header("Which bytes these are, of how many.", "bytes 0-1023/62914560"),
}
"""By name: the components that answers refer to."""


def said_in(*names: str) -> dict[str, Any]:
    """What an answer says of the headers that it has."""
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}}
