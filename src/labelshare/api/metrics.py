"""What a service measures of itself, in the format of Prometheus.

No label of anybody's, no address and no secret is in it. A request is counted under its route's template,
never under its path, so that there are as many series as there are routes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import monotonic
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labelshare import __version__
from labelshare.api.guard import settled
from labelshare.api.refused import kind_in, method_of, route_of
from labelshare.client.wire.problem import MEDIA_TYPE
from labelshare.errors import InputError

__all__ = ["Meter", "Metrics"]

# When a series began is a series more for each, and everybody who collects them knows it anyway.
disable_created_metrics()  # type: ignore[no-untyped-call]

_UNKNOWN: Final = "none"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The metrics of one app, in a registry of its own.

    Attributes:
        registry: Where they are collected.
        open: Requests that are being served, by the one thread of the app.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "labelshare_http_requests",
            "Requests by route, method and status, which is none where no answer began.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "labelshare_http_request_duration_seconds",
            "Seconds from a request's head until its answer began.",
            ("route", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._problems = Counter(
            "labelshare_http_problems",
            "Requests that were refused or failed, by route and kind of problem.",
            ("route", "method", "problem"),
            registry=self.registry,
        )
        self.open = 0
        being_served = Gauge(
            "labelshare_http_requests_open", "Requests that are being served.", registry=self.registry
        )
        being_served.set_function(lambda: self.open)
        build = Gauge(
            "labelshare_build_info", "1, and which version runs.", ("version",), registry=self.registry
        )
        build.labels(__version__).set(1)
        ProcessCollector(registry=self.registry)
        # Looking a series up by its labels takes longer than all the rest of counting.
        self._series = cache(
            lambda route, method, status: (
                self._requests.labels(route, method, status),
                self._seconds.labels(route, method),
            )
        )

    def add(self, collector: Collector) -> None:
        """Collect more with these."""
        self.registry.register(collector)

    def count(self, scope: Scope, status: str, seconds: float, problem: str = "") -> None:
        """Count a request that is over, and the kind of problem it was answered with, if any."""
        route, method = route_of(scope), method_of(scope)
        requests, observed = self._series(route, method, status)
        requests.inc()
        observed.observe(seconds)
        if problem:
            self._problems.labels(route, method, problem).inc()

    @contextmanager
    def serving(self, host: str, port: int) -> Iterator[int]:
        """Serve them at `/metrics` on a port of their own while the block runs; yields the port.

        Raises:
            InputError: Nobody can listen there.
        """
        try:
            server, thread = start_http_server(port, host, self.registry)
        except OSError as error:
            raise InputError(f"cannot listen on {host} port {port} for metrics: {error.strerror}") from None
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class Meter:
    """Counts what passes; the outermost layer of an app, so that what the guard refuses is counted too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = settled(scope)
        start, answer = monotonic() if known is None else known[1], _Answer(send)
        self._metrics.open += 1
        try:
            await self._app(scope, receive, answer)
        finally:
            self._metrics.open -= 1
            seconds = (answer.begun or monotonic()) - start
            self._metrics.count(scope, answer.status, seconds, answer.problem)


class _Answer:
    """Passes an answer on, and notes when it began and what it was."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_problem = False
        self.begun: float | None = None
        self.status = _UNKNOWN
        self.problem = ""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun, self.status = monotonic(), str(message["status"])
            self._is_problem = dict(message.get("headers", ())).get(b"content-type") == MEDIA_TYPE.encode()
        elif self._is_problem and not self.problem:
            self.problem = kind_in(message.get("body", b""))
        await self._send(message)
