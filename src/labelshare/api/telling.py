"""What one listener is told of a campaign: events on chain in order, those that no longer hold, progress.

The id of an event names its block by number and by hash. So whoever comes back with the id of an event that
the chain has dropped since is told so, rather than nothing of what took its place.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.api.progress import Progress
from labelshare.chain.events import Event
from labelshare.client.wire.base import Answer
from labelshare.client.wire.campaigns import ProgressAnswer
from labelshare.client.wire.health import HappenedAnswer, ReorganisedAnswer
from labelshare.errors import InputError, StaleReadError
from labelshare.oracle.desk import Desk
from labelshare.types import CampaignId, Hash32

__all__ = ["MAX_ID", "Mark", "Telling"]

MAX_ID: Final = 42
_ID: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,9})-([0-9a-f]{16})")
_HASH_BYTES: Final = 8
_REMEMBERED: Final = 256


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """An event by its block, its place there, and the beginning of the block's hash; as text, its id."""

    block: int
    index: int
    hash: str

    @classmethod
    def of(cls, event: Event) -> Mark:
        """The mark of an event."""
        log = event.log
        return cls(log.block, log.index, log.block_hash[:_HASH_BYTES].hex())

    @classmethod
    def parse(cls, text: str) -> Mark:
        """The mark that an id is; `InputError` for any other text."""
        found = _ID.fullmatch(text)
        if not found:
            raise InputError("Last-Event-ID: not the id of an event here")
        return cls(int(found[1]), int(found[2]), found[3])

    def __str__(self) -> str:
        return f"{self.block}-{self.index}-{self.hash}"


class Telling:
    """What one listener knows, and what is news to it.

    Args:
        desk: Where events are read.
        progress: How far the campaign is.
        campaign: Of which it hears.
        after: The last event that it knows; None for none.
    """

    def __init__(self, desk: Desk, progress: Progress, campaign: CampaignId, after: Mark | None) -> None:
        self._desk, self._progress, self._campaign = desk, progress, campaign
        self._told: deque[Mark] = deque([after] if after else [], _REMEMBERED)
        self._shown: ProgressAnswer | None = None
        self._time: tuple[Hash32, int] | None = None

    def news(self) -> list[str]:
        """What is to be told now, each as the text of an event of the stream."""
        try:
            texts = self._chain_news()
        except StaleReadError:  # the index goes back just now: what became of it is told at the next look
            texts = []
        now = self._progress.of(self._campaign)
        if now is not None and now != self._shown:
            texts.append(_text("progress", now))
            self._shown = now
        return texts

    def _chain_news(self) -> list[str]:
        last = self._told[-1] if self._told else None
        found = self._happened(last)
        marks = [Mark.of(event) for event in found]
        if last is None or last in marks:
            return self._tell(last, found[marks.index(last) + 1 :] if last else found)
        found = self._happened(None)
        kept = self._kept(found)
        new = [event for event in found if kept is None or Mark.of(event) > kept]
        return [_text("reorganised", _reorganised(kept), str(kept or "")), *self._tell(kept, new)]

    def _happened(self, since: Mark | None) -> list[Event]:
        return self._desk.catalogue.happened(self._campaign, since.block if since else 0)

    def _kept(self, found: Sequence[Event]) -> Mark | None:
        """The last event told that is still there; None where none is known to be: then all is told anew."""
        there = {Mark.of(event) for event in found}
        return next((mark for mark in reversed(self._told) if mark in there), None)

    def _tell(self, after: Mark | None, new: Sequence[Event]) -> list[str]:
        """New events as texts: those behind `after` are now told, and no others behind it."""
        texts = [_text("happened", self._answer(event), str(Mark.of(event))) for event in new]
        while self._told and self._told[-1] != after:
            self._told.pop()
        self._told.extend(map(Mark.of, new))
        return texts

    def _answer(self, event: Event) -> HappenedAnswer:
        log = event.log
        if self._time is None or self._time[0] != log.block_hash:
            self._time = (log.block_hash, self._desk.chain.timestamp_of(log.block))
        return HappenedAnswer(
            kind=type(event).__name__,
            block=log.block,
            index=log.index,
            time=self._time[1],
            transaction=log.transaction,
        )


def _reorganised(kept: Mark | None) -> ReorganisedAnswer:
    return ReorganisedAnswer(block=kept.block, index=kept.index) if kept else ReorganisedAnswer()


def _text(kind: str, said: Answer, name: str | None = None) -> str:
    """An event of the stream; one without a name of its own leaves the client's last id as it is."""
    named = "" if name is None else f"id: {name}\n"
    return f"{named}event: {kind}\ndata: {said.to_bytes().decode()}\n\n"
