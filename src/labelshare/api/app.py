"""The app: routes, guards and documentation put together."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from labelshare import __version__
from labelshare.api import pages, problems
from labelshare.api.auth import Auth
from labelshare.api.bodies import Admission
from labelshare.api.front import Front
from labelshare.api.guard import Guard
from labelshare.api.heads import Heads
from labelshare.api.lane import Lane
from labelshare.api.limits import Buckets
from labelshare.api.metrics import Meter, Metrics
from labelshare.api.openapi import document
from labelshare.api.progress import Progress
from labelshare.api.quick import Quick
from labelshare.api.refused import Refused, Templates
from labelshare.api.routes import (
    bundles,
    campaigns,
    datasets,
    health,
    items,
    media,
    messages,
    money,
    quotes,
    sign_in,
    specs,
    stream,
    work,
)
from labelshare.api.settings import ApiSettings
from labelshare.api.site import Site
from labelshare.oracle.desk import Desk

__all__ = ["create_app"]

_DESCRIPTION = """\
The API of an oracle: campaigns, their work and its settlement. Every `GET` is answered to `HEAD` as well,
without a body. Errors are problems (RFC 9457), whose `type` is an identifier and not an address.
"""
SUBJECTS = (sign_in, campaigns, items, media, work, messages, money, bundles, specs, quotes, datasets, stream)


def create_app(
    desk: Desk,
    settings: ApiSettings | None = None,
    *,
    web: pages.Pages | None = None,
    metrics: Metrics | None = None,
    clock: Callable[[], float] = time,
    ticks: Callable[[], float] = monotonic,
    is_ending: Callable[[], bool] = lambda: False,
) -> FastAPI:
    """The API of an oracle, to be served by any ASGI server.

    Args:
        desk: Who answers.
        settings: Address and bounds.
        web: The web app on every other path.
        metrics: Where requests are counted; None for nowhere.
        clock: Unix seconds of this machine, for sign-ins, sessions and kept replies.
        ticks: Seconds that never go back, for the limits.
        is_ending: Whether the service is about to end: event streams end then.

    Example:
        >>> app = create_app(desk, ApiSettings(url="https://oracle.example"))
    """
    settings = settings or ApiSettings()
    app = _Api(
        title="labelshare oracle",
        version=__version__,
        description=_DESCRIPTION,
        servers=[{"url": settings.url.rstrip("/")}],
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    accounts, specs_in = Buckets(settings.account_rate, ticks), Buckets(settings.spec_rate, ticks)
    auth = Auth(desk, settings, clock)
    app.state.site = Site(desk, settings, auth, accounts, specs_in)
    app.state.streams = stream.Streams(stream.places(settings), is_ending)
    app.state.progress = Progress(desk, settings.poll_seconds / 2)
    app.state.uploads = media.places(settings)
    app.include_router(_v1())
    app.include_router(health.router)
    pages.install(app, desk, web or pages.Pages())
    problems.install(app)
    addresses = Buckets(settings.address_rate, ticks)
    admission = Admission(settings, auth.session, ticks)
    refused = Refused(ticks, _templates())
    app.add_middleware(Heads)
    app.add_middleware(Guard, settings=settings, addresses=addresses, admission=admission, refused=refused)
    lane = Lane(app.state.site)
    front = Front(app.front, settings, addresses, admission, refused, lane)
    app.front, app.quick = front, Quick(lane, front, metrics)
    if metrics is not None:
        app.front = Meter(app.front, metrics)  # the last one is the outermost
    _document(app)
    return app


class _Api(FastAPI):
    """An app that is asked by what stands in front, outside of all that FastAPI does by itself.

    Attributes:
        front: The outermost layer.
        quick: Who answers messages beside it, for a server that can ask.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.front: ASGIApp = super().__call__
        self.quick: Quick | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        await self.front(scope, receive, send)


def _v1() -> APIRouter:
    router = APIRouter(prefix="/v1")
    for subject in SUBJECTS:
        router.include_router(subject.router)
    return router


def _templates() -> Templates:
    routes = (route for subject in SUBJECTS for route in subject.router.routes)
    return Templates(f"/v1{route.path}" for route in routes if isinstance(route, APIRoute))


def _document(app: FastAPI) -> None:
    plain = app.openapi
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(document(plain()))
        return made

    app.openapi = openapi  # type: ignore[method-assign]
