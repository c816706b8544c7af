"""What happens to a campaign, as it happens: server-sent events, resumed with `Last-Event-ID`."""

from __future__ import annotations

import re
from asyncio import sleep
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated, Final

from fastapi import Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from labelshare.api.problems import Refusal, documented
from labelshare.api.site import CampaignPath, Here, Site, new_router
from labelshare.chain.events import Event
from labelshare.client.wire.health import HappenedAnswer
from labelshare.errors import InputError, LabelshareError
from labelshare.types import CampaignId

__all__ = ["Streams", "router"]

router = new_router("stream")

Place = tuple[int, int]
BEGINNING: Final[Place] = (-1, -1)
RETRY_MILLISECONDS: Final = 3_000
_LOOK_SECONDS: Final = 0.5
_ID: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,9})")


@dataclass
class Streams:
    """How many streams there are, and whether the service is about to end."""

    most: int
    open: int = 0
    is_ending: Callable[[], bool] = lambda: False


@router.get(
    "/campaigns/{campaign}/events",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "`happened` events, whose ids are block-index; comments keep the line alive.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **documented("not-found"),
    },
)
async def events(
    here: Here,
    request: Request,
    campaign: CampaignPath,
    last_event_id: Annotated[
        str | None, Header(max_length=40, description="Go on behind this event.", examples=["12-3"])
    ] = None,
) -> StreamingResponse:
    """Every event of the campaign on chain from the first on, or behind the one named; then each new one.

    A stream ends after some minutes; a client resumes it with the id of the last event that it saw.
    """
    after = _place(last_event_id)
    await run_in_threadpool(here.desk.catalogue.created, campaign)
    streams: Streams = request.app.state.streams
    if streams.open >= streams.most:
        raise Refusal("busy", "too many streams are open", {"Retry-After": "30"})
    streams.open += 1  # at once: whoever asks meanwhile is counted after it
    return _Counted(_stream(_Line(here, campaign, after), streams.is_ending), streams)


class _Counted(StreamingResponse):
    """A stream that gives its place back when it ends, whoever ends it."""

    def __init__(self, content: AsyncIterator[str], streams: Streams) -> None:
        super().__init__(content, media_type="text/event-stream")
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.open -= 1


@dataclass
class _Line:
    """One client's stream: where it is, and the times of the blocks it has met."""

    here: Site
    campaign: CampaignId
    after: Place
    times: dict[int, int] = field(default_factory=dict)

    def news(self) -> list[str]:
        """What has happened since, as text; the place moves on."""
        found = self.here.desk.catalogue.happened(self.campaign, self.after)
        texts = [self._text(event) for event in found]
        if found:
            self.after = (found[-1].log.block, found[-1].log.index)
        return texts

    def _text(self, event: Event) -> str:
        log = event.log
        if log.block not in self.times:
            self.times = {log.block: self.here.desk.chain.timestamp_of(log.block)}
        answer = HappenedAnswer(
            kind=type(event).__name__,
            block=log.block,
            index=log.index,
            time=self.times[log.block],
            transaction=log.transaction,
        )
        return f"id: {log.block}-{log.index}\nevent: happened\ndata: {answer.to_bytes().decode()}\n\n"


async def _stream(line: _Line, is_ending: Callable[[], bool]) -> AsyncIterator[str]:
    settings = line.here.settings
    end = monotonic() + settings.stream_seconds
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    while True:
        try:
            texts = await run_in_threadpool(line.news)
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


def _place(text: str | None) -> Place:
    if text is None:
        return BEGINNING
    found = _ID.fullmatch(text)
    if not found:
        raise InputError("Last-Event-ID: not the id of an event here")
    return int(found[1]), int(found[2])
