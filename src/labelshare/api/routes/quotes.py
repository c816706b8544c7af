"""Quotes: what a campaign will cost and pay, before anybody signs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse

from labelshare.api import apart, bodies
from labelshare.api.guard import replaying
from labelshare.api.heavy import quoted
from labelshare.api.problems import documented
from labelshare.api.site import Here, Route, Site, new_router, require_json
from labelshare.client.wire.quotes import AcceptanceAnswer, QuoteAnswer, QuoteQuestion
from labelshare.errors import InputError
from labelshare.protocol.quote import Periods

__all__ = ["router"]


class _Route(Route):
    """A question with a large spec is answered apart, and alike."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            body = await request.body()
            if len(body) > apart.LARGE:
                require_json(request)
                return await _answered_apart(request, body)
            return await inner(Request(request.scope, replaying(body, request.receive)))

        return handle


router = new_router("quotes", _Route)


@router.post(
    "/quotes",
    summary="What a campaign will cost and pay",
    responses=documented("invalid-spec", "unauthenticated"),
)
def quote(here: Here, question: QuoteQuestion) -> QuoteAnswer:
    """Every figure of a campaign under this deployment's limits, and the warnings; nothing is kept.

    Beyond 8 MiB it is for accounts: sign in first.
    """
    return QuoteAnswer.model_validate(quoted(question, _periods(here)))


@router.get("/acceptance", summary="Which campaigns the oracle takes on")
def acceptance(here: Here) -> AcceptanceAnswer:
    """What a requester had best know before it funds a campaign; one that is not taken on is told why."""
    wanted = here.desk.acceptance
    found = {
        "oracle": here.desk.signer.address,
        "requesters": sorted(map(str, wanted.requesters)) or None,
        "least_escrow": wanted.least_escrow,
        "least_fee": wanted.least_fee,
        "longest_seconds": wanted.longest,
    }
    return AcceptanceAnswer.model_validate(found)


async def _answered_apart(request: Request, body: bytes) -> Response:
    try:
        bodies.require_modest(request.url.path, body)
    except InputError as error:
        raise HTTPException(400, f"the body is {error}") from None
    periods = await bodies.beside(_periods, request.app.state.site)
    answer = QuoteAnswer.model_validate(await apart.ask("quote", body, **asdict(periods)))
    return JSONResponse(answer.model_dump(mode="json", by_alias=True))


def _periods(here: Site) -> Periods:
    limits = here.desk.contracts.registry.limits()
    return Periods(limits.min_period, limits.min_rescue, limits.max_period, limits.max_horizon)
