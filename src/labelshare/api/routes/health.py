"""Whether the process lives, and whether it is fit to serve."""

from __future__ import annotations

from fastapi import APIRouter, Response

from labelshare.api.site import Here
from labelshare.client.wire.health import AliveAnswer, ReadyAnswer

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the process answers")
async def alive() -> AliveAnswer:
    """Always ok, as long as anything is answered at all, however many requests wait for the store."""
    return AliveAnswer()


@router.get(
    "/readyz",
    summary="Whether the service is fit to serve",
    responses={
        503: {"model": ReadyAnswer, "description": "It is not: the fields say which part is missing."}
    },
)
def ready(here: Here, response: Response) -> ReadyAnswer:
    """Whether chain and database answer, and the index is not too far behind."""
    found, settings = here.desk.health(), here.settings
    no_index = here.desk.lag is None
    late = found.behind is None or found.behind > settings.index_blocks
    old = found.age is None or (found.age > settings.index_seconds and bool(found.behind))
    fresh = no_index or not (late or old)
    answer = ReadyAnswer(
        ready=found.chain and found.database and fresh,
        chain=found.chain,
        database=found.database,
        index=fresh,
        head=found.head,
        behind=found.behind,
        age_seconds=found.age,
    )
    if not answer.ready:
        response.status_code = 503
    return answer
