"""What the log says of requests that are refused: a line with the name that the client was told.

Nothing of a request's body, headers or path is in it: the route's template says what was asked. A flood fills
no disk: of each route and status so many lines come in a while, and how many more there were with the first
refusal after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

import structlog
from starlette.types import Scope

from labelshare.client.wire.problem import KINDS, PREFIX

__all__ = ["LINES", "SECONDS", "Refused", "Templates", "is_refusal", "kind_in", "method_of", "route_of"]

LINES: Final = 10
"""So many lines of one route and status are written in `SECONDS`."""
SECONDS: Final = 10.0

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_UNKNOWN: Final = "none"
_TEMPLATE: Final = "labelshare.template"
_V1: Final = "/v1"
_MESSAGE: Final = re.compile(r"/v1/campaigns/[^/]+/(enrolments|commitments|openings)")
_SLUGS: Final = frozenset(kind.slug for kind in KINDS)

log = structlog.get_logger(__name__)


@dataclass
class _While:
    """Since when refusals of one kind are counted, and how many there were."""

    since: float
    count: int = 0


class Templates:
    """The templates of an app's routes, found again from a path without asking the app."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._by_length: dict[int, list[tuple[str, list[str]]]] = {}
        for each in dict.fromkeys(templates):
            parts = each.split("/")
            self._by_length.setdefault(len(parts), []).append((each, parts))

    def find(self, path: str) -> str | None:
        """The template of a path."""
        given = path.split("/")
        for template, parts in self._by_length.get(len(given), ()):
            if all(part[:1] == "{" or part == own for part, own in zip(parts, given, strict=True)):
                return template
        return None


@dataclass
class Refused:
    """Writes the lines of one app, whose requests one thread serves.

    Attributes:
        ticks: Seconds that never go back.
        templates: Of the routes, for what is refused before the app looks for one.
    """

    ticks: Callable[[], float] = monotonic
    templates: Templates = field(default_factory=lambda: Templates(()))
    _whiles: dict[tuple[str, int], _While] = field(default_factory=dict)

    def note(self, scope: Scope) -> None:
        """Note which route a request is for that no route will see."""
        if "route" not in scope and (found := self.templates.find(scope["path"])) is not None:
            scope.setdefault("state", {})[_TEMPLATE] = found

    def tell(self, scope: Scope, status: int, body: bytes, name: str) -> None:
        """Write that a request was refused, unless enough was said of such."""
        now, route = self.ticks(), route_of(scope)
        with suppress(OSError):  # a log that cannot be written, as on a full disk, holds no answer up
            self._end_whiles(now)
            current = self._whiles.setdefault((route, status), _While(now))
            current.count += 1
            if current.count <= LINES:
                log.info(
                    "request refused",
                    request_id=name,
                    method=method_of(scope),
                    route=route,
                    status=status,
                    problem=kind_in(body),
                )

    def _end_whiles(self, now: float) -> None:
        over = [kind for kind, each in self._whiles.items() if now - each.since >= SECONDS]
        for route, status in over:
            more = self._whiles.pop((route, status)).count - LINES
            if more > 0:
                log.info("more requests refused", route=route, status=status, count=more)


def is_refusal(status: int) -> bool:
    """Whether an answer says that the request was at fault; faults of the service have lines of their own."""
    return 400 <= status < 500


def kind_in(body: bytes) -> str:
    """Which of the known kinds a problem is of."""
    try:
        named = str(json.loads(body)["type"]).removeprefix(PREFIX)
    except (ValueError, KeyError, TypeError):
        return "other"
    return named if named in _SLUGS else "other"


def route_of(scope: Scope) -> str:
    """The template of the route that was found; one name for all paths that are none.

    What annotators hand in is mostly answered before a route is looked for.
    """
    found = getattr(scope.get("route"), "path", None)
    if found is None and (noted := scope.get("state", {}).get(_TEMPLATE)) is not None:
        return str(noted)
    if found is None:
        message = _MESSAGE.fullmatch(scope["path"])
        return f"{_V1}/campaigns/{{campaign}}/{message.group(1)}" if message else _UNKNOWN
    # A route that was included knows its prefix in some versions of FastAPI, and in others it does not.
    is_whole = str(found).startswith(_V1) or not scope["path"].startswith(_V1 + "/")
    return str(found) if is_whole else f"{_V1}{found}"


def method_of(scope: Scope) -> str:
    """The method, if it is one that is known."""
    method = str(scope["method"])
    return method if method in _METHODS else "other"
