"""Every error as a problem (RFC 9457): a stable type, its title and status, and what is wrong in this case.

No answer holds a traceback, a path or a word of SQL: what a database or a node says goes to the log alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from labelshare.client.wire.problem import MEDIA_TYPE, PREFIX, FieldFault, Kind, Problem, kind_of
from labelshare.errors import LabelshareError, ServiceError, StoreError
from labelshare.store.database import is_of_rows

__all__ = ["DOCUMENTED", "FAILURES", "Refusal", "documented", "install", "of", "response"]

DOCUMENTED: Final = "x-problems"
"""Under this name an answer in the OpenAPI document says its kinds, until the document is put together."""
FAILURES: Final = (
    "too-slow",
    "rate-limited",
    "internal",
    "busy",
    "store-unavailable",
    "chain-unavailable",
)
"""What may happen to any request, whatever it asks."""

MAX_DETAIL: Final = 2_000
MAX_FAULTS: Final = 20
_BY_STATUS: Final = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    413: "too-large",
    415: "unsupported-media-type",
    416: "no-such-range",
    422: "invalid-input",
    429: "rate-limited",
    503: "busy",
}
_WORDS: Final = {
    "store-unavailable": "the store does not answer as it should; try again later",
    "chain-unavailable": "the chain does not answer as it should; try again later",
    "internal": "this is a fault of the service, not of the request",
}

_NO_OBJECT: Final = frozenset({"model_attributes_type", "model_type", "dict_type"})

logger = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 (no fault: what the API itself refuses)
    """A request that the API refuses by itself, before the desk hears of it.

    Attributes:
        slug: The kind of problem.
        detail: What is wrong in this case.
        headers: To send with it.
    """

    def __init__(self, slug: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})


def response(
    slug: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    faults: Sequence[FieldFault] = (),
    request_id: str = "",
) -> Response:
    """A problem of a kind as an answer."""
    kind = kind_of(slug)
    problem = Problem(
        type=PREFIX + kind.slug,
        title=kind.title,
        status=kind.status,
        detail=detail[:MAX_DETAIL],
        request_id=request_id,
        errors=list(faults),
    )
    # Escaped to ASCII: whatever a stranger's text was made of, it can be sent.
    body = json.dumps(problem.model_dump(by_alias=True)).encode()
    return Response(body, kind.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of an app with a problem."""
    app.add_exception_handler(LabelshareError, _ours)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def documented(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """What a route says of the problems that it answers with besides those that any may."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in map(kind_of, slugs):
        said = found.setdefault(kind.status, {"model": Problem, "description": kind.title, DOCUMENTED: []})
        said[DOCUMENTED].append(kind.slug)
    return found


def request_id(request: Request) -> str:
    """The name under which the log knows a request."""
    return str(request.scope.get("state", {}).get("request_id", ""))


async def _ours(request: Request, error: Exception) -> Response:
    return of(error, request_id(request))


def of(error: Exception, request_id: str) -> Response:
    """An error of ours as an answer; what is the service's fault goes to the log."""
    kind: Kind = kind_of(error) if isinstance(error, LabelshareError) else kind_of("internal")
    detail = str(error)
    if isinstance(error, ServiceError) and error.retry_after is not None:  # no fault: it asks for patience
        wait = {"Retry-After": str(error.retry_after)}
        return response("busy", detail, headers=wait, request_id=request_id)
    if not kind.shown or isinstance(error, ServiceError):
        _log(error, kind, request_id)
        detail = _WORDS.get(kind.slug, _WORDS["internal"])
    headers = {"Retry-After": "5"} if kind.status == 503 else None
    return response(kind.slug, detail, headers=headers, request_id=request_id)


def _log(error: Exception, kind: Kind, request_id: str) -> None:
    """One line with the reason, as each request of an outage has one; a traceback where the fault is ours."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    is_away = kind.status == 503 and not (isinstance(error, StoreError) and is_of_rows(error))
    fault, known = None if is_away else error, {"request_id": request_id}
    logger.error("request %s: %s: %s", request_id, kind.slug, reason, exc_info=fault, extra=known)


async def _refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return response(error.slug, error.detail, headers=error.headers, request_id=request_id(request))


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        FieldFault(field=_path(each["loc"]), message=_message(each)) for each in error.errors()[:MAX_FAULTS]
    ]
    detail = "; ".join(f"{each.field}: {each.message}" for each in faults)
    return response("invalid-input", detail, faults=faults, request_id=request_id(request))


def _path(place: Sequence[Any]) -> str:
    """Where a fault is; a stranger's key is cut, and what is not printable is escaped."""
    steps = [str(step) for step in place]
    return ".".join(step[:80] if step.isprintable() else f"{step[:40]!r}" for step in steps)


def _message(fault: Mapping[str, Any]) -> str:
    """What is wrong; the value itself is not repeated."""
    if fault["type"] in _NO_OBJECT:
        return "must be a JSON object"
    return str(fault["msg"]).removeprefix("Value error, ")[:300]


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    slug = _BY_STATUS.get(error.status_code, "internal")
    detail = {404: "no such path", 405: "the path is there, the method is not"}.get(
        error.status_code, str(error.detail)
    )
    headers = dict(error.headers or {})
    if headers.get("Allow") == "GET":
        headers["Allow"] = "GET, HEAD"  # see `labelshare.api.heads`
    return response(slug, detail, headers=headers, request_id=request_id(request))
