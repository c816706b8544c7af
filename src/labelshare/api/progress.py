"""How far campaigns are, for everybody who looks on: the store counts once in a while, not once for each."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

from labelshare.client.wire.campaigns import ProgressAnswer, RoundAnswer
from labelshare.errors import NotFoundError, SpecError
from labelshare.oracle.desk import Desk
from labelshare.types import CampaignId

__all__ = ["Progress", "progress_of"]

MOST_KNOWN: Final = 1_000


def progress_of(desk: Desk, campaign: CampaignId) -> ProgressAnswer:
    """How far a campaign is; raises as `Catalogue.campaign` does where its spec is not here."""
    spec, counts = desk.catalogue.campaign(campaign).spec, desk.counts(campaign)
    return ProgressAnswer(
        enrolled=counts.enrolled,
        batches=counts.batches,
        labels=counts.labels,
        opened=counts.opened,
        places=len(spec.items) * spec.redundancy.k,
        rounds=[RoundAnswer.model_validate(each) for each in counts.rounds],
    )


class Progress:
    """The progress of campaigns as it was a moment ago.

    Args:
        desk: Who counts.
        seconds: How old an answer may be.
        ticks: Seconds that never go back.
    """

    def __init__(self, desk: Desk, seconds: float, ticks: Callable[[], float] = monotonic) -> None:
        self._desk, self._seconds, self._ticks = desk, seconds, ticks
        self._known: dict[CampaignId, tuple[float, ProgressAnswer | None]] = {}
        self._lock = Lock()

    def of(self, campaign: CampaignId) -> ProgressAnswer | None:
        """A campaign's; None where it is not known, as without a spec.

        One who finds it old counts; whoever asks meanwhile is told what was known before.
        """
        now = self._ticks()
        with self._lock:
            then, known = self._known.pop(campaign, (now - self._seconds, None))
            fresh = now - then < self._seconds
            self._known[campaign] = (then if fresh else now, known)
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        if not fresh:
            try:
                known = progress_of(self._desk, campaign)
            except (NotFoundError, SpecError):
                return None
            with self._lock:
                self._known[campaign] = (now, known)
        return known
