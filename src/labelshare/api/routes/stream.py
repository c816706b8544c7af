"""What happens to a campaign, as it happens: server-sent events, resumed with `Last-Event-ID`."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Annotated, Final

from fastapi import Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from labelshare.api.limits import Places, client_of
from labelshare.api.problems import documented
from labelshare.api.settings import ApiSettings
from labelshare.api.site import CampaignPath, Here, new_router
from labelshare.api.telling import MAX_ID, Mark, Telling
from labelshare.errors import LabelshareError

__all__ = ["Streams", "places", "router"]

router = new_router("stream")

RETRY_MILLISECONDS: Final = 3_000
_LOOK_SECONDS: Final = 0.5
_EXAMPLE: Final = """\
retry: 3000

id: 12-3-9f2c4e1ab0d34c55
event: happened
data: {"kind":"Accepted","block":12,"index":3,"time":1800000000,"transaction":"0x%s"}

event: progress
data: {"enrolled":4,"batches":0,"labels":0,"opened":0,"places":40,"rounds":[]}

: still here

id: 11-0-07d1c2aa5b3e9f60
event: reorganised
data: {"block":11,"index":0}

""" % ("1f" * 32)


@dataclass
class Streams:
    """Places for streams, and whether the service is about to end."""

    places: Places
    is_ending: Callable[[], bool] = lambda: False


def places(settings: ApiSettings) -> Places:
    """Places for streams."""
    return Places("streams are open", settings.streams, settings.streams_each, {"Retry-After": "30"})


@router.get(
    "/campaigns/{campaign}/events",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `happened`, `progress`, `reorganised` and `interrupted`; "
            "comments keep the line alive.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
        **documented("not-found"),
    },
)
async def events(
    here: Here,
    request: Request,
    campaign: CampaignPath,
    last_event_id: Annotated[
        str | None,
        Header(max_length=MAX_ID, description="Go on behind it.", examples=["12-3-9f2c4e1ab0d34c55"]),
    ] = None,
) -> StreamingResponse:
    """Every event of the campaign on chain from the first on, or behind the one named; then each new one.

    * `happened`: an event on chain. Its id is block, index there, and the beginning of the block's hash.
    * `progress`: how far the work is, as the campaign's own answer says: at first, and whenever it changes.
    * `reorganised`: the chain has dropped blocks. What was told behind the place (`block`, `index`) is void;
      what holds instead follows. Null: everything is told anew.
    * `interrupted`: the service cannot read on now; the stream ends.

    A stream ends after some minutes; a client resumes it with the id of the last event that it saw.
    """
    after = None if last_event_id is None else Mark.parse(last_event_id)
    await run_in_threadpool(here.desk.catalogue.created, campaign)
    streams: Streams = request.app.state.streams
    client = client_of(request.scope)
    streams.places.take(client)  # at once: whoever asks meanwhile is counted after it
    telling = Telling(here.desk, request.app.state.progress, campaign, after)
    return _Counted(_stream(telling, here.settings, streams.is_ending), partial(streams.places.leave, client))


class _Counted(StreamingResponse):
    """A stream that gives its place back when it ends, whoever ends it."""

    def __init__(self, content: AsyncIterator[str], leave: Callable[[], None]) -> None:
        super().__init__(content, media_type="text/event-stream")
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def _stream(
    telling: Telling, settings: ApiSettings, is_ending: Callable[[], bool]
) -> AsyncIterator[str]:
    end = monotonic() + settings.stream_seconds
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    while True:
        try:
            texts = await run_in_threadpool(telling.news)
        except LabelshareError:
            yield "event: interrupted\ndata: {}\n\n"
            return
        for text in texts:
            yield text
        if monotonic() >= end:
            return
        yield ": still here\n\n"
        next_look = monotonic() + settings.poll_seconds
        while (left := next_look - monotonic()) > 0:
            if is_ending():  # which waits for nobody who only listens
                return
            await sleep(min(left, _LOOK_SECONDS))
