"""One service over HTTP: bounded answers, patience with a lost line, and problems as errors of ours.

What fails on the way, or in the service, is a `ServiceError`: whether a message arrived is then not known, so
whoever sent it keeps it and sends it again. A request is repeated by itself only where that changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import sleep
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ValidationError

from labelshare.client.wire.problem import MEDIA_TYPE, Problem, error_of
from labelshare.errors import AccessError, InputError, LabelshareError, NotFoundError, ServiceError

if TYPE_CHECKING:
    import httpx

__all__ = ["Connection", "Sent", "require_service"]

Kind = TypeVar("Kind", bound=BaseModel)

MOST_BYTES: Final = 64 * 1024**2
MOST_PROBLEM_BYTES: Final = 64 * 1024
TRIES: Final = 4
LONGEST_WAIT: Final = 10
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_WITHOUT_BODY: Final = {401: AccessError, 403: AccessError, 404: NotFoundError}
_AGAIN: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Sent:
    """A request.

    Attributes:
        method, path: What, and where under the service's address.
        body: Its JSON.
        query: Behind the path.
        headers: Besides those that every request has.
        again: Whether it may be sent again where its answer was lost: it then changes nothing more.
        most: Bytes of the answer at most.
        content: Gives the bytes of the body instead, anew for each try; `headers` say how many.
    """

    method: str
    path: str
    body: bytes | None = None
    query: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    again: bool = False
    most: int = MOST_BYTES
    content: Callable[[], Iterable[bytes]] | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice is as good as once."""
        return self.again or self.method in {"GET", "HEAD", "PUT"}


class Connection:
    """The way to one service; good for any number of requests, and for several threads.

    Attributes:
        url: The service's address.
        domain: Its host, and port if there is one.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float = 30.0,
        plain: bool = False,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        """Open no line yet.

        Args:
            url: The service's address, without `/v1`.
            seconds: How long to wait for a line, for each piece of an answer, and to send.
            plain: Allow plain HTTP to another machine, where whoever listens may take the session.
            transport: Another way than the network.
            wait: Sleeps for so many seconds between tries.

        Raises:
            InputError: Not an address of a service, or a plain one that is not on this machine.
        """
        import httpx

        parts = require_service(url, None if plain else "plain http would show it the session")
        self.url = url.rstrip("/")
        self.domain = parts.netloc
        self._wait = wait
        self._http = httpx.Client(
            base_url=self.url,
            timeout=seconds,
            transport=transport,
            follow_redirects=False,
            headers={"Accept": f"application/json, {MEDIA_TYPE}"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the line."""
        self._http.close()

    def ask(self, sent: Sent, kind: type[Kind]) -> Kind:
        """Send a request and read its answer.

        Raises:
            ServiceError: The service cannot be reached, fails, or answers with something else.
            LabelshareError: What the service refuses, as the error that it would be in process.
        """
        data = self.fetch(sent)
        try:
            return kind.model_validate_json(data)
        except ValidationError as error:
            raise ServiceError(f"{sent.path}: the answer is none: {_first(error)}") from None

    def fetch(self, sent: Sent) -> bytes:
        """Send a request; the bytes of its answer. Raises as `ask` does."""
        for number in range(1, TRIES + 1):
            try:
                return self._once(sent)
            except ServiceError as error:
                last = number == TRIES or not sent.may_repeat or not _passes(error)
                if last:
                    raise
                self._wait(min(error.retry_after or 2 ** (number - 2), LONGEST_WAIT))
        raise AssertionError("the last try returns or raises")

    def _once(self, sent: Sent) -> bytes:
        import httpx

        headers = dict(sent.headers)
        if sent.body is not None:
            headers["Content-Type"] = "application/json"
        body = sent.body if sent.content is None else sent.content()
        try:
            with self._http.stream(
                sent.method, sent.path, content=body, params=dict(sent.query), headers=headers
            ) as response:
                good = response.is_success
                data = _bounded(response, sent.most if good else MOST_PROBLEM_BYTES)
        except httpx.HTTPError as error:
            raise _Lost(f"{self.domain}: {type(error).__name__}: {error}") from None
        if good:
            return data
        if sent.method == "HEAD" and (kind := _WITHOUT_BODY.get(response.status_code)):
            raise kind(f"{self.domain} answers {response.status_code} for {sent.path}")
        raise _refusal(response.status_code, data, response.headers.get("Retry-After"))


def require_service(url: str, risk: str | None) -> SplitResult:
    """The parts of a service's address.

    Args:
        url: The address, without `/v1`.
        risk: What plain http to another machine would do, which is refused; None to allow it.

    Raises:
        InputError: Not an address of a service, or a plain one that is not on this machine.
    """
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(f"a service is at https:// and a host, not at {url!r:.200}")
    if risk is not None and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError(f"{parts.hostname} is another machine: {risk}")
    return parts


class _Lost(ServiceError):  # noqa: N818 (no error that callers tell apart)
    """No answer arrived, or one that asks for patience: the same request may be answered later."""


def _passes(error: ServiceError) -> bool:
    return isinstance(error, _Lost)


def _bounded(response: httpx.Response, most: int) -> bytes:
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > most:
            raise ServiceError(f"{response.url.path}: the answer has more than {most} bytes")
        parts.append(part)
    return b"".join(parts)


def _refusal(status: int, data: bytes, retry_after: str | None) -> LabelshareError:
    seconds = int(retry_after) if retry_after and retry_after.isdecimal() and len(retry_after) < 6 else None
    error = _told(status, data, seconds)
    if isinstance(error, ServiceError) and status in _AGAIN:
        return _Lost(str(error), retry_after=seconds)
    return error


def _told(status: int, data: bytes, seconds: int | None) -> LabelshareError:
    try:
        problem = Problem.model_validate(json.loads(data))
    except (ValueError, RecursionError):
        return ServiceError(f"the service answers {status} and says nothing of ours", retry_after=seconds)
    if problem.status != status:
        return ServiceError(f"the service answers {status} and says {problem.status}", retry_after=seconds)
    return error_of(problem, seconds)


def _first(error: ValidationError) -> str:
    fault: Any = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
