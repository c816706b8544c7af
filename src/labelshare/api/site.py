"""What every route needs: the desk, who asks, and a request's body read with care."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from labelshare.api import bodies
from labelshare.api.auth import Auth
from labelshare.api.limits import Buckets
from labelshare.api.problems import Refusal
from labelshare.api.settings import ApiSettings
from labelshare.client.wire.base import AddressText, CampaignText, HashText
from labelshare.errors import InputError
from labelshare.oracle.desk import Desk
from labelshare.store.sign_ins import Session

__all__ = [
    "CampaignPath",
    "DatasetPath",
    "HashPath",
    "Here",
    "RawBody",
    "Route",
    "SignedIn",
    "Site",
    "Token",
    "new_router",
    "require_json",
]

_JSON: Final = "application/json"


@dataclass(frozen=True)
class Site:
    """What one API serves with.

    Attributes:
        desk: Who answers.
        settings: Its bounds.
        auth: Who signs in.
        accounts: How often each account may ask.
        specs: How often an account, or an address, may hand in a spec.
    """

    desk: Desk
    settings: ApiSettings
    auth: Auth
    accounts: Buckets
    specs: Buckets


class _Request(Request):
    """A request whose JSON is read as strictly as all that is signed: no floats, no deep nesting."""

    async def json(self) -> Any:
        try:
            return await bodies.read(self.url.path, await self.body())
        except (InputError, RecursionError) as error:
            raise HTTPException(400, f"the body is {error}") from None


def require_json(request: Request) -> None:
    """Refuse a body that is not said to be JSON: a page of another site could send one unasked.

    Raises:
        Refusal: It has another type, or none.
    """
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind != _JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        said = f"is {given[:100]!r}" if given else "is missing"
        raise Refusal("unsupported-media-type", f"Content-Type {said}; it must be {_JSON}")


class Route(APIRoute):
    """A route whose requests are read so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See `APIRoute`."""
        inner: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if self.body_field is not None:
                require_json(request)
            return await inner(_Request(request.scope, request.receive))

        return handle


def new_router(subject: str, route: type[Route] = Route) -> APIRouter:
    """The routes of one subject."""
    return APIRouter(tags=[subject], route_class=route)


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


Here: TypeAlias = Annotated[Site, Depends(_site)]

_bearer = HTTPBearer(auto_error=False, description="The token of a session, from `POST /v1/sessions`.")


def _token(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    if given is None:
        raise Refusal("unauthenticated", "sign in first: /v1/sign-ins", {"WWW-Authenticate": "Bearer"})
    return given.credentials


Token: TypeAlias = Annotated[str, Depends(_token)]


def _session(here: Here, token: Token) -> Session:
    session = here.auth.session(token)
    wait = here.accounts.wait(session.account.hex())
    if wait:
        raise Refusal("rate-limited", "too many requests of this account", {"Retry-After": str(wait)})
    return session


SignedIn: TypeAlias = Annotated[Session, Depends(_session)]


async def _raw(request: Request) -> bytes:
    return await request.body()


RawBody: TypeAlias = Annotated[bytes, Depends(_raw)]
CampaignPath: TypeAlias = Annotated[CampaignText, Path(description="The campaign's id.")]
DatasetPath: TypeAlias = Annotated[AddressText, Path(description="The dataset's address.")]
HashPath: TypeAlias = Annotated[HashText, Path(description="A sha256.")]
