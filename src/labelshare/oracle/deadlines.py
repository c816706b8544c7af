"""How long a failed job may wait before the next try: never so long that its task comes too late.

The node may be what fails, so it is asked for nothing that the store can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import time

from labelshare.errors import LabelshareError
from labelshare.oracle.case import Cases, open_receipts
from labelshare.oracle.scheduler import read_key
from labelshare.oracle.tasks import Kind, Task, deadline
from labelshare.types import CampaignId

__all__ = ["Deadlines"]


@dataclass(frozen=True)
class Deadlines:
    """The deadlines of an oracle's tasks.

    Attributes:
        cases: Its campaigns.
        now: The machine's time, Unix seconds.
    """

    cases: Cases
    now: Callable[[], float] = time

    def left(self, kind: str, key: str) -> float | None:
        """Seconds until a job's task is too late; None where it never is, is already, or nobody knows."""
        if kind not in set(Kind):
            return None
        try:
            campaign, task = read_key(kind, key)
            end = self._deadline(campaign, task)
            return None if end is None else self._until(end)
        except LabelshareError:  # the store fails, too
            return None

    def _deadline(self, campaign: CampaignId, task: Task) -> int | None:
        catalogue = self.cases.catalogue
        params = catalogue.created(campaign).params
        if task.kind is Kind.ANSWER:
            return deadline(params, task, receipts=open_receipts(catalogue.happened(campaign)))
        if task.kind is Kind.SLASH:
            return deadline(params, task, since=catalogue.contracts.registry.campaign(campaign).since)
        return deadline(params, task)

    def _until(self, end: int) -> float | None:
        """The shorter of the times by this machine's clock and by the newest block known, of those left.

        The clock may be wrong, and the block is old where no node answers. By a clock that is ahead it may
        look too late already, when the block says that it is not.
        """
        head = self.cases.indexer.index.head()
        times = [end - self.now(), *([] if head is None else [float(end - head.time)])]
        return min((each for each in times if each > 0), default=None)
